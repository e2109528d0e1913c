// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/format.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(a_grant_of_less_than_one_unit_does_not_read_as_nothing) {
    const model::Component node_hours{"node_hours", "node", Decimal::whole(60)};
    CHECK_EQ(policy::units_text(7, node_hours), "0.0019");
    CHECK_EQ(policy::units_text(18, node_hours), "0.005");
    CHECK_EQ(policy::units_text(0, node_hours), "0");
    CHECK_EQ(policy::units_text(3600, node_hours), "1");
    CHECK_EQ(policy::units_text(3600 * 1231 + 1800, node_hours), "1231.5");
    CHECK_EQ(policy::units_text(3600 * 1231 + 12, node_hours), "1231");
}

CASE(a_command_to_paste_names_what_cannot_be_typed) {
    model::Command command;
    command.type = model::CommandType::reset_usage;
    command.account = "e\x1b[31m'v\\il\n\u202e";
    policy::write_line("lab", command);
    CHECK_EQ(command.sacctmgr,
             "sacctmgr -i modify account where "
             "name=$'e\\u001b[31m\\'v\\\\il\\n\\u202e' cluster=lab set RawUsage=0");
}
