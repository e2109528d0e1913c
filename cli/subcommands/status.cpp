// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice status`: a line on the daemon's health, then a row for each component of each account.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace sluice::cli {
namespace {

std::string note(json::View account) {
    auto notes = account["notes"].texts();
    if (const std::string error = account["error"].text(); !error.empty())
        notes.insert(notes.begin(), error);
    return join(notes, "; ");
}

std::string usage_cell(const Record& record, const char* field) {
    return amount(record["usage"][field], record.exact);
}

// Fields of the component, then of its account.
constexpr Column kStatusColumns[] = {
    {"account", "Account", 24, "account in Slurm"},
    {"policy", "Policy", 16, "policies of the account"},
    {"mode", "Mode", 8, "enforce, or observe: Sluice changes nothing"},
    {"period", "Period", 12, "current period", text_cell, "billing_period"},
    {"component", "Component", 16, "component of the allocation"},
    {"allocation", "Alloc", 16, "allocation of the period", amount_cell},
    {"carryover", "Carry", 16, "carried over from the previous period", amount_cell},
    {"adjustments", "Adjust", 16, "added or taken away by staff", amount_cell},
    {"borrowed", "Borrowed", 16, "from the next period, less what the previous one borrowed",
     amount_cell},
    {"effective", "Effective", 16, "allocation + carryover + adjustments + borrowed", amount_cell,
     "effective_allocation"},
    {"used", "Used", 16, "used in the period, running jobs included", amount_cell},
    {"settled", "Settled", 16, "used, in slurmdbd's rollups", usage_cell},
    {"finished", "Finished", 16, "used by jobs that finished since then", usage_cell},
    {"running", "Running", 16, "used by running jobs, up to now", usage_cell},
    {"committed", "Committed", 16, "queued jobs, until their time limits; decides nothing",
     amount_cell},
    {"unlimited", "Unlimited", 10, "queued jobs without a time limit, not in Committed", text_cell,
     "unlimited_jobs"},
    {"left", "Left", 16, "effective allocation less used; negative: overused", amount_cell},
    {"percent", "Percent", 10, "percentage of the effective allocation used", percent_cell,
     "usage_percentage"},
    {"metric", "Metric", 10, "percentage compared with the thresholds",
     [](const Record& record, const char*) { return percent(record.parent["usage_percentage"]); }},
    {"grace", "Grace", 8, "percentage at which the account is paused", amount_cell,
     "grace_limit_percentage"},
    {"standing", "Standing", 20,
     "normal, warned, downscaled or paused; would be ...: the policy only observes; held: a change "
     "of rules waits for sluice release; error: not evaluated",
     standing_cell, nullptr, true},
    {"cause", "Cause", 60, "reason for the standing", cause_cell},
    {"qos", "QOS", 16, "QOS that the standing sets; empty: the account's own QOS"},
    {"resets", "Resets", 25, "start of the next period",
     [](const Record& record, const char*) {
         return day_cell({record["period"], {}, record.now, record.exact, record.zone}, "end");
     }},
    {"until", "Until", 25, "when a pause ends by itself", day_cell},
    {"contact", "Contact", 24, "contact named in refusals"},
    {"clusters", "ByCluster", 30, "used by cluster, for an allocation shared by clusters",
     clusters_cell, "used_by_cluster"},
    {"note", "Note", 60, "errors, missing data, and what Sluice does not do",
     [](const Record& record, const char*) { return note(record.parent); }},
};
constexpr const char* kStatusShown =
    "account,policy,mode,period,component,allocation,used,effective,left,percent,grace,standing,"
    "cause,qos,resets";
// As the daemon and as the command line call them.
constexpr const char* kFilters[] = {"standing", "policy", "parent", "user"};

constexpr Fit kStatusFit{"qos,grace,policy,mode,period,cause,allocation,left", "account,component"};

// An account that was not evaluated has no figures, but a row.
void add_rows(Table& table, json::View account, std::size_t level) {
    const auto components = account["components"].items();
    for (const auto& component : components)
        table.add(component, account, level);
    if (components.empty())
        table.add({}, account, level);
    // Slurm's own billing TRES is a component like others and has its row already.
    if (account["deciding_component"].text() == "billing" &&
        std::none_of(components.begin(), components.end(),
                     [](json::View component) { return component["tres"].text() == "billing"; })) {
        auto billing = json::Value::object();
        billing.set("component", "billing");
        table.add(billing.view(), account, level);
    }
}

std::string under_way(const json::Value& answer, Instant now) {
    const auto running = answer["evaluation_under_way"];
    if (!running.is_object())
        return "";
    const bool first = !answer["cycle"].is_object();
    return std::string(first ? "First evaluation" : "Evaluation") + " running for " +
           age(now - instant(running["since_epoch"].integer())) + " (" + running["trigger"].text() +
           ", phase " + running["progress"].text() + ")" +
           (first ? "" : "; the figures below are of the previous evaluation") + '\n';
}

std::string health(const json::Value& answer, Instant now) {
    const auto cycle = answer["cycle"];
    const std::string running = under_way(answer, now);
    std::string out = "Cluster " + answer["meta"]["cluster"].text() + ": ";
    if (!cycle.is_object())
        return out + "no evaluation has completed yet\n" + running + '\n';
    out += "last evaluation " + age(now - instant(cycle["at_epoch"].integer())) + " ago (" +
           cycle["trigger"].text() + ", " + std::to_string(cycle["duration_ms"].integer()) + " ms)";
    const auto figures_at = cycle["figures_at_epoch"].integer();
    if (figures_at <= 0)
        out += ", no figures yet";
    else if (figures_at != cycle["at_epoch"].integer())
        out += ", figures from " + age(now - instant(figures_at)) + " ago";
    if (const auto clock = answer["clock"]; clock.is_object() && !clock["trusted"].boolean())
        out += ", CLOCK NOT TRUSTED (" + clock["detail"].text() + ")";
    const auto down = answer["daemon"]["down"].texts();
    out += down.empty() ? ", slurmdbd and slurmctld up" : ", down: " + join(down, " and ");
    // Where nothing is enforced, a site without the plugin lacks nothing.
    const auto accounts = answer["accounts"].items();
    const auto plugins = answer["plugin_server"]["plugins"].integer();
    if (answer["meta"]["viewer"]["staff"].boolean() &&
        (plugins > 0 || std::any_of(accounts.begin(), accounts.end(), [](json::View account) {
             return account["mode"].text() == "enforce";
         })))
        out +=
            ", " + counted(answer["plugin_server"]["plugins"].integer(), "plugin") + " connected";
    return out + '\n' + running + '\n';
}

void warn_of_age(const Context& context, const json::Value& answer) {
    const auto cycle = answer["cycle"];
    const auto old = context.clock.now() - instant(cycle["at_epoch"].integer());
    const std::int64_t interval = answer["daemon"]["interval_s"].integer(60);
    if (cycle.is_object() && old > std::chrono::seconds(3 * interval + 30))
        warn(context, "the last evaluation was " + age(old) + " ago, expected every " +
                          age(std::chrono::seconds(interval)) + "; see journalctl -u sluiced");
}

void show_notes(const Parsed& parsed, const json::Value& answer) {
    std::string out;
    for (const auto& account : answer["accounts"].items())
        if (const std::string text = note(account); !text.empty())
            out += "  " + account["account"].text() + ": " + text + '\n';
    out += problem_lines(answer);
    if (!out.empty())
        remark(parsed, "\nNotes:\n" + out);
}

// The rows in the order of the tree; those next to each other have the same parent.
void order_by_tree(std::vector<json::View>& accounts) {
    std::vector<std::pair<std::vector<std::string>, json::View>> keyed;
    for (const auto& account : accounts) {
        auto path = account["ancestors"].texts();
        path.push_back(account["account"].text());
        keyed.emplace_back(std::move(path), account);
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < keyed.size(); ++i)
        accounts[i] = keyed[i].second;
}

std::set<std::string> names_of(const std::vector<json::View>& accounts) {
    std::set<std::string> out;
    for (const auto& account : accounts)
        out.insert(account["account"].text());
    return out;
}

// How many of the accounts above it are listed, too.
std::size_t depth_of(json::View account, const std::set<std::string>& listed) {
    const auto ancestors = account["ancestors"].texts();
    return static_cast<std::size_t>(
        std::count_if(ancestors.begin(), ancestors.end(),
                      [&](const std::string& name) { return listed.contains(name); }));
}

// Sums of one component in one period, in millionths.
struct Sum {
    std::int64_t effective = 0;
    std::int64_t used = 0;
};

std::int64_t millionths(json::View number) {
    return std::llround(number.number() * 1e6);
}

// An account includes those below it, so only the upper ones of the list count.
void add_totals(Table& table, const std::vector<json::View>& accounts,
                const std::set<std::string>& listed) {
    std::map<std::pair<std::string, std::string>, Sum> sums;
    for (const auto& account : accounts) {
        if (depth_of(account, listed) != 0)
            continue;
        for (const auto& component : account["components"].items()) {
            auto& sum = sums[{component["component"].text(), account["billing_period"].text()}];
            sum.effective += millionths(component["effective_allocation"]);
            sum.used += millionths(component["used"]);
        }
    }
    for (const auto& [key, sum] : sums) {
        auto row = json::Value::object();
        row.set("account", "(total)")
            .set("component", key.first)
            .set("billing_period", key.second)
            .set("effective_allocation", json::Value::decimal(sum.effective, 6))
            .set("used", json::Value::decimal(sum.used, 6))
            .set("left", json::Value::decimal(sum.effective - sum.used, 6));
        if (sum.effective > 0) // in hundredths, without a number too large for 64 bits
            row.set("usage_percentage",
                    json::Value::decimal(std::llround(static_cast<double>(sum.used) * 1e4 /
                                                      static_cast<double>(sum.effective)),
                                         2));
        table.add(row.view());
    }
}

int show_status(const Parsed& parsed, const json::Value& answer, Table table) {
    const auto& options = parsed.options;
    warn_of_age(parsed.context, answer);
    auto accounts = answer["accounts"].items();
    if (options.tree)
        order_by_tree(accounts);
    else if (options.value("sort") == nullptr) // what is in force first
        std::stable_partition(accounts.begin(), accounts.end(), [](json::View account) {
            return account["mode"].text() == "enforce";
        });
    const auto listed =
        options.tree || options.total ? names_of(accounts) : std::set<std::string>{};
    if (options.tree)
        table.tree_column("account");
    for (const auto& account : accounts)
        add_rows(table, account, options.tree ? depth_of(account, listed) : 0);
    if (options.total)
        add_totals(table, accounts, listed);
    remark(parsed, health(answer, parsed.context.clock.now()));
    const bool narrowed =
        std::any_of(std::begin(kFilters), std::end(kFilters),
                    [&](const char* filter) { return options.value(filter) != nullptr; });
    if (table.empty() && answer["cycle"].is_object())
        warn(parsed.context, narrowed ? "no account matches"
                             : answer["meta"]["viewer"]["staff"].boolean()
                                 ? "no account has a policy and an allocation yet"
                                 : "your accounts have no allocation on this cluster");
    print_table(parsed, table);
    show_notes(parsed, answer);
    return kOk;
}

} // namespace

int run_status(Parsed parsed) {
    parsed.options.values.try_emplace("format", parsed.context.format);
    auto query = parameters(parsed.options);
    for (const char* filter : kFilters)
        if (const auto* value = parsed.options.value(filter); value != nullptr)
            query.emplace_back(filter, *value);
    if (const auto* sort = parsed.options.value("sort"))
        query.emplace_back("sort", *sort);
    return run_listing(parsed, {kStatusColumns, kStatusShown, "/api/v1/status", kStatusFit}, query,
                       show_status);
}

} // namespace sluice::cli
