#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What Waldur is told: flags of ours, usage, metadata, results; in order and once in effect, whatever breaks between.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}, "backend_metadata": {"theirs": 1}}, "chem": {"limits": {"node_hours": 20}}}}
END
granted() { waldur_granted "$@" && echo '    limits: false'; } # granted [LINE of waldur...]
parked() { sluice_cli outbox -Q -n -P --format=kind,state | grep parked; }
log=$(sluiced_log)
ok 'Waldur is there' waldur_up "$CLUSTER_DIR/etc/waldur.json"
ok 'sluiced, too' eval 'sluiced_up < <(granted)'
eventually 'it is registered' 20 waldur_is '[one["processors"][0]["backend_type"] for one in s["services"].values()]' "['SLURM']"
like 'by name and version' "$(waldur_get "[(one['name'], one['version']) for one in s['identities'].values()]")" "^\[\('sluice-2a3b4c5d-[0-9a-f-]+', '[0-9]+\.[0-9.]+"
eventually 'and counts its resources' 20 waldur_is "[one['statistics']['resources'] for one in s['services'].values()]" '[2]'
eventually 'metadata is there, beside that of others' 20 waldur_is "sorted(r['physics']['backend_metadata'].items())[-1]" "('usage_percentage', 0)"
is 'nothing is missing' "$(waldur_get "sorted(r['physics']['backend_metadata'])")" \
    "['block_creation', 'mode', 'next_reset', 'period', 'qos', 'sluice_version', 'standing', 'theirs', 'usage_percentage']"
is 'whose key stays' "$(waldur_get "r['physics']['backend_metadata']['theirs']")" 1

# Usage crosses 100 %: a tiny grant and a job.
ok 'a job runs' as games srun -n1 sleep 2
ok 'the grant is cut below what was used' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'physics is paused in Slurm' 30 account_is physics defaultqos blocked
eventually 'and in Waldur' 20 waldur_is "(r['physics']['paused'], r['physics']['downscaled'])" '(True, True)'
eventually 'the log has the event by its name in Waldur' 5 line_in "$log" 'SLUICE-0413 flag-changed event=REQUEST_SLURM_RESOURCE_PAUSING account=physics'
like 'and the evaluation by its' "$(grep 'SLUICE-0411' "$log" | tail -n 5)" \
    'event=SLURM_POLICY_EVALUATION account=physics .*actions=[a-z_,]*pause'
eventually 'with the metadata' 20 waldur_is "(r['physics']['backend_metadata']['standing'], r['physics']['backend_metadata']['qos'])" "('paused', 'blocked')"
eventually 'and the report' 20 waldur_is "any('QOS=blocked' in c for x in s['reports'] for c in x['commands_executed'])" True
sleep 2
is 'the flag was asked for once' "$(waldur_requests '/set_paused/')" 1
eventually 'our flag is not taken for a person'"'"'s' 5 eval '! sluice_cli explain physics | grep -q "in Waldur"'
ok 'the grant is raised' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 10}}'
eventually 'both flags go' 30 waldur_is "(r['physics']['paused'], r['physics']['downscaled'])" '(False, False)'
eventually 'and Slurm lets it go' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
ok 'a long enough job' as games srun -N4 sleep 12
eventually 'its usage is reported' 60 eval 'evaluate_now && [ "$(waldur_get "[x[\"usage\"] for x in s[\"usages\"] if x[\"type\"] == \"node_hours\"]")" != "[]" ]'
eventually 'by user, too' 40 eval 'evaluate_now && waldur_is "any(\"games\" in x[\"users\"] for x in s[\"usages\"])" True'

# Down, over what happens meanwhile, and a daemon that is killed.
reports=$(waldur_get 'len(s["reports"])')
set_by() { waldur_requests "/set_$1/.*\"status\": 200"; } # set_by FLAG: how many requests Waldur took
flag_id() { sluice_cli outbox -Q -n -P --format=id,kind | sed -n 's/|set_paused$//p'; }
eventually 'nothing waits' 20 eval '[ -z "$(sluice_cli outbox -Q -n -P --format=target | grep waldur)" ]'
paused_by=$(set_by paused) downscaled_by=$(set_by downscaled)
ok 'Waldur answers 503 from now on' waldur fault '{"status": 503, "times": 100000, "path": "set_|report|identities|services"}'
ok 'a person slows chem down' waldur resource '{"backend_id": "chem", "downscaled": true}'
eventually 'Slurm follows' 20 account_is chem defaultqos slowdown
eventually 'the outbox waits' 20 line_in "$log" 'SLUICE-0701 target-away target=waldur'
is 'nothing was reported' "$(waldur_get 'len(s["reports"])')" "$reports"
ok 'physics comes' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'to its end' 20 account_is physics defaultqos blocked
eventually 'which Waldur is to be told' 20 eval 'first=$(flag_id) && [ -n "$first" ]'
first=$(flag_id)
ok 'and is let go' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 10}}'
eventually 'in Slurm' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
eventually 'which is newer' 20 eval '[ "$(flag_id)" != "$first" ]'
ok 'kill -9' sluiced_kill9
ok 'Waldur is well again' waldur state '{"faults": []}'
ok 'a new daemon' sluiced_restart
eventually 'reports what the old one did' 30 waldur_is "any('slowdown' in c for x in s['reports'] for c in x['commands_executed'])" True
is 'once' "$(waldur_get "sum('slowdown' in c for x in s['reports'] for c in x['commands_executed'])")" 1
eventually 'nothing waits any more' 30 eval '[ -z "$(sluice_cli outbox -Q -n -P --format=target | grep waldur)" ]'
is 'a flag that came and went meanwhile is set by no request' "$(set_by paused) $(set_by downscaled)" "$paused_by $downscaled_by"
is 'as it is' "$(waldur_get "r['physics']['paused']")" False

