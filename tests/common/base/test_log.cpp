// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/log.hpp"

#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"

#include <thread>

using namespace sluice;

CASE(an_event_is_one_line_of_key_and_value) {
    CHECK_EQ(
        log::line("SLUICE-0412", "standing-changed", {{"account", "physics"}, {"to", "paused"}}),
        "SLUICE-0412 standing-changed account=physics to=paused");
}

CASE(a_value_cannot_forge_a_second_event) {
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"error", "a\nSLUICE-0002 y"}}),
             "SLUICE-0001 x error=\"a\\nSLUICE-0002 y\"");
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"error", "say \"no\""}}),
             "SLUICE-0001 x error=\"say \\\"no\\\"\"");
}

CASE(a_value_does_not_steer_the_terminal_that_shows_the_log) {
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"account", "e\x1b[31mvil"}}),
             "SLUICE-0001 x account=\"e\\u001b[31mvil\"");
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"account", "a\\n\x9b"}}),
             "SLUICE-0001 x account=\"a\\\\n\\x9b\"");
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"account", "f\u00FC"}}),
             "SLUICE-0001 x account=f\u00FC");
    const log::Scope scope("cluster", "c" + test::kHostile);
    CHECK_EQ(test::harm_in(log::line("SLUICE-0001", "x", {{"account", "a" + test::kHostile}})), "");
}

CASE(a_scope_adds_its_field_to_each_event_of_its_thread_until_it_ends) {
    {
        const log::Scope scope("cluster", "beta gamma");
        CHECK_EQ(log::line("SLUICE-0001", "x", {{"a", "b"}}),
                 "SLUICE-0001 x a=b cluster=\"beta gamma\"");
        std::string other;
        std::thread([&other] { other = log::line("SLUICE-0001", "x", {}); }).join();
        CHECK_EQ(other, "SLUICE-0001 x");
    }
    CHECK_EQ(log::line("SLUICE-0001", "x", {}), "SLUICE-0001 x");
    const log::Scope nothing("cluster", "");
    CHECK_EQ(log::line("SLUICE-0001", "x", {}), "SLUICE-0001 x");
}
