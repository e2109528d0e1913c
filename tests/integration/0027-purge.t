#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmdbd purges usage of the running period: nothing opens, status and doctor name it, and a person accepts the lower figure.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
jobs=${CLUSTER_NAME}_job_table
sql() { database_sql "use slurm_acct_db; $1"; }

granted() {
    cat <<END
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 50}}}
policies:
  - name: yearly
    mode: enforce
    period: year
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}

# A job of 100 hours in the third month before this one: the copy of a real row, rolled up.
must 'a job runs in physics' as games srun -t1 -A physics -n1 true
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0")" = 1 ]; }
eventually 'the job has ended in the database' 30 ended
year=$(date -u +%Y)
[ "$(date -u +%m)" -gt 4 ] || skip_all 'needs three whole months of this year in the past'
begin=$(date -u -d "$(date -u +%Y-%m-01) -3 months" +%s)
must 'the database receives the job of an earlier month' sql "
    create temporary table old as select * from $jobs;
    update old set job_db_inx = job_db_inx + 1000000, id_job = id_job + 100000, time_submit = $begin + 7200,
        time_eligible = $begin + 7200, time_start = $begin + 7200, time_end = $begin + 7200 + 360000;
    insert into $jobs select * from old;
    update ${CLUSTER_NAME}_event_table set time_start = $begin where node_name = '';
    update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $begin, daily_rollup = $begin, monthly_rollup = $begin"
must 'sacctmgr rolls the usage up' sacctmgr -i roll
must 'sluiced starts' eval 'sluiced_up < <(granted)'
# The job of this month may have taken a second.
like 'physics is paused by the usage of the earlier month' "$(status_field physics standing,used)" '^paused\|100(\.000[0-9]*)?$'

# The purge.
sluiced_stop
# What a purge deletes; `sacctmgr archive dump` leaves usage of that month from 24.11 on.
must 'usage and jobs of the earlier month are purged from the database' sql "
    delete from ${CLUSTER_NAME}_assoc_usage_hour_table where time_start < $begin + 864000;
    delete from ${CLUSTER_NAME}_assoc_usage_day_table where time_start < $begin + 864000;
    delete from ${CLUSTER_NAME}_assoc_usage_month_table where time_start < $begin + 864000;
    delete from $jobs where time_start < $begin + 864000"
ok 'sluiced restarts after the purge' eval 'sluiced_restart && wait_until 15 evaluate_now'
is 'physics stays paused after the purge' "$(status_field physics standing) $(account_field physics defaultqos)" 'paused blocked'
like 'the higher figure is kept' "$(status_field physics used)" '^100(\.000[0-9]*)?$'
fails 'sbatch in physics is refused after the purge' as games sbatch -A physics --wrap true
like 'sluice status names the purge' "$(sluice_cli status physics 2>&1)" "Slurm reports .* node_hours less usage in $year than before: the higher figure is kept"
fails 'sluice doctor fails after the purge' sluice_cli doctor
like 'sluice doctor names the purge and the remedy' "$OUT" "less usage in $year(.|
)*sluice reset --period physics"
ok 'the lower figure is accepted' sluice_cli reset --period physics --reason='purged on purpose'
is 'physics is open after the confirmation' "$(status_field physics standing)" normal
ok 'srun in physics runs after the confirmation' eval 'evaluate_now && as games srun -t1 -A physics -n1 true'
unlike 'sluice status no longer names the purge' "$(sluice_cli status physics 2>&1)" 'less usage'
done_testing
