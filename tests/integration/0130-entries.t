#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Entries by staff: overrides, adjustments, a reset and a cleanup take effect in Slurm at once; a dry run changes nothing; users
# may read but not enter; the records keep each entry with its reason.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

ok 'sluiced starts' eval 'sluiced_up' <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 10}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    grace_ratio: 0.2
    carryover: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused
fails 'sbatch in paused physics is refused' as games sbatch --parsable -H --wrap true
writes=$(txn_count)

fails 'override without --reason is refused' sluice_cli override set physics normal --until=now+1day
like 'refusal of the override names the missing reason' "$OUT" 'no reason given'
fails 'override without --until is refused' sluice_cli override set physics normal --reason=x
fails 'override of an unknown account is refused' sluice_cli override set phisics normal --until=now+1day --reason=x
like 'refusal of the unknown account suggests physics' "$OUT" 'did you mean physics'
fails 'override by a plain user is refused' as games "$(sluice_find sluice)" override set physics normal --until=now+1day --reason=x
ok 'override with --dry-run succeeds' sluice_cli override set physics normal --until=now+1day --reason=deadline --dry-run
like 'override with --dry-run shows the planned commands' "$OUT" 'planned: .*physics'
is 'override with --dry-run writes nothing to slurmdbd' "$(txn_count)" "$writes"
is 'override with --dry-run leaves no record' "$(sluice_cli override list --all -nP)" ''

ok 'override of physics to normal is accepted' sluice_cli override set physics normal --until=now+1day --reason='paper deadline'
is 'override takes effect at once' "$(status_field physics standing)" normal
eventually 'plugin receives the override' 10 plugin_current
ok 'sbatch in physics is accepted under the override' as games sbatch --parsable -H --wrap true
is 'override clears GrpTRESMins of physics' "$(account_field physics grptresmins)" ''
ok 'srun in physics runs under the override' as games timeout 60 srun -N1 true
is 'sluice override list shows the override' "$(sluice_cli override list -nP -o account,standing,state,by,reason)" 'physics|normal|in force|root|paper deadline'
ok 'sluice override list by a member of physics succeeds' as games "$(sluice_find sluice)" override list
like 'sluice override list by a member shows the override' "$OUT" 'physics +normal +in force'
unlike 'sluice override list by a member has no reason' "$OUT" 'paper deadline'
ok 'override clear by account name is accepted' sluice_cli override clear physics --reason='paper is out'
is 'physics is paused at once after the override is cleared' "$(status_field physics standing)" paused
is 'GrpTRESMins of physics is 0 after the override is cleared' "$(account_field physics grptresmins)" node=0
is 'sluice override list --all shows by whom and why the override ended' "$(sluice_cli override list --all -nP -o state,endedby,endreason)" 'ended|root|paper is out'
fails 'clearing an ended override is refused' sluice_cli override clear 1 --reason=x
like 'refusal reports that the override has ended already' "$OUT" 'has ended already'

ok 'adjustment with --dry-run succeeds' sluice_cli adjust add chem node_hours=5 --reason=failure --dry-run
like 'adjustment with --dry-run shows the new limit' "$OUT" 'node=1080'
is 'adjustment with --dry-run leaves GrpTRESMins unchanged' "$(account_field chem grptresmins)" node=720
ok 'adjustment of chem is accepted' sluice_cli adjust add chem node_hours=5 --reason='node failure'
is 'adjustment raises GrpTRESMins of chem at once' "$(account_field chem grptresmins)" node=1080
is 'sluice adjust list shows the adjustment' "$(sluice_cli adjust list -nP -o account,units,by,reason)" 'chem|node_hours=5|root|node failure'
fails 'adjustment of an unknown component is refused' sluice_cli adjust add chem gpu_hours=5 --reason=x
like 'refusal of the unknown component names the known components' "$OUT" 'components: node_hours'

ok 'sluice reset --period is accepted' sluice_cli reset --period chem --reason='asked by the board'
like 'sluice reset --period reports the reset of chem' "$OUT" 'Period reset: account chem'
ok 'sluice usage of chem succeeds' sluice_cli usage chem -nP -o component,used
like 'sluice usage shows the component' "$OUT" '^node_hours\|'
job=$(as games sbatch --parsable -A chem -N1 -t10 -o /dev/null --wrap 'sleep 60')
eventually 'the job of games in chem runs' 20 job_is "$job" RUNNING
sleep 1
by_user() { sluice_cli usage chem --by-user -nP -o "$1"; }
ok 'sluice usage --by-user succeeds' by_user user,settled,used,share
like 'sluice usage --by-user shows user games' "$OUT" '^games\|[0-9.]+\|0\.[0-9]+\|100\.00'
is 'sluice usage --by-user has a total equal to the only user' "$(sed -n 's/^(total)|//p' <<<"$OUT")" "$(sed -n 's/^games|//p' <<<"$OUT")"
ok 'sluice usage --by-user by a member succeeds' as games "$(sluice_find sluice)" usage chem --by-user -nP -o user,settled
like 'sluice usage --by-user by a member reports that settled usage needs staff rights' "$OUT" 'the settled usage is not known by user \(staff and coordinators may request it\)'
fails 'sluice usage --by-user by another user is refused' as man "$(sluice_find sluice)" usage chem --by-user
fails 'sluice usage --by-user without an account is refused' sluice_cli usage --by-user
ok 'evaluation before sluice explain succeeds' evaluate_now
ok 'sluice explain of chem succeeds' sluice_cli explain chem
like 'sluice explain names the user with the largest usage' "$OUT" 'Most of node_hours was used by games'
scancel "$job"
ok 'sluice cleanup --dry-run succeeds' sluice_cli cleanup --before=now --dry-run
like 'sluice cleanup --dry-run counts the commands' "$OUT" '[1-9][0-9]* commands from before .* would be deleted'
sleep 1.1
ok 'sluice cleanup succeeds' sluice_cli cleanup --before=now
is 'sluice cleanup deletes the records of commands' "$(sluice_cli commands -nP)" ''
is 'sluice cleanup keeps the adjustment' "$(sluice_cli adjust list -nP | wc -l)" 1
like 'sluiced.log has the override entry' "$(cat "$(sluiced_log)")" 'SLUICE-0441 ledger-entry kind=override id=1 account=physics by=root'
ok 'sluiced restarts and evaluates after the cleanup' eval 'sluiced_stop; sluiced_restart && evaluate_now'
is 'adjustment stays in force after the restart' "$(account_field chem grptresmins)" node=1080
done_testing
