#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two offerings of Waldur on one cluster, each with its policy; what the operator sees; a rejected token; a vanished offering.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
sluice_cluster_up
OTHER=3b3b4c5d6e7f40818283848586878889
POLICY2='{"uuid": "beef0000beef0000beef0000beef0000", "actions": "request_slurm_resource_downscaling", "period": 3,
  "limit_type": "GrpTRESMins", "qos_strategy": "threshold", "tres_billing_enabled": false, "carryover_enabled": false,
  "grace_ratio": 0.5, "raw_usage_reset": false, "apply_to_all": true, "organization_groups": [], "options": {}}'
cat >"$CLUSTER_DIR/etc/waldur.json" <<END
{"offerings": ["$WALDUR_OFFERING", "$OTHER"], "policies": {"$OTHER": $POLICY2},
 "accounts": {"physics": {"limits": {"node_hours": 10}},
              "chem": {"limits": {"node_hours": 20}, "offering_uuid": "$OTHER"},
              "nowhere": {"limits": {"node_hours": 5}, "offering_uuid": "$OTHER"}}}
END
granted() {
    waldur_settings 'source: waldur' "offerings: [{uuid: $WALDUR_OFFERING, policy: main}, {uuid: $OTHER, policy: other}]" |
        grep -v waldur_offering_uuid
    cat <<'END'
components:
  node_hours: {tres: node}
policies:
  - {name: main, mode: enforce, limits: false}
  - {name: other, mode: enforce, limits: false}
END
}
log=$(sluiced_log)
status_of() { sluice_cli status -Q -n -P -o "$2" "$1"; } # status_of ACCOUNT FIELD
ok 'Waldur starts with two offerings' waldur_up "$CLUSTER_DIR/etc/waldur.json"
ok 'sluiced starts with two offerings' eval 'sluiced_up < <(granted)'
eventually 'physics is evaluated by the policy of its offering' 20 eval '[ "$(status_of physics policy)" = main ]'
eventually 'chem is evaluated by the policy of the other offering' 20 eval '[ "$(status_of chem policy)" = other ]'
ok 'srun in physics and in chem runs' eval 'as games srun -A physics -n1 sleep 2 && as games srun -A chem -n1 sleep 2'
ok 'Waldur accepts an allocation below the usage in both offerings' eval \
    'waldur resource "{\"backend_id\": \"physics\", \"limits\": {\"node_hours\": 0.0001}}" &&
     waldur resource "{\"backend_id\": \"chem\", \"limits\": {\"node_hours\": 0.0001}}"'
eventually 'physics is paused by the grace of the first policy' 40 account_is physics defaultqos blocked
eventually 'chem is slowed down by the actions of the second policy' 40 account_is chem defaultqos slowdown

# What the operator sees.
like 'sluice waldur shows both offerings' "$(sluice_cli waldur)" "Offering $WALDUR_OFFERING \(policy main\): answered .* 1 resource, 1 evaluated"
like 'sluice waldur shows what waits for Waldur' "$(sluice_cli waldur)" 'Outbox: [0-9]+ waiting, 0 parked'
eventually 'sluice waldur shows the standing of an account' 20 eval \
    '[ "$(sluice_cli waldur -Q -n -P -o account,policy,standing,evaluated | grep physics)" = "physics|main|paused|yes" ]'
is 'sluice waldur shows why a resource is not evaluated' "$(sluice_cli waldur -Q -n -P -o account,evaluated,reason | grep nowhere)" 'nowhere|no|Slurm has no such account'

# evaluate --sync
ok 'Waldur has a raised allocation of chem' waldur resource '{"backend_id": "chem", "limits": {"node_hours": 100}}'
ok 'sluice evaluate --sync succeeds' sluice_cli evaluate --sync
eventually 'chem is restored after evaluate --sync' 20 eval '[ "$(account_field chem defaultqos)" != slowdown ]'

# An offering vanishes: its accounts keep their standing, the other offering goes on.
ok 'Waldur has an allocation of chem below its usage again' waldur resource '{"backend_id": "chem", "limits": {"node_hours": 0.0001}}'
eventually 'chem is slowed down again' 30 account_is chem defaultqos slowdown
ok 'Waldur loses the second offering' waldur state "{\"offerings\": [\"$WALDUR_OFFERING\"]}"
eventually 'sluiced.log reports the lost offering' 20 line_in "$log" 'SLUICE-0801 waldur-refuses offering=3b3b4c5d-'
ok 'Waldur has a raised allocation of physics without the second offering' waldur resource '{"backend_id": "physics", "limits": {"node_hours": 100}}'
eventually 'physics is restored without the second offering' 30 eval '[ "$(account_field physics defaultqos)" != blocked ]'
is 'chem keeps its QOS without its offering' "$(account_field chem defaultqos)" slowdown
like 'sluice waldur warns about the lost offering' "$(sluice_cli waldur 2>&1)" "offering $OTHER: Waldur.s answer is not used: .*no offering"
fails 'sluice evaluate --sync fails without the second offering' sluice_cli evaluate --sync
like 'sluice evaluate --sync names the reason' "$OUT" 'no evaluation, because Waldur gave no answer: .*no offering'
ok 'Waldur has the second offering again' waldur state "{\"offerings\": [\"$WALDUR_OFFERING\", \"$OTHER\"]}"
eventually 'sluice evaluate --sync succeeds with both offerings' 20 sluice_cli evaluate --sync

# A resource vanishes from the answer: its account keeps its standing until it is released.
ok 'Waldur loses the resource of chem' waldur resource '{"backend_id": "chem", "state": "Terminated"}'
eventually 'sluice status names the lost rules of chem' 30 eval 'sluice_cli status 2>&1 | grep -q "chem.*no policy with an allocation"'
is 'chem keeps its QOS without its resource' "$(account_field chem defaultqos)" slowdown
ok 'sluice release of chem succeeds' sluice_cli release chem --reason='resource terminated'
eventually 'chem is restored after its release' 30 eval '[ "$(account_field chem defaultqos)" != slowdown ]'

# A token that Waldur rejects.
ok 'Waldur rejects the token' waldur state '{"tokens": {"staff-token": null}}'
eventually 'sluiced.log reports the token as rejected' 30 line_in "$log" 'SLUICE-0801 waldur-refuses .*the token is rejected: HTTP 401'
fails 'sluice doctor fails with a rejected token' sluice_cli doctor
like 'sluice doctor reports the token as rejected' "$OUT" 'FAULT.*Waldur cannot be read.*the token is rejected: HTTP 401'
like 'sluice doctor names the file of the token' "$OUT" 'waldur\.token'
is 'sluice doctor does not report the rejection as an outage' "$(grep -c 'Waldur does not answer' <<<"$OUT")" 0
ok 'Waldur accepts the token again' waldur state '{"tokens": {"staff-token": "staff"}}'
eventually 'sluice waldur shows no warning with a valid token' 30 eval '! sluice_cli waldur 2>&1 | grep -q "not used"'

# A site agent that still receives periodic limits.
sluiced_stop
ok 'Waldur has a queue of a site agent' waldur state '{"queues": [{"queue_name": "subscription_of_an_agent", "object_type": "resource_periodic_limits"}]}'
ok 'sluiced starts beside a site agent' sluiced_restart
eventually 'sluice doctor reports the second writer' 30 eval 'sluice_cli doctor | grep -q "FAULT.*a site agent is registered for the periodic limits"'
done_testing
