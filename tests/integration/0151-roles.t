#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Roles of Slurm on a real cluster: admin levels and coordinators of slurmdbd, and the staff list of sluiced.yaml.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
group=$(id -gn www-data 2>/dev/null) || skip_all 'no user www-data here'
settings() { # settings STAFF
    cat <<END
staff: $1
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 10}}
  chem: {allocation: {node_hours: 10}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    actions: [request_slurm_resource_pausing]
END
}
ok 'sluiced starts' eval "sluiced_up < <(settings '{groups: [$group]}')"
program=$(sluice_find sluice)
can() { as "$1" "$program" evaluate --dry-run; }
cannot() { ! can "$@"; }

fails 'a dry run by a plain user is refused' can mail
like 'refusal names the ROLES of the manual' "$OUT" 'Only staff may do this \(ROLES in sluice\(1\)\); your uid is [0-9]+'
ok 'sacctmgr makes mail an operator' sacctmgr_do modify user mail set adminlevel=operator
evaluate_now
ok 'an operator may request a dry run' can mail
ok 'an operator may enter an adjustment' as mail "$program" adjust add chem node_hours=1 --reason=operator
like 'the ledger names the operator' "$(sluice_cli adjust list -nP -o account,by,reason)" '^chem\|mail\|operator$'
like 'an operator sees all accounts' "$(as mail "$program" status -nP -o account | tr '\n' ' ')" 'chem .*physics'
ok 'an operator may run the doctor' eval "as mail $program doctor | grep -q plugin"
fails 'an operator may not list tokens' as mail "$program" token list
ok 'sacctmgr makes mail a plain user again' sacctmgr_do modify user mail set adminlevel=none
evaluate_now
fails 'a dry run by a former operator is refused' can mail
ok 'sacctmgr makes mail an administrator' sacctmgr_do modify user mail set adminlevel=administrator
evaluate_now
ok 'an administrator may request a dry run' can mail
sacctmgr_do modify user mail set adminlevel=none
evaluate_now

unlike 'mail does not see physics' "$(as mail "$program" status -nP -o account)" physics
ok 'sacctmgr makes mail coordinator of physics' sacctmgr_do add coordinator account=physics names=mail
evaluate_now
like 'a coordinator sees the account' "$(as mail "$program" status -nP -o account)" '(^|[[:space:]])physics([[:space:]]|$)'
ok 'a job of games in physics ends' as games timeout 60 srun -t1 -A physics -n1 sleep 2
evaluate_now
like 'a coordinator sees the users of the account' "$(as mail "$program" usage physics --by-user -nP -o user 2>&1)" games
fails 'a coordinator may not change anything' as mail "$program" adjust add physics node_hours=1 --reason=r
ok 'sacctmgr removes the coordinator' sacctmgr_do remove coordinator account=physics names=mail
evaluate_now
unlike 'a former coordinator does not see physics' "$(as mail "$program" status -nP -o account)" physics

ok 'a member of a group on the staff list may request a dry run' can www-data
sluiced_stop
sacctmgr_do modify user mail set adminlevel=operator
ok 'sluiced starts with admin levels switched off' eval "sluiced_up < <(settings '{admin_levels: [], users: [games]}')"
fails 'an operator is no staff with admin levels switched off' can mail
ok 'a user of the staff list may request a dry run' can games
fails 'a user is no staff after the group has left the list' can www-data
done_testing
