#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A second evaluation writes nothing; what others change by sacctmgr is found, reported, repaired or left; users and
# sub-accounts with their own QOS lists are bound by a pause and get back exactly what they had; all types of limits.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

sacctmgr_do add qos private priority=5
sacctmgr_do modify user where name=lp account=physics set qos=normal,private defaultqos=private
sacctmgr_do modify account where name=optics set qos=normal,private defaultqos=normal
eventually 'slurmctld knows the private list' 10 as lp sbatch -A physics --qos=private --test-only --wrap true

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
# turn_writes_nothing NAME: whatever it may have seen, slurmdbd's own record of changes is as long as before
turn_writes_nothing() {
    local rows
    rows=$(txn_count)
    ok "$1: an evaluation" evaluate_now
    is "$1: writes nothing" "$(txn_count)" "$rows"
}
withheld() { sed -n '/^Withheld/,/^Problems/p' <<<"$OUT"; }
newest() { sluice_cli commands -Q -n -P --limit="${3:-1}" --format="$2" "$1"; } # newest ACCOUNT FIELDS [N]
qos_rows() {
    database_sql "select acct, user, qos, delta_qos, def_qos_id from slurm_acct_db.${CLUSTER_NAME}_assoc_table
        where deleted = 0 order by id_assoc"
}
submits() { as "$1" sbatch -A "$2" --qos="$3" --test-only --wrap true; } # submits USER ACCOUNT QOS

before=$(qos_rows)
must 'sluiced is up' eval 'sluiced_up < <(granted 1000 GrpTRESMins repair)'

# --- every type of limit, all components in one change, and shares, as slurmctld holds them
is 'slurmdbd has both limits' "$(account_field physics grptresmins)" cpu=120000,node=60000
like 'slurmctld has one' "$(account_live physics GrpTRESMins)" 'cpu=120000\('
like 'and the other' "$(account_live physics GrpTRESMins)" 'node=60000\('
is 'shares follow the allocation' "$(account_field physics fairshare)" 1000
like 'in slurmctld too' "$(account_live physics SharesRaw/Norm/Level/Factor)" '^1000/'
turn_writes_nothing 'unchanged'
ok 'another type of limit' eval 'sluiced_regrant < <(granted 1000 MaxTRESMins repair)'
is 'the old one is cleared' "$(account_field physics grptresmins,maxtresmins)" '|cpu=120000,node=60000'
like 'slurmctld has it' "$(account_live physics MaxTRESMinsPJ)" 'cpu=120000.*node=60000'
turn_writes_nothing 'MaxTRESMins'
ok 'and the third' eval 'sluiced_regrant < <(granted 1000 GrpTRES repair)'
is 'the old one is cleared again' "$(account_field chem maxtresmins,grptres)" '|cpu=60,node=30'
like 'slurmctld counts by it' "$(account_live chem GrpTRES)" 'cpu=60\(.*node=30\('
turn_writes_nothing 'GrpTRES'

# --- a pause binds who has his own list
ok 'physics is used up' eval 'sluiced_regrant < <(granted 0 GrpTRESMins repair)'
is 'physics is paused' "$(status_field physics standing)" paused
for row in 'physics lp' 'optics '; do
    read -r account user <<<"$row"
    is "$account $user has no list of its own" "$(account_field "$account" qos,defaultqos "$user")" 'blocked|blocked'
done
sluiced_stop # slurmctld alone must refuse
for way in 'lp physics private' 'lp physics normal' 'man optics private' 'man optics normal' 'games physics normal'; do
    # shellcheck disable=SC2086
    fails "not free to submit: $way" submits $way
done
ok 'who is not under physics is' submits mail chem normal
ok 'sluiced is back' sluiced_restart
turn_writes_nothing 'paused'

# --- drift: repair
rows_paused=$(assoc_rows)
# (DefaultQOS of an account is refused where a descendant's own list does not have it.)
ok 'an account by hand' sacctmgr_do modify account where name=physics set qos=normal,slowdown,blocked grptresmins=node=777
ok 'a user by hand' sacctmgr_do modify user where name=lp account=physics set qos=normal,private defaultqos=private
isnt 'somebody lifts the pause by hand' "$(assoc_rows)" "$rows_paused"
ok 'a dry run' sluice_cli evaluate --dry-run
is 'finds all of it' "$(grep -c '(drift)' <<<"$OUT")" 3
ok 'an evaluation' evaluate_now
is 'repairs it' "$(assoc_rows)" "$rows_paused"
is 'and says why' "$(newest physics reason,result 3 | sort -u)" 'drift|done'
like 'in the log too' "$(grep command-done "$(sluiced_log)")" 'reason=drift'
fails 'the user is bound again' submits lp physics private
turn_writes_nothing 'repaired'
like 'limits are too' "$(account_live physics GrpTRESMins)" 'node=0\('

# --- under an override staff works by hand
ok 'an override' sluice_cli override set physics paused --until=now+1day --reason='work by hand'
ok 'by hand' sacctmgr_do modify account where name=physics set qos=normal,blocked grptresmins=node=777
turn_writes_nothing 'under an override'
is 'the change stays' "$(account_field physics qos,grptresmins)" 'blocked,normal|cpu=120000,node=777'
ok 'it is reported' sluice_cli evaluate
like 'as withheld' "$(withheld)" 'physics.*\(drift\)'
like 'as a problem' "$OUT" 'QOS of account physics was changed outside Sluice'
ok 'without the override' sluice_cli override clear physics --reason=done
is 'it is repaired' "$(assoc_rows)" "$rows_paused"

# --- drift: report
ok 'drift is only reported' eval 'sluiced_regrant < <(granted 0 GrpTRESMins report)'
ok 'by hand' sacctmgr_do modify account where name=physics set qos=normal,blocked grptresmins=node=778 fairshare=5
mark=$(lines_of "$(sluiced_log)")
turn_writes_nothing 'drift: report'
is 'the change stays' "$(account_field physics qos,grptresmins,fairshare)" 'blocked,normal|cpu=120000,node=778|5'
for what in QOS GrpTRESMins fairshare; do
    ok "$what is reported" line_in "$(sluiced_log)" " problem .*$what of account physics was changed outside Sluice" "$mark"
done
like 'with the line that undoes it' "$(grep ' problem ' "$(sluiced_log)")" 'sacctmgr.*modify account.*physics.*blocked'
ok 'repair again' eval 'sluiced_regrant < <(granted 0 GrpTRESMins repair)'
is 'all of it' "$(assoc_rows)" "$rows_paused"

# --- back: exactly what everybody had
ok 'physics is granted hours' eval 'sluiced_regrant < <(granted 1000 GrpTRESMins repair)'
is 'lists and defaults are the old ones' "$(qos_rows)" "$before"
is 'of the user' "$(account_field physics qos,defaultqos lp)" 'normal,private|private'
is 'of the sub-account' "$(account_field optics qos,defaultqos)" 'normal,private|normal'
for way in 'lp physics private' 'lp physics normal' 'man optics private' 'games physics slowdown'; do
    # shellcheck disable=SC2086
    ok "free again: $way" submits $way
done
for way in 'lp physics slowdown' 'man optics slowdown' 'games physics private' 'mail chem private'; do
    # shellcheck disable=SC2086
    fails "nobody has more than before: $way" submits $way
done
turn_writes_nothing 'restored'
done_testing
