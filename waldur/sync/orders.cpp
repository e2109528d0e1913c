// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/orders.hpp"

#include "common/base/log.hpp"
#include "common/json/json.hpp"
#include "daemon/core/entered_time.hpp"
#include "waldur/sync/granted.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::app {
namespace {

constexpr const char* kNote = "waldur-order"; // resource -> limits, and which answer they are over

std::string text_of(const Limits& limits, Instant began) {
    auto units = json::Value::object();
    for (const auto& [name, amount] : limits)
        units.set(name, amount.text());
    auto object = json::Value::object();
    object.set("began", epoch(began)).set("limits", std::move(units));
    return object.compact();
}

ports::PortalResource* find(ports::PortalView& view, const std::string& uuid) {
    const auto found = std::find_if(view.resources.begin(), view.resources.end(),
                                    [&](const auto& one) { return one.uuid == uuid; });
    return found == view.resources.end() ? nullptr : &*found;
}

// Waldur writes its local time with parts of a second and no zone; that of the site is taken.
std::optional<Instant> time_of(const std::string& stamp, const Zone& zone, Instant now) {
    std::string text = stamp;
    if (const auto dot = text.find('.'); dot != std::string::npos) {
        const auto end = text.find_first_not_of("0123456789", dot + 1);
        text.erase(dot, end == std::string::npos ? end : end - dot);
    }
    const auto at = parse_instant(text, zone, now);
    return at ? std::optional(*at) : std::nullopt;
}

void log_waits(const PortalEvent& event, const std::string& why) {
    log::event(log::Level::info, "SLUICE-0818", "waldur-order-waits",
               {{"account", event.account}, {"reason", why}});
}

} // namespace

void PortalOrders::load(ports::PortalView& view) {
    const auto notes = notes_.notes(kNote);
    if (!notes)
        return;
    for (const auto& [uuid, text] : *notes) {
        const auto parsed = json::parse(text);
        auto* resource = find(view, uuid);
        taken_[uuid] = {};
        if (!parsed || resource == nullptr || instant((*parsed)["began"].integer()) < view.began)
            continue;
        resource->limits.clear();
        for (const auto& name : (*parsed)["limits"].keys())
            if (const auto units = json::decimal_of((*parsed)["limits"][name]))
                resource->limits.emplace(name, *units);
    }
}

bool PortalOrders::take(const PortalEvent& event, const Zone& zone, Instant now,
                        ports::PortalView& view) {
    auto* resource = find(view, event.resource);
    if (resource == nullptr || resource->account != event.account || !resource->fault.empty()) {
        log_waits(event, "not known as this account's");
        return false;
    }
    const auto stamp = time_of(event.timestamp, zone, now);
    const auto before = taken_.find(event.resource);
    if (!stamp || *stamp < view.began || (before != taken_.end() && *stamp < before->second.at)) {
        log_waits(event, stamp ? "older than what is known" : "it has no time stamp");
        return false;
    }
    auto limits = granted_by(event, view, *resource);
    if (!limits) {
        log_waits(event, limits.error().context);
        return false;
    }
    if (*limits == resource->limits)
        return false;
    taken_[event.resource] = {*stamp, text_of(*limits, view.began)};
    resource->limits = std::move(*limits);
    return true;
}

void PortalOrders::keep() {
    std::vector<ports::Note> notes;
    for (auto& [uuid, taken] : taken_)
        if (!taken.note.empty())
            notes.push_back({kNote, uuid, std::exchange(taken.note, "")});
    put(notes);
}

void PortalOrders::answered() {
    std::vector<ports::Note> notes;
    for (const auto& [uuid, taken] : taken_)
        notes.push_back({kNote, uuid, ""});
    put(notes);
    taken_.clear();
}

void PortalOrders::put(const std::vector<ports::Note>& notes) {
    if (const auto put = notes_.put(notes); !put)
        log::event(log::Level::warning, "SLUICE-0804", "waldur-not-noted",
                   {{"what", "order"}, {"error", put.error().context}});
}

} // namespace sluice::app
