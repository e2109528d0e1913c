#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What staff enter by hand: overrides, adjustments, a reset and a cleanup take effect at once in Slurm, a dry run
# changes nothing, users may look but not enter, and everything stays in the books with its reason.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

ok 'sluiced is up' eval 'sluiced_up' <<END
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
is 'physics is paused' "$(status_field physics standing)" paused
fails 'a job is refused' as games sbatch --parsable -H --wrap true
writes=$(txn_count)

fails 'an override needs a reason' sluice_cli override set physics normal --until=now+1day
like 'and says so' "$OUT" 'no reason given'
fails 'an end' sluice_cli override set physics normal --reason=x
fails 'a known account' sluice_cli override set phisics normal --until=now+1day --reason=x
like 'with a suggestion' "$OUT" 'did you mean physics'
fails 'and staff' as games "$(sluice_find sluice)" override set physics normal --until=now+1day --reason=x
ok 'dry' sluice_cli override set physics normal --until=now+1day --reason=deadline --dry-run
like 'it shows the commands' "$OUT" 'planned: .*physics'
is 'writes nothing in Slurm' "$(txn_count)" "$writes"
is 'and nothing in the books' "$(sluice_cli override list --all -nP)" ''

ok 'an override' sluice_cli override set physics normal --until=now+1day --reason='paper deadline'
is 'is in force at once' "$(status_field physics standing)" normal
eventually 'the plugin knows' 10 plugin_current
ok 'jobs are admitted' as games sbatch --parsable -H --wrap true
is 'no limit holds them' "$(account_field physics grptresmins)" ''
ok 'and they run' as games timeout 60 srun -N1 true
is 'it is listed' "$(sluice_cli override list -nP -o account,standing,state,by,reason)" 'physics|normal|in force|root|paper deadline'
ok 'a member may look' as games "$(sluice_find sluice)" override list
like 'and sees it' "$OUT" 'paper deadline'
ok 'cleared by account' sluice_cli override clear physics --reason='paper is out'
is 'paused again at once' "$(status_field physics standing)" paused
is 'and limited' "$(account_field physics grptresmins)" node=0
is 'the books know why' "$(sluice_cli override list --all -nP -o state,endedby,endreason)" 'ended|root|paper is out'
fails 'it cannot be cleared twice' sluice_cli override clear 1 --reason=x
like 'and says so' "$OUT" 'has ended already'

ok 'an adjustment, dry' sluice_cli adjust add chem node_hours=5 --reason=failure --dry-run
like 'shows the new limit' "$OUT" 'node=1080'
is 'which is not set' "$(account_field chem grptresmins)" node=720
ok 'an adjustment' sluice_cli adjust add chem node_hours=5 --reason='node failure'
is 'moves the limit at once' "$(account_field chem grptresmins)" node=1080
is 'it is listed' "$(sluice_cli adjust list -nP -o account,units,by,reason)" 'chem|node_hours=5|root|node failure'
fails 'of a component that is not there' sluice_cli adjust add chem gpu_hours=5 --reason=x
like 'the known ones are named' "$OUT" 'components: node_hours'

ok 'a reset' sluice_cli reset --period chem --reason='asked by the board'
like 'is an evaluation' "$OUT" 'Period reset: account chem'
ok 'usage' sluice_cli usage chem -nP -o component,used
like 'is shown by component' "$OUT" '^node_hours\|'
job=$(as games sbatch --parsable -A chem -N1 -t10 -o /dev/null --wrap 'sleep 60')
eventually 'a job of games runs' 20 job_is "$job" RUNNING
sleep 1
by_user() { sluice_cli usage chem --by-user -nP -o "$1"; }
ok 'usage by user' by_user user,settled,used,share
like 'has the user' "$OUT" '^games\|[0-9.]+\|0\.[0-9]+\|100\.00'
is 'and a total that matches' "$(sed -n 's/^(total)|//p' <<<"$OUT")" "$(sed -n 's/^games|//p' <<<"$OUT")"
ok 'a member asks' as games "$(sluice_find sluice)" usage chem --by-user -nP -o user,settled
like 'and is told what is not known' "$OUT" 'the settled usage is not known by user \(staff may request it\)'
fails 'others do not' as man "$(sluice_find sluice)" usage chem --by-user
fails 'it is of named accounts' sluice_cli usage --by-user
ok 'explain' evaluate_now
ok 'names the user' sluice_cli explain chem
like 'as far as known' "$OUT" 'Most of node_hours was used by games'
scancel "$job"
ok 'cleanup, dry' sluice_cli cleanup --before=now --dry-run
like 'counts' "$OUT" '[1-9][0-9]* commands from before .* would be deleted'
sleep 1.1
ok 'cleanup' sluice_cli cleanup --before=now
is 'takes the records' "$(sluice_cli commands -nP)" ''
is 'and leaves the ledger' "$(sluice_cli adjust list -nP | wc -l)" 1
like 'the log has the entries' "$(cat "$(sluiced_log)")" 'SLUICE-0441 ledger-entry kind=override id=1 account=physics by=root'
ok 'a restart' eval 'sluiced_stop; sluiced_restart && evaluate_now'
is 'keeps the adjustment' "$(account_field chem grptresmins)" node=1080
done_testing
