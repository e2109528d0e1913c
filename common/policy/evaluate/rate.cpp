// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/rate.hpp"

#include "common/policy/evaluate/exact.hpp"
#include "common/policy/periods.hpp"

#include <chrono>

namespace sluice::policy {
namespace {

// The last day of slurmdbd ends at most so long ago.
constexpr std::chrono::hours kFresh{48};
constexpr std::size_t kWeeksBefore = 4;
constexpr std::int64_t kDaysBefore = 28;

struct Rate {
    std::string component;
    Wide day = 0;
    Wide before = 0; // of kDaysBefore days
    Wide effective = 0;
};

void add(const model::WeeklyUsage::Sums& sums, Wide multiplier, Rate& rate) {
    Wide before = 0;
    for (std::size_t week = 1; week <= kWeeksBefore; ++week)
        before += sums.weeks.at(week);
    rate.day = add_product(rate.day, sums.last_day, multiplier).value_or(rate.day);
    rate.before = add_product(rate.before, before, multiplier).value_or(rate.before);
}

std::vector<Rate> rates(const Metric& metric, const std::vector<model::Figure>& figures,
                        const model::WeeklyUsage& usage) {
    const bool weighted = !metric.multipliers.empty();
    std::vector<Rate> out;
    if (weighted)
        out.push_back({metric.deciding, 0, 0, metric.effective});
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const auto& component = figures[i].component;
        if (!weighted && metric.deciding == "billing" && component.tres != "billing")
            continue;
        const auto sums = usage.tres.find(component.tres);
        if (sums == usage.tres.end())
            continue;
        if (!weighted)
            out.push_back({component.name, 0, 0, figures[i].effective});
        add(sums->second, weighted ? metric.multipliers[i] : 1, out.back());
    }
    return out;
}

bool jumps(const model::NotifyRate& rule, const Rate& rate) {
    if (rate.day <= 0 || rate.effective <= 0 ||
        compare_fractions(rate.day, rate.effective, rule.least.scaled(),
                          Wide{100} * Decimal::kScale) < 0)
        return false;
    return rate.before <= 0 || compare_fractions(rate.day, rate.before, rule.factor.scaled(),
                                                 Wide{kDaysBefore} * Decimal::kScale) >= 0;
}

} // namespace

std::string rate_key(const model::RateJump& jump) {
    return std::string(model::kRateNotified) + jump.week;
}

std::optional<model::RateJump> rate_jump(const model::NotifyRate& rule, const Metric& metric,
                                         const std::vector<model::Figure>& figures,
                                         const model::WeeklyUsage* usage, const Zone& zone,
                                         Instant now) {
    if (usage == nullptr || now < usage->until || now - usage->until > kFresh)
        return std::nullopt;
    const Rate* largest = nullptr;
    const auto all = rates(metric, figures, *usage);
    for (const Rate& rate : all)
        if (jumps(rule, rate) &&
            (largest == nullptr ||
             compare_fractions(rate.day, rate.effective, largest->day, largest->effective) > 0))
            largest = &rate;
    if (largest == nullptr)
        return std::nullopt;
    model::RateJump out;
    out.component = largest->component;
    out.until = usage->until;
    out.percent = Metric{largest->day, largest->effective, {}}.percent().value_or(0);
    if (largest->before > 0)
        if (const auto tenths = multiply(largest->day, 10 * kDaysBefore))
            out.times = narrow(*tenths / largest->before);
    model::PeriodRule week;
    week.kind = model::PeriodKind::week;
    out.week = period_at(week, zone, usage->until - std::chrono::seconds{1}).label;
    return out;
}

} // namespace sluice::policy