# A token without the right.
ok 'doctor has nothing to say of Waldur' eval 'sluice_cli doctor; ! grep -q "waldur" <<<"$(sluice_cli doctor | grep FAULT)"'
ok 'a provider token' eval 'waldur state "{\"tokens\": {\"staff-token\": \"provider\"}}"'
ok 'the person lets chem go' waldur resource '{"backend_id": "chem", "downscaled": false}'
eventually 'it is said what to grant' 30 line_in "$log" 'SLUICE-0806 waldur-forbids kind=report-command-result.*staff'
is 'once' "$(grep -c SLUICE-0806 "$log")" 1
fails 'doctor finds it' sluice_cli doctor
like 'as the refused message' "$OUT" 'FAULT +messages +waldur refused report-command-result: .*make the token.s user staff'
# What is refused waits for a person, with the reason.
is 'the refused message is parked' "$(parked)" "report-command-result|parked"
like 'with the reason' "$(sluice_cli outbox -Q -n -P --format=error)" '403: You do not have permission'
reports=$(waldur_get 'len(s["reports"])')
ok 'the user becomes staff' eval 'waldur state "{\"tokens\": {\"staff-token\": \"staff\"}}"'
sleep 2
is 'which alone sends nothing again' "$(waldur_get 'len(s["reports"])')" "$reports"
ok 'a person has it tried again' sluice_cli outbox retry "$(sluice_cli outbox -Q -n -P --format=id | head -n 1)"
eventually 'it gets there' 20 waldur_is 'len(s["reports"])' $((reports + 1))
is 'and waits no more' "$(parked)" ''
ok 'a provider token once more' eval 'waldur state "{\"tokens\": {\"staff-token\": \"provider\"}}"'
ok 'a person slows chem down' waldur resource '{"backend_id": "chem", "downscaled": true}'
eventually 'another message is parked' 20 eval '[ "$(parked)" = "report-command-result|parked" ]'
ok 'a person drops it' sluice_cli outbox drop "$(sluice_cli outbox -Q -n -P --format=id | head -n 1)"
is 'and it is gone' "$(parked)" ''
ok 'the daemon starts anew' eval 'sluiced_stop && sluiced_restart'
eventually 'and doctor tells of the right before anything is refused' 20 eval 'sluice_cli doctor | grep -q "FAULT.*token is of sluice-agent, who is not staff"'
sluiced_stop
ok 'without reports' eval 'sluiced_up < <(granted "push: {command_results: false}")'
eventually 'staff is not needed' 20 eval '! sluice_cli doctor | grep -q "not staff"'
sluiced_stop
others='"method": "P.*/(set_paused|set_downscaled|set_usage|set-user-usages|set_user_usages|set_backend_metadata|[a-z-]*identities)'
told=$(waldur_requests "$others") reports=$(waldur_get 'len(s["reports"])')
ok 'a staff token once more' eval 'waldur state "{\"tokens\": {\"staff-token\": \"staff\"}}"'
ok 'one that reports commands' eval \
    'sluiced_up < <(granted "push: {flags: false, usage: false, user_usage: false, metadata: false, identity: false}")'
ok 'physics comes to its end' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'Waldur has the report' 30 waldur_is "len(s['reports']) > $reports" True
ok 'some evaluations later' eval 'evaluate_now && sleep 2 && evaluate_now'
is 'and nothing else' "$(waldur_requests "$others")" "$told"
ok 'the grant is raised again' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 10}}'
eventually 'Slurm lets it go' 20 eval '[ "$(account_field physics defaultqos)" = normal ]'
sluiced_stop
told=$(waldur_requests '"method": "P')
ok 'one that tells nothing' eval 'sluiced_up < <(granted "push: false")'
ok 'physics comes to its end once more' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 0.0001}}'
eventually 'in Slurm' 20 account_is physics defaultqos blocked
ok 'some evaluations later' eval 'evaluate_now && sleep 2 && evaluate_now'
is 'Waldur has not heard of it' "$(waldur_requests '"method": "P')" "$told"
done_testing
