// SPDX-License-Identifier: GPL-2.0-or-later
// QOS lists of associations, and what inherits them. Pure.
#pragma once

#include "common/model/account_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

// "+fast", "-slow": a change to what is inherited, not a list.
bool is_delta(std::string_view qos);
// What a row with this own list has, where `list` is what it inherits: an own list replaces, "+"
// and
// "-" change.
void apply_own(std::vector<std::string>& list, const std::vector<std::string>& own);
// QOS list in force for a row, which need not be the tree's own: the nearest own list on the way
// up, with the "+" and "-" below it.
std::vector<std::string> qos_in_force(const AccountTree& tree, const Association& row);
// DefaultQOS in force for a row: its own, else the nearest on the way up; "": none.
std::string default_qos_in_force(const AccountTree& tree, const Association& row);
// The QOS of a job that names none; "": not known, or not in the row's list. A QOS of the partition
// adds limits and is none that jobs get (assoc_mgr.c, assoc_mgr_get_default_qos_info).
std::string job_default_qos(const AccountTree& tree, const Association& row);
// All accounts below one.
std::vector<std::string> accounts_below(const AccountTree& tree, std::string_view account);

} // namespace sluice::model
