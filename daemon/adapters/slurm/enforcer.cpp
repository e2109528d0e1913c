// SPDX-License-Identifier: GPL-2.0-or-later
// Changes by slurmdb_associations_modify, one commit a group, read back at the end: a commit can
// report success and be lost when slurmdbd restarts between change and commit.
#include "daemon/adapters/slurm/enforcer.hpp"

#include "daemon/adapters/slurm/accounting.hpp"

#include <map>
#include <set>

namespace sluice::slurm {
namespace {

using model::Association;
using model::Command;
using model::CommandType;
using ports::Outcomes;

constexpr std::size_t kReadBackAtOnce = 500;

std::uint32_t qos_id(const model::Structure& structure, const std::string& name) {
    for (const model::Qos& qos : structure.qos)
        if (qos.name == name)
            return qos.id;
    return INFINITE; // clears
}

// Which rows a change is for: accounts, or users (with this partition) of the one account.
struct Targets {
    std::vector<std::string> accounts;
    std::vector<std::string> users;
    std::string partition;
};

// One apply() from check to read-back.
class Application {
public:
    Application(Session& session, const model::Structure& structure,
                std::span<const Command> commands)
        : session_(session), structure_(structure), commands_(commands), tree_(structure),
          outcomes_(commands.size()) {}

    Outcomes run();

private:
    void apply(const Group& group);
    Result<void> change(const Group& group);
    Result<void> change_qos(const Group& group);
    Result<void> inherit_again(const Group& group);
    Result<void> commit();
    Targets targets(const Group& group) const;
    Result<void> modify(const Targets& targets, slurmdb_assoc_rec_t& record);
    Result<void> reset(const Group& group);
    void fail(const Group& group, const Error& error);
    void read_back();
    void read_back(const std::vector<std::string>& accounts);
    const Command& first(const Group& group) const { return commands_[group.members.front()]; }

