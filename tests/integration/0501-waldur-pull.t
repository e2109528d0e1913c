#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Allocations and the policy come from Waldur: limits reach slurmctld and are reported back, flags of persons are
# obeyed and never cleared, a Waldur that is away costs nothing but age, also over a restart.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}}, "chem": {"limits": {"node_hours": 20}}}}
END
log=$(sluiced_log)

# Nothing is decided before Waldur has said what is granted.
(umask 077 && echo staff-token >"$CLUSTER_DIR/etc/waldur.token")
before=$(assoc_rows)
sluiced_settings < <(waldur_granted)
ok 'sluiced starts without Waldur' sluiced_restart
eventually 'and says what it waits for' 10 eval 'sluice_cli status 2>&1 | grep -q "Waldur has not answered yet"'
is 'Slurm is left alone' "$(assoc_rows)" "$before"

ok 'Waldur is there' waldur_up "$CLUSTER_DIR/etc/waldur.json"
eventually 'its limits are in slurmdbd' 20 account_is physics grptresmins node=720
like 'and in slurmctld' "$(account_live chem GrpTRESMins)" 'node=1440\('
is 'only fields that it needs are asked for' \
    "$(grep -E '"GET", "path": "[^"]*marketplace-provider-(resources|offerings)/' "$CLUSTER_DIR/log/waldur.requests" | grep -v '"field": \[')" ''
like 'of resources, these' "$(grep -m 1 'marketplace-provider-resources/"' "$CLUSTER_DIR/log/waldur.requests")" \
    '"field": \["uuid", "name", "backend_id", "state", "limits", "paused", "downscaled", ("[a-z_]+",? ?){4}\]'
eventually 'the commands are reported to it' 20 waldur_is 'len(s["reports"]) >= 2' True
is 'as done' "$(waldur_get 'all(x["success"] for x in s["reports"])')" True
like 'with the commands' "$(waldur_get 's["reports"]')" 'GrpTRESMins=node='
is 'in production mode' "$(waldur_get '{x["mode"] for x in s["reports"]}')" "{'production'}"

reports=$(waldur_get 'len(s["reports"])')
ok 'a person raises a limit' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 50}}'
eventually 'slurmdbd follows' 20 account_is physics grptresmins node=3600
like 'slurmctld, too' "$(account_live physics GrpTRESMins)" 'node=3600\('
eventually 'and a report comes back' 20 waldur_is "len(s['reports']) > $reports" True

# A person pauses.
ok 'a person pauses chem in Waldur' waldur resource '{"backend_id": "chem", "paused": true}'
eventually 'Slurm has it' 20 account_is chem defaultqos blocked
ok 'the plugin knows' evaluate_now
fails 'jobs are refused' as mail sbatch --wrap true
like 'with the reason' "$OUT" 'account chem is paused in Waldur'
like 'explain names it' "$(sluice_cli explain chem)" 'paused in Waldur'
like 'and knows no end of it' "$(sluice_cli explain chem)" 'That lasts until it is taken back in Waldur\.'
unlike 'nor makes one up' "$(sluice_cli explain chem)" 'ends by itself'
unlike 'nor does the status' "$(sluice_cli status -l chem)" '2100|2099'
is 'the interface has none either' "$(sluice_cli status chem --json | python3 -c 'import json, sys
print([(a["until"], a["override"]["until"]) for a in json.load(sys.stdin)["accounts"]])')" '[(None, None)]'
ok 'some evaluations later' eval 'evaluate_now && sleep 2 && evaluate_now'
is 'the flag is still set' "$(waldur_get 'r["chem"]["paused"]')" True
is 'nobody asked to clear it' "$(waldur_requests 'set_paused')" 0
ok 'the person lets it go' waldur resource '{"backend_id": "chem", "paused": false}'
eventually 'so does Slurm' 20 eval '[ "$(account_field chem defaultqos)" = normal ]'
ok 'jobs run again' eval 'evaluate_now && as mail srun -t1 -n1 true'

# What cannot be assigned is named and left alone.
waldur resource '{"backend_id": "", "name": "orphan", "uuid": "11111111111111111111111111111111"}' >/dev/null
waldur resource '{"backend_id": "chem", "name": "twin", "uuid": "22222222222222222222222222222222", "limits": {"node_hours": 0.1}}' >/dev/null
eventually 'a resource without account is named' 10 eval 'sluice_cli status | grep -q "orphan (1111.*has no account"'
eventually 'an account in two resources, too' 10 eval 'sluice_cli status | grep -q "account chem is in 2 resources.*twin"'
is 'it keeps what it had' "$(account_field chem grptresmins)" node=1440
waldur resource '{"backend_id": "chem", "name": "twin", "uuid": "22222222222222222222222222222222", "state": "Terminated"}' >/dev/null
eventually 'terminated ones do not count' 10 eval '! sluice_cli status | grep -q "2 resources"'

# Away.
ok 'Waldur goes' waldur_down
eventually 'status says so' 20 eval 'sluice_cli status 2>&1 | grep -q "waldur is away\|Waldur does not answer"'
is 'limits stay' "$(account_field physics grptresmins)" node=3600
ok 'a restart' eval 'sluiced_stop && sluiced_restart && wait_until 15 evaluate_now'
is 'changes nothing' "$(account_field physics grptresmins)" node=3600
is 'physics is judged by the last good answer' "$(status_field physics standing)" normal
like 'whose age is shown' "$(sluice_cli status 2>&1)" 'its answer of 20[0-9-]+ .* is used'
ok 'Waldur is back with other limits' eval 'sed -i "s/\"node_hours\": 10/\"node_hours\": 30/" "$CLUSTER_DIR/etc/waldur.json" && waldur_up "$CLUSTER_DIR/etc/waldur.json"'
eventually 'they count' 20 account_is physics grptresmins node=2160
eventually 'and the complaint is over' 20 eval '! sluice_cli status 2>&1 | grep -q "does not answer"'

# Faults in the way.
ok 'Waldur asks for patience' waldur fault '{"status": 429, "times": 2, "retry_after": 1}'
ok 'errors, cut answers and resets come' eval 'for kind in status cut reset slow; do waldur fault "{\"kind\": \"$kind\", \"status\": 502, \"times\": 3, \"retry_after\": 1}"; done >/dev/null'
ok 'a limit changes' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 40}}'
eventually 'it gets there all the same' 60 account_is physics grptresmins node=2880
ok 'a token that is not accepted' eval 'waldur state "{\"tokens\": {\"staff-token\": null}}"'
eventually 'is said' 20 line_in "$log" 'SLUICE-0801 waldur-refuses.*Invalid token'
ok 'a new one in the file' eval 'echo other-token >"$CLUSTER_DIR/etc/waldur.token" && waldur state "{\"tokens\": {\"other-token\": \"staff\"}}"'
ok 'a limit changes' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 60}}'
eventually 'it works without a restart' 30 account_is physics grptresmins node=4320

# One who obeys.
ok 'authority: waldur' eval 'sluiced_stop && sluiced_up < <(waldur_granted "authority: waldur")'
ok 'Waldur slows physics down' waldur resource '{"backend_id": "physics", "downscaled": true}'
eventually 'Slurm obeys' 20 account_is physics defaultqos slowdown
ok 'and lets it go' waldur resource '{"backend_id": "physics", "downscaled": false}'
eventually 'Slurm obeys' 20 eval '[ "$(account_field physics defaultqos)" != slowdown ]'
is 'and no flag was pushed' "$(waldur_requests 'set_downscaled')" 0
unlike 'no token in the log' "$(cat "$log")" 'staff-token|other-token'
done_testing
