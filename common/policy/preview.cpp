// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/preview.hpp"

#include "common/policy/evaluate/carryover.hpp"
#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/metric.hpp"
#include "common/policy/evaluate/thresholds.hpp"

namespace sluice::policy {
namespace {

using model::Policy;

const Decimal kHundred = Decimal::whole(100);

std::string range_fault(const PreviewInput& in) {
    const struct {
        const char* name;
        Decimal value;
        Decimal most;
    } rows[] = {{"allocation", in.allocation, Decimal::raw(INT64_MAX)},
                {"grace_ratio", in.grace_ratio, Decimal::whole(10)},
                {"previous_usage", in.previous_usage, Decimal::raw(INT64_MAX)},
                {"carryover_factor", in.carryover_factor, kHundred},
                {"current_usage", in.current_usage, Decimal::raw(INT64_MAX)},
                {"daily_usage_rate", in.daily_usage_rate, Decimal::raw(INT64_MAX)}};
    for (const auto& row : rows)
        if (row.value.is_negative() || row.value > row.most)
            return std::string(row.name) + " is out of range: 0 to " + row.most.text();
    return "";
}

// Whole days until usage + days * rate reaches the amount, rounded down as Waldur does.
void look_ahead(const PreviewInput& in, Amount used, Amount rate, bool reached,
                PreviewThreshold& out) {
    if (reached || (rate > 0 && (out.amount - used) < rate)) {
        out.outlook = Outlook::exceeded;
        out.days = 0;
        out.date = in.today;
        return;
    }
    if (rate <= 0)
        return;
    constexpr std::int64_t kMaxDays = 2'900'000; // beyond it there is no calendar date to give
    out.outlook = Outlook::projected;
    out.days = (out.amount - used) / rate;
    if (*out.days <= kMaxDays && in.today.ok())
        out.date = std::chrono::year_month_day{std::chrono::sys_days{in.today} +
                                               std::chrono::days{static_cast<int>(*out.days)}};
}

Result<Preview> amounts(const PreviewInput& in) {
    Preview out;
    out.component = {"hours", "", Decimal::whole(60)};
    const auto base = to_amount(in.allocation, out.component);
    const auto used = to_amount(in.current_usage, out.component);
    const auto before = to_amount(in.previous_usage, out.component);
    if (!base || !used || !before)
        return Error{Errc::overflow, "a figure does not fit"};
    model::Carryover rule;
    rule.enabled = in.carryover_enabled;
    rule.factor = in.carryover_factor;
    Past past;
    past.period.emplace();
    past.had_allocation = true;
    past.used = *before;
    const auto carry = carryover(rule, *base, past);
    const auto effective = carry ? narrow(Wide{*base} + carry->carry) : std::nullopt;
    if (!effective)
        return Error{Errc::overflow, "the effective allocation does not fit"};
    out.allocation = *base;
    out.carryover = *carry;
    out.effective = *effective;
    out.used = *used;
    return out;
}

} // namespace

Result<Preview> preview(const PreviewInput& in) {
    if (const auto fault = range_fault(in); !fault.empty())
        return Error{Errc::malformed, fault};
    auto made = amounts(in);
    const auto rate = to_amount(in.daily_usage_rate, {"hours", "", Decimal::whole(60)});
    if (!made || !rate)
        return made ? Result<Preview>(Error{Errc::overflow, "daily_usage_rate does not fit"})
                    : made;
    Preview& out = *made;
    Policy policy;
    policy.grace_ratio = in.grace_ratio;
    const Metric metric{out.used, out.effective, "hours", 0, 1};
    out.percent = metric.percent();
    out.status = "normal";
    const std::pair<const char*, Decimal> levels[] = {{"notification", policy.notify_at},
                                                      {"slowdown", kHundred},
                                                      {"blocked", grace_limit(policy)}};
    for (const auto& [name, percent] : levels) {
        PreviewThreshold threshold;
        threshold.name = name;
        threshold.percent = percent;
        const auto amount = percent_of(out.effective, percent);
        if (!amount)
            return Error{Errc::overflow, std::string(name) + " threshold does not fit"};
        threshold.amount = *amount;
        const bool reached = metric.reaches(percent);
        look_ahead(in, out.used, *rate, reached, threshold);
        if (reached)
            out.status = name;
        out.thresholds.push_back(std::move(threshold));
    }
    return made;
}

} // namespace sluice::policy
