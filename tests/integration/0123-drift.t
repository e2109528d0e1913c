#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A second evaluation writes nothing; sluiced finds, reports, repairs or leaves changes made by sacctmgr; a pause applies to
# users and sub-accounts with their own QOS lists, and these are restored exactly; all types of limits.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

sacctmgr_do add qos private priority=5
sacctmgr_do modify user where name=lp account=physics set qos=normal,private defaultqos=private
sacctmgr_do modify account where name=optics set qos=normal,private defaultqos=normal
eventually 'slurmctld has the private QOS list of user lp' 10 as lp sbatch -A physics --qos=private --test-only --wrap true

granted() { # granted PHYSICS LIMIT_TYPE DRIFT
    cat <<END
components:
  node_hours: {tres: node}
  cpu_hours: {tres: cpu}
accounts:
  physics: {allocation: {node_hours: $1, cpu_hours: 2000}}
  chem: {allocation: {node_hours: 30, cpu_hours: 60}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    drift: $3
    limits: {type: $2}
    fairshare: {enabled: true}
    actions: [request_slurm_resource_pausing]
END
}
# evaluation_writes_nothing NAME: an evaluation leaves the number of transactions in slurmdbd as it was
evaluation_writes_nothing() {
    local rows
    rows=$(txn_count)
    ok "$1: evaluation succeeds" evaluate_now
    is "$1: evaluation writes nothing to slurmdbd" "$(txn_count)" "$rows"
}
withheld() { sed -n '/^Withheld/,/^Problems/p' <<<"$OUT"; }
newest() { sluice_cli commands -Q -n -P --limit="${3:-1}" --format="$2" "$1"; } # newest ACCOUNT FIELDS [N]
qos_rows() {
    database_sql "select acct, user, qos, delta_qos, def_qos_id from slurm_acct_db.${CLUSTER_NAME}_assoc_table
        where deleted = 0 order by id_assoc"
}
submits() { as "$1" sbatch -A "$2" --qos="$3" --test-only --wrap true; } # submits USER ACCOUNT QOS

before=$(qos_rows)
must 'sluiced starts' eval 'sluiced_up < <(granted 1000 GrpTRESMins repair)'

# --- each type of limit, all components in one change, and fairshare, as slurmctld has them
is 'sacctmgr shows GrpTRESMins for cpu and node' "$(account_field physics grptresmins)" cpu=120000,node=60000
like 'slurmctld has GrpTRESMins for cpu' "$(account_live physics GrpTRESMins)" 'cpu=120000\('
like 'slurmctld has GrpTRESMins for node' "$(account_live physics GrpTRESMins)" 'node=60000\('
is 'sacctmgr shows a fairshare equal to the allocation' "$(account_field physics fairshare)" 1000
like 'slurmctld has the fairshare' "$(account_live physics SharesRaw/Norm/Level/Factor)" '^1000/'
evaluation_writes_nothing 'GrpTRESMins unchanged'
ok 'sluiced changes the limit type to MaxTRESMins' eval 'sluiced_regrant < <(granted 1000 MaxTRESMins repair)'
is 'MaxTRESMins is set and GrpTRESMins is cleared' "$(account_field physics grptresmins,maxtresmins)" '|cpu=120000,node=60000'
like 'slurmctld has MaxTRESMins' "$(account_live physics MaxTRESMinsPJ)" 'cpu=120000.*node=60000'
evaluation_writes_nothing 'MaxTRESMins unchanged'
ok 'sluiced changes the limit type to GrpTRES' eval 'sluiced_regrant < <(granted 1000 GrpTRES repair)'
is 'GrpTRES is set and MaxTRESMins is cleared' "$(account_field chem maxtresmins,grptres)" '|cpu=60,node=30'
like 'slurmctld has GrpTRES' "$(account_live chem GrpTRES)" 'cpu=60\(.*node=30\('
evaluation_writes_nothing 'GrpTRES unchanged'

# --- a pause applies to users and sub-accounts with their own QOS lists
ok 'sluiced applies an allocation of 0 to physics' eval 'sluiced_regrant < <(granted 0 GrpTRESMins repair)'
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused
for row in 'physics lp' 'optics '; do
    read -r account user <<<"$row"
    is "QOS list of $account $user is blocked instead of its own" "$(account_field "$account" qos,defaultqos "$user")" 'blocked|blocked'
done
sluiced_stop # so that slurmctld alone must refuse
for way in 'lp physics private' 'lp physics normal' 'man optics private' 'man optics normal' 'games physics normal'; do
    # shellcheck disable=SC2086
    fails "sbatch by USER ACCOUNT QOS $way is refused without sluiced" submits $way
done
ok 'sbatch by mail in chem is accepted without sluiced' submits mail chem normal
ok 'sluiced starts while physics is paused' sluiced_restart
evaluation_writes_nothing 'physics paused'

# --- drift: repair
rows_paused=$(assoc_rows)
# (slurmdbd refuses a DefaultQOS of an account that a descendant's own list does not have.)
ok 'sacctmgr changes QOS list and limit of paused physics' sacctmgr_do modify account where name=physics set qos=normal,slowdown,blocked grptresmins=node=777
ok 'sacctmgr changes the QOS list of user lp' sacctmgr_do modify user where name=lp account=physics set qos=normal,private defaultqos=private
isnt 'manual changes lift the pause in slurmdbd' "$(assoc_rows)" "$rows_paused"
ok 'sluice evaluate --dry-run under drift: repair succeeds' sluice_cli evaluate --dry-run
is 'sluice evaluate --dry-run finds three changes by drift' "$(grep -c '(drift)' <<<"$OUT")" 3
ok 'evaluation under drift: repair succeeds' evaluate_now
is 'evaluation under drift: repair restores the associations of the pause' "$(assoc_rows)" "$rows_paused"
is 'sluice commands shows drift as the reason of the repair' "$(newest physics reason,result 3 | sort -u)" 'drift|done'
like 'sluiced.log shows drift as the reason of the repair' "$(grep command-done "$(sluiced_log)")" 'reason=drift'
fails 'sbatch by lp with QOS private is refused after the repair' submits lp physics private
evaluation_writes_nothing 'drift repaired'
like 'slurmctld has the repaired limit' "$(account_live physics GrpTRESMins)" 'node=0\('

# --- staff may change associations by hand under an override
ok 'override keeps physics paused' sluice_cli override set physics paused --until=now+1day --reason='work by hand'
ok 'sacctmgr changes QOS list and limit of physics under the override' sacctmgr_do modify account where name=physics set qos=normal,blocked grptresmins=node=777
evaluation_writes_nothing 'override in force'
is 'manual changes stay under the override' "$(account_field physics qos,grptresmins)" 'blocked,normal|cpu=120000,node=777'
ok 'sluice evaluate under the override succeeds' sluice_cli evaluate
like 'sluice evaluate shows the repair as withheld under the override' "$(withheld)" 'physics.*\(drift\)'
like 'sluice evaluate reports the manual change as a problem under the override' "$OUT" 'QOS of account physics was changed outside Sluice'
ok 'override is cleared' sluice_cli override clear physics --reason=done
is 'manual changes are repaired after the override' "$(assoc_rows)" "$rows_paused"

# --- drift: report
ok 'sluiced loads drift: report' eval 'sluiced_regrant < <(granted 0 GrpTRESMins report)'
ok 'sacctmgr changes QOS list, limit and fairshare under drift: report' sacctmgr_do modify account where name=physics set qos=normal,blocked grptresmins=node=778 fairshare=5
mark=$(lines_of "$(sluiced_log)")
evaluation_writes_nothing 'drift: report'
is 'manual changes stay under drift: report' "$(account_field physics qos,grptresmins,fairshare)" 'blocked,normal|cpu=120000,node=778|5'
for what in QOS GrpTRESMins fairshare; do
    ok "sluiced.log reports the manual change of $what" line_in "$(sluiced_log)" " problem .*$what of account physics was changed outside Sluice" "$mark"
done
like 'sluiced.log has the sacctmgr command that reverts the manual change' "$(grep ' problem ' "$(sluiced_log)")" 'sacctmgr.*modify account.*physics.*blocked'
ok 'sluiced loads drift: repair again' eval 'sluiced_regrant < <(granted 0 GrpTRESMins repair)'
is 'associations are repaired after drift: report' "$(assoc_rows)" "$rows_paused"

# --- back: all users and accounts have exactly their earlier lists
ok 'sluiced applies an allocation of 1000 to physics' eval 'sluiced_regrant < <(granted 1000 GrpTRESMins repair)'
is 'all QOS lists and defaults are restored after the pause' "$(qos_rows)" "$before"
is 'QOS list of user lp is restored after the pause' "$(account_field physics qos,defaultqos lp)" 'normal,private|private'
is 'QOS list of sub-account optics is restored after the pause' "$(account_field optics qos,defaultqos)" 'normal,private|normal'
for way in 'lp physics private' 'lp physics normal' 'man optics private' 'games physics slowdown'; do
    # shellcheck disable=SC2086
    ok "sbatch by USER ACCOUNT QOS $way is accepted after the pause" submits $way
done
for way in 'lp physics slowdown' 'man optics slowdown' 'games physics private' 'mail chem private'; do
    # shellcheck disable=SC2086
    fails "sbatch by USER ACCOUNT QOS $way is refused as before the pause" submits $way
done
evaluation_writes_nothing 'pause lifted'
done_testing
