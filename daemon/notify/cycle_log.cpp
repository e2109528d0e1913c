// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/cycle_log.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/model/standing.hpp"
#include "common/policy/decide.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

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
    if ((!account.error.empty() && !account.by_last_rules()) || !account.noteworthy ||
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

// Commands with one line in the log: one command, or those for the jobs of one account.
struct CommandLine {
    const ports::CommandRecord* first = nullptr;
    std::size_t count = 0;
};

std::vector<CommandLine> lines_of(const std::vector<ports::CommandRecord>& records) {
    std::vector<CommandLine> lines;
    std::map<std::tuple<model::CommandType, std::string, std::string>, std::size_t> jobs;
    for (const auto& record : records) {
        const auto& command = record.command;
        if (model::is_for_job(command.type)) {
            const auto [at, fresh] =
                jobs.try_emplace({command.type, command.account, record.error}, lines.size());
            if (!fresh) {
                ++lines[at->second].count;
                continue;
            }
        }
        lines.push_back({&record, 1});
    }
    // What failed is never the part that is left out.
    std::stable_partition(lines.begin(), lines.end(),
                          [](const auto& line) { return line.first->success != true; });
    return lines;
}

void log_command(const CommandLine& line) {
    const auto& record = *line.first;
    const auto& command = record.command;
    if (record.success == true)
        log::event(log::Level::notice, "SLUICE-0421", "command-done",
                   {{"command", std::to_string(record.id)},
                    {"type", std::string(model::name(command.type))},
                    {"account", command.account},
                    {"reason", command.reason},
                    {"same_as", command.sacctmgr},
                    {"count", std::to_string(line.count)}});
    else
        log::event(log::Level::error, "SLUICE-0422", "command-failed",
                   {{"command", std::to_string(record.id)},
                    {"type", std::string(model::name(command.type))},
                    {"account", command.account},
                    {"error", record.error},
                    {"same_as", command.sacctmgr},
                    {"count", std::to_string(line.count)}});
}

// So many commands were left out.
std::size_t log_commands(const std::vector<ports::CommandRecord>& records) {
    std::size_t shown = 0;
    std::size_t left_out = 0;
    for (const auto& line : lines_of(records))
        if (++shown <= CycleLog::kMaxDetails)
            log_command(line);
        else
            left_out += line.count;
    return left_out;
}

bool is_changed(const model::AccountDecision& account) {
    return account.previous_flags != account.flags || !account.actions_taken.empty();
}

// Those under enforcement first. So many accounts were left out.
std::size_t log_accounts(const ports::CycleReport& report) {
    std::size_t shown = 0;
    std::size_t changed = 0;
    for (const auto mode : {model::Mode::enforce, model::Mode::observe})
        for (const auto& account : report.decision.accounts) {
            if (account.mode != mode || !is_changed(account))
                continue;
            ++changed;
            if (shown == CycleLog::kMaxDetails)
                continue;
            ++shown;
            log_evaluation(report, account);
            log_standing(account);
            log_flags(account);
        }
    return changed - shown;
}

void log_summary(const ports::CycleReport& report, std::size_t left_out) {
    std::size_t paused = 0;
    std::size_t downscaled = 0;
    std::size_t changed = 0;
    for (const auto& account : report.decision.accounts) {
        const auto standing = model::standing(account.enforced);
        paused += standing == model::Standing::paused ? 1U : 0U;
        downscaled += standing == model::Standing::downscaled ? 1U : 0U;
        changed += is_changed(account) ? 1U : 0U;
    }
    const auto failed = std::count_if(report.applied.begin(), report.applied.end(),
                                      [](const auto& record) { return record.success == false; });
    const bool quiet = changed == 0 && report.applied.empty();
    log::event(quiet ? log::Level::info : log::Level::notice, "SLUICE-0404", "evaluation-done",
               {{"trigger", report.trigger},
                {"duration_ms", std::to_string(report.duration_ms)},
                {"accounts", std::to_string(report.decision.accounts.size())},
                {"paused", std::to_string(paused)},
                {"downscaled", std::to_string(downscaled)},
                {"changed", std::to_string(changed)},
                {"commands", std::to_string(report.applied.size())},
                {"failed", std::to_string(failed)},
                {"problems", std::to_string(report.problems.size())},
                {"not_listed", std::to_string(left_out)}});
}

// The first lines of an evaluation that takes long, and then one a minute.
constexpr std::chrono::seconds kLongEvaluation{30};
constexpr std::chrono::seconds kProgressEvery{60};

} // namespace

void CycleLog::done(const ports::CycleReport& report) {
    if (!failure_.empty()) {
        log::event(log::Level::notice, "SLUICE-0402", "evaluation-done-again");
        failure_.clear();
    }
    // A change is logged when it is recorded: once the clock is trusted.
    std::size_t left_out = report.clock.trusted() ? log_accounts(report) : 0;
    left_out += log_commands(report.applied);
    left_out += log_problems(report);
    log_summary(report, left_out);
}

void CycleLog::failed(const ports::CycleReport& report) {
    if (failure_ == report.error)
        return;
    failure_ = report.error;
    log::event(log::Level::error, "SLUICE-0401", "evaluation-failed",
               {{"trigger", report.trigger}, {"error", report.error}});
}

// So many problems were left out.
std::size_t CycleLog::log_problems(const ports::CycleReport& report) {
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
    std::size_t fresh = 0;
    for (const auto& [key, problem] : current)
        if (!problems_.contains(key) && ++fresh <= kMaxDetails)
            log::event(log::Level::warning, "SLUICE-0431", "problem",
                       {{"account", problem.account.empty() ? "-" : problem.account},
                        {"what", problem.what},
                        {"remedy", problem.remedy.empty() ? "-" : problem.remedy}});
    std::size_t over = 0;
    for (const auto& [key, problem] : problems_)
        if (!current.contains(key) && ++over <= kMaxDetails)
            log::event(log::Level::notice, "SLUICE-0432", "problem-over",
                       {{"account", problem.account.empty() ? "-" : problem.account},
                        {"what", problem.what}});
    problems_ = std::move(current);
    return fresh + over - std::min(fresh, kMaxDetails) - std::min(over, kMaxDetails);
}

void ProgressLog::look(const std::optional<ports::UnderWay>& running, std::chrono::seconds busy) {
    if (!running || busy < logged_)
        logged_ = std::chrono::seconds{0};
    const auto due = logged_.count() == 0 ? kLongEvaluation : logged_ + kProgressEvery;
    if (!running || busy < due)
        return;
    logged_ = busy;
    log::event(log::Level::notice, "SLUICE-0405", "evaluation-running",
               {{"trigger", running->trigger},
                {"seconds", std::to_string(busy.count())},
                {"phase", running->phase},
                {"done", std::to_string(running->done)},
                {"total", std::to_string(running->total)}});
}

} // namespace sluice::notify
