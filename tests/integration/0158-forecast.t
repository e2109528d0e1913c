#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Eight weeks of usage in slurmdbd give a forecast with an interval: in the API, explain, balance and metrics.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
jobs=${CLUSTER_NAME}_job_table
sql() { database_sql "use slurm_acct_db; $1"; }

granted() {
    cat <<END
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 338}}, chem: {allocation: {node_hours: 100}}}
policies:
  - name: grant
    mode: enforce
    period: total
    limits: false
    actions: [request_slurm_resource_downscaling]
END
}

# A job at noon of each of the last 57 days, of 2 hours in one week and 6 in the next: 28 node-hours a week.
must 'a job runs in physics' as games srun -t1 -A physics -n1 true
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0")" = 1 ]; }
eventually 'the job has ended in the database' 30 ended
today=$(date -d "$(date +%F)" +%s) begin=$(($(date -d "$(date +%F)" +%s) - 58 * 86400))
must 'the database receives 57 days of jobs' sql "
    create temporary table old as select r.*, s.seq from $jobs r, seq_1_to_57 s;
    update old set job_db_inx = 1000000 + seq, id_job = 100000 + seq, time_start = $today - seq * 86400 + 43200,
        time_submit = time_start, time_eligible = time_start, time_end = time_start + if((seq - 1) div 7 % 2 = 0, 7200, 21600);
    alter table old drop seq;
    insert into $jobs select * from old;
    update ${CLUSTER_NAME}_event_table set time_start = $begin where node_name = '';
    update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $begin, daily_rollup = $begin, monthly_rollup = $begin"
must 'sacctmgr rolls the usage up' sacctmgr -i roll
must 'sluiced starts' eval 'sluiced_up < <(granted)'
ok 'an evaluation completes' evaluate_now
# 338 - 226 used: four weeks at 28 a week
like 'usage of 57 days is counted' "$(status_field physics used)" '^226'

status=$(sluice_cli status --json physics | tr -d '\n ')
at() { # at FIELD: days from now, of the threshold at 100 %
    local epoch
    epoch=$(grep -o "\"forecast\":\[{[^]]*" <<<"$status" | grep -o '"threshold":"downscale"[^}]*' | grep -o "\"$1_epoch\":[0-9]*" | head -1 | tr -cd 0-9)
    [ -n "$epoch" ] && echo $(((epoch - EPOCHSECONDS) / 86400))
}
diag "early $(at early) date $(at date) late $(at late)"
between() { [ -n "$1" ] && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
ok 'the forecast expects the threshold in four weeks' between "$(at date)" 26 30
ok 'the interval begins before the expected date' between "$(at early)" 5 24
ok 'the interval ends after the expected date' between "$(at late)" 31 90
like 'explain has the day and the interval' "$(sluice_cli explain physics)" \
    'Threshold downscale at 100 %: not reached; expected on 20[0-9-]+, in four of five cases between 20[0-9-]+ and 20[0-9-]+\.'
like 'explain of an account without usage expects no threshold' "$(sluice_cli explain chem)" 'not reached; not expected in this period'
like 'balance has the forecast of the next threshold' "$(as games "$(sluice_find sluice)" balance -n -P --format=account,forecast 2>&1)" \
    'physics\|80 % on 20[0-9-]+ \(20[0-9-]+ to 20[0-9-]+\)'
like 'forecast and standing differ: the account stays normal' "$(status_field physics standing)" '^normal'
like 'metrics have the interval of the next threshold' "$(curl -s --unix-socket "$SLUICE_SOCKET" http://localhost/metrics)" \
    'sluice_account_threshold_forecast_timestamp_seconds\{account="physics",threshold="notify",quantile="0.9"[^ ]* [1-9]'
done_testing
