#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# UsageFactor of QOS and idle reservations: usage is the same before and after the rollup and across an end of a period, a
# changed factor and a deleted QOS change nothing that was used, and purged job records change nothing that was read.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
jobs=${CLUSTER_NAME}_job_table reservations=${CLUSTER_NAME}_resv_table
factors=(free=0 tenth=0.1 half=0.5 double=2)
for one in "${factors[@]}"; do
    sacctmgr_do add qos "${one%=*}" usagefactor="${one#*=}"
done
sacctmgr_do modify account univ set qos+=free,tenth,half,double
as games sbatch -A physics -n1 -o /dev/null --wrap true >/dev/null
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0 and time_start > 0 and tres_alloc != ''")" = 1 ]; }
eventually 'a real job has ended' 60 ended

# --- copies of it in the last hours, each by another QOS; the last one straddles the end of a period
now=$EPOCHSECONDS hour=$((EPOCHSECONDS - EPOCHSECONDS % 3600)) begin=$((hour - 72000)) middle=$((hour - 9000))
copy() { # copy QOS FROM TO [RESERVATION]: seconds before the hour
    sql "create temporary table one as select * from $jobs order by job_db_inx limit 1;
        update one set job_db_inx = 1000000 + $2, id_job = 100 + $2, time_submit = $hour - 2 * $2,
            time_eligible = $hour - $2, time_start = $hour - $2, time_end = $hour - $3, id_resv = ${4:-0},
            id_qos = (select id from qos_table where name = '$1');
        insert into $jobs select * from one"
}
ok 'jobs of each QOS are added' eval 'copy free 35900 32300 && copy half 28800 25198 && copy double 21600 18000 &&
    copy tenth 14400 10800 && copy normal 7200 3600 && copy half 10800 7200'
sql "update ${CLUSTER_NAME}_event_table set time_start = $begin where node_name = ''"
rolled() { sql "update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $1, daily_rollup = $1, monthly_rollup = $1"; }
rolled $begin

probe_start
ask journal "$CLUSTER_DIR/jobs/closed.db"
# Of the first period: -3600 free, -1801 half, +3600 double, -3240 tenth, -900 of the job that straddles the end.
factor_is() { # factor_is WHAT
    ask usage $begin $middle "$now"
    is "$1: UsageFactor changes the first period by -5941 CPU-seconds" "$(figure physics cpu factor) $(figure univ cpu factor)" '-5941 -5941'
    is "$1: the first period has 10261 CPU-seconds" "$(figure physics cpu total)" 10261
    ask usage $middle $hour "$now"
    is "$1: UsageFactor changes the second period by -900 CPU-seconds" "$(figure physics cpu factor)" -900
    is "$1: the second period has 4500 CPU-seconds" "$(figure physics cpu total)" 4500
}
factor_is 'before the rollup'
ask usage $begin $middle "$now"
is 'before the rollup: nothing comes from rollups' "$(figure physics cpu settled)" 0
ok 'sacctmgr rolls the usage up' sacctmgr -i roll
factor_is 'after the rollup'
ask usage $begin $middle "$now" +physics
isnt 'after the rollup: usage comes from rollups' "$(figure physics cpu settled)" 0
is 'after the rollup: the user has the factor, too' "$(figure physics cpu factor games) $(figure physics cpu total games)" '-5941 10261'
ask counting ignore count
ask usage $begin $middle "$now"
is 'usage_factor ignore: the first period has the full time of the jobs' "$(figure physics cpu factor) $(figure physics cpu total)" '0 16202'
is 'usage_factor ignore: what slurmctld counts beside is known' "$(figure physics cpu beyond)" -5941
ask counting apply count

# --- factors that change, QOS that are deleted, records that are purged
sacctmgr_do modify qos half set usagefactor=1
factor_is 'after a change of the factor'
sacctmgr_do modify account univ set qos-=double
sacctmgr_do delete qos double
factor_is 'after the QOS was deleted'
ask usage $begin $((hour + 1)) "$now"
probe_stop
probe_start
ask journal "$CLUSTER_DIR/jobs/closed.db"
factor_is 'after a restart'
diag "$(sql "select name, usage_factor, deleted from qos_table")"

