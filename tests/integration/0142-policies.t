#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Policies and allocations set in the running daemon: read and refused as those of the file, in force at once, kept with
# versions over a restart and a kill, removed without opening an account, and moved into the file.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
file=$CLUSTER_DIR/etc/sluiced.yaml
call() { # call METHOD PATH [BODY]
    curl -s --max-time 60 --unix-socket "$SLUICE_SOCKET" -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "http://localhost$2"
}
code() { curl -s --max-time 60 --unix-socket "$SLUICE_SOCKET" -o /dev/null -w '%{http_code}' -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "http://localhost$2"; }
value() { python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }

ok 'sluiced starts without a policy' eval 'sluiced_up' <<END
components:
  node_hours: {tres: node}
accounts:
  chem: {allocation: {node_hours: 10}}
END

# Bad input: refused with its place, nothing kept.
fails 'policy set without --reason is refused' sluice_cli policy set quarterly period=quarter
cat >"$CLUSTER_DIR/etc/bad.yaml" <<END
period: quarter
mode: enforce
grace_rato: 0.2
actions: [request_slurm_resource_pausing]
END
fails 'policy with a misspelt key is refused' sluice_cli policy set quarterly "$CLUSTER_DIR/etc/bad.yaml" --reason=x
like 'refusal names line and column and suggests the key' "$OUT" 'policy "quarterly" of the journal:3:1: unknown key "grace_rato"; did you mean "grace_ratio"'
fails 'policy with a control character in its name is refused' sluice_cli policy set "$(printf 'a\033b')" period=month --reason=x
fails 'policy by a plain user is refused' as games "$(sluice_find sluice)" policy set quarterly period=month --reason=x
is 'refused policies are not kept' "$(sluice_cli policy list -nP -o name)" ''

# Created, as a dry run first.
sed 's/grace_rato/grace_ratio/' "$CLUSTER_DIR/etc/bad.yaml" >"$CLUSTER_DIR/etc/good.yaml"
ok 'dry run of a new policy succeeds' sluice_cli policy set quarterly "$CLUSTER_DIR/etc/good.yaml" --reason='start' --dry-run
like 'dry run shows the limit that it would set' "$OUT" 'planned: .*chem(.|
)*GrpTRESMins=node='
is 'dry run keeps no policy' "$(sluice_cli policy list -nP -o name)" ''
ok 'new policy is set' sluice_cli policy set quarterly "$CLUSTER_DIR/etc/good.yaml" --reason='start'
like 'answer has the version' "$OUT" 'Policy quarterly is set \(version 1\)'
is 'list has the source of the policy' "$(sluice_cli policy list -nP -o name,source,version,mode)" 'quarterly|api|1|enforce'
is 'chem has the limit of the policy' "$(account_field chem grptresmins)" node=720
ok 'allocation of physics is set' sluice_cli grant set physics node_hours=100 --reason='new project'
is 'physics has the limit of its allocation' "$(account_field physics grptresmins)" node=7200
is 'grant list has file and api' "$(sluice_cli grant list -nP -o account,allocation,source | sort | tr '\n' ' ')" 'chem|node_hours=10|file physics|node_hours=100|api '

# A name of the file.
fails 'allocation of an account that the file names is refused' sluice_cli grant set chem node_hours=0 --reason=x
like 'refusal names file and line' "$OUT" "account chem is in $file line [0-9]+; change it there"

