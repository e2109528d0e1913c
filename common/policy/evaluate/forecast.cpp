// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/forecast.hpp"

#include "common/policy/evaluate/exact.hpp"

#include <algorithm>

namespace sluice::policy {

using model::Figure;
using model::Forecast;
using model::WeeklyUsage;

namespace {

constexpr std::int64_t kHoursADay = 24;
constexpr std::int64_t kHoursAWeek = 168;
constexpr std::int64_t kSecondsAnHour = 3600;
constexpr std::int64_t kLeastWeeks = 2;
// A period without an end is looked at for a year; no date is further away than two.
constexpr std::int64_t kHorizon = 366 * kHoursADay;
constexpr std::int64_t kMaxHorizon = 2 * kHorizon;
// A pattern of weeks that are long over says nothing.
constexpr std::chrono::days kMaxAge{14};
// Weekly sums are kept in so many bits: far finer than any forecast, and their squares fit.
constexpr int kBits = 20;
constexpr Wide kMaxNeed = Wide{1} << 30;

// Thousandths: the ninetieth percentile of Student's t distribution with weeks - 1 degrees of
// freedom, since the spread is itself an estimate of a few weeks.
constexpr std::array<std::int64_t, model::kForecastWeeks + 1> kQuantile{
    0, 0, 3078, 1886, 1638, 1533, 1476, 1440, 1415};

// The first number in (below, limit) that `reached` holds for; else `limit`.
template <class Reached>
std::int64_t first(std::int64_t below, std::int64_t limit, Reached reached) {
    if (limit - below < 2 || !reached(limit - 1))
        return limit;
    --limit;
    while (limit - below > 1) {
        const std::int64_t middle = below + (limit - below) / 2;
        (reached(middle) ? limit : below) = middle;
    }
    return limit;
}

// Rollups do not have UsageFactor: they count as if the QOS were used as in this period so far.
// What does not fit is left out: the date is later, and nothing depends on it.
void add_weighted(const WeeklyUsage& usage, const Figure& figure, Wide multiplier,
                  WeeklyPattern::Sums& sums) {
    const auto found = usage.tres.find(figure.component.tres);
    if (found == usage.tres.end())
        return;
    const Wide with = figure.used(), without = with - figure.usage.factor;
    const bool factor = figure.usage.factor != 0 && with >= 0 && without > 0;
    const auto add_all = [&](const auto& from, auto& to) {
        for (std::size_t i = 0; i < to.size(); ++i) {
            Wide time = std::max<Amount>(from[i], 0);
            if (factor)
                time = scaled_amount(time, with, without).value_or(0);
            to[i] = multiplier == 1 ? to[i] + time
                                    : add_product(to[i], time, multiplier).value_or(to[i]);
        }
    };
    add_all(found->second.weeks, sums.weeks);
    add_all(found->second.weekdays, sums.weekdays);
}

// A fraction that a threshold looks at, and how it grows.
struct Growth {
    Wide used;
    Wide effective;
    WeeklyPattern pattern;
};

// With billing one fraction, else one for each component; without those that were not used for long
// enough.
std::vector<Growth> growths(const Metric& metric, const std::vector<Figure>& figures,
                            const WeeklyUsage* usage, Instant now) {
    std::vector<Growth> out;
    if (usage == nullptr || now < usage->until || now - usage->until > kMaxAge)
        return out;
    const auto take = [&](Wide used, Wide effective, const WeeklyPattern::Sums& sums) {
        if (const auto pattern = WeeklyPattern::of(sums))
            out.push_back({used, effective, *pattern});
    };
    if (!metric.multipliers.empty()) {
        WeeklyPattern::Sums sums;
        for (std::size_t i = 0; i < figures.size(); ++i)
            add_weighted(*usage, figures[i], metric.multipliers[i], sums);
        take(metric.used, metric.effective, sums);
        return out;
    }
    out.reserve(figures.size());
    for (const Figure& figure : figures) {
        if (metric.deciding == "billing" && figure.component.tres != "billing")
            continue;
        WeeklyPattern::Sums sums;
        add_weighted(*usage, figure, 1, sums);
        take(std::max<Amount>(0, figure.used()), figure.effective, sums);
    }
    return out;
}

// More than is used, at which the fraction reaches `percent`. nullopt: it does not fit.
std::optional<Wide> needed(const Growth& growth, Decimal percent) {
    const auto product = multiply(growth.effective, percent.scaled());
    if (!product)
        return std::nullopt;
    return rounded_up(*product, Wide{100} * Decimal::kScale) - growth.used;
}

// By the rate since the period began.
std::optional<Instant> at_constant_rate(const Metric& metric, Decimal percent,
                                        const model::Period& period, Instant now) {
    const Wide elapsed = (now - period.begin).count();
    if (!period.end || metric.used <= 0 || elapsed <= 0)
        return std::nullopt;
    Wide used = metric.used, effective = metric.effective;
    while (effective > (Wide{1} << 56)) { // for display: more bits than seconds in a period
        effective >>= 1;
        used >>= 1;
    }
    const auto target = multiply(effective, percent.scaled());
    const auto product = target ? multiply(*target / (Wide{100} * 1000), elapsed) : std::nullopt;
    if (!product || used == 0)
        return std::nullopt;
    const Wide at = epoch(period.begin) + *product / used / (Decimal::kScale / 1000);
    return at < epoch(*period.end) ? std::optional(instant(static_cast<std::int64_t>(at)))
                                   : std::nullopt;
}

} // namespace

std::optional<WeeklyPattern> WeeklyPattern::of(const Sums& sums) {
    WeeklyPattern out;
    Wide largest = 0;
    for (std::size_t i = 0; i < sums.weeks.size(); ++i)
        if (sums.weeks[i] > 0) {
            out.weeks_ = static_cast<std::int64_t>(i) + 1;
            largest = std::max(largest, sums.weeks[i]);
        }
    if (out.weeks_ < kLeastWeeks)
        return std::nullopt;
    for (; largest >= Wide{1} << kBits; largest >>= 1)
        ++out.shift_;
    for (std::size_t day = 0; day < sums.weekdays.size(); ++day)
        out.before_[day + 1] =
            out.before_[day] + static_cast<std::int64_t>(sums.weekdays[day] >> out.shift_);
    out.total_ = out.before_.back();
    std::int64_t total = 0;
    for (const Wide week : sums.weeks)
        total += static_cast<std::int64_t>(week >> out.shift_);
    for (std::int64_t i = 0; i < out.weeks_; ++i) {
        const auto week = sums.weeks[static_cast<std::size_t>(i)] >> out.shift_;
        const Wide off = out.weeks_ * week - total;
        out.spread_ += off * off;
    }
    return out.total_ > 0 ? std::optional(out) : std::nullopt;
}

// Expected from the end of the last week on, times weeks and 24.
std::int64_t WeeklyPattern::used_by(std::int64_t hours) const {
    const std::int64_t rest = hours % kHoursAWeek;
    const auto day = static_cast<std::size_t>(rest / kHoursADay);
    return (hours / kHoursAWeek * total_ + before_[day]) * kHoursADay +
           (before_[day + 1] - before_[day]) * (rest % kHoursADay);
}

// The first hour by which so much is expected; the inverse of used_by(). REQUIRES: wanted > 0
std::int64_t WeeklyPattern::hours_to(std::int64_t wanted) const {
    const std::int64_t week = total_ * kHoursADay;
    const std::int64_t weeks = (wanted - 1) / week;
    const std::int64_t rest = wanted - weeks * week;
    std::size_t day = 0;
    while (before_[day + 1] * kHoursADay < rest)
        ++day;
    const std::int64_t of_day = before_[day + 1] - before_[day];
    const std::int64_t hour = (rest - before_[day] * kHoursADay + of_day - 1) / of_day;
    return weeks * kHoursAWeek + static_cast<std::int64_t>(day) * kHoursADay + hour;
}

// The sum of h hours is expected to be `expected`, with a variance of
// s^2 * (w + w^2 / n): s^2 of a week, w = h / 168, and the second term since the mean itself is
// known from n weeks only. All sides are multiplied until they are whole.
void WeeklyPattern::until(Wide need, std::int64_t elapsed, Hours& soonest) const {
    const Wide kept = (need + ((Wide{1} << shift_) - 1)) >> shift_;
    if (kept > kMaxNeed)
        return;
    const std::int64_t wanted =
        used_by(elapsed) + static_cast<std::int64_t>(kept) * weeks_ * kHoursADay;
    const Wide quantile = kQuantile[static_cast<std::size_t>(weeks_)];
    const Wide spread = quantile * quantile * spread_;
    const Wide scale = Wide{1000} * 1000 * 49 * weeks_ * (weeks_ - 1);
    const auto missing = [&](std::int64_t hours) {
        return Wide{wanted - used_by(elapsed + hours)};
    };
    // Whether so much more or less than expected is within the percentiles.
    const auto within = [&](Wide distance, std::int64_t hours) {
        return distance * distance * scale <= spread * (hours * (kHoursAWeek * weeks_ + hours));
    };
    const std::int64_t expected = hours_to(wanted) - elapsed;
    soonest.expected = std::min(soonest.expected, expected);
    soonest.early = first(0, std::min(soonest.early, expected),
                          [&](std::int64_t hours) { return within(missing(hours), hours); });
    soonest.late = first(expected - 1, soonest.late, [&](std::int64_t hours) {
        return spread == 0 || !within(missing(hours), hours);
    });
}

void add_forecasts(const Metric& metric, const std::vector<Figure>& figures,
                   const model::Period& period, const WeeklyUsage* weeks, Instant now,
                   std::vector<model::Threshold>& thresholds) {
    if (std::all_of(thresholds.begin(), thresholds.end(),
                    [](const auto& threshold) { return threshold.reached; }))
        return;
    const auto known = growths(metric, figures, weeks, now);
    const std::int64_t never =
        period.end ? std::clamp<std::int64_t>(((*period.end - now).count() + kSecondsAnHour - 1) /
                                                  kSecondsAnHour,
                                              0, kMaxHorizon)
                   : kHorizon;
    const auto at = [&](std::int64_t hours) {
        const Instant when = now + std::chrono::hours(hours);
        return hours < never ? std::optional(when) : std::nullopt;
    };
    for (auto& threshold : thresholds) {
        if (threshold.reached)
            continue;
        if (known.empty())
            threshold.forecast.date = at_constant_rate(metric, threshold.percent, period, now);
        WeeklyPattern::Hours soonest{never, never, never};
        for (const auto& growth : known)
            if (const auto need = needed(growth, threshold.percent); need && *need > 0)
                growth.pattern.until(*need, (now - weeks->until).count() / kSecondsAnHour, soonest);
        if (!known.empty())
            threshold.forecast = {at(soonest.expected), at(soonest.early), at(soonest.late)};
    }
}

} // namespace sluice::policy
