// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/clock.hpp"

namespace sluice::policy {

std::string clock_fault(const model::Facts& facts, const model::AccountMemory& before,
                        const model::Period& current) {
    if (before.period != current.label && !facts.clock.trusted())
        return "the clock is not trusted: " + (before.period.empty()
                                                   ? std::string("the first evaluation waits")
                                                   : "period " + current.label + " does not begin");
    if (facts.now < before.period_begin)
        return "the clock went back: the journal has the account in period " + before.period +
               ", which has not begun";
    return "";
}

bool reset_is_due(const model::AccountMemory& before, const model::Period& period) {
    if (before.reset_owed)
        return true;
    return before.period != period.label && !before.resets.contains(period.label) &&
           (before.period.empty() || period.begin > before.period_begin);
}

} // namespace sluice::policy