    Session& session_;
    const model::Structure& structure_;
    std::span<const Command> commands_;
    AccountTree tree_;
    Outcomes outcomes_;
    std::optional<Error> gone_; // slurmdbd is away, or we may not: the rest need not be tried
};

Outcomes Application::run() {
    for (std::size_t i = 0; i < commands_.size(); ++i)
        outcomes_[i] = check(commands_[i], structure_, tree_);
    session_.refresh();
    for (const Group& one : group(commands_, outcomes_))
        apply(one);
    read_back();
    return std::move(outcomes_);
}

void Application::fail(const Group& group, const Error& error) {
    for (const std::size_t i : group.members)
        outcomes_[i] = error;
}

void Application::apply(const Group& group) {
    if (gone_)
        return fail(group, *gone_);
    if (first(group).type == CommandType::reset_usage) {
        if (const Result<void> done = reset(group); !done)
            fail(group, done.error());
        return;
    }
    const Result<void> changed = change(group);
    if (changed)
        return;
    const Errc code = changed.error().code;
    if (code == Errc::unavailable || code == Errc::timeout || code == Errc::refused)
        gone_ = changed.error();
    // One bad account must not stop the others.
    else if (group.members.size() > 1) {
        for (const std::size_t i : group.members)
            apply(Group{{i}});
        return;
    }
    fail(group, changed.error());
}

Result<void> Application::change(const Group& group) {
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    const Command& command = first(group);
    Result<void> done;
    std::string limits;
    switch (command.type) {
    case CommandType::qos:
        done = change_qos(group);
        break;
    case CommandType::limits:
        limits = limit_text(command.limits, TresNames{structure_.tres}).value_or("");
        (command.limit_type == model::LimitType::grp_tres_mins   ? record.grp_tres_mins
         : command.limit_type == model::LimitType::max_tres_mins ? record.max_tres_mins_pj
                                                                 : record.grp_tres) = limits.data();
        done = modify(targets(group), record);
        break;
    case CommandType::fairshare:
        record.shares_raw = command.shares;
        done = modify(targets(group), record);
        break;
    case CommandType::reset_usage:
        break;
    }
    if (!done)
        return done;
    return commit();
}

Result<void> Application::commit() {
    return session_.status("commit", [](void* db) { return slurmdb_connection_commit(db, true); });
}

// A list with one empty text means "no own list": the parent's counts again. Changes to an
// inherited list ("+fast") can only be made to that state, hence in two steps.
Result<void> Application::change_qos(const Group& group) {
    const Command& command = first(group);
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    record.def_qos_id = qos_id(structure_, command.default_qos);
    const std::vector<std::string> ids = qos_ids(command.qos, structure_);
    const bool deltas = !ids.empty() && is_delta(ids.front());
    const StringList base{ids.empty() || deltas ? std::vector<std::string>{""} : ids};
    record.qos_list = base.get();
    Result<void> done = modify(targets(group), record);
    if (!done || !(ids.empty() || deltas))
        return done;
    if (done = inherit_again(group); !done || !deltas)
        return done;
    // In a commit of its own, because of the order within one.
    if (done = commit(); !done)
        return done;
    slurmdb_init_assoc_rec(&record, false);
    const StringList changes{ids};
    record.qos_list = changes.get();
    return modify(targets(group), record);
}

// slurmdbd has it right at once, slurmctld has not (assoc_mgr.c, _grab_parents_qos): told of an
// empty list it copies the list of the parent as it has it, and it is never told of sub-accounts
// that inherit. So the accounts that inherit, on the way up and in the subtree, are "emptied" once
// more, level by level; in slurmdbd's tables that changes nothing. Parents must come first, but
// slurmdbd hands the changes of one commit on in reverse order (common_as.c, addto_update_list),
// which is nothing to rely on: down and up again is right both ways round.
Result<void> Application::inherit_again(const Group& group) {
    std::set<std::string> near;
    for (const std::size_t i : group.members) {
        for (const Association* above : tree_.upward(commands_[i].account))
            near.insert(above->account);
        if (commands_[i].user.empty())
            for (std::string& name : tree_.below(commands_[i].account))
                near.insert(std::move(name));
    }
    // Read now, not from `structure`: who got a list of their own meanwhile must keep it.
    const auto rows =
        associations(session_, structure_, std::vector<std::string>{near.begin(), near.end()});
    if (!rows)
        return rows.error();
    std::map<std::size_t, Targets> levels; // by depth
    for (const Association& row : *rows)
        if (row.user.empty() && row.qos.empty())
            levels[tree_.upward(row.account).size()].accounts.push_back(row.account);
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    const StringList none{{""}};
    record.qos_list = none.get();
    Result<void> done;
    for (auto level = levels.begin(); done && level != levels.end(); ++level)
        done = modify(level->second, record);
    for (auto level = levels.rbegin(); done && level != levels.rend(); ++level)
        done = modify(level->second, record);
    return done;
}

Targets Application::targets(const Group& group) const {
    Targets targets;
    for (const std::size_t i : group.members)
        if (commands_[i].user.empty())
            targets.accounts.push_back(commands_[i].account);
        else
            targets.users.push_back(commands_[i].user);
    if (!targets.users.empty())
        targets.accounts = {first(group).account};
    targets.partition = first(group).partition;
    return targets;
}

Result<void> Application::modify(const Targets& targets, slurmdb_assoc_rec_t& record) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{structure_.cluster}};
    const StringList accounts{targets.accounts};
    const StringList users{targets.users};
    const StringList partitions{{targets.partition}};
    cond.cluster_list = clusters.get();
    cond.acct_list = accounts.get();
    // No list: account rows only. An empty one would mean all users.
    if (!targets.users.empty()) {
        cond.user_list = users.get();
        cond.partition_list = partitions.get();
    }
    auto rows = session_.list<char>(
        "change", [&](void* db) { return slurmdb_associations_modify(db, &cond, &record); });
    if (!rows)
        return std::move(rows).error();
    // No error, no rows: slurmdbd's way to say both.
    if (rows->size() == 0)
        return Error{Errc::not_found, "slurmdbd: nothing changed: the association of account " +
                                          targets.accounts.front() +
                                          " is gone, or there is no right to change it (" +
                                          rights_remedy() + ")"};
    return {};
}

