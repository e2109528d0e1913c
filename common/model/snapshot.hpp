// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin decides from, and nothing else. Made by the core, carried by common/wire.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/budget.hpp"
#include "common/model/standing.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::model {

// The standing from an instant on without a further evaluation: an override or a pause has ended,
// or an override has begun.
struct SnapshotPhase {
    Instant from{};
    Standing standing = Standing::normal;
    std::string text = {}; // these two as in the account
    std::string contact = {};

    friend bool operator==(const SnapshotPhase&, const SnapshotPhase&) = default;
};

// An account that a submission could name. Accounts that are admitted without a message appear too
// when they have a percentage: refusals suggest them as other accounts of the user.
struct SnapshotAccount {
    std::string name;
    Standing standing = Standing::normal; // with the ancestors'; normal in observe mode
    std::optional<std::int64_t> percent;  // hundredths
    // paused: the refusal; downscaled or above the notify level: the warning; else ""
    std::string text = {};
    std::string contact = {}; // whom the user asks, for the plugin to add; "": `text` is complete
    std::vector<SnapshotPhase> later = {}; // after `made`, ascending; each holds until the next
    // What a job of this account, or of one below it, is checked against. Empty while off.
    BudgetCheck check = BudgetCheck::off;
    bool waits = false; // limits in Slurm keep a job from starting that asks for more than is left
    std::vector<Budget> budgets = {};
    std::string bounded_by = {}; // the next account above that has budgets; "": none

    friend bool operator==(const SnapshotAccount&, const SnapshotAccount&) = default;
};

struct SnapshotUser {
    std::uint32_t uid = 0;
    std::string default_account;
    std::vector<std::string> accounts; // sorted

    friend bool operator==(const SnapshotUser&, const SnapshotUser&) = default;
};

struct Snapshot {
    std::string cluster;
    std::uint64_t sequence = 0; // grows with every change; 0: none
    Instant made{};
    std::vector<SnapshotAccount> accounts; // sorted by name
    std::vector<SnapshotUser> users;       // sorted by uid
    std::vector<Measure> measures;         // of the budgets
    std::vector<QosFactor> factors;        // other than 1, sorted by QOS; empty: usage ignores them
    // Sorted by account, user and partition; what they lack is 1. Empty where `factors` is.
    std::vector<DefaultFactor> default_factors;
    std::vector<Partition> partitions; // empty without budgets

    // The same answers to submissions: sequence and time left aside.
    bool same_content(const Snapshot& other) const {
        return cluster == other.cluster && accounts == other.accounts && users == other.users &&
               measures == other.measures && factors == other.factors &&
               default_factors == other.default_factors && partitions == other.partitions;
    }
};

} // namespace sluice::model
