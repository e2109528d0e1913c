// SPDX-License-Identifier: GPL-2.0-or-later
// Usage by user for Waldur, of the accounts that a turn was asked to split.
#include "common/base/amount.hpp"
#include "common/json/json.hpp"
#include "common/policy/periods.hpp"
#include "daemon/app/portal_messages.hpp"

namespace sluice::app {
namespace {

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

} // namespace

Outgoing tell_users(const Telling& telling) {
    Outgoing out;
    const model::PeriodRule month{model::PeriodKind::month, 0, {}};
    const auto current = policy::period_at(month, telling.rules.zone, telling.report.at);
    const auto* window = window_of(telling.report, current.begin, telling.report.at);
    if (window == nullptr || telling.report.usage_age > 0)
        return out;
    for (const auto& [account, resource] : telling.roster.accounts) {
        const auto used = window->accounts.find(account);
        if (used == window->accounts.end() || !used->second.users_settled)
            continue;
        auto components = json::Value::object();
        for (const auto& known : telling.view.components)
            if (const auto* component = telling.rules.set.component(known.type))
                components.set(known.type, users_of(used->second, *component));
        auto body = json::Value::object();
        body.set("resource", resource->uuid)
            .set("month", current.label + "-01")
            .set("components", std::move(components));
        const std::string text = body.compact();
        const auto before = telling.noted.find(resource->uuid);
        if (before != telling.noted.end() && before->second == text)
            continue;
        ports::Message message;
        message.target = "waldur";
        message.kind = "set-user-usages";
        message.key = resource->uuid;
        message.correlation = "users:" + resource->uuid + ':' + std::to_string(epoch(telling.now));
        message.body = text;
        message.replaces = true;
        out.messages.push_back(std::move(message));
        out.notes.push_back({kUsersNote, resource->uuid, text});
    }
    return out;
}

} // namespace sluice::app
