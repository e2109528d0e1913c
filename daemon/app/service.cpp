// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/app/service.hpp"

#include "common/base/text.hpp"
#include "common/policy/explain.hpp"

#include <algorithm>
#include <set>

namespace sluice::app {
namespace {

std::string unknown(const std::string& account, const model::Decision& decision) {
    std::vector<std::string> known;
    for (const auto& entry : decision.accounts)
        known.push_back(entry.account);
    std::string text = "account " + account + " has no policy with an allocation";
    if (const auto near = nearest(account, known); !near.empty())
        text += "; did you mean " + near + "?";
    return text;
}

template <class Entries, class AccountOf>
void keep(Entries& entries, const std::set<std::string>& wanted, AccountOf account_of) {
    std::erase_if(entries, [&](const auto& entry) { return !wanted.contains(account_of(entry)); });
}

// The turn is always the whole turn; the answer holds what was asked for.
ports::TurnReport cut(ports::TurnReport report, const std::vector<std::string>& accounts) {
    const std::set<std::string> wanted(accounts.begin(), accounts.end());
    const auto account = [](const auto& entry) { return entry.account; };
    keep(report.decision.accounts, wanted, account);
    keep(report.plan.commands, wanted, account);
    keep(report.plan.withheld, wanted, account);
    keep(report.plan.problems, wanted, account);
    keep(report.problems, wanted, account);
    keep(report.applied, wanted, [](const auto& record) { return record.command.account; });
    return report;
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
    return info;
}

std::shared_ptr<const ports::TurnReport> DaemonService::last_turn() const {
    return loop_.shown().report;
}

Result<std::shared_ptr<const ports::TurnReport>>
DaemonService::evaluate(const ports::EvaluateRequest& request) {
    Order order{"person", request.dry_run, {request.accounts.begin(), request.accounts.end()}, {}};
    if (request.by_user)
        order.by_user = order.accounts;
    auto answer = loop_.ask(std::move(order));
    if (answer.wait_for(longest_turn_) != std::future_status::ready)
        return Error{Errc::timeout, "the turn takes longer than " +
                                        std::to_string(longest_turn_.count() / 1000) +
                                        " s; it goes on, look again later"};
    auto report = answer.get();
    if (report->error.empty())
        for (const auto& account : request.accounts)
            if (report->decision.find(account) == nullptr)
                return Error{Errc::not_found, unknown(account, report->decision)};
    if (request.accounts.empty())
        return report;
    return std::make_shared<const ports::TurnReport>(cut(*report, request.accounts));
}

Result<std::vector<std::string>> DaemonService::explain(const std::string& account) const {
    const auto shown = loop_.shown();
    if (!shown.report)
        return Error{Errc::unavailable, "no turn has been done yet"};
    const auto* decision = shown.report->decision.find(account);
    if (decision == nullptr)
        return Error{Errc::not_found, unknown(account, shown.report->decision)};
    return policy::explain(shown.rules->set, shown.rules->zone, *decision, shown.report->plan);
}

Result<std::vector<ports::EvaluationRecord>> DaemonService::evaluations(const ports::Query& query) {
    return ports_.journal.evaluations(query);
}

Result<std::vector<ports::CommandRecord>> DaemonService::commands(const ports::Query& query) {
    return ports_.journal.commands(query);
}

ports::GateStatus DaemonService::gate() const {
    return ports_.publisher.status();
}

} // namespace sluice::app
