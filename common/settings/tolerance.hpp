// SPDX-License-Identifier: GPL-2.0-or-later
// How long a standing stays and how long one above 100 % is tolerated: `min_dwell`, `grace_days`.
#pragma once

#include "common/model/policy.hpp"
#include "common/settings/reader.hpp"

namespace sluice::settings {

void read_tolerance(MapReader& map, model::Policy& policy);
// Keys without effect beside the others. REQUIRES: the rest of the policy is read.
void check_tolerance(MapReader& map, const model::Policy& policy);

} // namespace sluice::settings
