#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sbatch rate of a real slurmctld with and without the plugin, in turn, on a private cluster:
#   SLUICE_BUILD=$PWD/build tests/bench/bench_sbatch.sh [SUBMISSIONS] [ROUNDS]
# The snapshot has 1,000 accounts and comes from the stored file; jobs are held, so that only submission is measured.
. "$(dirname "$0")/../integration/lib/harness.sh"
submissions=${1:-2000}
rounds=${2:-2}
at_once=4

plugin=$(sluice_find job_submit_sluice.so) || skip_all 'job_submit_sluice.so is not built'
feed=${SLUICE_BUILD:-.}/tests/plugin/feed
[ -x "$feed" ] || skip_all 'tests/plugin/feed is not built (make check builds it)'
cluster_prepare
cp "$plugin" "$CLUSTER_DIR/plugins/"
slurm_conf_write
cluster_start || cluster_failed
{
    echo "cluster $CLUSTER_NAME"
    seq -f 'account a%05g normal 5000 - ' 1 1000
    echo "account chem normal 5000 -"
    echo "user $(id -u games) chem chem"
    echo end
} | "$feed" file "$CLUSTER_DIR/state/sluice_snapshot" || bail 'no snapshot'

# rate LABEL: submits from `at_once` loops, prints jobs a second
rate() {
    local begin end i pids=()
    begin=${EPOCHREALTIME/./}
    for ((i = 0; i < at_once; i++)); do
        as games bash -c "for ((j = 0; j < $submissions / $at_once; j++)); do
            sbatch -Q -H -A chem -n1 -t1 -o /dev/null --wrap true || exit 1; done" &
        pids+=($!)
    done
    wait "${pids[@]}" || bail 'sbatch failed'
    end=${EPOCHREALTIME/./}
    printf '%s: %d submissions in %d ms, %d a second\n' "$1" "$submissions" $(((end - begin) / 1000)) \
        $((submissions * 1000000 / (end - begin)))
    timeout 120 scancel -u games --state=PENDING >/dev/null 2>&1
}

for ((round = 1; round <= rounds; round++)); do
    for CLUSTER_JOB_SUBMIT in '' sluice; do
        slurm_conf_write
        slurmctld_restart || cluster_failed
        cluster_wait_idle
        rate "round $round, plugin ${CLUSTER_JOB_SUBMIT:-none}"
    done
done
ok 'slurmctld is still alive' slurmctld_answers
done_testing
