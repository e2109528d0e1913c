// SPDX-License-Identifier: GPL-2.0-or-later
// What the facts hold of one account: usage here and on the clusters that share its allocation,
// adjustments and overrides. A window that is missing means "not known", never zero. A cluster
// whose usage is not known adds nothing, which errs in the account's favour, and nothing is
// loosened meanwhile.
#pragma once

#include "common/model/facts.hpp"
#include "common/policy/evaluate/subjects.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

struct Periods {
    model::Period current;
    std::optional<model::Period> before; // none for `total`, and before the account's life
    // Of an account with a life: the periods above are the parts of these inside it.
    model::Period whole;
    std::optional<model::Period> whole_before;
    std::optional<model::Period> next; // none: the life ends before
    std::optional<model::Period> whole_next;
    bool prorate = false; // parts have their share of the allocation
};

// An account on one cluster. Points into the facts.
struct ClusterPart {
    std::string cluster;
    const model::AccountUsage* usage = nullptr;        // of the current period; nullptr: not known
    const model::AccountUsage* usage_before = nullptr; // of the one before; nullptr: not known
    const model::AccountMemory* memory = nullptr;      // nullptr: not evaluated there
    bool stale = false;                                // usage too old to lift a pause
    std::int64_t age = 0;                              // of the usage, seconds
};

struct AccountFacts {
    // This cluster, then those that share the allocation in the policy's order.
    std::vector<ClusterPart> parts;
    std::vector<const model::Adjustment*> adjustments;  // of the current period
    std::vector<const model::Adjustment*> moved_before; // transfers of the period before
    std::vector<model::Override> overrides;             // in force now or later, by id

    const ClusterPart& here() const { return parts.front(); }
    const model::AccountMemory& memory() const { return *here().memory; } // maybe empty
    // Usage of every cluster is known.
    bool complete() const;
    // For AccountDecision::span: all clusters in the policy's order; empty: no other one shares.
    std::vector<model::SpanPart> span(const Subject& subject) const;
};

// Finds them. Overrides and adjustments of an allocation that spans count wherever they were
// entered.
class FactsIndex {
public:
    // `facts` outlives it.
    explicit FactsIndex(const model::Facts& facts);

    AccountFacts of(const Subject& subject, const Periods& periods) const;

private:
    template <class T>
    struct Entry {
        const std::string* cluster;
        const T* entry;
    };
    template <class T>
    using Entries = std::unordered_map<std::string_view, std::vector<Entry<T>>>; // by account

    void add(const model::History& history, const std::string& cluster);
    ClusterPart here(const std::string& account, const Periods& periods) const;
    ClusterPart other(const std::string& cluster, const Subject& subject,
                      const Periods& periods) const;
    // Whether an entry made on `cluster` counts for the subject here.
    bool counts(const Subject& subject, const std::string& cluster) const;

    const model::Facts& facts_;
    Entries<model::Adjustment> adjustments_;
    Entries<model::Override> overrides_;
};

// Usage of a TRES that is absent is 0.
model::UsageSplit usage_of(const model::AccountUsage& usage, const std::string& tres);

} // namespace sluice::policy
