#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The HTTP API for programs on other hosts: TLS, tokens and munge, roles, the routes of Waldur, metrics that promtool accepts,
# the web page, and a certificate that is renewed while clients are connected.
. "$(dirname "$0")/lib/harness.sh"
for tool in curl openssl python3; do
    command -v "$tool" >/dev/null || skip_all "no $tool here"
done
sluice_cluster_up

dir=$CLUSTER_DIR/etc
certificate() { # certificate NAME: a new self-signed pair
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$dir/key.pem.new" -out "$dir/cert.pem.new" 2>/dev/null || return 1
    chmod 600 "$dir/key.pem.new"
    mv "$dir/key.pem.new" "$dir/key.pem" && mv "$dir/cert.pem.new" "$dir/cert.pem"
}
certificate first || bail 'no certificate'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=https://127.0.0.1:$port
granted() {
    cat <<END
http: {listen: "127.0.0.1:$port", tls_certificate: $dir/cert.pem, tls_key: $dir/key.pem}
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 10}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    grace_ratio: 0.2
    carryover: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
ok 'sluiced starts' eval 'sluiced_up < <(granted)'
ask() { curl -sS --max-time 60 --cacert "$dir/cert.pem" "$@"; }
status_of() { ask -o "$dir/body" -w '%{http_code}' "$@"; }
value() { python3 -c 'import json, sys; print(eval("data" + sys.argv[1], {"data": json.load(sys.stdin)}))' "$1"; } # value EXPRESSION < JSON
policies=$base/api/marketplace-slurm-periodic-usage-policies

is 'GET /healthz without login returns 200' "$(status_of "$base/healthz")" 200
is 'GET /api/v1/status without login returns 401' "$(status_of "$base/api/v1/status")" 401
like 'response 401 has the words of Django' "$(cat "$dir/body")" '"detail":"Authentication credentials were not provided."'
is 'GET with a wrong token returns 401' "$(status_of -H 'Authorization: Token nonsense' "$base/api/v1/status")" 401
staff=$(sluice_cli -Q token add waldur --role=staff) reader=$(sluice_cli -Q token add grafana --role=reader)
like 'sluice token add prints a token of 64 hex digits' "$staff" '^[0-9a-f]{64}$'
is 'sluice token list shows both tokens' "$(sluice_cli token list -nP -o name,role)" $'waldur|staff\ngrafana|reader'
is 'mode of the tokens file is 0600' "$(stat -c %a "$CLUSTER_DIR/journal/tokens")" 600
fails 'tokens file has no token in plain text' grep -q "$staff" "$CLUSTER_DIR/journal/tokens"
fails 'sluice token add by a plain user is refused' as games "$(sluice_find sluice)" token add mine --role=staff
is 'GET /api/v1/status with a staff token returns 200' "$(status_of -H "Authorization: Token $staff" "$base/api/v1/status?fields=account,standing")" 200
is 'GET /api/v1/status returns the requested fields only' "$(value '["accounts"][0]' <"$dir/body")" "{'account': 'chem', 'standing': 'normal'}"
is 'GET with a reader token as Bearer returns 200' "$(status_of -H "Authorization: Bearer $reader" "$base/api/v1/status?page=1&page_size=1")" 200
json='Content-Type: application/json'
is 'POST with a reader token returns 403' "$(status_of -H "Authorization: Token $reader" -H "$json" -X POST "$base/api/v1/evaluate")" 403
is 'GET /api/v1/tokens with a staff token returns 403' "$(status_of -H "Authorization: Token $staff" "$base/api/v1/tokens")" 403

# The function of docs/http-api.md, as pasted by a user of a node; munged has its own socket here, and curl its own CA.
eval "$(sed -n '/^sluice_curl() {/,/^}/p' "$HARNESS_LIB/../../../docs/http-api.md")"
munge() { as "$munge_user" munge -S "$CLUSTER_DIR/run/munge.sock" "$@" | tee "$dir/credential"; }
SLUICE_URL=$base munge_user=mail
export CURL_CA_BUNDLE=$dir/cert.pem
is 'munge login by mail lists account chem only' "$(sluice_curl GET /api/v1/accounts | value '["accounts"][0]["account"]')" chem
munge_login() { status_of -H "Authorization: Munge $1" "$base/api/v1/accounts"; }
is 'a munge credential that logged in is refused a second time' "$(munge_login "$(cat "$dir/credential")")" 401
munge_user=root
is 'munge login of root may request a dry run' "$(sluice_curl POST /api/v1/evaluate '{"dry_run": true}' | value '["cycle"]["dry_run"]')" True
is 'plain output of munge -n by root is refused as a login' "$(munge_login "$(munge -n)")" 401
like 'refusal of the munge login names GET /api/v1/nonce' "$(cat "$dir/body")" 'GET /api/v1/nonce'
is 'a munge credential of root for another purpose is refused' "$(munge_login "$(printf 'hello' | munge)")" 401

