#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The HTTP API as programs of other hosts see it: TLS, tokens and munge, roles, Waldur's routes, metrics that promtool
# accepts, the page, a certificate that is renewed under running clients.
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
ok 'sluiced is up' eval 'sluiced_up < <(granted)'
ask() { curl -sS --max-time 60 --cacert "$dir/cert.pem" "$@"; }
status_of() { ask -o "$dir/body" -w '%{http_code}' "$@"; }
value() { python3 -c 'import json, sys; print(eval("data" + sys.argv[1], {"data": json.load(sys.stdin)}))' "$1"; } # value EXPRESSION < JSON
policies=$base/api/marketplace-slurm-periodic-usage-policies

is 'anybody may see that it lives' "$(status_of "$base/healthz")" 200
is 'nothing else without a token' "$(status_of "$base/api/v1/status")" 401
like 'in Django words' "$(cat "$dir/body")" '"detail":"Authentication credentials were not provided."'
is 'a wrong token is none' "$(status_of -H 'Authorization: Token nonsense' "$base/api/v1/status")" 401
staff=$(sluice_cli -Q token add waldur --role=staff) reader=$(sluice_cli -Q token add grafana --role=reader)
like 'a token is long' "$staff" '^[0-9a-f]{64}$'
is 'they are listed' "$(sluice_cli token list -nP -o name,role)" $'waldur|staff\ngrafana|reader'
is 'the file is private' "$(stat -c %a "$CLUSTER_DIR/journal/tokens")" 600
fails 'and has no token in it' grep -q "$staff" "$CLUSTER_DIR/journal/tokens"
fails 'users make none' as games "$(sluice_find sluice)" token add mine --role=staff
is 'staff may' "$(status_of -H "Authorization: Token $staff" "$base/api/v1/status?fields=account,standing")" 200
is 'fields are cut' "$(value '["accounts"][0]' <"$dir/body")" "{'account': 'chem', 'standing': 'normal'}"
is 'Bearer is as good' "$(status_of -H "Authorization: Bearer $reader" "$base/api/v1/status?page=1&page_size=1")" 200
json='Content-Type: application/json'
is 'readers change nothing' "$(status_of -H "Authorization: Token $reader" -H "$json" -X POST "$base/api/v1/evaluate")" 403
is 'a token makes no other' "$(status_of -H "Authorization: Token $staff" "$base/api/v1/tokens")" 403

# The function of docs/http-api.md, as a user of a node pastes it; here munged has its own socket, and curl its own CA.
eval "$(sed -n '/^sluice_curl() {/,/^}/p' "$HARNESS_LIB/../../../docs/http-api.md")"
munge() { as "$munge_user" munge -S "$CLUSTER_DIR/run/munge.sock" "$@" | tee "$dir/credential"; }
SLUICE_URL=$base munge_user=mail
export CURL_CA_BUNDLE=$dir/cert.pem
is 'a munge login shows a user the own accounts only' "$(sluice_curl GET /api/v1/accounts | value '["accounts"][0]["account"]')" chem
munge_login() { status_of -H "Authorization: Munge $1" "$base/api/v1/accounts"; }
is 'a munge credential that logged in is refused a second time' "$(munge_login "$(cat "$dir/credential")")" 401
munge_user=root
is 'a munge login of root makes a dry run' "$(sluice_curl POST /api/v1/evaluate '{"dry_run": true}' | value '["cycle"]["dry_run"]')" True
is 'the text of munge -n of root does not log in' "$(munge_login "$(munge -n)")" 401
like 'and the answer names the way' "$(cat "$dir/body")" 'GET /api/v1/nonce'
is 'a munge credential of root for another purpose does not log in' "$(munge_login "$(printf 'hello' | munge)")" 401

auth=(-H "Authorization: Token $staff" -H "$json")
evil=(-H 'Origin: http://evil.example' -H 'Sec-Fetch-Site: cross-site')
entry='{"account": "physics", "standing": "normal", "until": "now+1day", "reason": "r"}'
is 'a form of another site with a token by Basic sets no override' \
    "$(status_of -u "x:$staff" "${evil[@]}" -H 'Content-Type: text/plain' -d "$entry" "$base/api/v1/overrides")" 403
