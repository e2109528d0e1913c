// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice status`: a line on the daemon's health, then a row for each component of each account.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sluice::cli {
namespace {

std::string note(json::View account) {
    auto notes = account["notes"].texts();
    if (const std::string error = account["error"].text(); !error.empty())
        notes.insert(notes.begin(), error);
    return join(notes, "; ");
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
    {"running", "Running", 16, "used by running jobs",
     [](const Record& record, const char*) {
         return amount(record["usage"]["running"], record.exact);
     }},
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
     standing_cell},
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
    "account,policy,mode,period,component,allocation,effective,used,left,percent,grace,standing,"
    "cause,qos,resets";

// What fits into 80 columns.
constexpr const char* kStatusNarrow = "account,component,used,effective,percent,standing,resets";
constexpr unsigned short kNarrow = 120; // columns of a terminal

bool is_narrow(std::FILE* out) {
    const int fd = ::fileno(out);
    winsize size{};
    return fd >= 0 && ::isatty(fd) == 1 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 &&
           size.ws_col != 0 && size.ws_col < kNarrow;
}

// An account that was not evaluated has no figures, but a row.
void add_rows(Table& table, json::View account) {
    const auto components = account["components"].items();
    for (const auto& component : components)
        table.add(component, account);
    if (components.empty())
        table.add({}, account);
    // Slurm's own billing TRES is a component like others and has its row already.
    if (account["deciding_component"].text() == "billing" &&
        std::none_of(components.begin(), components.end(),
                     [](json::View component) { return component["tres"].text() == "billing"; })) {
        auto billing = json::Value::object();
        billing.set("component", "billing");
        table.add(billing.view(), account);
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

std::string standing_of(json::View account) {
    if (!account["held"].text().empty())
        return "held";
    return account["error"].text().empty() ? account["standing"].text() : "error";
}

bool is_wanted(const Parsed& parsed, json::View account) {
    const auto among = [](const std::string& one, std::string_view list) {
        const auto words = split(lower(list), ',');
        return std::find(words.begin(), words.end(), lower(one)) != words.end();
    };
    const auto* standings = parsed.options.value("standing");
    const auto* policy = parsed.options.value("policy");
    return (standings == nullptr || among(standing_of(account), *standings)) &&
           (policy == nullptr || among(*policy, account["policy"].text()));
}

// "": the words of --standing are standings.
std::string unknown_standing(const Parsed& parsed) {
    static const std::vector<std::string> kKnown{"normal", "warned", "downscaled",
                                                 "paused", "held",   "error"};
    const auto* standings = parsed.options.value("standing");
    if (standings == nullptr)
        return "";
    const auto words = split(lower(*standings), ',');
    const auto wrong = std::find_if(words.begin(), words.end(), [](const std::string& word) {
        return std::find(kKnown.begin(), kKnown.end(), word) == kKnown.end();
    });
    if (wrong == words.end() && !words.empty())
        return "";
    return "--standing takes normal, warned, downscaled, paused, held or error, separated by "
           "commas, not '" +
           *standings + "'";
}

int show_status(const Parsed& parsed, const json::Value& answer, Table table) {
    warn_of_age(parsed.context, answer);
    const bool all =
        parsed.options.value("standing") == nullptr && parsed.options.value("policy") == nullptr;
    for (const char* mode : {"enforce", "observe"}) // what is in force first
        for (const auto& account : answer["accounts"].items())
            if (account["mode"].text() == mode && (all || is_wanted(parsed, account)))
                add_rows(table, account);
    remark(parsed, health(answer, parsed.context.clock.now()));
    if (table.empty() && all && answer["cycle"].is_object())
        warn(parsed.context, answer["meta"]["viewer"]["staff"].boolean()
                                 ? "no account has a policy and an allocation yet"
                                 : "your accounts have no allocation on this cluster");
    print(parsed.context, table.text());
    show_notes(parsed, answer);
    return kOk;
}

} // namespace

int run_status(Parsed parsed) {
    if (const auto fault = unknown_standing(parsed); !fault.empty())
        return complain(parsed.context, fault);
    parsed.options.values.try_emplace("format", parsed.context.format);
    const char* shown = is_narrow(parsed.context.out) ? kStatusNarrow : kStatusShown;
    return run_listing(parsed, {kStatusColumns, shown, "/api/v1/status"},
                       parameters(parsed.options), show_status);
}

} // namespace sluice::cli
