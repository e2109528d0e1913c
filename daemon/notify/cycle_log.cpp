// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/cycle_log.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/policy/decide.hpp"

#include <map>
#include <string_view>
#include <tuple>

namespace sluice::notify {
namespace {

const char* mode_of(const model::AccountDecision& account) {
    return account.mode == model::Mode::enforce ? "enforce" : "observe";
}

// "own", "ancestor bio", "override 3 by root"
std::string cause_of(const model::AccountDecision& account) {
    std::string text(model::name(account.cause.kind));
    if (account.cause.kind == model::CauseKind::ancestor)
        text += ' ' + account.cause.account;
    else if (account.cause.kind == model::CauseKind::override_ && account.in_force)
        text += ' ' + std::to_string(account.in_force->id) + " by " + account.in_force->by;
    return text;
}

void log_standing(const model::AccountDecision& account) {
    const std::string from = standing_text(account, account.previous_flags);
    const std::string to = standing_text(account, account.flags);
    if (from == to)
        return;
    log::event(log::Level::notice, "SLUICE-0412", "standing-changed",
               {{"account", account.account},
                {"from", from},
                {"to", to},
                {"usage", format::percent_text(account.percent)},
                {"grace_limit", account.grace_limit.text()},
                {"period", account.period.label},
                {"cause", cause_of(account)},
                {"mode", mode_of(account)}});
}

// Waldur's own names of its events, so that one search finds both sides.
void log_evaluation(const ports::CycleReport& report, const model::AccountDecision& account) {
    if (!account.error.empty() || !account.noteworthy ||
        (account.actions_taken.empty() && account.previous_flags == account.flags))
        return;
    log::event(log::Level::notice, "SLUICE-0411", "policy-evaluated",
               {{"event", "SLURM_POLICY_EVALUATION"},
                {"account", account.account},
                {"policy", join(account.policies, ",")},
                {"usage", format::percent_text(account.percent)},
                {"grace_limit", account.grace_limit.text()},
                {"period", account.period.label},
                {"actions", join(account.actions_taken, ",")},
                {"mode", mode_of(account)},
                {"trigger", report.trigger}});
}

void log_flag(const model::AccountDecision& account, bool set, const char* event) {
    log::event(log::Level::notice, "SLUICE-0413", "flag-changed",
               {{"event", event},
                {"account", account.account},
                {"set", set ? "yes" : "no"},
                {"period", account.period.label},
                {"mode", mode_of(account)}});
}

void log_flags(const model::AccountDecision& account) {
    const auto& before = account.previous_flags;
    const auto& now = account.flags;
    if (before.paused != now.paused)
        log_flag(account, now.paused,
                 now.paused ? "REQUEST_SLURM_RESOURCE_PAUSING" : "RESET_PAUSING");
    if (before.downscaled != now.downscaled)
        log_flag(account, now.downscaled,
                 now.downscaled ? "REQUEST_SLURM_RESOURCE_DOWNSCALING" : "RESET_DOWNSCALING");
}

void log_command(const ports::CommandRecord& record) {
    const auto& command = record.command;
    if (record.success == true)
        log::event(log::Level::notice, "SLUICE-0421", "command-done",
                   {{"command", std::to_string(record.id)},
                    {"type", std::string(model::name(command.type))},
                    {"account", command.account},
                    {"reason", command.reason},
                    {"same_as", command.sacctmgr}});
    else
        log::event(log::Level::error, "SLUICE-0422", "command-failed",
                   {{"command", std::to_string(record.id)},
                    {"type", std::string(model::name(command.type))},
                    {"account", command.account},
                    {"error", record.error},
                    {"same_as", command.sacctmgr}});
}

// A queue may have thousands of jobs: one line for the jobs of an account, with the first error.
void log_jobs(const std::vector<ports::CommandRecord>& applied) {
    struct Jobs {
        const ports::CommandRecord* first;
        std::int64_t last;
        std::size_t count;
    };
    std::map<std::tuple<std::string_view, model::CommandType, bool>, Jobs> groups;
    for (const auto& record : applied) {
        const auto& command = record.command;
        if (!is_for_job(command.type))
            continue;
        auto& jobs = groups
                         .try_emplace({command.account, command.type, record.success == true},
                                      Jobs{&record, 0, 0})
                         .first->second;
        jobs.last = record.id;
        ++jobs.count;
    }
    for (const auto& [key, jobs] : groups) {
        const auto& command = jobs.first->command;
        const auto numbers = std::to_string(jobs.first->id) +
                             (jobs.count == 1 ? "" : "-" + std::to_string(jobs.last));
        if (jobs.first->success == true)
            log::event(log::Level::notice, "SLUICE-0425", "jobs-changed",
                       {{"commands", numbers},
                        {"type", std::string(model::name(command.type))},
                        {"account", command.account},
                        {"jobs", std::to_string(jobs.count)},
                        {"reason", command.reason}});
        else
            log::event(log::Level::error, "SLUICE-0426", "jobs-not-changed",
                       {{"commands", numbers},
                        {"type", std::string(model::name(command.type))},
                        {"account", command.account},
                        {"jobs", std::to_string(jobs.count)},
                        {"error", jobs.first->error}});
    }
}

} // namespace

void CycleLog::done(const ports::CycleReport& report) {
    if (!failure_.empty()) {
        log::event(log::Level::notice, "SLUICE-0402", "evaluation-done-again");
        failure_.clear();
    }
    // A change is logged when it is recorded: once the clock is trusted.
    for (const auto& account : report.decision.accounts) {
        if (!report.clock.trusted())
            break;
        log_evaluation(report, account);
        log_standing(account);
        log_flags(account);
    }
    for (const auto& record : report.applied)
        if (!is_for_job(record.command.type))
            log_command(record);
    log_jobs(report.applied);
    log_problems(report);
    log::event(log::Level::debug, "SLUICE-0404", "evaluation-done",
               {{"trigger", report.trigger},
                {"accounts", std::to_string(report.decision.accounts.size())},
                {"commands", std::to_string(report.applied.size())},
                {"problems", std::to_string(report.problems.size())}});
}

void CycleLog::failed(const ports::CycleReport& report) {
    if (failure_ == report.error)
        return;
    failure_ = report.error;
    log::event(log::Level::error, "SLUICE-0401", "evaluation-failed",
               {{"trigger", report.trigger}, {"error", report.error}});
}

void CycleLog::log_problems(const ports::CycleReport& report) {
    std::map<std::string, model::Problem> current;
    for (const auto& problem : report.problems)
        current.emplace(problem.account + '\n' + problem.what, problem);
    for (const auto& account : report.decision.accounts)
        if (!account.error.empty() && account.fault != model::Fault::guard && // one problem for all
            (report.clock.trusted() || account.fault != model::Fault::clock))
            current.emplace(account.account + '\n' + account.error,
                            model::Problem{account.account, account.error, ""});
    for (const auto& text : report.decision.problems)
        current.emplace('\n' + text, model::Problem{"", text, ""});
    for (const auto& [key, problem] : current)
        if (!problems_.contains(key))
            log::event(log::Level::warning, "SLUICE-0431", "problem",
                       {{"account", problem.account.empty() ? "-" : problem.account},
                        {"what", problem.what},
                        {"remedy", problem.remedy.empty() ? "-" : problem.remedy}});
    for (const auto& [key, problem] : problems_)
        if (!current.contains(key))
            log::event(log::Level::notice, "SLUICE-0432", "problem-over",
                       {{"account", problem.account.empty() ? "-" : problem.account},
                        {"what", problem.what}});
    problems_ = std::move(current);
}

} // namespace sluice::notify