# Changed: the account is paused; a stale version changes nothing.
ok 'physics is paused by a smaller allocation' sluice_cli grant set physics node_hours=0 --reason='project has ended' --confirm
is 'physics is paused' "$(status_field physics standing)" paused
eventually 'plugin receives the pause' 10 plugin_current
fails 'sbatch in paused physics is refused' as games sbatch --parsable -H --wrap true
is 'PUT without a version is answered with 428' "$(code PUT /api/v1/allocations/physics '{"allocation":{"node_hours":500},"reason":"x"}')" 428
is 'PUT with a stale version is answered with 409' "$(code PUT /api/v1/allocations/physics '{"allocation":{"node_hours":500},"reason":"x","version":1}')" 409
is 'answer to a stale version has the present one' "$(call PUT /api/v1/allocations/physics '{"allocation":{"node_hours":500},"reason":"x","version":1}' | value '["version"]')" 2
is 'POST of a known policy is answered with 409' "$(code POST /api/v1/policies '{"name":"quarterly","policy":{"period":"month"},"reason":"x"}')" 409
is 'POST with dry_run in the query is answered with 200' "$(code POST '/api/v1/policies?dry_run=1' '{"name":"second","policy":{"mode":"enforce","period":"quarter","grace_ratio":0.2,"accounts":["nobody"],"actions":["pause"]},"reason":"x"}')" 200
is 'POST with dry_run keeps nothing' "$(code GET /api/v1/policies/second)" 404
ok 'one key of the policy is changed' sluice_cli policy set quarterly grace_ratio=0.5 --reason='more grace'
is 'changed key is in force' "$(call GET /api/v1/policies/quarterly | value '["policy"]["grace_ratio"]')" 0.5
is 'other keys of the policy stay' "$(call GET /api/v1/policies/quarterly | value '["policy"]["mode"]')" enforce
is 'physics stays paused' "$(status_field physics standing)" paused
is 'history has versions with who and why' "$(sluice_cli policy history quarterly -nP -o version,by,reason | tr '\n' ' ')" '2|root|more grace 1|root|start '

# A restart, a kill, and a file that no longer agrees.
ok 'sluiced restarts' eval 'sluiced_stop; sluiced_restart && wait_until 15 evaluate_now'
is 'physics is paused after a restart' "$(status_field physics standing)" paused
ok 'sluiced starts again after a kill' eval 'sluiced_kill9; sluiced_restart && wait_until 15 evaluate_now'
is 'policy is there after a kill' "$(sluice_cli policy list -nP -o name,version)" 'quarterly|2'
cp "$file" "$CLUSTER_DIR/etc/kept.yaml"
sed -i 's/node_hours/cpu_hours/g; s/tres: node/tres: cpu/' "$file"
fails 'reload of a file that the journal does not agree with is refused' sluice_cli reload
like 'refusal names the entry of the journal' "$OUT" 'allocation "physics" of the journal:2:3: '
is 'physics stays paused after the refused reload' "$(status_field physics standing)" paused
sluiced_stop
fails 'sluiced does not start with a file that the journal does not agree with' sluiced_restart
like 'log has the place' "$(tail -n 3 "$(sluiced_log)")" 'allocation .*physics.* of the journal:2:3: '
is 'physics keeps its limit in Slurm' "$(account_field physics grptresmins)" node=0
like 'log names the remedy' "$(tail -n 3 "$(sluiced_log)")" 'sluiced --remove-entry policy/NAME --reason TEXT'
offline=$(sluice_find sluiced)
fails 'sluiced --check refuses a file that the journal does not agree with' "$offline" --check -f "$file"
like 'sluiced --check names the entry of the journal' "$OUT" 'allocation "physics" of the journal:2:3: '
cp "$CLUSTER_DIR/etc/kept.yaml" "$file"
ok 'sluiced --check accepts the old file' "$offline" --check -f "$file"
like 'sluiced --check reads the journal' "$OUT" 'note: checked with 2 policies and allocations of the journal'
fails 'removal of an entry without a reason is refused' "$offline" --remove-entry policy/quarterly -f "$file"
fails 'removal of an unknown entry is refused' "$offline" --remove-entry policy/monthly --reason=x -f "$file"
like 'refusal names the entries of the journal' "$OUT" 'no such entry; known: policy/quarterly, allocation/physics'
fails 'removal of what is no entry is refused' "$offline" --remove-entry quarterly --reason=x -f "$file"
ok 'sluiced starts with the old file' eval 'sluiced_restart && wait_until 15 evaluate_now'
fails 'removal of an entry while sluiced runs is refused' "$offline" --remove-entry policy/quarterly --reason=x -f "$file"
like 'refusal names the command for a running sluiced' "$OUT" 'sluice policy remove, sluice grant remove'
ok 'sluiced --check accepts the file while sluiced runs' "$offline" --check -f "$file"
like 'sluiced --check reports that it did not read the journal' "$OUT" 'note: not checked with the policies and allocations of the journal'

