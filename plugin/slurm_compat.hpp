// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin uses of Slurm 22.05 to 26.05, and where the releases differ. Public headers only;
// symbols that every release exports without a header are declared here. Nothing is linked:
// slurmctld has the symbols when it loads the plugin.
#pragma once

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <slurm/slurmdb.h>
#include <slurm/spank.h>

#include <cstdint>

extern "C" {

// In libslurm and slurmctld of every release, in no installed header. *err_msg is freed by
// slurmctld with xfree(): with memory of another allocator slurmctld aborts.
char* slurm_xstrdup(const char* text);
void slurm_xfree(void** memory);

// slurmctld's configuration; the type is public, the variable is not declared. Weak: a host without
// it (a test) leaves the address null.
extern slurm_conf_t slurm_conf __attribute__((weak));

// Not public, but the same signature in 22.05 .. 26.05 and 1.4 - 3.7 us a call. Weak: where it is
// missing, a user whom the snapshot does not know is admitted.
extern int assoc_mgr_fill_in_assoc(void* db_conn, slurmdb_assoc_rec_t* assoc, int enforce,
                                   slurmdb_assoc_rec_t** assoc_pptr, bool locked)
    __attribute__((weak));
extern void* acct_db_conn __attribute__((weak));

// Not public, but the same in 22.05 .. 26.05. Weak: where one is missing, an update is judged by
// the account that it names, and by nothing else. The copy reads job_ptr->details and its mc_ptr: a
// job that is not finished has both (_validate_job_desc() sets plane_size, so that
// _set_multi_core_data() in src/slurmctld/job_mgr.c never returns null).
extern job_desc_msg_t* copy_job_record_to_job_desc(void* job_record) __attribute__((weak));
extern void slurm_free_job_desc_msg(job_desc_msg_t* desc) __attribute__((weak));
extern bool validate_operator(uid_t uid) __attribute__((weak));

// job_record_t is not public. 22.05 has no message for the user, who reads Slurm's own text.
#if SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(23, 2, 0)
#define SLUICE_JOB_MODIFY(desc, record, uid, err_msg)                                              \
    int job_modify(job_desc_msg_t* desc, void* record, std::uint32_t uid, char** err_msg) noexcept
#define SLUICE_MODIFY_MESSAGE(err_msg) (err_msg)
using SluiceJobModify = int(job_desc_msg_t*, void*, std::uint32_t, char**);
constexpr bool kSluiceModifyHasMessage = true;
#else
#define SLUICE_JOB_MODIFY(desc, record, uid, err_msg)                                              \
    int job_modify(job_desc_msg_t* desc, void* record, std::uint32_t uid) noexcept
#define SLUICE_MODIFY_MESSAGE(err_msg) nullptr
using SluiceJobModify = int(job_desc_msg_t*, void*, std::uint32_t);
constexpr bool kSluiceModifyHasMessage = false;
#endif

} // extern "C"
