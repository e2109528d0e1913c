// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice simulate FILE`: the policy core over a scripted timeline. Asks no daemon and no Slurm,
// unless --from asks for the usage in slurmdbd.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/simulated_year.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/tres.hpp"
#include "common/policy/scenario.hpp"
#include "common/settings/scenario.hpp"

#include <cstdio>

namespace sluice::cli {
namespace {

constexpr Column kSimulateColumns[] = {
    {"account", "Account", 24, "account"},
    {"period", "Period", 12, "current period"},
    {"component", "Component", 20, "component of the allocation"},
    {"allocation", "Alloc", 14, "allocation of the period", amount_cell},
    {"carryover", "Carry", 14, "carried over from the previous period", amount_cell},
    {"effective", "Effective", 14, "allocation + carryover + adjustments + borrowed", amount_cell},
    {"used", "Used", 14, "used in the period, sub-accounts included", amount_cell},
    {"percent", "Percent", 10, "percentage of the effective allocation used", percent_cell},
    {"standing", "Standing", 10, "standing after the evaluation; error: not evaluated"},
    {"actions", "Actions", 24, "changes made by the evaluation"}};
constexpr const char* kSimulateShown =
    "account%-24,period%-10,component%-16,allocation,carryover,effective,used,percent,"
    "standing%-10,actions%-24";

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

Value command_json(const Command& command) {
    Value out = Value::object();
    out.set("account", command.account);
    if (command.type == CommandType::qos)
        out.set("qos", join(command.qos, ","))
            .set("default_qos", command.default_qos)
            .set("reason", command.reason);
    if (command.type == CommandType::submit_limit)
        out.set("grp_submit_jobs", Value(command.limits.begin()->second));
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
        one.set("type", model::name(command.type)).set("parameters", command_json(command));
        out.append(std::move(one));
    }
    return out;
}

// What happens to the account next by itself: grace_days pause it, or its life begins or ends.
// null: its life has ended, or has no end.
Value next_change(const AccountDecision& account) {
    auto at = account.by_usage.pauses_at;
    std::string_view what = "pause";
    if (account.life) {
        const auto& life = *account.life;
        const bool before = life.state == model::LifeState::before;
        const auto bound = before                                   ? life.from
                           : life.state == model::LifeState::during ? life.until
                                                                    : std::nullopt;
        if (bound && (!at || *bound < *at)) {
            at = bound;
            what = before ? "begins" : "ends";
        }
    }
    if (!at)
        return {};
    Value out = Value::object();
    out.set("at", utc_text(*at)).set("what", what);
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
    if (account.life || account.by_usage.pauses_at)
        out.set("next_change", next_change(account));
    if (!account.error.empty())
        out.set("error", account.error);
    return out;
}

// "2026-03-29T04:00:00"
std::string stamp(model::LocalTime at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::hh_mm_ss time{at - day};
    char text[32];
    std::snprintf(text, sizeof text, "T%02d:%02d:%02d", static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return date_text(std::chrono::year_month_day{day}) + text;
}

// {"at", "accounts": [...]}: the same bytes for the same values, everywhere. An account that was
// not evaluated has an "error" as well.
Value evaluated_json(const policy::Evaluated& step) {
    Value accounts = Value::array();
    for (const auto& account : step.decision.accounts)
        accounts.append(account_json(account, step.plan));
    Value out = Value::object();
    out.set("at", stamp(step.step.at)).set("accounts", std::move(accounts));
    if (const auto& clock = step.decision.clock; !clock.trusted())
        out.set("clock", model::clock_text(clock));
    return out;
}

void add_rows(Table& table, const AccountDecision& account) {
    Value shared = Value::object();
    shared.set("account", account.account)
        .set("period", account.period.label)
        .set("actions", account.actions_taken)
        .set("standing",
             account.error.empty() ? model::name(model::standing(account.flags)) : "error");
    for (const auto& figure : account.figures) {
        const auto& component = figure.component;
        Value row = Value::object();
        row.set("component", component.name)
            .set("allocation", units(figure.allocation, component))
            .set("carryover", units(figure.carryover.carry, component))
            .set("effective", units(figure.effective, component))
            .set("used", units(figure.used(), component))
            .set("percent", figure.percent ? Value::decimal(*figure.percent, 2) : Value());
        table.add(row.view(), shared.view());
    }
    if (account.figures.empty())
        table.add(shared.view());
}

std::string remarks(const policy::Evaluated& step) {
    std::string out;
    if (const auto& clock = step.decision.clock; !clock.trusted())
        out += "  " + model::clock_text(clock) + '\n';
    for (const auto& account : step.decision.accounts) {
        if (!account.error.empty())
            out += "  " + account.account + ": not evaluated: " + account.error + '\n';
        for (const auto& note : account.notes)
            out += "  " + account.account + ": " + note + '\n';
    }
    for (const auto& problem : step.decision.problems)
        out += "  " + problem + '\n';
    for (const auto& command : step.plan.commands)
        out += "  " + command.description + '\n';
    for (const auto& command : step.plan.withheld)
        out += "  (withheld) " + command.description + '\n';
    return out;
}

void show_step(const Parsed& parsed, const policy::Evaluated& step, Table table) {
    if (parsed.options.json)
        return print(parsed.context, evaluated_json(step).compact() + '\n');
    remark(parsed, stamp(step.step.at) + '\n');
    for (const auto& account : step.decision.accounts)
        add_rows(table, account);
    print_table(parsed, table);
    remark(parsed, remarks(step));
}

} // namespace

int run_simulate(Parsed parsed) {
    if (parsed.options.value("from") != nullptr)
        return run_replay(parsed);
    if (parsed.options.value("until") != nullptr)
        return complain(parsed.context, "--until needs --from; usage: sluice simulate FILE "
                                        "--from=DATE [--until=DATE]");
    if (parsed.options.helpformat)
        return print_fields(parsed, kSimulateColumns);
    if (parsed.options.file.empty())
        return complain(parsed.context,
                        "no scenario given; usage: sluice simulate FILE, or sluice simulate "
                        "[FILE] --from=DATE");
    const auto empty = table(parsed, kSimulateColumns, kSimulateShown);
    if (!empty)
        return complain(parsed.context, empty.error());
    auto read = settings::load_scenario(parsed.options.file);
    if (!read)
        return complain(parsed.context, read.error());
    for (const auto& note : read->notes)
        warn(parsed.context, note);
    const auto zone = Zone::load(read->scenario.set.timezone);
    if (!zone)
        return complain(parsed.context, zone.error());
    if (read->scenario.steps.empty()) {
        const auto year = zone->local(parsed.context.clock.now()).date().year();
        if (const auto made = add_year(read->scenario, *zone, year); !made)
            return complain(parsed.context, parsed.options.file + ": " + made.error().context);
        remark(parsed, parsed.options.file + " has no steps: a made-up " +
                           std::to_string(static_cast<int>(year)) +
                           ", in which accounts use 60, 150 and 130 % of their allocation in turn, "
                           "or 130 % of that of a year\n");
        return show_standings(parsed, read->scenario, *zone);
    }
    bool first = true;
    policy::run(read->scenario, *zone, [&](const policy::Evaluated& step) {
        if (!first && !parsed.options.json)
            remark(parsed, "\n");
        first = false;
        show_step(parsed, step, *empty);
    });
    return kOk;
}

} // namespace sluice::cli
