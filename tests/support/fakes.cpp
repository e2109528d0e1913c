// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/fakes.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::test {

void Faults::fail_at(int n, Errc code) {
    const std::lock_guard lock(mutex_);
    fail_at_ = n;
    code_ = code;
}

void Faults::fail_all(const std::string& name, Errc code) {
    const std::lock_guard lock(mutex_);
    fail_name_ = name;
    code_ = code;
}

void Faults::clear() {
    const std::lock_guard lock(mutex_);
    calls_.clear();
    fail_at_ = 0;
    fail_name_.clear();
}

std::optional<Error> Faults::next(const std::string& name) {
    if (hook_)
        hook_(name);
    const std::lock_guard lock(mutex_);
    calls_.push_back(name);
    if (name == fail_name_ || (fail_at_ > 0 && --fail_at_ == 0))
        return Error{code_, name + ": injected"};
    return std::nullopt;
}

std::vector<std::string> Faults::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

FakeSlurm::FakeSlurm(Faults& faults) : faults_(faults) {
    held.cluster = "c1";
    held.tres = {{1, "cpu"}, {2, "mem"}, {3, "energy"}, {4, "node"}, {5, "billing"}};
    held.qos = {{1, "normal"}, {2, "slowdown"}, {3, "blocked"}};
    add_account("root", "");
}

void FakeSlurm::add_account(const std::string& name, const std::string& parent) {
    model::Association association;
    association.id = static_cast<std::uint32_t>(held.associations.size() + 1);
    association.account = name;
    association.parent = parent;
    held.associations.push_back(std::move(association));
}

void FakeSlurm::set_usage(const std::string& account, const std::string& tres, Amount amount) {
    used[account][tres] = {amount, 0, 0};
}

model::Association& FakeSlurm::account(const std::string& name) {
    for (auto& association : held.associations)
        if (association.user.empty() && association.account == name)
            return association;
    throw std::runtime_error("no account " + name);
}

Result<model::Structure> FakeSlurm::structure(const std::string& cluster) {
    if (auto fault = faults_.next("structure"))
        return *fault;
    if (cluster != held.cluster)
        return Error{Errc::not_found, "slurmdbd: no cluster " + cluster};
    return held;
}

Result<std::vector<model::WindowUsage>> FakeSlurm::usage(const model::Structure&,
                                                         const ports::UsageQuestion& question) {
    asked = question;
    if (auto fault = faults_.next("usage"))
        return *fault;
    std::vector<model::WindowUsage> answer;
    for (const auto& window : question.windows) {
        auto& one = answer.emplace_back();
        one.window = window;
        if (window.end >= question.now)
            for (const auto& [account, tres] : used)
                one.accounts[account].tres = tres;
    }
    if (question.past && past) {
        auto& one = answer.emplace_back();
        one.window = *question.past;
        for (const auto& account : question.by_user)
            one.accounts[account].tres = *past;
    }
    return answer;
}

Result<ports::RawUsage> FakeSlurm::raw_usage(const std::string&) {
    if (auto fault = faults_.next("raw_usage"))
        return *fault;
    ports::RawUsage raw;
    raw.structure_is_old = moved;
    raw.qos_differences = differences;
    if (std::exchange(differs_once, false))
        differences.clear();
    for (const auto& [account, tres] : used)
        for (const auto& [name, split] : tres)
            raw.accounts[account][name] = split.total();
    for (const auto& user : held.users)
        raw.uids[user.name] = 1000;
    return raw;
}

Result<std::vector<model::Job>> FakeSlurm::jobs(const std::string&) {
    if (auto fault = faults_.next("jobs"))
        return *fault;
    return queue;
}

void FakeSlurm::change_job(const model::Command& command) {
    for (auto& job : queue)
        if (job.id == command.job_id && command.type == model::CommandType::hold_job)
            job.held = true;
        else if (job.id == command.job_id && command.type == model::CommandType::release_job)
            job.held = false;
        else if (job.id == command.job_id && command.type == model::CommandType::set_job_qos)
            job.qos = command.qos.front();
    if (command.type == model::CommandType::cancel_job)
        std::erase_if(queue, [&](const auto& job) { return job.id == command.job_id; });
}

