// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/usage_index.hpp"

namespace sluice::policy {

const model::WindowUsage* UsageIndex::current(const model::Period& period) const {
    const model::WindowUsage* best = nullptr;
    for (const auto& one : facts_->usage) {
        if (one.window.begin != period.begin || one.window.end > facts_->now)
            continue;
        const bool fresh = one.window.end == facts_->now;
        if (!fresh && facts_->usage_age <= 0)
            continue;
        if (best == nullptr || one.window.end >= best->window.end)
            best = &one;
    }
    return best == nullptr && period.begin == facts_->now ? &nothing_ : best;
}

const model::WindowUsage* UsageIndex::whole(const model::Period& period) const {
    for (const auto& one : facts_->usage)
        if (one.window.begin == period.begin && one.window.end == period.end)
            return &one;
    return nullptr;
}

const model::AccountUsage& usage_of(const model::WindowUsage& window, const std::string& account) {
    static const model::AccountUsage kNothing;
    const auto found = window.accounts.find(account);
    return found == window.accounts.end() ? kNothing : found->second;
}

model::UsageSplit usage_of(const model::AccountUsage& usage, const std::string& tres) {
    const auto split = usage.tres.find(tres);
    return split == usage.tres.end() ? model::UsageSplit{} : split->second;
}

} // namespace sluice::policy
