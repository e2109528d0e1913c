// SPDX-License-Identifier: GPL-2.0-or-later
// Allocations that span clusters: what the other clusters add to an account's figures. A cluster
// whose usage is not known adds nothing, which errs in the account's favour, and nothing is
// loosened meanwhile.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/subjects.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

// Points into the facts; valid as long as they are.
struct OtherPart {
    std::string cluster;
    const model::AccountUsage* usage = nullptr;        // of the current period; nullptr: not known
    const model::AccountUsage* usage_before = nullptr; // of the one before; nullptr: not known
    const model::AccountMemory* memory = nullptr;      // nullptr: it was not judged there
    bool stale = false;
    std::int64_t age = 0; // seconds
};

// One for each cluster that shares the subject's allocation with this one, in the policy's order;
// empty: none does.
std::vector<OtherPart> other_parts(const model::Facts& facts, const Subject& subject,
                                   const model::Period& current,
                                   const std::optional<model::Period>& before);

// For AccountDecision::span: this cluster and the others, in the policy's order.
std::vector<model::SpanPart> span_parts(const model::Facts& facts, const Subject& subject,
                                        const std::vector<OtherPart>& others);

// Why nothing is lifted, one line for each cluster that is missing or late.
std::vector<std::string> span_notes(const std::vector<model::SpanPart>& span);

// An account of the settings that this cluster lacks may be on another one that allocations span.
bool may_be_elsewhere(const model::Facts& facts, const std::string& account);

// Overrides and adjustments by account; those of an allocation that spans count wherever they were
// entered. Points into the facts.
class Entries {
public:
    explicit Entries(const model::Facts& facts);

    std::vector<const model::Adjustment*> adjustments(const Subject& subject,
                                                      const std::string& period) const;
    // Those in force now or later, by id.
    std::vector<model::Override> overrides(const Subject& subject) const;

private:
    template <class T>
    struct Entry {
        const std::string* cluster;
        const T* entry;
    };
    void add(const model::History& history, const std::string& cluster, Instant now);
    // Whether what was entered on `cluster` counts for the subject here.
    bool counts(const Subject& subject, const std::string& cluster) const;

    const std::string& here_;
    std::unordered_map<std::string_view, std::vector<Entry<model::Adjustment>>> adjustments_;
    std::unordered_map<std::string_view, std::vector<Entry<model::Override>>> overrides_;
};

} // namespace sluice::policy