ports::Outcomes FakeSlurm::apply(const model::Structure&, std::span<const model::Command> commands,
                                 std::size_t) {
    ports::Outcomes outcomes;
    for (const auto& command : commands) {
        auto fault = faults_.next("apply");
        if (!fault && refuse)
            fault = refuse(command);
        outcomes.push_back(fault);
        if (fault)
            continue;
        applied.push_back(command);
        if (is_for_job(command.type)) {
            change_job(command);
            continue;
        }
        auto& association = account(command.account);
        if (command.type == model::CommandType::qos) {
            association.qos = command.qos;
            association.default_qos = command.default_qos;
        } else if (command.type == model::CommandType::limits) {
            for (const auto& [tres, value] : command.limits)
                if (value)
                    association.grp_tres_mins[tres] = *value;
                else
                    association.grp_tres_mins.erase(tres);
        }
    }
    return outcomes;
}

Result<std::vector<bool>> FakeSlurm::confirm(const model::Structure&,
                                             std::span<const model::Command> commands) {
    if (auto fault = faults_.next("confirm"))
        return *fault;
    std::vector<bool> shown;
    for (const auto& command : commands)
        shown.push_back(!shows || shows(command));
    return shown;
}

Result<model::History> FakeJournal::history(const std::string&, Instant) {
    if (auto fault = faults_.next("history"))
        return *fault;
    return held;
}

Result<std::optional<Instant>> FakeJournal::newest(const std::string&) {
    std::optional<Instant> newest;
    if (!accepted.empty())
        return newest;
    for (const auto& record : evaluated)
        newest = newest ? std::max(*newest, record.at) : record.at;
    return newest;
}

Result<std::vector<std::int64_t>>
FakeJournal::record_cycle(const std::string& cluster, const model::Decision& decision,
                          std::span<const ports::EvaluationRecord> evaluations,
                          std::span<const model::Command> commands) {
    if (auto fault = faults_.next("record_cycle"))
        return *fault;
    for (const auto& account : decision.accounts)
        if (account.follows())
            held.accounts[account.account] = account.memory;
    held.rules_version = decision.rules_version;
    held.policy_texts[decision.policies.version] = decision.policies.text;
    evaluated.insert(evaluated.end(), evaluations.begin(), evaluations.end());
    std::vector<std::int64_t> ids;
    for (const auto& command : commands) {
        auto& record = commanded.emplace_back();
        record.id = static_cast<std::int64_t>(commanded.size());
        record.cluster = cluster;
        record.command = command;
        record.requested = decision.now;
        ids.push_back(record.id);
    }
    return ids;
}

Result<std::size_t> FakeJournal::close_commands(std::span<const ports::CommandOutcome> outcomes) {
    if (auto fault = faults_.next("close_commands"))
        return *fault;
    for (const auto& outcome : outcomes) {
        auto& record = commanded.at(static_cast<std::size_t>(outcome.id - 1));
        record.started = outcome.started;
        record.finished = outcome.finished;
        record.success = !outcome.failure.has_value();
        record.error = outcome.failure ? outcome.failure->context : "";
    }
    return outcomes.size();
}

Result<std::size_t>
FakeJournal::confirm_commands(std::span<const ports::Confirmation> confirmations) {
    if (auto fault = faults_.next("confirm_commands"))
        return *fault;
    std::size_t written = 0;
    for (const auto& confirmation : confirmations) {
        auto& record = commanded.at(static_cast<std::size_t>(confirmation.id - 1));
        if (record.success != true || record.confirmed)
            continue;
        ++written;
        if (confirmation.failure) {
            record.success = false;
            record.error = confirmation.failure->context;
        } else {
            record.confirmed = confirmation.at;
            record.confirm_delay_ms = confirmation.delay_ms;
        }
    }
    return written;
}

Result<std::vector<ports::CommandRecord>> FakeJournal::unconfirmed(const std::string&) {
    if (auto fault = faults_.next("unconfirmed"))
        return *fault;
    std::vector<ports::CommandRecord> waiting;
    for (const auto& record : commanded)
        if (record.success == true && !record.confirmed)
            waiting.push_back(record);
    return waiting;
}

Result<std::size_t> FakeJournal::close_unfinished(Instant at) {
    std::size_t closed = 0;
    for (auto& record : commanded)
        if (!record.finished) {
            record.finished = at;
            record.success = false;
            ++closed;
        }
    return closed;
}

