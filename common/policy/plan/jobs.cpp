// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/jobs.hpp"

#include "common/base/text.hpp"
#include "common/model/qos_list.hpp"
#include "common/policy/plan/draft.hpp"
#include "common/policy/plan/qos.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

namespace sluice::policy {

using model::AccountDecision;
using model::AccountMemory;
using model::Command;
using model::CommandType;
using model::Job;
using model::JobState;
using model::OnPause;
using model::PendingJobs;
using model::RunningJobs;

namespace {

const OnPause& rule_of(const model::PolicySet& set, const AccountDecision& decision) {
    static const OnPause kLeave;
    if (decision.held() && !decision.by_last_rules())
        return kLeave;
    const auto* policy = first_policy(set, decision, [&](const model::Policy& one) {
        return one.mode == decision.mode && !one.on_pause.leaves_all();
    });
    return policy != nullptr ? policy->on_pause : kLeave;
}

bool moves(const model::PolicySet& set, const AccountDecision& decision) {
    return first_policy(set, decision, [&](const model::Policy& one) {
               return one.mode == decision.mode && one.on_downscale == model::OnDownscale::leave;
           }) == nullptr;
}

// Array tasks that split off a held array stay held.
bool is_in(const std::set<std::uint32_t>& held, const Job& job) {
    return held.contains(job.id) || (job.array_id != 0 && held.contains(job.array_id));
}

// Pending jobs of a paused account that its QOS list does not stop, because Sluice has set their
// QOS, are held. While the account cannot be evaluated by its rules, jobs are held instead of
// cancelled: that can be undone.
PendingJobs on_pause(const OnPause& rule, const AccountDecision& decision, const Job& job) {
    const bool exempt = decision.enforced.paused && decision.memory.job_qos.contains(job.id);
    if (exempt && rule.pending == PendingJobs::leave)
        return PendingJobs::hold;
    return !decision.error.empty() && rule.pending == PendingJobs::cancel ? PendingJobs::hold
                                                                          : rule.pending;
}

// A job of Slurm 25.11 and later may name several QOS, "fast,normal": slurmctld wants all in the
// list (job_mgr.c, _get_qos_ptr_list).
bool contains(const std::vector<std::string>& list, const std::string& qos) {
    const auto names = split(qos, ',');
    return !qos.empty() && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        return std::find(list.begin(), list.end(), name) != list.end();
    });
}

// Where a job is remembered whose account decision `index` governs. Without one: with the account
// that had it before.
AccountMemory& memory_of(std::size_t index, const std::string& holder, const Governance& governance,
                         const AccountTree& tree, model::Decision& decision) {
    const std::size_t node = tree.find(holder);
    if (index == kNone && node != kNone && governance.own(node))
        index = governance.of(node);
    return index == kNone ? decision.released[holder] : decision.accounts[index].memory;
}

model::WaitingJob waiting(const Job& job, model::WaitKind kind, std::string cause) {
    return {job.id,  job.array_id, job.name, job.account,     job.user,
            job.qos, job.reason,   kind,     std::move(cause)};
}

// The QOS of queued jobs: which jobs follow their account, and what each of them gets.
class JobQosMemory {
public:
    JobQosMemory(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                 model::Decision& decision)
        : set_(set), tree_(tree), facts_(facts), decision_(decision), governance_(tree, decision) {}

    void run() {
        for (auto& account : decision_.accounts)
            account.memory.job_qos.clear();
        for (const auto& [holder, memory] : facts_.history.accounts)
            for (const auto& [job, qos] : memory.job_qos)
                known_.emplace(job, Known{holder, qos});
        if (!facts_.jobs_known) {
            for (const auto& [job, known] : known_)
                keep(governance_.of(tree_.find(known.holder)), known, job);
            return;
        }
        if (facts_.jobs.empty())
            return;
        for (const model::Association& row : facts_.structure.associations)
            rows_.emplace(row.id, &row);
        for (const Job& job : facts_.jobs)
            if (job.state == JobState::pending)
                visit(job);
    }

private:
    struct Known {
        std::string holder; // account whose memory has it
        model::JobQos qos;
    };

    void visit(const Job& job) {
        const std::size_t index = governance_.of(tree_.find(job.account));
        const auto* account = index == kNone ? nullptr : &decision_.accounts[index];
        auto known = remembered(job);
        const auto row = rows_.find(job.association);
        const bool open = account == nullptr || (account->follows() && !account->enforced.paused);
        if (open && row != rows_.end() && !job.qos.empty()) {
            if (!known && (account == nullptr || moves(set_, *account)))
                known = submitted_meanwhile(job, *row->second);
            if (account != nullptr && !account->enforced_qos.empty())
                slow(*account, *row->second, job, known);
            else if (known)
                restore(*row->second, job, *known);
        }
        if (known)
            keep(index, *known, job.id);
        else if (account != nullptr && row != rows_.end())
            count(decision_.accounts[index], *row->second, job);
    }

