// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/cycle_log.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/policy/decide.hpp"

namespace sluice::notify {
namespace {

void log_standing(const model::AccountDecision& account) {
    if (account.previous_flags == account.flags)
        return;
    log::event(log::Level::notice, "SLUICE-0412", "standing-changed",
               {{"account", account.account},
                {"from", std::string(model::name(model::standing(account.previous_flags)))},
                {"to", std::string(model::name(model::standing(account.flags)))},
                {"usage", percent_text(account.percent)},
                {"grace_limit", account.grace_limit.text()},
                {"period", account.period.label},
                {"cause", std::string(model::name(account.cause.kind))},
                {"mode", account.mode == model::Mode::enforce ? "enforce" : "observe"}});
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
                {"usage", percent_text(account.percent)},
                {"grace_limit", account.grace_limit.text()},
                {"period", account.period.label},
                {"actions", join(account.actions_taken, ",")},
                {"trigger", report.trigger}});
}

void log_flag(const model::AccountDecision& account, bool set, const char* event) {
    log::event(log::Level::notice, "SLUICE-0413", "flag-changed",
               {{"event", event},
                {"account", account.account},
                {"set", set ? "yes" : "no"},
                {"period", account.period.label},
                {"mode", account.mode == model::Mode::enforce ? "enforce" : "observe"}});
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

} // namespace

std::string percent_text(const std::optional<std::int64_t>& hundredths) {
    if (!hundredths)
        return "-";
    const auto rest = *hundredths % 100;
    return std::to_string(*hundredths / 100) + (rest < 10 ? ".0" : ".") + std::to_string(rest);
}

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
        log_command(record);
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
        if (!account.error.empty() && !account.held() && // problems already
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
