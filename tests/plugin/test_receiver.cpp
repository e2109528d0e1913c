// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/receiver.hpp"

#include "tests/support/case.hpp"

using namespace sluice::plugin;
using namespace std::chrono_literals;

CASE(the_wait_doubles_up_to_its_bound_and_starts_again) {
    Backoff backoff;
    for (auto step = Backoff::kFirst; step < Backoff::kMax; step *= 2) {
        const auto wait = backoff.next(static_cast<std::uint32_t>(step.count() / 2));
        CHECK_EQ(wait.count(), step.count()); // this number gives the longest jitter
    }
    for (int i = 0; i < 100; ++i)
        CHECK(backoff.next(4'000'000'000U) <= Backoff::kMax);
    backoff.reset();
    CHECK_EQ(backoff.next(0).count(), Backoff::kFirst.count() / 2);
}
