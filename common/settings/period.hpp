// SPDX-License-Identifier: GPL-2.0-or-later
// `period` of a policy: a word, Waldur's number, or a custom length; and `week_begins`.
#pragma once

#include "common/model/policy.hpp"
#include "common/settings/reader.hpp"

namespace sluice::settings {

// What is absent stays as it was.
void read_period(MapReader& map, model::PeriodRule& period);

} // namespace sluice::settings
