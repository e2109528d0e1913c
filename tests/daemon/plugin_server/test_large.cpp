// SPDX-License-Identifier: GPL-2.0-or-later
// How long the largest snapshots take to the plugin. bench_plugin_server tells the figures.
#include "tests/support/case.hpp"
#include "tests/support/plugin_link.hpp"

using namespace sluice;

namespace {

// Two seconds are promised of an optimised build on a quiet machine. Unoptimised on a busy one it
// was 8.6 s, so the bounds leave room for that; GateLink gives up after a minute.
// A sanitizer looks for faults, not for time: a tenth is enough for it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kAccounts = 10'000;
constexpr double kSlow = 50;
#elif defined(__OPTIMIZE__)
constexpr int kAccounts = 100'000;
constexpr double kSlow = 20;
#else
constexpr int kAccounts = 100'000;
constexpr double kSlow = 50;
#endif

} // namespace

CASE(the_largest_snapshot_arrives_in_seconds) {
    test::GateLink link;
    CHECK(link.start());
    auto snapshot = test::large_snapshot(kAccounts);
    const auto whole = link.publish(snapshot);
    CHECK(whole.has_value());
    CHECK(*whole < kSlow);
    ++snapshot.accounts[7].budgets[0].left;
    const auto change = link.publish(snapshot);
    CHECK(change.has_value());
    CHECK(*change < kSlow);
}
