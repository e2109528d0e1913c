#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Usage is exact to the second compared with an independent sum over the rows of the database, before and after slurmdbd rolls
# them up: arrays, heterogeneous jobs, requeues, resized jobs, suspensions (ended and open), running jobs, deleted users.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
probe_start

job() { # job USER ACCOUNT ARGS...: prints the id
    local user=$1 account=$2
    shift 2
    as "$user" sbatch --parsable -A "$account" -t5 -o /dev/null "$@" | head -n 1
}

gpu=$(sql "select id from tres_table where type='gres' and name='gpu'")
running=$(job games physics -n2 --wrap 'sleep 600')
open=$(job man optics -n3 --wrap 'sleep 600')
suspended=$(job games physics -n4 --wrap 'sleep 6')
requeued=$(job games physics -n2 --requeue --wrap 'sleep 300')
resized=$(job games physics -N2 -n2 --wrap 'sleep 600')
plain=$(job man optics -n1 --gres=gpu:2 --wrap 'sleep 3')
array=$(job games physics -n1 --array=1-3 --wrap 'sleep 2')
het=$(as games sbatch --parsable -A physics -t5 -n1 -o /dev/null : -A physics -t5 -n2 --wrap 'sleep 3')
job games chem -n1 --wrap 'sleep 2' >/dev/null
for id in "$open" "$suspended" "$requeued" "$running" "$resized"; do eventually "job $id runs" 20 job_is "$id" RUNNING; done
sleep 2
scontrol suspend "$open,$suspended"
sleep 3
scontrol resume "$open,$suspended"
sleep 1
scontrol suspend "$open"
scontrol requeue "$requeued"
eventually 'the requeued job is pending' 10 job_is "$requeued" PENDING
scancel "$requeued"
ok 'scontrol update reduces the nodes of a running job' scontrol update job "$resized" NumNodes=1
sleep 2
scancel "$resized"
# slurmctld sends job records to slurmdbd in its own time
ended() { [ "$(sql "select count(*) from ${CLUSTER_NAME}_job_table where time_end = 0")" = 2 ]; }
eventually 'slurmdbd has an end of all jobs but two' 40 ended
diag "$(sql "select job_db_inx, id_job, id_assoc, state, time_start, time_end, time_suspended, tres_alloc from ${CLUSTER_NAME}_job_table")"
records() { [ "$(sql "select count(*) from ${CLUSTER_NAME}_job_table where id_job = $requeued")" -gt 1 ]; }
eventually 'the requeued job has more than one record' 20 records
is 'the resized job has one record for each size' "$(sql "select group_concat(nodes_alloc order by job_db_inx) from ${CLUSTER_NAME}_job_table where id_job = $resized")" 2,1
diag "plain $plain array $array het $het"

