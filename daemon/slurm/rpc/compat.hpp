// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that differs between Slurm 22.05 and 26.05 in the public headers that we use. The only
// file with version guards: no #if on SLURM_VERSION_NUMBER elsewhere in this folder.
#pragma once

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <slurm/slurm_version.h>
#include <slurm/slurmdb.h>

#define SLUICE_SLURM_AT_LEAST(major, minor)                                                        \
    (SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(major, minor, 0))

// Exported by libslurm in every release, in no installed header.
extern "C" {
char* slurm_xstrdup(const char* text);
// The configuration that slurm_init() read. REQUIRES: slurm_init()
extern slurm_conf_t slurm_conf;
// The type of slurmdb_send_accounting_update: see apply/enforcer.cpp.
using SluiceSendAccountingUpdate = int (*)(struct xlist* updates, char* cluster, char* host,
                                           uint16_t port, uint16_t rpc_version);
// Where libslurm's own messages go (log.h, log_options_t); levels 0 quiet, 1 fatal, 2 error, 3
// info.
struct SluiceSlurmLogOptions {
    int stderr_level;
    int syslog_level;
    int logfile_level;
    bool prefix_level;
    bool buffered;
    bool raw;
#if SLUICE_SLURM_AT_LEAST(23, 2)
    int logfile_format; // 0: with a time stamp
#endif
};
__attribute__((weak)) int slurm_log_alter(SluiceSlurmLogOptions options, int facility,
                                          char* logfile);
void slurm_free_stats_response_msg(stats_info_response_msg_t* answer);
// The text of a constant; by the second name from 23.02 on.
__attribute__((weak)) char* slurm_job_reason_string(int reason);
__attribute__((weak)) const char* slurm_job_state_reason_string(int reason);
// 26.05 calls it by the second name; weak, because a library has one of them.
__attribute__((weak)) void slurm_free_ctl_conf(slurm_conf_t* conf);
__attribute__((weak)) void slurm_free_conf(slurm_conf_t* conf);
}

namespace sluice::slurm {

// List and ListIterator went away in 24.11 and 24.05, list_t and list_itr_t came with 23.02; the
// structs behind them kept their names.
using RawList = struct xlist*;
using RawIterator = struct listIterator*;

// Slurm sets TCP_NODELAY on its sockets from 24.05 on.
constexpr bool kSlurmSocketsAreSlow = !SLUICE_SLURM_AT_LEAST(24, 5);

// As squeue shows it: "Priority".
inline const char* reason_text(uint32_t reason) {
    if (slurm_job_state_reason_string != nullptr)
        return slurm_job_state_reason_string(static_cast<int>(reason));
    return slurm_job_reason_string != nullptr ? slurm_job_reason_string(static_cast<int>(reason))
                                              : "";
}

// What slurm_load_ctl_conf() gave.
inline void free_controller_conf(slurm_conf_t* conf) {
    if (slurm_free_ctl_conf != nullptr)
        slurm_free_ctl_conf(conf);
    else if (slurm_free_conf != nullptr)
        slurm_free_conf(conf);
}

// slurmdbd.conf as slurmdbd has it: a list of ConfigPair. nullptr: slurmdbd did not answer.
struct ConfigPair { // config_key_pair_t of read_config.h, which is not installed
    char* name;
    char* value;
};
#if SLUICE_SLURM_AT_LEAST(26, 5)
// Declared by slurmdb.h. Debian's libslurm does not export it, and without it the plugin behind
// slurmdb_config_get() ends the process.
extern "C" void slurmdbd_free_conf(slurmdbd_conf_t* conf) __attribute__((weak));
inline bool can_read_slurmdbd_config() {
    return &slurmdbd_free_conf != nullptr;
}
// REQUIRES: can_read_slurmdbd_config()
inline RawList slurmdbd_config(void* db) {
    slurmdbd_conf_t* conf = nullptr;
    if (slurmdb_config_get(db, &conf) != SLURM_SUCCESS || conf == nullptr)
        return nullptr;
    RawList pairs = slurmdb_config_get_keypairs(conf);
    slurmdbd_free_conf(conf);
    return pairs;
}
#else
inline bool can_read_slurmdbd_config() {
    return true;
}
inline RawList slurmdbd_config(void* db) {
    return slurmdb_config_get(db);
}
#endif

inline void set_job_id(job_desc_msg_t& change, uint32_t id) {
#if SLUICE_SLURM_AT_LEAST(25, 11)
    change.step_id.job_id = id;
#else
    change.job_id = id;
#endif
}

// Which rows slurmdb_associations_get() returns, and what is in them.
#if SLUICE_SLURM_AT_LEAST(24, 11)
inline void want_usage(slurmdb_assoc_cond_t& cond) {
    cond.flags |= ASSOC_COND_FLAG_WITH_USAGE;
}
inline void want_deleted(slurmdb_assoc_cond_t& cond) {
    cond.flags |= ASSOC_COND_FLAG_WITH_DELETED;
}
// Limits and DefaultQOS of the association itself, without those of its parents.
inline void want_own_limits(slurmdb_assoc_cond_t& cond) {
    cond.flags |= ASSOC_COND_FLAG_WOPL;
}
// The QOS column as it is in the database, "+4" and "-4" included.
inline void want_raw_qos(slurmdb_assoc_cond_t& cond) {
    cond.flags |= ASSOC_COND_FLAG_RAW_QOS;
}
// Neither name nor id of the parent: saves slurmdbd one stored procedure per account.
inline void without_parent(slurmdb_assoc_cond_t& cond) {
    cond.flags |= ASSOC_COND_FLAG_WOPI;
}
#else
inline void want_usage(slurmdb_assoc_cond_t& cond) {
    cond.with_usage = 1;
}
inline void want_deleted(slurmdb_assoc_cond_t& cond) {
    cond.with_deleted = 1;
}
inline void want_own_limits(slurmdb_assoc_cond_t& cond) {
    cond.without_parent_limits = 1;
}
inline void want_raw_qos(slurmdb_assoc_cond_t& cond) {
    cond.with_raw_qos = 1;
}
inline void without_parent(slurmdb_assoc_cond_t& cond) {
    cond.without_parent_info = 1;
}
#endif

} // namespace sluice::slurm
