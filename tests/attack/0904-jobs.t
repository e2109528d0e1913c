#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A plain user submits and changes jobs with job descriptions that sbatch would never send. slurmctld survives, responds to each
# in time, and sbatch of another user is not delayed.
. "$(dirname "$0")/lib.sh"
program=${SLUICE_BUILD:-}/tests/attack/hostile_jobs
[ -x "$program" ] || skip_all 'tests/attack/hostile_jobs is not built (make integration-programs does)'
attack_prepare
attack_up
cp "$program" "$CLUSTER_DIR/jobs/" # users cannot reach a build folder
most=3000                          # milliseconds

# duration of another user's sbatch in milliseconds, until run/quiet exists
neighbour() {
    local begin
    until [ -e "$CLUSTER_DIR/run/quiet" ]; do
        begin=${EPOCHREALTIME/./}
        as mail timeout 60 sbatch -H -A chem -N1 -t 1 -o /dev/null --wrap true >/dev/null 2>&1 || echo refused
        echo $(((${EPOCHREALTIME/./} - begin) / 1000))
        sleep 0.1
    done
}
neighbour >"$CLUSTER_DIR/log/neighbour" &
attacks as games env -u UBSAN_OPTIONS ASAN_OPTIONS=detect_leaks=0 ./hostile_jobs chem physics $most # leaks of libslurm do not count
touch "$CLUSTER_DIR/run/quiet"
wait $!
slowest=$(sort -n "$CLUSTER_DIR/log/neighbour" | tail -n 1)
diag "$(wc -l <"$CLUSTER_DIR/log/neighbour") jobs of another user, the slowest took $slowest ms"
ok "another user's sbatch takes less than $most ms" test "$slowest" -lt $most
is "another user's sbatch is accepted each time" "$(grep -c refused "$CLUSTER_DIR/log/neighbour")" 0
is 'sluice plugins shows no plugin fault' "$(plugin_field faults)" 0
survived 'job descriptions'
attack_done
