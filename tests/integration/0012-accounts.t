#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which account a submission is judged by: named or default, below a paused parent, one of several; and who may
# see what by the command line.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted PHYSICS CHEM
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: $2}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
before=$(assoc_rows)
must 'sluiced is up' eval 'sluiced_up < <(granted 0 100)'

fails 'no account named: the default account decides' as games sbatch --wrap true
like 'which is physics' "$OUT" 'account physics is paused'
like 'and the other account is offered' "$OUT" 'your other account: chem \(0 % used\)'
ok 'with the other one the user moves on' as games srun -A chem -n1 true
fails 'a user with one account' as lp sbatch --wrap true
like 'is refused by its name' "$OUT" 'account physics is paused'
unlike 'and offered nothing' "$OUT" 'other account'
ok 'users of chem do not notice' as mail srun -n1 true

fails 'a sub-account of a paused parent is refused' as man sbatch --wrap true
like 'and told which parent' "$OUT" 'account optics is paused.*physics'
is 'in Slurm it has the QOS of the parent' "$(account_field optics qos)" blocked
is 'status tells that physics is paused' "$(status_field physics standing)" paused

ok 'games changes the default account' sacctmgr_do modify user games set defaultaccount=chem
ok 'an evaluation' evaluate_now
ok 'now the new default decides' as games srun -n1 true
ok 'and back' sacctmgr_do modify user games set defaultaccount=physics
ok 'a new user comes' sacctmgr_do add user news account=physics,chem defaultaccount=physics
fails 'and is refused before any evaluation' as news sbatch --wrap true
like 'by the default account that slurmctld knows' "$OUT" 'account physics is paused'
ok 'an evaluation' evaluate_now
fails 'and after it' as news sbatch --wrap true
like 'with an offer' "$OUT" 'chem'

ok 'chem is used up too' eval 'sluiced_regrant < <(granted 0 0)'
fails 'the other account is refused' as games sbatch -A chem --wrap true
unlike 'nothing is offered' "$OUT" 'other account'

# Who sees what: root is staff, others see the accounts that they belong to and their parents.
ok 'root sees all' sluice_cli status -n -P --format=account
like 'physics' "$OUT" physics
like 'and chem' "$OUT" chem
ok 'a user of both sees both' as games "$(sluice_find sluice)" status -n -P --format=account
is 'and no more' "$(sort -u <<<"$OUT")" $'chem\nphysics'
ok 'a user of one sees one' as mail "$(sluice_find sluice)" status -n -P --format=account
is 'his' "$OUT" chem
ok 'a user of a sub-account sees the parent that bounds it' as man "$(sluice_find sluice)" status -n -P --format=account
is 'physics' "$OUT" physics
fails 'asking for another account' as mail "$(sluice_find sluice)" status physics
like 'does not tell whether it exists' "$OUT" 'or you do not belong to it'
fails 'nor does explain' as mail "$(sluice_find sluice)" explain physics
fails 'nor history' as mail "$(sluice_find sluice)" history physics
fails 'nor commands' as mail "$(sluice_find sluice)" commands physics
ok 'own history' as mail "$(sluice_find sluice)" history -n -P --format=account
unlike 'has nothing of others' "$OUT" physics
fails 'a user may not evaluate' as games "$(sluice_find sluice)" evaluate
like 'and is told who may' "$OUT" 'root|SlurmUser'
fails 'not even dry' as games "$(sluice_find sluice)" evaluate --dry-run
fails 'nor see the plugin server' as games "$(sluice_find sluice)" plugins
ok 'balance is the short view' as games "$(sluice_find sluice)" balance
like 'with what is granted' "$OUT" 'physics +node_hours'
ok 'balance in fields' as games "$(sluice_find sluice)" balance -n -P --format=account,allocation,used,standing
like 'paused' "$OUT" 'physics\|0\|[0-9.]+\|paused'
ok 'staff may look at a user' sluice_cli balance -n -P --format=account -u mail
is 'and sees his' "$OUT" chem
fails 'others may not' as games "$(sluice_find sluice)" balance -u mail
ok 'a user without any account' as nobody "$(sluice_find sluice)" status -Q -n -P
is 'sees nothing' "$OUT" ''
ok 'JSON' sluice_cli status --json physics
like 'has the standing' "$OUT" '"standing": *"paused"'

# A name with a terminal escape; coordinators can make such accounts.
evil=$'e\x1b[31mvil'
shown='e\\u001b\[31mvil'
raw() { grep -q $'\x1b' "$@"; }
ok 'an account with an escape in its name' sacctmgr_do add account "$evil" parent=physics description=x organization=x
ok 'has a user' sacctmgr_do add user news account="$evil"
ok 'an evaluation' evaluate_now
fails 'its user is refused' as news sbatch -A "$evil" --wrap true
like 'with the escape written out' "$OUT" "account $shown is paused with account physics"
fails 'the refusal at sbatch holds no escape' raw <<<"$OUT"
fails 'another account of that user is refused' as news sbatch -A physics --wrap true
fails 'its refusal holds no escape either' raw <<<"$OUT"
run sluice_cli explain "$evil"
like 'explain names it with the escape written out' "$OUT" "$shown"
fails 'explain prints no escape' raw <<<"$OUT"
ok 'status' sluice_cli status
fails 'status prints no escape' raw <<<"$OUT"
ok 'the account goes' sacctmgr_do delete account "$evil"

ok 'all is granted again' eval 'sluiced_regrant < <(granted 100 100)'
is 'and Slurm is as before' "$(assoc_rows | grep -v news)" "$before"
ok 'the sub-account runs' as man srun -n1 true

file=$CLUSTER_DIR/etc/$evil.yaml
sluiced_stop
ok 'sluiced runs from a file with an escape in its name' eval 'cp "$CLUSTER_DIR/etc/sluiced.yaml" "$file" &&
    sluiced_start "$file"'
ok "sluiced's log names it with the escape written out" grep -qF 'e\u001b[31mvil.yaml' "$(sluiced_log)"
fails "sluiced's log holds no escape" raw "$(sluiced_log)"
ok 'sluiced --check' "$(sluice_find sluiced)" --check -f "$file"
like 'says so with the escape written out' "$OUT" "$shown\.yaml is good"
fails 'sluiced --check prints no escape' raw <<<"$OUT"
run sluice_cli doctor
like 'doctor names it with the escape written out' "$OUT" "$shown\.yaml"
fails 'doctor prints no escape' raw <<<"$OUT"
done_testing
