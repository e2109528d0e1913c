// SPDX-License-Identifier: GPL-2.0-or-later
// Values that several tests of the wire use. Their bytes are in tests/data/wire: changing them here
// means changing them there.
#pragma once

#include "common/wire/message.hpp"

namespace sluice::test {

inline model::Snapshot sample_snapshot() {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.sequence = 42;
    snapshot.made = instant(1'790'000'000);
    snapshot.accounts = {
        {"biology", model::Standing::normal, std::nullopt, ""},
        {"chem", model::Standing::normal, 6137, ""},
        {"geo", model::Standing::downscaled, 10'450, "account geo: 104.5 % used"},
        {"physics",
         model::Standing::paused,
         12'000,
         "account physics is paused.",
         "hpc@example.org",
         {{instant(1'798'761'600), model::Standing::normal, ""}}},
    };
    snapshot.users = {
        {0, "root", {"root"}},
        {1001, "physics", {"chem", "physics"}},
        {1002, "biology", {"biology"}},
    };
    return snapshot;
}

inline wire::Delta sample_delta() {
    wire::Delta delta;
    delta.base = 42;
    delta.sequence = 43;
    delta.made = instant(1'790'000'060);
    delta.accounts = {{"alpha", model::Standing::paused, std::nullopt, "paused"},
                      {"chem", model::Standing::normal, 6200, ""}};
    delta.removed_accounts = {"biology"};
    delta.users = {{1001, "chem", {"chem"}}};
    delta.removed_users = {1002};
    return delta;
}

inline std::vector<model::Measure> sample_measures() {
    return {{"node_hours", 3600, {{"node", 1}}},
            {"billing", 14'400, {{"cpu", 1}, {"gres/gpu", 4}}}};
}

inline std::vector<model::QosFactor> sample_factors() {
    return {{"double", 2'000'000}, {"free", 0}};
}

inline std::vector<model::DefaultFactor> sample_defaults() {
    return {{"chem", 1001, "", 1'000'000},
            {"chem", 1001, "long", 500'000},
            {"chem", model::DefaultFactor::kAnyUser, "", 2'000'000}};
}

inline std::vector<model::Partition> sample_partitions() {
    return {{"long", false, true, std::nullopt, {{"cpu", 64}, {"gres/gpu", 4}}},
            {"short", true, false, 30, {}}};
}

// With all that a record can carry.
inline model::Snapshot full_snapshot() {
    auto snapshot = sample_snapshot();
    snapshot.accounts[0].bounded_by = "chem";
    snapshot.accounts[0].later = {
        {instant(1'791'000'000), model::Standing::paused, "account biology is paused",
         "bio@example.org"},
        {instant(1'798'761'600), model::Standing::downscaled, "account biology: 104 % used"}};
    snapshot.accounts[1].check = model::BudgetCheck::refuse;
    snapshot.accounts[1].budgets = {{0, 36'000}, {1, 5'000'000'000}};
    snapshot.accounts[1].waits = true;
    snapshot.measures = sample_measures();
    snapshot.factors = sample_factors();
    snapshot.default_factors = sample_defaults();
    snapshot.partitions = sample_partitions();
    return snapshot;
}

inline wire::Delta full_delta() {
    auto delta = sample_delta();
    delta.accounts[1].check = model::BudgetCheck::warn;
    delta.accounts[1].budgets = {{1, 0}};
    delta.accounts[1].waits = true;
    delta.measures = sample_measures();
    delta.factors = sample_factors();
    delta.default_factors = sample_defaults();
    delta.partitions = sample_partitions();
    return delta;
}

} // namespace sluice::test
