// SPDX-License-Identifier: GPL-2.0-or-later
// What a submission asks for, out of Slurm's job description. Knows Slurm; decides nothing.
#pragma once

#include "plugin/budget.hpp"
#include "plugin/slurm_compat.hpp"

namespace sluice::plugin {

// As it stands at submission: slurmctld fills in defaults only afterwards. Each figure is the least
// that the job can mean; unset ones (NO_VAL and the like) count as not given. Allocates nothing.
Ask ask_of(const job_desc_msg_t& desc) noexcept;

} // namespace sluice::plugin