// As sacctmgr does for RawUsage=0: not by slurmdbd, but by an accounting update sent to slurmctld.
Result<void> Application::reset(const Group& group) {
    if (&slurmdb_send_accounting_update == nullptr)
        return Error{Errc::internal, "this libslurm has no slurmdb_send_accounting_update; set "
                                     "raw_usage_reset: false, which needs none"};
    Result<ClusterAddress> address = cluster_address(session_, structure_.cluster);
    if (!address)
        return std::move(address).error();
    if (address->host.empty())
        return Error{Errc::conflict, "slurmctld of cluster " + structure_.cluster +
                                         " is not registered with slurmdbd"};
    std::string cluster = structure_.cluster;
    std::vector<slurmdb_assoc_rec_t> records(group.members.size());
    const RawList objects = slurm_list_create(nullptr);
    for (std::size_t k = 0; k < records.size(); ++k) {
        const Command& command = commands_[group.members[k]];
        const Association* row = command.user.empty()
                                     ? tree_.account(command.account)
                                     : tree_.user(command.account, command.user, command.partition);
        slurmdb_init_assoc_rec(&records[k], false);
        records[k].id = row->id;
        records[k].cluster = cluster.data();
        slurm_list_append(objects, &records[k]);
    }
    slurmdb_update_object_t update{};
    update.type = SLURMDB_REMOVE_ASSOC_USAGE;
    update.objects = objects;
    const RawList updates = slurm_list_create(nullptr);
    slurm_list_append(updates, &update);
    errno = 0;
    const int rc = slurmdb_send_accounting_update(updates, cluster.data(), address->host.data(),
                                                  address->port, address->rpc_version);
    const int number = rc > 0 ? rc : errno;
    slurm_list_destroy(updates);
    slurm_list_destroy(objects);
    if (rc == SLURM_SUCCESS)
        return {};
    const bool denied = number == EACCES || number == EPERM || number == ESLURM_ACCESS_DENIED;
    return Error{denied ? Errc::refused : Errc::unavailable,
                 std::string{"slurmctld: usage reset: "} + slurm_strerror(number) +
                     (denied ? "; only root and SlurmUser may" : "")};
}

void Application::read_back() {
    std::set<std::string> accounts;
    for (std::size_t i = 0; i < commands_.size(); ++i)
        if (!outcomes_[i] && commands_[i].type != CommandType::reset_usage)
            accounts.insert(commands_[i].account);
    std::vector<std::string> some;
    for (const std::string& account : accounts) {
        some.push_back(account);
        if (some.size() == kReadBackAtOnce)
            read_back(std::exchange(some, {}));
    }
    if (!some.empty())
        read_back(some);
}

void Application::read_back(const std::vector<std::string>& accounts) {
    const Result<std::vector<Association>> rows = associations(session_, structure_, accounts);
    model::Structure now;
    if (rows)
        now.associations = *rows;
    const AccountTree tree{now};
    const std::set<std::string> these{accounts.begin(), accounts.end()};
    for (std::size_t i = 0; i < commands_.size(); ++i) {
        const Command& command = commands_[i];
        if (outcomes_[i] || command.type == CommandType::reset_usage ||
            !these.contains(command.account))
            continue;
        const Association* row = command.user.empty()
                                     ? tree.account(command.account)
                                     : tree.user(command.account, command.user, command.partition);
        if (!rows)
            outcomes_[i] = Error{rows.error()}.in("not read back");
        else if (row == nullptr)
            outcomes_[i] =
                Error{Errc::not_found, "association of account " + command.account + " is gone"};
        else if (const auto differs = difference(*row, command))
            outcomes_[i] = Error{Errc::conflict, "slurmdbd did not keep the change of account " +
                                                     command.account + ": " + *differs};
    }
}

} // namespace

Outcomes SlurmEnforcer::apply(const model::Structure& structure,
                              std::span<const Command> commands) {
    return Application{session_, structure, commands}.run();
}

} // namespace sluice::slurm
