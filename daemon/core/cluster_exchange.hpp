// SPDX-License-Identifier: GPL-2.0-or-later
// Where the cycles of several clusters leave for each other what they know of accounts whose
// allocation spans clusters. Keeps the last of each cluster, and nothing over a restart.
#pragma once

#include "common/base/thread.hpp"
#include "common/model/facts.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice::app {

using FiguresPtr = std::shared_ptr<const model::SharedFigures>;

// Thread-safe, except add().
class ClusterExchange {
public:
    using Reopen = std::function<void(const model::PeriodReset&)>;

    // `wake` is called on another cluster's worker, `reopen` on anybody's: they must not block.
    // Before the first cycle.
    void add(const std::string& cluster, std::function<void()> wake, Reopen reopen = {});
    // What a person requested on one cluster, for the next cycle of this one to do as well.
    void reopen(const std::string& cluster, const model::PeriodReset& reset) const;
    // In place of what the cluster left before. Wakes the others where they should look at once;
    // what they do not, they see in their next cycle.
    void post(FiguresPtr figures);
    // nullptr: nothing yet.
    FiguresPtr of(const std::string& cluster) const;

private:
    struct Listener {
        std::function<void()> wake;
        Reopen reopen;
    };
    std::map<std::string, Listener> listeners_;
    mutable Guarded<std::map<std::string, FiguresPtr>> figures_;
};

// Whether the other clusters should look at once: a flag, an entry of the ledger, a period or a
// policy is another one. Growing usage alone is not a reason, or cycles would wake each other for
// ever.
bool is_urgent(const model::SharedFigures& before, const model::SharedFigures& now);

} // namespace sluice::app
