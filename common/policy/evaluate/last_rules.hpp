// SPDX-License-Identifier: GPL-2.0-or-later
// What a held account is evaluated by: the rules of its last evaluation that no person had to
// confirm, from the journal. Usage goes on leading to a warning, a slowdown and a pause, as if the
// new rules had not come. One cycle, one thread.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/account.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::policy {

class LastRules {
public:
    // Both outlive it.
    LastRules(const Zone& zone, const model::Facts& facts) : zone_(zone), facts_(facts) {}
    LastRules(const LastRules&) = delete;
    LastRules& operator=(const LastRules&) = delete;

    // The account as these rules alone have it. nullopt: the journal does not have them, or they
    // cannot be evaluated.
    std::optional<model::AccountDecision> evaluate(const std::string& account) const;

private:
    const Zone& zone_;
    const model::Facts& facts_;
    mutable std::map<std::string, AccountEvaluator> evaluators_; // by version, when first needed
};

} // namespace sluice::policy
