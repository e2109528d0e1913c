// SPDX-License-Identifier: GPL-2.0-or-later
// Changes by slurmdb_associations_modify, one commit a group, read back at the end.
#include "daemon/slurm/apply/enforcer.hpp"

#include "daemon/slurm/accounts/associations.hpp"
#include "daemon/slurm/apply/grouping.hpp"
#include "daemon/slurm/apply/in_force.hpp"
#include "daemon/slurm/jobs/controller_jobs.hpp"
#include "daemon/slurm/rpc/controller.hpp"
#include "daemon/slurm/rpc/rights.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

namespace sluice::slurm {
namespace {

using model::Association;
using model::Command;
using model::CommandType;
using ports::Outcomes;

using Limits = std::map<std::string, std::optional<std::int64_t>>;

constexpr std::int64_t kPracticallyUnlimited = 1'000'000'000'000;
constexpr std::int64_t kNearlyUnlimitedJobs = 1'000'000'000;
// slurmctld compares each association with each name of a request (assoc_mgr.c,
// assoc_mgr_info_get_pack_msg): for more names than this, a request for all is cheaper.
constexpr std::size_t kMaxAccountsAsked = 64;

std::vector<std::string> concerned(const model::Structure& structure,
                                   std::span<const Command> commands) {
    const model::AccountTree tree{structure};
    std::set<std::string> names;
    for (const Command& command : commands) {
        if (is_for_job(command.type))
            continue;
        names.insert(command.account);
        if (command.type == CommandType::qos && command.user.empty())
            for (std::string& name : model::accounts_below(tree, command.account))
                names.insert(std::move(name));
        if (names.size() > kMaxAccountsAsked)
            return {};
    }
    return {names.begin(), names.end()};
}

constexpr std::size_t kMaxReadBack = 500; // accounts in one call
constexpr std::size_t kBurst = 50;        // commands for jobs without a pause
constexpr std::chrono::steady_clock::duration kMaxPause = std::chrono::seconds{1};

// By slurmdbd, not by slurmctld alone.
bool is_kept(const Command& command) {
    return command.type != model::CommandType::reset_usage && !is_for_job(command.type);
}

std::optional<Error> compare_kept(const model::AccountTree& tree, const Command& command) {
    const Association* row = row_of(tree, command);
    if (row == nullptr)
        return Error{Errc::not_found, "association of account " + command.account + " is gone"};
    if (const auto differs = difference(*row, command))
        return Error{Errc::conflict, "slurmdbd did not keep the change of account " +
                                         command.account + ": " + *differs};
    return std::nullopt;
}

// Commands without a failure so far get one where slurmdbd does not hold what they asked for: a
// commit can report success and be lost when slurmdbd restarts between change and commit.
void read_back(Session& session, const model::Structure& structure,
               std::span<const Command> commands, Outcomes& outcomes) {
    std::set<std::string> accounts;
    for (std::size_t i = 0; i < commands.size(); ++i)
        if (!outcomes[i] && is_kept(commands[i]))
            accounts.insert(commands[i].account);
    while (!accounts.empty()) {
        std::vector<std::string> some;
        while (!accounts.empty() && some.size() < kMaxReadBack)
            some.push_back(std::move(accounts.extract(accounts.begin()).value()));
        const auto rows = associations(session, structure, some);
        model::Structure now;
        if (rows)
            now.associations = *rows;
        const model::AccountTree tree{now};
        const std::set<std::string> these{some.begin(), some.end()};
        for (std::size_t i = 0; i < commands.size(); ++i) {
            const Command& command = commands[i];
            if (outcomes[i] || !is_kept(command) || !these.contains(command.account))
                continue;
            outcomes[i] = rows ? compare_kept(tree, command)
                               : std::optional<Error>{Error{rows.error()}.in("not read back")};
        }
    }
}

// slurmdb_send_accounting_update is how sacctmgr sets RawUsage=0. libslurm exports it from 22.05 to
// 26.05, but no installed header declares it: configure looked for it, and this looks again in the
// library that the process has.
SluiceSendAccountingUpdate find_update() {
    return reinterpret_cast<SluiceSendAccountingUpdate>(
        dlsym(RTLD_DEFAULT, "slurmdb_send_accounting_update"));
}

Result<void> reset_outcome(int rc, int number) {
    if (rc == SLURM_SUCCESS)
        return {};
    const bool denied = number == EACCES || number == EPERM || number == ESLURM_ACCESS_DENIED;
    return Error{denied ? Errc::refused : Errc::unavailable,
                 std::string{"slurmctld: usage reset: "} + slurm_strerror(number) +
                     (denied ? "; only root and SlurmUser may reset usage" : "")};
}

// Sets slurmctld's own counters to zero by an accounting update sent to slurmctld; slurmdbd's usage
// stays. The usage of users below and the sums above follow.
Result<void> reset_usage(Session& session, const std::string& cluster,
                         const std::vector<std::uint32_t>& associations) {
    const SluiceSendAccountingUpdate send = find_update();
    if (send == nullptr)
        return Error{Errc::internal, "this libslurm has no slurmdb_send_accounting_update; set "
                                     "raw_usage_reset: false, which needs none"};
    auto address = cluster_address(session, cluster);
    if (!address)
        return std::move(address).error();
    if (address->host.empty())
        return Error{Errc::conflict,
                     "slurmctld of cluster " + cluster + " is not registered with slurmdbd"};
    std::string name = cluster;
    std::vector<slurmdb_assoc_rec_t> records(associations.size());
    const RawList objects = slurm_list_create(nullptr);
    for (std::size_t k = 0; k < records.size(); ++k) {
        slurmdb_init_assoc_rec(&records[k], false);
        records[k].id = associations[k];
        records[k].cluster = name.data();
        slurm_list_append(objects, &records[k]);
    }
    slurmdb_update_object_t update{};
    update.type = SLURMDB_REMOVE_ASSOC_USAGE;
    update.objects = objects;
    const RawList updates = slurm_list_create(nullptr);
    slurm_list_append(updates, &update);
    errno = 0;
    const int rc =
        send(updates, name.data(), address->host.data(), address->port, address->rpc_version);
    const int number = rc > 0 ? rc : errno;
    slurm_list_destroy(updates);
    slurm_list_destroy(objects);
    return reset_outcome(rc, number);
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
    Result<void> set_submit_jobs(const Group& group, std::optional<std::int64_t> jobs);
    void fail(const Group& group, const Error& error);
    Result<void> change_queue(const Command& command);
    const Command& first(const Group& group) const { return commands_[group.members.front()]; }

    Session& session_;
    const model::Structure& structure_;
    std::span<const Command> commands_;
    std::size_t most_;
    model::AccountTree tree_;
    Outcomes outcomes_;
    std::optional<Error> gone_; // slurmdbd is away or refuses: the rest is not tried
    std::optional<Error> controller_gone_;
    std::size_t burst_ = 0; // commands for jobs since the last pause
    std::chrono::steady_clock::time_point burst_began_;
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
        done = change_queue(command);
    else if (command.type == CommandType::reset_usage)
        done = reset_usage(session_, structure_.cluster, ids(group));
    else
        return apply(std::vector<Group>{group});
    if (!done)
        fail(group, done.error());
}

// A change of a job locks slurmctld's job list. Many of them leave slurmctld half of the time.
Result<void> ApplyBatch::change_queue(const Command& command) {
    if (controller_gone_)
        return *controller_gone_;
    const auto now = std::chrono::steady_clock::now();
    if (burst_ == 0)
        burst_began_ = now;
    else if (burst_ % kBurst == 0) {
        std::this_thread::sleep_for(std::min(now - burst_began_, kMaxPause));
        burst_began_ = std::chrono::steady_clock::now();
    }
    ++burst_;
    Result<void> done = change_job(structure_.cluster, command);
    if (!done && done.error().code == Errc::unavailable)
        controller_gone_ = done.error();
    return done;
}

// All groups in one commit. One bad account must not stop the others: a batch that fails is split.
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
    case CommandType::submit_limit:
        return set_submit_jobs(group, command.limits.begin()->second);
    case CommandType::fairshare:
        return set_shares(group, command.shares);
    default:
        return {};
    }
}

