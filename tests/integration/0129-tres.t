#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A TRES that sluiced accepts is counted: a license by running and by ended jobs, with its limit in Slurm. A TRES that cannot be
# counted is refused at load.
. "$(dirname "$0")/lib/harness.sh"
CLUSTER_GPUS=0
CLUSTER_EXTRA='Licenses=solver:8
AccountingStorageTRES=license/solver'
sluice_cluster_up

granted() { # granted TRES
    cat <<END
components:
  solver_hours: {tres: $1}
accounts:
  physics: {allocation: {solver_hours: 0.1}}
policies:
  - name: monthly
    mode: enforce
    period: month
    carryover: false
    actions: [request_slurm_resource_pausing]
END
}
for tres in energy vmem pages fs/disk ic/ofed; do
    granted "$tres" | sluiced_settings
    fails "sluiced --check refuses TRES $tres" "$(sluice_find sluiced)" --check -f "$CLUSTER_DIR/etc/sluiced.yaml"
    like "sluiced --check gives the reason why $tres is refused" "$OUT" "sluiced.yaml:[0-9]+:24: TRES \"$tres\" cannot be counted: Slurm "
done
granted license/solvers | sluiced_settings
fails 'sluiced --check refuses a license that the cluster does not account' "$(sluice_find sluiced)" --check -f "$CLUSTER_DIR/etc/sluiced.yaml"
like 'sluiced --check names the license that may be meant' "$OUT" 'did you mean "license/solver"'
like 'sluiced --check names the line of slurm.conf that accounts a license' "$OUT" 'AccountingStorageTRES'

must 'sluiced starts with a component that counts a license' eval 'sluiced_up < <(granted License/solver)'
like 'slurmctld has the limit of the license' "$(account_live physics GrpTRESMins)" 'license/solver=6\('
ok 'sbatch with two licenses is accepted' as games sbatch --parsable -A physics -n1 -t1 -L solver:2 --wrap 'sleep 300'
job=$(grep -oxE '[0-9]+' <<<"$OUT")
eventually 'the job with two licenses runs' 10 job_is "$job" RUNNING
used() { status_field physics percent; }
counts() { evaluate_now && awk -v have="$(used)" 'BEGIN { exit !(have >= 2) }'; }
eventually 'the licenses of the running job are counted' 30 counts
ok 'scancel of the job with two licenses succeeds' as games scancel "$job"
eventually 'the job with two licenses is cancelled' 15 job_is "$job" CANCELLED
seconds=$(sacct -X -n -P -j "$job" -o elapsedraw)
wanted=$(awk -v s="$seconds" 'BEGIN { printf "%.2f", int(s * 2 * 10000 / 360) / 100 }')
eventually 'usage of the ended job is two licenses times the elapsed time in sacct' 15 eval 'evaluate_now && [ "$(used)" = "$wanted" ]'
is 'usage of the license in sluice status equals sacct' "$(used)" "$wanted"
done_testing
