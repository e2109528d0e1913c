// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/weekly.hpp"

#include "common/base/printable.hpp"
#include "common/format/cause.hpp"
#include "common/format/notice.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace sluice::format {
namespace {

using model::AccountDecision;

constexpr std::chrono::hours kSentAt{8};
// As a notice's: the journal takes the mail as one message.
constexpr std::size_t kMaxText = 90'000;

using Accounts = std::vector<const AccountDecision*>;

std::int64_t share(const AccountDecision& account) {
    return account.percent.value_or(std::numeric_limits<std::int64_t>::max());
}

// "Slower from about 2026-12-08.": the next threshold with a date.
std::string forecast_text(const Zone& zone, const AccountDecision& account) {
    const model::Threshold* next = nullptr;
    for (const auto& each : account.thresholds)
        if (!each.reached && each.forecast.date &&
            (next == nullptr || *each.forecast.date < *next->forecast.date))
            next = &each;
    if (next == nullptr)
        return "";
    return "; " + next->percent.text() + " % about " +
           date_text(zone.local(*next->forecast.date).date());
}

// An account without figures keeps its standing.
std::string account_text(const Zone& zone, const AccountDecision& account) {
    std::string text = printable(account.account) + ": " + model::standing_text(account) + ". ";
    if (account.closed())
        return text + "The account " + life_text(zone, account) + ".\n";
    if (account.figures.empty())
        return text + "No figures of this period are known.\n";
    text += usage_text(account) + forecast_text(zone, account);
    if (const auto next = next_start(zone, account); !next.empty())
        text += ". " + next;
    else
        text += ".";
    return text + "\n";
}

std::string text_of(const Zone& zone, const std::string& cluster, const std::string& week,
                    const Accounts& accounts) {
    std::string text =
        "Usage of your accounts on cluster " + printable(cluster) + ", week " + week + ".\n\n";
    std::size_t shown = 0;
    for (const auto* account : accounts) {
        const auto line = account_text(zone, *account);
        if (text.size() + line.size() > kMaxText)
            break;
        text += line;
        ++shown;
    }
    if (shown < accounts.size())
        text += "... and " + std::to_string(accounts.size() - shown) + " more accounts\n";
    return text + "\nThe present figures: sluice balance\n";
}

} // namespace

// The year of an ISO week is that of its Thursday.
std::optional<std::string> week_due(const Zone& zone, Instant now) {
    using namespace std::chrono;
    const sys_days day{zone.local(now).date()};
    const weekday name{day};
    const sys_days monday = day - days{name.iso_encoding() - 1};
    if (now < zone.start_of_day(year_month_day{monday}) + kSentAt)
        return std::nullopt;
    const year_month_day thursday{monday + days{3}};
    const auto of_year = sys_days{thursday} - sys_days{thursday.year() / January / 1};
    char text[32]{};
    std::snprintf(text, sizeof text, "%04d-W%02d", static_cast<int>(thursday.year()),
                  static_cast<int>(of_year / days{7}) + 1);
    return text;
}

std::vector<WeeklySummary> weekly_summaries(const model::PolicySet& set,
                                            const model::NoticeRules& rules, const Zone& zone,
                                            const model::Decision& decision,
                                            const std::map<std::string, std::string>& parents,
                                            const std::string& week) {
    std::map<std::string, Accounts> by_recipient;
    for (const auto& account : decision.accounts) {
        if (!account.span.empty() && account.span.front().cluster != decision.cluster)
            continue;
        if (const auto recipients = recipients_of(set, rules, account, parents))
            for (const auto& recipient : *recipients)
                by_recipient[recipient].push_back(&account);
    }
    std::vector<WeeklySummary> out;
    for (auto& [recipient, accounts] : by_recipient) {
        std::stable_sort(accounts.begin(), accounts.end(),
                         [](const auto* a, const auto* b) { return share(*a) > share(*b); });
        const auto count = accounts.size();
        out.push_back({recipient,
                       "Week " + week + ": " + std::to_string(count) +
                           (count == 1 ? " account on " : " accounts on ") +
                           printable(decision.cluster),
                       text_of(zone, decision.cluster, week, accounts)});
    }
    return out;
}

} // namespace sluice::format
