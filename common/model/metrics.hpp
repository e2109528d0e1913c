// SPDX-License-Identifier: GPL-2.0-or-later
// Which accounts have time series of their own in /metrics: sluiced.yaml, `metrics`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::model {

struct AccountSeries {
    std::size_t accounts = 1000;       // at most so many; those not normal and fullest first
    std::vector<std::string> policies; // only accounts of these; empty: of all

    friend bool operator==(const AccountSeries&, const AccountSeries&) = default;
};

} // namespace sluice::model