    // A job that is not moved and that the QOS of a paused or slowed account stops.
    void count(AccountDecision& account, const model::Association& row, const Job& job) {
        const std::string& target = account.enforced_qos;
        if (target.empty() || job.held || job.qos == target || is_wider(account, row, job) ||
            !contains(model::qos_in_force(before().tree, before().row(row)), job.qos))
            return;
        account.waiting.add(waiting(job, model::WaitKind::invalid_qos, account.account));
    }

    // Staff keeps a wider list (drift): jobs may use it.
    bool is_wider(const AccountDecision& account, const model::Association& row,
                  const Job& job) const {
        return account.memory.qos_in_force == account.enforced_qos &&
               contains(model::qos_in_force(tree_, row), job.qos);
    }

    std::optional<Known> remembered(const Job& job) const {
        auto found = known_.find(job.id);
        if (found == known_.end() && job.array_id != 0)
            found = known_.find(job.array_id);
        return found == known_.end() ? std::nullopt : std::optional(found->second);
    }

    // Its association has only one QOS, which the job has, and has it from Sluice.
    std::optional<Known> submitted_meanwhile(const Job& job, const model::Association& row) {
        const std::vector<std::string> only{job.qos};
        if (model::qos_in_force(tree_, row) != only ||
            model::qos_in_force(before().tree, before().row(row)) == only)
            return std::nullopt;
        return Known{row.account, {"", job.qos}};
    }

    void slow(const AccountDecision& account, const model::Association& row, const Job& job,
              std::optional<Known>& known) {
        const std::string& target = account.enforced_qos;
        if (!moves(set_, account))
            return;
        const bool given = known && known->qos.given == job.qos;
        if (job.qos == target) {
            if (!given)
                known = Known{account.account, {target, target}};
            return;
        }
        if (is_wider(account, row, job))
            return;
        // A QOS that the association never had is no concern of Sluice's.
        if (!given && !contains(model::qos_in_force(before().tree, before().row(row)), job.qos))
            return;
        known = given ? Known{known->holder, {known->qos.had, target}}
                      : Known{account.account, {job.qos, target}};
        decision_.job_qos[job.id] = target;
    }

    void restore(const model::Association& row, const Job& job, Known& known) {
        model::JobQos& qos = known.qos;
        if (job.qos != qos.given) // already back, or changed by its user or staff
            qos = {job.qos, job.qos};
        if (qos.had == qos.given)
            return;
        const auto& own = before().row(row);
        const std::string target = contains(model::qos_in_force(before().tree, own), qos.had)
                                       ? qos.had
                                       : model::job_default_qos(before().tree, own);
        if (target == job.qos)
            qos = {target, target};
        else if (!target.empty())
            decision_.job_qos[job.id] = target;
    }

    void keep(std::size_t index, const Known& known, std::uint32_t job) {
        memory_of(index, known.holder, governance_, tree_, decision_).job_qos[job] = known.qos;
    }

    // The cluster without Sluice's QOS lists.
    struct Before {
        const model::Structure& now;
        model::Structure structure;
        AccountTree tree{structure};

        const model::Association& row(const model::Association& one) const {
            return structure.associations[static_cast<std::size_t>(&one - now.associations.data())];
        }
    };
    const Before& before() {
        if (!before_)
            before_.reset(
                new Before{facts_.structure, without_sluice(set_, facts_.structure, decision_)});
        return *before_;
    }

    const model::PolicySet& set_;
    const AccountTree& tree_;
    const model::Facts& facts_;
    model::Decision& decision_;
    Governance governance_;
    std::map<std::uint32_t, Known> known_; // by job
    std::unordered_map<std::uint32_t, const model::Association*> rows_;
    std::unique_ptr<const Before> before_;
};

class JobMemory {
public:
    JobMemory(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
              model::Decision& decision)
        : set_(set), tree_(tree), facts_(facts), decision_(decision), governance_(tree, decision) {}

    void run() {
        for (auto& account : decision_.accounts)
            if (account.follows())
                note_pause(account);
        for (const auto& [holder, memory] : facts_.history.accounts)
            for (const std::uint32_t job : memory.held_jobs)
                held_.emplace(job, holder);
        for (const Job& job : facts_.jobs)
            if (facts_.jobs_known && job.state == JobState::pending)
                note(job);
        for (const auto& [job, holder] : held_)
            if (!facts_.jobs_known)
                keep(governor(holder), holder, job);
    }

private:
    void note_pause(AccountDecision& account) const {
        const auto before = facts_.history.accounts.find(account.account);
        account.memory.held_jobs.clear();
        account.memory.paused_since.reset();
        if (!account.enforced.paused)
            return;
        account.memory.paused_since = facts_.now;
        if (before != facts_.history.accounts.end() && before->second.paused_since)
            account.memory.paused_since = before->second.paused_since;
    }

