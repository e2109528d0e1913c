#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A change is in force when slurmctld shows it: the record says when; one that slurmctld never shows is alarmed and
# made again. The plugin does not wait for slurmdbd.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS: for physics
    cat <<END
confirm_timeout: 2s
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: 1000}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    grace_ratio: 0.2
    actions: [request_slurm_resource_pausing]
END
}
newest() { sluice_cli commands -Q -n -P --limit=1 --format="$2" "$1"; } # newest ACCOUNT FIELDS
all_confirmed() { ! sluice_cli commands -Q -n -P --format=result | grep -qvx done; }
all_done_since_alarm() { ! sluice_cli commands -Q -n -P --limit=2 --format=result physics | grep -qvx done; }
physics_failed() { sluice_cli commands -Q -n -P --format=type,result physics | grep -qx 'qos|failed'; }

ok 'sluiced is up' eval 'sluiced_up < <(granted 1000)'
ok 'every change is seen in slurmctld at once' all_confirmed
like 'with the delay' "$(newest physics delay)" '^[01]\.[0-9]{3}$'
like 'and the instant' "$(newest physics confirmed)" '^20'

# Told a wrong port, slurmdbd cannot tell slurmctld of changes.
where="slurm_acct_db.cluster_table where name='$CLUSTER_NAME'"
port=$(database_sql "select control_port from $where")
database_sql "update ${where/ where/ set control_port=1 where}"
mark=$(lines_of "$(sluiced_log)")
started=$(date +%s%3N)
sluiced_settings < <(granted 0)
ok 'physics is paused' sluiced_reload
refused() { ! as games sbatch -A physics --test-only --wrap true; }
eventually 'the plugin refuses' 5 refused
diag "after $(($(date +%s%3N) - started)) ms"
like 'slurmdbd has the QOS' "$(account_field physics qos)" '^blocked$'
has_limit() { account_live physics GrpTRESMins | grep -q 'node=0('; }
if [ "$(slurm_release)" -ge 2311 ] && wait_at_most 5 has_limit; then
    # 24.11's slurmdbd tells it over the connection that slurmctld opened, whatever the port
    eventually 'slurmctld is told all the same, which counts as in force' 10 all_confirmed
    database_sql "update ${where/ where/ set control_port=$port where}"
else
    unlike 'slurmctld has not' "$(account_live physics GrpTRESMins)" 'node=0\('
    eventually 'after confirm_timeout the change is a failed one' 10 physics_failed
    ok 'and alarmed' line_in "$(sluiced_log)" ' command-not-in-force .*type=qos account=physics' "$mark"
    database_sql "update ${where/ where/ set control_port=$port where}"
    ok 'an evaluation' evaluate_now
    ok 'all of it is made again and seen' all_done_since_alarm
    is 'and says why' "$(newest physics reason,result)" 'slurmctld does not show it|done'
fi
like 'slurmctld has it' "$(account_live physics GrpTRESMins)" 'node=0\('
rows=$(txn_count)
ok 'one more evaluation' evaluate_now
is 'changes nothing' "$(txn_count)" "$rows"

# slurmctld away: nothing is late, and it reads what slurmdbd has when it is back.
slurmctld_stop
sluiced_settings < <(granted 1000)
sluiced_reload
eventually 'the pause is lifted in slurmdbd' 30 account_is physics defaultqos normal
fails 'which nobody calls done' all_confirmed
slurmctld_start
wait_until 30 cluster_idle
ok 'an evaluation' evaluate_now
sluice_cli commands --limit=4
is 'seen when slurmctld is back' "$(newest physics result)" done
done_testing
