// SPDX-License-Identifier: GPL-2.0-or-later
// Usage of accounts in the last whole weeks, for forecasts: from slurmdbd's days, one call for each
// account a day, in small portions. Nothing waits for it and nothing is decided by it, so what
// fails is left as it was. Called by the cycle's thread only.
#pragma once

#include "common/model/facts.hpp"
#include "daemon/slurm/rpc/connection.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>

namespace sluice::slurm {

class WeeklyUsageCache {
public:
    // Reads those of `accounts` whose weeks do not end at the last midnight before `rolled`, until
    // `patience` is over. `rolled`: end of the newest hour that is rolled up. The answer changes
    // with the next call.
    std::shared_ptr<const model::WeeklyUsages>
    read(Session& session, const model::Structure& structure, const std::set<std::string>& accounts,
         Instant rolled, std::chrono::milliseconds patience);

private:
    std::shared_ptr<model::WeeklyUsages> usages_ = std::make_shared<model::WeeklyUsages>();
};

} // namespace sluice::slurm
