// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/backoff.hpp"

#include "tests/support/case.hpp"

using namespace sluice;
using std::chrono::seconds;

CASE(the_wait_doubles_up_to_its_bound) {
    constexpr Backoff<seconds> kBackoff{seconds{5}, seconds{600}};
    CHECK_EQ(kBackoff.wait(1).count(), 5);
    CHECK_EQ(kBackoff.wait(2).count(), 10);
    CHECK_EQ(kBackoff.wait(7).count(), 320);
    CHECK_EQ(kBackoff.wait(8).count(), 600);
    CHECK_EQ(kBackoff.wait(INT64_MAX).count(), 600);
}

CASE(jitter_adds_up_to_its_share_and_no_more) {
    constexpr Backoff<seconds> kBackoff{seconds{5}, seconds{600}, 25};
    CHECK_EQ(kBackoff.wait(8, 0).count(), 600);
    CHECK_EQ(kBackoff.wait(8, 150).count(), 750);
    CHECK_EQ(kBackoff.wait(8, 151).count(), 600);
    for (const std::uint32_t random : {1U, 4'000'000'000U, 4'294'967'295U})
        CHECK(kBackoff.wait(8, random) <= seconds{750});
}
