// SPDX-License-Identifier: GPL-2.0-or-later
// Changes by slurmdb_associations_modify, one commit a group, read back at the end: a commit can
// report success and be lost when slurmdbd restarts between change and commit.
#include "daemon/slurm/enforcer.hpp"

#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/controller_assocs.hpp"
#include "daemon/slurm/in_force.hpp"
#include "daemon/slurm/jobs.hpp"
#include "daemon/slurm/read_back.hpp"
#include "daemon/slurm/usage_reset.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sluice::slurm {
namespace {

using model::Association;
using model::Command;
using model::CommandType;
using ports::Outcomes;

using Limits = std::map<std::string, std::optional<std::int64_t>>;

constexpr std::int64_t kPracticallyUnlimited = 1'000'000'000'000;
// slurmctld compares every association with every name that it is given: for more of them it is
// cheaper to be given all.
constexpr std::size_t kMaxAccountsAsked = 64;

std::vector<std::string> concerned(const model::Structure& structure,
                                   std::span<const Command> commands) {
    const AccountTree tree{structure};
    std::set<std::string> names;
    for (const Command& command : commands) {
        if (is_for_job(command.type))
            continue;
        names.insert(command.account);
        if (command.type == CommandType::qos && command.user.empty())
            for (std::string& name : tree.below(command.account))
                names.insert(std::move(name));
        if (names.size() > kMaxAccountsAsked)
            return {};
    }
    return {names.begin(), names.end()};
}

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
class ApplyBatch {
public:
    ApplyBatch(Session& session, const model::Structure& structure,
               std::span<const Command> commands, std::size_t commit_group)
        : session_(session), structure_(structure), commands_(commands),
          most_(std::max<std::size_t>(commit_group, 1)), tree_(structure),
          outcomes_(commands.size()) {}

    Outcomes run();

private:
    void apply(const Group& group);
    void apply(const std::vector<Group>& batch);
    Result<void> change(const std::vector<Group>& batch);
    Result<void> change(const Group& group);
    Result<void> change_qos(const Group& group);
    bool inherited_below(const Group& group) const;
    Result<void> inherit_again(const Group& group);
    Result<void> empty(const Targets& targets, bool own_default);
    Result<void> commit();
    Targets targets(const Group& group) const;
    Result<void> modify(const Targets& targets, slurmdb_assoc_rec_t& record);
    std::vector<std::uint32_t> ids(const Group& group) const;
    bool is_there(const Group& group) const;
    Result<void> nudge(const Group& group);
    Result<void> set_limits(const Group& group, const Limits& limits);
    Result<void> set_shares(const Group& group, std::uint32_t shares);
    void fail(const Group& group, const Error& error);
    const Association* row(const Command& command) const;
    const Command& first(const Group& group) const { return commands_[group.members.front()]; }

