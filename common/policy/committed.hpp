// SPDX-License-Identifier: GPL-2.0-or-later
// What queued jobs are going to use if each runs until its time limit. For people: nothing is
// decided by it.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/subjects.hpp"

namespace sluice::policy {

// Sets Figure::committed and AccountDecision::unlimited, with the jobs of all accounts below. Jobs
// that a hold keeps waiting count, too. While jobs are not known nothing is set.
void add_committed(const AccountTree& tree, const model::Facts& facts, model::Decision& decision);

} // namespace sluice::policy
