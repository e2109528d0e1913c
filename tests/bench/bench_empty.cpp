// SPDX-License-Identifier: GPL-2.0-or-later
// The least that a job_submit plugin can be: what bench_submit takes off from the plugin's figures.
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <cstdint>

extern "C" {

extern const char plugin_name[];
extern const char plugin_type[];
extern const std::uint32_t plugin_version;
int init();
int fini();
int job_submit(job_desc_msg_t* desc, std::uint32_t uid, char** err_msg);

const char plugin_name[] = "nothing";
const char plugin_type[] = "job_submit/empty";
const std::uint32_t plugin_version = SLURM_VERSION_NUMBER;

int init() {
    return SLURM_SUCCESS;
}
int fini() {
    return SLURM_SUCCESS;
}
int job_submit(job_desc_msg_t*, std::uint32_t, char**) {
    return SLURM_SUCCESS;
}

} // extern "C"
