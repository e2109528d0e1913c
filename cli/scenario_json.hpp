// SPDX-License-Identifier: GPL-2.0-or-later
// One evaluated step of a scenario as JSON: the same bytes for the same values, everywhere.
#pragma once

#include "common/json/json.hpp"
#include "common/policy/scenario.hpp"

#include <string>

namespace sluice::cli {

// {"at", "accounts": [...]}; the fields are those of the scenario format. An account that could not
// be judged has an "error" as well.
json::Value evaluated_json(const policy::Evaluated& step);

// "2026-03-29T04:00:00"
std::string local_stamp(model::LocalTime at);

} // namespace sluice::cli
