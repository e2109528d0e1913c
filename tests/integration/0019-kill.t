#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 at random moments of an evaluation: the journal stays valid, each command has a result, and Slurm reaches the state
# that the settings demand.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
SLUICED_INTERVAL=1s
KILLS=${SLUICE_KILLS:-20}

granted() { # granted PHYSICS CHEM
    cat <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: $2}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
before=$(assoc_rows)
program=$(sluice_find sluiced)
killed=0
for ((i = 1; i <= KILLS; i++)); do
    # every start has something to change: the settings of the previous start are reverted
    if ((i % 2)); then sluiced_settings < <(granted 0 100); else sluiced_settings < <(granted 100 0); fi
    rm -f "$CLUSTER_DIR/run/sluiced.sock"
    daemon_run sluiced "$program" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
    sleep "0.$(printf '%03d' $((RANDOM % 700 + 20)))" # the kill must come at a random moment
    daemon_alive sluiced && killed=$((killed + 1))
    sluiced_kill9
done
is 'each sluiced was running when it was killed' "$killed" "$KILLS"

must 'sluiced starts after the kills' eval 'sluiced_up < <(granted 0 100)'
is 'sluice status shows physics as paused after the kills' "$(status_field physics standing)" paused
is 'QOS list of physics is blocked after the kills' "$(account_field physics qos)" blocked
is 'standing of chem is normal after the kills' "$(status_field chem standing)" normal
is 'QOS list of chem is restored after the kills' "$(account_field chem qos)" blocked,normal,slowdown
commands() { sluice_cli commands -n -P -l 10000 --format="$1"; }
diag "$(commands result,type,account,error | sort | uniq -c)"
isnt 'sluice commands has commands after the kills' "$(commands id)" ''
is 'no command is left open after the kills' "$(commands result | grep -c open)" 0
is 'no command id is used twice after the kills' "$(commands id | sort | uniq -d)" ''
fails 'sbatch in physics is refused after the kills' as games sbatch --wrap true
ok 'srun in chem runs after the kills' as games srun -A chem -n1 -t1 true
ok 'evaluation after the kills succeeds' evaluate_now
writes=$(txn_count)
ok 'second evaluation after the kills succeeds' evaluate_now
is 'second evaluation after the kills writes nothing to slurmdbd' "$(txn_count)" "$writes"

ok 'sluiced lifts all pauses after the allocations are raised' eval 'sluiced_regrant < <(granted 100 100)'
qos_columns() { cut -f 1-5 <<<"$1"; }
is 'QOS columns of all associations are restored' "$(qos_columns "$(assoc_rows)")" "$(qos_columns "$before")"
ok 'sluiced ends after SIGTERM' sluiced_stop
if command -v sqlite3 >/dev/null; then
    is 'integrity check of the journal succeeds after the kills' "$(sqlite3 "$CLUSTER_DIR/journal/sluice.db" 'pragma integrity_check')" ok
fi
done_testing
