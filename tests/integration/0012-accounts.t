#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which account decides about a submission: a named one or the default, below a paused parent, one of several; and what
# each user may see with the sluice command.
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
must 'sluiced starts' eval 'sluiced_up < <(granted 0 100)'

fails 'sbatch without account is refused when the default account is paused' as games sbatch --wrap true
like 'refusal of sbatch without account names the default account physics' "$OUT" 'account physics is paused'
like 'refusal of sbatch without account offers chem' "$OUT" 'your other account: chem \(0 % used\)'
ok 'srun by games in the offered account chem runs' as games srun -A chem -n1 true
fails 'sbatch by lp, whose only account is paused, is refused' as lp sbatch --wrap true
like 'refusal for lp names account physics' "$OUT" 'account physics is paused'
unlike 'refusal for lp offers no other account' "$OUT" 'other account'
ok 'srun by mail in chem runs while physics is paused' as mail srun -n1 true

fails 'sbatch in optics below paused physics is refused' as man sbatch --wrap true
like 'refusal in optics names the paused parent physics' "$OUT" 'account optics is paused.*physics'
is 'sacctmgr shows QOS blocked for optics below paused physics' "$(account_field optics qos)" blocked
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused

ok 'games changes the default account to chem' sacctmgr_do modify user games set defaultaccount=chem
ok 'evaluation after the default account changed succeeds' evaluate_now
ok 'srun without account runs with default account chem' as games srun -n1 true
ok 'games changes the default account back to physics' sacctmgr_do modify user games set defaultaccount=physics
ok 'sacctmgr adds user news with default account physics' sacctmgr_do add user news account=physics,chem defaultaccount=physics
fails 'sbatch by new user news is refused before any evaluation' as news sbatch --wrap true
like 'refusal for news names the default account that slurmctld has' "$OUT" 'account physics is paused'
ok 'evaluation after user news was added succeeds' evaluate_now
fails 'sbatch by news is refused after the evaluation' as news sbatch --wrap true
like 'refusal for news offers chem' "$OUT" 'chem'

ok 'sluiced pauses chem, too' eval 'sluiced_regrant < <(granted 0 0)'
fails 'sbatch by games in chem is refused when chem is paused, too' as games sbatch -A chem --wrap true
unlike 'refusal offers no other account when all accounts are paused' "$OUT" 'other account'

# Who sees what: root is staff; other users see their own accounts and the parents of these.
ok 'sluice status by root succeeds' sluice_cli status -n -P --format=account
like 'sluice status by root shows physics' "$OUT" physics
like 'sluice status by root shows chem' "$OUT" chem
ok 'sluice status by games, member of chem and physics, succeeds' as games "$(sluice_find sluice)" status -n -P --format=account
is 'sluice status by games shows chem and physics only' "$(sort -u <<<"$OUT")" $'chem\nphysics'
ok 'sluice status by mail, member of chem, succeeds' as mail "$(sluice_find sluice)" status -n -P --format=account
is 'sluice status by mail shows chem only' "$OUT" chem
ok 'sluice status by man, member of optics, succeeds' as man "$(sluice_find sluice)" status -n -P --format=account
is 'sluice status by man shows physics, the parent of optics' "$OUT" physics
fails 'sluice status of physics by mail, not a member, is refused' as mail "$(sluice_find sluice)" status physics
like 'refusal of sluice status does not reveal whether the account exists' "$OUT" 'or you do not belong to it'
fails 'sluice explain of physics by mail is refused' as mail "$(sluice_find sluice)" explain physics
fails 'sluice history of physics by mail is refused' as mail "$(sluice_find sluice)" history physics
fails 'sluice commands of physics by mail is refused' as mail "$(sluice_find sluice)" commands physics
ok 'sluice history by mail succeeds' as mail "$(sluice_find sluice)" history -n -P --format=account
unlike 'sluice history by mail shows nothing of physics' "$OUT" physics
fails 'sluice evaluate by a plain user is refused' as games "$(sluice_find sluice)" evaluate
like 'refusal of sluice evaluate names staff' "$OUT" 'Only staff may do this'
fails 'sluice evaluate --dry-run by a plain user is refused' as games "$(sluice_find sluice)" evaluate --dry-run
fails 'sluice plugins by a plain user is refused' as games "$(sluice_find sluice)" plugins
ok 'sluice balance by games succeeds' as games "$(sluice_find sluice)" balance
like 'sluice balance by games shows physics and its component' "$OUT" 'physics +(yes +)?node_hours'
ok 'sluice balance with fields succeeds' as games "$(sluice_find sluice)" balance -n -P --format=account,allocation,used,standing
like 'sluice balance shows allocation, usage and standing of physics' "$OUT" 'physics\|0\|[0-9.]+\|paused'
ok 'sluice balance -u mail by root succeeds' sluice_cli balance -n -P --format=account -u mail
is 'sluice balance -u mail by root shows chem' "$OUT" chem
fails 'sluice balance -u mail by games is refused' as games "$(sluice_find sluice)" balance -u mail
ok 'sluice status by a user without any account succeeds' as nobody "$(sluice_find sluice)" status -Q -n -P
is 'sluice status by a user without any account shows no account' "$OUT" ''
ok 'sluice status --json succeeds' sluice_cli status --json physics
like 'sluice status --json has the standing of physics' "$OUT" '"standing": *"paused"'

