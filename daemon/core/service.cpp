// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/service.hpp"

#include "common/base/text.hpp"
#include "common/policy/explain.hpp"
#include "common/policy/preview.hpp"
#include "daemon/core/report_filter.hpp"

namespace sluice::app {
namespace {

model::Problem backup_failed(const ports::BackupState& state) {
    return {
        "",
        "the daily backup of the journal fails: " + state.error +
            (state.file.empty() ? "; no backup exists" : "; the newest is " + state.file),
        "free space or restore access where the journal is; if it is damaged, restore the newest "
        "backup. sluiced tries again every 10 min"};
}

} // namespace

ports::DaemonInfo DaemonService::info() const {
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
    info.now = loop_.now();
    info.zone = rules->zone;
    if (rules->portal_began != Instant{})
        info.portal_asked = rules->portal_began;
    if (backups_ != nullptr)
        info.backup = backups_->state();
    if (!info.backup.error.empty())
        info.problems.push_back(backup_failed(info.backup));
    return info;
}

std::shared_ptr<const ports::CycleReport> DaemonService::last_cycle() const {
    return loop_.shown().report;
}

std::vector<ports::CycleSummary> DaemonService::cycles() const {
    return loop_.cycles();
}

Result<std::shared_ptr<const ports::CycleReport>>
DaemonService::evaluate(const ports::EvaluateRequest& request) {
    Order order{"person", request.dry_run, {request.accounts.begin(), request.accounts.end()}, {}};
    if (request.by_user)
        order.by_user = order.accounts;
    auto answer = loop_.ask(std::move(order));
    if (answer.wait_for(longest_cycle_) != std::future_status::ready)
        return Error{Errc::timeout, "evaluation still running after " +
                                        std::to_string(longest_cycle_.count() / 1000) +
                                        " s; run sluice status to see its result"};
    auto report = answer.get();
    if (report->error.empty())
        for (const auto& account : request.accounts)
            if (report->decision.find(account) == nullptr)
                return Error{Errc::not_found, unknown_account(account, report->decision)};
    if (request.accounts.empty())
        return report;
    return std::make_shared<const ports::CycleReport>(cut_to(*report, request.accounts));
}

Result<std::vector<std::string>> DaemonService::explain(const std::string& account) const {
    const auto shown = loop_.shown();
    if (!shown.report)
        return Error{Errc::unavailable, "no evaluation has completed yet"};
    const auto* decision = shown.report->decision.find(account);
    if (decision == nullptr)
        return Error{Errc::not_found, unknown_account(account, shown.report->decision)};
    return policy::explain(shown.rules->set, shown.rules->zone, *decision, shown.report->plan);
}

Result<std::vector<ports::EvaluationRecord>> DaemonService::evaluations(const ports::Query& query) {
    return ports_.journal.evaluations(query);
}

Result<std::vector<ports::CommandRecord>> DaemonService::commands(const ports::Query& query) {
    return ports_.journal.commands(query);
}

Result<void> DaemonService::add_report(const ports::AgentReport& report) {
    ports::AgentReport kept = report;
    kept.cluster = loop_.rules()->cluster;
    kept.at = ports_.clock.now();
    return ports_.journal.add_report(kept);
}

Result<std::vector<ports::AgentReport>> DaemonService::reports(const ports::Query& query) {
    return ports_.journal.reports(query);
}

Result<model::Preview> DaemonService::preview(const model::PreviewInput& input) const {
    model::PreviewInput in = input;
    in.today = loop_.rules()->zone.local(ports_.clock.now()).date();
    return policy::preview(in);
}

std::shared_ptr<const model::PolicySet> DaemonService::policies() const {
    const auto rules = loop_.rules();
    return {rules, &rules->set};
}

std::shared_ptr<const ports::PortalNames> DaemonService::portal_names() const {
    return loop_.rules()->names;
}

ports::PluginServerStatus DaemonService::plugin_server() const {
    auto status = ports_.publisher.status();
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

Result<ports::ControllerSettings> DaemonService::controller() {
    if (inspector_ == nullptr)
        return Error{Errc::unavailable, "slurmctld cannot be asked"};
    return inspector_->controller();
}

} // namespace sluice::app
