// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs of paused accounts: what is remembered of them, and what is to be done. A job that Sluice
// held is released by Sluice, and no other.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/plan_parts.hpp"
#include "common/policy/tree.hpp"

namespace sluice::policy {

// Whether a cycle has to read the cluster's jobs.
bool needs_jobs(const model::PolicySet& set, const model::History& history);
// Since when accounts are paused and whose jobs Sluice holds, in the decision's memories. While
// jobs are not known, what was remembered stays.
void remember_jobs(const model::PolicySet& set, const Tree& tree, const model::Facts& facts,
                   model::Decision& decision);
void plan_jobs(const Tree& tree, const model::Decision& decision, Draft& draft);
// When the time of grace of a running pause ends, if any does.
std::optional<Instant> grace_end(const model::OnPause& rule, const model::AccountMemory& memory);

} // namespace sluice::policy
