// SPDX-License-Identifier: GPL-2.0-or-later
// How numbers, instants and ages look to people, alone and as cells of a table. Programs read
// --json or -P.
#pragma once

#include "cli/table.hpp"

namespace sluice::cli {

// Hours (or the component's unit): "1231", "9.31", "0.0125"; two places from 1 up, four below, the
// rest cut off; "" when absent. `exact`: all digits.
std::string amount(json::View number, bool exact);
// "102.58"; "-" when absent: without an allocation a percentage has no meaning.
std::string percent(json::View number);
// "2026-11-23T00:47:42+02:00"; "" when the key's _epoch is null.
std::string local_time(json::View object, const std::string& key, const Zone& zone);
// "12 s", "5 min", "3 h", "2 d".
std::string age(std::chrono::seconds span);
// "1 plugin", "2 plugins".
std::string counted(std::int64_t count, const std::string& noun);

// Cells of tables; see text_cell in table.hpp.
std::string amount_cell(const Record& record, const char* field);
std::string percent_cell(const Record& record, const char* field);
// The next three read the field with "_epoch" appended.
std::string time_cell(const Record& record, const char* field);
// "2027-01-01" alone for a midnight: period boundaries are midnights of the policies' zone.
std::string day_cell(const Record& record, const char* field);
// "5 min": the time passed since.
std::string age_cell(const Record& record, const char* field);
// "paused"; "would be paused" where the policy only observes; "error" without an evaluation.
std::string standing_cell(const Record& record, const char* field);
// The reason for the standing of an account: "parent physics", "override 3 (root, until
// 2026-12-05)", "set by hand", or the component that decides; "" when all is normal.
std::string cause_cell(const Record& record, const char* field);
// "100 % on 2026-12-08 (2026-12-05 to 2026-12-14)": when the next threshold is expected to be
// reached;
// "" when none is in this period. The interval is left out while it is not known.
std::string forecast_cell(const Record& record, const char* field);
// "alpha=3,beta=7.5"; "" where the allocation is of one cluster.
std::string clusters_cell(const Record& record, const char* field);

} // namespace sluice::cli
