// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/jobs.hpp"

#include "common/policy/plan/draft.hpp"

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
    const auto* policy = first_policy(set, decision, [&](const model::Policy& one) {
        return one.mode == decision.mode && !one.on_pause.leaves_all();
    });
    return policy != nullptr ? policy->on_pause : kLeave;
}

// Array tasks that split off a held array stay held.
bool is_in(const std::set<std::uint32_t>& held, const Job& job) {
    return held.contains(job.id) || (job.array_id != 0 && held.contains(job.array_id));
}

class JobMemory {
public:
    JobMemory(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
              model::Decision& decision)
        : set_(set), tree_(tree), facts_(facts), decision_(decision), governance_(tree, decision) {}

    void run() {
        for (auto& account : decision_.accounts)
            if (account.error.empty())
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
        if (found != held_.end() && job.held)
            return keep(index, found->second, found->first);
        if (index == kNone || job.held)
            return;
        const auto& account = decision_.accounts[index];
        const bool wants = account.error.empty() && account.enforced.paused &&
                           rule_of(set_, account).pending == PendingJobs::hold;
        if (wants)
            keep(index, account.account, job.id);
    }

    void keep(std::size_t index, const std::string& holder, std::uint32_t job) {
        auto& memory =
            index == kNone ? decision_.released[holder] : decision_.accounts[index].memory;
        memory.held_jobs.insert(job);
    }

    const model::PolicySet& set_;
    const AccountTree& tree_;
    const model::Facts& facts_;
    model::Decision& decision_;
    Governance governance_;
    std::map<std::uint32_t, std::string> held_; // job -> account whose memory has it
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

class JobPlanner {
public:
    JobPlanner(const AccountDecision& decision, Draft& draft)
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
    // Only a hold can be undone: the rest waits until the clock is trusted.
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
        const auto since = decision_.memory.paused_since;
        const bool in_grace = !since || draft_.facts().now < *since + rule_.grace_time;
        if (rule_.running == RunningJobs::leave || (now && in_grace))
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

void remember_jobs(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                   model::Decision& decision) {
    JobMemory(set, tree, facts, decision).run();
}

void plan_jobs(const AccountTree& tree, const model::Decision& decision, Draft& draft) {
    const Governance governed(tree, decision);
    for (const Job& job : draft.facts().jobs) {
        const std::size_t index = governed.of(tree.find(job.account));
        if (index == kNone)
            release_left(decision, job, draft);
        else if (decision.accounts[index].error.empty())
            JobPlanner(decision.accounts[index], draft).plan(job);
    }
}

} // namespace sluice::policy
