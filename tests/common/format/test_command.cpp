// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/command.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(a_command_to_paste_names_what_cannot_be_typed) {
    model::Command command;
    command.type = model::CommandType::reset_usage;
    command.account = "e\x1b[31m'v\\il\n\u202e";
    CHECK_EQ(format::command_line("lab", command),
             "sacctmgr -i modify account where "
             "name=$'e\\u001b[31m\\'v\\\\il\\n\\u202e' cluster=lab set RawUsage=0");
}
