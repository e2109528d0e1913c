// SPDX-License-Identifier: GPL-2.0-or-later
// Usage for Waldur by calendar month: absolute figures, each sent once.
#include "waldur/sync/report.hpp"

#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/json/json.hpp"
#include "common/policy/periods.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace sluice::waldur {
namespace {

// After the end of a month: jobs of its last minutes are in slurmdbd by then and rolled up.
constexpr std::chrono::hours kClosedAfter{26};
constexpr std::chrono::hours kLastUsersUntil{48}; // late records come in time for the close

struct Month {
    model::Period period;
    const model::WindowUsage* usage = nullptr;
    bool over = false;
};

using Hundredths = std::map<std::string, std::int64_t>; // by component

// TRES-seconds in hundredths of a unit of the component, half up; nullopt: does not fit.
std::optional<std::int64_t> hundredths(Amount amount, const model::Component& component) {
    const auto scaled = multiply(Wide{amount} * 100, Decimal::kScale);
    const Wide seconds = Wide{component.unit_factor.scaled()} * 60;
    if (!scaled || seconds <= 0)
        return std::nullopt;
    return narrow(divide_half_up(*scaled, seconds));
}

// "12.35" for 1235.
std::string units_text(std::int64_t hundredths) {
    std::string cents = std::to_string(hundredths % 100);
    if (cents.size() == 1)
        cents.insert(0, "0");
    return std::to_string(hundredths / 100) + '.' + cents;
}

// nullptr: the report has no such window.
const model::WindowUsage* window_of(const ports::CycleReport& report, Instant begin, Instant end) {
    if (report.usage)
        for (const auto& one : *report.usage)
            if (one.window.begin == begin && one.window.end == end)
                return &one;
    return nullptr;
}

// The last month, where there is one, and the current one.
std::vector<Month> months(const ReportInput& input) {
    const model::PeriodRule rule{model::PeriodKind::month, 0, {}};
    const auto& zone = input.rules.zone;
    Month current;
    current.period = policy::period_at(rule, zone, input.report.at);
    current.usage = window_of(input.report, current.period.begin, input.report.at);
    std::vector<Month> found;
    if (const auto before = policy::previous(rule, zone, current.period)) {
        Month last;
        last.period = *before;
        last.usage = window_of(input.report, before->begin, *before->end);
        last.over = input.report.at >= *before->end + kClosedAfter;
        found.push_back(last);
    }
    found.push_back(current);
    return found;
}

Hundredths units_of(const ReportInput& input, const Month& month, const std::string& account) {
    Hundredths units;
    const auto used = month.usage->accounts.find(account);
    for (const auto& known : input.offering.components) {
        const model::Component* component = input.rules.set.component(known.type);
        if (component == nullptr)
            continue;
        Amount amount = 0;
        if (used != month.usage->accounts.end())
            if (const auto split = used->second.tres.find(component->tres);
                split != used->second.tres.end())
                amount = split->second.total();
        if (const auto fits = hundredths(amount, *component))
            units[known.type] = *fits;
    }
    return units;
}

// Inside the month by Waldur's clock as well, whose time zone need not be ours, and not after now
// where that can be had.
std::string date_in(const Month& month, Instant now) {
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    const std::string today = text;
    const auto& label = month.period.label;
    if (today.substr(0, label.size()) == label)
        return today + "T00:00:00Z";
    return label +
           (month.period.end && *month.period.end <= now ? "-15T12:00:00Z" : "-01T00:00:00Z");
}

json::Value usages(const Hundredths& units, const Hundredths& before) {
    auto list = json::Value::array();
    for (const auto& [component, amount] : units) {
        auto usage = json::Value::object();
        usage.set("type", component).set("amount", units_text(amount));
        const auto sent = before.find(component);
        if (sent != before.end() && amount < sent->second)
            usage.set("description", "corrected by Slurm's accounting from " +
                                         units_text(sent->second) + " to " + units_text(amount));
        list.append(std::move(usage));
    }
    return list;
}

void add_month(const ReportInput& input, const Month& month, const std::string& account,
               const Resource& resource, Outgoing& out) {
    const ResourceMonth key{resource.uuid, month.period.label};
    const auto found = input.sent.usage.find(key);
    const SentUsage before = found == input.sent.usage.end() ? SentUsage{} : found->second;
    if (before.closed)
        return;
    const SentUsage now{month.over, units_of(input, month, account)};
    const bool any = std::any_of(now.units.begin(), now.units.end(),
                                 [](const auto& one) { return one.second != 0; });
    if (now.units != before.units && (any || !before.units.empty())) {
        auto body = json::Value::object();
        body.set("resource", dashed(resource.uuid))
            .set("date", date_in(month, input.report.at))
            .set("usages", usages(now.units, before.units));
        auto object = json::Value::object();
        object.set("path", "/api/marketplace-component-usages/set_usage/")
            .set("body", std::move(body));
        out.messages.push_back({kTarget, "set_usage " + month.period.label, resource.uuid,
                                "usage:" + resource.uuid + ':' + month.period.label + ':' +
                                    std::to_string(epoch(input.now)),
                                object.compact(), true});
    }
    if (now != before)
        out.sent.usage[key] = now;
}

json::Value users_of(const model::AccountUsage& usage, const model::Component& component) {
    auto list = json::Value::array();
    for (const auto& [user, tres] : usage.users) {
        const auto split = tres.find(component.tres);
        if (user.empty() || split == tres.end()) // "": users that are deleted, Waldur has no name
            continue;
        const auto units = hundredths(split->second.total(), component);
        if (!units || *units == 0)
            continue;
        auto item = json::Value::object();
        item.set("username", user).set("usage", units_text(*units));
        list.append(std::move(item));
    }
    return list;
}

std::string body_of(const ReportInput& input, const Month& month, const std::string& resource,
                    const model::AccountUsage& used) {
    auto components = json::Value::object();
    for (const auto& known : input.offering.components)
        if (const auto* component = input.rules.set.component(known.type))
            components.set(known.type, users_of(used, *component));
    auto body = json::Value::object();
    body.set("resource", resource)
        .set("month", month.period.label + "-01")
        .set("components", std::move(components));
    return body.compact();
}

void add_users(const ReportInput& input, const Month& month, bool last, Outgoing& out) {
    for (const auto& [account, resource] : input.resources.by_account) {
        const auto used = month.usage->accounts.find(account);
        if (used == month.usage->accounts.end() || !used->second.users_settled)
            continue;
        const auto found = input.sent.users.find(resource->uuid);
        const SentUsers before = found == input.sent.users.end() ? SentUsers{} : found->second;
        auto& now = out.sent.users.try_emplace(resource->uuid, before).first->second;
        now.due = false;
        const std::string text = body_of(input, month, resource->uuid, used->second);
        // What was sent of a month while it ran is not sent again when it is over.
        if (before.current == text || before.last == text)
            continue;
        (last ? now.last : now.current) = text;
        out.messages.push_back({kTarget, "set-user-usages " + month.period.label, resource->uuid,
                                "users:" + resource->uuid + ':' + month.period.label + ':' +
                                    std::to_string(epoch(input.now)),
                                text, true});
    }
}

} // namespace

