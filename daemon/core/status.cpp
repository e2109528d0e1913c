// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/status.hpp"

#include "common/base/text.hpp"
#include "common/policy/explain.hpp"
#include "common/policy/preview.hpp"
#include "common/policy/snapshot.hpp"
#include "daemon/core/report_filter.hpp"

#include <set>
#include <string_view>
#include <utility>

namespace sluice::core {
namespace {

model::Problem backup_failed(const ports::BackupState& state) {
    return {
        "",
        "the daily backup of the journal fails: " + state.error +
            (state.file.empty() ? "; no backup exists" : "; the newest backup is " + state.file),
        "free space or restore access where the journal is; if the journal is damaged, restore the "
        "newest backup. sluiced tries again every 10 min"};
}

// Accounts below whose nearest evaluated account is this one.
std::set<std::string> governed_by(const model::AccountDecision& decision,
                                  const ports::CycleReport& report) {
    std::set<std::string_view> evaluated;
    for (const auto& one : report.decision.accounts)
        evaluated.insert(one.account);
    std::set<std::string> below;
    for (const auto& [account, parent] : report.parents) {
        const std::string* above = &account;
        // Not for ever in a circle of parents.
        for (std::size_t i = 0; i < report.parents.size() && !evaluated.contains(*above); ++i) {
            const auto next = report.parents.find(*above);
            if (next == report.parents.end() || next->second.empty())
                break;
            above = &next->second;
        }
        if (*above == decision.account && account != *above)
            below.insert(account);
    }
    return below;
}

// What the evaluation did about the account; takes it out of what is planned. The changes of jobs
// are only counted.
std::vector<std::string> carried_out(const std::string& account, const ports::CycleReport& report,
                                     std::vector<model::Command>& planned) {
    std::vector<std::string> lines;
    std::size_t jobs = 0;
    std::set<std::pair<std::string, std::string>> done;
    for (const auto& record : report.applied) {
        if (record.success != true || record.command.account != account)
            continue;
        done.emplace(record.command.description, record.command.sacctmgr);
        if (model::is_for_job(record.command.type))
            ++jobs;
        else
            lines.push_back("Done in the last evaluation: " + record.command.description + ".");
    }
    if (jobs > 0)
        lines.push_back("Done in the last evaluation: changes of " + std::to_string(jobs) +
                        (jobs == 1 ? " job." : " jobs."));
    std::erase_if(planned, [&](const model::Command& command) {
        return command.account == account && done.contains({command.description, command.sacctmgr});
    });
    return lines;
}

} // namespace

ports::DaemonInfo DaemonStatus::info() const {
    const auto rules = loop_.rules();
    ports::DaemonInfo info;
    info.version = identity_.version;
    info.cluster = rules->cluster;
    info.started = identity_.started;
    info.config_file = identity_.config_file;
    info.config_loaded = rules->loaded;
    info.config_error = *config_error_.lock();
    info.down = sources_.away();
    info.interval_s = rules->interval.count();
    info.account_series = rules->account_series;
    info.now = loop_.now();
    info.zone = rules->zone;
    if (rules->source_began != Instant{})
        info.waldur_asked = rules->source_began;
    info.waldur_answers = rules->source_answers;
    if (backups_ != nullptr)
        info.backup = backups_->state();
    if (!info.backup.error.empty())
        info.problems.push_back(backup_failed(info.backup));
    return info;
}

Result<std::vector<std::string>> DaemonStatus::explain(const std::string& account) const {
    const auto shown = loop_.shown();
    if (!shown.report)
        return Error{Errc::unavailable, "no evaluation has completed yet"};
    const auto* decision = shown.report->decision.find(account);
    if (decision == nullptr)
        return Error{Errc::not_found, unknown_account(account, shown.report->decision)};
    model::Plan plan = shown.report->plan;
    const auto done = carried_out(account, *shown.report, plan.commands);
    auto lines = policy::explain(shown.rules->set, shown.rules->zone, shown.report->decision,
                                 *decision, plan, governed_by(*decision, *shown.report));
    lines.insert(lines.end(), done.begin(), done.end());
    return lines;
}

Result<model::Preview> DaemonStatus::preview(const model::PreviewInput& input) const {
    return policy::preview(input);
}

// Made under the lock: of several first callers one works and the others wait for it.
std::shared_ptr<const admission::SnapshotView> DaemonStatus::quote_view() const {
    const auto shown = loop_.shown();
    if (!shown.report || !shown.structure)
        return nullptr;
    auto kept = quote_view_.lock();
    if (kept->report != shown.report) {
        kept->view = std::make_shared<const admission::SnapshotView>(
            policy::snapshot(shown.rules->set, shown.rules->zone, *shown.structure,
                             shown.report->decision, policy::SnapshotFor::quotes));
        kept->report = shown.report;
    }
    return kept->view;
}

std::shared_ptr<const model::PolicySet> DaemonStatus::policies() const {
    const auto rules = loop_.rules();
    return {rules, &rules->set};
}

ports::PluginServerStatus DaemonStatus::plugin_server() const {
    auto status = publisher_.status();
    const auto rules = loop_.rules();
    if (!rules->several)
        return status;
    std::erase_if(status.plugins, [&](const auto& plugin) {
        return lower(plugin.cluster) != lower(rules->cluster);
    });
    const auto newest = status.sequences.find(lower(rules->cluster));
    status.sequence = newest == status.sequences.end() ? 0 : newest->second;
    return status;
}

} // namespace sluice::core
