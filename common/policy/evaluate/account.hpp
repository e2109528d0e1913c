// SPDX-License-Identifier: GPL-2.0-or-later
// The evaluation of one account by itself: figures, metric, own flags, override, memory. What
// accounts above it add comes afterwards (standing.hpp).
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/account_facts.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::policy {

using Waiting = std::map<std::string, std::string>; // account -> why new rules wait for a person

class LastRules;

// What all accounts of one cycle share. All that it is given outlives it.
class AccountEvaluator {
public:
    // `waiting`: accounts that the guard holds. `last`: what held accounts are evaluated by;
    // nullptr: nothing.
    AccountEvaluator(const model::PolicySet& set, const Zone& zone, const model::Facts& facts,
                     const Waiting& waiting, const LastRules* last = nullptr);

    // Total: what cannot be evaluated has a fault and keeps its standing.
    model::AccountDecision evaluate(const Subject& subject) const;
    // Of an account in the history that no rule covers any more. `fault`: why it is held; "": for
    // this reason.
    model::AccountDecision keep(const std::string& account, const std::string& fault = "") const;

private:
    model::AccountDecision begin(const Subject& subject, const Periods& periods,
                                 const AccountFacts& known) const;
    void find_fault(const Subject& subject, const Periods& periods, const AccountFacts& known,
                    model::AccountDecision& out) const;
    // Outside its life: no figures.
    void close(const Subject& subject, const AccountFacts& known,
               model::AccountDecision& out) const;
    std::optional<model::AccountDecision> by_last_rules(const std::string& account) const;
    void fill(const Subject& subject, const Periods& periods, const AccountFacts& known,
              model::AccountDecision& out) const;

    const model::PolicySet& set_;
    const model::Facts& facts_;
    const Waiting& waiting_;
    const LastRules* last_;
    const Zone& zone_;
    FactsIndex index_;
    std::map<const model::Policy*, Periods> periods_;
};

} // namespace sluice::policy
