// SPDX-License-Identifier: GPL-2.0-or-later
// What a program must export so that the plugin can be loaded into it as into slurmctld.
#pragma once

#include <slurm/slurm.h>
#include <slurm/slurmdb.h>

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
// As in slurmctld: a user without a default is no error when nothing is enforced.
int assoc_mgr_fill_in_assoc(void* db_conn, slurmdb_assoc_rec_t* assoc, int enforce,
                            slurmdb_assoc_rec_t** assoc_pptr, bool locked);
}

namespace sluice::test {

// How often `what` was logged since clear_slurm_log(). Thread-safe.
std::size_t slurm_log_lines(std::string_view what);
std::string slurm_log();
void clear_slurm_log();
// The default account of every user as the controller has it; "": none.
void set_slurm_default_account(std::string_view account);
// True: slurm_xstrdup() throws.
std::atomic<bool>& slurm_memory_is_out();

} // namespace sluice::test
