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
// A job record of this host is a job_desc_msg_t, of which the copy has only the strings of the
// environment in memory of its own, in one block as slurmctld's.
job_desc_msg_t* copy_job_record_to_job_desc(void* job_record);
void slurm_free_job_desc_msg(job_desc_msg_t* desc);
bool validate_operator(uid_t uid); // root and 4711
}

namespace sluice::test {

// How often `what` was logged since clear_slurm_log(). Thread-safe.
std::size_t slurm_log_lines(std::string_view what);
std::string slurm_log();
void clear_slurm_log();
// The default account of every user as the controller has it; "": none.
void set_slurm_default_account(std::string_view account);
// Copies of job records that were not freed.
int slurm_job_copies();
// True: slurm_xstrdup() throws.
std::atomic<bool>& slurm_memory_is_out();

} // namespace sluice::test
