// SPDX-License-Identifier: GPL-2.0-or-later
// What a policy would mean for one account with one component: thresholds, carryover, and when
// each threshold is crossed at a given rate. What Waldur calls preview_impact, from the core.
#pragma once

#include "common/base/result.hpp"
#include "common/model/preview.hpp"

namespace sluice::policy {

using model::Outlook;
using model::Preview;
using model::PreviewInput;
using model::PreviewThreshold;

// overflow, malformed (a figure out of its range): names the figure.
Result<Preview> preview(const PreviewInput& in);

} // namespace sluice::policy
