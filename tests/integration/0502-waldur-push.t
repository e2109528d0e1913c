#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What Sluice sends to Waldur: flags, usage, metadata, command results; in order and with one effect, whatever fails between.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}, "backend_metadata": {"theirs": 1}}, "chem": {"limits": {"node_hours": 20}}}}
END
granted() { waldur_granted "$@" && echo '    limits: false'; } # granted [LINE of waldur...]
parked() { sluice_cli outbox -Q -n -P --format=kind,state | grep parked; }
log=$(sluiced_log)
ok 'Waldur starts' waldur_up "$CLUSTER_DIR/etc/waldur.json"
ok 'sluiced starts' eval 'sluiced_up < <(granted)'
eventually 'Waldur has the registered service of sluiced' 20 waldur_is '[one["processors"][0]["backend_type"] for one in s["services"].values()]' "['SLURM']"
like 'registration has name and version' "$(waldur_get "[(one['name'], one['version']) for one in s['identities'].values()]")" "^\[\('sluice-2a3b4c5d-[0-9a-f-]+', '[0-9]+\.[0-9.]+"
eventually 'registration has the number of resources' 20 waldur_is "[one['statistics']['resources'] for one in s['services'].values()]" '[2]'
eventually 'metadata of physics is sent beside foreign metadata' 20 waldur_is "sorted(r['physics']['backend_metadata'].items())[-1]" "('usage_percentage', 0)"
is 'metadata of physics has all keys' "$(waldur_get "sorted(r['physics']['backend_metadata'])")" \
    "['block_creation', 'mode', 'next_reset', 'period', 'qos', 'sluice_version', 'standing', 'theirs', 'usage_percentage']"
is 'foreign metadata of physics is kept' "$(waldur_get "r['physics']['backend_metadata']['theirs']")" 1

# Usage crosses 100 %: a tiny allocation and a job.
ok 'srun in physics runs' as games srun -n1 sleep 2
ok 'Waldur accepts an allocation below the usage of physics' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'default QOS of physics becomes blocked' 30 account_is physics defaultqos blocked
eventually 'Waldur has physics as paused and downscaled' 20 waldur_is "(r['physics']['paused'], r['physics']['downscaled'])" '(True, True)'
eventually 'sluiced.log has the pause event by its Waldur name' 5 line_in "$log" 'SLUICE-0413 flag-changed event=REQUEST_SLURM_RESOURCE_PAUSING account=physics'
like 'sluiced.log has the evaluation event by its Waldur name' "$(grep 'SLUICE-0411' "$log" | tail -n 5)" \
    'event=SLURM_POLICY_EVALUATION account=physics .*actions=[a-z_,]*pause'
eventually 'Waldur has standing and QOS in the metadata of physics' 20 waldur_is "(r['physics']['backend_metadata']['standing'], r['physics']['backend_metadata']['qos'])" "('paused', 'blocked')"
eventually 'Waldur has the result of the command that set QOS blocked' 20 waldur_is "any('QOS=blocked' in c for x in s['reports'] for c in x['commands_executed'])" True
sleep 2
is 'sluiced sends one set_paused request' "$(waldur_requests '/set_paused/')" 1
eventually 'sluice explain does not show the flag as set by a person in Waldur' 5 eval '! sluice_cli explain physics | grep -q "in Waldur"'
ok 'Waldur accepts a raised allocation of physics' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 10}}'
eventually 'Waldur has physics as neither paused nor downscaled' 30 waldur_is "(r['physics']['paused'], r['physics']['downscaled'])" '(False, False)'
eventually 'default QOS of physics is normal after the raise' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
ok 'srun of a longer job runs' as games srun -N4 sleep 12
eventually 'Waldur receives the usage of physics' 60 eval 'evaluate_now && [ "$(waldur_get "[x[\"usage\"] for x in s[\"usages\"] if x[\"type\"] == \"node_hours\"]")" != "[]" ]'
eventually 'Waldur receives the usage by user' 40 eval 'evaluate_now && waldur_is "any(\"games\" in x[\"users\"] for x in s[\"usages\"])" True'

# Waldur down while standings change and sluiced is killed.
reports=$(waldur_get 'len(s["reports"])')
set_by() { waldur_requests "/set_$1/.*\"status\": 200"; } # set_by FLAG: number of requests that Waldur accepted
flag_id() { sluice_cli outbox -Q -n -P --format=id,kind | sed -n 's/|set_paused$//p'; }
eventually 'outbox for Waldur is empty before Waldur fails' 20 eval '[ -z "$(sluice_cli outbox -Q -n -P --format=target | grep waldur)" ]'
paused_by=$(set_by paused) downscaled_by=$(set_by downscaled)
ok 'Waldur responds with 503 from now on' waldur fault '{"status": 503, "times": 100000, "path": "set_|report|identities|services"}'
ok 'Waldur has a downscale of chem by a person' waldur resource '{"backend_id": "chem", "downscaled": true}'
eventually 'default QOS of chem becomes slowdown' 20 account_is chem defaultqos slowdown
eventually 'sluiced.log reports that target waldur is away' 20 line_in "$log" 'SLUICE-0701 target-away target=waldur'
is 'Waldur receives no command result during the 503' "$(waldur_get 'len(s["reports"])')" "$reports"
ok 'Waldur has an allocation of physics below its usage' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'default QOS of physics becomes blocked during the 503' 20 account_is physics defaultqos blocked
eventually 'outbox has a set_paused message for Waldur' 20 eval 'first=$(flag_id) && [ -n "$first" ]'
first=$(flag_id)
ok 'Waldur has a raised allocation of physics during the 503' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 10}}'
eventually 'default QOS of physics is normal during the 503' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
eventually 'outbox replaces the set_paused message by a newer one' 20 eval '[ "$(flag_id)" != "$first" ]'
ok 'sluiced is killed with messages in the outbox' sluiced_kill9
ok 'Waldur responds normally again' waldur state '{"faults": []}'
ok 'sluiced starts with messages in the outbox' sluiced_restart
eventually 'Waldur receives the result of the killed sluiced' 30 waldur_is "any('slowdown' in c for x in s['reports'] for c in x['commands_executed'])" True
is 'Waldur receives the result of the killed sluiced once' "$(waldur_get "sum('slowdown' in c for x in s['reports'] for c in x['commands_executed'])")" 1
eventually 'outbox for Waldur is empty after Waldur is back' 30 eval '[ -z "$(sluice_cli outbox -Q -n -P --format=target | grep waldur)" ]'
is 'a flag set and reverted during the 503 causes no request' "$(set_by paused) $(set_by downscaled)" "$paused_by $downscaled_by"
is 'Waldur has physics as not paused' "$(waldur_get "r['physics']['paused']")" False

