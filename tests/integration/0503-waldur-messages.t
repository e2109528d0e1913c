#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Messages of Waldur over a real RabbitMQ: one of them is enough to bring a changed limit into slurmctld and a verdict
# back; none is lost or done twice by a broker that restarts or a daemon that is killed; a lost one costs only time.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
. "$(dirname "$0")/lib/rabbit.sh"
command -v python3 >/dev/null || skip_all 'python3 is not installed'
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || skip_all 'rabbitmq-server is not installed'
sluice_cluster_up
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END'
{"accounts": {"physics": {"limits": {"node_hours": 10}}, "chem": {"limits": {"node_hours": 20}}}}
END
# Waldur is asked at the start and then only when a message says so.
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

ok 'RabbitMQ is there' rabbit_up
ok 'Waldur, too' waldur_up "$CLUSTER_DIR/etc/waldur.json" --rabbit "http://127.0.0.1:$(rabbit_port http)"
ok 'and sluiced' eval 'sluiced_up < <(granted "stomp_ws_port: $(rabbit_port ws)")'
eventually 'it hears Waldur on three queues' 20 eval '[ "$(connections)" = 3 ]'
eventually 'what was granted is in force' 20 account_is physics grptresmins node=720

# One message of each kind.
ok 'a limit is raised in Waldur' grants physics 50
ok 'which orders it' order physics 3600
eventually 'slurmdbd has it' 20 account_is physics grptresmins node=3600
like 'slurmctld, too' "$(account_live physics GrpTRESMins)" 'node=3600\('
eventually 'the report is back' 20 eval '[ "$(reports node=3600)" = 1 ]'
ok 'another is raised' grants chem 30
ok 'and the resource named' says resource "{\"resource_uuid\": \"$(uuid_of chem)\"}"
eventually 'slurmdbd follows' 20 account_is chem grptresmins node=2160
ok 'one more' grants chem 40
ok 'and a person asks for everything' says offering_resources_sync '{"offering_uuid": "2a3b4c5d6e7f40818283848586878889"}'
eventually 'slurmdbd follows' 20 account_is chem grptresmins node=2880

# Verdicts where nothing is to be done, or nothing can be.
told=$(waldur_get 'len(s["reports"])')
ok 'the same order again' order physics 3600
eventually 'is done without a command' 20 waldur_is "[(x['success'], x['commands_executed']) for x in s['reports'][$told:]]" '[(True, [])]'
ok 'an order for an account of another resource' order physics 3600 "$(uuid_of chem)"
eventually 'is refused with the reason' 20 waldur_is "s['reports'][-1]['error_message']" "account physics does not belong to resource $(uuid_of chem)"
ok 'a body that is no JSON' says resource '"{"'
eventually 'is said to be bad' 20 line_in "$log" 'SLUICE-0813 waldur-message-bad kind=resource'
eventually 'and lies with the dead letters' 20 eval '[ "$(letters)" = "[\"{\"]" ]'
is 'said once' "$(grep -c SLUICE-0813 "$log")" 1
connected=$(connections)
ok 'a message of 3 MiB' eval 'waldur publish "{\"type\": \"resource\", \"bytes\": 3145728}" >/dev/null'
eventually 'is too large, which is said' 20 line_in "$log" 'SLUICE-0813 waldur-message-bad kind=resource error="3145728 bytes are more than 1 MiB"'
eventually 'and lies with the dead letters' 20 eval '[ "$(letters | wc -c)" -gt 3145728 ]'
ok 'a limit is raised' grants chem 45
ok 'and the resource named' says resource "{\"resource_uuid\": \"$(uuid_of chem)\"}"
eventually 'by the same connection it is in force' 20 account_is chem grptresmins node=3240
is 'none was lost' "$(connections)" "$connected"

# Figures count at once and by the same plan, checked, while Waldur answers no question; its next answer counts more.
ok 'Waldur answers nothing' waldur fault '{"status": 503, "path": "provider-offerings", "times": 100000}'
ok 'and orders more than it granted' order physics 3960
eventually 'slurmdbd has it' 20 account_is physics grptresmins node=3960
like 'slurmctld, too' "$(account_live physics GrpTRESMins)" 'node=3960\('
eventually 'the report is back' 20 eval '[ "$(reports node=3960)" = 1 ]'
mark=$(lines_of "$log")
ok 'an order of last hour' order physics 4800 '' '1 hour ago'
eventually 'is not followed' 20 line_in "$log" 'SLUICE-0818 waldur-limits-wait account=physics.*older' "$mark"
ok 'kill -9' sluiced_kill9
ok 'a new daemon' sluiced_restart
eventually 'has heard that Waldur is away' 20 eval "sluice_cli status 2>&1 | grep -q \"does not answer\""
ok 'and keeps to what was ordered' account_is physics grptresmins node=3960
ok 'Waldur answers again' waldur state '{"faults": []}'
eventually 'its answer is followed' 30 account_is physics grptresmins node=3600
ok 'an order of nothing' order physics 0
eventually 'is refused with the reason' 20 waldur_is "s['reports'][-1]['error_message']" 'grp_tres_mins.node_hours is 0, which would stop every job'
is 'what was granted stays' "$(account_live physics GrpTRESMins | grep -o 'node=[0-9]*')" node=3600

