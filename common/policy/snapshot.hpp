// SPDX-License-Identifier: GPL-2.0-or-later
// The decision as the plugin needs it: one record per account, texts rendered. Decides nothing.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/model/snapshot.hpp"

namespace sluice::policy {

// submissions: the plugin gets what a policy checks. quotes: the budgets of all policies, also of
// those that check none or only observe; texts and standings are the same.
enum class SnapshotFor { submissions, quotes };

// `sequence` is left 0 and `made` is the decision's `now`. Accounts without an allocation below a
// paused or downscaled account (now or later), or of one that checks budgets, get a record of their
// own that names the ancestor. Observed accounts are normal, without text.
model::Snapshot snapshot(const model::PolicySet& set, const Zone& zone,
                         const model::Structure& structure, const model::Decision& decision,
                         SnapshotFor whom = SnapshotFor::submissions);

} // namespace sluice::policy