Outgoing make_usage_messages(const ReportInput& input) {
    Outgoing out;
    if (input.report.usage_age > 0 || !input.report.error.empty())
        return out;
    for (const auto& month : months(input)) {
        if (month.usage == nullptr)
            continue;
        for (const auto& [account, resource] : input.resources.by_account)
            if (input.rules.monthly.contains(account))
                add_month(input, month, account, *resource, out);
    }
    return out;
}

Outgoing users_due(const ReportInput& input, const Outgoing& usage) {
    Outgoing out;
    for (const auto& message : usage.messages) {
        const auto found = input.sent.users.find(message.key);
        SentUsers users = found == input.sent.users.end() ? SentUsers{} : found->second;
        if (!std::exchange(users.due, true))
            out.sent.users[message.key] = std::move(users);
    }
    return out;
}

Outgoing make_user_messages(const ReportInput& input) {
    Outgoing out;
    if (input.report.usage_age > 0)
        return out;
    for (const auto& month : months(input)) {
        const bool last = month.period.end && *month.period.end <= input.report.at;
        const bool late = last && input.report.at >= *month.period.end + kLastUsersUntil;
        if (month.usage != nullptr && !late)
            add_users(input, month, last, out);
    }
    std::erase_if(out.sent.users, [&](const auto& now) {
        const auto before = input.sent.users.find(now.first);
        return now.second == (before == input.sent.users.end() ? SentUsers{} : before->second);
    });
    return out;
}

std::set<std::string> take_some(std::set<std::string>& from, std::string& after, std::size_t most) {
    std::set<std::string> some;
    while (!from.empty() && some.size() < most) {
        auto at = from.upper_bound(after);
        if (at == from.end())
            at = from.begin();
        after = *at;
        some.insert(std::move(from.extract(at).value()));
    }
    return some;
}

} // namespace sluice::waldur
