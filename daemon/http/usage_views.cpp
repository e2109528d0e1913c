// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/usage_views.hpp"

#include "common/base/text.hpp"
#include "common/model/units.hpp"
#include "daemon/http/render.hpp"
#include "daemon/http/view_parts.hpp"
#include "daemon/http/visible.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <set>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kTop = 5;

struct Share {
    std::string user;
    model::UsageSplit usage;
};

using Names = std::optional<std::set<std::string>>; // nullopt: all

struct Limits {
    Names names;
    std::size_t most = SIZE_MAX;
};

// The window that the account's figures are of: the running one. A period before may begin at the
// same instant (October and the quarter), but ends earlier.
const model::AccountUsage* usage_of(const ports::CycleReport& cycle,
                                    const model::AccountDecision& account) {
    const model::WindowUsage* latest = nullptr;
    for (const auto& each : *cycle.usage)
        if (each.window.begin == account.period.begin &&
            (latest == nullptr || each.window.end > latest->window.end))
            latest = &each;
    if (latest == nullptr)
        return nullptr;
    const auto found = latest->accounts.find(account.account);
    return found == latest->accounts.end() ? nullptr : &found->second;
}

// Whose share a viewer may see.
Names names_of(const ports::CycleReport& cycle, const ports::Viewer& viewer) {
    if (viewer.sees_all())
        return std::nullopt;
    std::set<std::string> own;
    for (const auto& user : cycle.users)
        if (user.uid == viewer.uid && user.uid != kNoUid)
            own.insert(user.name);
    return own;
}

std::vector<Share> shares(const model::AccountUsage& usage, const std::string& tres,
                          const Names& names) {
    std::vector<Share> out;
    for (const auto& [user, figures] : usage.users) {
        const auto split = figures.find(tres);
        if (split != figures.end() && split->second.total() != 0 &&
            (!names || names->contains(user)))
            out.push_back({user, split->second});
    }
    std::stable_sort(out.begin(), out.end(), [](const Share& a, const Share& b) {
        return a.usage.total() > b.usage.total();
    });
    return out;
}

// What is not known is null, never 0.
Value render_share(const Share& share, const model::Figure& figure, bool settled) {
    const auto& c = figure.component;
    Value out = Value::object();
    out.set("user", share.user);
    out.set("settled", settled ? units(share.usage.settled, c) : Value());
    out.set("finished", units(share.usage.finished, c));
    out.set("running", units(share.usage.running, c));
    out.set("used", settled ? units(share.usage.total(), c) : Value());
    std::optional<std::int64_t> hundredths;
    if (settled && figure.used() > 0)
        hundredths = narrow(divide_half_up(Wide{share.usage.total()} * 10000, Wide{figure.used()}));
    out.set("share_percentage", hundredths ? Value::decimal(*hundredths, 2) : Value());
    return out;
}

// Adds users_settled and users.
void put_users(Value& out, const ports::CycleReport& cycle, const model::AccountDecision& account,
               const model::Figure& figure, const Limits& limits) {
    const auto* usage = usage_of(cycle, account);
    Value users = Value::array();
    if (usage != nullptr)
        for (const auto& share : shares(*usage, figure.component.tres, limits.names))
            if (users.view().size() < limits.most)
                users.append(render_share(share, figure, usage->users_settled));
    out.set("users_settled", usage != nullptr && usage->users_settled);
    out.set("users", std::move(users));
}

// " (60.5 %)", "" when the share is not known.
std::string percent_text(json::View share) {
    const auto percent = share["share_percentage"];
    if (!percent.is_number())
        return "";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), " (%.2f %%)", percent.number());
    return text.data();
}

std::string user_text(json::View share) {
    const std::string user = share["user"].text();
    return (user.empty() ? "deleted accounts" : user) + percent_text(share);
}

Result<bool> by_user(const Request& request) {
    const auto found = request.query.find("by_user");
    if (found == request.query.end() || found->second == "0" || found->second == "false")
        return false;
    if (found->second != "1" && found->second != "true")
        return Error{Errc::malformed, "by_user is 1 or 0"};
    if (asked(request).empty())
        return Error{Errc::malformed, "which account? by_user=1 needs account=NAME"};
    return true;
}

