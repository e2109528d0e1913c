// SPDX-License-Identifier: GPL-2.0-or-later
// The decision as the plugin needs it: one record per account, texts rendered. Decides nothing.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/model/snapshot.hpp"

namespace sluice::policy {

// `sequence` is left 0 and `made` is the decision's `now`. Accounts without an allocation below a
// paused or downscaled account (now or later), or of one that checks budgets, get a record of their
// own that names the ancestor. Observed accounts are normal, without text.
model::Snapshot snapshot(const model::PolicySet& set, const Zone& zone, const model::Facts& facts,
                         const model::Decision& decision);

} // namespace sluice::policy
