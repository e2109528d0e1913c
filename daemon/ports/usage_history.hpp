// SPDX-License-Identifier: GPL-2.0-or-later
// Usage of one account over time, for people. RolledUsage is what Slurm keeps of it; UsageHistory
// is what a view asks for. No evaluation needs either.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::ports {

// TRES-seconds by TRES name; descendants included, without the corrections of UsageFactor.
using DayUsage = std::map<std::string, Amount>;

struct RolledRows {
    std::map<Instant, DayUsage> rows; // by the begin of their day or hour
    std::optional<Window> known;      // what rollups cover of the window; nullopt: nothing
};

// Adapter: slurmdbd. Thread-safe; blocks for as long as libslurm does, on a connection of its own.
class RolledUsage {
public:
    RolledUsage() = default;
    RolledUsage(const RolledUsage&) = delete;
    RolledUsage& operator=(const RolledUsage&) = delete;
    virtual ~RolledUsage() = default;

    // By day, and by hour where a day is not over. unavailable: slurmdbd is away, or has no such
    // account.
    virtual Result<RolledRows> read(const model::Structure& structure, const std::string& account,
                                    Window window, Instant now) = 0;
};

struct HistoryDay {
    Window time;                         // a day of the policies' time zone, cut to the period
    std::optional<DayUsage> used;        // nullopt: no rollup covers it
    std::optional<std::int64_t> percent; // of its last evaluation on record, hundredths
};

struct AccountHistory {
    model::Period period;
    std::vector<std::string> periods; // labels that may be asked for, newest first
    // Component -> allocation with all that was added; empty where it is no longer known.
    std::map<std::string, Amount> effective;
    std::vector<HistoryDay> days; // earliest first, up to the present one
    bool cut = false;             // the period has more days before these
    std::string error;            // why slurmdbd's part is missing; "": it is not
};

// Driving port. Thread-safe. Waits for slurmdbd.
class UsageHistory {
public:
    UsageHistory() = default;
    UsageHistory(const UsageHistory&) = delete;
    UsageHistory& operator=(const UsageHistory&) = delete;
    virtual ~UsageHistory() = default;

    // `period`: a label; "": the present one. not_found: no policy evaluates the account;
    // malformed: another label; unavailable: no evaluation yet, or the journal is away.
    virtual Result<AccountHistory> by_day(const std::string& account,
                                          const std::string& period) = 0;
};

} // namespace sluice::ports