// A cycle that asks slurmdbd for each user costs as much as any cycle: users cannot start one.
Result<CyclePtr> cycle_by_user(const Call& call, const CyclePtr& last) {
    if (!call.request.viewer.sees_all())
        return last;
    ports::EvaluateRequest request;
    request.dry_run = request.by_user = true;
    request.accounts = asked(call.request);
    request.by = "uid " + std::to_string(call.request.viewer.uid);
    return call.service.evaluate(request);
}

Value warnings(const ports::CycleReport& cycle, const std::vector<std::string>& wanted,
               bool staff) {
    Value out = Value::array();
    const auto warn = [&](const std::string& text) {
        Value one = Value::object();
        one.set("description", text).set("source", "usage");
        out.append(std::move(one));
    };
    if (!cycle.error.empty() && staff)
        warn("the evaluation that was to tell failed: " + cycle.error);
    for (const auto& name : wanted) {
        const auto* account = cycle.decision.find(name);
        const auto* usage = account == nullptr ? nullptr : usage_of(cycle, *account);
        if (usage == nullptr || !usage->users_settled)
            warn("account '" + name + "': what is settled is not known by user" +
                 (staff ? "" : " (staff may ask)") +
                 "; the users' figures are of jobs since the last rollup");
    }
    return out;
}

Value usage_list(const Call& call, const ports::CycleReport& cycle, bool users) {
    const Visible visible(&cycle, call.request.viewer);
    const auto wanted = asked(call.request);
    const Limits limits{names_of(cycle, call.request.viewer)};
    Value list = Value::array();
    for (const auto& account : cycle.decision.accounts) {
        if (!visible.sees(account.account) || !named(wanted, account.account))
            continue;
        for (const auto& figure : account.figures) {
            Value one = render_usage(account, figure);
            if (users)
                put_users(one, cycle, account, figure, limits);
            list.append(std::move(one));
        }
    }
    return list;
}

} // namespace

bool usage_waits(const Request& request) {
    return request.path.starts_with("/api/v1/usage") && request.query.contains("by_user");
}

Response view_usage(const Call& call) {
    CyclePtr cycle = call.service.last_cycle();
    if (cycle == nullptr)
        return failure(503, "no evaluation has completed yet; try again in a moment");
    const auto users = by_user(call.request);
    if (!users)
        return failure(users.error());
    const auto wanted = asked(call.request);
    if (auto bad = unknown(call, cycle.get(), Visible(cycle.get(), call.request.viewer), wanted))
        return std::move(*bad);
    if (*users) {
        auto newer = cycle_by_user(call, cycle);
        if (!newer)
            return failure(newer.error());
        cycle = std::move(*newer);
    }
    Value out = envelope(call, call.service.info(),
                         *users ? warnings(*cycle, wanted, call.request.viewer.sees_all())
                                : Value::array());
    put_instant(out, "figures_at", cycle->decision.now);
    out.set("usage", usage_list(call, *cycle, *users));
    return ok(out);
}

Value top_users(const ports::CycleReport& cycle, const model::AccountDecision& account,
                const ports::Viewer& viewer) {
    const Limits limits{names_of(cycle, viewer), kTop};
    Value out = Value::array();
    for (const auto& figure : account.figures) {
        Value one = Value::object();
        one.set("component", figure.component.name).set("tres", figure.component.tres);
        put_users(one, cycle, account, figure, limits);
        out.append(std::move(one));
    }
    return out;
}

std::vector<std::string> top_users_text(const Value& top, const std::string& account) {
    std::vector<std::string> lines;
    for (const auto& component : top.view().items()) {
        std::vector<std::string> names;
        for (const auto& share : component["users"].items())
            names.push_back(user_text(share));
        if (names.empty())
            continue;
        const bool settled = component["users_settled"].boolean();
        lines.push_back("Most of " + component["component"].text() + " was used by " +
                        join(names, ", ") +
                        (settled ? "."
                                 : " (jobs since the last rollup only; sluice usage " + account +
                                       " --by-user has the whole period)."));
    }
    return lines;
}

} // namespace sluice::http