Result<ports::Forgotten> FakeJournal::forget(Instant before) {
    if (auto fault = faults_.next("forget"))
        return *fault;
    forgotten_before = before;
    return ports::Forgotten{evaluated.size(), commanded.size()};
}

Result<ports::Forgotten> FakeJournal::forgettable(Instant) {
    return ports::Forgotten{evaluated.size(), commanded.size()};
}

Result<std::vector<ports::EvaluationRecord>> FakeJournal::evaluations(const ports::Query&) {
    return evaluated;
}

Result<std::vector<ports::CommandRecord>> FakeJournal::commands(const ports::Query&) {
    return commanded;
}

Result<void> FakeJournal::add_report(const ports::AgentReport& report) {
    reported.push_back(report);
    return {};
}

Result<std::vector<ports::AgentReport>> FakeJournal::reports(const ports::Query&) {
    return reported;
}

Result<std::int64_t> FakeJournal::add_override(const std::string&, const model::Override& entry) {
    held.overrides.push_back(entry);
    return held.overrides.back().id = static_cast<std::int64_t>(held.overrides.size());
}

Result<void> FakeJournal::end_override(const std::string&, std::int64_t id, Instant at,
                                       const std::string&, const std::string&) {
    if (id < 1 || static_cast<std::size_t>(id) > held.overrides.size())
        return Error{Errc::not_found, "no override " + std::to_string(id) + " in force"};
    held.overrides.at(static_cast<std::size_t>(id - 1)).until = at;
    return {};
}

Result<std::vector<std::int64_t>>
FakeJournal::add_adjustments(const std::string&, std::span<const model::Adjustment> entries) {
    std::vector<std::int64_t> ids;
    for (const auto& entry : entries) {
        held.adjustments.push_back(entry);
        ids.push_back(static_cast<std::int64_t>(held.adjustments.size()));
        held.adjustments.back().id = ids.back();
        held.adjustments.back().pair = 0;
    }
    if (ids.size() == 2) {
        held.adjustments.at(held.adjustments.size() - 2).pair = ids.back();
        held.adjustments.back().pair = ids.front();
    }
    return ids;
}

Result<std::int64_t> FakeJournal::reopen_period(const std::string&,
                                                const model::PeriodReset& entry) {
    if (auto fault = faults_.next("reopen_period"))
        return *fault;
    model::enter(entry, held.accounts[entry.account]);
    reopened.push_back(entry);
    return reopened.back().id = static_cast<std::int64_t>(reopened.size());
}

Result<std::vector<ports::OverrideRecord>> FakeJournal::overrides(const ports::Query&) {
    std::vector<ports::OverrideRecord> out;
    for (const auto& entry : held.overrides)
        out.push_back({entry, {}, "", ""});
    return out;
}

Result<std::vector<ports::AdjustmentRecord>> FakeJournal::adjustments(const ports::Query&) {
    std::vector<ports::AdjustmentRecord> out;
    for (const auto& entry : held.adjustments)
        out.push_back({entry, 0});
    return out;
}

Result<std::vector<model::PeriodReset>> FakeJournal::resets(const ports::Query&) {
    return reopened;
}

Result<std::int64_t> FakeJournal::accept_clock(const std::string&,
                                               const model::ClockAccept& entry) {
    if (auto fault = faults_.next("accept_clock"))
        return *fault;
    for (auto& [account, memory] : held.accounts)
        model::forget_after(memory, entry.at);
    accepted.push_back(entry);
    return accepted.back().id = static_cast<std::int64_t>(accepted.size());
}

Result<std::vector<model::ClockAccept>> FakeJournal::clock_accepts(const ports::Query&) {
    return accepted;
}

void FakePublisher::publish(std::shared_ptr<const model::Snapshot> snapshot) {
    if (faults_ != nullptr)
        (void)faults_->next("publish"); // cannot fail
    const std::lock_guard lock(mutex_);
    published_.push_back(std::move(snapshot));
}

ports::PluginServerStatus FakePublisher::status() const {
    const std::lock_guard lock(mutex_);
    ports::PluginServerStatus status;
    status.sequence = published_.empty() ? 0 : published_.back()->sequence;
    return status;
}

std::vector<std::shared_ptr<const model::Snapshot>> FakePublisher::published() const {
    const std::lock_guard lock(mutex_);
    return published_;
}

} // namespace sluice::test
