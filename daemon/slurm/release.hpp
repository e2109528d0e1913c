// SPDX-License-Identifier: GPL-2.0-or-later
// The deleter for what libslurm returns, for std::unique_ptr.
#pragma once

#include "daemon/slurm/compat.hpp"

namespace sluice::slurm {

struct Release {
    void operator()(assoc_mgr_info_msg_t* held) const noexcept {
        slurm_free_assoc_mgr_info_msg(held);
    }
    void operator()(job_info_msg_t* held) const noexcept { slurm_free_job_info_msg(held); }
    void operator()(slurmdb_stats_rec_t* held) const noexcept { slurmdb_destroy_stats_rec(held); }
    void operator()(stats_info_response_msg_t* held) const noexcept {
        slurm_free_stats_response_msg(held);
    }
};

} // namespace sluice::slurm
