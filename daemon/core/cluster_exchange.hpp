// SPDX-License-Identifier: GPL-2.0-or-later
// Allocations that span clusters: what the cycles of several clusters leave for each other, and
// what one cycle takes from there. Keeps the last figures of each cluster, and nothing over a
// restart.
#pragma once

#include "common/base/thread.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "daemon/core/rules.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::core {

using FiguresPtr = std::shared_ptr<const model::SharedFigures>;

// Thread-safe, except add().
class ClusterExchange {
public:
    using Reopen = std::function<void(const model::PeriodReset&)>;

    // `wake` is called on another cluster's worker, `reopen` on any thread: they must not block.
    // Before the first cycle.
    void add(const std::string& cluster, std::function<void()> wake, Reopen reopen = {});
    // What a person requested on one cluster, for the next cycle of this one to do as well.
    void reopen(const std::string& cluster, const model::PeriodReset& reset) const;
    // Replaces what the cluster left before. Wakes the others where is_urgent(); they see the rest
    // in their next cycle.
    void post(FiguresPtr figures);
    // nullptr: no figures yet.
    FiguresPtr of(const std::string& cluster) const;

private:
    struct Listener {
        std::function<void()> wake;
        Reopen reopen;
    };
    std::map<std::string, Listener> listeners_;
    mutable Guarded<std::map<std::string, FiguresPtr>> figures_;
};

// Whether the other clusters should run a cycle at once: a flag, an entry of the ledger, a period
// or a policy changed. Growing usage alone is no reason, or cycles would wake each other without
// end.
bool is_urgent(const model::SharedFigures& before, const model::SharedFigures& now);

// How old figures of another cluster may be before they lift no pause any more: three missed
// cycles, and a minute for slow ones.
std::chrono::seconds longest_silence(const Rules& rules);

// Fills facts.others. Overrides of other clusters go to `events`, too: a decision here changes when
// they begin and end.
void take_from_others(const ClusterExchange* exchange, const Rules& rules, model::Facts& facts,
                      model::History& events);
// After the decision; facts.usage is still there.
void leave_for_others(ClusterExchange* exchange, const Rules& rules, const model::Facts& facts,
                      const model::Decision& decision);

// Why the figures of other clusters allow no pause of the account to be lifted; "": they are
// complete.
std::string missing_figures(const ClusterExchange* exchange, const Rules& rules,
                            const model::AccountDecision& account, Instant now);
// One for each cluster whose figures are too old or never came.
std::vector<model::Problem> silence_problems(const std::vector<model::OtherCluster>& others,
                                             const Rules& rules, Instant now);

} // namespace sluice::core
