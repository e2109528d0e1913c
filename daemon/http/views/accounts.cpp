// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/accounts.hpp"

#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/model/tres.hpp"
#include "daemon/http/views/accounts_query.hpp"
#include "daemon/http/views/usage.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kMaxEntries = 4;
constexpr std::size_t kMaxPage = 100'000;

// Those above the account, the top one first, without root.
std::vector<std::string> ancestors_of(const ports::CycleReport& cycle, const std::string& account) {
    std::vector<std::string> out;
    auto at = cycle.parents.find(account);
    while (at != cycle.parents.end() && !at->second.empty() && at->second != "root" &&
           out.size() < cycle.parents.size()) {
        out.push_back(at->second);
        at = cycle.parents.find(at->second);
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Value render_with_parent(const ports::CycleReport& cycle, const model::AccountDecision& account,
                         const Zone& zone) {
    const auto ancestors = ancestors_of(cycle, account.account);
    Value out = render(account, {cycle.decision, zone});
    put(out, kv("parent", ancestors.empty() ? std::string() : ancestors.back()),
        kv("ancestors", ancestors));
    return out;
}

std::string text_of(const ports::CycleReport& cycle, const model::AccountDecision& account,
                    const Zone& zone, const std::vector<std::string>& fields) {
    Value value = render_with_parent(cycle, account, zone);
    if (!fields.empty())
        value.keep(fields);
    return value.compact();
}

AccountsCache::Texts texts_of(const ports::CycleReport& cycle, const std::string& fields,
                              const Zone& zone) {
    auto out = std::make_shared<std::vector<std::string>>();
    const auto keys = split(fields, ',');
    out->reserve(cycle.decision.accounts.size());
    for (const auto& account : cycle.decision.accounts)
        out->push_back(text_of(cycle, account, zone, keys));
    return out;
}

// Indices of the accounts to show.
std::vector<std::size_t> chosen(const ports::CycleReport& cycle, const Visible& visible,
                                const std::vector<std::string>& wanted) {
    const std::set<std::string> names(wanted.begin(), wanted.end());
    std::vector<std::size_t> out;
    const auto& accounts = cycle.decision.accounts;
    for (std::size_t i = 0; i < accounts.size(); ++i)
        if (visible.sees(accounts[i].account) &&
            (names.empty() || names.contains(accounts[i].account)))
            out.push_back(i);
    return out;
}

// Of ?user=, else of the viewer. nullptr: has no association.
Result<const model::User*> balance_user(const Call& call, const ports::CycleReport& cycle) {
    const std::string user = call.request.argument("user");
    const auto user_where = [&](auto matches) -> const model::User* {
        const auto found = std::find_if(cycle.users.begin(), cycle.users.end(), matches);
        return found == cycle.users.end() ? nullptr : &*found;
    };
    const std::uint32_t uid = call.request.viewer.uid;
    if (user.empty())
        return user_where([&](const auto& each) { return each.uid == uid && uid != kNoUid; });
    const auto* found = user_where([&](const auto& each) { return each.name == user; });
    if (found == nullptr)
        found = user_where([&](const auto& each) { return equals_ignoring_case(each.name, user); });
    const bool self = found != nullptr && found->uid == uid;
    if (!call.request.viewer.sees_all() && !self)
        return Error{Errc::refused, "Only staff may see the accounts of other users."};
    if (found == nullptr)
        return Error{Errc::not_found, "user '" + user + "' has no association in Slurm"};
    return found;
}

// Who uses the account without naming it, as far as the viewer may know. slurmctld had it so at the
// last evaluation; a job gets the default that slurmctld has when it is submitted.
std::string default_text(const ports::CycleReport& cycle, const Zone& zone,
                         const std::string& account, const Viewer& viewer) {
    std::size_t users = 0;
    bool own = false;
    for (const auto& user : cycle.users) {
        if (!equals_ignoring_case(user.default_account, account))
            continue;
        ++users;
        own = own || (user.uid == viewer.uid && user.uid != kNoUid);
    }
    const std::string at = " (as of " + format::moment_text(zone, cycle.decision.now) + ")";
    if (!viewer.sees_all())
        return own ? "It is your default account" + at +
                         ": jobs without --account are charged to it."
                   : "";
    return users == 0 ? ""
                      : "It is the default account of " + std::to_string(users) +
                            (users == 1 ? " user" : " users") + at + ".";
}

// What is left of the component, in its unit; nullopt: the account has no allocation of it.
std::optional<Value> left_of(const model::AccountDecision& account, const std::string& component) {
    for (const auto& figure : account.figures)
        if (figure.component.name == component)
            if (const auto millionths =
                    model::unit_millionths(figure.effective - figure.used(), figure.component))
                return Value::decimal(*millionths, model::kUnitPlaces);
    return std::nullopt;
}

} // namespace

AccountsCache::Texts AccountsCache::of(const CyclePtr& cycle, const std::string& fields,
                                       const Zone& zone, bool make) {
    // Locked while the texts are made: of several requests after a cycle only the first makes them.
    auto entries = entries_.lock();
    std::erase_if(*entries, [&](const Entry& entry) { return entry.cycle != cycle; });
    for (const auto& entry : *entries)
        if (entry.fields == fields)
            return entry.texts;
    if (!make)
        return nullptr;
    if (entries->size() >= kMaxEntries)
        entries->erase(entries->begin());
    entries->push_back({cycle, fields, texts_of(*cycle, fields, zone)});
    return entries->back().texts;
}

Response with_accounts(const Call& call, const CyclePtr& cycle, const Value& out,
                       const std::vector<std::string>& wanted) {
    const auto page = page_of(call.request, SIZE_MAX, kMaxPage);
    if (!page)
        return failure(page.error());
    Response response = ok(out);
    if (cycle == nullptr)
        return response;
    const std::string fields = call.request.argument("fields");
    const auto query = AccountsQuery::read(call.request);
    if (!query)
        return failure(query.error());
    auto visible = chosen(*cycle, Visible(cycle.get(), call.request.viewer), wanted);
    if (!call.request.argument("user").empty()) {
        const auto user = balance_user(call, *cycle);
        if (!user)
            return failure(user.error());
        const auto own = accounts_of(*cycle, (*user)->name);
        std::erase_if(visible, [&](std::size_t i) {
            return !own.contains(cycle->decision.accounts[i].account);
        });
    }
    const auto indices = query->apply(*cycle, std::move(visible));
    const Zone zone = call.status.info().zone;
    const bool few = page->end(indices.size()) - page->begin(indices.size()) <
                     cycle->decision.accounts.size() / 2;
    const auto texts = call.shared.accounts == nullptr
                           ? nullptr
                           : call.shared.accounts->of(cycle, fields, zone, !few);
    const auto keys = split(fields, ',');
    std::string list;
    for (std::size_t i = page->begin(indices.size()); i < page->end(indices.size()); ++i) {
        if (!list.empty())
            list += ',';
        list += texts ? (*texts)[indices[i]]
                      : text_of(*cycle, cycle->decision.accounts[indices[i]], zone, keys);
    }
    // A quotation mark inside a text is escaped, so this is the key itself.
    constexpr std::string_view kEmpty = "\"accounts\":[]";
    const auto at = response.body.find(kEmpty);
    if (at != std::string::npos)
        response.body.insert(at + kEmpty.size() - 1, list);
    put_paging(response, call.request, *page, indices.size());
    return response;
}

Response view_accounts(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    const auto wanted = asked(call.request);
    const Visible visible(cycle.get(), call.request.viewer);
    if (cycle != nullptr)
        if (auto bad = unknown(call, cycle.get(), visible, wanted))
            return std::move(*bad);
    Value out = envelope(call);
    return with_accounts(call, cycle, out.set("accounts", Value::array()), wanted);
}

Response view_account(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    if (cycle == nullptr)
        return no_cycle_yet();
    const Visible visible(cycle.get(), call.request.viewer);
    const std::string name = lower(call.name);
    if (auto bad = unknown(call, cycle.get(), visible, {name}))
        return std::move(*bad);
    auto lines = call.status.explain(name);
    if (!lines)
        return failure(lines.error());
    const auto& account = *cycle->decision.find(name);
    if (auto text = default_text(*cycle, call.status.info().zone, name, call.request.viewer);
        !text.empty())
        lines->push_back(std::move(text));
    Value top = top_users(*cycle, account, call.request.viewer);
    // Users see only their own share, so that "most" would be wrong.
    if (call.request.viewer.sees_all())
        for (auto& line : top_users_text(top, name))
            lines->push_back(std::move(line));
    return answer(call, kv("account", render_with_parent(*cycle, account, call.status.info().zone)),
                  kv("explain", *lines), kv("top_users", std::move(top)));
}

Response view_balances(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    if (cycle == nullptr)
        return no_cycle_yet();
    const auto user = balance_user(call, *cycle);
    if (!user)
        return failure(user.error());
    const auto own =
        *user == nullptr ? std::set<std::string>() : accounts_of(*cycle, (*user)->name);
    const std::string standard = *user == nullptr ? "" : (*user)->default_account;
    const auto wanted = asked(call.request);
    Visible visible(cycle.get(), {call.request.viewer.uid, false});
    for (const auto& account : wanted)
        if (!own.contains(account) || cycle->decision.find(account) == nullptr)
            return no_account(call, cycle.get(), visible, account);
    Value list = Value::array();
    const Zone zone = call.status.info().zone;
    for (const auto& account : cycle->decision.accounts)
        if (own.contains(account.account) && named(wanted, account.account))
            append_balances(list, account, {cycle->decision, zone},
                            equals_ignoring_case(standard, account.account));
    return answer(call, kv("figures_at", cycle->decision.now), kv("default_account", standard),
                  kv("balances", std::move(list)));
}

// https://osc.github.io/ood-documentation/latest/customizations.html, "Balance warnings"
Response view_ondemand(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    if (cycle == nullptr)
        return no_cycle_yet();
    const auto set = call.status.policies();
    const std::string asked_for = call.request.argument("component");
    const auto* known = set->component(asked_for);
    if (asked_for.empty() && !set->components.empty())
        known = &set->components.front();
    if (known == nullptr)
        return failure(404, "component '" + asked_for + "' does not exist");
    const std::string& component = known->name;
    const std::string only = call.request.argument("only");
    if (!only.empty() && only != "warned")
        return failure(400, "only must be warned, not '" + only + "'");
    Value balances = Value::array();
    for (const auto& user : cycle->users) {
        const std::set<std::string> accounts(user.accounts.begin(), user.accounts.end());
        for (const auto& name : accounts) {
            const auto* account = cycle->decision.find(name);
            if (account != nullptr && !only.empty() && model::standing_word(*account) == "normal")
                continue;
            auto left = account != nullptr ? left_of(*account, component) : std::nullopt;
            if (left)
                balances.append(object(kv("user", user.name), kv("project", name),
                                       kv("value", std::move(*left))));
        }
    }
    return ok(object(kv("version", 1), kv("timestamp", epoch(cycle->decision.now)),
                     kv("config", object(kv("unit", component), kv("project_type", "account"))),
                     kv("balances", std::move(balances))));
}

} // namespace sluice::http
