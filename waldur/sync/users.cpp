// SPDX-License-Identifier: GPL-2.0-or-later
// Usage by user for Waldur, of the accounts that a cycle was asked to split.
#include "common/base/amount.hpp"
#include "common/json/json.hpp"
#include "common/policy/periods.hpp"
#include "waldur/sync/messages.hpp"

#include <chrono>
#include <utility>

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

// Late records of the last month come in time for its close.
constexpr std::chrono::hours kLastMonthSent{48};

constexpr const char* kDue = ":due"; // behind the resource: it is to be told

struct UserMonth {
    std::string label;
    const model::WindowUsage* usage = nullptr;
    const char* note = ""; // behind the resource, in the key of what was sent
};

std::vector<UserMonth> user_months(const ReportInput& telling) {
    const model::PeriodRule rule{model::PeriodKind::month, 0, {}};
    const auto& zone = telling.rules.zone;
    const auto current = policy::period_at(rule, zone, telling.report.at);
    std::vector<UserMonth> found;
    const auto before = policy::previous(rule, zone, current);
    if (before && telling.report.at < *before->end + kLastMonthSent)
        found.push_back(
            {before->label, window_of(telling.report, before->begin, *before->end), ":last"});
    found.push_back(
        {current.label, window_of(telling.report, current.begin, telling.report.at), ""});
    return found;
}

std::string body_of(const ReportInput& telling, const UserMonth& month, const std::string& resource,
                    const model::AccountUsage& used) {
    auto components = json::Value::object();
    for (const auto& known : telling.view.components)
        if (const auto* component = telling.rules.set.component(known.type))
            components.set(known.type, users_of(used, *component));
    auto body = json::Value::object();
    body.set("resource", resource)
        .set("month", month.label + "-01")
        .set("components", std::move(components));
    return body.compact();
}

// What was sent of a month while it ran is not sent again when it is over.
bool is_known(const ReportInput& telling, const std::string& resource, const std::string& text) {
    for (const char* month : {"", ":last"})
        if (const auto before = telling.noted.find(resource + month);
            before != telling.noted.end() && before->second == text)
            return true;
    return false;
}

void tell_month(const ReportInput& telling, const UserMonth& month, std::set<std::string>& told,
                Outgoing& out) {
    for (const auto& [account, resource] : telling.roster.accounts) {
        const auto used = month.usage->accounts.find(account);
        if (used == month.usage->accounts.end() || !used->second.users_settled)
            continue;
        told.insert(resource->uuid);
        const std::string text = body_of(telling, month, resource->uuid, used->second);
        if (is_known(telling, resource->uuid, text))
            continue;
        ports::Message message;
        message.target = "waldur";
        message.kind = "set-user-usages " + month.label;
        message.key = resource->uuid;
        message.correlation = "users:" + resource->uuid + ':' + month.label + ':' +
                              std::to_string(epoch(telling.now));
        message.body = text;
        message.replaces = true;
        out.messages.push_back(std::move(message));
        out.notes.push_back({kUsersNote, resource->uuid + month.note, text});
    }
}

} // namespace

Outgoing tell_users(const ReportInput& telling) {
    Outgoing out;
    if (telling.report.usage_age > 0)
        return out;
    std::set<std::string> told;
    for (const auto& month : user_months(telling))
        if (month.usage != nullptr)
            tell_month(telling, month, told, out);
    for (const auto& resource : told)
        if (is_due(telling.noted, resource))
            out.notes.push_back({kUsersNote, resource + kDue, ""});
    return out;
}

std::vector<ports::Note> tell_due(const ReportInput& telling, const Outgoing& usage,
                                  const std::map<std::string, std::string>& users) {
    std::set<std::string> keys;
    for (const auto& message : usage.messages)
        keys.insert(message.key);
    std::vector<ports::Note> notes;
    for (const auto& [account, resource] : telling.roster.accounts)
        if (keys.contains(resource->uuid) && !is_due(users, resource->uuid))
            notes.push_back({kUsersNote, resource->uuid + kDue, "1"});
    return notes;
}

bool is_due(const std::map<std::string, std::string>& users, const std::string& resource) {
    const auto found = users.find(resource + kDue);
    return found != users.end() && !found->second.empty();
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

} // namespace sluice::app
