// SPDX-License-Identifier: GPL-2.0-or-later
// The tasks of sluiced that end by themselves: --check, --import-site-agent and --remove-entry.
#pragma once

#include <string>

namespace sluice {

// Prints every error of the file together with the policies and allocations of the journal (which
// it only reads, and not while its sluiced runs), and where the cluster answers also what differs
// from it there. `plan`: then what a reload would change, computed by the running daemon. 0: no
// error (warnings may be printed); 1: errors.
int check_configuration(const std::string& file, bool plan);

// Prints the equivalent sluiced.yaml. 0, or 1 with the reason on standard error.
int import_site_agent(const std::string& file);

// Removes a policy or an allocation from the journal that the file names, while its sluiced does
// not run: the remedy when sluiced does not start, because file and journal do not agree. `entry`:
// policy/NAME or allocation/ACCOUNT. 0, or 1 with the reason on standard error.
int remove_entry(const std::string& file, const std::string& entry, const std::string& reason);

} // namespace sluice