    std::size_t governor(const std::string& account) const {
        return governance_.of(tree_.find(account));
    }

    void note(const Job& job) {
        const std::size_t index = governor(job.account);
        const auto ours = held_.find(job.id);
        const auto array = job.array_id == 0 ? held_.end() : held_.find(job.array_id);
        const auto found = ours != held_.end() ? ours : array;
        if (found != held_.end() && job.held) {
            if (index != kNone)
                decision_.accounts[index].waiting.add(
                    waiting(job, model::WaitKind::held, decision_.accounts[index].account));
            return keep(index, found->second, found->first);
        }
        if (index == kNone || job.held)
            return;
        const auto& account = decision_.accounts[index];
        const bool wants = account.follows() && account.enforced.paused &&
                           on_pause(rule_of(set_, account), account, job) == PendingJobs::hold;
        if (wants)
            keep(index, account.account, job.id);
    }

    void keep(std::size_t index, const std::string& holder, std::uint32_t job) {
        memory_of(index, holder, governance_, tree_, decision_).held_jobs.insert(job);
    }

    const model::PolicySet& set_;
    const AccountTree& tree_;
    const model::Facts& facts_;
    model::Decision& decision_;
    Governance governance_;
    std::map<std::uint32_t, std::string> held_; // job -> account whose memory has it
};

// slurmctld's reasons (job_state_reason): "AssocGrpCPUMinutesLimit",
// "AssocMaxCpuMinutesPerJobLimit", "AssocGrpCpuLimit". Limits of running minutes are never
// Sluice's.
bool is_reason_of(model::LimitType type, const std::string& reason) {
    const auto has = [&](const char* text) { return reason.find(text) != std::string::npos; };
    switch (type) {
    case model::LimitType::grp_tres_mins:
        return reason.starts_with("AssocGrp") && has("Minutes") && !has("RunMinutes");
    case model::LimitType::max_tres_mins:
        return reason.starts_with("AssocMax") && has("Minutes");
    case model::LimitType::grp_tres:
        break;
    }
    return reason.starts_with("AssocGrp") && !has("Minutes") && !has("Jobs") && !has("Wall");
}

// Queued jobs that a limit stops: one that Sluice set, or one of the QOS that it gave them.
class LimitWaits {
public:
    LimitWaits(const AccountTree& tree, const model::Facts& facts, model::Decision& decision)
        : tree_(tree), facts_(facts), decision_(decision), governance_(tree, decision) {}

    void run() {
        for (const Job& job : facts_.jobs)
            if (job.state == JobState::pending && !job.held)
                visit(job);
    }

private:
    void visit(const Job& job) {
        const std::size_t index = governance_.of(tree_.find(job.account));
        if (index == kNone)
            return;
        auto& account = decision_.accounts[index];
        if (job.reason.starts_with("QOS") && !account.enforced_qos.empty() &&
            job.qos == account.enforced_qos && !account.enforced.paused)
            account.waiting.add(waiting(job, model::WaitKind::qos_limit, account.account));
        else if (job.reason.starts_with("Assoc"))
            for (std::size_t at = index; at != kNone; at = above(at))
                if (limits(decision_.accounts[at].account, job.reason))
                    return account.waiting.add(
                        waiting(job, model::WaitKind::limit, decision_.accounts[at].account));
    }

    std::size_t above(std::size_t index) const {
        return governance_.above(tree_.find(decision_.accounts[index].account));
    }

    // As Slurm had them when it gave the reason: before this decision.
    bool limits(const std::string& account, const std::string& reason) const {
        const auto known = facts_.history.accounts.find(account);
        return known != facts_.history.accounts.end() &&
               std::any_of(known->second.limits.begin(), known->second.limits.end(),
                           [&](const auto& limit) {
                               return limit.second.in_force &&
                                      is_reason_of(limit.first.first, reason);
                           });
    }

    const AccountTree& tree_;
    const model::Facts& facts_;
    model::Decision& decision_;
    Governance governance_;
};

Command job_command(CommandType type, const Job& job, std::string reason) {
    const char* verb = type == CommandType::hold_job      ? "Hold"
                       : type == CommandType::release_job ? "Release"
                       : type == CommandType::cancel_job  ? "Cancel"
                                                          : "Requeue";
    Command command;
    command.type = type;
    command.account = job.account;
    command.user = job.user;
    command.job = job.name;
    command.job_id = job.id;
    command.description = std::string(verb) + " job " + job.name + " of user " + job.user +
                          " in account " + job.account + " (" + reason + ")";
    command.reason = std::move(reason);
    return command;
}

