// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice simulate` over many days: a year that is made up from the allocations, or a replay of the
// usage in slurmdbd, and the table of what the policies would do in them.
#pragma once

#include "cli/command.hpp"
#include "common/base/result.hpp"
#include "common/base/zone.hpp"
#include "common/model/scenario.hpp"

namespace sluice::cli {

// Adds a step for each day of the year. Accounts without accounts below use 60, 150 and 130 % of
// their allocation in turn, by period, each day the same; 130 % where a period has no end or is a
// year. not_found: no account and no default allocation.
Result<void> add_year(model::Scenario& scenario, const Zone& zone, std::chrono::year year);

// Runs the scenario and shows each standing but `normal`, of each account: from when to when.
int show_standings(const Parsed& parsed, const model::Scenario& scenario, const Zone& zone);

// The same of the usage since --from, by the daemon. Without a FILE: by the policies in force.
int run_replay(const Parsed& parsed);

} // namespace sluice::cli
