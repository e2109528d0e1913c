#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Waldur that is away across the end of a month (libfaketime; the cluster keeps the real time): afterwards everything is
# there, in order, nothing twice, and the month is closed once. Tokens of an OIDC server that end; mails to the owners that
# Waldur names.
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
at() { date -d "$next UTC $1" '+%F %T'; } # at '-1 hour': from the end of the month on
sluiced_at() { # sluiced_at TIME (UTC): a daemon whose clock starts there
    LD_PRELOAD="$faketime $(lone_clock)" FAKETIME="@$1" FAKETIME_DONT_FAKE_MONOTONIC=1 sluiced_restart && wait_until 15 evaluate_now
}
sent() { # sent PATH: bodies that Waldur took, in order
    waldur log | python3 -c '
import json, sys
for one in json.load(sys.stdin):
    if one["method"] == "POST" and sys.argv[1] in one["path"] and one["status"] < 300:
        print(json.dumps(one["body"], sort_keys=True))' "$1"
}
months() { sent /set_usage/ | grep -c "\"date\": \"$1"; } # months MONTH: how many figures of it
fetched() { waldur_get "s['oidc']['issued']"; }
settled() { [ "$(sluice_cli outbox -Q -n -P --format=target | grep -c waldur)" -eq 0 ]; }
# By the daemon's clock a job that runs has run for days: none runs while the daemon does.
runs() { as "$1" srun -A "$2" -n1 sleep 8 && wait_until 20 eval '! sacct -anPX -s running -o jobid | grep -q .'; } # runs USER ACCOUNT
usage_of() { # usage_of ACCOUNT: of the month that ended
    waldur_get "[x['usage'] for x in s['usages'] if x['resource'] == r['$1']['uuid'] and x['month'] == '$month-01']"
}

# --- tokens of an OIDC server: one for those that ask and one for those that tell
(umask 077 && echo oidc-secret >"$CLUSTER_DIR/etc/oidc")
ok 'Waldur is there' waldur_up "$CLUSTER_DIR/etc/waldur.json"
ok 'it wants its owners told' waldur state \
    '{"policy": {"period": 2, "actions": "notify_organization_owners,request_slurm_resource_pausing"}}'
ok 'the mail server, too' sinks_start
WALDUR_LOGIN="oidc_token_url: http://127.0.0.1:$(waldur_port)/oidc/token
  oidc_client_id: sluice
  oidc_client_secret_file: $CLUSTER_DIR/etc/oidc"
requests_401() { grep -c '"status": 401' "$CLUSTER_DIR/log/waldur.requests"; }
ok 'whose tokens live for three seconds, as Sluice counts' waldur state '{"oidc": {"seconds": 33}}'
ok 'sluiced logs in by OIDC' eval 'sluiced_up < <(granted)'
eventually 'and tells what it found' 20 waldur_is 'len(s["services"])' 1
eventually 'tokens are renewed' 30 eval '[ "$(fetched)" -ge 6 ]'
is 'before they end' "$(requests_401)" 0
ok 'they live longer now' waldur state '{"oidc": {"seconds": 300}}'
settled_tokens() { fetched=$(fetched) && sleep 5 && [ "$fetched" = "$(fetched)" ]; }
eventually 'no short one is left' 60 settled_tokens
ok 'but end before their time' waldur state "{\"oidc\": {\"revoked\": $fetched}}"
eventually 'a new one each is fetched' 30 eval '[ "$(fetched)" = $((fetched + 2)) ]'
sleep 3
is 'once' "$(fetched)" $((fetched + 2))
is 'after one answer 401 each' "$(requests_401)" 2
fails 'neither secret nor token is in a log' grep -q 'oidc-secret\|oidc-[0-9]' "$log"
ok 'sluiced ends' sluiced_stop
unset WALDUR_LOGIN

# --- the end of a month
sluiced_settings < <(granted)
rm -rf "$CLUSTER_DIR/journal"/*
ok 'a job uses more than is granted' runs games physics
ok 'another one less' runs mail chem
ok 'Waldur takes no figures' waldur fault '{"status": 503, "times": 1000000, "path": "set_usage"}'
ok 'the last hour of the month' sluiced_at "$(at '-1 hour')"
eventually 'physics is paused in Slurm' 20 account_is physics defaultqos blocked
eventually 'and in Waldur' 20 waldur_is "r['physics']['paused']" True
eventually 'the owner has a mail' 20 sinks_have mail 1
ok 'at the address that Waldur names' mails_to owner@example.org

ok 'Waldur answers nothing any more' waldur fault '{"status": 503, "times": 1000000}'
ok 'the daemon ends' sluiced_stop
told=$(sent / | wc -l)
ok 'the last seconds of the month' sluiced_at "$(at '-4 seconds')"
eventually 'with the next one physics is free in Slurm' 20 eval '! account_is physics defaultqos blocked'
ok 'kill -9' sluiced_kill9
ok 'an hour later' sluiced_at "$(at '+1 hour')"
like 'status says since when Waldur is away' "$(sluice_cli status 2>&1)" 'Waldur does not answer'
fails 'the outbox holds what it is to be told' settled
is 'nothing got there' "$(sent / | wc -l)" "$told"
ok 'kill -9' sluiced_kill9
ok 'Waldur answers again' waldur state '{"faults": []}'
ok 'a day later' sluiced_at "$(at '+30 hours')"
eventually 'everything arrives' 30 settled
is 'physics is free there, too' "$(waldur_get "r['physics']['paused']")" False
is 'its flag went up and down once, in order' "$(sent set_paused | tr -d '\n')" '{"paused": true}{"paused": false}'
is 'no report came twice' "$(waldur_get "len(s['reports']) - len({str(x) for x in s['reports']})")" 0
like 'they tell of the pause before the release' "$(sent report-command-result | grep -o 'QOS=[a-z]*' | uniq | tr '\n' ' ')" \
    '^QOS=blocked QOS= $'
like 'what physics used is there' "$(usage_of physics)" "\['0\.[1-9]"
users_of() { waldur_get "[x['users'] for x in s['usages'] if x['resource'] == r['$1']['uuid'] and x['month'] == '$month-01']"; }
eventually 'and by whom' 20 eval 'users_of physics | grep -q games'
like 'what chem used, too' "$(usage_of chem)" "\['0\.[1-9]"
is 'each told once' "$(months "$month")" 2
is 'no figure came twice' "$(sent set_usage | sort | uniq -d | wc -l)" 0
is 'the owner was told once' "$(grep -h ^Subject: "$SINK"/mail.* | tr -d '\r')" 'Subject: Account physics on lab is paused'

# --- the month is closed
ok 'the daemon ends' sluiced_stop
ok 'three days later' sluiced_at "$(at '+3 days')"
for _ in 1 2 3; do evaluate_now && sleep 2; done >/dev/null
is 'nothing of it is told again' "$(months "$month")" 2
done_testing
