#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 at random moments of an evaluation: the books stay whole, no command is left without an outcome, and Slurm ends
# up as the settings say.
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
    # every start has something to change: what the one before did is to be undone
    if ((i % 2)); then sluiced_settings < <(granted 0 100); else sluiced_settings < <(granted 100 0); fi
    rm -f "$CLUSTER_DIR/run/sluiced.sock"
    daemon_run sluiced "$program" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
    sleep "0.$(printf '%03d' $((RANDOM % 700 + 20)))" # the random moment is the point here
    daemon_alive sluiced && killed=$((killed + 1))
    sluiced_kill9
done
is 'every daemon was killed, none had ended' "$killed" "$KILLS"

must 'sluiced starts' eval 'sluiced_up < <(granted 0 100)'
is 'physics is paused' "$(status_field physics standing)" paused
is 'in Slurm too' "$(account_field physics qos)" blocked
is 'chem is normal' "$(status_field chem standing)" normal
is 'with the QOS list it had' "$(account_field chem qos)" blocked,normal,slowdown
commands() { sluice_cli commands -n -P -l 10000 --format="$1"; }
diag "$(commands result,type,account,error | sort | uniq -c)"
isnt 'there are commands in the books' "$(commands id)" ''
is 'none is without an outcome' "$(commands result | grep -c open)" 0
is 'ids are not used twice' "$(commands id | sort | uniq -d)" ''
fails 'physics is refused' as games sbatch --wrap true
ok 'chem runs' as games srun -A chem -n1 -t1 true
ok 'another evaluation' evaluate_now
writes=$(txn_count)
ok 'and another' evaluate_now
is 'write nothing' "$(txn_count)" "$writes"

ok 'all is granted' eval 'sluiced_regrant < <(granted 100 100)'
qos_columns() { cut -f 1-5 <<<"$1"; }
is 'the QOS of every association is what it was' "$(qos_columns "$(assoc_rows)")" "$(qos_columns "$before")"
ok 'SIGTERM ends it' sluiced_stop
if command -v sqlite3 >/dev/null; then
    is 'the journal is whole' "$(sqlite3 "$CLUSTER_DIR/journal/sluice.db" 'pragma integrity_check')" ok
fi
done_testing
