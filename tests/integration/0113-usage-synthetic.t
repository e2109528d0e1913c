#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Thousands of jobs over two months, copies of real rows: usage equals the sum over the rows of the database and, for whole
# hours, the figures of sreport. Jobs across ends of periods, reused job ids, requeues, sizes, suspensions, late records.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
probe_start
jobs=${CLUSTER_NAME}_job_table suspensions=${CLUSTER_NAME}_suspend_table
gpu=$(sql "select id from tres_table where type='gres' and name='gpu'")
many=$(as games sbatch --parsable -A physics -n1 --array=1-60 -o /dev/null --wrap true)
as man sbatch -A optics -n2 --gres=gpu:1 --array=1-30 -o /dev/null --wrap true >/dev/null
as mail sbatch -A chem -n3 --array=1-30 -o /dev/null --wrap true >/dev/null
as games sbatch -A chem -n1 -o /dev/null : -A chem -n4 --wrap true >/dev/null
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0 and time_start > 0 and tres_alloc != ''")" = 122 ]; }
eventually '122 real jobs have ended' 60 ended
diag "the first array is $many"

# --- 6,000 copies with other times; ids repeat, times lie anywhere in the last 62 days, some last for days
now=$EPOCHSECONDS hour=$((EPOCHSECONDS - EPOCHSECONDS % 3600)) month=$(date -d "$(date +%Y-%m-01)" +%s)
before=$(date -d "$(date -d @$month +%F) -1 month" +%s) begin=$((hour - hour % 86400 - 62 * 86400))
ok 'the database receives 6,000 copies of the jobs' sql "set @far = 1000000;
    create temporary table real_jobs as select * from $jobs where time_end > 0 and time_start > 0 and tres_alloc != '';
    create temporary table old as select r.*, c.seq from real_jobs r, seq_1_to_50 c;
    set @row = 0;
    update old set job_db_inx = @far + (@row := @row + 1), id_job = 1 + @row % 500,
        time_start = $hour - 7200 - floor(rand(1) * (61 * 86400)),
        time_end = least(time_start + if(rand(2) < 0.02, 200000, 1) * rand(3) + rand(4) * 9000, $hour - 1);
    update old set time_start = $month - 5000, time_end = $month + 5000 where job_db_inx % 100 = 7;
    update old set time_start = $month, time_end = $month + 60 where job_db_inx % 100 = 8;
    update old set time_start = $month - 60, time_end = $month where job_db_inx % 100 = 9;
    update old set time_end = time_start where time_end < time_start;
    update old set state = 1024 where job_db_inx % 100 = 10;
    update old set state = 8192 where job_db_inx % 100 = 11;
    update old set time_submit = time_start - job_db_inx, time_eligible = time_start;
    alter table old drop seq;
    start transaction;
    insert into $jobs select * from old;
    insert into $suspensions (job_db_inx, id_assoc, time_start, time_end)
        select job_db_inx, id_assoc, time_start + 10, time_start + 10 + (time_end - time_start) div 3 from old
        where job_db_inx % 50 = 3 and time_end > time_start + 100;
    update $jobs j join $suspensions s using (job_db_inx) set j.time_suspended = s.time_end - s.time_start where job_db_inx > @far;
    update ${CLUSTER_NAME}_event_table set time_start = $begin where node_name = '';
    update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $begin, daily_rollup = $begin, monthly_rollup = $begin;
    commit"
diag "$(sql "select count(*), count(distinct id_job), min(time_start), max(time_end), sum(time_end - time_start) from $jobs")"

both_months() { # both_months WHAT
    now=$EPOCHSECONDS
    ask usage "$month" $((now + 86400)) "$now"
    same_as_truth "$1: usage of this month equals the sum over the database" "$month" $((now + 86400)) "$now"
    ask usage "$before" "$month" "$now"
    same_as_truth "$1: usage of the last month equals the sum over the database" "$before" "$month" "$now"
}
both_months 'without rollups'
is 'without rollups: no usage comes from rollups' "$(figure univ cpu settled)" 0
ok 'sacctmgr rolls the usage up' sacctmgr -i roll
both_months 'with rollups'
is 'with rollups: all usage of ended jobs comes from rollups' "$(figure univ cpu finished)" 0

