#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A change is in force when slurmctld shows the new value, and the record has the time. sluiced alarms about a change that
# slurmctld never shows, and repeats the change. The plugin does not wait for slurmdbd.
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

ok 'sluiced starts' eval 'sluiced_up < <(granted 1000)'
ok 'sluice commands shows each change as done' all_confirmed
like 'sluice commands shows the delay until slurmctld had the change' "$(newest physics delay)" '^[01]\.[0-9]{3}$'
like 'sluice commands shows the time when slurmctld had the change' "$(newest physics confirmed)" '^20'

# With a wrong port, slurmdbd cannot send changes to slurmctld.
where="slurm_acct_db.cluster_table where name='$CLUSTER_NAME'"
port=$(database_sql "select control_port from $where")
database_sql "update ${where/ where/ set control_port=1 where}"
mark=$(lines_of "$(sluiced_log)")
started=$(date +%s%3N)
sluiced_settings < <(granted 0)
ok 'sluiced loads an allocation of 0 for physics' sluiced_reload
refused() { ! as games sbatch -A physics --test-only --wrap true; }
eventually 'sbatch in physics is refused by the plugin before slurmctld has the change' 5 refused
diag "after $(($(date +%s%3N) - started)) ms"
like 'slurmdbd has QOS blocked for physics' "$(account_field physics qos)" '^blocked$'
has_limit() { account_live physics GrpTRESMins | grep -q 'node=0('; }
if [ "$(slurm_release)" -ge 2311 ] && wait_at_most 5 has_limit; then
    # slurmdbd 24.11 uses the connection that slurmctld opened, whatever the port
    eventually 'a change that slurmctld receives by another connection counts as done' 10 all_confirmed
    database_sql "update ${where/ where/ set control_port=$port where}"
else
    unlike 'slurmctld does not show the new GrpTRESMins' "$(account_live physics GrpTRESMins)" 'node=0\('
    eventually 'a change that slurmctld does not show fails after confirm_timeout' 10 physics_failed
    ok 'sluiced.log alarms about the change that is not in force' line_in "$(sluiced_log)" ' command-not-in-force .*type=qos account=physics' "$mark"
    database_sql "update ${where/ where/ set control_port=$port where}"
    ok 'evaluation after the wrong port was corrected succeeds' evaluate_now
    ok 'sluiced repeats the failed changes, and slurmctld shows them' all_done_since_alarm
    is 'sluice commands shows the reason of the repeated change' "$(newest physics reason,result)" 'slurmctld does not show it|done'
fi
like 'slurmctld shows the new GrpTRESMins of physics' "$(account_live physics GrpTRESMins)" 'node=0\('
rows=$(txn_count)
ok 'evaluation after the repeated changes succeeds' evaluate_now
is 'evaluation after the repeated changes writes nothing to slurmdbd' "$(txn_count)" "$rows"

# A change of staff that slurmctld does not receive.
if [ "$(slurm_release)" -lt 2311 ]; then
    slow() { as mail sbatch -A chem --qos=slowdown --test-only --wrap true; }
    ok 'user mail may use QOS slowdown in chem' slow
    database_sql "update ${where/ where/ set control_port=1 where}"
    ok 'sacctmgr takes QOS slowdown from univ' sacctmgr_do modify account univ set qos=blocked,normal
    database_sql "update ${where/ where/ set control_port=$port where}"
    ok 'slurmctld has not received the QOS list of univ' slow
    ok 'evaluation with a QOS list that slurmctld has not received succeeds' evaluate_now
    is 'sluice commands shows that the QOS list of univ is sent again' "$(newest univ type,reason,result)" 'qos|slurmctld shows other QOS|done'
    fails 'slurmctld has received the QOS list of univ' slow
    rows=$(txn_count)
    ok 'evaluation after the QOS list was sent again succeeds' evaluate_now
    is 'evaluation after the QOS list was sent again writes nothing to slurmdbd' "$(txn_count)" "$rows"
fi

# slurmctld away: no change is late, because slurmctld reads all rows of slurmdbd when it is back.
slurmctld_stop
sluiced_settings < <(granted 1000)
sluiced_reload
eventually 'sluiced lifts the pause in slurmdbd while slurmctld is away' 30 account_is physics defaultqos normal
fails 'the change is not reported as done while slurmctld is away' all_confirmed
slurmctld_start
wait_until 30 cluster_idle
ok 'evaluation after slurmctld is back succeeds' evaluate_now
sluice_cli commands --limit=4
is 'sluice commands shows the change as done after slurmctld is back' "$(newest physics result)" done
done_testing
