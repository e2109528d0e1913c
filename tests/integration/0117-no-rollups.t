#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cluster without rollups (26.05 DisableRollups; here slurmdbd is made to believe that they are done): sluiced reads each
# ended day once and keeps its usage in the journal, so that a restart reads few rows. Late records, moved accounts, deleted
# users, rollups that are enabled later.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
sluice_cluster_up
jobs=${CLUSTER_NAME}_job_table suspensions=${CLUSTER_NAME}_suspend_table
gpu=$(sql "select id from tres_table where type='gres' and name='gpu'")
never() { sql "update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $1, daily_rollup = $1, monthly_rollup = $1"; }
never $((EPOCHSECONDS + 864000))

as games sbatch -A physics -n1 --array=1-20 -o /dev/null --wrap true >/dev/null
as man sbatch -A optics -n2 --gres=gpu:1 --array=1-20 -o /dev/null --wrap true >/dev/null
as mail sbatch -A chem -n3 --array=1-10 -o /dev/null --wrap true >/dev/null
as games sbatch -A physics -n1 -o /dev/null : -A physics -n4 --wrap true >/dev/null
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0 and time_start > 0 and tres_alloc != ''")" = 52 ]; }
eventually '52 real jobs have ended' 60 ended

# --- 5,000 copies over 40 days; ids repeat, some straddle days and ends of months, some were suspended
now=$EPOCHSECONDS today=$((EPOCHSECONDS - EPOCHSECONDS % 86400))
begin=$((today - 30 * 86400 + 1800)) middle=$((today - 12 * 86400)) end=$((now + 864000))
ok 'the database receives 5,000 copies of the jobs' sql "set @far = 1000000;
    create temporary table old as select r.*, c.seq from $jobs r, seq_1_to_100 c where time_end > 0 and time_start > 0 and tres_alloc != '';
    set @row = 0;
    update old set job_db_inx = @far + (@row := @row + 1), id_job = 1 + @row % 500,
        time_start = $now - floor(rand(1) * (40 * 86400)),
        time_end = least(time_start + if(rand(2) < 0.02, 200000, 1) * rand(3) + rand(4) * 9000, $now - 1);
    update old set time_start = $middle - 5000, time_end = $middle + 5000 where job_db_inx % 100 = 7;
    update old set time_start = $middle - 90, time_end = $middle where job_db_inx % 100 = 8;
    update old set time_start = $begin - 5000, time_end = $begin + 5000 where job_db_inx % 100 = 9;
    update old set time_end = time_start where time_end < time_start;
    update old set state = 1024 where job_db_inx % 100 = 10;
    update old set state = 8192 where job_db_inx % 100 = 11;
    update old set time_submit = $begin - 8640000 - job_db_inx, time_eligible = time_start;
    alter table old drop seq;
    start transaction;
    insert into $jobs select * from old;
    insert into $suspensions (job_db_inx, id_assoc, time_start, time_end)
        select job_db_inx, id_assoc, time_start + 10, time_start + 10 + (time_end - time_start) div 3 from old
        where job_db_inx % 50 in (3, 7) and time_end > time_start + 100;
    update $jobs j join $suspensions s using (job_db_inx) set j.time_suspended = s.time_end - s.time_start where job_db_inx > @far;
    commit"
diag "$(sql "select count(*), count(distinct id_job), min(time_start), max(time_end), sum(time_end - time_start) from $jobs")"

begins() { probe_start && ask journal "$CLUSTER_DIR/jobs/closed.db"; }
rows_read() { sql "select sum(variable_value) from information_schema.global_status where variable_name like 'handler_read%'"; }
# costs WORDS...: sets COST to the rows that MariaDB reads for the request
costs() {
    local before
    before=$(rows_read)
    ask "$@"
    COST=$(($(rows_read) - before))
}
days() { grep -c '"begin"' <<<"$ANSWER"; } # of the last answer to "closed"
again() { probe_stop && begins; }
less_than() { [ "$1" -lt "$2" ]; }

begins
costs usage "$begin" "$end" "$now"
first=$COST
same_as_truth 'usage from job records alone equals the sum over the database' "$begin" "$end" "$now"
is 'no usage comes from rollups' "$(figure univ cpu settled)" 0
ask closed
ok 'adapter keeps the usage of ended days' less_than 28 "$(days)"
costs usage "$begin" "$end" "$now"
ok 'the next usage request reads few rows' less_than "$COST" $((first / 5))
diag "$first rows, then $COST"
again
costs usage "$begin" "$end" "$now"
ok 'the first usage request after a restart reads few rows' less_than "$COST" $((first / 5))
diag "$first rows, then $COST"
same_as_truth 'usage after a restart equals the sum over the database' "$begin" "$end" "$now"
is 'usage by user after a restart equals usage of the account' "$(figure physics cpu finished man)" "$(figure optics cpu finished)"

# --- other windows: the adapter reads a day again when a window begins or ends within its jobs
ask usage "$middle" "$end" "$now"
same_as_truth 'usage of a later window equals the sum over the database' "$middle" "$end" "$now"
ask usage "$begin" "$middle" "$now"
same_as_truth 'usage of an ended window equals the sum over the database' "$begin" "$middle" "$now"
ask usage $((middle + 4000)) "$end" "$now"
same_as_truth 'usage of a window that begins within a day equals the sum over the database' $((middle + 4000)) "$end" "$now"
again
ask usage "$begin" "$middle" "$now"
same_as_truth 'usage of an ended window after a restart equals the sum over the database' "$begin" "$middle" "$now"
costs usage "$begin" "$end" "$now"
same_as_truth 'usage of the longest window after a restart equals the sum over the database' "$begin" "$end" "$now"
ok 'usage of the longest window after a restart needs few rows' less_than "$COST" $((first / 5))

