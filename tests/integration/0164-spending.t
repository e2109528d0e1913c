#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Usage of an earlier period by account and user, and who may read it; a notice when an account spends much faster than in the
# weeks before, once a week and without an effect on its standing.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/sinks.sh"
[ "$(date -u -d '+15 minutes' +%m)" = "$(date -u +%m)" ] || skip_all 'the month ends within minutes'
sluice_cluster_up
sinks_needed
sluice=$(sluice_find sluice)
jobs=${CLUSTER_NAME}_job_table
sql() { database_sql "use slurm_acct_db; $1"; }

granted() { # granted [POLICY LINE...]
    cat <<'END'
contacts: {physics: pi@example.org}
notifications:
  mail:
    from: hpc@example.org
END
    printf '    %s\n' "${SINK_MAIL[@]}"
    cat <<'END'
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 200}}}
policies:
  - name: monthly
    mode: enforce
    period: month
    carryover: false
    limits: false
    actions: [notify_organization_owners, request_slurm_resource_pausing]
END
    [ $# -eq 0 ] || printf '    %s\n' "$@"
}

# Copies of a real row: 100 hours at the begin of the third month before this one, 50 hours in the month before this one, and a
# job of one node from two days ago to this hour: the last whole day has 24 hours of it, whenever midnight is.
must 'a job runs in physics' as games srun -t1 -A physics -n1 true
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0")" = 1 ]; }
eventually 'the job has ended in the database' 30 ended
now=$(date +%s)
month=$(date -u -d @"$now" +%Y-%m-01)
old=$(date -u -d "$month -3 months" +%s)
last=$(date -u -d "$month -1 month" +%s)
recent=$((now / 86400 * 86400 - 2 * 86400))
hour=$((now / 3600 * 3600))
copy() { # copy NUMBER BEGIN END
    sql "create temporary table old as select * from $jobs where id_job < 1000 limit 1;
        update old set job_db_inx = job_db_inx + 1000000 + $1, id_job = id_job + 100000 + $1, time_submit = $2,
            time_eligible = $2, time_start = $2, time_end = $3;
        insert into $jobs select * from old"
}
must 'the database receives a job of the third month before' copy 1 "$((old + 7200))" "$((old + 7200 + 360000))"
must 'the database receives a job of the month before' copy 2 "$((last + 7200))" "$((last + 7200 + 180000))"
must 'the database receives a job of the last two days' copy 3 "$recent" "$hour"
must 'rollups begin with the first of these jobs' sql "
    update ${CLUSTER_NAME}_event_table set time_start = $old where node_name = '';
    update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $old, daily_rollup = $old, monthly_rollup = $old"
must 'sacctmgr rolls the usage up' sacctmgr -i roll
must 'mail server starts' sinks_start
must 'sluiced starts' eval 'sluiced_up < <(granted)'

# --- usage of earlier periods
label() { date -u -d "$month -$1 months" +%Y-%m; }
used() { sluice_cli usage physics --period="$1" -nP -o "${2:-period,used}" 2>&1; }
recent_before=$(((recent < $(date -u -d "$month" +%s) ? ($(date -u -d "$month" +%s) < hour ? $(date -u -d "$month" +%s) : hour) - recent : 0) / 3600))
is 'usage of the third month before is that of its job' "$(used "$(label 3)")" "$(label 3)|100"
is 'usage of the month before is that of its jobs' "$(used "$(label 1)")" "$(label 1)|$((50 + recent_before))"
is 'usage of a month without jobs is zero' "$(used "$(label 2)")" "$(label 2)|0"
is 'usage of an earlier period is shown by user' "$(sluice_cli usage physics --by-user --period="$(label 3)" -nP -o user,used)" \
    $'games|100\n(total)|100'
is 'percentage of a period that the journal does not have is unknown' "$(used "$(label 3)" used,percent)" '100|-'
is 'the present period by its label is the present usage' "$(used "$(date -u -d "$month" +%Y-%m)" period)" "$(date -u -d "$month" +%Y-%m)"
fails 'usage of an unknown period is refused' sluice_cli usage physics --period=1999-01
like 'refusal of an unknown period names the known ones' "$(used 1999-01)" "period must be one of .*$(label 1), $(label 2), $(label 3)"
fails 'a period without an account is refused' sluice_cli usage --period="$(label 1)"
is 'user reads the month before' "$(as games "$sluice" usage physics --period="$(label 1)" -nP -o used)" "$((50 + recent_before))"
like 'user is refused a query of slurmdbd' "$(as games "$sluice" usage physics --period="$(label 3)" 2>&1)" 'staff and coordinators may request'
like 'a period before the first rollups is named as missing' "$(used "$(label 5)")" 'slurmdbd has no rollups of'
ok 'evaluation after these queries succeeds' evaluate_now
unlike 'sluiced.log reports no source as away' "$(cat "$(sluiced_log)")" 'SLUICE-0301'

# --- a notice of a jump
jumped() { sluice_cli history physics -nP -o actions | grep -c rate; }
mailed() { [ "$(mails_to pi@example.org | wc -l)" -eq "$1" ]; }
fails 'notify_rate with an unknown key is refused' eval 'sluiced_settings < <(granted "notify_rate: {times: 5}") && sluiced_reload'
ok 'policy without notify_rate names no jump' [ "$(jumped)" -eq 0 ]
ok 'notify_rate comes into force' eval 'sluiced_regrant < <(granted "notify_rate: {factor: 5, least: 13}")'
is 'a day of 12 % is no jump where least is 13' "$(jumped)" 0
ok 'a lower bound comes into force' eval 'sluiced_regrant < <(granted "notify_rate: {factor: 5, least: 12}")'
is 'history has the jump' "$(jumped)" 1
eventually 'owner receives the notice of the jump' 30 mailed 1
mail=$(cat "$(mails_to pi@example.org)")
like 'subject of the notice has the share of the day' "$mail" 'Subject: Account physics on lab used 12.00 % of its allocation in one day'
like 'notice names the jobs to look at' "$mail" 'sacct -A physics -X -S 20[0-9-]*'
is 'standing of the account stays normal' "$(sluice_cli status physics -nP -o standing)" normal
like 'explain names the day of the jump' "$(sluice_cli explain physics)" 'On 20[0-9-]* the account used 12.00 % of its node_hours'
ok 'evaluation after the notice succeeds' evaluate_now
ok 'sluiced restarts' eval 'sluiced_stop && sluiced_restart && evaluate_now'
is 'the jump is noticed once' "$(jumped)" 1
ok 'owner has received one mail' mailed 1
is 'sbatch of the account goes on' "$(as games sbatch --parsable -o /dev/null -A physics -n1 -t1 --wrap true | grep -c '^[0-9]')" 1
done_testing
