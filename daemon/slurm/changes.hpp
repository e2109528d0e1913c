// SPDX-License-Identifier: GPL-2.0-or-later
// Whether anybody has changed accounts, users or associations since they were read: slurmdbd keeps
// a transaction for every such change, also for one to the same value. Reads no association.
#pragma once

#include "common/base/clock.hpp"
#include "daemon/slurm/connection.hpp"

#include <chrono>
#include <cstdint>

namespace sluice::slurm {

// What slurmdbd has on record since an instant. Equal marks of one `since`: nothing was changed.
struct ChangeMark {
    Instant since{};
    std::uint64_t records = 0;
    std::uint64_t fingerprint = 0;

    friend bool operator==(const ChangeMark&, const ChangeMark&) = default;
};

// A change may be on record some time before it can be seen, and clocks differ (munge allows five
// minutes): so far back a mark has to begin.
constexpr std::chrono::minutes kUnsettledChanges{15};
// What slurmdbd does not know of (somebody who writes into its database) is found after so long.
constexpr std::chrono::minutes kMaxBelief{10};

Result<ChangeMark> changes_since(Session& session, Instant since);

} // namespace sluice::slurm
