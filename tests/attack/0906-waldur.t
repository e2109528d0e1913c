#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Waldur under the control of an attacker, after a good one had paused physics: redirects, oversized, meaningless and endless
# answers. The earlier allocations stay in force, the token is sent to no other host.
. "$(dirname "$0")/lib.sh"
. "$ATTACK_DIR/../integration/lib/waldur.sh"
attack_prepare
cluster_start || cluster_failed
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}, "paused": true}, "chem": {"limits": {"node_hours": 20}}}}
END
must 'a good Waldur starts' waldur_up "$CLUSTER_DIR/etc/waldur.json"
must 'sluiced starts' eval 'sluiced_up < <(waldur_granted)'
eventually 'standing of physics becomes paused by Waldur' 20 evaluation_makes physics paused
sleep 3 # until all reports are sent
ok 'the good Waldur stops' waldur_down
attack_begin

log=$CLUSTER_DIR/log/hostile
daemon_run hostile python3 "$ATTACK_DIR/hostile_waldur.py" "$(waldur_port)" "$PORT_SPARE" "$log"
answered() { [ "$(grep -c '^answer' "$log")" -ge "$1" ]; }
eventually 'the hostile Waldur has sent each answer twice' 120 answered 48
diag "$(sort "$log" | uniq -c)"
is 'sluiced sends nothing to the host of the redirects' "$(grep -c '^elsewhere' "$log")" 0
is 'no log has the token' "$(grep -rl staff-token "$CLUSTER_DIR/log" | grep -v -e waldur.requests -e hostile)" ''
fails 'sluiced.log has no control character of an answer' grep -qP '\x1b|\xc2\x9b|\xe2\x80\xae' "$(sluiced_log)"
fails 'sluiced.log has no line made by an answer' grep -q '^SLUICE-0001' "$(sluiced_log)"
survived 'hostile Waldur'
attack_done
