// SPDX-License-Identifier: GPL-2.0-or-later
// Usage of an account by day: slurmdbd's rollups where they exist, and the evaluations on record.
// Called by HTTP threads; decides nothing.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/ports/usage_history.hpp"

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace sluice::core {

class DaemonUsageHistory final : public ports::UsageHistory {
public:
    static constexpr std::size_t kMaxDays = 400;
    static constexpr std::size_t kMaxEarlier = 12; // periods before the present one
    static constexpr std::chrono::seconds kFresh{60};

    // All must outlive it.
    DaemonUsageHistory(const Loop& loop, const Sources& sources, ports::JournalReader& journal,
                       ports::RolledUsage& rolled)
        : loop_(loop), sources_(sources), journal_(journal), rolled_(rolled) {}

    Result<ports::AccountHistory> by_day(const std::string& account,
                                         const std::string& period) override;

private:
    struct Answer {
        std::chrono::steady_clock::time_point at;
        ports::RolledRows rows;
    };
    using Key = std::pair<std::string, std::string>; // account, period

    Result<ports::RolledRows> rolled(const Loop::Shown& shown, const Key& key, Window window,
                                     Instant now);
    Result<void> add_evaluations(const std::string& cluster, const Key& key,
                                 ports::AccountHistory& out);

    const Loop& loop_;
    const Sources& sources_;
    ports::JournalReader& journal_;
    ports::RolledUsage& rolled_;
    Guarded<std::map<Key, Answer>> answers_;
};

} // namespace sluice::core