auth=(-H "Authorization: Token $staff" -H "$json")
evil=(-H 'Origin: http://evil.example' -H 'Sec-Fetch-Site: cross-site')
entry='{"account": "physics", "standing": "normal", "until": "now+1day", "reason": "r"}'
is 'cross-site form POST with Basic login is refused' \
    "$(status_of -u "x:$staff" "${evil[@]}" -H 'Content-Type: text/plain' -d "$entry" "$base/api/v1/overrides")" 403
is 'POST with Basic login is refused' "$(status_of -u "x:$staff" -H "$json" -d "$entry" "$base/api/v1/overrides")" 403
is 'POST without JSON content type is refused' "$(status_of -H "Authorization: Token $staff" -d "$entry" "$base/api/v1/overrides")" 415
is 'refused POST requests enter no override' "$(sluice_cli override list -nP -o by)" ''
like 'TLS response has Strict-Transport-Security' "$(ask -D - -o /dev/null "$base/healthz" | tr -d '\r')" 'Strict-Transport-Security: max-age=[0-9]+'
if sluiced_has_waldur; then
    is 'Waldur route lists the policies' "$(status_of "${auth[@]}" -D "$dir/head" "$policies/?page=1&page_size=100")" 200
    like 'Waldur route has X-Result-Count' "$(tr -d '\r' <"$dir/head")" 'X-Result-Count: 1'
    uuid=$(value '[0]["uuid"]' <"$dir/body")
    is 'Waldur route returns one policy' "$(ask "${auth[@]}" "$policies/$uuid/" | value '["period_name"]')" '3 month'
    is 'HEAD of the Waldur route has X-Result-Count' "$(ask "${auth[@]}" -I "$policies/" | tr -d '\r' | awk -F': ' '/^X-Result-Count/ { print $2 }')" 1
    is 'Waldur route dry-run returns the actions that would trigger' "$(ask "${auth[@]}" -d '{}' "$policies/$uuid/dry-run/" | value '["resources"][1]["would_trigger"]')" "['pause', 'downscale']"
    is 'Waldur route evaluate returns the new state' "$(ask "${auth[@]}" -d '{"resource_uuid": null}' "$policies/$uuid/evaluate/" | value '["resources"][1]["new_state"]["paused"]')" True
    isnt 'Waldur route evaluation-logs has the evaluation' "$(ask "${auth[@]}" "$policies/$uuid/evaluation-logs/" | value '[0]["uuid"]')" ''
    like 'Waldur route command-history has the sacctmgr command' "$(ask "${auth[@]}" "$policies/$uuid/command-history/" | value '[0]["shell_command"]')" sacctmgr
    is 'DELETE of a policy of sluiced.yaml returns 409' "$(status_of "${auth[@]}" -X DELETE "$policies/$uuid/")" 409
    like 'response 409 names sluiced.yaml' "$(cat "$dir/body")" sluiced.yaml
    is 'Waldur route preview_impact returns the QOS status' "$(ask "${auth[@]}" -d '{"allocation": 1000, "current_usage": 850}' "$policies/preview_impact/" | value '["current_qos_status"]')" notification
else
    skip "Waldur routes of the policies" 'this sluiced was built without Waldur support'
    is 'Waldur routes return 404 without Waldur support' "$(status_of "${auth[@]}" "$policies/")" 404
fi
is 'POST of an override with a staff token over TCP is accepted' "$(ask "${auth[@]}" -d '{"account": "physics", "standing": "normal", "until": "now+1day", "reason": "r"}' "$base/api/v1/overrides" | value '["accounts"][0]["standing"]')" normal
is 'slurmctld shows the change when the POST returns' "$(sluice_cli commands -Q -n -P --format=result physics | sort -u)" done
is 'sluice override list shows the name of the token' "$(sluice_cli override list -nP -o by)" 'token waldur'

is 'GET /readyz returns 200' "$(status_of "${auth[@]}" "$base/readyz")" 200
is 'GET /metrics with a reader token returns 200' "$(status_of -H "Authorization: Bearer $reader" "$base/metrics")" 200
if command -v promtool >/dev/null; then
    ok 'promtool accepts the metrics' eval 'promtool check metrics <"$dir/body"'
