// SPDX-License-Identifier: GPL-2.0-or-later
// The judgement of one account by itself: figures, metric, own flags, override, memory. Ancestors
// come afterwards (ancestors.hpp).
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/shared_allocation.hpp"
#include "common/policy/subjects.hpp"
#include "common/policy/usage_index.hpp"

#include <map>
#include <optional>

namespace sluice::policy {

// What all accounts of one cycle share. Points into set and facts.
class AccountEvaluator {
public:
    AccountEvaluator(const model::PolicySet& set, const Zone& zone, const model::Facts& facts);

    model::AccountDecision judge(const Subject& subject) const;

private:
    struct PeriodWindow {
        model::Period current;
        std::optional<model::Period> before;
        const model::WindowUsage* usage = nullptr;
        const model::WindowUsage* usage_before = nullptr;
    };
    const PeriodWindow& span_of(const model::Policy& policy) const;
    std::string missing_tres(const Subject& subject) const;
    void fill(const Subject& subject, const PeriodWindow& span,
              const std::vector<OtherPart>& others, model::AccountDecision& out) const;
    const model::AccountMemory& memory(const std::string& account) const;

    const model::PolicySet& set_;
    const model::Facts& facts_;
    UsageIndex usage_;
    std::map<const model::Policy*, PeriodWindow> spans_;
    Entries entries_;
};

} // namespace sluice::policy
