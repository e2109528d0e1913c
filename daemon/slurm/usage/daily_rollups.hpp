// SPDX-License-Identifier: GPL-2.0-or-later
// What slurmdbd's rollups have of one account by day, for people. Beside the cycle: each call opens
// a connection of its own and closes it.
#pragma once

#include "daemon/ports/usage_history.hpp"

#include <mutex>

namespace sluice::slurm {

class DailyRollups final : public ports::RolledUsage {
public:
    Result<ports::RolledRows> read(const model::Structure& structure, const std::string& account,
                                   Window window, Instant now) override;

private:
    std::mutex one_at_a_time_; // people do not load slurmdbd in parallel
};

} // namespace sluice::slurm