# --- late records, a job that ends, a wrong clock
add_job() { # add_job INDEX FROM TO: a copy of the first real job
    sql "create temporary table one as select * from $jobs where job_db_inx = (select min(job_db_inx) from $jobs where time_end > 0);
        update one set job_db_inx = $1, id_job = 7, time_submit = $2 - $1, time_eligible = $2, time_start = $2, time_end = $3;
        insert into $jobs select * from one"
}
ok 'a job that ends now is added' add_job 3000000 $((now - 900)) $((EPOCHSECONDS - 1))
now=$EPOCHSECONDS
ask usage "$begin" "$end" "$now"
same_as_truth 'usage includes a job that just ended' "$begin" "$end" "$now"
ok 'a late record of three weeks ago is added' add_job 3000001 $((today - 21 * 86400 - 7000)) $((today - 21 * 86400 + 40))
ok 'a late record of ten days ago is added' add_job 3000002 $((middle - 100)) $((middle + 90000))
later=$((now + 3700))
want="$(truth physics,optics 5 "$begin" "$end" "$later")"
found() { ask usage "$begin" "$end" "$later" && [ "$(figure physics billing total)" = "$want" ]; }
eventually 'adapter finds both late records, one day for each request' 60 found
same_as_truth 'usage with late records equals the sum over the database' "$begin" "$end" "$later"
again
ask usage "$begin" "$end" "$later"
same_as_truth 'usage with late records after a restart equals the sum over the database' "$begin" "$end" "$later"
ask usage "$begin" "$end" "$now"
same_as_truth 'days read with a clock in the future are read again' "$begin" "$end" "$now"

# --- moved accounts and deleted users
ok 'sacctmgr moves account optics to chem' sacctmgr_do modify account where name=optics set parent=chem
ask raw
ask usage "$begin" "$end" "$now"
is 'usage of optics moves to chem' "$(figure physics cpu total) $(figure chem cpu total)" \
    "$(truth physics 1 "$begin" "$end" "$now") $(truth chem,optics 1 "$begin" "$end" "$now")"
ok 'sacctmgr moves account optics back to physics' sacctmgr_do modify account where name=optics set parent=physics
ask raw
ok 'sacctmgr deletes user man' sacctmgr_do delete user man account=optics
again
ask usage "$begin" "$end" "$now"
same_as_truth 'usage of physics includes the deleted user' "$begin" "$end" "$now"
is 'usage by user has the deleted user' "$(figure optics cpu total man)" "$(truth optics 1 "$begin" "$end" "$now")"

# --- sluiced
sluiced_up <<END
components:
  cpu_hours: {tres: cpu}
accounts:
  physics: {allocation: {cpu_hours: 100000}}
policies:
  - {name: p, mode: observe, period: {custom: {months: 3, anchor: "$(date -u -d "@$((today - 35 * 86400))" +%Y-%m-01)"}}, carryover: false}
END
ok 'evaluation by sluiced succeeds' evaluate_now
used() { sluice_cli usage physics -Q -n -P --format=used | head -n 1; }
month=$(date -u -d "$(date -u -d "@$((today - 35 * 86400))" +%Y-%m-01)" +%s)
hours() { awk -v s="$1" 'BEGIN { printf "%.1f", s / 3600 }'; }
diag "$(used) of $(truth physics,optics 1 "$month" "$end" "$EPOCHSECONDS") s"
before=$(rows_read)
sluiced_stop
sluiced_restart
ok 'sluiced restarts and evaluates' wait_until 15 evaluate_now
ok 'first evaluation after the restart reads few rows' less_than $(($(rows_read) - before)) $((first / 4))
diag "$(($(rows_read) - before)) rows"
is 'sluice usage equals the sum over the database after the restart' "$(awk -v u="$(used)" 'BEGIN { printf "%.1f", u }')" "$(hours "$(truth physics,optics 1 "$month" "$end" "$EPOCHSECONDS")")"
sluiced_stop

# --- rollups are enabled later
again
ask usage "$begin" "$end" "$now"
before=$(figure physics cpu total)
sql "update ${CLUSTER_NAME}_event_table set time_start = $begin - 864000 where node_name = ''"
# As after DisableRollups is removed: slurmdbd does not make up for the skipped days.
never $((EPOCHSECONDS - EPOCHSECONDS % 3600 - 10800))
ok 'sacctmgr rolls up three hours' sacctmgr -i roll
ask usage "$begin" "$end" "$now"
same_as_truth 'usage ignores rollups that skip days' "$begin" "$end" "$now"
is 'no usage comes from rollups that skip days' "$(figure physics cpu settled)" 0
again
ask usage "$begin" "$end" "$now"
same_as_truth 'usage ignores rollups that skip days after a restart' "$begin" "$end" "$now"
never $((begin - begin % 3600 - 864000))
ok 'sacctmgr rolls up all days' sacctmgr -i roll
ask usage "$begin" "$end" "$now"
same_as_truth 'usage from rollups equals the sum over the database' "$begin" "$end" "$now"
isnt 'usage comes from rollups' "$(figure physics cpu settled)" 0
ask closed
is 'adapter keeps no ended days beside rollups' "$(days)" 0
probe_stop
done_testing
