// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/usage.hpp"

#include "common/base/text.hpp"
#include "common/model/tres.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

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

const model::AccountUsage* usage_in(const model::WindowUsage* window, const std::string& account) {
    if (window == nullptr)
        return nullptr;
    const auto found = window->accounts.find(account);
    return found == window->accounts.end() ? nullptr : &found->second;
}

// Of a period that is over; nullptr: the cycle did not read it. A window that was read for this
// answer stands last, and has users.
const model::AccountUsage* usage_of_past(const ports::CycleReport& cycle,
                                         const std::string& account, const model::Period& period) {
    const auto& all = *cycle.usage;
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const auto& each) {
        return each.window.begin == period.begin && period.end && each.window.end == *period.end;
    });
    return found == all.rend() ? nullptr : usage_in(&*found, account);
}

// The running window, which the account's figures are of, unless its period is over. An earlier
// period may begin at the same instant (October and the quarter), but ends earlier.
const model::AccountUsage* usage_of(const ports::CycleReport& cycle,
                                    const model::AccountDecision& account) {
    if (const auto* past = usage_of_past(cycle, account.account, account.period))
        return past;
    const model::WindowUsage* latest = nullptr;
    for (const auto& each : *cycle.usage)
        if (each.window.begin == account.period.begin &&
            (latest == nullptr || each.window.end > latest->window.end))
            latest = &each;
    return usage_in(latest, account.account);
}