# A token without the required role.
ok 'sluice doctor reports no fault of Waldur with a staff token' eval 'sluice_cli doctor; ! grep -q "waldur" <<<"$(sluice_cli doctor | grep FAULT)"'
ok 'Waldur reduces the token to provider rights' eval 'waldur state "{\"tokens\": {\"staff-token\": \"provider\"}}"'
ok 'Waldur has the end of the downscale of chem' waldur resource '{"backend_id": "chem", "downscaled": false}'
eventually 'sluiced.log reports that the token needs staff rights' 30 line_in "$log" 'SLUICE-0806 waldur-forbids kind=report-command-result.*staff'
is 'sluiced.log reports the missing staff rights once' "$(grep -c SLUICE-0806 "$log")" 1
fails 'sluice doctor fails with a refused message' sluice_cli doctor
like 'sluice doctor names the refused message and its remedy' "$OUT" 'FAULT +messages +waldur refused report-command-result: .*make the token.s user staff'
# A refused message waits for staff, with the reason.
is 'sluice outbox shows the refused message as parked' "$(parked)" "report-command-result|parked"
like 'sluice outbox shows the reason of the refusal' "$(sluice_cli outbox -Q -n -P --format=error)" '403: You do not have permission'
reports=$(waldur_get 'len(s["reports"])')
ok 'Waldur gives the token staff rights again' eval 'waldur state "{\"tokens\": {\"staff-token\": \"staff\"}}"'
sleep 2
is 'parked message is not sent again without a retry' "$(waldur_get 'len(s["reports"])')" "$reports"
ok 'sluice outbox retry succeeds' sluice_cli outbox retry "$(sluice_cli outbox -Q -n -P --format=id | head -n 1)"
eventually 'Waldur receives the retried message' 20 waldur_is 'len(s["reports"])' $((reports + 1))
is 'sluice outbox shows no parked message after the retry' "$(parked)" ''
ok 'Waldur reduces the token to provider rights again' eval 'waldur state "{\"tokens\": {\"staff-token\": \"provider\"}}"'
ok 'Waldur has a second downscale of chem by a person' waldur resource '{"backend_id": "chem", "downscaled": true}'
eventually 'sluice outbox shows another parked message' 20 eval '[ "$(parked)" = "report-command-result|parked" ]'
ok 'sluice outbox drop succeeds' sluice_cli outbox drop "$(sluice_cli outbox -Q -n -P --format=id | head -n 1)"
is 'sluice outbox shows no parked message after the drop' "$(parked)" ''
ok 'sluiced restarts with a provider token' eval 'sluiced_stop && sluiced_restart'
eventually 'sluice doctor reports the missing staff rights before any refusal' 20 eval 'sluice_cli doctor | grep -q "FAULT.*token is of sluice-agent, who is not staff"'
sluiced_stop
ok 'sluiced starts with command_results: false' eval 'sluiced_up < <(granted "push: {command_results: false}")'
eventually 'sluice doctor does not ask for staff rights without command results' 20 eval '! sluice_cli doctor | grep -q "not staff"'
sluiced_stop
others='"method": "P.*/(set_paused|set_downscaled|set_usage|set-user-usages|set_user_usages|set_backend_metadata|[a-z-]*identities)'
told=$(waldur_requests "$others") reports=$(waldur_get 'len(s["reports"])')
ok 'Waldur gives the token staff rights a second time' eval 'waldur state "{\"tokens\": {\"staff-token\": \"staff\"}}"'
ok 'sluiced starts with command results as the only push' eval \
    'sluiced_up < <(granted "push: {flags: false, usage: false, user_usage: false, metadata: false, identity: false}")'
ok 'Waldur has an allocation of physics below its usage with command results only' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'Waldur receives the command result with command results only' 30 waldur_is "len(s['reports']) > $reports" True
ok 'two more evaluations with command results only succeed' eval 'evaluate_now && sleep 2 && evaluate_now'
is 'Waldur receives nothing but command results' "$(waldur_requests "$others")" "$told"
ok 'Waldur has a raised allocation of physics with command results only' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 10}}'
eventually 'default QOS of physics is normal with command results only' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
sluiced_stop
told=$(waldur_requests '"method": "P')
ok 'sluiced starts with push: false' eval 'sluiced_up < <(granted "push: false")'
ok 'Waldur has an allocation of physics below its usage with push: false' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'default QOS of physics becomes blocked with push: false' 20 account_is physics defaultqos blocked
ok 'two more evaluations with push: false succeed' eval 'evaluate_now && sleep 2 && evaluate_now'
is 'Waldur receives nothing with push: false' "$(waldur_requests '"method": "P')" "$told"
done_testing
