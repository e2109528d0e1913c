// SPDX-License-Identifier: GPL-2.0-or-later
// What a program must export so that the plugin can be loaded into it as into slurmctld.
#pragma once

#include <slurm/slurm.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

extern "C" {
void slurm_info(const char* format, ...);
void slurm_error(const char* format, ...);
// Memory that free() does not take: a plugin that mixes allocators dies as in slurmctld.
char* slurm_xstrdup(const char* text);
void slurm_xfree(void** memory);
extern slurm_conf_t slurm_conf;
}

namespace sluice::test {

// How often `what` was logged since clear_slurm_log(). Thread-safe.
std::size_t slurm_log_lines(std::string_view what);
std::string slurm_log();
void clear_slurm_log();
// True: slurm_xstrdup() throws.
std::atomic<bool>& slurm_memory_is_out();

} // namespace sluice::test
