// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/scenario_json.hpp"

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/tres.hpp"

#include <cstdio>

namespace sluice::cli {
namespace {

using json::Value;
using model::AccountDecision;
using model::Command;
using model::CommandType;

Value units(Amount amount, const model::Component& component) {
    const auto millionths = model::unit_millionths(amount, component);
    return millionths ? Value::decimal(*millionths, model::kUnitPlaces) : Value();
}

template <class Get>
Value by_component(const AccountDecision& account, Get get) {
    Value out = Value::object();
    for (const auto& figure : account.figures)
        out.set(figure.component.name, units(get(figure), figure.component));
    return out;
}

Value flags(model::Flags flags) {
    Value out = Value::object();
    out.set("paused", flags.paused).set("downscaled", flags.downscaled);
    return out;
}

Value parameters(const Command& command) {
    Value out = Value::object();
    out.set("account", command.account);
    if (command.type == CommandType::qos)
        out.set("qos", join(command.qos, ","))
            .set("default_qos", command.default_qos)
            .set("reason", command.reason);
    if (command.type == CommandType::fairshare)
        out.set("fairshare", command.shares);
    if (command.type == CommandType::limits) {
        Value limits = Value::object();
        for (const auto& [tres, value] : command.limits)
            limits.set(tres, value);
        out.set("limit_type", model::name(command.limit_type)).set("limits", std::move(limits));
    }
    return out;
}

Value commands(const model::Plan& plan, const std::string& account) {
    Value out = Value::array();
    for (const auto& command : plan.commands) {
        if (command.account != account)
            continue;
        Value one = Value::object();
        one.set("type", model::name(command.type)).set("parameters", parameters(command));
        out.append(std::move(one));
    }
    return out;
}

Value account_json(const AccountDecision& account, const model::Plan& plan) {
    Value out = Value::object();
    out.set("account", account.account)
        .set("policy", join(account.policies, ","))
        .set("billing_period", account.period.label)
        .set("allocation", by_component(account, [](const auto& f) { return f.allocation; }))
        .set("carryover", by_component(account, [](const auto& f) { return f.carryover.carry; }))
        .set("effective_allocation",
             by_component(account, [](const auto& f) { return f.effective; }))
        .set("usage", by_component(account, [](const auto& f) { return f.used(); }))
        .set("usage_percentage", account.percent ? Value::decimal(*account.percent, 2) : Value())
        .set("grace_limit_percentage", Value::decimal(account.grace_limit.scaled(), 9))
        .set("previous_state", flags(account.previous_flags))
        .set("new_state", flags(account.flags))
        .set("actions_taken", account.actions_taken)
        .set("commands", commands(plan, account.account));
    if (!account.error.empty())
        out.set("error", account.error);
    return out;
}

} // namespace

Value evaluated_json(const policy::Evaluated& step) {
    Value accounts = Value::array();
    for (const auto& account : step.decision.accounts)
        accounts.append(account_json(account, step.plan));
    Value out = Value::object();
    out.set("at", local_stamp(step.step.at)).set("accounts", std::move(accounts));
    if (const auto& clock = step.decision.clock; !clock.trusted())
        out.set("clock", model::clock_text(clock));
    return out;
}

std::string local_stamp(model::LocalTime at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::hh_mm_ss time{at - day};
    char text[32];
    std::snprintf(text, sizeof text, "T%02d:%02d:%02d", static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return date_text(std::chrono::year_month_day{day}) + text;
}

} // namespace sluice::cli
