// SPDX-License-Identifier: GPL-2.0-or-later
// The only symbols that slurmctld sees. Each is noexcept and fails open: after a fault in the
// plugin the job is admitted and counted. No static has a destructor: slurmctld ends by exit()
// without fini() while our thread runs.
#include "plugin/host.hpp"
#include "plugin/slurm_compat.hpp"

#include <atomic>

namespace {

using sluice::plugin::Host;

// Created by init(), used by slurmctld's threads, destroyed by fini() where slurmctld calls it:
// with its lock against job_submit() held.
std::atomic<Host*> g_host{nullptr};

template <class Body>
int shielded(Body&& body) noexcept {
    Host* host = g_host.load(std::memory_order_acquire);
    if (host == nullptr)
        return SLURM_SUCCESS;
    try {
        return body(*host);
    } catch (...) {
        host->count_fault();
        return SLURM_SUCCESS;
    }
}

} // namespace

// Everything else is compiled hidden.
#pragma GCC visibility push(default)
extern "C" {

// const has internal linkage in C++ without the declarations.
extern const char plugin_name[];
extern const char plugin_type[];
extern const std::uint32_t plugin_version;
int init() noexcept;
int fini() noexcept;
int job_submit(job_desc_msg_t* desc, std::uint32_t uid, char** err_msg) noexcept;
SLUICE_JOB_MODIFY(desc, record, uid, err_msg);

const char plugin_name[] = "Sluice: admission by allocation";
const char plugin_type[] = "job_submit/sluice";
const std::uint32_t plugin_version = SLURM_VERSION_NUMBER;

// Always succeeds: after an error slurmctld would end.
int init() noexcept {
    if (g_host.load(std::memory_order_acquire) == nullptr)
        g_host.store(Host::start(), std::memory_order_release);
    return SLURM_SUCCESS;
}

int fini() noexcept {
    Host::finish(g_host.exchange(nullptr, std::memory_order_acq_rel));
    return SLURM_SUCCESS;
}

int job_submit(job_desc_msg_t* desc, std::uint32_t uid, char** err_msg) noexcept {
    return shielded([&](Host& host) { return host.submit(*desc, uid, err_msg); });
}

SLUICE_JOB_MODIFY(desc, record, uid, err_msg) {
    return shielded([&](Host& host) {
        return host.modify(*desc, record, uid, SLUICE_MODIFY_MESSAGE(err_msg));
    });
}

} // extern "C"
#pragma GCC visibility pop
