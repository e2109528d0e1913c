#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Emulator mode: changes reach the emulator of Waldur, each once, and never Slurm; history and reports show the mode.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}}, "chem": {"limits": {"node_hours": 20}, "paused": true}}}
END
granted() { waldur_granted 'periodic_limits:' '  emulator_mode: true' "  emulator_base_url: http://127.0.0.1:$(waldur_port)"; }
emulated() { waldur_get "sum(1 for x in s['emulated'] if $1)"; } # emulated CONDITION on x
before=$(assoc_rows)
ok 'Waldur starts with its emulator' waldur_up "$CLUSTER_DIR/etc/waldur.json"
sluiced_settings < <(granted)
ok 'sluiced starts in emulator mode' sluiced_restart
eventually 'emulator receives the limit of physics' 20 eval '[ "$(emulated "x == {\"resource_id\": \"physics\", \"grp_tres_mins\": {\"node\": 720}}")" = 1 ]'
eventually 'emulator receives the pause of chem' 20 eval '[ "$(emulated "x == {\"resource_id\": \"chem\", \"qos_default\": \"blocked\"}")" = 1 ]'
eventually 'Waldur receives the command results' 20 waldur_is 'len(s["reports"]) >= 2' True
is 'command results have mode emulator' "$(waldur_get '{(x["mode"], x["success"]) for x in s["reports"]}')" "{('emulator', True)}"
is 'sluice commands shows execution emulator' "$(sluice_cli commands -Q -n -P --format=execution | sort -u)" emulator
told=$(emulated True)
ok 'second evaluation in emulator mode succeeds' sluice_cli evaluate
is 'second evaluation sends nothing to the emulator' "$(emulated True)" "$told"
is 'associations in slurmdbd are unchanged in emulator mode' "$(assoc_rows)" "$before"
ok 'srun in chem, paused in the emulator only, runs' as mail srun -n1 true
ok 'emulator responds with 503 from now on' waldur fault '{"status": 503, "times": 1000, "path": "apply-periodic-settings"}'
ok 'Waldur has a raised allocation during the 503' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 50}}'
eventually 'sluiced.log reports the failed command of the emulator' 20 line_in "$(sluiced_log)" 'SLUICE-0422 command-failed.*error="emulator: HTTP 503"'
eventually 'Waldur receives the failed command of the emulator' 20 waldur_is "s['reports'][-1]['success'], s['reports'][-1]['mode']" "(False, 'emulator')"
done_testing