# Removed: a paused account does not open.
ok 'allocation of physics is removed' sluice_cli grant remove physics --reason='moved to the file'
is 'physics is held after its allocation is removed' "$(status_field physics standing)" held
eventually 'plugin receives the snapshot after the removal' 10 plugin_current
fails 'sbatch in physics is refused after its allocation is removed' as games sbatch --parsable -H --wrap true
ok 'allocation of physics is set again' sluice_cli grant set physics node_hours=0 --reason=again --confirm
sluiced_stop
ok 'allocation of physics is removed while sluiced does not run' "$offline" --remove-entry allocation/physics --reason='by hand' -f "$file"
ok 'sluiced starts after the removal' eval 'sluiced_restart && wait_until 15 evaluate_now'
is 'physics is held after the removal' "$(status_field physics standing)" held
like 'history names who removed the allocation and why' "$(call GET /api/v1/allocations/physics/history)" '"removed": ?true, ?"by": ?"root", ?"reason": ?"by hand"'
is 'DELETE of what is not there is answered with 404' "$(code DELETE '/api/v1/allocations/physics?version=0&reason=x' '{}')" 404

# Into the file: refused while the journal has the name, then one removal puts the file's into force.
ok 'policies are exported' sluice_cli policy export
like 'export is a list for the file' "$OUT" '^policies:(.|
)*    grace_ratio: 0.5'
sluice_cli policy export | sed 's/grace_ratio: 0.5/grace_ratio: 0.4/' >>"$file"
fails 'reload with a name that the journal has is refused' sluice_cli reload
like 'refusal names the place and the remedy' "$OUT" "$file:[0-9]+:[0-9]+: policy \"quarterly\" is in the journal, too; remove it here, or run: sluice policy remove quarterly"
ok 'policy is removed from the journal' sluice_cli policy remove quarterly --reason='now in the file'
is 'policy of the file is in force' "$(sluice_cli policy list -nP -o name,source,grace)" 'quarterly|file|0.4'
is 'chem keeps its limit' "$(account_field chem grptresmins)" node=840
# Waldur's routes: its clients know neither version nor reason.
if sluiced_has_waldur; then
    routes=/api/marketplace-slurm-periodic-usage-policies
    body='{"name": "notices", "period": 3, "grace_ratio": 0.4, "actions": "notify_organization_owners", "accounts": ["optics"], "apply_to_all": false,
        "organization_groups": [], "component_limits_set": [{"type": "node_hours", "limit": 5}]}'
    created=$(call POST $routes/ "$body")
    is 'POST of Waldur sets a policy' "$(value '["component_limits_set"][0]["limit"]' <<<"$created")" 5
    is 'policy of Waldur observes' "$(sluice_cli policy list -nP -o name,source,mode | grep notices)" 'notices|api|observe'
    uuid=$(value '["uuid"]' <<<"$created")
    is 'PATCH of Waldur changes the limit' "$(call PATCH "$routes/$uuid/" '{"component_limits_set": [{"type": "node_hours", "limit": 7}]}' |
        value '["component_limits_set"][0]["limit"]')" 7
    is 'PATCH of Waldur keeps the other fields' "$(call GET "$routes/$uuid/" | value '["grace_ratio"]')" 0.4
    is 'PUT of Waldur with a misspelt period is answered with 400' "$(code PUT "$routes/$uuid/" '{"period": "monthli"}')" 400
    is 'PATCH of Waldur of a policy of the file is answered with 409' "$(code PATCH "$routes/$(call GET $routes/ | value '[0]["uuid"]')/" '{"grace_ratio": 0}')" 409
    is 'DELETE of Waldur is answered with 204' "$(code DELETE "$routes/$uuid/" '{}')" 204
    like 'history names who removed the policy and how' "$(sluice_cli policy history notices)" "root.*removed by Waldur's API"
else
    skip "Waldur's routes set policies" 'this sluiced was built without Waldur support'
fi
unlike 'log has no internal error' "$(cat "$(sluiced_log)")" 'http-fault|daemon-failed.*internal'
done_testing
