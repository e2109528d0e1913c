// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/usage_history.hpp"

#include "common/base/text.hpp"
#include "common/policy/periods.hpp"
#include "daemon/core/report_filter.hpp"

#include <algorithm>
#include <limits>

namespace sluice::core {
namespace {

constexpr std::size_t kMaxAnswers = 64;
constexpr std::size_t kMaxEvaluations = 10'000;

Amount sum(Amount a, Amount b) {
    return narrow(Wide{a} + b).value_or(std::numeric_limits<Amount>::max());
}

// Newest first, the present one included.
std::vector<model::Period> periods_of(const Rules& rules, const model::AccountDecision& account) {
    std::vector<model::Period> out{account.period};
    const auto policy =
        std::find_if(rules.set.policies.begin(), rules.set.policies.end(), [&](const auto& each) {
            return !account.policies.empty() && each.name == account.policies.front();
        });
    if (policy == rules.set.policies.end())
        return out;
    const auto from = account.life ? account.life->from : std::nullopt;
    // The steps are whole periods, of which the account's life shows a part.
    model::Period whole = policy::period_at(policy->period, rules.zone, account.period.begin);
    while (out.size() <= DaemonUsageHistory::kMaxEarlier) {
        const auto before = policy::previous(policy->period, rules.zone, whole);
        if (!before || epoch(before->begin) <= 0 || (from && *from >= *before->end))
            break;
        whole = *before;
        out.push_back(whole);
        if (from)
            out.back().begin = std::max(out.back().begin, *from);
    }
    return out;
}

// Of the present period as evaluated; of an earlier one as it was remembered at its end.
std::map<std::string, Amount> effective_of(const model::AccountDecision& account,
                                           const model::Period& period) {
    std::map<std::string, Amount> out;
    if (period.label == account.period.label) {
        for (const auto& figure : account.figures)
            out[figure.component.name] = figure.effective;
        return out;
    }
    const auto past = account.memory.past.find(period.label);
    return past == account.memory.past.end() ? out : past->second.grants;
}

// Days of the zone that make up the window; only the last kMaxDays.
std::vector<ports::HistoryDay> days_of(const Zone& zone, Window window) {
    using std::chrono::days;
    std::vector<ports::HistoryDay> out;
    const auto next_day = [&](Instant at) {
        const auto date = std::chrono::sys_days{zone.local(at).date()} + days{1};
        return zone.start_of_day(std::chrono::year_month_day{date});
    };
    for (Instant at = window.begin; at < window.end;) {
        const Instant next = std::max(next_day(at), at + std::chrono::seconds{1});
        out.push_back({{at, std::min(next, window.end)}, std::nullopt, std::nullopt});
        at = next;
    }
    return out;
}

ports::HistoryDay* day_with(std::vector<ports::HistoryDay>& days, Instant at) {
    const auto after = std::upper_bound(
        days.begin(), days.end(), at,
        [](Instant when, const ports::HistoryDay& day) { return when < day.time.begin; });
    if (after == days.begin() || at >= std::prev(after)->time.end)
        return nullptr;
    return &*std::prev(after);
}

void add_rows(const ports::RolledRows& rows, std::vector<ports::HistoryDay>& days) {
    if (!rows.known)
        return;
    for (auto& day : days)
        if (day.time.begin < rows.known->end && day.time.end > rows.known->begin)
            day.used.emplace();
    for (const auto& [begin, used] : rows.rows)
        if (auto* day = day_with(days, begin); day != nullptr && day->used)
            for (const auto& [tres, amount] : used)
                (*day->used)[tres] = sum((*day->used)[tres], amount);
}

} // namespace

// Asked once for all who look at the account within a minute.
Result<ports::RolledRows> DaemonUsageHistory::rolled(const Loop::Shown& shown, const Key& key,
                                                     Window window, Instant now) {
    const auto away = sources_.away();
    if (std::find(away.begin(), away.end(), kSlurmdbd) != away.end())
        return Error{Errc::unavailable, "slurmdbd does not answer"};
    if (shown.structure == nullptr)
        return Error{Errc::unavailable, "no evaluation has completed yet"};
    const auto time = std::chrono::steady_clock::now();
    {
        auto answers = answers_.lock();
        std::erase_if(*answers, [&](const auto& one) { return time - one.second.at > kFresh; });
        if (const auto known = answers->find(key); known != answers->end())
            return known->second.rows;
    }
    auto rows = rolled_.read(*shown.structure, key.first, window, now);
    if (!rows)
        return rows;
    auto answers = answers_.lock();
    if (answers->size() < kMaxAnswers)
        answers->insert_or_assign(key, Answer{std::chrono::steady_clock::now(), *rows});
    return rows;
}

Result<void> DaemonUsageHistory::add_evaluations(const std::string& cluster, const Key& key,
                                                 ports::AccountHistory& out) {
    auto records = journal_.evaluations({cluster, {key.first}, kMaxEvaluations});
    if (!records)
        return std::move(records).error();
    for (const auto& record : *records) { // newest first
        auto* day = record.billing_period == key.second ? day_with(out.days, record.at) : nullptr;
        if (day != nullptr && !day->percent)
            day->percent = record.percent;
    }
    return {};
}

Result<ports::AccountHistory> DaemonUsageHistory::by_day(const std::string& account,
                                                         const std::string& period) {
    const auto shown = loop_.shown();
    if (!shown.report)
        return Error{Errc::unavailable, "no evaluation has completed yet"};
    const auto* decision = shown.report->decision.find(account);
    if (decision == nullptr)
        return Error{Errc::not_found, unknown_account(account, shown.report->decision)};
    const auto periods = periods_of(*shown.rules, *decision);
    ports::AccountHistory out;
    for (const auto& each : periods)
        out.periods.push_back(each.label);
    const auto wanted =
        std::find_if(periods.begin(), periods.end(), [&](const model::Period& each) {
            return period.empty() || each.label == period;
        });
    if (wanted == periods.end())
        return Error{Errc::malformed, "period must be one of " + join(out.periods, ", ")};
    out.period = *wanted;
    out.effective = effective_of(*decision, out.period);
    const Instant now = loop_.now();
    const Instant end = out.period.end ? std::min(*out.period.end, now) : now;
    const Instant first = end - std::chrono::hours{24 * kMaxDays};
    out.cut = out.period.begin < first;
    out.days =
        days_of(shown.rules->zone,
                {out.cut ? shown.rules->zone.start_of_day(shown.rules->zone.local(first).date())
                         : out.period.begin,
                 end});
    if (out.days.empty())
        return out;
    const Key key{account, out.period.label};
    if (auto added = add_evaluations(shown.rules->cluster, key, out); !added)
        return std::move(added).error();
    const auto rows = rolled(shown, key, {out.days.front().time.begin, end}, now);
    if (rows)
        add_rows(*rows, out.days);
    else
        out.error = rows.error().context;
    return out;
}

} // namespace sluice::core
