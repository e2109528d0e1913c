// SPDX-License-Identifier: GPL-2.0-or-later
// How long the largest snapshots take to the plugin. bench_gate tells the figures.
#include "tests/support/case.hpp"
#include "tests/support/gate_link.hpp"

using namespace sluice;

namespace {

// Two seconds are promised of an optimised build on a quiet machine. Unoptimised on a busy one it
// was 8.6 s, so the bounds leave room for that; GateLink gives up after a minute.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr double kSlow = 20;
#else
constexpr double kSlow = 50;
#endif

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
    CHECK(*change < kSlow);
}
