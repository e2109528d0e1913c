// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/weekly_usage.hpp"

#include "daemon/slurm/usage/rollups.hpp"
#include "daemon/slurm/usage/usage_sums.hpp"
#include "daemon/slurm/usage/window_split.hpp"

namespace sluice::slurm {

std::shared_ptr<const model::WeeklyUsages>
WeeklyUsageCache::read(Session& session, const model::Structure& structure,
                       const std::set<std::string>& accounts, Instant rolled,
                       std::chrono::milliseconds patience) {
    using std::chrono::steady_clock;
    const auto deadline = steady_clock::now() + patience;
    const Calendar calendar = local_calendar();
    const Instant until = calendar.midnight(rolled);
    // Half a day less, then down to midnight: daylight saving time may shift it.
    constexpr auto kWeeks = std::chrono::days{7 * model::kForecastWeeks} - std::chrono::hours{12};
    const Instant begin = calendar.midnight(until - kWeeks);
    const TresNames names{structure.tres};
    std::erase_if(*usages_, [&](const auto& entry) { return !accounts.contains(entry.first); });
    for (const auto& row : structure.associations) {
        if (!row.user.empty() || !accounts.contains(row.account))
            continue;
        auto& usage = (*usages_)[row.account];
        if (usage.until == until)
            continue;
        if (steady_clock::now() >= deadline)
            break;
        WeeklySum sum{begin, until};
        if (!account_rows(session, structure.cluster, {begin, until}, row,
                          [&](auto... parts) { sum.add(parts...); }))
            break; // the next cycle tries again
        usage = sum.named(names);
    }
    return usages_;
}

} // namespace sluice::slurm
