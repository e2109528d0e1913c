#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Allocations and the policy come from Waldur: limits reach slurmctld and are reported back, flags set by persons apply and are
# never cleared, and while Waldur is away sluiced keeps the last answer, also after a restart.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}}, "chem": {"limits": {"node_hours": 20}}}}
END
log=$(sluiced_log)

# sluiced decides nothing before Waldur has sent the allocations.
(umask 077 && echo staff-token >"$CLUSTER_DIR/etc/waldur.token")
before=$(assoc_rows)
sluiced_settings < <(waldur_granted)
ok 'sluiced starts without Waldur' sluiced_restart
eventually 'sluice status reports that Waldur has not answered yet' 10 eval 'sluice_cli status 2>&1 | grep -q "Waldur has not answered yet"'
is 'associations are unchanged before the first answer of Waldur' "$(assoc_rows)" "$before"

ok 'Waldur starts' waldur_up "$CLUSTER_DIR/etc/waldur.json"
eventually 'slurmdbd has the limit of physics from Waldur' 20 account_is physics grptresmins node=720
like 'slurmctld has the limit of chem from Waldur' "$(account_live chem GrpTRESMins)" 'node=1440\('
is 'sluiced requests resources and offerings with a field list only' \
    "$(grep -E '"GET", "path": "[^"]*marketplace-provider-(resources|offerings)/' "$CLUSTER_DIR/log/waldur.requests" | grep -v '"field": \[')" ''
like 'field list for resources has the needed fields only' "$(grep -m 1 'marketplace-provider-resources/"' "$CLUSTER_DIR/log/waldur.requests")" \
    '"field": \["uuid", "name", "backend_id", "state", "limits", "paused", "downscaled", ("[a-z_]+",? ?){5}\]'
eventually 'Waldur receives the command results' 20 waldur_is 'len(s["reports"]) >= 2' True
is 'Waldur receives the commands as successful' "$(waldur_get 'all(x["success"] for x in s["reports"])')" True
like 'command results contain the sacctmgr commands' "$(waldur_get 's["reports"]')" 'GrpTRESMins=node='
is 'command results have mode production' "$(waldur_get '{x["mode"] for x in s["reports"]}')" "{'production'}"

reports=$(waldur_get 'len(s["reports"])')
ok 'Waldur accepts a raised limit of physics' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 50}}'
eventually 'slurmdbd has the raised limit of physics' 20 account_is physics grptresmins node=3600
like 'slurmctld has the raised limit of physics' "$(account_live physics GrpTRESMins)" 'node=3600\('
eventually 'Waldur receives the result of the raised limit' 20 waldur_is "len(s['reports']) > $reports" True

# A person pauses a resource.
ok 'Waldur accepts the pause of chem by a person' waldur resource '{"backend_id": "chem", "paused": true}'
eventually 'default QOS of chem is blocked after the pause in Waldur' 20 account_is chem defaultqos blocked
ok 'evaluation with chem paused in Waldur succeeds' evaluate_now
fails 'sbatch in chem, paused in Waldur, is refused' as mail sbatch --wrap true
like 'refusal states that chem is paused in Waldur' "$OUT" 'account chem is paused in Waldur'
like 'sluice explain states that chem is paused in Waldur' "$(sluice_cli explain chem)" 'paused in Waldur'
like 'sluice explain states that the pause lasts until Waldur lifts the flag' "$(sluice_cli explain chem)" 'The pause lasts until Waldur lifts the flag\.'
unlike 'sluice explain shows no end date of the pause' "$(sluice_cli explain chem)" 'ends by itself'
unlike 'sluice status shows no end date of the pause' "$(sluice_cli status -l chem)" '2100|2099'
is 'sluice status --json has no end date of the pause' "$(sluice_cli status chem --json | python3 -c 'import json, sys
print([(a["until"], a["override"]["until"]) for a in json.load(sys.stdin)["accounts"]])')" '[(None, None)]'
ok 'two more evaluations with chem paused in Waldur succeed' eval 'evaluate_now && sleep 2 && evaluate_now'
is 'pause flag of chem is still set in Waldur' "$(waldur_get 'r["chem"]["paused"]')" True
is 'sluiced sends no set_paused request' "$(waldur_requests 'set_paused')" 0
ok 'Waldur accepts the end of the pause by a person' waldur resource '{"backend_id": "chem", "paused": false}'
eventually 'default QOS of chem is normal after the pause in Waldur' 20 eval '[ "$(account_field chem defaultqos)" = normal ]'
ok 'srun in chem runs after the pause in Waldur' eval 'evaluate_now && as mail srun -t1 -n1 true'