else
    skip 'promtool accepts the metrics' 'no promtool here'
fi
is 'GET of the balances for Open OnDemand returns version 1' "$(ask "${auth[@]}" "$base/api/v1/ondemand/balances.json" | value '["version"]')" 1
is 'GET of the web page without login returns 200' "$(status_of "$base/")" 200
unlike 'web page without login has no account' "$(cat "$dir/body")" 'physics'
is 'GET of a file of the web page without login returns 200' "$(status_of "$base/web/app.js")" 200
is 'GET of the figures of the web page without login returns 401' "$(status_of "$base/api/v1/overview")" 401
like 'answers are compressed for clients that accept gzip' \
    "$(ask -D - -o /dev/null -H 'Accept-Encoding: gzip' -H "Authorization: Bearer $reader" "$base/api/v1/overview" | tr -d '\r')" 'Content-Encoding: gzip'
unlike 'web page loads nothing from other hosts' "$(cat "$dir/body")" '(src|href)="https?:'

cp "$dir/cert.pem" "$dir/old.pem"
census() { # threads and descriptors of sluiced
    local pid
    pid=$(daemon_pid sluiced) && echo $(($(ls "/proc/$pid/task" | wc -l) + $(ls "/proc/$pid/fd" | wc -l)))
}
before=$(census)
twenty_certificates() {
    local n
    for n in $(seq 20); do certificate "n$n" && sluiced_reload && ask -o /dev/null "$base/healthz" || return 1; done
}
ok 'sluiced loads 20 certificates one after the other' twenty_certificates
# One request after the last certificate is enough to wait for; a few threads and descriptors come and go.
settled() { ask -o /dev/null "$base/healthz" && [ "$(census)" -le $((before + 6)) ]; }
eventually 'sluiced has no more threads and descriptors after 20 certificates' 10 settled
diag "before: $before, after: $(census)"
certificate second
ok 'sluiced reloads with a second certificate' sluiced_reload
eventually 'TLS connection with the second certificate succeeds' 10 eval '[ "$(status_of "${auth[@]}" "$base/readyz")" = 200 ]'
fails 'TLS connection that trusts only the old certificate fails' curl -sS --max-time 5 --cacert "$dir/old.pem" "$base/healthz"
echo nonsense >"$dir/cert.pem"
run sluiced_reload
eventually 'sluiced.log reports the refused certificate' 10 line_in "$(sluiced_log)" 'SLUICE-0513 certificate-refused'
is 'sluiced keeps the good certificate after a broken one' "$(curl -sk --max-time 5 -o /dev/null -w '%{http_code}' "$base/healthz")" 200
ok 'sluice token remove succeeds' sluice_cli token remove waldur
is 'GET with the removed token returns 401' "$(curl -sk -o /dev/null -w '%{http_code}' "${auth[@]}" "$base/api/v1/status")" 401
codes=$(for _ in $(seq 25); do curl -sk -o /dev/null -w '%{http_code} ' -H 'Authorization: Token guess' "$base/api/v1/info"; done)
like 'repeated wrong tokens return 429' "$codes" '401 .*429 $'
like 'response 429 has Retry-After' "$(curl -sk -D - -o /dev/null -H 'Authorization: Token guess' "$base/api/v1/info" | tr -d '\r')" 'Retry-After: 60'
is 'GET with a good token from the same host returns 200' "$(curl -sk -o /dev/null -w '%{http_code}' -H "Authorization: Token $reader" "$base/api/v1/info")" 200

# munged hangs, and a plain user has many munge logins in progress.
munge_user=games
logins=() clients=()
for _ in $(seq 12); do logins+=("$(printf x | munge)"); done
munged_pid=$(daemon_pid munged)
kill -STOP "$munged_pid"
for login in "${logins[@]}"; do
    curl -sk -o /dev/null --max-time 60 -H "Authorization: Munge $login" "$base/api/v1/accounts" &
    clients+=($!)
done
sleep 0.5
began=$(date +%s%N)
balance=$(as mail timeout 60 "$(sluice_find sluice)" balance -nP -o account)
took=$((($(date +%s%N) - began) / 1000000))
token_status=$(curl -sk -o /dev/null --max-time 60 -w '%{http_code}' -H "Authorization: Token $reader" "$base/api/v1/info")
kill -CONT "$munged_pid"
is 'sluice balance returns the account while munged hangs' "$balance" chem
ok "sluice balance responds at once while munged hangs ($took ms)" [ "$took" -lt 8000 ]
is 'GET with a token returns 200 while munged hangs' "$token_status" 200
wait "${clients[@]}"
done_testing
