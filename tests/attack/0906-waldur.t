#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Waldur that was taken over, after a good one had paused physics: leads elsewhere, sends too much, nothing of sense, or
# never ends. What was granted before stays, the token goes nowhere else.
. "$(dirname "$0")/lib.sh"
. "$ATTACK_DIR/../integration/lib/waldur.sh"
attack_prepare
cluster_start || cluster_failed
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}, "paused": true}, "chem": {"limits": {"node_hours": 20}}}}
END
must 'a good Waldur is there' waldur_up "$CLUSTER_DIR/etc/waldur.json"
must 'sluiced is up' eval 'sluiced_up < <(waldur_granted)'
eventually 'physics is paused' 20 turn_makes physics paused
sleep 3 # what there is to report has been reported
ok 'the good one goes' waldur_down
attack_begin

log=$CLUSTER_DIR/log/hostile
daemon_run hostile python3 "$ATTACK_DIR/hostile_waldur.py" "$(waldur_port)" "$PORT_SPARE" "$log"
answered() { [ "$(grep -c '^answer' "$log")" -ge "$1" ]; }
eventually 'each answer was sent twice' 120 answered 48
diag "$(sort "$log" | uniq -c)"
is 'nothing was sent elsewhere' "$(grep -c '^elsewhere' "$log")" 0
is 'the token is in no log' "$(grep -rl staff-token "$CLUSTER_DIR/log" | grep -v -e waldur.requests -e hostile)" ''
fails 'no answer steers a terminal by the log' grep -qP '\x1b|\xc2\x9b|\xe2\x80\xae' "$(sluiced_log)"
fails 'no answer makes a line of its own in the log' grep -q '^SLUICE-0001' "$(sluiced_log)"
survived 'Waldur'
attack_done