# Resources that match no account or too many: reported and left unchanged.
waldur resource '{"backend_id": "", "name": "orphan", "uuid": "11111111111111111111111111111111"}' >/dev/null
waldur resource '{"backend_id": "chem", "name": "twin", "uuid": "22222222222222222222222222222222", "limits": {"node_hours": 0.1}}' >/dev/null
eventually 'sluice status names the resource without an account' 10 eval 'sluice_cli status | grep -q "orphan (1111.*has no account"'
eventually 'sluice status names the account with two resources' 10 eval 'sluice_cli status | grep -q "account chem is in 2 resources.*twin"'
is 'account with two resources keeps its limit' "$(account_field chem grptresmins)" node=1440
waldur resource '{"backend_id": "chem", "name": "twin", "uuid": "22222222222222222222222222222222", "state": "Terminated"}' >/dev/null
eventually 'sluice status ignores a terminated resource' 10 eval '! sluice_cli status | grep -q "2 resources"'

# Limits in a component that sluiced.yaml does not have, and a resource that is gone: the limit stays until a release.
ok 'Waldur accepts a limit of physics in an unknown component' waldur resource '{"backend_id": "physics", "limits": {"gpu_hours": 5}}'
eventually 'sluice status names physics, whose component is unknown' 20 eval 'sluice_cli status 2>&1 | grep -q "release physics"'
is 'physics with an unknown component keeps its limit' "$(account_field physics grptresmins)" node=3600
ok 'Waldur accepts the former limit of physics' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 50}}'
eventually 'sluice status no longer names physics' 20 eval '! sluice_cli status 2>&1 | grep -q "release physics"'
ok 'Waldur terminates the resource of chem' waldur resource '{"backend_id": "chem", "state": "Terminated"}'
eventually 'sluice status names chem, whose resource is gone' 20 eval 'sluice_cli status 2>&1 | grep -q "release chem"'
is 'chem without a resource keeps its limit' "$(account_field chem grptresmins)" node=1440
ok 'chem is released' sluice_cli release chem --reason='the project has ended'
is 'chem has no limit after the release' "$(account_field chem grptresmins)" ''
ok 'Waldur has the resource of chem again' waldur resource '{"backend_id": "chem", "state": "OK"}'
eventually 'slurmdbd has the limit of chem again' 20 account_is chem grptresmins node=1440

# Waldur away.
ok 'Waldur stops' waldur_down
eventually 'sluice status reports that Waldur is away' 20 eval 'sluice_cli status 2>&1 | grep -q "waldur is away\|Waldur does not answer"'
is 'limit of physics stays while Waldur is away' "$(account_field physics grptresmins)" node=3600
ok 'sluiced restarts and evaluates without Waldur' eval 'sluiced_stop && sluiced_restart && wait_until 15 evaluate_now'
is 'limit of physics stays after the restart without Waldur' "$(account_field physics grptresmins)" node=3600
is 'standing of physics is normal by the last answer of Waldur' "$(status_field physics standing)" normal
like 'sluice status shows the time of the last answer of Waldur' "$(sluice_cli status 2>&1)" 'its answer of 20[0-9T:+-]+ is used'
ok 'Waldur starts with other limits' eval 'sed -i "s/\"node_hours\": 10/\"node_hours\": 30/" "$CLUSTER_DIR/etc/waldur.json" && waldur_up "$CLUSTER_DIR/etc/waldur.json"'
eventually 'slurmdbd has the new limit after Waldur is back' 20 account_is physics grptresmins node=2160
eventually 'sluice status no longer reports that Waldur is away' 20 eval '! sluice_cli status 2>&1 | grep -q "does not answer"'