# An account name with a terminal escape sequence. Coordinators can create such accounts.
evil=$'e\x1b[31mvil'
shown='e\\u001b\[31mvil'
raw() { grep -q $'\x1b' "$@"; }
ok 'sacctmgr adds an account with an escape sequence in its name' sacctmgr_do add account "$evil" parent=physics description=x organization=x
ok 'sacctmgr adds user news to the account with the escape sequence' sacctmgr_do add user news account="$evil"
ok 'evaluation with an escape sequence in an account name succeeds' evaluate_now
fails 'sbatch in the account with the escape sequence is refused' as news sbatch -A "$evil" --wrap true
like 'refusal prints the escape sequence as \u001b' "$OUT" "account $shown is paused with account physics"
fails 'refusal at sbatch has no raw escape sequence' raw <<<"$OUT"
fails 'sbatch by news in paused physics is refused' as news sbatch -A physics --wrap true
fails 'refusal that offers other accounts has no raw escape sequence' raw <<<"$OUT"
run sluice_cli explain "$evil"
like 'sluice explain prints the escape sequence as \u001b' "$OUT" "$shown"
fails 'sluice explain prints no raw escape sequence' raw <<<"$OUT"
ok 'sluice status with an escape sequence in an account name succeeds' sluice_cli status
fails 'sluice status prints no raw escape sequence' raw <<<"$OUT"
ok 'sacctmgr deletes the account with the escape sequence' sacctmgr_do delete account "$evil"

ok 'sluiced lifts all pauses after the allocations are raised' eval 'sluiced_regrant < <(granted 100 100)'
is 'associations are restored after all pauses' "$(assoc_rows | grep -v news)" "$before"
ok 'srun in optics runs after the pause of physics' as man srun -n1 true

file=$CLUSTER_DIR/etc/$evil.yaml
sluiced_stop
ok 'sluiced starts with an escape sequence in the name of its settings file' eval 'cp "$CLUSTER_DIR/etc/sluiced.yaml" "$file" &&
    sluiced_start "$file"'
ok "sluiced.log prints the escape sequence of the file name as \\u001b" grep -qF 'e\u001b[31mvil.yaml' "$(sluiced_log)"
fails 'sluiced.log has no raw escape sequence' raw "$(sluiced_log)"
ok 'sluiced --check accepts a file with an escape sequence in its name' "$(sluice_find sluiced)" --check -f "$file"
like 'sluiced --check prints the escape sequence of the file name as \u001b' "$OUT" "$shown\.yaml: no errors"
fails 'sluiced --check prints no raw escape sequence' raw <<<"$OUT"
run sluice_cli doctor
like 'sluice doctor prints the escape sequence of the file name as \u001b' "$OUT" "$shown\.yaml"
fails 'sluice doctor prints no raw escape sequence' raw <<<"$OUT"
done_testing