now=$(date +%s)
ask usage $((now - 7200)) $((now + 7200)) "$now"
same_as_truth 'usage from job records of this minute equals the sum over the database' $((now - 7200)) $((now + 7200)) "$now"
is 'usage of running jobs is reported as running' "$(figure physics node running)" "$(($(truth physics,optics 4 0 $((now + 1)) "$now") -
    $(sql "select sum((time_end - time_start) * nodes_alloc) from ${CLUSTER_NAME}_job_table j join ${CLUSTER_NAME}_assoc_table a using (id_assoc)
       where a.acct in ('physics', 'optics') and time_end > 0 and time_start > 0 and j.tres_alloc != ''")))"
is 'running usage of user man equals running usage of optics' "$(figure physics cpu running man)" "$(figure optics cpu running)"
is 'usage of chem is separate from usage of physics' "$(figure chem cpu total)" "$(truth chem 1 0 $((now + 1)) "$now")"

# --- the same usage from slurmdbd alone, for running and for suspended jobs
ok 'slurmctld stops with running and suspended jobs' slurmctld_stop
ask raw
now=$(date +%s)
ask usage $((now - 7200)) $((now + 7200)) "$now"
same_as_truth 'usage without slurmctld equals the sum over the database' $((now - 7200)) $((now + 7200)) "$now"
is 'running usage without slurmctld comes from slurmdbd' "$(figure optics node running)" "$((now - $(sql "select time_start from ${CLUSTER_NAME}_job_table where id_job = $open")))"
probe_stop
probe_start
ask raw
ask usage $((now - 7200)) $((now + 7200)) "$now"
same_as_truth 'usage equals the sum when the adapter has never reached slurmctld' $((now - 7200)) $((now + 7200)) "$now"
must 'slurmctld starts with running and suspended jobs' slurmctld_start
ask raw
now=$(date +%s)
ask usage $((now - 7200)) $((now + 7200)) "$now"
same_as_truth 'usage with slurmctld back equals the sum over the database' $((now - 7200)) $((now + 7200)) "$now"

# --- copies of the ended jobs in earlier hours and days
hour=$((now - now % 3600)) far=1000000
ok 'the database receives copies of the ended jobs in the past' sql "create temporary table old as select * from ${CLUSTER_NAME}_job_table where time_end > 0 and time_start > 0;
     update old set job_db_inx = job_db_inx + $far, id_job = id_job + $far, time_submit = time_submit - 7000,
            time_eligible = time_submit, time_start = time_start - 7000, time_end = time_end - 7000;
     update old set time_submit = $hour - 200000, time_eligible = $hour - 200000, time_start = $hour - 200000,
            time_end = $hour + 7 where id_job = $plain + $far;
     update old set time_submit = $hour - 90000, time_eligible = $hour - 90000, time_start = $hour - 90000,
            time_end = $hour - 5401 where id_job = $array + $far;
     update old set time_start = $hour - 90000, time_eligible = $hour - 80100, time_submit = $hour - 80100, time_end = $hour - 79000
            where id_job = $resized + $far and nodes_alloc = 1;
     insert into ${CLUSTER_NAME}_job_table select * from old;
     insert into ${CLUSTER_NAME}_suspend_table (job_db_inx, id_assoc, time_start, time_end)
         select s.job_db_inx + $far, s.id_assoc, s.time_start - 7000, s.time_end - 7000
         from ${CLUSTER_NAME}_suspend_table s join old on old.job_db_inx = s.job_db_inx + $far;
     update ${CLUSTER_NAME}_event_table set time_start = time_start - 400000 where node_name = '';
     update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $hour - 360000, daily_rollup = $hour - 360000, monthly_rollup = $hour - 360000;
     delete from ${CLUSTER_NAME}_usage_hour_table; delete from ${CLUSTER_NAME}_assoc_usage_hour_table;
     delete from ${CLUSTER_NAME}_usage_day_table; delete from ${CLUSTER_NAME}_assoc_usage_day_table"
begin=$((hour - 180000)) end=$((hour + 86400)) now=$(date +%s)
ask usage "$begin" "$end" "$now"
same_as_truth 'usage of past days without rollups equals the sum over the database' "$begin" "$end" "$now"
is 'no usage comes from rollups before the first rollup' "$(figure physics cpu settled)" 0
before=$(sed 's/"settled":.*"total"/"total"/; /"ms"/d; /"user":"[^"]/d' <<<"$ANSWER")
ok 'sacctmgr rolls the usage up' sacctmgr -i roll
ask usage "$begin" "$end" "$now"
same_as_truth 'usage with rollups equals the sum over the database' "$begin" "$end" "$now"
isnt 'part of the usage comes from rollups' "$(figure physics cpu settled)" 0
is 'rollups leave usage of all accounts and TRES unchanged' "$(sed 's/"settled":.*"total"/"total"/; /"ms"/d; /"user":"[^"]/d' <<<"$ANSWER")" "$before"

# --- windows
for middle in $((hour - 100000)) $((hour - 86400)) $((hour - 3600)) $((hour - 5000)) $((hour + 3)); do
    sum=0
    ask usage "$begin" "$middle" "$now" physics
    sum=$(figure physics billing total)
    same_as_truth_one=$(truth physics,optics 5 "$begin" "$middle" "$now")
    is "usage of a window that ends $((middle - hour)) s from the full hour equals the sum" "$sum" "$same_as_truth_one"
    ask usage "$middle" "$end" "$now" physics
    is "usage of the two windows at $((middle - hour)) s adds up to the whole" $((sum + $(figure physics billing total))) "$(truth physics,optics 5 "$begin" "$end" "$now")"
done
ask usage 0 $((end + 999999)) "$now" physics
is 'usage of all time equals the sum over the database' "$(figure physics billing total)" "$(truth physics,optics 5 0 "$end" "$now")"
for zone in Asia/Kolkata America/New_York; do
    line=$(echo "usage $begin $end $now physics" | TZ=$zone "$CLUSTER_DIR/jobs/slurm_probe" 2>/dev/null | grep '"user":"","tres":"billing"')
    like "usage does not depend on time zone $zone of the adapter" "$line" "\"total\":$(truth physics,optics 5 "$begin" "$end" "$now")[,}]"
done
from=$((hour - 172800))
ask usage "$from" "$hour" "$now" physics optics
report() { sreport -n -P -t Seconds --tres=cpu cluster AccountUtilizationByUser account="$1" start="$(date -d @$from +%FT%T)" \
    end="$(date -d @"$hour" +%FT%T)" format=login,used | awk -F'|' '$1 == "" { print $2; exit }'; }
is 'usage of whole hours equals the figures of sreport' "$(figure physics cpu total) $(figure optics cpu total)" "$(report physics) $(report optics)"

# --- usage of a deleted user stays with the account
scancel "$open"
eventually 'the job of man is cancelled' 20 job_is "$open" CANCELLED
ask usage "$begin" "$hour" "$now" optics
want=$(figure optics cpu total)
sacctmgr_do delete user man account=optics
ask usage "$begin" "$hour" "$now" optics
is 'usage of optics includes usage of the deleted user' "$(figure optics cpu total)" "$want"

# --- usage by user, on request
ask usage "$begin" "$hour" "$now" +physics
is 'usage of all users adds up to usage of physics' "$(($(figure physics billing settled games) + $(figure physics billing settled man)))" "$(figure physics billing settled)"
is 'usage by user includes the deleted user of the sub-account' "$(figure physics cpu settled man)" "$want"
ask usage "$begin" "$hour" "$now" physics
is 'usage without the request has no figures by user' "$(figure physics cpu settled man)" 0

# --- an unreachable source is an error, not zero usage
ok 'slurmdbd restarts before the usage request' slurmdbd_restart
ask usage "$begin" "$hour" "$now" optics
is 'usage after the restart of slurmdbd is the same without a rollup' "$(figure optics cpu total)" "$want"
slurmdbd_stop
ask usage "$begin" "$hour" "$now" optics
like 'a usage request without slurmdbd fails as unavailable' "$ANSWER" '^error unavailable '
slurmdbd_start
mariadb_kill9
ask usage "$begin" "$hour" "$now" optics
like 'a usage request without MariaDB fails' "$ANSWER" '^error '
unlike 'a usage request without MariaDB returns no figure' "$ANSWER" '"total"'
mariadb_start
asked() { ask usage "$begin" "$hour" "$now" optics; [ "$(figure optics cpu total)" = "$want" ]; }
eventually 'usage is the same after MariaDB is back' 60 asked
probe_stop
is 'adapter ends with status 0' $? 0
done_testing
