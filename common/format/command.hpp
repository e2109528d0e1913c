// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "common/model/command.hpp"

#include <string>

namespace sluice::format {

// The sacctmgr, scontrol or scancel line that does the same as the command, for people to paste in
// a shell. Sluice never runs it.
std::string command_line(const std::string& cluster, const model::Command& command);

} // namespace sluice::format
