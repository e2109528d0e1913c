// SPDX-License-Identifier: GPL-2.0-or-later
// What simulate shows of many days: a made-up year here, or a replay of real usage by the daemon.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/simulated_year.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/policy/standings.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace sluice::cli {
namespace {

using json::Value;
using std::chrono::steady_clock;
using std::chrono::year_month_day;

constexpr const char* kReplays = "/api/v1/replays";
constexpr std::chrono::seconds kReportEvery{3};
constexpr int kPageSize = 1000;

constexpr Column kStandingColumns[] = {
    {"account", "Account", 24, "account"},
    {"policy", "Policy", 24, "policies of the account"},
    {"period", "Period", 12, "period in which the standing began", text_cell, "billing_period"},
    {"standing", "Standing", 20,
     "warned, downscaled or paused; would be ...: the policy only observes; normal: all the time"},
    {"begin", "Begin", 10, "first day"},
    {"end", "End", 10, "first day on which it does not hold any more; empty: after the last day"},
    {"days", "Days", 6, "number of days"},
    {"percent", "Percent", 10, "percentage of the effective allocation used on the first day",
     percent_cell, "usage_percentage"}};
constexpr const char* kStandingShown = "account,period,standing,begin,end,days,percent";

Value row_of(const model::StandingSpan& span) {
    Value row = Value::object();
    row.set("account", span.account)
        .set("policy", join(span.policies, ","))
        .set("billing_period", span.period)
        .set("standing", span.standing)
        .set("begin", date_text(year_month_day{span.begin}))
        .set("end", span.end ? Value(date_text(year_month_day{*span.end})) : Value())
        .set("days", span.days)
        .set("usage_percentage", span.percent ? Value::decimal(*span.percent, 2) : Value());
    return row;
}

void show(const Parsed& parsed, Table& rows, json::View row) {
    if (parsed.options.json)
        print(parsed.context, row.compact() + '\n');
    else
        rows.add(row);
}

// "usage of 350 of 10104 accounts"
std::string progress(json::View replay) {
    const bool usage = replay["phase"].text() == "usage";
    return std::string(usage ? "usage of " : "policies over ") +
           std::to_string(replay["done"].integer()) + " of " +
           std::to_string(replay["total"].integer()) + (usage ? " accounts" : " days");
}

// The daemon works on the replay while it is asked. Half of the time it is left alone, and so is
// slurmdbd.
Result<Value> finished(const Parsed& parsed, const Client& asked, const std::string& path) {
    auto reported = steady_clock::now();
    while (true) {
        const auto begin = steady_clock::now();
        auto answer = asked.get(path, {{"page_size", std::to_string(kPageSize)}});
        if (!answer || (*answer)["replay"]["phase"].text() == "done")
            return answer;
        const auto end = steady_clock::now();
        if (end - reported >= kReportEvery) {
            reported = end;
            note(parsed.context, progress((*answer)["replay"]));
        }
        std::this_thread::sleep_for(end - begin);
    }
}

void show_summary(const Parsed& parsed, json::View replay) {
    const auto accounts = replay["accounts"].integer();
    const auto normal = replay["normal"].integer();
    remark(parsed, "Usage of " + replay["cluster"].text() + " from " + replay["first_day"].text() +
                       " to " + replay["last_day"].text() + ", evaluated at the end of each day: " +
                       std::to_string(normal) + " of " + counted(accounts, "account") +
                       (normal == 1 ? " stays normal.\n" : " stay normal.\n"));
}

Result<Table> standings_table(const Parsed& parsed) {
    return table(parsed, kStandingColumns, kStandingShown);
}

} // namespace

int show_standings(const Parsed& parsed, const model::Scenario& scenario, const Zone& zone) {
    auto rows = standings_table(parsed);
    if (!rows)
        return complain(parsed.context, rows.error());
    policy::Standings standings;
    policy::run(scenario, zone, [&](const auto& day) { standings.note(day); });
    for (const auto& span : standings.finish())
        show(parsed, *rows, row_of(span).view());
    if (!parsed.options.json)
        print(parsed.context, rows->text());
    return kOk;
}

int run_replay(const Parsed& parsed) {
    if (parsed.options.helpformat)
        return print_fields(parsed, kStandingColumns);
    auto rows = standings_table(parsed);
    if (!rows)
        return complain(parsed.context, rows.error());
    Value body = Value::object();
    body.set("from", *parsed.options.value("from"));
    if (const auto* until = parsed.options.value("until"))
        body.set("until", *until);
    if (!parsed.options.file.empty()) {
        const auto text = read_file(parsed.options.file, kMaxConfig);
        if (!text)
            return complain(parsed.context, text.error().context);
        body.set("config", *text);
    }
    const Client asked = client(parsed.context);
    const auto begun = asked.post(kReplays, body);
    if (!begun)
        return complain(parsed.context, begun.error());
    const std::string path =
        std::string(kReplays) + '/' + std::to_string((*begun)["replay"]["id"].integer());
    auto answer = finished(parsed, asked, path);
    for (int page = 1; answer; ++page) {
        for_people(parsed, *answer);
        if (page == 1 && !parsed.options.json) {
            for (const auto& each : (*answer)["warnings"].items())
                warn(parsed.context, each["description"].text());
            show_summary(parsed, (*answer)["replay"]);
        }
        for (const auto& row : (*answer)["standings"].items())
            show(parsed, *rows, row);
        if ((*answer)["count"].integer() <= std::int64_t{page} * kPageSize)
            break;
        answer = asked.get(
            path, {{"page", std::to_string(page + 1)}, {"page_size", std::to_string(kPageSize)}});
    }
    if (!answer)
        return complain(parsed.context, answer.error());
    if (!parsed.options.json && (*answer)["count"].integer() > 0)
        print_table(parsed, *rows);
    return kOk;
}

} // namespace sluice::cli
