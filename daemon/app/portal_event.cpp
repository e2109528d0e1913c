// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/app/portal_event.hpp"

#include "common/base/text.hpp"
#include "common/json/json.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

constexpr json::Bounds kMessage{1024 * 1024, 16};
constexpr std::size_t kMostName = 64;

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
    std::string out = text.substr(0, kMostName);
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

// Whatever else the settings hold (qos_threshold, grace_limit ...) is not for us: there is one
// decision maker.
void take_settings(json::View settings, PortalEvent& event) {
    if (!settings.is_object())
        return;
    for (const char* key : {"grp_tres_mins", "max_tres_mins", "grp_tres"}) {
        const auto limits = settings[key];
        for (const auto& name : limits.keys()) {
            const auto value = limits[name];
            if (!value.is_integer() || value.integer() < 0)
                event.fault = std::string(key) + ": " + word(name) + " is no limit";
            else
                event.limits[name] = value.integer();
        }
    }
}

void take_order(json::View body, PortalEvent& event) {
    event.policy = plain_uuid(body["policy_uuid"].text());
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
