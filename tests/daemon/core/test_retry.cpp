// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/retry.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using core::CommandBackoff;
using std::chrono::seconds;

namespace {

constexpr Instant kNow = instant(1'000'000);
const Error kDenied{Errc::refused, "denied"};

model::Command command(const std::string& account) {
    model::Command one;
    one.account = account;
    one.default_qos = "blocked";
    return one;
}

} // namespace

CASE(the_first_failure_costs_no_wait_then_waits_double_up_to_an_hour) {
    CommandBackoff backoff;
    const auto one = command("a");
    CHECK(backoff.waits(one, kNow) == nullptr);
    backoff.note(one, kDenied, kNow);
    CHECK(backoff.waits(one, kNow) == nullptr);
    for (const int expected : {60, 120, 240, 480, 960, 1920, 3600, 3600}) {
        backoff.note(one, kDenied, kNow);
        CHECK(backoff.waits(one, kNow + seconds(expected - 1)) != nullptr);
        CHECK_EQ(*backoff.waits(one, kNow), "denied");
        CHECK(backoff.waits(one, kNow + seconds(expected)) == nullptr);
    }
}

CASE(success_or_another_command_ends_the_wait) {
    CommandBackoff backoff;
    auto one = command("a");
    backoff.note(one, kDenied, kNow);
    backoff.note(one, kDenied, kNow);
    CHECK(backoff.waits(one, kNow) != nullptr);
    CHECK(backoff.waits(command("b"), kNow) == nullptr);
    auto other = one;
    other.default_qos = "slowdown";
    CHECK(backoff.waits(other, kNow) == nullptr);
    backoff.note(one, std::nullopt, kNow);
    CHECK(backoff.waits(one, kNow) == nullptr);
}
