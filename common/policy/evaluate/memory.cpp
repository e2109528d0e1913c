// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/memory.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountMemory;
using model::Period;

namespace {

// Instants at which thresholds were first seen reached. Cycles are up to a minute apart, so is
// this.
std::map<std::string, std::int64_t> reached_since(const std::vector<model::Threshold>& thresholds,
                                                  Instant now, const AccountMemory& memory) {
    std::map<std::string, std::int64_t> since;
    for (const auto& threshold : thresholds)
        if (threshold.reached) {
            const std::string key = reached_key(threshold);
            const auto before = memory.reached.find(key);
            since.emplace(key, before == memory.reached.end() ? epoch(now) : before->second);
        }
    return since;
}

// At a boundary (and at the first evaluation), when a reset is due. A policy that begins to ask for
// resets inside a period waits for the next boundary; limits follow raw usage until then.
void mark_reset(const Subject& subject, const AccountMemory& before, AccountMemory& memory) {
    if (!reset_is_due(before, {memory.period, memory.period_begin, std::nullopt}))
        return;
    for (const model::Policy* policy : subject.policies)
        if (policy->raw_usage_reset) {
            memory.reset_done_for = memory.period;
            memory.reset_owed = false;
            memory.resets[memory.period] = memory.period_begin;
        }
    const auto older = [](const auto& a, const auto& b) { return a.second < b.second; };
    while (memory.resets.size() > model::kResetsKept)
        memory.resets.erase(std::min_element(memory.resets.begin(), memory.resets.end(), older));
}

} // namespace

std::string clock_fault(const model::Facts& facts, const AccountMemory& before,
                        const Period& current) {
    if (before.period != current.label && !facts.clock.trusted())
        return "the clock is not trusted: " + (before.period.empty()
                                                   ? std::string("the first evaluation waits")
                                                   : "period " + current.label + " does not begin");
    if (facts.now < before.period_begin)
        return "the clock went back: the journal has the account in period " + before.period +
               ", which has not begun";
    return "";
}

bool reset_is_due(const AccountMemory& before, const Period& period) {
    if (before.reset_owed)
        return true;
    return before.period != period.label && !before.resets.contains(period.label) &&
           (before.period.empty() || period.begin > before.period_begin);
}

AccountMemory remember(const model::Facts& facts, const Subject& subject, const Period& period,
                       const AccountFacts& known, const Figures& figures,
                       const ThresholdResult& result) {
    AccountMemory memory = known.memory();
    if (memory.period != period.label)
        model::enter_period(memory, period.label, period.begin);
    memory.period_begin = period.begin;
    memory.reached = reached_since(result.thresholds, facts.now, memory);
    if (known.complete() || memory.grants.empty()) {
        memory.bases.clear();
        for (const auto& figure : figures.figures)
            memory.bases[figure.component.name] = figure.allocation;
        memory.grants = figures.grants;
    }
    if (known.complete())
        for (const auto& figure : figures.figures)
            note_used(figure, memory);
    if (known.complete())
        note_used_before(figures, memory);
    if (facts.raw_usage_resets && facts.clock.trusted())
        mark_reset(subject, known.memory(), memory);
    memory.flags = result.flags;
    memory.steps = result.steps;
    memory.stands = result.stands;
    memory.rules = {facts.policies.version, {}, *subject.allocation, subject.spans};
    for (const model::Policy* policy : subject.policies)
        memory.rules.policies.push_back(policy->name);
    memory.held_for.clear();
    memory.enforced_by.clear();
    for (const model::Policy* policy : subject.policies)
        if (policy->mode == model::Mode::enforce)
            memory.enforced_by.insert(policy->name);
    return memory;
}

} // namespace sluice::policy
