#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Emulator mode: changes reach Waldur's emulator, once each, and Slurm not at all; history and reports say so.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}}, "chem": {"limits": {"node_hours": 20}, "paused": true}}}
END
granted() { waldur_granted 'periodic_limits:' '  emulator_mode: true' "  emulator_base_url: http://127.0.0.1:$(waldur_port)"; }
emulated() { waldur_get "sum(1 for x in s['emulated'] if $1)"; } # emulated CONDITION on x
before=$(assoc_rows)
ok 'Waldur is there, its emulator, too' waldur_up "$CLUSTER_DIR/etc/waldur.json"
sluiced_settings < <(granted)
ok 'sluiced is there' sluiced_restart
eventually 'a limit reaches the emulator' 20 eval '[ "$(emulated "x == {\"resource_id\": \"physics\", \"grp_tres_mins\": {\"node\": 720}}")" = 1 ]'
eventually 'and a pause' 20 eval '[ "$(emulated "x == {\"resource_id\": \"chem\", \"qos_default\": \"blocked\"}")" = 1 ]'
eventually 'Waldur is told' 20 waldur_is 'len(s["reports"]) >= 2' True
is 'in which mode' "$(waldur_get '{(x["mode"], x["success"]) for x in s["reports"]}')" "{('emulator', True)}"
is 'the history says so, too' "$(sluice_cli commands -Q -n -P --format=execution | sort -u)" emulator
told=$(emulated True)
ok 'one more evaluation' sluice_cli evaluate
is 'finds nothing to do' "$(emulated True)" "$told"
is 'Slurm is as it was' "$(assoc_rows)" "$before"
ok 'its jobs run' as mail srun -n1 true
ok 'the emulator fails' waldur fault '{"status": 503, "times": 1000, "path": "apply-periodic-settings"}'
ok 'a limit is raised' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 50}}'
eventually 'which is said' 20 line_in "$(sluiced_log)" 'SLUICE-0422 command-failed.*error="emulator: HTTP 503"'
eventually 'and reported' 20 waldur_is "s['reports'][-1]['success'], s['reports'][-1]['mode']" "(False, 'emulator')"
done_testing
