// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/event.hpp"

#include "common/base/amount.hpp"
#include "common/base/entered_time.hpp"
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/json/json.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::waldur {
namespace {

constexpr json::Bounds kMessage{1024 * 1024, 16};
constexpr std::size_t kMaxName = 64;

std::string word(const std::string& text) {
    std::string out = text.substr(0, kMaxName);
    for (char& c : out)
        if (c <= ' ' || c >= '\x7f')
            c = '?';
    return out;
}

Event::Kind kind_of(const std::string& name) {
    if (name == "resource")
        return Event::Kind::resource;
    if (name == "offering_resources_sync")
        return Event::Kind::resync;
    if (name == "resource_periodic_limits")
        return Event::Kind::limits;
    return Event::Kind::unknown;
}

// As many hours as Decimal holds.
constexpr std::int64_t kMaxMinutes = 9'223'372'036LL * 60;
constexpr std::int64_t kMaxShares = INT32_MAX; // Slurm keeps them in 31 bits
// Not a component: Waldur's sum of all components, which is 0 where none of them has a weight.
constexpr const char* kBilling = "billing";

void take_limits(json::View limits, const char* key, Event& event) {
    for (const auto& name : limits.keys()) {
        const auto value = limits[name];
        const std::int64_t minutes = value.integer();
        if (!value.is_integer() || minutes < 0 || minutes > kMaxMinutes)
            event.fault = std::string(key) + '.' + word(name) + " is not a valid limit";
        else if (minutes == 0 && name != kBilling)
            event.fault = std::string(key) + '.' + word(name) + " is 0, which would stop every job";
        else
            event.limits[name] = minutes;
    }
}

void take_carryover(json::View details, Event& event) {
    using enum Event::Carried;
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

// Fairshare and the reset of raw usage follow here from the allocation and the period, by the same
// policy: a message's are only checked.
void take_settings(json::View settings, Event& event) {
    event.limit_type = word(settings["limit_type"].text());
    for (const auto& [type, key] : kLimitKeys) {
        if (!settings[key].is_object())
            continue;
        take_limits(settings[key], key, event);
        if (event.limit_type.empty())
            event.limit_type = model::name(type);
        else if (event.limit_type != model::name(type))
            event.fault = std::string(key) + " does not match limit_type " + event.limit_type;
    }
    const auto shares = settings["fairshare"];
    if (shares.exists() && !shares.is_null() &&
        (!shares.is_integer() || shares.integer() < 0 || shares.integer() > kMaxShares))
        event.fault = "fairshare is not a whole number from 0 to " + std::to_string(kMaxShares);
    take_carryover(settings["carryover_details"], event);
    event.threshold = first_of(settings["qos_threshold"]);
    event.grace_limit = first_of(settings["grace_limit"]);
}

void take_limits_message(json::View body, Event& event) {
    event.policy = uuid_of(body["policy_uuid"].text());
    event.offering = uuid_of(body["offering_uuid"].text());
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

Result<Event> read_event(const std::string& kind, const std::string& body) {
    const auto parsed = json::parse(body, kMessage);
    if (!parsed)
        return parsed.error();
    const auto view = parsed->view();
    if (!view.is_object())
        return Error{Errc::malformed, "the message is not a JSON object"};
    Event event;
    event.name = word(kind.empty() ? view["object_type"].text() : kind);
    event.kind = kind_of(event.name);
    if (event.kind == Event::Kind::unknown || event.kind == Event::Kind::resync)
        return event;
    event.resource = uuid_of(view["resource_uuid"].text());
    if (event.resource.empty())
        return Error{Errc::malformed, "resource_uuid is not a UUID"};
    if (event.kind == Event::Kind::limits)
        take_limits_message(view, event);
    return event;
}

// Of the hours of a component, granted and carried over, Waldur makes
// int(int(hours * 60) * (1 + grace_ratio)) minutes in binary floating point, so the last minute may
// be missing.

namespace {

constexpr Wide kScale = Decimal::kScale;
constexpr std::int64_t kSlack = 2; // minutes: cut twice, and once more by floating point

Error conflict(std::string what) {
    return {Errc::conflict, std::move(what)};
}

Wide with_grace(Wide minutes, Decimal grace) {
    return minutes * (kScale + grace.scaled()) / kScale;
}

// The least number of minutes that becomes `figure`.
Wide without_grace(std::int64_t figure, Decimal grace) {
    const Wide parts = kScale + grace.scaled();
    return (figure * kScale + parts - 1) / parts;
}

bool are_close(Wide a, Wide b) {
    return std::max(a, b) - std::min(a, b) <= kSlack;
}

// What the figures rest on must be what Waldur answered last. nullopt: it is.
std::optional<Error> foundation(const Event& event, const Offering& offering) {
    const auto& policy = offering.policy;
    if (!policy || (!event.policy.empty() && event.policy != policy->uuid))
        return conflict("the policy of the message is not known yet");
    if (event.limit_type != policy->limit_type)
        return conflict("limit_type is " + event.limit_type + " in the message and " +
                        policy->limit_type + " in the policy");
    if (!policy->grace_ratio || policy->grace_ratio->is_negative() ||
        *policy->grace_ratio > Decimal::whole(10))
        return conflict("the grace_ratio of the policy is not known");
    if (event.threshold > 0 && event.grace_limit > 0 &&
        !are_close(with_grace(event.threshold, *policy->grace_ratio), event.grace_limit))
        return conflict("the grace limit of the message does not match grace_ratio " +
                        policy->grace_ratio->text() + " of the policy");
    if (event.carried == Event::Carried::unstated && policy->carryover.value_or(true))
        return conflict("the message does not state the carryover");
    return std::nullopt;
}

Result<Decimal> granted(const Event& event, const std::string& name, std::int64_t figure,
                        Decimal grace) {
    const Wide minutes = without_grace(figure, grace);
    if (event.carried == Event::Carried::something) {
        const auto base = event.granted.find(name);
        if (base == event.granted.end() || base->second.is_zero())
            return conflict("the message does not state the allocation of " + name);
        if (Wide{base->second.scaled()} * 60 / kScale > minutes + kSlack)
            return conflict("the limit of " + name + " is below its allocation");
        return base->second;
    }
    return Decimal::raw(static_cast<std::int64_t>(divide_half_up(minutes * kScale, 60)));
}

// Figures are whole minutes: a third of an hour is not a finite decimal.
bool leads_to_same(Decimal known, Decimal found) {
    return known == found ||
           Wide{known.scaled()} * 60 / kScale == divide_half_up(Wide{found.scaled()} * 60, kScale);
}

bool is_limited(const Offering& offering, const std::string& name) {
    return std::any_of(offering.components.begin(), offering.components.end(),
                       [&](const auto& component) {
                           return component.type == name && component.billing_type == "limit";
                       });
}

} // namespace

Result<Limits> granted_by(const Event& event, const Offering& offering, const Resource& resource) {
    if (auto fault = foundation(event, offering))
        return std::move(*fault);
    Limits limits;
    for (const auto& [name, figure] : event.limits) {
        if (name == kBilling)
            continue;
        if (!is_limited(offering, name))
            return conflict(name + " is not a limited component of the offering");
        auto units = granted(event, name, figure, *offering.policy->grace_ratio);
        if (!units)
            return std::move(units).error();
        const auto known = resource.limits.find(name);
        const bool same = known != resource.limits.end() && leads_to_same(known->second, *units);
        limits.emplace(name, same ? known->second : *units);
    }
    if (limits.empty())
        return conflict("the message has no limits");
    return limits;
}

namespace {

Resource* find(Offering& offering, const std::string& uuid) {
    const auto found = std::find_if(offering.resources.begin(), offering.resources.end(),
                                    [&](const auto& one) { return one.uuid == uuid; });
    return found == offering.resources.end() ? nullptr : &*found;
}

// Waldur writes its local time with parts of a second and no zone: the site's zone is assumed.
std::optional<Instant> time_of(const std::string& stamp, const Zone& zone, Instant now) {
    std::string text = stamp;
    if (const auto dot = text.find('.'); dot != std::string::npos) {
        const auto end = text.find_first_not_of("0123456789", dot + 1);
        text.erase(dot, end == std::string::npos ? end : end - dot);
    }
    const auto at = parse_instant(text, zone, now);
    return at ? std::optional(*at) : std::nullopt;
}

void log_waits(const Event& event, const std::string& why) {
    log::event(log::Level::info, "SLUICE-0818", "waldur-limits-wait",
               {{"account", event.account}, {"reason", why}});
}

} // namespace

bool AnnouncedLimits::take(const Event& event, const Zone& zone, Instant now, Offering& offering) {
    auto* resource = find(offering, event.resource);
    if (resource == nullptr || resource->account != event.account || !resource->fault.empty()) {
        log_waits(event, "Waldur's last answer has no such resource of this account");
        return false;
    }
    const auto stamp = time_of(event.timestamp, zone, now);
    const auto before = taken_.find(event.resource);
    if (!stamp || *stamp < offering.began || (before != taken_.end() && *stamp < before->second)) {
        log_waits(event, stamp ? "the message is older than the limits in use"
                               : "the message has no timestamp");
        return false;
    }
    auto limits = granted_by(event, offering, *resource);
    if (!limits) {
        log_waits(event, limits.error().context);
        return false;
    }
    if (*limits == resource->limits)
        return false;
    taken_[event.resource] = *stamp;
    resource->limits = std::move(*limits);
    return true;
}

} // namespace sluice::waldur
