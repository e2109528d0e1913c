// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/inbox.hpp"

#include "common/base/log.hpp"

#include <algorithm>
#include <span>

namespace sluice::app {
namespace {

constexpr const char* kEventSource = "waldur-events";
constexpr std::size_t kMaxUnknown = 32; // kinds that are told of

} // namespace

// Nobody knows what a bad message was for: Waldur is asked instead.
void PortalInbox::came(ports::Inbox& from, ports::Incoming message) {
    auto event = message.fault.empty() ? portal_event(message.kind, message.body)
                                       : Result<PortalEvent>(Error{Errc::overflow, message.fault});
    if (!event) {
        log::event(log::Level::warning, "SLUICE-0813", "waldur-message-bad",
                   {{"kind", message.kind.empty() ? "-" : message.kind},
                    {"error", event.error().context}});
        from.settle(message.token, ports::Ack::bad);
        parts_.ask();
        return;
    }
    if (event->kind == PortalEvent::Kind::unknown) {
        note_unknown(event->name);
        from.settle(message.token, ports::Ack::done);
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

void PortalInbox::note_unknown(const std::string& name) {
    {
        auto state = state_.lock();
        if (state->unknown.size() >= kMaxUnknown || !state->unknown.insert(name).second)
            return;
    }
    log::event(log::Level::notice, "SLUICE-0814", "waldur-message-unknown",
               {{"kind", name.empty() ? "-" : name}});
}

void PortalInbox::connected(const ports::Inbox& from) {
    auto state = state_.lock();
    state->away.erase(&from);
    log::event(log::Level::info, "SLUICE-0811", "waldur-events-connected");
    if (state->away.empty())
        parts_.sources.up(kEventSource, parts_.clock.now());
}

// What it had not settled comes again.
void PortalInbox::away(const ports::Inbox& from, const Error& error) {
    auto state = state_.lock();
    std::erase_if(state->waiting, [&](const auto& one) { return one.from == &from; });
    auto& told = state->away[&from];
    const bool absent = error.code == Errc::unavailable || error.code == Errc::timeout;
    if (!absent && told != error.context)
        log::event(log::Level::warning, "SLUICE-0812", "waldur-events-refused",
                   {{"error", error.context}});
    told = error.context;
    parts_.sources.down(kEventSource, error, parts_.clock.now());
}

void PortalInbox::orders(std::uint64_t number,
                         const std::function<bool(const PortalEvent&)>& takes) {
    auto state = state_.lock();
    for (auto& one : state->waiting) {
        if (one.looked_at)
            continue;
        one.looked_at = true;
        if (one.event.kind == PortalEvent::Kind::limits && one.event.fault.empty() &&
            takes(one.event))
            one.taken = number;
    }
}

void PortalInbox::asking() {
    auto state = state_.lock();
    ++state->asked;
    for (auto& one : state->waiting)
        if (one.asked == 0)
            one.asked = state->asked;
}

void PortalInbox::answered() {
    auto state = state_.lock();
    state->answered = state->asked;
}

bool PortalInbox::waits() const {
    return !state_.lock()->waiting.empty();
}

// Settled outside the lock, and only what is in the outbox: the rest waits for the next cycle.
void PortalInbox::told(const ReportInput& telling) {
    std::vector<Waiting> due;
    {
        auto state = state_.lock();
        const auto covered = [&](const Waiting& one) {
            return (one.asked != 0 && one.asked <= state->answered) ||
                   (one.taken != 0 && one.taken <= telling.rules.portal_orders);
        };
        std::copy_if(state->waiting.begin(), state->waiting.end(), std::back_inserter(due),
                     covered);
        std::erase_if(state->waiting, covered);
    }
    for (auto& one : due) {
        if (one.event.kind == PortalEvent::Kind::limits && !report(telling, one.event)) {
            state_.lock()->waiting.push_back(std::move(one));
            continue;
        }
        one.from->settle(one.token, ports::Ack::done);
    }
}

} // namespace sluice::app
