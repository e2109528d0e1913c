#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cluster without rollups (26.05 DisableRollups; here slurmdbd believes to have done them): days that are over are read once
# and kept in the journal, so a restart reads few rows; late records, moved accounts, deleted users, rollups that come after all.
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
ok 'copies are made' sql "set @far = 1000000;
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
# costs WORDS...: rows that a question makes MariaDB read, in COST
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
same_as_truth 'all from records' "$begin" "$end" "$now"
is 'nothing is settled' "$(figure univ cpu settled)" 0
ask closed
ok 'days are closed' less_than 28 "$(days)"
costs usage "$begin" "$end" "$now"
ok 'the next question reads few rows' less_than "$COST" $((first / 5))
diag "$first rows, then $COST"
again
costs usage "$begin" "$end" "$now"
ok 'the first one after a restart, too' less_than "$COST" $((first / 5))
diag "$first rows, then $COST"
same_as_truth 'and says the same' "$begin" "$end" "$now"
is 'by user as well' "$(figure physics cpu finished man)" "$(figure optics cpu finished)"

# --- other windows: days are read again where one begins or ends inside their jobs
ask usage "$middle" "$end" "$now"
same_as_truth 'a window that begins later' "$middle" "$end" "$now"
ask usage "$begin" "$middle" "$now"
same_as_truth 'one that is over' "$begin" "$middle" "$now"
ask usage $((middle + 4000)) "$end" "$now"
same_as_truth 'one inside a day' $((middle + 4000)) "$end" "$now"
again
ask usage "$begin" "$middle" "$now"
same_as_truth 'all the same after a restart' "$begin" "$middle" "$now"
costs usage "$begin" "$end" "$now"
same_as_truth 'and the longest' "$begin" "$end" "$now"
ok 'for which nothing is read again' less_than "$COST" $((first / 5))

# --- records that come late, a job that ends, a clock that was wrong
add_job() { # add_job INDEX FROM TO: a copy of the first real job
    sql "create temporary table one as select * from $jobs where job_db_inx = (select min(job_db_inx) from $jobs where time_end > 0);
        update one set job_db_inx = $1, id_job = 7, time_submit = $2 - $1, time_eligible = $2, time_start = $2, time_end = $3;
        insert into $jobs select * from one"
}
ok 'a job ends' add_job 3000000 $((now - 900)) $((EPOCHSECONDS - 1))
now=$EPOCHSECONDS
ask usage "$begin" "$end" "$now"
same_as_truth 'it counts at once' "$begin" "$end" "$now"
ok 'the record of a job of three weeks ago comes' add_job 3000001 $((today - 21 * 86400 - 7000)) $((today - 21 * 86400 + 40))
ok 'and of one of ten days ago' add_job 3000002 $((middle - 100)) $((middle + 90000))
later=$((now + 3700))
want="$(truth physics,optics 5 "$begin" "$end" "$later")"
found() { ask usage "$begin" "$end" "$later" && [ "$(figure physics billing total)" = "$want" ]; }
eventually 'both are found, a day a question' 60 found
same_as_truth 'on every TRES' "$begin" "$end" "$later"
again
ask usage "$begin" "$end" "$later"
same_as_truth 'after a restart, too' "$begin" "$end" "$later"
ask usage "$begin" "$end" "$now"
same_as_truth 'what was read in the future is read again' "$begin" "$end" "$now"

# --- accounts and users that go
ok 'an account is moved' sacctmgr_do modify account where name=optics set parent=chem
ask raw
ask usage "$begin" "$end" "$now"
is 'its usage goes with it' "$(figure physics cpu total) $(figure chem cpu total)" \
    "$(truth physics 1 "$begin" "$end" "$now") $(truth chem,optics 1 "$begin" "$end" "$now")"
ok 'and back' sacctmgr_do modify account where name=optics set parent=physics
ask raw
ok 'a user is deleted' sacctmgr_do delete user man account=optics
again
ask usage "$begin" "$end" "$now"
same_as_truth 'his usage stays with the account' "$begin" "$end" "$now"
is 'and his' "$(figure optics cpu total man)" "$(truth optics 1 "$begin" "$end" "$now")"

# --- the daemon
sluiced_up <<END
components:
  cpu_hours: {tres: cpu}
accounts:
  physics: {allocation: {cpu_hours: 100000}}
policies:
  - {name: p, mode: observe, period: {custom: {months: 2, anchor: "$(date -u -d "@$((today - 35 * 86400))" +%Y-%m-01)"}}, carryover: false}
END
ok 'the daemon does an evaluation' evaluate_now
used() { sluice_cli usage physics -Q -n -P --format=used | head -n 1; }
month=$(date -u -d "$(date -u -d "@$((today - 35 * 86400))" +%Y-%m-01)" +%s)
hours() { awk -v s="$1" 'BEGIN { printf "%.1f", s / 3600 }'; }
diag "$(used) of $(truth physics,optics 1 "$month" "$end" "$EPOCHSECONDS") s"
before=$(rows_read)
sluiced_stop
sluiced_restart
ok 'a restart' wait_until 15 evaluate_now
ok 'reads few rows' less_than $(($(rows_read) - before)) $((first / 4))
diag "$(($(rows_read) - before)) rows"
is 'and it has them all' "$(awk -v u="$(used)" 'BEGIN { printf "%.1f", u }')" "$(hours "$(truth physics,optics 1 "$month" "$end" "$EPOCHSECONDS")")"
sluiced_stop

# --- rollups come after all
again
ask usage "$begin" "$end" "$now"
before=$(figure physics cpu total)
sql "update ${CLUSTER_NAME}_event_table set time_start = $begin - 864000 where node_name = ''"
# As when they are enabled again: what was skipped is not made up for.
never $((EPOCHSECONDS - EPOCHSECONDS % 3600 - 10800))
ok 'sacctmgr rolls up three hours' sacctmgr -i roll
ask usage "$begin" "$end" "$now"
same_as_truth 'rollups that skip days are not believed' "$begin" "$end" "$now"
is 'none of them' "$(figure physics cpu settled)" 0
again
ask usage "$begin" "$end" "$now"
same_as_truth 'nor after a restart' "$begin" "$end" "$now"
never $((begin - begin % 3600 - 864000))
ok 'sacctmgr rolls up' sacctmgr -i roll
ask usage "$begin" "$end" "$now"
same_as_truth 'the rollups say the same' "$begin" "$end" "$now"
isnt 'and it is they who do' "$(figure physics cpu settled)" 0
ask closed
is 'no closed day is kept' "$(days)" 0
probe_stop
done_testing
