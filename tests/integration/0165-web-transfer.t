#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Transfers on the web page, in a real browser: a coordinator moves allocation by the keyboard, with bad and good input, where the policy
# allows it; staff take the transfer back. A member and a coordinator without `coordinators: move` are offered nothing.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/web.sh"
sluice_cluster_up

ok 'sacctmgr adds lasers below physics' sacctmgr_do add account lasers parent=physics description=group organization=univ
ok 'sacctmgr makes mail coordinator of physics' sacctmgr_do add coordinator account=physics names=mail
ok 'sacctmgr makes mail coordinator of chem' sacctmgr_do add coordinator account=chem names=mail
ok 'sacctmgr adds dyes below chem' sacctmgr_do add account dyes parent=chem description=group organization=univ
must 'sluiced starts' sluiced_up <<'END'
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 100}}
  optics: {allocation: {node_hours: 40}}
  lasers: {allocation: {node_hours: 30}}
  dyes: {allocation: {node_hours: 20}}
policies:
  - name: quarterly
    mode: enforce
    accounts: [physics, optics, lasers]
    period: quarter
    carryover: false
    coordinators: move
    actions: [request_slurm_resource_pausing]
  - name: watched
    mode: enforce
    accounts: [dyes]
    period: quarter
    carryover: false
    actions: [request_slurm_resource_pausing]
END
evaluate_now

shots=${SLUICE_TEST_SHOTS:-$CLUSTER_DIR/shots}
mkdir -p "$shots"
axe_core
own=$(free_port) staff=$(free_port) member=$(free_port)
as mail "$python" "$HARNESS_LIB/web.py" --forward "$own" "$SLUICE_SOCKET" &
"$python" "$HARNESS_LIB/web.py" --forward "$staff" "$SLUICE_SOCKET" &
as man "$python" "$HARNESS_LIB/web.py" --forward "$member" "$SLUICE_SOCKET" &
for port in "$own" "$staff" "$member"; do
    wait_until 20 curl -sSf -o /dev/null "http://127.0.0.1:$port/healthz" || bail 'the socket is not forwarded'
done
browser_checks web_transfer.py "http://127.0.0.1:$own/" '' '' "$shots" "http://127.0.0.1:$staff/" "http://127.0.0.1:$member/" "${axe[@]}"
wait_until 300 test -e "$shots/done"
browser_points 20

is 'ledger has the transfer and what takes it back' "$(sluice_cli adjust list -nP -o id,account,units,by,pair,takesback | tr '\n' ' ')" \
    '4|optics|node_hours=15|root|3|1 3|lasers|node_hours=-15|root|4|2 2|lasers|node_hours=15|mail|1| 1|optics|node_hours=-15|mail|2| '
unlike 'sluiced.log has no fault of the API' "$(cat "$(sluiced_log)")" SLUICE-0501
done_testing
