// SPDX-License-Identifier: GPL-2.0-or-later
// How the standings of a decision go on by themselves, with the usage of now: overrides end or
// begin, pauses end. For the plugin, which applies them on time while sluiced is away.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/policy/qos_restore.hpp"
#include "common/policy/tree.hpp"

#include <map>
#include <utility>
#include <vector>

namespace sluice::policy {

class Course {
public:
    // All outlive it.
    Course(const model::PolicySet& set, const Tree& tree, const Governance& governed,
           const model::Decision& decision);

    // Instants after now at which the standing of the decision's account `index` may change,
    // ascending. An account without overrides, also above it, has at most one: the pause ends.
    std::vector<Instant> changes(int index) const;
    // The decision of account `index` as it is at `at`, after now.
    const model::AccountDecision& at(int index, Instant at);

private:
    const model::AccountDecision& account(int index) const {
        return decision_.accounts[static_cast<std::size_t>(index)];
    }
    int above(int index) const { return above_[static_cast<std::size_t>(index)]; }
    bool overridden(int index) const;

    const model::PolicySet& set_;
    const model::Decision& decision_;
    std::vector<int> above_; // by account: the next one above it that is judged, or kNone
    std::map<std::pair<int, Instant>, model::AccountDecision> made_;
};

} // namespace sluice::policy
