// SPDX-License-Identifier: GPL-2.0-or-later
// Finds an account's usage in the facts. A window that is not there is "unknown", never zero.
#pragma once

#include "common/model/facts.hpp"
#include "common/model/period.hpp"

#include <optional>
#include <string>

namespace sluice::policy {

// Points into the facts; valid as long as they are.
class UsageIndex {
public:
    explicit UsageIndex(const model::Facts& facts) : facts_(&facts) {}

    // [period.begin, now); of stale facts the longest window that begins there. A window that has
    // just begun is empty and needs no fact. Of equal windows the last one counts; for whole() the
    // first: a simulation may charge at a boundary, which ends one and lies in the other.
    const model::WindowUsage* current(const model::Period& period) const;
    // The whole of a period that is over.
    const model::WindowUsage* whole(const model::Period& period) const;

private:
    const model::Facts* facts_;
    model::WindowUsage nothing_;
};

// An account that is absent from a known window used nothing.
const model::AccountUsage& usage_of(const model::WindowUsage& window, const std::string& account);
model::UsageSplit usage_of(const model::AccountUsage& usage, const std::string& tres);

} // namespace sluice::policy