std::vector<std::uint32_t> ApplyBatch::ids(const Group& group) const {
    std::vector<std::uint32_t> all;
    for (const std::size_t i : group.members)
        all.push_back(row_of(tree_, commands_[i])->id);
    return all;
}

bool ApplyBatch::is_there(const Group& group) const {
    return std::any_of(group.members.begin(), group.members.end(), [&](std::size_t i) {
        return !difference(*row_of(tree_, commands_[i]), commands_[i]);
    });
}

// A command for a value that slurmdbd has already is there because slurmctld does not show it.
// slurmdbd sends slurmctld only limits and shares that change, so a nearby value is set first.
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
    } else if (command.type == CommandType::submit_limit) {
        const auto value = command.limits.begin()->second;
        done = set_submit_jobs(group, value ? *value + 1 : kNearlyUnlimitedJobs);
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

// NO_VAL leaves a value alone, INFINITE clears it (slurmdb_assoc_rec_t in slurmdb.h).
Result<void> ApplyBatch::set_submit_jobs(const Group& group, std::optional<std::int64_t> jobs) {
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    record.grp_submit_jobs = jobs ? static_cast<std::uint32_t>(*jobs) : INFINITE;
    return modify(targets(group), record);
}

Result<void> ApplyBatch::commit() {
    return session_.status("commit", [](void* db) { return slurmdb_connection_commit(db, true); });
}

// A list with one empty text removes the own list, and the parent's applies again. Changes to an
// inherited list ("+fast") need that state, hence two steps.
Result<void> ApplyBatch::change_qos(const Group& group) {
    const Command& command = first(group);
    slurmdb_assoc_rec_t record{};
    slurmdb_init_assoc_rec(&record, false);
    const model::Qos* standard = find_qos(structure_, command.default_qos);
    const std::vector<std::string> ids = qos_ids(command.qos, structure_);
    const bool deltas = !ids.empty() && model::is_delta(ids.front());
    // slurmdbd refuses a default that the list lacks, and with deltas the list is whole at the end
    // only. INFINITE clears.
    record.def_qos_id = standard != nullptr && !deltas ? standard->id : INFINITE;
    const StringList base{ids.empty() || deltas ? std::vector<std::string>{""} : ids};
    record.qos_list = base.get();
    Result<void> done = modify(targets(group), record);
    if (!done)
        return done;
    if (!ids.empty() && !deltas && !inherited_below(group))
        return done;
    // slurmctld must have the list before the accounts below inherit it: 24.11 updates the users of
    // an account only with the list of that account.
    if (!ids.empty() && !deltas)
        if (done = commit(); !done)
            return done;
    if (done = inherit_again(group); !done || !deltas)
        return done;
    // In a commit of its own: slurmdbd does not keep the order within one.
    if (done = commit(); !done)
        return done;
    slurmdb_init_assoc_rec(&record, false);
    const StringList changes{ids};
    record.qos_list = changes.get();
    if (standard != nullptr)
        record.def_qos_id = standard->id;
    return modify(targets(group), record);
}

bool ApplyBatch::inherited_below(const Group& group) const {
    return std::any_of(group.members.begin(), group.members.end(), [&](std::size_t i) {
        return commands_[i].user.empty() &&
               !model::accounts_below(tree_, commands_[i].account).empty();
    });
}

// slurmdbd has the new lists at once, slurmctld has not: when an association's list becomes empty,
// slurmctld copies the list that it has for the parent (assoc_mgr.c, _grab_parents_qos), and it
// gets no update for sub-accounts that inherit. So the inheriting accounts, on the way up and in
// the subtree, are set to "no own list" once more, level by level; slurmdbd's tables do not change
// by that. Parents must come first, but slurmdbd sends the changes of one commit in reverse order
// (common_as.c, addto_update_list), and no document promises any order: down and up again is right
// both ways.
Result<void> ApplyBatch::inherit_again(const Group& group) {
    std::set<std::string> near;
    for (const std::size_t i : group.members) {
        for (const Association* above : tree_.upward(commands_[i].account))
            near.insert(above->account);
        if (commands_[i].user.empty())
            for (std::string& name : model::accounts_below(tree_, commands_[i].account))
                near.insert(std::move(name));
    }
    // Read now, not taken from `structure`: an account that got an own list meanwhile keeps it.
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

// The inherited default goes with the list: slurmctld 24.11 leaves a user of a sub-account without
// a default when the old one is not in the new list (assoc_mgr.c, assoc_mgr_update_assocs).
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
    // slurmdbd reports neither as an error: the answer has no rows.
    if (rows->size() == 0)
        return Error{Errc::not_found, "slurmdbd changed nothing: the association of account " +
                                          targets.accounts.front() + " is gone, or user " +
                                          own_name() + " may not change it; " + rights_remedy()};
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
    // slurmctld itself carried out commands for jobs.
    if (std::all_of(commands.begin(), commands.end(),
                    [](const Command& command) { return is_for_job(command.type); }))
        return std::vector<bool>(commands.size(), true);
    const auto live = live_associations(structure, concerned(structure, commands));
    if (!live)
        return live.error();
    return in_force(structure, commands, *live);
}

bool SlurmEnforcer::resets_usage() const {
    return find_update() != nullptr;
}

} // namespace sluice::slurm
