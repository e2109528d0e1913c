// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/subcommands/simulated_year.hpp"

#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "common/base/text.hpp"
#include "common/model/account_tree.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/periods.hpp"
#include "common/policy/scenario.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::cli {
namespace {

using json::Value;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::year_month_day;

// The second overuses what the first leaves; the third overuses its own.
constexpr std::array<std::int64_t, 3> kShares{60, 150, 130};
constexpr std::int64_t kShareOfYear = 130;
constexpr const char* kExample = "example";
constexpr std::chrono::hours kEvaluatedAt{23}; // local, after the usage of the day

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

model::Structure structure_of(const model::PolicySet& set) {
    model::Structure out;
    std::set<std::string> known{"root"};
    const auto add = [&](const std::string& account, const std::string& parent) {
        model::Association row;
        row.account = account;
        row.parent = parent;
        out.associations.push_back(row);
    };
    add("root", "");
    for (const auto& [account, settings] : set.accounts) {
        known.insert(account);
        add(account, settings.parent.empty() ? "root" : settings.parent);
    }
    for (const auto& [account, settings] : set.accounts)
        if (!settings.parent.empty() && known.insert(settings.parent).second)
            add(settings.parent, "root");
    return out;
}

std::string day_text(model::LocalTime at) {
    return date_text(year_month_day{std::chrono::floor<days>(at)});
}

// What a period uses of the allocation, and its length.
struct Share {
    std::int64_t percent = 0;
    std::int64_t days = 1;
};

Share share_of(const model::Period& period, std::size_t index, std::int64_t days_of_year) {
    if (!period.end)
        return {kShareOfYear, days_of_year};
    const auto length = std::chrono::round<days>(*period.end - period.begin).count();
    return {length >= days_of_year ? kShareOfYear : kShares[index % kShares.size()],
            std::max<std::int64_t>(length, 1)};
}

class Standings {
public:
    Standings(bool as_json, const Parsed& parsed, Table& table)
        : as_json_(as_json), parsed_(parsed), table_(table) {}

    void note(const policy::Evaluated& step) {
        for (const auto& account : step.decision.accounts) {
            const std::string now = account.error.empty() ? model::standing_text(account) : "error";
            auto [at, fresh] = open_.try_emplace(account.account);
            if (!fresh && at->second.text == now)
                continue;
            if (!fresh)
                close(at->second, step.step.at);
            at->second.text = now;
            at->second.begin = step.step.at;
            at->second.row = row_of(account, now, step.step.at);
        }
        last_ = step.step.at;
    }

    void finish() {
        for (auto& [account, open] : open_)
            if (open.text != "normal" || !shown_.contains(account))
                put(open, std::nullopt);
    }

private:
    struct Open {
        std::string text;
        model::LocalTime begin{};
        Value row;
    };

    static Value row_of(const model::AccountDecision& account, const std::string& standing,
                        model::LocalTime at) {
        Value row = Value::object();
        row.set("account", account.account)
            .set("policy", join(account.policies, ","))
            .set("billing_period", account.period.label)
            .set("standing", standing)
            .set("begin", day_text(at))
            .set("usage_percentage",
                 account.percent ? Value::decimal(*account.percent, 2) : Value());
        return row;
    }
    void close(Open& open, model::LocalTime at) {
        if (open.text != "normal")
            put(open, at);
    }
    void put(Open& open, std::optional<model::LocalTime> end) {
        const auto until = end.value_or(last_ + days{1});
        open.row.set("end", end ? Value(day_text(*end)) : Value())
            .set("days",
                 (std::chrono::floor<days>(until) - std::chrono::floor<days>(open.begin)).count());
        shown_.insert(open.row["account"].text());
        if (as_json_)
            print(parsed_.context, open.row.compact() + '\n');
        else
            table_.add(open.row.view());
    }

    bool as_json_;
    const Parsed& parsed_;
    Table& table_;
    std::map<std::string, Open> open_; // by account
    std::set<std::string> shown_;
    model::LocalTime last_{};
};

} // namespace

Result<void> add_year(model::Scenario& scenario, const Zone& zone, std::chrono::year year) {
    auto& set = scenario.set;
    if (set.accounts.empty())
        set.accounts[kExample];
    const model::Structure structure = structure_of(set);
    const model::AccountTree tree(structure);
    const auto subjects = policy::subjects(set, tree);
    if (subjects.empty())
        return Error{Errc::not_found,
                     "no account has an allocation; add accounts: {physics: {allocation: {...}}}"};
    std::set<std::string> parents;
    for (const auto& row : structure.associations)
        parents.insert(row.parent);
    const local_days begin{year / std::chrono::January / 1};
    const local_days end{(year + std::chrono::years{1}) / std::chrono::January / 1};
    std::map<std::string, std::pair<std::string, std::size_t>> periods; // label and its number
    for (local_days day = begin; day < end; day += days{1}) {
        model::ScenarioStep step;
        step.at = day + kEvaluatedAt;
        step.evaluate = true;
        for (const auto& subject : subjects) {
            if (parents.contains(subject.account))
                continue;
            const auto period =
                policy::period_at(subject.first().period, zone, zone.instant(step.at));
            auto& [label, number] = periods[subject.account];
            number += !label.empty() && label != period.label ? 1 : 0;
            label = period.label;
            const Share share = share_of(period, number, (end - begin).count());
            for (const auto& [component, amount] : *subject.allocation) {
                const auto part = narrow(Wide{amount.scaled()} * share.percent / share.days / 100);
                step.usage[subject.account].emplace(component, Decimal::raw(part.value_or(0)));
            }
        }
        scenario.steps.push_back(std::move(step));
    }
    return {};
}

int show_standings(const Parsed& parsed, const model::Scenario& scenario, const Zone& zone) {
    auto rows = table(parsed, kStandingColumns, kStandingShown);
    if (!rows)
        return complain(parsed.context, rows.error());
    Standings standings(parsed.options.json, parsed, *rows);
    policy::run(scenario, zone, [&](const auto& step) { standings.note(step); });
    standings.finish();
    if (!parsed.options.json)
        print(parsed.context, rows->text());
    return kOk;
}

} // namespace sluice::cli
