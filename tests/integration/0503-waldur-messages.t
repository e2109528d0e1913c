#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Messages of Waldur over a real RabbitMQ: one message brings a changed limit into slurmctld and a result back; no message is
# lost or applied twice when the broker restarts or sluiced is killed; a lost message only delays the change.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
. "$(dirname "$0")/lib/rabbit.sh"
command -v python3 >/dev/null || skip_all 'python3 is not installed'
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || skip_all 'rabbitmq-server is not installed'
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}}, "chem": {"limits": {"node_hours": 20}}}}
END
# sluiced requests data from Waldur at start and then only after a message.
WALDUR_INTERVAL=1h
granted() { waldur_granted 'stomp_enabled: true' "$@"; } # granted LINE...: of the block `waldur`
again() { sluiced_stop && sluiced_settings < <(granted "$@") && sluiced_restart; } # again LINE...
grants() { waldur resource "{\"backend_id\": \"$1\", \"limits\": {\"node_hours\": $2}}" >/dev/null; } # grants ACCOUNT HOURS
uuid_of() { waldur_get "r['$1']['uuid']"; }
says() { waldur publish "{\"type\": \"$1\", \"body\": $2}" | grep -q '"routed": true\|"routed": [1-9]'; } # says TYPE JSON
order() { # order ACCOUNT MINUTES [UUID [TIME]]
    says resource_periodic_limits "{\"resource_uuid\": \"${3:-$(uuid_of "$1")}\", \"backend_id\": \"$1\",
        \"policy_uuid\": \"c0ffee00c0ffee00c0ffee00c0ffee00\", \"action\": \"apply_periodic_settings\",
        \"settings\": {\"fairshare\": 3, \"grp_tres_mins\": {\"node_hours\": $2}, \"limit_type\": \"GrpTRESMins\"},
        \"timestamp\": \"$(date -d "${4:-now}" +%FT%T.%N)\"}"
}
letters() { waldur messages '{"queue": "waldur.dlq.messages"}'; }
reports() { waldur_get "sum('$1' in c for x in s['reports'] for c in x['commands_executed'])"; } # reports TEXT
changes() { sacctmgr -nP list transactions format=info | grep -c "grp_tres_mins.*'4=$1'"; } # changes MINUTES: 4 is node
connections() { grep -c SLUICE-0811 "$log"; }
log=$(sluiced_log)

ok 'RabbitMQ starts' rabbit_up
ok 'Waldur starts' waldur_up "$CLUSTER_DIR/etc/waldur.json" --rabbit "http://127.0.0.1:$(rabbit_port http)"
ok 'sluiced starts with STOMP' eval 'sluiced_up < <(granted "stomp_ws_port: $(rabbit_port ws)")'
eventually 'sluiced subscribes to three queues' 20 eval '[ "$(connections)" = 3 ]'
eventually 'allocation of physics is in force' 20 account_is physics grptresmins node=720

# One message of each kind.
ok 'Waldur has a raised allocation of physics' grants physics 50
ok 'Waldur sends an order for the limit of physics' order physics 3600
eventually 'slurmdbd has the ordered limit of physics' 20 account_is physics grptresmins node=3600
like 'slurmctld has the ordered limit of physics' "$(account_live physics GrpTRESMins)" 'node=3600\('
eventually 'Waldur receives the result of the order' 20 eval '[ "$(reports node=3600)" = 1 ]'
ok 'Waldur has a raised allocation of chem' grants chem 30
ok 'Waldur sends a resource message for chem' says resource "{\"resource_uuid\": \"$(uuid_of chem)\"}"
eventually 'slurmdbd has the limit of chem after the resource message' 20 account_is chem grptresmins node=2160
ok 'Waldur has another allocation of chem' grants chem 40
ok 'Waldur sends a resources sync message' says offering_resources_sync '{"offering_uuid": "2a3b4c5d6e7f40818283848586878889"}'
eventually 'slurmdbd has the limit of chem after the sync message' 20 account_is chem grptresmins node=2880