# --- sreport, account by account and user by user
ask usage "$begin" "$hour" "$now" root univ physics optics chem +physics +optics +chem
reported() { # reported TRES
    sreport -n -P -t Seconds --tres="$1" cluster AccountUtilizationByUser start="$(date -d @"$begin" +%FT%T)" \
        end="$(date -d @"$hour" +%FT%T)" format=account,login,used
}
rows=0 off=''
for tres in cpu mem node billing gres/gpu; do
    while IFS='|' read -r account user used; do
        rows=$((rows + 1))
        # sreport lists the users of an account alone; Sluice includes the users of its sub-accounts.
        [ -z "$user" ] || [ "$account" != physics ] || [ "$user" != man ] || continue
        mine=$(figure "$account" "$tres" settled "$user")
        [ $((mine - used)) -le 1 ] && [ $((used - mine)) -le 1 ] || off+="$account/$user $tres: $mine, sreport $used; "
    done < <(reported $tres)
done
is 'usage of each account and user equals the figures of sreport' "$off" ''
ok 'sreport prints at least 30 figures' test $rows -ge 30

# --- repeated requests, new records, late records
queries() { sql "show global status like 'Com_select'" | cut -f2; }
ask usage "$before" $((now + 86400)) "$now"
count=$(queries)
ask usage "$before" $((now + 86400)) "$now"
less_than() { [ "$1" -lt "$2" ]; }
ok 'a repeated usage request costs MariaDB fewer than 30 queries' less_than $(($(queries) - count)) 30
add_job() { # add_job INDEX FROM TO: a copy of the first real job
    sql "create temporary table one as select * from $jobs where job_db_inx = (select min(job_db_inx) from $jobs where time_end > 0);
        update one set job_db_inx = $1, id_job = 7, time_submit = $2 - $1, time_eligible = $2, time_start = $2, time_end = $3;
        insert into $jobs select * from one"
}
# slurmdbd itself resets the rollup time for a late record; here sacctmgr stands for its next hourly rollup.
rewind() { sql "update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $1, daily_rollup = $1, monthly_rollup = $1"; }
ok 'a job that ends this minute is added' add_job 3000000 "$hour" $((EPOCHSECONDS - 1))
both_months 'with one new record'
ok 'a late record of this month is added' add_job 3000001 $((month + 3600)) $((month + 3605))
ok 'a late record of the last month is added' add_job 3000002 $((before + 90000)) $((before + 99000))
rewind $((before - before % 3600))
ok 'sacctmgr rolls up the late records' sacctmgr -i roll
both_months 'with late records'

# --- a rollup that the adapter takes over step by step
begins_anew() { sql "update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $1, daily_rollup = $1, monthly_rollup = $1"; }
two=$((hour - 7200))
ok 'rollups of the last two hours are deleted' sql "delete from ${CLUSTER_NAME}_usage_hour_table where time_start >= $two;
    delete from ${CLUSTER_NAME}_assoc_usage_hour_table where time_start >= $two"
ask usage "$month" $((now + 86400)) "$now"
settled=$(figure univ node settled) total=$(figure univ node total)
begins_anew $two
ok 'sacctmgr rolls up the last two hours' sacctmgr -i roll
ask patience 0
ask usage "$month" $((now + 86400)) "$now"
is 'patience 0: the old rollups still provide the usage' "$(figure univ node settled) $(figure univ node total)" "$settled $total"
same_as_truth 'patience 0: old rollups and jobs since then equal the sum over the database' "$month" $((now + 86400)) "$now"
ask patience 60000
ask usage "$month" $((now + 86400)) "$now"
isnt 'patience 60 s: the new rollups provide the usage' "$(figure univ node settled)" "$settled"
is 'patience 60 s: new rollups give the same total' "$(figure univ node total)" "$total"
same_as_truth 'patience 60 s: usage equals the sum over the database' "$month" $((now + 86400)) "$now"

# --- a deleted user
sacctmgr_do delete user man account=optics
both_months 'with a deleted user'
ask usage "$before" $((now + 86400)) "$now" +optics
is 'usage by user still has the deleted user' "$(figure optics cpu settled man)" "$(figure optics cpu settled)"
ok 'all rollups are deleted' sql "delete from ${CLUSTER_NAME}_usage_hour_table; delete from ${CLUSTER_NAME}_assoc_usage_hour_table;
     delete from ${CLUSTER_NAME}_usage_day_table; delete from ${CLUSTER_NAME}_assoc_usage_day_table;
     delete from ${CLUSTER_NAME}_usage_month_table; delete from ${CLUSTER_NAME}_assoc_usage_month_table"
both_months 'with rollups deleted'
probe_stop
done_testing
