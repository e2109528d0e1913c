// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice status`: a line on the daemon's health, then a row for each component of each account.
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"
#include "common/base/text.hpp"

#include <array>

namespace sluice::cli {
namespace {

// status_row() has a cell for each of these, in this order.
constexpr std::array kStatusColumns{
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"policy", "Policy", 16, "policies that judge it"},
    Column{"mode", "Mode", 8, "observe (nothing is applied) or enforce"},
    Column{"period", "Period", 12, "current period"},
    Column{"component", "Component", 16, "what is granted"},
    Column{"allocation", "Alloc", 16, "granted for the period"},
    Column{"carryover", "Carry", 16, "carried over from the period before"},
    Column{"adjustments", "Adjust", 16, "added or taken by staff"},
    Column{"borrowed", "Borrowed", 16, "from the next period, less what was borrowed from this"},
    Column{"effective", "Effective", 16, "allocation, carryover, adjustments and borrowed"},
    Column{"used", "Used", 16, "used in the period, running jobs included"},
    Column{"running", "Running", 16, "the part of it that is of running jobs"},
    Column{"left", "Left", 16, "effective allocation less used; negative: overused"},
    Column{"percent", "Percent", 10, "used, of the effective allocation"},
    Column{"metric", "Metric", 10, "the percentage that the thresholds look at"},
    Column{"grace", "Grace", 8, "percentage at which the account is paused"},
    Column{"standing", "Standing", 10, "normal, downscaled or paused"},
    Column{"cause", "Cause", 24, "reason for the standing"},
    Column{"qos", "QOS", 16, "QOS that the standing asks for; empty: the account's own"},
    Column{"resets", "Resets", 19, "begin of the next period, local time"},
    Column{"until", "Until", 19, "when a pause ends by itself, local time"},
    Column{"contact", "Contact", 24, "whom refused users are sent to"},
    Column{"clusters", "ByCluster", 30, "used, by cluster; empty: the allocation is of this one"},
    Column{"note", "Note", 60, "what is not done and why, missing data, errors"},
};
constexpr const char* kStatusDefault =
    "account,policy,mode,period,component,allocation,carryover,used,left,percent,grace,standing,"
    "cause,qos,resets";

std::string note(json::View account) {
    auto notes = account["notes"].texts();
    if (const std::string error = account["error"].text(); !error.empty())
        notes.insert(notes.begin(), error);
    return join(notes, "; ");
}

Row status_row(json::View account, json::View component, bool exact) {
    const auto units = [&](const char* key) { return amount(component[key], exact); };
    return {account["account"].text(),
            account["policy"].text(),
            account["mode"].text(),
            account["billing_period"].text(),
            component["component"].text(),
            units("allocation"),
            units("carryover"),
            units("adjustments"),
            units("borrowed"),
            units("effective_allocation"),
            units("used"),
            amount(component["usage"]["running"], exact),
            units("left"),
            percent(component["usage_percentage"]),
            percent(account["usage_percentage"]),
            amount(account["grace_limit_percentage"], exact),
            account["error"].text().empty() ? account["standing"].text() : "error",
            cause(account),
            account["qos"].text(),
            local_day(account["period"], "end"),
            local_day(account, "until"),
            account["contact"].text(),
            by_cluster(component, exact),
            note(account)};
}

// An account without figures (it could not be judged) still has its row.
void add_rows(Table& sheet, json::View account) {
    for (const auto& component : account["components"].items())
        sheet.rows.push_back(status_row(account, component, sheet.exact()));
    if (account["components"].size() == 0)
        sheet.rows.push_back(status_row(account, json::View(), sheet.exact()));
    // Slurm's own billing TRES is a component like others and has its row already.
    for (const auto& component : account["components"].items())
        if (component["tres"].text() == "billing")
            return;
    if (account["judged"].text() != "billing")
        return;
    Row row = status_row(account, json::View(), sheet.exact());
    row[4] = "billing";
    row[13] = percent(account["usage_percentage"]);
    sheet.rows.push_back(std::move(row));
}

std::string plural(std::int64_t n, const std::string& word) {
    return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
}

// What the figures below are, while the evaluation after them runs.
std::string under_way(const json::Value& answer, Instant now) {
    const auto running = answer["evaluation_under_way"];
    if (!running.is_object())
        return "";
    return "Evaluation under way for " + age(now - instant(running["since_epoch"].integer())) +
           " (" + running["trigger"].text() + ", phase " + running["phase"].text() +
           "): the standings below are those of the evaluation before it\n";
}

std::string health(const json::Value& answer, Instant now) {
    const auto cycle = answer["cycle"];
    const std::string running = under_way(answer, now);
    std::string out = "Cluster " + answer["meta"]["cluster"].text() + ": ";
    if (!cycle.is_object())
        return out + "no evaluation yet\n" + running;
    out += "last evaluation " + age(now - instant(cycle["at_epoch"].integer())) + " ago (" +
           cycle["trigger"].text() + ", " + std::to_string(cycle["duration_ms"].integer()) + " ms)";
    const auto figures_at = cycle["figures_at_epoch"].integer();
    if (figures_at <= 0)
        out += ", no figures yet";
    else if (figures_at != cycle["at_epoch"].integer())
        out += ", figures of " + age(now - instant(figures_at)) + " ago";
    if (const auto clock = answer["clock"]; clock.is_object() && !clock["trusted"].boolean())
        out += ", CLOCK NOT TRUSTED (" + clock["detail"].text() + ")";
    const auto down = answer["daemon"]["down"].texts();
    out += down.empty() ? ", slurmdbd and slurmctld up" : ", down: " + join(down, " and ");
    if (answer["meta"]["viewer"]["staff"].boolean())
        out += ", " + plural(answer["plugin_server"]["plugins"].integer(), "plugin") + " connected";
    return out + '\n' + running + '\n';
}

void warn_of_age(const Context& context, const json::Value& answer) {
    const auto cycle = answer["cycle"];
    const auto old = context.clock.now() - instant(cycle["at_epoch"].integer());
    const std::int64_t interval = answer["daemon"]["interval_s"].integer(60);
    if (cycle.is_object() && old > std::chrono::seconds(3 * interval + 30))
        warn(context, "the last evaluation is " + age(old) + " old although one is due every " +
                          age(std::chrono::seconds(interval)) + "; see journalctl -u sluiced");
}

void show_notes(const Parsed& parsed, const json::Value& answer) {
    std::string out;
    for (const auto& account : answer["accounts"].items())
        if (const std::string text = note(account); !text.empty())
            out += "  " + account["account"].text() + ": " + text + '\n';
    for (const auto& problem : answer["problems"].items()) {
        const std::string account = problem["account"].text();
        const std::string remedy = problem["remedy"].text();
        out += "  " + (account.empty() ? "" : account + ": ") + problem["what"].text() +
               (remedy.empty() ? "" : "; remedy: " + remedy) + '\n';
    }
    if (!out.empty())
        remark(parsed, "\nNotes:\n" + out);
}

int show_status(const Parsed& parsed, const json::Value& answer, Table sheet) {
    warn_of_age(parsed.context, answer);
    for (const auto& account : answer["accounts"].items())
        add_rows(sheet, account);
    remark(parsed, health(answer, parsed.context.clock.now()));
    if (sheet.rows.empty() && answer["cycle"].is_object())
        warn(parsed.context, answer["meta"]["viewer"]["staff"].boolean()
                                 ? "no account has a policy and an allocation yet"
                                 : "none of your accounts has an allocation here");
    print(parsed.context, sheet.text());
    show_notes(parsed, answer);
    return kOk;
}

} // namespace

int run_status(const Context& context, int argc, char** argv) {
    auto parsed = parse_options(context, *find_subcommand("status"),
                                kTable | kJson | kAccounts | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (parsed.options.format.empty())
        parsed.options.format = context.format;
    if (helped(parsed, kStatusColumns))
        return kOk;
    return run_listing(parsed, {kStatusColumns, kStatusDefault, "/api/v1/status"},
                       parameters(parsed.options), show_status);
}

} // namespace sluice::cli