# Results of orders that need no command or cannot be applied.
told=$(waldur_get 'len(s["reports"])')
ok 'Waldur sends the same order again' order physics 3600
eventually 'Waldur receives success without a command for the same order' 20 waldur_is "[(x['success'], x['commands_executed']) for x in s['reports'][$told:]]" '[(True, [])]'
ok 'Waldur sends an order for an account of another resource' order physics 3600 "$(uuid_of chem)"
eventually 'Waldur receives the refusal of the order for another resource' 20 waldur_is "s['reports'][-1]['error_message']" "account physics is not that resource's"
ok 'Waldur sends a message that is not JSON' says resource '"{"'
eventually 'sluiced.log reports the message that is not JSON' 20 line_in "$log" 'SLUICE-0813 waldur-message-bad kind=resource'
eventually 'dead letter queue has the message that is not JSON' 20 eval '[ "$(letters)" = "[\"{\"]" ]'
is 'sluiced.log reports the message that is not JSON once' "$(grep -c SLUICE-0813 "$log")" 1
connected=$(connections)
ok 'Waldur sends a message of 3 MiB' eval 'waldur publish "{\"type\": \"resource\", \"bytes\": 3145728}" >/dev/null'
eventually 'sluiced.log reports the message of 3 MiB as too large' 20 line_in "$log" 'SLUICE-0813 waldur-message-bad kind=resource error="3145728 bytes are too many"'
eventually 'dead letter queue has the message of 3 MiB' 20 eval '[ "$(letters | wc -c)" -gt 3145728 ]'
ok 'Waldur has an allocation of chem after the bad messages' grants chem 45
ok 'Waldur sends a resource message for chem after the bad messages' says resource "{\"resource_uuid\": \"$(uuid_of chem)\"}"
eventually 'slurmdbd has the limit of chem after the bad messages' 20 account_is chem grptresmins node=3240
is 'sluiced keeps its connections after the bad messages' "$(connections)" "$connected"

# An order takes effect at once, by the same checks, while Waldur answers no request; its next answer has precedence.
ok 'Waldur answers no request from now on' waldur fault '{"status": 503, "path": "provider-offerings", "times": 100000}'
ok 'Waldur sends an order above the allocation of physics' order physics 3960
eventually 'slurmdbd has the limit of the order above the allocation' 20 account_is physics grptresmins node=3960
like 'slurmctld has the limit of the order above the allocation' "$(account_live physics GrpTRESMins)" 'node=3960\('
eventually 'Waldur receives the result of the order above the allocation' 20 eval '[ "$(reports node=3960)" = 1 ]'
mark=$(lines_of "$log")
ok 'Waldur sends an order with a timestamp of one hour ago' order physics 4800 '' '1 hour ago'
eventually 'sluiced.log reports that the older order waits' 20 line_in "$log" 'SLUICE-0818 waldur-order-waits account=physics.*older' "$mark"
ok 'sluiced is killed while Waldur answers no request' sluiced_kill9
ok 'sluiced starts while Waldur answers no request' sluiced_restart
eventually 'sluice status reports that Waldur does not answer' 20 eval "sluice_cli status 2>&1 | grep -q \"does not answer\""
ok 'ordered limit of physics stays in force after the restart' account_is physics grptresmins node=3960
ok 'Waldur answers requests again' waldur state '{"faults": []}'
eventually 'slurmdbd has the allocation of the new answer of Waldur' 30 account_is physics grptresmins node=3600
ok 'Waldur sends an order of 0' order physics 0
eventually 'Waldur receives the refusal of the order of 0' 20 waldur_is "s['reports'][-1]['error_message']" 'grp_tres_mins: node_hours would be 0, which stops every job'
is 'slurmctld keeps the limit after the order of 0' "$(account_live physics GrpTRESMins | grep -o 'node=[0-9]*')" node=3600

# A lost subscription is renewed, and only this subscription.
connected=$(connections)
ok 'Waldur removes a subscription' waldur forget '{"type": "resource"}'
eventually 'sluiced renews the removed subscription only' 20 eval '[ "$(waldur_requests register_event_subscription)" = 4 ] && [ "$(connections)" = $((connected + 1)) ]'
ok 'Waldur has an allocation of chem after the renewed subscription' grants chem 50
ok 'Waldur sends a resource message over the renewed subscription' says resource "{\"resource_uuid\": \"$(uuid_of chem)\"}"
eventually 'slurmdbd has the limit of chem over the renewed subscription' 20 account_is chem grptresmins node=3600

# The broker restarts; messages sent while sluiced is down wait in the queue.
ok 'RabbitMQ stops' rabbit_down
eventually 'sluiced.log reports that RabbitMQ is away' 20 line_in "$log" 'SLUICE-0301 source-down source=waldur-events'
ok 'RabbitMQ starts again' rabbit_up
eventually 'sluiced.log reports that RabbitMQ is back' 30 line_in "$log" 'SLUICE-0302 source-up source=waldur-events'
ok 'sluiced stops before an order' sluiced_stop
ok 'Waldur has a raised allocation while sluiced is down' grants physics 60
ok 'Waldur sends an order while sluiced is down' order physics 4320
ok 'sluiced starts after the order' sluiced_restart
eventually 'slurmdbd has the limit that was ordered while sluiced was down' 20 account_is physics grptresmins node=4320
is 'sluiced uses its earlier subscriptions after the restarts' "$(waldur_requests register_event_subscription)" 4

