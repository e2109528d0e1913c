#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pause_by: submit_limit on a real cluster: GrpSubmitJobs=0 on the account's own association, its own value back afterwards, values of
# sub-accounts and users untouched, no QOS changed; a kill of sluiced in the middle, changes by hand, and a change of pause_by.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

submit_limits() {
    database_sql "select acct, user, grp_submit_jobs, qos, delta_qos, def_qos_id
        from slurm_acct_db.${CLUSTER_NAME}_assoc_table where deleted = 0 order by id_assoc"
}
own() { account_field "$1" grpsubmit "${2:-}"; }
must 'GrpSubmitJobs of physics and of its user lp are set by hand' eval 'sacctmgr_do modify account where name=physics set grpsubmitjobs=50 &&
    sacctmgr_do modify user where name=lp account=physics set grpsubmitjobs=7'

settings() { # settings MODE NODE_HOURS [PAUSE_BY]
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $2}}
  chem: {allocation: {node_hours: $2}}
policies:
  - name: p
    mode: $1
    period: quarter
    carryover: false
    limits: false
    pause_by: ${3:-submit_limit}
    on_pause: hold
    actions: [request_slurm_resource_pausing]
END
}
before=$(submit_limits)
must 'sluiced starts in observe mode' eval 'sluiced_up < <(settings observe 0)'
is 'observe mode changes nothing' "$(submit_limits)" "$before"
run sluice_cli evaluate --dry-run
like 'the dry run shows the limit and what physics has' "$OUT" 'Set GrpSubmitJobs of account physics to 0 \(was 50\) \(account is paused\)'
like 'the dry run shows the limit of an account without a value' "$OUT" 'Set GrpSubmitJobs of account chem to 0 \(account is paused\)'

job=$(as games sbatch --parsable -A physics -N1 --begin=now+1hour --wrap true)
ok 'a job of physics is queued' test -n "$job"
qos=$(account_field physics qos,defaultqos)
ok 'sluiced enforces' eval 'sluiced_regrant < <(settings enforce 0)'
is 'GrpSubmitJobs of physics is 0' "$(own physics)" 0
is 'GrpSubmitJobs of chem is 0' "$(own chem)" 0
is 'GrpSubmitJobs of user lp stays' "$(own physics lp)" 7
is 'the QOS of physics stays' "$(account_field physics qos,defaultqos)" "$qos"
in_ctld() { [[ $(account_live physics GrpSubmitJobs) = "$1"* ]]; }
eventually 'slurmctld has the limit' 20 in_ctld 0
job_is_held() { squeue -h -j "$job" -o %r | grep -q Held; }
eventually 'the queued job is held' 20 job_is_held
fails 'sbatch in physics is refused' as games sbatch -A physics --wrap true
run sluice_cli commands -Q -n -P --format=type,result physics
like 'sluice commands has the limit' "$OUT" 'submit_limit\|done'
run sluice_cli explain physics
like 'sluice explain names the way of the pause' "$OUT" 'The pause sets GrpSubmitJobs=0 on the account instead of a QOS; it had 50\.'

# --- by hand, restart, kill
ok 'a person sets another value during the pause' sacctmgr_do modify account where name=physics set grpsubmitjobs=9
ok 'evaluation after the change by hand succeeds' evaluate_now
is 'the limit is repaired' "$(own physics)" 0
ok 'sluiced starts again after a kill' eval 'sluiced_kill9 && sluiced_restart'
ok 'evaluation after the kill succeeds' evaluate_now
is 'the limit stays after the kill' "$(own physics)" 0

# --- pause_by changes while the accounts are paused
ok 'sluiced pauses by QOS' eval 'sluiced_regrant < <(settings enforce 0 qos)'
eventually 'physics has its own value again' 20 eval 'evaluate_now && [ "$(own physics)" = 50 ]'
is 'chem has none again' "$(own chem)" ''
is 'physics has QOS blocked' "$(account_field physics qos,defaultqos)" 'blocked|blocked'
ok 'sluiced pauses by the submit limit again' eval 'sluiced_regrant < <(settings enforce 0)'
is 'GrpSubmitJobs of physics is 0 again' "$(own physics)" 0
is 'physics has its own QOS again' "$(account_field physics qos,defaultqos)" "$qos"

# --- the pause ends
ok 'the allocation is raised' eval 'sluiced_regrant < <(settings enforce 100)'
is 'every row is as before' "$(submit_limits)" "$before"
eventually 'slurmctld has the value of physics' 20 in_ctld 50
job_is_free() { ! job_is_held; }
eventually 'the queued job is released' 20 job_is_free
eventually 'sbatch in physics is accepted' 20 as games sbatch -A physics -H --wrap true

# --- observed again during a pause
ok 'sluiced pauses once more' eval 'sluiced_regrant < <(settings enforce 0)'
is 'GrpSubmitJobs of physics is 0 once more' "$(own physics)" 0
ok 'sluiced observes' eval 'sluiced_regrant < <(settings observe 0)'
is 'every row is as before once more' "$(submit_limits)" "$before"

done_testing