# Faults on the connection.
ok 'Waldur responds with 429 and Retry-After' waldur fault '{"status": 429, "times": 2, "retry_after": 1}'
ok 'Waldur responds with errors, cut, reset and slow answers' eval 'for kind in status cut reset slow; do waldur fault "{\"kind\": \"$kind\", \"status\": 502, \"times\": 3, \"retry_after\": 1}"; done >/dev/null'
ok 'Waldur accepts a new limit of physics during the faults' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 40}}'
eventually 'slurmdbd has the new limit despite the faults' 60 account_is physics grptresmins node=2880
ok 'Waldur rejects the token from now on' eval 'waldur state "{\"tokens\": {\"staff-token\": null}}"'
eventually 'sluiced.log reports the rejected token' 20 line_in "$log" 'SLUICE-0801 waldur-refuses.*Invalid token'
ok 'a new token is written to the token file' eval 'echo other-token >"$CLUSTER_DIR/etc/waldur.token" && waldur state "{\"tokens\": {\"other-token\": \"staff\"}}"'
ok 'Waldur accepts a new limit of physics after the token changed' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 60}}'
eventually 'slurmdbd has the new limit without a restart of sluiced' 30 account_is physics grptresmins node=4320

# The guard: an answer that pauses more accounts than it allows waits for a person.
ok 'sluiced stops before many flags change' sluiced_stop
ok 'Waldur accepts the pause of both accounts' eval 'for a in physics chem; do waldur resource "{\"backend_id\": \"$a\", \"paused\": true}"; done >/dev/null'
ok 'sluiced starts with a guard of one account' eval 'sluiced_up < <(echo "guard: {accounts: 1, percent: 0}"; waldur_granted)'
eventually 'physics, paused in Waldur together with chem, is held' 20 standing_is physics held
is 'chem, paused in Waldur together with physics, is held' "$(status_field chem standing)" held
is 'held accounts keep their QOS' "$(account_field physics defaultqos) $(account_field chem defaultqos)" 'normal normal'
ok 'srun in chem runs while it is held' as mail srun -t1 -n1 true
like 'plan with the file in force names the held accounts' "$(sluice_cli evaluate --dry-run --config="$CLUSTER_DIR/etc/sluiced.yaml")" 'chem: held'
ok 'the answer of Waldur is confirmed' sluice_cli reload --confirm --reason='both projects have ended'
is 'both accounts are paused after the confirmation' "$(account_field physics defaultqos) $(account_field chem defaultqos)" 'blocked blocked'
ok 'Waldur accepts the end of the pause of physics' waldur resource '{"backend_id": "physics", "paused": false}'
eventually 'physics is open again' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
ok 'Waldur accepts the end of the second pause' waldur resource '{"backend_id": "chem", "paused": false}'
eventually 'chem is open again' 20 eval '[ "$(account_field chem defaultqos)" = normal ]'

# authority: waldur, where Sluice decides nothing itself.
ok 'sluiced restarts with authority: waldur' eval 'sluiced_stop && sluiced_up < <(waldur_granted "authority: waldur")'
ok 'Waldur accepts the downscale of physics' waldur resource '{"backend_id": "physics", "downscaled": true}'
eventually 'default QOS of physics is slowdown under authority: waldur' 20 account_is physics defaultqos slowdown
ok 'Waldur accepts the end of the downscale' waldur resource '{"backend_id": "physics", "downscaled": false}'
eventually 'default QOS of physics is restored under authority: waldur' 20 eval '[ "$(account_field physics defaultqos)" != slowdown ]'
is 'sluiced sends no set_downscaled request under authority: waldur' "$(waldur_requests 'set_downscaled')" 0
unlike 'sluiced.log has no token' "$(cat "$log")" 'staff-token|other-token'
done_testing
