#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether users who ask at once slow an evaluation: the time of evaluations without requests, and while USERS commands
# `sluice balance` over TCP with munge run at the same time, again and again. Also how long those commands take.
#   SLUICE_BUILD=build tests/bench/bench_users.sh [USERS [EVALUATIONS]]     default: 200 30
. "$(dirname "$0")/../integration/lib/harness.sh"
users=${1:-200}
times=${2:-30}
sluice_cluster_up
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sluiced_up <<END || bail 'sluiced did not start'
http: {listen: "127.0.0.1:$port"}
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 1000}}, chem: {allocation: {node_hours: 1000}}}
policies: [{name: quarterly, mode: enforce, period: quarter, actions: [request_slurm_resource_pausing]}]
END
program=$(sluice_find sluice)
conf=$CLUSTER_DIR/client.conf
printf '%s\n' "Server=http://127.0.0.1:$port" "MungeSocket=$CLUSTER_DIR/run/munge.sock" >"$conf"
chmod 755 "$CLUSTER_DIR" && chmod 644 "$conf"

summary() { # summary TITLE < NUMBERS
    sort -n | awk -v title="$1" '{ a[NR] = $1 }
        END { printf "# %s: %d, milliseconds: least %d, median %d, 90 %% %d, most %d\n", title, NR, a[1], a[int((NR + 1) / 2)], a[int(NR * 0.9 + 0.5)], a[NR] }'
}
evaluations() { # as the daemon measures them
    local n
    for ((n = 0; n < times; n++)); do
        sluice_cli evaluate --json | sed -n 's/.*"duration_ms": \([0-9]*\).*/\1/p' | head -n 1
    done
}
evaluations | summary 'evaluations while no user asks'

crowd=$CLUSTER_DIR/jobs/crowd
mkdir "$crowd"
ask() { # ask NUMBER: until the file `end` exists
    local start
    until [ -e "$crowd/end" ]; do
        start=$(date +%s%3N)
        if as games env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$conf" "$program" balance >/dev/null 2>>"$crowd/errors.$1"; then
            echo $(($(date +%s%3N) - start)) >>"$crowd/time.$1"
        else
            echo failed >>"$crowd/failed.$1"
        fi
    done
}
pids=()
for ((i = 0; i < users; i++)); do
    ask "$i" &
    pids+=($!)
done
sleep 2
evaluations | summary "evaluations while $users users ask"
touch "$crowd/end"
wait "${pids[@]}"
cat "$crowd"/time.* | summary "sluice balance of $users users"
failed=$(cat "$crowd"/failed.* 2>/dev/null | wc -l)
[ "$failed" -eq 0 ] || diag "$(cat "$crowd"/errors.* | sort | uniq -c | sort -rn | head -n 5)"
is 'no request of a user fails' "$failed" 0
done_testing
