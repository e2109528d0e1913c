// SPDX-License-Identifier: GPL-2.0-or-later
// Usage by calendar month for Waldur: absolute figures, each told once.
#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/json/json.hpp"
#include "common/policy/periods.hpp"
#include "waldur/sync/messages.hpp"

#include <charconv>
#include <cstdio>

namespace sluice::app {
namespace {

// Jobs of the last minutes are in slurmdbd by then and rolled up.
constexpr std::chrono::hours kLate{26};

struct Month {
    model::Period period;
    const model::WindowUsage* usage = nullptr;
    bool over = false;
};

using Hundredths = std::map<std::string, std::int64_t>; // by component

struct Reported {
    bool closed = false;
    Hundredths units;
};

// "closed;cpu_hours=1234;node_hours=0"
std::string text_of(const Reported& reported) {
    std::string text = reported.closed ? "closed" : "open";
    for (const auto& [component, units] : reported.units)
        text += ';' + component + '=' + std::to_string(units);
    return text;
}

Reported reported_of(const std::string& text) {
    Reported reported;
    for (const auto& part : split(text, ';')) {
        const std::size_t equals = part.rfind('=');
        reported.closed = reported.closed || part == "closed";
        std::int64_t units = 0;
        if (equals != std::string::npos &&
            std::from_chars(part.data() + equals + 1, part.data() + part.size(), units).ec ==
                std::errc{})
            reported.units[part.substr(0, equals)] = units;
    }
    return reported;
}

std::vector<Month> months(const ReportInput& telling) {
    const model::PeriodRule rule{model::PeriodKind::month, 0, {}};
    const auto& zone = telling.rules.zone;
    Month current;
    current.period = policy::period_at(rule, zone, telling.report.at);
    current.usage = window_of(telling.report, current.period.begin, telling.report.at);
    std::vector<Month> found;
    if (const auto before = policy::previous(rule, zone, current.period)) {
        Month last;
        last.period = *before;
        last.usage = window_of(telling.report, before->begin, *before->end);
        last.over = telling.report.at >= *before->end + kLate;
        found.push_back(last);
    }
    found.push_back(current);
    return found;
}

Hundredths units_of(const ReportInput& telling, const Month& month, const std::string& account) {
    Hundredths units;
    const auto used = month.usage->accounts.find(account);
    for (const auto& known : telling.view.components) {
        const model::Component* component = telling.rules.set.component(known.type);
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
        const auto told = before.find(component);
        if (told != before.end() && amount < told->second)
            usage.set("description", "corrected by Slurm's accounting from " +
                                         units_text(told->second) + " to " + units_text(amount));
        list.append(std::move(usage));
    }
    return list;
}

void tell_month(const ReportInput& telling, const Month& month, const std::string& account,
                const ports::PortalResource& resource, Outgoing& out) {
    const std::string key = resource.uuid + ':' + month.period.label;
    const auto noted = telling.noted.find(key);
    const Reported before = noted == telling.noted.end() ? Reported{} : reported_of(noted->second);
    if (before.closed)
        return;
    const Reported now{month.over, units_of(telling, month, account)};
    bool any = false;
    for (const auto& [component, units] : now.units)
        any = any || units != 0;
    if (now.units != before.units && (any || !before.units.empty())) {
        auto body = json::Value::object();
        body.set("resource", dashed(resource.uuid))
            .set("date", date_in(month, telling.report.at))
            .set("usages", usages(now.units, before.units));
        auto object = json::Value::object();
        object.set("path", "/api/marketplace-component-usages/set_usage/")
            .set("body", std::move(body));
        ports::Message message;
        message.target = "waldur";
        message.kind = "set_usage " + month.period.label;
        message.key = resource.uuid;
        message.correlation = "usage:" + key + ':' + std::to_string(epoch(telling.now));
        message.body = object.compact();
        message.replaces = true;
        out.messages.push_back(std::move(message));
    }
    if (now.closed != before.closed || now.units != before.units)
        out.notes.push_back({kUsageNote, key, text_of(now)});
}

} // namespace

const model::WindowUsage* window_of(const ports::CycleReport& report, Instant begin, Instant end) {
    if (report.usage)
        for (const auto& one : *report.usage)
            if (one.window.begin == begin && one.window.end == end)
                return &one;
    return nullptr;
}

std::optional<std::int64_t> hundredths(Amount amount, const model::Component& component) {
    const auto scaled = multiply(Wide{amount} * 100, Decimal::kScale);
    const Wide seconds = Wide{component.unit_factor.scaled()} * 60;
    if (!scaled || seconds <= 0)
        return std::nullopt;
    return narrow(divide_half_up(*scaled, seconds));
}

std::string units_text(std::int64_t hundredths) {
    std::string cents = std::to_string(hundredths % 100);
    if (cents.size() == 1)
        cents.insert(0, "0");
    return std::to_string(hundredths / 100) + '.' + cents;
}

Outgoing tell_usage(const ReportInput& telling) {
    Outgoing out;
    if (telling.report.usage_age > 0 || !telling.report.error.empty())
        return out;
    for (const auto& month : months(telling)) {
        if (month.usage == nullptr)
            continue;
        for (const auto& [account, resource] : telling.roster.accounts)
            if (telling.rules.monthly.contains(account))
                tell_month(telling, month, account, *resource, out);
    }
    return out;
}

} // namespace sluice::app
