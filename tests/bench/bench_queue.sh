#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Queued jobs that follow the QOS of their account: how long an evaluation takes that moves all of them, how much of that
# slurmctld and sluiced need, and how long slurmctld lets others wait meanwhile.
#   SLUICE_BUILD=build tests/bench/bench_queue.sh [JOBS]     default: 10000
. "$(dirname "$0")/../integration/lib/harness.sh"
jobs=${1:-10000}
CLUSTER_EXTRA=$(printf 'MaxJobCount=%d\nMaxArraySize=%d' $((jobs + 1000)) $((jobs + 1)))
sluice_cluster_up

granted() { # granted HOURS: for physics
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_downscaling]
END
}
queue() { squeue -h -t PENDING -A physics -o %q | sort | uniq -c | awk '{print $2 "=" $1}' | xargs; }
cpu_ms() { awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%d", ($12 + $13) * 1000 / tick }' "/proc/$1/stat"; } # cpu_ms PID
# others: the longest time that a squeue of one job took, while the file "watch" exists
others() {
    local longest=0 began took
    while [ -e "$CLUSTER_DIR/run/watch" ]; do
        began=$(date +%s%3N)
        squeue -h -j "$first" >/dev/null 2>&1
        took=$(($(date +%s%3N) - began))
        [ "$took" -le "$longest" ] || longest=$took
        sleep 0.2
    done
    echo "$longest" >"$CLUSTER_DIR/run/longest"
}
move() { # move NAME HOURS QOS
    local began daemon controller watcher took
    touch "$CLUSTER_DIR/run/watch"
    others &
    watcher=$!
    began=$(date +%s%3N)
    daemon=$(cpu_ms "$(daemon_pid sluiced)") controller=$(cpu_ms "$(daemon_pid slurmctld)")
    sluiced_settings < <(granted "$2") && kill -HUP "$(daemon_pid sluiced)"
    until [ "$(queue)" = "$3=$jobs" ]; do sleep 1; done
    daemon=$(($(cpu_ms "$(daemon_pid sluiced)") - daemon)) controller=$(($(cpu_ms "$(daemon_pid slurmctld)") - controller))
    took=$(($(date +%s%3N) - began))
    rm -f "$CLUSTER_DIR/run/watch"
    wait "$watcher"
    is "$1: each job has QOS $3" "$(queue)" "$3=$jobs"
    echo "# $1, $jobs jobs: $took ms; CPU of sluiced $daemon ms, of slurmctld $controller ms; squeue of one job took $(<"$CLUSTER_DIR/run/longest") ms at most"
}

must 'sluiced starts' eval 'sluiced_up < <(granted 1000)'
# An array whose tasks get records of their own: faster than as many calls of sbatch, and the same to slurmctld. They are
# held: no job starts meanwhile, and the scheduler has nothing to try.
array=$(as games sbatch --parsable -H -A physics -t10 --array="1-$jobs" -o /dev/null --wrap true)
for ((i = 1; i <= jobs; i += 500)); do
    scontrol hold "$(seq -s, -f "${array}_%.0f" "$i" $((i + 499 < jobs ? i + 499 : jobs)))"
done
first=$(squeue -h -A physics -o %A | tail -n 1)
is "$jobs jobs are queued" "$(queue)" "normal=$jobs"
move 'account slowed' 0 slowdown
move 'account restored' 1000 normal
done_testing
