// SPDX-License-Identifier: GPL-2.0-or-later
// The tasks of sluiced that end by themselves: --check and --import-site-agent.
#pragma once

#include <string>

namespace sluice {

// Prints every error of the file, and where the cluster answers also what differs from it there.
// `plan`: then what a reload would change, computed by the running daemon. 0: no error (warnings
// may be printed); 1: errors.
int check_configuration(const std::string& file, bool plan);

// Prints the equivalent sluiced.yaml. 0, or 1 with the reason on standard error.
int import_site_agent(const std::string& file);

} // namespace sluice
