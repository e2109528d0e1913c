// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/course.hpp"

#include "common/policy/lookup.hpp"
#include "common/policy/own_standing.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Policy;

namespace {

// Whose QOS an override asks for: as in the evaluation itself.
const Policy* deciding(const model::PolicySet& set, const AccountDecision& decision) {
    for (const auto& name : decision.policies)
        if (const Policy* policy = find_policy(set, name); policy && policy->mode == decision.mode)
            return policy;
    return nullptr;
}

// An account that could not be evaluated keeps its standing until its period ends.
void settle_unjudged(Instant at, AccountDecision& out) {
    if (!out.until || at < *out.until)
        return;
    out.own = out.flags = out.enforced = {};
    out.until.reset();
}

} // namespace

Course::Course(const model::PolicySet& set, const Tree& tree, const Governance& governed,
               const model::Decision& decision)
    : set_(set), decision_(decision), above_(decision.accounts.size(), kNone) {
    for (const int node : tree.order()) {
        const auto at = static_cast<std::size_t>(node);
        if (const int parent = tree[node].parent; governed.judged[at] && parent != kNone)
            above_[static_cast<std::size_t>(governed.governor[at])] =
                governed.governor[static_cast<std::size_t>(parent)];
    }
}

bool Course::overridden(int index) const {
    for (; index != kNone; index = above(index))
        if (!account(index).overrides.empty())
            return true;
    return false;
}

std::vector<Instant> Course::changes(int index) const {
    const auto& own = account(index);
    std::vector<Instant> all;
    if (!overridden(index)) {
        if (own.enforced.paused && own.until)
            all.push_back(*own.until);
        return all;
    }
    for (; index != kNone; index = above(index)) {
        const auto& one = account(index);
        const auto some = own_changes(one, decision_.now);
        all.insert(all.end(), some.begin(), some.end());
        if (!one.error.empty() && one.until)
            all.push_back(*one.until);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

const AccountDecision& Course::at(int index, Instant at) {
    const auto [found, fresh] = made_.try_emplace({index, at}, account(index));
    AccountDecision& out = found->second;
    if (!fresh)
        return out;
    const Policy* policy = deciding(set_, out);
    if (!out.error.empty() || policy == nullptr) {
        settle_unjudged(at, out);
        return out;
    }
    // What was said of usage is of the period that has ended.
    if (out.period.end && at >= *out.period.end)
        out.notify_reached = false;
    settle_own(*policy, at, out);
    join_above(above(index) == kNone ? nullptr : &this->at(above(index), at), out);
    return out;
}

} // namespace sluice::policy