# A subscription that is gone is made again, and only that one.
connected=$(connections)
ok 'Waldur forgets a subscription' waldur forget '{"type": "resource"}'
eventually 'sluiced has a new one' 20 eval '[ "$(waldur_requests register_event_subscription)" = 4 ] && [ "$(connections)" = $((connected + 1)) ]'
ok 'a limit is raised' grants chem 50
ok 'and the resource named' says resource "{\"resource_uuid\": \"$(uuid_of chem)\"}"
eventually 'it is in force' 20 account_is chem grptresmins node=3600

# The broker restarts; what is sent while the daemon is down waits.
ok 'the broker goes' rabbit_down
eventually 'which is said' 20 line_in "$log" 'SLUICE-0301 source-down source=waldur-events'
ok 'it is back' rabbit_up
eventually 'sluiced comes back to it' 30 line_in "$log" 'SLUICE-0302 source-up source=waldur-events'
ok 'the daemon ends' sluiced_stop
ok 'a limit is raised' grants physics 60
ok 'and ordered meanwhile' order physics 4320
ok 'the daemon is back' sluiced_restart
eventually 'the limit is in force' 20 account_is physics grptresmins node=4320
is 'by the subscriptions of the beginning' "$(waldur_requests register_event_subscription)" 4

# kill -9 between effect and ack: the sync is kept from its telling by a question that takes long.
eventually 'nothing waits' 20 eval '[ "$(reports node=4320)" = 1 ]'
sleep 2 # the question behind it, too
ok 'a limit is raised' grants physics 70
ok 'Waldur is slow' waldur fault '{"kind": "slow", "seconds": 60, "path": "provider-offerings"}'
mark=$(lines_of "$log")
ok 'it is ordered' order physics 5040
eventually 'the order is there' 10 line_in "$log" 'SLUICE-0815 waldur-message kind=resource_periodic_limits' "$mark"
eventually 'the limit is in force' 20 account_is physics grptresmins node=5040
ok 'kill -9' sluiced_kill9
is 'before the verdict' "$(reports node=5040)" 0
mark=$(lines_of "$log")
ok 'a new daemon' sluiced_restart
eventually 'gets the order again' 20 line_in "$log" 'SLUICE-0815 waldur-message kind=resource_periodic_limits' "$mark"
eventually 'and its verdict is given' 20 line_in "$log" 'SLUICE-0816 waldur-limits account=physics.*success=yes' "$mark"
eventually 'Waldur has the command' 20 eval '[ "$(reports node=5040)" = 1 ]'
is 'Slurm was changed once' "$(changes 5040)" 1
mark=$(lines_of "$log")
ok 'a third daemon' again "stomp_ws_port: $(rabbit_port ws)"
eventually 'is connected' 20 line_in "$log" SLUICE-0811 "$mark"
sleep 1
fails 'and gets nothing again' line_in "$log" SLUICE-0815 "$mark"

# One queue for all, over TCP with TLS.
mark=$(lines_of "$log")
ok 'a broker whose certificate nobody knows' again 'stomp_registration: unified' 'stomp_transport: tcp' 'websocket_use_tls: true' "stomp_ws_port: $(rabbit_port stomps)"
eventually 'is refused' 20 line_in "$log" 'SLUICE-0812 waldur-events-refused.*certificate' "$mark"
mark=$(lines_of "$log")
ok 'with it in ca_file' again 'stomp_registration: unified' 'stomp_transport: tcp' 'websocket_use_tls: true' "stomp_ws_port: $(rabbit_port stomps)" "ca_file: $(rabbit_certificate)"
eventually 'it is trusted' 20 line_in "$log" SLUICE-0811 "$mark"
ok 'a limit is raised' grants physics 80
ok 'and ordered' order physics 5760
eventually 'it is in force' 20 account_is physics grptresmins node=5760
ok 'what is not for us' says order '{"order_uuid": "1"}'
ok 'comes twice' says order '{"order_uuid": "2"}'
eventually 'is said once' 20 line_in "$log" 'SLUICE-0814 waldur-message-unknown kind=order' "$mark"
mark=$(lines_of "$log")
ok 'a WebSocket with TLS' again 'websocket_use_tls: true' 'verify_ssl: false' "stomp_ws_port: $(rabbit_port wss)"
eventually 'works, too' 20 line_in "$log" SLUICE-0811 "$mark"
is 'the other was said once' "$(grep -c SLUICE-0814 "$log")" 1

# A message is lost: the next question to Waldur finds out.
ok 'the broker is gone' rabbit_down
WALDUR_INTERVAL=1s
ok 'Waldur is asked often' again "stomp_ws_port: $(rabbit_port ws)"
ok 'a limit is raised' grants physics 90
eventually 'and found without a message' 20 account_is physics grptresmins node=6480
fails 'the token is in no log' grep -q staff-token "$log"
done_testing
