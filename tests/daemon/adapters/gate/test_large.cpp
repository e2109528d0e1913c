// SPDX-License-Identifier: GPL-2.0-or-later
// How long the largest snapshots take to the plugin. bench_gate tells the figures.
#include "tests/support/case.hpp"
#include "tests/support/gate_link.hpp"

using namespace sluice;

namespace {

// Two seconds are promised of an optimised build on a quiet machine (docs/performance.md); this
// build may be unoptimised or sanitized, and the machine busy.
constexpr double kSlow = 15;

} // namespace

CASE(a_snapshot_of_100000_accounts_arrives_in_seconds) {
    test::GateLink link;
    CHECK(link.start());
    auto snapshot = test::large_snapshot(100'000);
    const auto whole = link.publish(snapshot);
    CHECK(whole.has_value());
    CHECK(*whole < kSlow);
    ++snapshot.accounts[7].budgets[0].left;
    const auto change = link.publish(snapshot);
    CHECK(change.has_value());
    CHECK(*change < kSlow / 2); // a difference
}
