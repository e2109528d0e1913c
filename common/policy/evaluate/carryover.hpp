// SPDX-License-Identifier: GPL-2.0-or-later
// What an account keeps of the period before, and what it borrows from the next. Each rule is one
// function from (policy, this account's past) to TRES-seconds; further rules go beside these.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/history.hpp"
#include "common/model/policy.hpp"

#include <optional>
#include <string>

namespace sluice::policy {

// One component of one account as the period before left it.
struct Past {
    std::optional<model::Period> period; // the one before; none for `total`
    bool had_allocation = false;         // when that period ended
    Amount used = 0;                     // in that period
    Amount own = 0;     // grant of that period without what it borrowed (see AccountMemory::grants)
    Amount base = 0;    // allocation when that period ended
    Amount highest = 0; // usage by ended jobs that was once reported
    Amount vanished = 0;           // part of `used`: what is not reported any more
    std::optional<Amount> granted; // allocation of that period, where it is not that of now
    Amount given = 0;              // <= 0: what transfers took from it in that period
};

// Picks the component's past out of what the journal remembers.
Past past_of(const model::AccountMemory& memory, const model::Period& current,
             const std::optional<model::Period>& before, const std::string& component);

// nullopt: a figure does not fit. cap: min(max(0, base + given - used), base * factor / 100);
// decay: max(0, base + given - used * 2^(-days / half_life)), days being 90 (as Waldur had it) or
// exact.
std::optional<model::CarryoverDerivation> carryover(const model::Carryover& rule, Amount base,
                                                    const Past& past);

struct Loan {
    Amount taken = 0;  // from the next period: usable now
    Amount repaid = 0; // that the period before took from this one
};

// `factor` % of the next period's allocation (taken as the present one) may be used early; what was
// used beyond the period's own is subtracted afterwards. nullopt: does not fit.
std::optional<Loan> borrow(const model::Borrow& rule, Amount base, const Past& past);

} // namespace sluice::policy
