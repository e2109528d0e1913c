// SPDX-License-Identifier: GPL-2.0-or-later
// Verdicts on apply_periodic_settings. What is in force is decided by the cycle, from the policy
// and the allocation that Waldur has or, where the message is newer, that its figures tell
// (portal_granted.hpp).
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "waldur/sync/inbox.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace sluice::app {
namespace {

// Waldur cuts twice where Sluice rounds once, and raw usage is minutes old.
constexpr std::int64_t kToleratedPart = 100; // one of these parts

std::optional<std::int64_t> held(const model::AccountDecision& decision, const std::string& tres) {
    for (const auto* limits : {&decision.memory.limits_asked, &decision.memory.limits_in_force})
        if (const auto found = limits->find(tres); found != limits->end())
            return found->second;
    return std::nullopt;
}

// "node 7200 there, 6600 here"; "": alike.
std::string difference(const ReportInput& telling, const model::AccountDecision& decision,
                       const PortalEvent& event) {
    std::vector<std::string> texts;
    for (const auto& [name, there] : event.limits) {
        const auto* component = telling.rules.set.component(name);
        const std::string tres = component != nullptr ? component->tres : name;
        const auto here = held(decision, tres);
        const std::int64_t off = here ? std::max(*here, there) - std::min(*here, there) : 0;
        if (!here || off > 1 + there / kToleratedPart)
            texts.push_back(tres + ' ' + std::to_string(there) + " there, " +
                            (here ? std::to_string(*here) : "none") + " here");
    }
    return join(texts, "; ");
}

std::string withheld(const ReportInput& telling, const std::string& account) {
    for (const auto& record : telling.report.applied)
        if (record.command.account == account && record.success != true)
            return record.error.empty() ? "not known" : record.error;
    for (const auto& command : telling.report.plan.withheld)
        if (command.account == account && command.type == model::CommandType::limits)
            return "not applied: " + command.description;
    return "";
}

} // namespace

std::string order_fault(const ReportInput& telling, const PortalEvent& event) {
    if (!event.fault.empty())
        return event.fault;
    if (!telling.rules.partial)
        return "allocations stand in sluiced.yaml here (source: file)";
    if (!event.offering.empty() && event.offering != telling.rules.names->offering)
        return "offering " + event.offering + " is not the one of this cluster";
    const auto resource = telling.roster.accounts.find(event.account);
    if (resource == telling.roster.accounts.end() || resource->second->uuid != event.resource)
        return "account " + event.account + " is not that resource's";
    const auto* decision = telling.report.decision.find(event.account);
    if (decision == nullptr)
        return "no policy judges account " + event.account;
    if (!decision->error.empty())
        return decision->error;
    if (decision->mode != model::Mode::enforce)
        return "account " + event.account + " is only observed";
    return withheld(telling, event.account);
}

ports::Message tell_order(const ReportInput& telling, const PortalEvent& event,
                          const std::string& fault, const std::string& mode) {
    CommandResult result;
    result.mode = mode;
    result.resource = event.resource;
    result.policy = !event.policy.empty() ? event.policy : telling.view.policy->uuid;
    result.error = fault;
    result.correlation =
        "order:" + event.resource + ':' +
        (event.timestamp.empty() ? std::to_string(epoch(telling.now)) : event.timestamp);
    return result_message(result);
}

// False: the journal did not take it. What commands of this cycle brought about has been reported
// with them.
bool PortalInbox::report(const ReportInput& telling, const PortalEvent& event) {
    const auto& applied = telling.report.applied;
    const bool told = std::any_of(applied.begin(), applied.end(), [&](const auto& record) {
        return record.command.account == event.account;
    });
    const std::string fault = order_fault(telling, event);
    if (parts_.report && !(told && event.fault.empty()) &&
        (!event.policy.empty() || telling.view.policy)) {
        const auto message = tell_order(telling, event, fault, parts_.mode);
        if (const auto added = parts_.outbox.add(std::span(&message, 1)); !added) {
            log::event(log::Level::warning, "SLUICE-0804", "waldur-not-noted",
                       {{"what", "verdict"}, {"error", added.error().context}});
            return false;
        }
    }
    log::event(log::Level::notice, "SLUICE-0816", "waldur-order",
               {{"account", event.account.empty() ? "-" : event.account},
                {"resource", event.resource},
                {"success", fault.empty() ? "yes" : "no"},
                {"error", fault.empty() ? "-" : fault}});
    const auto* decision = telling.report.decision.find(event.account);
    const auto text = decision != nullptr ? difference(telling, *decision, event) : "";
    if (fault.empty() && !text.empty())
        log::event(log::Level::info, "SLUICE-0817", "waldur-figures-differ",
                   {{"account", event.account}, {"what", text}});
    return true;
}

} // namespace sluice::app