# kill -9 between effect and ack: a slow request keeps the sync from sending its result.
eventually 'Waldur receives the result of the order sent while sluiced was down' 20 eval '[ "$(reports node=4320)" = 1 ]'
sleep 2 # also for the request that follows
ok 'Waldur has a raised allocation before the kill' grants physics 70
ok 'Waldur answers slowly' waldur fault '{"kind": "slow", "seconds": 60, "path": "provider-offerings"}'
mark=$(lines_of "$log")
ok 'Waldur sends an order before the kill' order physics 5040
eventually 'sluiced.log reports the order before the kill' 10 line_in "$log" 'SLUICE-0815 waldur-message kind=resource_periodic_limits' "$mark"
eventually 'slurmdbd has the limit of the order before the kill' 20 account_is physics grptresmins node=5040
ok 'sluiced is killed between effect and ack' sluiced_kill9
is 'Waldur has no result of the order after the kill' "$(reports node=5040)" 0
mark=$(lines_of "$log")
ok 'sluiced starts after the kill between effect and ack' sluiced_restart
eventually 'sluiced receives the order again after the kill' 20 line_in "$log" 'SLUICE-0815 waldur-message kind=resource_periodic_limits' "$mark"
eventually 'sluiced.log reports success of the repeated order' 20 line_in "$log" 'SLUICE-0816 waldur-order account=physics.*success=yes' "$mark"
eventually 'Waldur receives one result of the repeated order' 20 eval '[ "$(reports node=5040)" = 1 ]'
is 'slurmdbd records one change for the repeated order' "$(changes 5040)" 1
mark=$(lines_of "$log")
ok 'sluiced restarts after the repeated order' again "stomp_ws_port: $(rabbit_port ws)"
eventually 'sluiced subscribes after the repeated order' 20 line_in "$log" SLUICE-0811 "$mark"
sleep 1
fails 'sluiced receives no message again after the ack' line_in "$log" SLUICE-0815 "$mark"

# One queue for all kinds, over TCP with TLS.
mark=$(lines_of "$log")
ok 'sluiced restarts with a broker whose certificate is unknown' again 'stomp_registration: unified' 'stomp_transport: tcp' 'websocket_use_tls: true' "stomp_ws_port: $(rabbit_port stomps)"
eventually 'sluiced.log reports the refused certificate of the broker' 20 line_in "$log" 'SLUICE-0812 waldur-events-refused.*certificate' "$mark"
mark=$(lines_of "$log")
ok 'sluiced restarts with the certificate of the broker in ca_file' again 'stomp_registration: unified' 'stomp_transport: tcp' 'websocket_use_tls: true' "stomp_ws_port: $(rabbit_port stomps)" "ca_file: $(rabbit_certificate)"
eventually 'sluiced connects to the broker with ca_file' 20 line_in "$log" SLUICE-0811 "$mark"
ok 'Waldur has a raised allocation over the unified queue' grants physics 80
ok 'Waldur sends an order over the unified queue' order physics 5760
eventually 'slurmdbd has the limit ordered over the unified queue' 20 account_is physics grptresmins node=5760
ok 'Waldur sends a message of an unknown kind' says order '{"order_uuid": "1"}'
ok 'Waldur sends a second message of the unknown kind' says order '{"order_uuid": "2"}'
eventually 'sluiced.log reports the unknown kind' 20 line_in "$log" 'SLUICE-0814 waldur-message-unknown kind=order' "$mark"
mark=$(lines_of "$log")
ok 'sluiced restarts with a WebSocket over TLS' again 'websocket_use_tls: true' 'verify_ssl: false' "stomp_ws_port: $(rabbit_port wss)"
eventually 'sluiced connects by WebSocket over TLS' 20 line_in "$log" SLUICE-0811 "$mark"
is 'sluiced.log reports the unknown kind once' "$(grep -c SLUICE-0814 "$log")" 1

# A lost message: the next request to Waldur finds the change.
ok 'RabbitMQ stops before the last change' rabbit_down
WALDUR_INTERVAL=1s
ok 'sluiced restarts with a request to Waldur each second' again "stomp_ws_port: $(rabbit_port ws)"
ok 'Waldur has a raised allocation without RabbitMQ' grants physics 90
eventually 'slurmdbd has the new limit without a message' 20 account_is physics grptresmins node=6480
fails 'sluiced.log has no token' grep -q staff-token "$log"
done_testing
