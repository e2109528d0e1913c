// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/inbox.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace sluice::waldur {
namespace {

constexpr std::size_t kMaxUnknown = 32; // kinds that are logged

} // namespace

// What a bad message was for is not known: Waldur is asked instead.
void MessageInbox::came(stomp::Inbox& from, stomp::Incoming message) {
    auto event = message.fault.empty() ? read_event(message.kind, message.body)
                                       : Result<Event>(Error{Errc::overflow, message.fault});
    if (!event) {
        log::event(log::Level::warning, "SLUICE-0813", "waldur-message-bad",
                   {{"kind", message.kind.empty() ? "-" : message.kind},
                    {"error", event.error().context}});
        from.settle(message.token, stomp::Ack::bad);
        parts_.ask();
        return;
    }
    if (event->kind == Event::Kind::unknown) {
        note_unknown(event->name);
        from.settle(message.token, stomp::Ack::done);
        return;
    }
    log::event(
        log::Level::info, "SLUICE-0815", "waldur-message",
        {{"kind", event->name}, {"resource", event->resource.empty() ? "-" : event->resource}});
    Waiting one;
    one.from = &from;
    one.token = std::move(message.token);
    one.event = std::move(*event);
    state_.lock()->waiting.push_back(std::move(one));
    parts_.ask();
}

void MessageInbox::note_unknown(const std::string& name) {
    {
        auto state = state_.lock();
        if (state->unknown.size() >= kMaxUnknown || !state->unknown.insert(name).second)
            return;
    }
    log::event(log::Level::notice, "SLUICE-0814", "waldur-message-unknown",
               {{"kind", name.empty() ? "-" : name}});
}

void MessageInbox::connected(const stomp::Inbox& from) {
    auto state = state_.lock();
    state->away.erase(&from);
    log::event(log::Level::info, "SLUICE-0811", "waldur-events-connected");
    if (state->away.empty())
        parts_.sources.up(parts_.source, parts_.clock.now());
}

// What it had not settled comes again.
void MessageInbox::away(const stomp::Inbox& from, const Error& error) {
    auto state = state_.lock();
    std::erase_if(state->waiting, [&](const auto& one) { return one.from == &from; });
    auto& logged = state->away[&from];
    const bool absent = error.code == Errc::unavailable || error.code == Errc::timeout;
    if (!absent && logged != error.context)
        log::event(log::Level::warning, "SLUICE-0812", "waldur-events-refused",
                   {{"error", error.context}});
    logged = error.context;
    parts_.sources.down(parts_.source, error, parts_.clock.now());
}

void MessageInbox::take_limits(std::uint64_t version,
                               const std::function<bool(const Event&)>& takes) {
    auto state = state_.lock();
    for (auto& one : state->waiting) {
        if (one.seen)
            continue;
        one.seen = true;
        if (one.event.kind == Event::Kind::limits && one.event.fault.empty() && takes(one.event))
            one.taken = version;
    }
}

void MessageInbox::asking() {
    auto state = state_.lock();
    ++state->asked;
    for (auto& one : state->waiting)
        if (one.asked == 0)
            one.asked = state->asked;
}

void MessageInbox::answered() {
    auto state = state_.lock();
    state->answered = state->asked;
}

bool MessageInbox::waits() const {
    return !state_.lock()->waiting.empty();
}

// Settled outside the lock, and only what is in the outbox: the rest waits for the next evaluation.
void MessageInbox::settle(const ReportInput& input) {
    std::vector<Waiting> due;
    {
        auto state = state_.lock();
        const auto covered = [&](const Waiting& one) {
            return (one.asked != 0 && one.asked <= state->answered) ||
                   (one.taken != 0 && one.taken <= input.rules.source_version);
        };
        std::copy_if(state->waiting.begin(), state->waiting.end(), std::back_inserter(due),
                     covered);
        std::erase_if(state->waiting, covered);
    }
    for (auto& one : due) {
        if (one.event.kind == Event::Kind::limits && !report(input, one.event)) {
            state_.lock()->waiting.push_back(std::move(one));
            continue;
        }
        one.from->settle(one.token, stomp::Ack::done);
    }
}

