// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/jobs.hpp"

#include "common/policy/format.hpp"
#include "common/policy/lookup.hpp"
#include "common/policy/qos_restore.hpp"

#include <algorithm>
#include <map>
#include <set>

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
    for (const auto& name : decision.policies)
        if (const auto* policy = find_policy(set, name);
            policy != nullptr && policy->mode == decision.mode && !policy->on_pause.leaves_all())
            return policy->on_pause;
    return kLeave;
}

// Tasks that part from a held array stay held.
bool is_in(const std::set<std::uint32_t>& held, const Job& job) {
    return held.contains(job.id) || (job.array_id != 0 && held.contains(job.array_id));
}

class Governors {
public:
    Governors(const Tree& tree, const model::Decision& decision)
        : tree_(tree), governance_(governance(tree, decision)) {}

    // Index into the decision's accounts; kNone: nobody judges it.
    int of(const std::string& account) const {
        const int node = tree_.find(account);
        return node == kNone ? kNone : governance_.governor[static_cast<std::size_t>(node)];
    }

private:
    const Tree& tree_;
    Governance governance_;
};

class Memory {
public:
    Memory(const model::PolicySet& set, const Governors& governors, const model::Facts& facts,
           model::Decision& decision)
        : set_(set), governors_(governors), facts_(facts), decision_(decision) {}

    void run() {
        for (auto& account : decision_.accounts)
            if (account.error.empty())
                note_pause(account);
        for (const auto& [holder, memory] : facts_.history.accounts)
            for (const std::uint32_t job : memory.held_jobs)
                held_.emplace(job, holder);
        if (!facts_.jobs_known)
            return keep_all();
        for (const Job& job : facts_.jobs)
            if (job.state == JobState::pending)
                note(job);
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

    void keep_all() {
        for (const auto& [job, holder] : held_)
            keep(governors_.of(holder), holder, job);
    }

    void note(const Job& job) {
        const int governor = governors_.of(job.account);
        const auto ours = held_.find(job.id);
        const auto array = job.array_id == 0 ? held_.end() : held_.find(job.array_id);
        const auto found = ours != held_.end() ? ours : array;
        if (found != held_.end() && job.held)
            return keep(governor, found->second, found->first);
        if (governor == kNone || job.held)
            return;
        const auto& account = decision_.accounts[static_cast<std::size_t>(governor)];
        const bool wants = account.error.empty() && account.enforced.paused &&
                           rule_of(set_, account).pending == PendingJobs::hold;
        if (wants)
            keep(governor, account.account, job.id);
    }

    void keep(int governor, const std::string& holder, std::uint32_t job) {
        if (governor == kNone)
            decision_.released[holder].held_jobs.insert(job);
        else
            decision_.accounts[static_cast<std::size_t>(governor)].memory.held_jobs.insert(job);
    }

    const model::PolicySet& set_;
    const Governors& governors_;
    const model::Facts& facts_;
    model::Decision& decision_;
    std::map<std::uint32_t, std::string> held_; // job -> account whose memory has it
};

Command job_command(CommandType type, const Job& job, std::string reason) {
    static const std::map<CommandType, const char*> kVerbs{{CommandType::hold_job, "Hold"},
                                                           {CommandType::release_job, "Release"},
                                                           {CommandType::cancel_job, "Cancel"},
                                                           {CommandType::requeue_job, "Requeue"}};
    Command command;
    command.type = type;
    command.account = job.account;
    command.user = job.user;
    command.job = job.name;
    command.job_id = job.id;
    command.description = std::string(kVerbs.at(type)) + " job " + job.name + " of user " +
                          job.user + " in account " + job.account + " (" + reason + ")";
    command.reason = std::move(reason);
    return command;
}

class Planner {
public:
    Planner(const AccountDecision& decision, Draft& draft)
        : decision_(decision), draft_(draft), rule_(rule_of(draft.set(), decision)) {}

    void plan(const Job& job) {
        const bool enforces = decision_.enforced.paused;
        if (enforces || (decision_.mode == model::Mode::observe && decision_.flags.paused))
            stop(job, enforces);
        const bool holds = enforces && rule_.pending == PendingJobs::hold;
        if (job.state == JobState::pending && job.held && !holds &&
            is_in(decision_.memory.held_jobs, job))
            draft_.add(job_command(CommandType::release_job, job, "no longer held"), true);
    }

private:
    // What cannot be undone waits until the clock is trusted.
    void stop(const Job& job, bool now) {
        const bool trusted = draft_.facts().clock.trusted();
        if (job.state == JobState::pending && rule_.pending == PendingJobs::hold) {
            if (!job.held)
                add(CommandType::hold_job, job, now);
            return;
        }
        if (!trusted)
            return;
        if (job.state == JobState::pending) {
            if (rule_.pending == PendingJobs::cancel)
                add(CommandType::cancel_job, job, now);
            return;
        }
        const auto end = grace_end(rule_, decision_.memory);
        if (rule_.running == RunningJobs::leave || (now && (!end || draft_.facts().now < *end)))
            return;
        add(rule_.running == RunningJobs::cancel ? CommandType::cancel_job
                                                 : CommandType::requeue_job,
            job, now);
    }

    void add(CommandType type, const Job& job, bool now) {
        draft_.add(job_command(type, job, "account " + decision_.account + " is paused"), now);
    }

    const AccountDecision& decision_;
    Draft& draft_;
    const OnPause& rule_;
};

void release_left(const model::Decision& decision, const Job& job, Draft& draft) {
    for (const auto& [holder, memory] : decision.released)
        if (job.state == JobState::pending && job.held && is_in(memory.held_jobs, job))
            draft.add(job_command(CommandType::release_job, job, "no longer under a policy"), true);
}

} // namespace

bool needs_jobs(const model::PolicySet& set, const model::History& history) {
    return std::any_of(set.policies.begin(), set.policies.end(),
                       [](const auto& policy) { return !policy.on_pause.leaves_all(); }) ||
           std::any_of(history.accounts.begin(), history.accounts.end(),
                       [](const auto& entry) { return !entry.second.held_jobs.empty(); });
}

void remember_jobs(const model::PolicySet& set, const Tree& tree, const model::Facts& facts,
                   model::Decision& decision) {
    const Governors governors(tree, decision);
    Memory(set, governors, facts, decision).run();
}

void plan_jobs(const Tree& tree, const model::Decision& decision, Draft& draft) {
    const Governors governors(tree, decision);
    for (const Job& job : draft.facts().jobs) {
        const int governor = governors.of(job.account);
        if (governor == kNone) {
            release_left(decision, job, draft);
            continue;
        }
        const auto& account = decision.accounts[static_cast<std::size_t>(governor)];
        if (account.error.empty())
            Planner(account, draft).plan(job);
    }
}

std::optional<Instant> grace_end(const OnPause& rule, const AccountMemory& memory) {
    if (!memory.paused_since)
        return std::nullopt;
    return *memory.paused_since + rule.grace_time;
}

} // namespace sluice::policy
