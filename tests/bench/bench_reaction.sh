#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From the second in which a running job takes its account over the grace limit to the first refused sbatch. The daemon
# runs as it would, with a short interval (INTERVAL, default 1s), and the limit is set AHEAD seconds ahead (default 9; more
# than two intervals, or no evaluation can foresee it); sbatch is tried four times a second from a second before.
#   SLUICE_BUILD=build tests/bench/bench_reaction.sh [TIMES]     default: 10
. "$(dirname "$0")/../integration/lib/harness.sh"
times=${1:-10}
ahead=${AHEAD:-9}
export SLUICED_INTERVAL=${INTERVAL:-1s}
sluice_cluster_up
results=$CLUSTER_DIR/jobs/reaction
submit() { as games timeout 20 sbatch --parsable -A physics -H -t1 -n1 -o /dev/null --wrap true; }

# granted MINUTES: node minutes for physics
granted() {
    cat <<END
components:
  node_minutes: {tres: node, unit_factor: 1}
accounts:
  physics: {allocation: {node_minutes: $1}}
policies:
  - name: total
    mode: enforce
    period: total
    grace_ratio: 0
    actions: [request_slurm_resource_pausing]
END
}
sluiced_up < <(granted 100000) || bail 'sluiced did not start'
job=$(as games sbatch --parsable -A physics -n1 -t600 -o /dev/null --wrap 'sleep 36000') || bail 'no job'
wait_until 20 test "$(squeue -h -j "$job" -o %T)" = RUNNING
sleep 2
start=$(date -d "$(scontrol show job "$job" | sed -nE 's/.*StartTime=([^ ]+).*/\1/p')" +%s)

for ((i = 1; i <= times; i++)); do
    # one node: it has used as many seconds as it runs. The limit is a whole number of a
    # minute's twentieths, so that the allocation is exact in decimals
    seconds=$((($(date +%s) - start + ahead) / 3 * 3))
    sluiced_regrant < <(granted "$(awk -v s="$seconds" 'BEGIN { printf "%.2f", s / 60 }')") >/dev/null || bail 'not granted'
    crossing=$((start + seconds))
    submit >/dev/null || bail 'refused before the limit'
    while [ "$(date +%s)" -lt "$((crossing - 1))" ]; do sleep 0.2; done
    while submit >/dev/null 2>&1; do sleep 0.25; done
    refused=$(date +%s%3N)
    echo "$((refused - crossing * 1000))" | tee -a "$results"
    timeout 60 scancel --state=PENDING -A physics
done
sort -n "$results" | awk '{ a[NR] = $1; s += $1 }
    END { printf "# %d times, milliseconds: least %d, median %d, mean %d, 90 %% %d, most %d\n",
                 NR, a[1], a[int((NR + 1) / 2)], s / NR, a[int(NR * 0.9 + 0.5)], a[NR] }'
ok 'the account is paused at the end' standing_is physics paused
done_testing
