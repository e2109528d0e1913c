// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/log.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(an_event_is_one_line_of_key_and_value) {
    CHECK_EQ(
        log::line("SLUICE-0412", "standing-changed", {{"account", "physics"}, {"to", "paused"}}),
        "SLUICE-0412 standing-changed account=physics to=paused");
}

CASE(a_value_cannot_forge_a_second_event) {
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"error", "a\nSLUICE-0002 y"}}),
             "SLUICE-0001 x error=\"a SLUICE-0002 y\"");
    CHECK_EQ(log::line("SLUICE-0001", "x", {{"error", "say \"no\""}}),
             "SLUICE-0001 x error=\"say \\\"no\\\"\"");
}