Command qos_command(const Job& job, const std::string& qos, std::string reason) {
    Command command = job_command(CommandType::set_job_qos, job, std::move(reason));
    command.qos = {qos};
    command.description = "Set QOS of job " + job.name + " of user " + job.user + " in account " +
                          job.account + " from " + job.qos + " to " + qos + " (" + command.reason +
                          ")";
    return command;
}

std::string slowed(const AccountDecision& decision) {
    return "account " + decision.account + " is " +
           std::string(name(model::standing(decision.flags)));
}

// An account that a policy no longer covers: nullptr.
void plan_qos_of(const Job& job, const AccountDecision* decision, const std::string& qos,
                 Draft& draft) {
    for (const std::string& name : split(qos, ','))
        if (!draft.has_qos(name)) // a problem of the account already
            return;
    draft.add(qos_command(job, qos,
                          decision == nullptr              ? "no longer under a policy"
                          : decision->enforced_qos.empty() ? "restored"
                                                           : slowed(*decision)),
              true);
}

class JobPlanner {
public:
    JobPlanner(const AccountDecision& decision, Draft& draft)
        : decision_(decision), draft_(draft), rule_(rule_of(draft.set(), decision)) {}

    void plan(const Job& job) {
        const bool enforces = decision_.enforced.paused;
        const PendingJobs pending = on_pause(rule_, decision_, job);
        const bool shown = decision_.error.empty() && decision_.mode == model::Mode::observe;
        if (enforces || (shown && decision_.flags.paused))
            stop(job, pending, enforces);
        const bool keeps = enforces && (!decision_.error.empty() || pending != PendingJobs::leave);
        if (job.state == JobState::pending && job.held && !keeps &&
            is_in(decision_.memory.held_jobs, job))
            release(job);
        if (!decision_.error.empty())
            return;
        if (decision_.mode == model::Mode::observe && decision_.enforced_qos.empty() &&
            !decision_.flags.paused && !decision_.qos.empty() && job.qos != decision_.qos &&
            job.state == JobState::pending && moves(draft_.set(), decision_))
            draft_.add(qos_command(job, decision_.qos, slowed(decision_)), false);
    }

private:
    // Only a hold can be undone: the rest waits until the clock is trusted and the rules count.
    void stop(const Job& job, PendingJobs pending, bool now) {
        const bool certain = draft_.facts().clock.trusted() && decision_.error.empty();
        if (job.state == JobState::pending && pending == PendingJobs::hold) {
            if (!job.held)
                add(CommandType::hold_job, job, now);
            return;
        }
        if (!certain)
            return;
        if (job.state == JobState::pending) {
            if (pending == PendingJobs::cancel)
                add(CommandType::cancel_job, job, now);
            return;
        }
        const auto since = decision_.memory.paused_since;
        const bool in_grace = !since || draft_.facts().now < *since + rule_.grace_time;
        if (rule_.running == RunningJobs::leave || (now && in_grace))
            return;
        add(rule_.running == RunningJobs::cancel ? CommandType::cancel_job
                                                 : CommandType::requeue_job,
            job, now);
    }

    void release(const Job& job) {
        draft_.add(job_command(CommandType::release_job, job, "no longer held"), true);
    }

    void add(CommandType type, const Job& job, bool now) {
        draft_.add(job_command(type, job, "account " + decision_.account + " is paused"), now);
    }

    const AccountDecision& decision_;
    Draft& draft_;
    const OnPause& rule_;
};

void release_left(const model::Decision& decision, const Job& job, Draft& draft) {
    if (job.state != JobState::pending || !job.held)
        return;
    const bool ours =
        std::any_of(decision.released.begin(), decision.released.end(),
                    [&](const auto& entry) { return is_in(entry.second.held_jobs, job); }) ||
        std::any_of(decision.accounts.begin(), decision.accounts.end(),
                    [&](const auto& account) { return is_in(account.memory.held_jobs, job); });
    if (ours)
        draft.add(job_command(CommandType::release_job, job, "no longer under a policy"), true);
}

} // namespace

void remember_jobs(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                   model::Decision& decision) {
    JobQosMemory(set, tree, facts, decision).run();
    JobMemory(set, tree, facts, decision).run();
    if (facts.jobs_known)
        LimitWaits(tree, facts, decision).run();
}

void plan_jobs(const AccountTree& tree, const model::Decision& decision, Draft& draft) {
    const Governance governed(tree, decision);
    for (const Job& job : draft.facts().jobs) {
        const std::size_t index = governed.of(tree.find(job.account));
        if (const auto qos = decision.job_qos.find(job.id); qos != decision.job_qos.end())
            plan_qos_of(job, index == kNone ? nullptr : &decision.accounts[index], qos->second,
                        draft);
        if (index == kNone)
            release_left(decision, job, draft);
        else if (decision.accounts[index].follows())
            JobPlanner(decision.accounts[index], draft).plan(job);
    }
}

} // namespace sluice::policy
