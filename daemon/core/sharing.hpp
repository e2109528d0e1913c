// SPDX-License-Identifier: GPL-2.0-or-later
// What a cycle takes from the board and leaves there, for allocations that span clusters.
#pragma once

#include "common/model/decision.hpp"
#include "daemon/core/cluster_exchange.hpp"
#include "daemon/core/rules.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sluice::app {

// How old figures of another cluster may be before they lift no pause any more: three of its turns
// have not come, and a minute for slow ones.
std::chrono::seconds longest_silence(const Rules& rules);

// Fills facts.others. Overrides of other clusters go to `events`, too: a decision here changes when
// they begin and end.
void take_from_others(const ClusterExchange* board, const Rules& rules, model::Facts& facts,
                      model::History& events);
// After the decision; facts.usage is still there.
void leave_for_others(ClusterExchange* board, const Rules& rules, const model::Facts& facts,
                      const model::Decision& decision);

// The clusters that the policies span, without the rules' own, each with what it left last.
std::vector<model::OtherCluster> other_clusters(const ClusterExchange& board, const Rules& rules,
                                                Instant now);
// Why nothing may be lifted from an account on the figures that there are of other clusters; "":
// nothing is missing.
std::string lacking(const ClusterExchange* board, const Rules& rules,
                    const model::AccountDecision& account, Instant now);
// Those that are silent for too long.
std::vector<model::Problem> silent(const std::vector<model::OtherCluster>& others,
                                   const Rules& rules, Instant now);
// What this cycle leaves.
FiguresPtr figures_for_others(const Rules& rules, const model::Facts& facts,
                              const model::Decision& decision);

} // namespace sluice::app
