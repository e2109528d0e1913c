#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Coordinators move allocation between the accounts below theirs, where the policy allows it: bounded by the accounts above, by what
# is used, and by their subtree. Staff take a transfer back with both entries.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
program=$(sluice_find sluice)
settings() { # settings COORDINATORS
    cat <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 100}}
  optics: {allocation: {node_hours: 40}}
  lasers: {allocation: {node_hours: 30}}
  chem: {allocation: {node_hours: 50}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: true
    coordinators: $1
    actions: [request_slurm_resource_pausing]
END
}
move() { as mail "$program" adjust move "$@"; }
units() { sluice_cli status "$1" -nP -o effective; }
ok 'sacctmgr adds lasers below physics' sacctmgr_do add account lasers parent=physics description=group organization=univ
ok 'sacctmgr makes mail coordinator of physics' sacctmgr_do add coordinator account=physics names=mail
ok 'sluiced starts' eval 'sluiced_up < <(settings view)'
evaluate_now

fails 'transfer by a coordinator without coordinators: move is refused' move optics lasers node_hours=5 --reason=series
like 'refusal names policy and key' "$OUT" 'policy quarterly of account optics does not let coordinators move allocation \(coordinators: move\)'
is 'refused transfer leaves optics' "$(units optics)" 40
settings move | sluiced_settings
ok 'sluiced reads the policy that lets coordinators move' sluice_cli reload

fails 'transfer by a plain user is refused' as games "$program" adjust move optics lasers node_hours=5 --reason=series
like 'refusal names who may' "$OUT" 'Only coordinators and staff may do this \(ROLES in sluice\(1\)\)'
fails 'transfer out of the subtree is refused' move optics chem node_hours=5 --reason=series
like 'refusal names the account outside' "$OUT" 'account chem is not below an account that you coordinate'
fails 'transfer into the subtree is refused' move chem optics node_hours=5 --reason=series
fails 'transfer from the coordinated account itself is refused' move physics optics node_hours=5 --reason=series
fails 'transfer without a reason is refused' move optics lasers node_hours=5
fails 'transfer of a negative number is refused' move optics lasers node_hours=-5 --reason=series
like 'refusal names the remedy' "$OUT" 'name the accounts the other way round'
fails 'transfer of more than is left is refused' move optics lasers node_hours=41 --reason=series
like 'refusal names what can move' "$OUT" 'of 40 node_hours it has used 0, so at most 40 can move'
fails 'transfer of an unknown component is refused' move optics lasers gpu_hours=1 --reason=series
like 'refusal names the components' "$OUT" 'account optics has no component gpu_hours; components: node_hours'
is 'refused transfers leave no entry' "$(sluice_cli adjust list -nP -o id)" ''

ok 'dry run of a transfer succeeds' move optics lasers node_hours=15 --reason=series --dry-run
like 'dry run shows the limit of lasers' "$OUT" 'planned: .*lasers(.|
)*GrpTRESMins=node=2700'
is 'dry run of a transfer leaves no entry' "$(sluice_cli adjust list -nP -o id)" ''
ok 'a coordinator moves allocation' move optics lasers node_hours=15 --reason='series of May'
is 'optics has what is left' "$(units optics)" 25
is 'lasers has what it got' "$(units lasers)" 45
is 'physics has what it had' "$(units physics)" 100
is 'slurmdbd has the limit of optics' "$(account_field optics grptresmins)" node=1500
is 'slurmdbd has the limit of lasers' "$(account_field lasers grptresmins)" node=2700
is 'ledger has both entries with user, reason and pair' "$(sluice_cli adjust list -nP -o id,account,units,by,reason,pair | tr '\n' ' ')" \
    '2|lasers|node_hours=15|mail|series of May|1 1|optics|node_hours=-15|mail|series of May|2 '
is 'a member of optics reads the entry' "$(as mail "$program" adjust list optics -nP -o id,reason)" '1|series of May'

fails 'a coordinator takes nothing back' as mail curl -sf --unix-socket "$SLUICE_SOCKET" -X DELETE -H 'Content-Type: application/json' "http://localhost/api/v1/adjustments/2?reason=wrong"
fails 'a removal without a reason is refused' sluice_cli adjust remove 2
fails 'a removal of an unknown entry is refused' sluice_cli adjust remove 99 --reason=wrong
like 'refusal names the entry' "$OUT" 'adjustment 99 does not exist'
ok 'dry run of a removal succeeds' sluice_cli adjust remove 2 --reason=wrong --dry-run
like 'dry run of a removal shows the limit of optics' "$OUT" 'planned: .*optics(.|
)*GrpTRESMins=node=2400'
is 'dry run of a removal leaves the allocation' "$(units optics)" 25
ok 'staff remove the transfer' sluice_cli adjust remove 2 --reason=wrong
like 'answer names the entry that cancels it' "$OUT" 'Adjustment [34] cancels adjustment 2\.'
is 'optics has its allocation again' "$(units optics)" 40
is 'lasers has its allocation again' "$(units lasers)" 30
fails 'a second removal is refused' sluice_cli adjust remove 1 --reason=again
like 'refusal names the entry that canceled it' "$OUT" 'adjustment 1 was undone already by adjustment 4'
is 'both entries are taken back' "$(sluice_cli adjust list -nP -o id,takenbackby | tail -2 | tr '\n' ' ')" '2|3 1|4 '
ok 'staff move allocation between any accounts' sluice_cli adjust move chem optics node_hours=10 --reason=swap
is 'chem has what is left' "$(units chem)" 40
ok 'sacctmgr removes the coordinator' sacctmgr_do remove coordinator account=physics names=mail
evaluate_now
fails 'transfer by a former coordinator is refused' move optics lasers node_hours=5 --reason=series
done_testing
