#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Waldur is away across the end of a month (libfaketime; the cluster keeps the real time): afterwards Waldur has everything,
# in order, nothing twice, and the month is closed once. OIDC tokens that expire; mails to the owners that Waldur names.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/waldur.sh"
. "$(dirname "$0")/lib/sinks.sh"
faketime=$(find /usr/lib /usr/lib64 -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || skip_all 'libfaketime is not installed'
export TZ=UTC
sluice_cluster_up
sinks_needed
log=$(sluiced_log)
month=$(date +%Y-%m)
next=$(date -d "$month-01 +1 month" +%F)
cat >"$CLUSTER_DIR/etc/waldur.json" <<'END_OF_JSON'
{"accounts": {"physics": {"limits": {"node_minutes": 0.1}}, "chem": {"limits": {"node_minutes": 1000}}},
 "components": [{"uuid": "1", "type": "node_minutes", "name": "Node minutes", "billing_type": "limit",
                 "measured_unit": "minutes", "limit_period": "month"}]}
END_OF_JSON
granted() {
    cat <<END_OF_YAML
notifications:
  mail:
    from: hpc@example.org
$(printf '    %s\n' "${SINK_MAIL[@]}")
END_OF_YAML
    waldur_settings 'source: waldur'
    cat <<'END_OF_YAML'
components:
  node_minutes: {tres: node, unit_factor: 1}
policies:
  - name: monthly
    mode: enforce
    limits: false
END_OF_YAML
}
at() { date -d "$next UTC $1" '+%F %T'; } # at '-1 hour': counted from the end of the month
sluiced_at() { # sluiced_at TIME (UTC): a sluiced whose clock starts at TIME
    LD_PRELOAD="$faketime $(lone_clock)" FAKETIME="@$1" FAKETIME_DONT_FAKE_MONOTONIC=1 sluiced_restart && wait_until 15 evaluate_now
}
sent() { # sent PATH: bodies that Waldur accepted, in order
    waldur log | python3 -c '
import json, sys
for one in json.load(sys.stdin):
    if one["method"] == "POST" and sys.argv[1] in one["path"] and one["status"] < 300:
        print(json.dumps(one["body"], sort_keys=True))' "$1"
}
months() { sent /set_usage/ | grep -c "\"date\": \"$1"; } # months MONTH: number of usage reports for MONTH
fetched() { waldur_get "s['oidc']['issued']"; }
settled() { [ "$(sluice_cli outbox -Q -n -P --format=target | grep -c waldur)" -eq 0 ]; }
# By the clock of sluiced a running job has run for days, so no job runs while sluiced does.
runs() { as "$1" srun -A "$2" -n1 sleep 8 && wait_until 20 eval '! sacct -anPX -s running -o jobid | grep -q .'; } # runs USER ACCOUNT
usage_of() { # usage_of ACCOUNT: in the ended month
    waldur_get "[x['usage'] for x in s['usages'] if x['resource'] == r['$1']['uuid'] and x['month'] == '$month-01']"
}

# --- OIDC tokens: one for the requests and one for the pushes
(umask 077 && echo oidc-secret >"$CLUSTER_DIR/etc/oidc")
ok 'Waldur starts' waldur_up "$CLUSTER_DIR/etc/waldur.json"
ok 'Waldur has a policy that notifies the owners' waldur state \
    '{"policy": {"period": 2, "actions": "notify_organization_owners,request_slurm_resource_pausing"}}'
ok 'mail server starts' sinks_start
WALDUR_LOGIN="oidc_token_url: http://127.0.0.1:$(waldur_port)/oidc/token
  oidc_client_id: sluice
  oidc_client_secret_file: $CLUSTER_DIR/etc/oidc"
requests_401() { grep -c '"status": 401' "$CLUSTER_DIR/log/waldur.requests"; }
ok 'Waldur issues OIDC tokens that live three seconds for Sluice' waldur state '{"oidc": {"seconds": 33}}'
ok 'sluiced starts with an OIDC login' eval 'sluiced_up < <(granted)'
eventually 'Waldur has the registered service of sluiced' 20 waldur_is 'len(s["services"])' 1
eventually 'sluiced renews its OIDC tokens' 30 eval '[ "$(fetched)" -ge 6 ]'
is 'sluiced renews its tokens before they expire' "$(requests_401)" 0
ok 'Waldur issues OIDC tokens of 300 seconds' waldur state '{"oidc": {"seconds": 300}}'
settled_tokens() { fetched=$(fetched) && sleep 5 && [ "$fetched" = "$(fetched)" ]; }
wait_until 60 settled_tokens
ok 'Waldur revokes all OIDC tokens' waldur state "{\"oidc\": {\"revoked\": $fetched}}"
eventually 'sluiced fetches two new tokens after the revocation' 30 eval '[ "$(fetched)" = $((fetched + 2)) ]'
sleep 3
is 'sluiced fetches each new token once' "$(fetched)" $((fetched + 2))
is 'Waldur responds twice with 401 after the revocation' "$(requests_401)" 2
fails 'sluiced.log has neither secret nor token' grep -q 'oidc-secret\|oidc-[0-9]' "$log"
ok 'sluiced stops after the OIDC tests' sluiced_stop
unset WALDUR_LOGIN

# --- the end of a month
sluiced_settings < <(granted)
rm -rf "$CLUSTER_DIR/journal"/*
ok 'a job of games uses more than the allocation of physics' runs games physics
ok 'a job of mail uses less than the allocation of chem' runs mail chem
ok 'Waldur responds with 503 to usage from now on' waldur fault '{"status": 503, "times": 1000000, "path": "set_usage"}'
ok 'sluiced starts in the last hour of the month' sluiced_at "$(at '-1 hour')"
eventually 'default QOS of physics becomes blocked in the last hour' 20 account_is physics defaultqos blocked
eventually 'Waldur has physics as paused in the last hour' 20 waldur_is "r['physics']['paused']" True
eventually 'mail server receives one mail' 20 sinks_have mail 1
ok 'mail has the owner from Waldur as recipient' mails_to owner@example.org

ok 'Waldur responds with 503 to all requests from now on' waldur fault '{"status": 503, "times": 1000000}'
ok 'sluiced stops in the last hour' sluiced_stop
told=$(sent / | wc -l)
ok 'sluiced starts in the last seconds of the month' sluiced_at "$(at '-4 seconds')"
eventually 'default QOS of physics is restored with the new month' 20 eval '! account_is physics defaultqos blocked'
ok 'sluiced is killed after the end of the month' sluiced_kill9
ok 'sluiced starts one hour after the end of the month' sluiced_at "$(at '+1 hour')"
like 'sluice status reports that Waldur does not answer' "$(sluice_cli status 2>&1)" 'Waldur does not answer'
fails 'outbox holds the messages for Waldur' settled
is 'Waldur receives nothing during the 503' "$(sent / | wc -l)" "$told"
ok 'sluiced is killed with messages in the outbox' sluiced_kill9
ok 'Waldur responds normally again' waldur state '{"faults": []}'
ok 'sluiced starts a day after the end of the month' sluiced_at "$(at '+30 hours')"
eventually 'outbox for Waldur becomes empty' 30 settled
is 'Waldur has physics as not paused after the outage' "$(waldur_get "r['physics']['paused']")" False
is 'Waldur receives set_paused true and then false, each once' "$(sent set_paused | tr -d '\n')" '{"paused": true}{"paused": false}'
is 'Waldur receives no command result twice' "$(waldur_get "len(s['reports']) - len({str(x) for x in s['reports']})")" 0
like 'Waldur receives the pause before the release' "$(sent report-command-result | grep -o 'QOS=[a-z]*' | uniq | tr '\n' ' ')" \
    '^QOS=blocked QOS= $'
like 'Waldur has the usage of physics in the ended month' "$(usage_of physics)" "\['0\.[1-9]"
users_of() { waldur_get "[x['users'] for x in s['usages'] if x['resource'] == r['$1']['uuid'] and x['month'] == '$month-01']"; }
eventually 'Waldur has the usage of physics by user' 20 eval 'users_of physics | grep -q games'
like 'Waldur has the usage of chem in the ended month' "$(usage_of chem)" "\['0\.[1-9]"
is 'Waldur receives each usage of the ended month once' "$(months "$month")" 2
is 'Waldur receives no usage body twice' "$(sent set_usage | sort | uniq -d | wc -l)" 0
is 'owner receives one mail about the pause and one about its end' "$(grep -h ^Subject: "$SINK"/mail.* | tr -d '\r' | sort | tr '\n' ';')" \
    'Subject: Account physics on lab is open again;Subject: Account physics on lab is paused;'

# --- the month is closed
ok 'sluiced stops a day after the end of the month' sluiced_stop
ok 'sluiced starts three days after the end of the month' sluiced_at "$(at '+3 days')"
for _ in 1 2 3; do evaluate_now && sleep 2; done >/dev/null
is 'Waldur receives no more usage of the ended month' "$(months "$month")" 2
done_testing
