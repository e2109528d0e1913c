#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A replay runs policies over the usage in slurmdbd: of a file and in force, as table, as JSON and by the API.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
jobs=${CLUSTER_NAME}_job_table
sql() { database_sql "use slurm_acct_db; $1"; }
lenient() {
    cat <<END
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 1000}}, chem: {allocation: {node_hours: 1000}}}
policies: [{name: lenient, mode: observe, period: month}]
END
}

# A job of 4 hours at noon of each of the last 65 days.
must 'a job runs in physics' as games srun -t1 -A physics -n1 true
ended() { [ "$(sql "select count(*) from $jobs where time_end > 0")" = 1 ]; }
eventually 'the job has ended in the database' 30 ended
today=$(date -d "$(date +%F)" +%s) begin=$(($(date -d "$(date +%F)" +%s) - 66 * 86400))
must 'the database receives 65 days of jobs' sql "
    create temporary table old as select r.*, s.seq from $jobs r, seq_1_to_65 s;
    update old set job_db_inx = 1000000 + seq, id_job = 100000 + seq, time_start = $today - seq * 86400 + 43200,
        time_submit = time_start, time_eligible = time_start, time_end = time_start + 14400;
    alter table old drop seq;
    insert into $jobs select * from old;
    update ${CLUSTER_NAME}_event_table set time_start = $begin where node_name = '';
    update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $begin, daily_rollup = $begin, monthly_rollup = $begin"
must 'sacctmgr rolls the usage up' sacctmgr -i roll
must 'sluiced starts' eval 'sluiced_up < <(lenient)'
ok 'an evaluation completes' evaluate_now

# The whole month before this one: 4 a day, so 40 of 48 are used after 10 days, 48 after 12, 60 after 15.
strict=$CLUSTER_DIR/etc/strict.yaml
cat >"$strict" <<'END'
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 48}}, chem: {allocation: {node_hours: 48}}}
policies:
  - name: strict
    mode: enforce
    period: month
    grace_ratio: 0.25
    carryover: {enabled: false}
    limits: false
    actions: [notify_organization_owners, request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
this=$(date +%Y-%m-01) month=$(date -d "$(date +%Y-%m-01) -1 month" +%Y-%m) first=$(date -d "$(date +%Y-%m-01) -1 month" +%F)
table=$(sluice_cli simulate "$strict" --from="$first" --until="$this" 2>&1)
diag "$table"
like 'the account is downscaled on the day that reaches the allocation' "$table" "physics +$month +downscaled +$month-12 +$month-15 +3 "
like 'the account is paused from the grace limit to the end of the period' "$table" "physics +$month +paused +$month-15 +[^0-9]*[0-9]+ +125"
like 'the summary counts the account that stays normal' "$table" '1 of 2 accounts stays normal'
json=$(sluice_cli simulate "$strict" --from="$first" --until="$(date -d "$this +1 day" +%F)" --json 2>/dev/null)
like 'the pause ends on the first day of the next period' "$json" "\"standing\": ?\"paused\", ?\"begin\": ?\"$month-15\", ?\"end\": ?\"$this\""
# A replay that begins in the middle of the period counts the usage before it.
like 'usage before the first day counts in its period' \
    "$(sluice_cli simulate "$strict" --from="$month-20" --until="$this" 2>&1)" "physics +$month +paused +$month-20 "
like 'without a file the policies in force are replayed' "$(sluice_cli simulate --from="$first" 2>&1)" '2 of 2 accounts stay normal'
like 'a replay changes nothing' "$(status_field physics standing)" '^normal'

unlike 'a bad time is refused' "$(sluice_cli simulate "$strict" --from=never 2>&1; echo "exit $?")" 'exit 0'
like 'a bad time is named' "$(sluice_cli simulate "$strict" --from=never 2>&1)" 'error: from'
like '--until needs --from' "$(sluice_cli simulate "$strict" --until=today 2>&1)" 'error: --until needs --from'
printf 'policies: [{name: x, periode: month}]\n' >"$CLUSTER_DIR/etc/bad.yaml"
like 'a mistake in the file is named with its place' "$(sluice_cli simulate "$CLUSTER_DIR/etc/bad.yaml" --from="$first" 2>&1)" 'the new file:1:.*periode'
sed 's/physics/phisics/; s/chem/chemm/' "$strict" >"$CLUSTER_DIR/etc/names.yaml"
like 'a file without an account of the cluster is refused' "$(sluice_cli simulate "$CLUSTER_DIR/etc/names.yaml" --from="$first" 2>&1)" 'no account of cluster .* has a policy and an allocation'
like 'a user may not replay' "$(as games "$(sluice_find sluice)" simulate --from="$first" 2>&1)" 'Only staff'
like 'a replay before the rollups warns' "$(sluice_cli simulate --from=now-300days 2>&1)" 'warning: slurmdbd has rolled-up usage since .* only'
done_testing
