// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/pace.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using app::Pace;
using ports::Delivered;
using std::chrono::seconds;

namespace {

constexpr Instant kNow = instant(1'800'000'000);

ports::Delivery away(std::optional<seconds> asked = std::nullopt) {
    return {Delivered::target_away, "502", asked};
}

} // namespace

CASE(waits_double_up_to_ten_minutes) {
    CHECK_EQ(Pace::wait(1, {}, 0).count(), 5);
    CHECK_EQ(Pace::wait(2, {}, 0).count(), 10);
    CHECK_EQ(Pace::wait(7, {}, 0).count(), 320);
    CHECK_EQ(Pace::wait(8, {}, 0).count(), 600);
    CHECK_EQ(Pace::wait(1'000'000, {}, 0).count(), 600);
}

CASE(chance_adds_at_most_a_quarter) {
    seconds longest{0};
    for (std::uint32_t chance = 0; chance < 1000; ++chance) {
        const auto wait = Pace::wait(20, {}, chance);
        CHECK(wait >= seconds{600});
        longest = std::max(longest, wait);
    }
    CHECK_EQ(longest.count(), 750);
}

CASE(what_the_other_side_asked_for_is_kept_within_reason) {
    CHECK_EQ(Pace::wait(1, seconds{120}, 0).count(), 120);
    CHECK_EQ(Pace::wait(8, seconds{1}, 0).count(), 600);
    CHECK_EQ(Pace::wait(1, seconds{1'000'000}, 0).count(), 6 * 3600);
}

CASE(a_target_that_is_away_is_left_alone_until_its_time) {
    Pace pace;
    CHECK(pace.open_from() <= kNow);
    CHECK(pace.note(away(), 0, kNow, 0) == kNow + seconds{5});
    CHECK(pace.open_from() == kNow + seconds{5});
    CHECK(pace.is_away());
    // Attempts of the single message do not count while nobody gets through.
    CHECK(pace.note(away(), 50, kNow, 0) == kNow + seconds{10});
    pace.note({Delivered::done, "", {}}, 0, kNow, 0);
    CHECK(pace.open_from() <= kNow);
    CHECK(!pace.is_away());
    CHECK(pace.note(away(), 0, kNow, 0) == kNow + seconds{5});
}

CASE(a_message_that_has_to_wait_does_not_close_the_target) {
    Pace pace;
    CHECK(pace.note({Delivered::later, "409", {}}, 2, kNow, 0) == kNow + seconds{20});
    CHECK(pace.open_from() <= kNow);
}