    Session& session_;
    const model::Structure& structure_;
    std::span<const Command> commands_;
    std::size_t most_;
    AccountTree tree_;
    Outcomes outcomes_;
    std::optional<Error> gone_; // slurmdbd is away, or we may not: the rest need not be tried
};

Outcomes ApplyBatch::run() {
    for (std::size_t i = 0; i < commands_.size(); ++i)
        outcomes_[i] = check(commands_[i], structure_, tree_);
    session_.refresh();
    for (const auto& batch : batches(group(commands_, outcomes_, most_), commands_, most_))
        batch.size() == 1 ? apply(batch.front()) : apply(batch);
    read_back(session_, structure_, commands_, outcomes_);
    return std::move(outcomes_);
}

void ApplyBatch::fail(const Group& group, const Error& error) {
    for (const std::size_t i : group.members)
        outcomes_[i] = error;
}

void ApplyBatch::apply(const Group& group) {
    const Command& command = first(group);
    Result<void> done;
    if (is_for_job(command.type))
        done = change_job(structure_.cluster, command);
    else if (command.type == CommandType::reset_usage)
        done = reset_usage(session_, structure_.cluster, ids(group));
    else
        return apply(std::vector<Group>{group});
    if (!done)
        fail(group, done.error());
}

// All groups in one commit. One bad account must not stop the others: what fails is taken apart.
void ApplyBatch::apply(const std::vector<Group>& batch) {
    const Result<void> done = gone_ ? Result<void>(*gone_) : change(batch);
    if (done)
        return;
    const Error& error = done.error();
    if (error.code == Errc::unavailable || error.code == Errc::timeout ||
        error.code == Errc::refused)
        gone_ = error;
    const Group& only = batch.front();
    if (gone_)
        for (const Group& group : batch)
            fail(group, *gone_);
    else if (batch.size() > 1)
        for (const Group& group : batch)
            apply(std::vector<Group>{group});
    else if (only.members.size() > 1)
        for (const std::size_t i : only.members)
            apply(std::vector<Group>{Group{{i}}});
    else
        fail(only, error);
}

Result<void> ApplyBatch::change(const std::vector<Group>& batch) {
    Result<void> done;
    for (const Group& group : batch)
        if (done = change(group); !done) {
            session_.refresh(); // takes back what is not committed
            return done;
        }
    return commit();
}

Result<void> ApplyBatch::change(const Group& group) {
    const Command& command = first(group);
    if (Result<void> nudged = nudge(group); !nudged)
        return nudged;
    switch (command.type) {
    case CommandType::qos:
        return change_qos(group);
    case CommandType::limits:
        return set_limits(group, command.limits);
    case CommandType::fairshare:
        return set_shares(group, command.shares);
    default:
        return {};
    }
}

const Association* ApplyBatch::row(const Command& command) const {
    return command.user.empty() ? tree_.account(command.account)
                                : tree_.user(command.account, command.user, command.partition);
}

std::vector<std::uint32_t> ApplyBatch::ids(const Group& group) const {
    std::vector<std::uint32_t> all;
    for (const std::size_t i : group.members)
        all.push_back(row(commands_[i])->id);
    return all;
}

bool ApplyBatch::is_there(const Group& group) const {
    return std::any_of(group.members.begin(), group.members.end(), [&](std::size_t i) {
        return !difference(*row(commands_[i]), commands_[i]);
    });
}

// A command for what slurmdbd has already is one that slurmctld does not show. slurmdbd hands on
// only limits and shares that change, so they are moved a little first.
Result<void> ApplyBatch::nudge(const Group& group) {
    const Command& command = first(group);
    Result<void> done;
    if (command.type == CommandType::qos || command.type == CommandType::reset_usage ||
        !is_there(group))
        return done;
    if (command.type == CommandType::limits) {
        Limits near = command.limits;
        for (auto& [tres, value] : near)
            value = value ? *value + 1 : kPracticallyUnlimited;
        done = set_limits(group, near);
    } else {
        done = set_shares(group, command.shares + 1);
    }
    return done ? commit() : done;
}

Result<void> ApplyBatch::set_limits(const Group& group, const Limits& limits) {
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    const model::LimitType type = first(group).limit_type;
    std::string text = limit_text(limits, TresNames{structure_.tres}).value_or("");
    (type == model::LimitType::grp_tres_mins   ? record.grp_tres_mins
     : type == model::LimitType::max_tres_mins ? record.max_tres_mins_pj
                                               : record.grp_tres) = text.data();
    return modify(targets(group), record);
}

Result<void> ApplyBatch::set_shares(const Group& group, std::uint32_t shares) {
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    record.shares_raw = shares;
    return modify(targets(group), record);
}

Result<void> ApplyBatch::commit() {
    return session_.status("commit", [](void* db) { return slurmdb_connection_commit(db, true); });
}

// A list with one empty text means "no own list": the parent's counts again. Changes to an
// inherited list ("+fast") can only be made to that state, hence in two steps.
Result<void> ApplyBatch::change_qos(const Group& group) {
    const Command& command = first(group);
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    record.def_qos_id = qos_id(structure_, command.default_qos);
    const std::vector<std::string> ids = qos_ids(command.qos, structure_);
    const bool deltas = !ids.empty() && is_delta(ids.front());
    const StringList base{ids.empty() || deltas ? std::vector<std::string>{""} : ids};
    record.qos_list = base.get();
    Result<void> done = modify(targets(group), record);
    if (!done)
        return done;
    if (!ids.empty() && !deltas && !inherited_below(group))
        return done;
    // slurmctld must know the list before those below are told to take it: 24.11 tells their users
    // of no list but that of their own account.
    if (!ids.empty() && !deltas)
        if (done = commit(); !done)
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

bool ApplyBatch::inherited_below(const Group& group) const {
    return std::any_of(group.members.begin(), group.members.end(), [&](std::size_t i) {
        return commands_[i].user.empty() && !tree_.below(commands_[i].account).empty();
    });
}

// slurmdbd has it right at once, slurmctld has not (assoc_mgr.c, _grab_parents_qos): told of an
// empty list it copies the list of the parent as it has it, and it is never told of sub-accounts
// that inherit. So the accounts that inherit, on the way up and in the subtree, are "emptied" once
// more, level by level; in slurmdbd's tables that changes nothing. Parents must come first, but
// slurmdbd hands the changes of one commit on in reverse order (common_as.c, addto_update_list),
// which is nothing to rely on: down and up again is right both ways round.
Result<void> ApplyBatch::inherit_again(const Group& group) {
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
    std::map<std::pair<std::size_t, bool>, Targets> levels; // by depth and own default
    for (const Association& row : *rows)
        if (row.user.empty() && row.qos.empty())
            levels[{tree_.upward(row.account).size(), !row.default_qos.empty()}].accounts.push_back(
                row.account);
    Result<void> done;
    for (auto level = levels.begin(); done && level != levels.end(); ++level)
        done = empty(level->second, level->first.second);
    for (auto level = levels.rbegin(); done && level != levels.rend(); ++level)
        done = empty(level->second, level->first.second);
    return done;
}

// With the list the default that is inherited, too: a user of a sub-account whose old default is
// not in the new list is left without any by slurmctld 24.11 (assoc_mgr.c,
// assoc_mgr_update_assocs).
Result<void> ApplyBatch::empty(const Targets& targets, bool own_default) {
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    const StringList none{{""}};
    record.qos_list = none.get();
    if (!own_default)
        record.def_qos_id = INFINITE;
    return modify(targets, record);
}

Targets ApplyBatch::targets(const Group& group) const {
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

Result<void> ApplyBatch::modify(const Targets& targets, slurmdb_assoc_rec_t& record) {
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

} // namespace

Outcomes SlurmEnforcer::apply(const model::Structure& structure, std::span<const Command> commands,
                              std::size_t commit_group) {
    session_.note_write();
    return ApplyBatch{session_, structure, commands, commit_group}.run();
}

Result<std::vector<bool>> SlurmEnforcer::confirm(const model::Structure& structure,
                                                 std::span<const Command> commands) {
    // What slurmctld has done itself is in force.
    if (std::all_of(commands.begin(), commands.end(),
                    [](const Command& command) { return is_for_job(command.type); }))
        return std::vector<bool>(commands.size(), true);
    const auto live = live_associations(structure, concerned(structure, commands));
    if (!live)
        return live.error();
    return in_force(structure, commands, *live);
}

bool SlurmEnforcer::resets_usage() const {
    return can_reset_usage();
}

} // namespace sluice::slurm