// Whose share of this account a viewer may see.
Names names_of(const ports::CycleReport& cycle, const Viewer& viewer, const Visible& visible,
               const std::string& account) {
    return visible.sees_users_of(account) ? std::nullopt : Names(user_names(cycle, viewer.uid));
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

// Unknown usage is null, never 0.
Value render_share(const Share& share, const model::Figure& figure, bool settled) {
    const auto& c = figure.component;
    std::optional<std::int64_t> hundredths;
    if (settled && figure.used() > 0)
        hundredths = narrow(Wide{share.usage.total()} * 10000 / Wide{figure.used()});
    return object(kv("user", share.user),
                  kv("settled", settled ? units(share.usage.settled, c) : Value()),
                  kv("finished", units(share.usage.finished, c)),
                  kv("running", units(share.usage.running, c)),
                  kv("qos_factor", settled ? units(share.usage.factor, c) : Value()),
                  kv("idle_reservations", Value()), // of no user
                  kv("used", settled ? units(share.usage.total(), c) : Value()),
                  kv("share_percentage", hundredths ? Value::decimal(*hundredths, 2) : Value()));
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
    put(out, kv("users_settled", usage != nullptr && usage->users_settled),
        kv("users", std::move(users)));
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
    const std::string value = request.argument("by_user");
    if (value.empty() || value == "0" || value == "false")
        return false;
    if (value != "1" && value != "true")
        return Error{Errc::malformed, "by_user must be 1 or 0"};
    if (asked(request).empty())
        return Error{Errc::malformed, "by_user=1 needs account=NAME"};
    return true;
}

bool sees_users_of_all(const Visible& visible, const std::vector<std::string>& accounts) {
    return std::all_of(accounts.begin(), accounts.end(),
                       [&](const auto& account) { return visible.sees_users_of(account); });
}

// A cycle that reads the usage of each user from slurmdbd costs as much as any: users cannot start
// one.
Result<CyclePtr> cycle_by_user(const Call& call, const CyclePtr& last) {
    if (!sees_users_of_all({last.get(), call.request.viewer}, asked(call.request)))
        return last;
    return call.actions.evaluate({true, asked(call.request), true});
}

std::vector<Warning> usage_warnings(const ports::CycleReport& cycle,
                                    const std::vector<std::string>& wanted, bool staff) {
    std::vector<Warning> out;
    const auto warn = [&](const std::string& text) { out.push_back({"usage", text}); };
    if (!cycle.error.empty() && staff)
        warn("the evaluation for this answer failed: " + cycle.error);
    for (const auto& name : wanted) {
        const auto* account = cycle.decision.find(name);
        const auto* usage = account == nullptr ? nullptr : usage_of(cycle, *account);
        if (usage == nullptr || !usage->users_settled)
            warn("account '" + name + "': the settled usage is not known by user" +
                 (staff ? "" : " (staff and coordinators may request it)") +
                 "; the users' figures are of jobs since the last rollup");
    }
    return out;
}

void append_usage(const Call& call, const ports::CycleReport& cycle,
                  const model::AccountDecision& account, bool users, Value& list) {
    const Visible visible(&cycle, call.request.viewer);
    const Limits limits{names_of(cycle, call.request.viewer, visible, account.account)};
    for (const auto& figure : account.figures) {
        Value one = render_usage(account, figure);
        if (users)
            put_users(one, cycle, account, figure, limits);
        list.append(std::move(one));
    }
}

Value usage_list(const Call& call, const ports::CycleReport& cycle, bool users) {
    const Visible visible(&cycle, call.request.viewer);
    const auto wanted = asked(call.request);
    Value list = Value::array();
    for (const auto& account : cycle.decision.accounts)
        if (visible.sees(account.account) && named(wanted, account.account))
            append_usage(call, cycle, account, users, list);
    return list;
}

// One account in one period that is over.
struct Past {
    ports::AccountHistory history;
    CyclePtr cycle; // that has its usage
};

// Sees the account's users: a cycle of its own. Others: what the last cycle read.
Result<CyclePtr> cycle_of_past(const Call& call, const CyclePtr& last, const std::string& account,
                               const model::Period& period, bool users) {
    const bool known = usage_of_past(*last, account, period) != nullptr;
    const bool may = sees_users_of_all({last.get(), call.request.viewer}, {account});
    if (known && !(users && may))
        return last;
    if (!may)
        return Error{Errc::refused, "The usage of " + period.label +
                                        " takes a read of slurmdbd, which staff and coordinators "
                                        "may request. The period before the present one is known, "
                                        "and sluice history shows the evaluations of that time."};
    auto cycle = call.actions.evaluate(
        {true, {account}, true, {}, Window{period.begin, period.end.value_or(period.begin)}});
    if (cycle && usage_of_past(**cycle, account, period) == nullptr)
        return Error{Errc::unavailable,
                     "slurmdbd did not answer for " + period.label +
                         ", or has no rollups up to its end" +
                         ((*cycle)->error.empty() ? "" : ": " + (*cycle)->error)};
    return cycle;
}

// As the account was in that period. The components are those that it has now.
model::AccountDecision as_it_was(const model::AccountDecision& now,
                                 const ports::AccountHistory& history,
                                 const model::AccountUsage& usage) {
    model::AccountDecision out;
    out.account = now.account;
    out.period = history.period;
    for (const auto& figure : now.figures) {
        auto& was = out.figures.emplace_back();
        was.component = figure.component;
        if (const auto found = usage.tres.find(figure.component.tres); found != usage.tres.end())
            was.usage = found->second;
        if (const auto found = history.effective.find(figure.component.name);
            found != history.effective.end() && found->second > 0)
            was.percent = narrow(Wide{was.used()} * 10000 / found->second);
    }
    return out;
}

void warn_of_past(const model::AccountDecision& now, const model::AccountDecision& was,
                  const ports::AccountHistory& history, std::vector<Warning>& out) {
    const auto warn = [&](const std::string& text) {
        out.push_back({"usage", "account '" + now.account + "': " + text});
    };
    const auto first = std::find_if(history.days.begin(), history.days.end(),
                                    [](const auto& day) { return day.used.has_value(); });
    if (first != history.days.begin() && first != history.days.end())
        warn("slurmdbd has no rollups before " + utc_text(first->time.begin) +
             ": usage of the days before it is missing");
    if (!now.span.empty())
        warn("usage of the other clusters that share the allocation is missing");
    const auto past = now.memory.past.find(was.period.label);
    if (past == now.memory.past.end())
        return;
    for (const auto& figure : was.figures)
        if (const auto then = past->second.used.find(figure.component.name);
            then != past->second.used.end() && then->second > figure.used())
            warn("slurmdbd has less usage of " + figure.component.name +
                 " than it had at the end of the period: " +
                 units(then->second, figure.component).compact() + " then");
}

Response view_past(const Call& call, const CyclePtr& last, bool users) {
    const auto& request = call.request;
    const auto wanted = asked(request);
    if (wanted.empty())
        return failure(400, "period needs account=NAME");
    std::vector<Warning> doubts;
    Value list = Value::array();
    for (const auto& name : wanted) {
        const auto history = call.history.by_day(name, request.argument("period"));
        if (!history)
            return failure(history.error());
        const auto* now = last->decision.find(name);
        const bool present = history->period.label == now->period.label;
        if (!present && !history->error.empty())
            return failure(503, request.viewer.sees_all() ? history->error
                                                          : "slurmdbd's figures are missing");
        if (!present && std::none_of(history->days.begin(), history->days.end(),
                                     [](const auto& day) { return day.used.has_value(); }))
            return failure(404, "slurmdbd has no rollups of " + history->period.label +
                                    " any more; sluice history has the evaluations of that time");
        if (present && !users) {
            append_usage(call, *last, *now, false, list);
            continue;
        }
        const auto cycle = present ? cycle_by_user(call, last)
                                   : cycle_of_past(call, last, name, history->period, users);
        if (!cycle)
            return failure(cycle.error());
        if (present) {
            const auto* fresh = (*cycle)->decision.find(name);
            if (fresh == nullptr)
                return failure(Error{Errc::unavailable,
                                     "the evaluation for this answer failed: " + (*cycle)->error});
            const auto more = usage_warnings(
                **cycle, {name}, sees_users_of_all({cycle->get(), request.viewer}, {name}));
            doubts.insert(doubts.end(), more.begin(), more.end());
            append_usage(call, **cycle, *fresh, users, list);
            continue;
        }
        const auto was = as_it_was(*now, *history, *usage_of_past(**cycle, name, history->period));
        warn_of_past(*now, was, *history, doubts);
        append_usage(call, **cycle, was, users, list);
    }
    Value out = envelope(call, call.status.info(), doubts);
    put(out, kv("figures_at", last->decision.now), kv("usage", std::move(list)));
    return ok(out);
}

} // namespace

