// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: whether the parts of a policy set agree.
#pragma once

#include "common/settings/policy_set.hpp"

namespace sluice::settings {

// Accounts that two policies match and cannot both have, and allocations without a weight, as far
// as the file alone shows them. check_against() repeats both with the cluster's account tree.
void cross_check(const Reading& reading, Errors& errors);

} // namespace sluice::settings