is 'a change by Basic is refused' "$(status_of -u "x:$staff" -H "$json" -d "$entry" "$base/api/v1/overrides")" 403
is 'a change without a JSON content type is refused' "$(status_of -H "Authorization: Token $staff" -d "$entry" "$base/api/v1/overrides")" 415
is 'and no override was entered' "$(sluice_cli override list -nP -o by)" ''
like 'TLS answers ask browsers to stay with TLS' "$(ask -D - -o /dev/null "$base/healthz" | tr -d '\r')" 'Strict-Transport-Security: max-age=[0-9]+'
if sluiced_has_waldur; then
    is 'policies as Waldur lists them' "$(status_of "${auth[@]}" -D "$dir/head" "$policies/?page=1&page_size=100")" 200
    like 'with their number' "$(tr -d '\r' <"$dir/head")" 'X-Result-Count: 1'
    uuid=$(value '[0]["uuid"]' <"$dir/body")
    is 'one of them' "$(ask "${auth[@]}" "$policies/$uuid/" | value '["period_name"]')" '3 month'
    is 'HEAD counts' "$(ask "${auth[@]}" -I "$policies/" | tr -d '\r' | awk -F': ' '/^X-Result-Count/ { print $2 }')" 1
    is 'a dry run' "$(ask "${auth[@]}" -d '{}' "$policies/$uuid/dry-run/" | value '["resources"][1]["would_trigger"]')" "['pause', 'downscale']"
    is 'an evaluation' "$(ask "${auth[@]}" -d '{"resource_uuid": null}' "$policies/$uuid/evaluate/" | value '["resources"][1]["new_state"]["paused"]')" True
    isnt 'is logged' "$(ask "${auth[@]}" "$policies/$uuid/evaluation-logs/" | value '[0]["uuid"]')" ''
    like 'and its commands' "$(ask "${auth[@]}" "$policies/$uuid/command-history/" | value '[0]["shell_command"]')" sacctmgr
    is 'policies are not written here' "$(status_of "${auth[@]}" -X DELETE "$policies/$uuid/")" 405
    like 'but where is said' "$(cat "$dir/body")" sluiced.yaml
    is 'preview' "$(ask "${auth[@]}" -d '{"allocation": 1000, "current_usage": 850}' "$policies/preview_impact/" | value '["current_qos_status"]')" notification
else
    skip "Waldur's policy routes" 'this sluiced was built without Waldur support'
    is 'and they are not there' "$(status_of "${auth[@]}" "$policies/")" 404
fi
is 'over TCP, too, staff enter' "$(ask "${auth[@]}" -d '{"account": "physics", "standing": "normal", "until": "now+1day", "reason": "r"}' "$base/api/v1/overrides" | value '["accounts"][0]["standing"]')" normal
is 'which slurmctld shows when the answer comes' "$(sluice_cli commands -Q -n -P --format=result physics | sort -u)" done
is 'by the name of the token' "$(sluice_cli override list -nP -o by)" 'token waldur'

is 'it is ready' "$(status_of "${auth[@]}" "$base/readyz")" 200
is 'metrics' "$(status_of -H "Authorization: Bearer $reader" "$base/metrics")" 200
if command -v promtool >/dev/null; then
    ok 'which promtool accepts' eval 'promtool check metrics <"$dir/body"'
else
    skip 'which promtool accepts' 'no promtool here'
fi
is 'balances for Open OnDemand' "$(ask "${auth[@]}" "$base/api/v1/ondemand/balances.json" | value '["version"]')" 1
is 'a page for a browser' "$(status_of -u "x:$reader" "$base/")" 200
like 'has the accounts' "$(cat "$dir/body")" '<strong>physics</strong>'
unlike 'and nothing from elsewhere' "$(cat "$dir/body")" '(src|href)="https?:'

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
ok '20 certificates are loaded one after the other' twenty_certificates
# One request after the last of them is old enough; a few of what the count began with come and go.
settled() { ask -o /dev/null "$base/healthz" && [ "$(census)" -le $((before + 6)) ]; }
eventually '20 certificates later sluiced has no more threads and descriptors' 10 settled
diag "before: $before, after: $(census)"
certificate second
ok 'SIGHUP' sluiced_reload
eventually 'brings the new certificate' 10 eval '[ "$(status_of "${auth[@]}" "$base/readyz")" = 200 ]'
fails 'the old one is gone' curl -sS --max-time 5 --cacert "$dir/old.pem" "$base/healthz"
echo nonsense >"$dir/cert.pem"
run sluiced_reload
eventually 'a broken certificate is told' 10 line_in "$(sluiced_log)" 'SLUICE-0513 certificate-refused'
is 'and the good one stays' "$(curl -sk --max-time 5 -o /dev/null -w '%{http_code}' "$base/healthz")" 200
ok 'a token is removed' sluice_cli token remove waldur
is 'and works no more' "$(curl -sk -o /dev/null -w '%{http_code}' "${auth[@]}" "$base/api/v1/status")" 401
codes=$(for _ in $(seq 25); do curl -sk -o /dev/null -w '%{http_code} ' -H 'Authorization: Token guess' "$base/api/v1/info"; done)
like 'who guesses is held up' "$codes" '401 .*429 $'
like 'and told for how long' "$(curl -sk -D - -o /dev/null -H 'Authorization: Token guess' "$base/api/v1/info" | tr -d '\r')" 'Retry-After: 60'
is 'others from there are not' "$(curl -sk -o /dev/null -w '%{http_code}' -H "Authorization: Token $reader" "$base/api/v1/info")" 200

# munged hangs, and a plain user has many munge logins under way.
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
is 'with a munged that hangs, sluice balance answers' "$balance" chem
ok "at once ($took ms)" [ "$took" -lt 8000 ] # munged never answers
is 'and so does a token' "$token_status" 200
wait "${clients[@]}"
done_testing
