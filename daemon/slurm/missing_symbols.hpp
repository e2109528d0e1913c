// SPDX-License-Identifier: GPL-2.0-or-later
// What libslurm's own plugins miss in libslurm. Only for programs that talk to slurmdbd.
#pragma once

namespace sluice::slurm {

// accounting_storage_slurmdbd.so and auth_munge.so call functions on their error paths that
// libslurm.so has but does not export (its version script lets slurm_* and slurmdb_* out). They are
// bound lazily, so the first refused or broken RPC ends the process: "symbol lookup error ...
// undefined symbol: slurmdbd_msg_type_2_str", exit 127. The program defines them itself and puts
// them into its dynamic symbol table: link with $(SLURM_ADAPTER_LDFLAGS).
// Found with nm -D on those plugins against libslurm.so.38 (22.05); the rest of the difference
// (assoc_mgr_lock, find_job_record, trigger_*, bitmap2hostlist, send_*_to_accounting ...) is
// reached in slurmctld only.
//
// false: the program was linked without that switch and would die of the first refused RPC.
bool missing_symbols_are_there();

} // namespace sluice::slurm
