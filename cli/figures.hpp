// SPDX-License-Identifier: GPL-2.0-or-later
// How numbers, instants and ages look to people. Programs read --json or -P.
#pragma once

#include "common/base/clock.hpp"
#include "common/json/json.hpp"

#include <string>

namespace sluice::cli {

// Hours (or the component's unit): "1231", "9.31", "0.0125"; two decimals from 1 up, four below;
// "" when absent. With `exact` as the daemon gave it.
std::string amount(json::View number, bool exact);
// "102.58"; "-" when there is no allocation to take it of.
std::string percent(json::View number);
// Local time as Slurm prints it, "2026-11-23T00:47:42"; "" when the key's _epoch is null.
std::string local_time(json::View object, const std::string& key);
// As local_time, but "2027-01-01" alone for a midnight: period boundaries are local midnights.
std::string local_day(json::View object, const std::string& key);
std::string local_time(Instant at);
// "12 s", "5 min", "3 h", "2 d".
std::string age(std::chrono::seconds span);

// What brought a standing about, of an account or a balance: "parent physics", "override 3", "set
// by hand", or the component that decides; "" when all is normal.
std::string cause(json::View account);

// Where a component was used, "alpha=3,beta=7.5"; "" where the allocation is of one cluster.
std::string by_cluster(json::View component, bool exact);

} // namespace sluice::cli
