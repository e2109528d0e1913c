// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/event.hpp"

#include "common/base/text.hpp"
#include "common/json/json.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

constexpr json::Bounds kMessage{1024 * 1024, 16};
constexpr std::size_t kMaxName = 64;

// Of UUIDs with or without dashes; "": it is none.
std::string plain_uuid(const std::string& text) {
    std::string digits = lower(text);
    std::erase(digits, '-');
    const bool good = digits.size() == 32 && std::all_of(digits.begin(), digits.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
    return good ? digits : "";
}

std::string word(const std::string& text) {
    std::string out = text.substr(0, kMaxName);
    for (char& c : out)
        if (c <= ' ' || c >= '\x7f')
            c = '?';
    return out;
}

PortalEvent::Kind kind_of(const std::string& name) {
    if (name == "resource")
        return PortalEvent::Kind::resource;
    if (name == "offering_resources_sync")
        return PortalEvent::Kind::resync;
    if (name == "resource_periodic_limits")
        return PortalEvent::Kind::limits;
    return PortalEvent::Kind::unknown;
}

// As many as Decimal has hours for.
constexpr std::int64_t kMaxMinutes = 9'223'372'036LL * 60;
constexpr std::int64_t kMaxShares = INT32_MAX; // Slurm keeps them in 31 bits
// Not a component: what Waldur makes of all of them, and 0 where it has weights for none.

void take_limits(json::View limits, const char* key, PortalEvent& event) {
    for (const auto& name : limits.keys()) {
        const auto value = limits[name];
        const std::int64_t minutes = value.integer();
        if (!value.is_integer() || minutes < 0 || minutes > kMaxMinutes)
            event.fault = std::string(key) + ": " + word(name) + " is no limit";
        else if (minutes == 0 && name != kBilling)
            event.fault =
                std::string(key) + ": " + word(name) + " would be 0, which stops every job";
        else
            event.limits[name] = minutes;
    }
}

void take_carryover(json::View details, PortalEvent& event) {
    using enum PortalEvent::Carried;
    if (!details["carryover_applied"].is_bool())
        return;
    event.carried = details["carryover_applied"].boolean() ? something : nothing;
    const auto components = details["per_component"];
    for (const auto& name : components.keys())
        if (const auto base = json::decimal_of(components[name]["base"]);
            base && !base->is_negative())
            event.granted[name] = *base;
}

std::int64_t first_of(json::View figures) {
    const auto names = figures.keys();
    return names.empty() ? 0
                         : std::clamp<std::int64_t>(figures[names[0]].integer(), 0, kMaxMinutes);
}

// The fairshare and the reset of raw usage that it orders follow here from the allocation and the
// period, by the same policy: they are only checked.
void take_settings(json::View settings, PortalEvent& event) {
    struct Key {
        const char* name;
        const char* type;
    };
    constexpr Key kKeys[] = {{"grp_tres_mins", "GrpTRESMins"},
                             {"max_tres_mins", "MaxTRESMins"},
                             {"grp_tres", "GrpTRES"}};
    event.limit_type = word(settings["limit_type"].text());
    for (const auto& [name, type] : kKeys) {
        if (!settings[name].is_object())
            continue;
        take_limits(settings[name], name, event);
        if (event.limit_type.empty())
            event.limit_type = type;
        else if (event.limit_type != type)
            event.fault = std::string(name) + " does not go with limit_type " + event.limit_type;
    }
    const auto shares = settings["fairshare"];
    if (shares.exists() && !shares.is_null() &&
        (!shares.is_integer() || shares.integer() < 0 || shares.integer() > kMaxShares))
        event.fault = "fairshare is not from 0 to " + std::to_string(kMaxShares);
    take_carryover(settings["carryover_details"], event);
    event.threshold = first_of(settings["qos_threshold"]);
    event.grace_limit = first_of(settings["grace_limit"]);
}

void take_order(json::View body, PortalEvent& event) {
    event.policy = plain_uuid(body["policy_uuid"].text());
    event.offering = plain_uuid(body["offering_uuid"].text());
    event.account = lower(trim(body["backend_id"].text()));
    event.timestamp = word(body["timestamp"].text());
    const std::string action = body["action"].text();
    take_settings(body["settings"], event);
    if (action != "apply_periodic_settings")
        event.fault = "unknown action " + word(action);
    else if (event.account.empty())
        event.fault = "backend_id is missing";
    else if (!body["settings"].is_object())
        event.fault = "settings are missing";
}

} // namespace

Result<PortalEvent> portal_event(const std::string& kind, const std::string& body) {
    const auto parsed = json::parse(body, kMessage);
    if (!parsed)
        return parsed.error();
    const auto view = parsed->view();
    if (!view.is_object())
        return Error{Errc::malformed, "the message is no object"};
    PortalEvent event;
    event.name = word(kind.empty() ? view["object_type"].text() : kind);
    event.kind = kind_of(event.name);
    if (event.kind == PortalEvent::Kind::unknown || event.kind == PortalEvent::Kind::resync)
        return event;
    event.resource = plain_uuid(view["resource_uuid"].text());
    if (event.resource.empty())
        return Error{Errc::malformed, "resource_uuid is no UUID"};
    if (event.kind == PortalEvent::Kind::limits)
        take_order(view, event);
    return event;
}

} // namespace sluice::app
