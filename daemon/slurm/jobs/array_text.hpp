// SPDX-License-Identifier: GPL-2.0-or-later
// Slurm's text of the array tasks that one job record stands for. Pure: no call into libslurm.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::slurm {

// Number of tasks in "1-3,5,7", "0-9:3" and "1-100%4" (slurm.h, array_task_str). "", and a text
// that cannot be read: 1, the record itself.
std::uint64_t task_count(std::string_view text);

} // namespace sluice::slurm