bool usage_waits(const Request& request) {
    return request.path.starts_with("/api/v1/usage") &&
           (request.query.contains("by_user") || request.query.contains("period"));
}

Response view_usage(const Call& call) {
    CyclePtr cycle = call.status.last_cycle();
    if (cycle == nullptr)
        return no_cycle_yet();
    const auto users = by_user(call.request);
    if (!users)
        return failure(users.error());
    const auto wanted = asked(call.request);
    if (auto bad = unknown(call, cycle.get(), Visible(cycle.get(), call.request.viewer), wanted))
        return std::move(*bad);
    if (!call.request.argument("period").empty())
        return view_past(call, cycle, *users);
    if (*users) {
        auto newer = cycle_by_user(call, cycle);
        if (!newer)
            return failure(newer.error());
        cycle = std::move(*newer);
    }
    std::vector<Warning> doubts;
    if (*users)
        doubts = usage_warnings(*cycle, wanted,
                                sees_users_of_all({cycle.get(), call.request.viewer}, wanted));
    Value out = envelope(call, call.status.info(), doubts);
    put(out, kv("figures_at", cycle->decision.now), kv("usage", usage_list(call, *cycle, *users)));
    return ok(out);
}

namespace {

// In the units of the components; null where no rollup covers the day.
Value render_used(const ports::HistoryDay& day, const std::vector<model::Component>& components) {
    if (!day.used)
        return Value();
    Value out = Value::object();
    for (const auto& component : components) {
        const auto found = day.used->find(component.tres);
        out.set(component.name,
                units(found == day.used->end() ? Amount{0} : found->second, component));
    }
    return out;
}

Value render_history(const ports::AccountHistory& history,
                     const std::vector<model::Component>& components) {
    Value effective = Value::object();
    for (const auto& component : components)
        if (const auto found = history.effective.find(component.name);
            found != history.effective.end())
            effective.set(component.name, units(found->second, component));
    Value days = array_of(history.days, [&](const ports::HistoryDay& day) {
        return object(
            kv("begin", day.time.begin), kv("used", render_used(day, components)),
            kv("usage_percentage", day.percent ? Value::decimal(*day.percent, 2) : Value()));
    });
    const auto known = [](const ports::HistoryDay& day) { return day.used.has_value(); };
    const bool rolled = std::any_of(history.days.begin(), history.days.end(), known);
    const bool all = rolled && std::all_of(history.days.begin(), history.days.end(), known);
    return object(kv("billing_period", history.period.label), kv("begin", history.period.begin),
                  kv("end", history.period.end), kv("periods", history.periods),
                  kv("source", all      ? "rollups"
                               : rolled ? "both"
                                        : "evaluations"),
                  kv("cut", history.cut), kv("effective_allocation", std::move(effective)),
                  kv("days", std::move(days)));
}

} // namespace

Response view_account_usage(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    if (cycle == nullptr)
        return no_cycle_yet();
    const std::string account = lower(call.name);
    const Visible visible(cycle.get(), call.request.viewer);
    // The path of an account whose own name ends in "/usage". With `by` it is that of its parent
    // in the path.
    const std::string longer = account + "/usage";
    if (!call.request.query.contains("by") && cycle->decision.find(longer) != nullptr &&
        visible.sees(longer)) {
        Call account_itself = call;
        account_itself.name = longer;
        return view_account(account_itself);
    }
    if (auto bad = unknown(call, cycle.get(), visible, {account}))
        return std::move(*bad);
    if (const auto by = call.request.argument("by"); !by.empty() && by != "day")
        return failure(400, "by must be day");
    const auto history = call.history.by_day(account, call.request.argument("period"));
    if (!history)
        return failure(history.error());
    std::vector<model::Component> components;
    for (const auto& figure : cycle->decision.find(account)->figures)
        components.push_back(figure.component);
    std::vector<Warning> doubts;
    if (!history->error.empty())
        doubts.push_back(
            {"usage",
             "days have evaluations only, since slurmdbd's figures are missing" +
                 (call.request.viewer.sees_all() ? ": " + history->error : std::string())});
    Value out = envelope(call, call.status.info(), doubts);
    put(out, kv("figures_at", cycle->decision.now), kv("account", account),
        kv("usage", render_history(*history, components)));
    return ok(out);
}

Value top_users(const ports::CycleReport& cycle, const model::AccountDecision& account,
                const Viewer& viewer) {
    const Limits limits{names_of(cycle, viewer, Visible(&cycle, viewer), account.account), kTop};
    return array_of(account.figures, [&](const model::Figure& figure) {
        Value one =
            object(kv("component", figure.component.name), kv("tres", figure.component.tres));
        put_users(one, cycle, account, figure, limits);
        return one;
    });
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
