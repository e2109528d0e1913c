// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/history.hpp"

#include <algorithm>

namespace sluice::model {
namespace {

bool older(const std::pair<const std::string, PastPeriod>& a,
           const std::pair<const std::string, PastPeriod>& b) {
    return a.second.begin < b.second.begin;
}

void forget_levels(AccountMemory& memory) {
    memory.notified.clear();
    memory.steps.clear();
    memory.reached.clear();
    memory.stands.clear();
}

} // namespace

void reopen(AccountMemory& memory) {
    memory.flags = {};
    memory.used.clear();
    for (auto& [label, past] : memory.past)
        past.used.clear();
    forget_levels(memory);
}

void release(AccountMemory& memory) {
    memory.enforced_by.clear();
    memory.bases.clear();
    memory.held_for.clear();
}

void enter(const PeriodReset& entry, AccountMemory& memory) {
    if (entry.release)
        release(memory);
    else
        reopen(memory);
}

void enter_period(AccountMemory& memory, const std::string& label, Instant begin) {
    if (!memory.period.empty())
        memory.past[memory.period] = {memory.period_begin, memory.bases, memory.grants,
                                      memory.used};
    PastPeriod known;
    if (const auto found = memory.past.find(label); found != memory.past.end()) {
        known = found->second;
        memory.past.erase(found);
    }
    while (memory.past.size() > kPastPeriods)
        memory.past.erase(std::min_element(memory.past.begin(), memory.past.end(), older));
    memory.period = label;
    memory.period_begin = begin;
    memory.bases = std::move(known.bases);
    memory.grants = std::move(known.grants);
    memory.used.clear();
    forget_levels(memory);
}

void forget_after(AccountMemory& memory, Instant now) {
    std::erase_if(memory.past, [now](const auto& entry) { return entry.second.begin > now; });
    if (memory.paused_since && *memory.paused_since > now)
        memory.paused_since = now;
    memory.used.clear(); // perhaps of the time after
    if (memory.period_begin <= now)
        return;
    const auto last = std::max_element(memory.past.begin(), memory.past.end(), older);
    const std::string never = memory.period;
    if (last == memory.past.end())
        enter_period(memory, "", {});
    else
        enter_period(memory, std::string(last->first), last->second.begin);
    memory.past.erase(never);
    memory.reset_done_for.clear();
    memory.reset_owed = false;
}

} // namespace sluice::model
