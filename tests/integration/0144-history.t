#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Usage of an account by day from slurmdbd's rollups, without rollups and while slurmdbd is away; the jobs that wait because of
# Sluice; the evaluation that decided a command.
. "$(dirname "$0")/lib/harness.sh"
for tool in curl python3; do
    command -v "$tool" >/dev/null || skip_all "no $tool here"
done
sluice_cluster_up
jobs=${CLUSTER_NAME}_job_table
sql() { database_sql "use slurm_acct_db; $1"; }
get() { curl -sS --max-time 60 --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/$1"; }
get_as() { as "$1" curl -sS --max-time 60 --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/$2"; }
value() { python3 -c 'import json, sys; print(eval(sys.argv[1], {"data": json.load(sys.stdin)}))' "$1"; } # value EXPRESSION < JSON

granted() { # granted HOURS
    cat <<END
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: $1}}}
policies:
  - name: yearly
    mode: enforce
    period: year
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}

# A job of 100 hours that begins two hours after the third month before this one: the copy of a real row, rolled up.
must 'a job runs in physics' as games srun -t1 -A physics -n1 true
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0")" = 1 ]; }
eventually 'the job has ended in the database' 30 ended
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
must 'sluiced starts' eval 'sluiced_up < <(granted 1000)'

# --- usage by day
year=$(date -u +%Y)
usage=$(get 'accounts/physics/usage?by=day')
day() { value "next(each[\"used\"] and each[\"used\"][\"node_hours\"] for each in data[\"usage\"][\"days\"] if each[\"begin_epoch\"] == $begin + $1 * 86400)" <<<"$usage"; }
is 'usage by day is of the present period' "$(value 'data["usage"]["billing_period"]' <<<"$usage")" "$year"
is 'the first day has the 22 hours of the job' "$(day 0)" 22
is 'a whole day has 24 hours' "$(day 2)" 24
is 'the last day has 6 hours' "$(day 4)" 6
is 'the day after it has nothing' "$(day 5)" 0
is 'a day before the first rollup is not known' "$(day -1)" None
is 'the days of the job have its 100 hours' "$(value "sum(each[\"used\"][\"node_hours\"] for each in data[\"usage\"][\"days\"] if each[\"used\"] and each[\"begin_epoch\"] < $begin + 864000)" <<<"$usage")" 100
is 'usage by day reports the effective allocation' "$(value 'data["usage"]["effective_allocation"]' <<<"$usage")" "{'node_hours': 1000}"
is 'an earlier period is offered' "$(value 'data["usage"]["periods"][1]' <<<"$usage")" $((year - 1))
is 'days of an earlier period have no rollups' "$(get "accounts/physics/usage?period=$((year - 1))" | value 'data["usage"]["source"]')" evaluations
like 'an unknown period is refused with the known ones' "$(get 'accounts/physics/usage?period=1999')" "period must be one of $year, $((year - 1))"
is 'a member reads the usage by day of the account' "$(get_as games accounts/physics/usage | value 'len(data["usage"]["days"]) > 200')" True
like 'another user does not' "$(get_as nobody accounts/physics/usage)" 'does not exist, or you do not belong to it'

# --- jobs that wait
job=$(as games sbatch --parsable -A physics -t10 -o /dev/null --begin=now+2hours --wrap true)
is 'no job waits because of Sluice before the pause' "$(get jobs | value 'data["count"]')" 0
ok 'physics is paused with an allocation of 50 hours' eval 'sluiced_regrant < <(granted 50) && standing_is physics paused'
waits() { evaluate_now && [ "$(get "jobs?job=$job" | value '[(each["job_id"], each["user"], each["wait"]) for each in data["jobs"]]')" = "[($job, 'games', 'invalid_qos')]" ]; }
eventually 'the job waits because of the QOS of the pause' 30 waits
like 'the list names what releases the job' "$(get jobs)" "may start when account physics is open again \\($((year + 1))-01-01\\)"
isnt 'the list has the reason that squeue shows' "$(get jobs | value 'data["jobs"][0]["state_reason"]')" ''
is 'the reason equals that of squeue' "$(get jobs | value 'data["jobs"][0]["state_reason"]')" "$(squeue -h -j "$job" -o %r)"
is 'its user sees the job' "$(get_as games jobs | value 'data["count"]')" 1
is 'another user does not see the job' "$(get_as lp jobs | value 'data["count"]')" 0
like 'another user who asks for it by name is refused' "$(get_as lp 'jobs?user=games')" 'Only staff and coordinators may see the jobs of other users'
like 'sluice explain counts the job' "$(sluice_cli explain physics)" '1 queued job waits because of the pause'

# --- the evaluation of a command
pause=$(get 'evaluations?account=physics&only=changed' | value 'data["evaluations"][0]["id"]')
like 'the commands of the pause have the number of its evaluation' "$(get "commands?evaluation=$pause" | value '[each["type"] for each in data["commands"] if each["account"] == "physics"]')" qos
is 'an evaluation can be read by its number' "$(get "evaluations?evaluation=$pause" | value '[each["standing"] for each in data["evaluations"]]')" "['paused']"

# --- without rollups, and without slurmdbd
must 'the rollups are purged' sql "
    delete from ${CLUSTER_NAME}_usage_hour_table; delete from ${CLUSTER_NAME}_usage_day_table; delete from ${CLUSTER_NAME}_usage_month_table;
    delete from ${CLUSTER_NAME}_assoc_usage_hour_table; delete from ${CLUSTER_NAME}_assoc_usage_day_table; delete from ${CLUSTER_NAME}_assoc_usage_month_table"
sluiced_stop
ok 'sluiced restarts without rollups' eval 'sluiced_restart && wait_until 15 evaluate_now'
usage=$(get accounts/physics/usage)
is 'days without rollups come from evaluations' "$(value 'data["usage"]["source"], any(each["usage_percentage"] for each in data["usage"]["days"])' <<<"$usage")" "('evaluations', True)"
slurmdbd_stop
evaluate_now
like 'without slurmdbd the usage by day has a warning' "$(get accounts/physics/usage)" "days have evaluations only, since slurmdbd's figures are missing"
done_testing