namespace {

// One hundredth: Waldur truncates twice where Sluice rounds once, and raw usage is minutes old.
constexpr std::int64_t kToleratedPart = 100;

std::optional<std::int64_t> limit_in_force(const model::AccountDecision& decision,
                                           const std::string& tres) {
    for (const auto& [key, value] : decision.memory.limits)
        if (key.second == tres)
            return value.asked ? value.asked : value.in_force;
    return std::nullopt;
}

// "node: 7200 in the message, 6600 in Slurm"; "": equal.
std::string difference(const ReportInput& input, const model::AccountDecision& decision,
                       const Event& event) {
    std::vector<std::string> texts;
    for (const auto& [name, there] : event.limits) {
        const auto* component = input.rules.set.component(name);
        const std::string tres = component != nullptr ? component->tres : name;
        const auto here = limit_in_force(decision, tres);
        const std::int64_t off = here ? std::max(*here, there) - std::min(*here, there) : 0;
        if (!here || off > 1 + there / kToleratedPart)
            texts.push_back(tres + ": " + std::to_string(there) + " in the message, " +
                            (here ? std::to_string(*here) : "none") + " in Slurm");
    }
    return join(texts, "; ");
}

std::string withheld(const ReportInput& input, const std::string& account) {
    for (const auto& record : input.report.applied)
        if (record.command.account == account && record.success != true)
            return record.error.empty() ? "result not known" : record.error;
    for (const auto& command : input.report.plan.withheld)
        if (command.account == account && command.type == model::CommandType::limits)
            return "not applied: " + command.description;
    return "";
}

} // namespace

std::string limits_fault(const ReportInput& input, const Event& event,
                         const std::string& offering) {
    if (!event.fault.empty())
        return event.fault;
    if (!input.rules.grants)
        return "allocations are set in sluiced.yaml on this cluster (waldur.source: file)";
    if (!event.offering.empty() && event.offering != offering)
        return "offering " + event.offering + " is not the offering of this cluster";
    const auto resource = input.resources.by_account.find(event.account);
    if (resource == input.resources.by_account.end() || resource->second->uuid != event.resource)
        return "account " + event.account + " does not belong to resource " + event.resource;
    const auto* decision = input.report.decision.find(event.account);
    if (decision == nullptr)
        return "no policy applies to account " + event.account;
    if (!decision->error.empty())
        return decision->error;
    if (decision->mode != model::Mode::enforce)
        return "the policy of account " + event.account + " is in mode observe";
    return withheld(input, event.account);
}

// False: the journal did not take it. The effect of commands of this evaluation is reported with
// them.
bool MessageInbox::report(const ReportInput& input, const Event& event) {
    const auto& applied = input.report.applied;
    const bool reported = std::any_of(applied.begin(), applied.end(), [&](const auto& record) {
        return record.command.account == event.account;
    });
    const std::string fault = limits_fault(input, event, parts_.offering);
    if (parts_.report && !(reported && event.fault.empty()) &&
        (!event.policy.empty() || input.offering.policy)) {
        const auto message = result_message(
            {event.resource,
             event.policy.empty() ? input.offering.policy->uuid : event.policy,
             fault,
             parts_.mode,
             {},
             "limits:" + event.resource + ':' +
                 (event.timestamp.empty() ? std::to_string(epoch(input.now)) : event.timestamp)});
        if (const auto added = parts_.outbox.add(std::span(&message, 1)); !added) {
            log::event(log::Level::warning, "SLUICE-0804", "waldur-not-noted",
                       {{"what", "result"}, {"error", added.error().context}});
            return false;
        }
    }
    log::event(log::Level::notice, "SLUICE-0816", "waldur-limits",
               {{"account", event.account.empty() ? "-" : event.account},
                {"resource", event.resource},
                {"success", fault.empty() ? "yes" : "no"},
                {"error", fault.empty() ? "-" : fault}});
    const auto* decision = input.report.decision.find(event.account);
    const auto text = decision != nullptr ? difference(input, *decision, event) : "";
    if (fault.empty() && !text.empty())
        log::event(log::Level::info, "SLUICE-0817", "waldur-figures-differ",
                   {{"account", event.account}, {"what", text}});
    return true;
}

} // namespace sluice::waldur