# --- a job that runs now: usage is what slurmctld's counters have
sacctmgr_do modify qos half set usagefactor=0.5
ask usage "$hour" $((hour + 864000)) 0 # the factor of `half` is seen here
before=$(figure physics cpu total)
# slurmctld 24.11 gives users the QOS that they inherit only when it reads all associations again.
scontrol reconfigure
accepted() { half=$(as games sbatch --parsable -A physics --qos=half -n4 -o /dev/null --wrap 'sleep 60'); }
eventually 'sbatch with QOS half is accepted' 30 accepted
eventually 'a job of QOS half runs' 30 job_is "$half" RUNNING
sleep 5
ask usage "$hour" $((hour + 864000)) 0
running=$(figure physics cpu running) factor=$(figure physics cpu factor) total=$(figure physics cpu total)
ok 'a running job of QOS half counts half' test "$running" -ge 16 -a $((-factor * 2)) -ge $((running - 1)) -a $((-factor * 2)) -le $((running + 1))
is 'parts of a running job add up' "$total" $(($(figure physics cpu settled) + $(figure physics cpu finished) + running + factor))
as games scancel "$half"
job_over() { [ "$(sql "select count(*) from $jobs where id_job = $half and time_end > 0")" = 1 ]; }
eventually 'the job has ended' 30 job_over
ask usage "$hour" $((hour + 864000)) 0
is 'the ended job does not run' "$(figure physics cpu running)" 0
used=$(($(figure physics cpu total) - before)) full=$(sql "select 4 * (time_end - time_start) from $jobs where id_job = $half")
ok 'the ended job counts half' test $((used * 2)) -ge $((full - 1)) -a $((used * 2)) -le $((full + 1))

# --- idle reservations of an account and of a user who has several accounts
n1=$(scontrol create reservation reservationname=course starttime=now+2hours duration=60 accounts=physics nodes=n1,n2 2>&1)
n2=$(scontrol create reservation reservationname=own starttime=now+4hours duration=60 users=games nodes=n3 2>&1)
diag "$n1" "$n2"
kept() { [ "$(sql "select count(*) from $reservations")" = 2 ]; }
eventually 'slurmdbd has both reservations' 30 kept
rolled $begin
# 30 minutes of a job in each hour of the first one; the second crosses the end of the period
ok 'the reservations are moved into the past' sql "delete from ${CLUSTER_NAME}_usage_hour_table; delete from ${CLUSTER_NAME}_assoc_usage_hour_table;
    update $reservations set time_start = $hour - 36000, time_end = $hour - 27000 where resv_name = 'course';
    update $reservations set time_start = $hour - 18000, time_end = $hour - 7300 where resv_name = 'own'"
ok 'a job of the reservation is added' copy normal 35000 33200 "$(sql "select id_resv from $reservations where resv_name = 'course'")"
diag "$(sql "select id_resv, resv_name, assoclist, tres, flags from $reservations")"
parts() { # parts BEGIN END: sets PARTS to the total and idle time of all accounts and TRES
    local account tres
    PARTS=''
    ask usage "$1" "$2" "$now"
    for account in univ physics chem; do
        for tres in cpu mem billing; do
            PARTS+="$account $tres $(figure $account $tres total) $(figure $account $tres idle); "
        done
    done
}
both() { # both WHAT FIRST SECOND
    parts $begin $middle
    is "$1: the first period is as before the rollup" "$PARTS" "$2"
    parts $middle "$hour"
    is "$1: the second period is as before the rollup" "$PARTS" "$3"
}
probe_stop
probe_start
parts $begin $middle
first=$PARTS
parts $middle "$hour"
second=$PARTS
is 'before the rollup: nothing comes from rollups again' "$(figure physics cpu settled)" 0
ask counting apply ignore
parts $begin $middle
first_busy=$PARTS
parts $middle "$hour"
second_busy=$PARTS
ask counting apply count
ask usage $begin $middle "$now"
ok 'before the rollup: the reservations have idle time' test "$(figure physics cpu idle)" -gt 0
ok 'sacctmgr rolls the reservations up' sacctmgr -i roll
ask usage $begin $middle "$now"
ok 'after the rollup: usage comes from rollups again' test "$(figure physics cpu settled)" -gt 0
both 'idle_reservations count' "$first" "$second"
ask usage $begin $middle "$now"
in_rollup=$(sql "select sum(alloc_secs) from ${CLUSTER_NAME}_assoc_usage_hour_table u join ${CLUSTER_NAME}_assoc_table a on a.id_assoc = u.id
    where a.acct in ('physics', 'optics') and u.id_tres = 1 and u.time_start < $((hour - 10800))")
ask usage $begin $((hour - 10800)) "$now"
is 'settled and idle time are what the rollups have' "$(($(figure physics cpu settled) + $(figure physics cpu idle)))" "$in_rollup"
ask counting apply ignore
both 'idle_reservations ignore' "$first_busy" "$second_busy"
ask counting apply count
ask usage $begin $middle "$now" +physics
is 'idle time is of no user' "$(figure physics cpu settled games)" "$(figure physics cpu settled)"

# --- a reservation that runs now
scontrol create reservation reservationname=class starttime=now duration=30 accounts=chem nodes=n4 >/dev/null
grows() { ask usage "$hour" $((hour + 864000)) 0 && [ "$(figure chem cpu idle)" -gt "${1:-0}" ]; }
eventually 'idle time counts while the reservation runs' 30 grows
once=$(figure chem cpu idle)
eventually 'idle time grows while the reservation runs' 30 grows "$once"
probe_stop
done_testing
