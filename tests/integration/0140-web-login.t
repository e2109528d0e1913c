#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ways into the web page, in a real browser: a link of `sluice web` (once, within 60 s), a session that ends, a restart, a page of another
# origin, an authenticating proxy with a path prefix, with the right secret and with a wrong one.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/web.sh"
sluice_cluster_up

sacctmgr_do add account geo parent=univ description=x organization=x
port=$(free_port) portal=$(free_port) wrong=$(free_port)
secret=0123456789abcdef0123456789abcdef
(umask 077 && echo "$secret" >"$CLUSTER_DIR/etc/proxy.secret")
must 'sluiced starts' eval 'sluiced_up' <<END
http:
  listen: "127.0.0.1:$port"
  url: http://127.0.0.1:$portal/sluice
  proxy: {addresses: 127.0.0.1, secret_file: $CLUSTER_DIR/etc/proxy.secret}
components:
  cpu_minutes: {tres: cpu, unit_factor: 1}
accounts:
  physics: {allocation: {cpu_minutes: 100}}
  chem: {allocation: {cpu_minutes: 100000}}
  geo: {allocation: {cpu_minutes: 100}}
policies:
  - name: monthly
    mode: enforce
    accounts: [physics, chem, geo]
    period: month
    limits: false
    actions: [request_slurm_resource_pausing]
END

like 'sluice web prints one link, to http.url' "$(sluice_cli -Q web)" "^http://127\.0\.0\.1:$portal/sluice/#/code/[0-9a-f]{32}\$"
status_of() { curl -sS --max-time 20 -o "$CLUSTER_DIR/body" -w '%{http_code}' "$@"; }
url=http://127.0.0.1:$port/api/v1/info
is 'a user named by the proxy with the secret is logged in' \
    "$(status_of -H 'X-Remote-User: games' -H "X-Sluice-Secret: $secret" "$url")" 200
is 'a user named without the secret is refused' "$(status_of -H 'X-Remote-User: games' "$url")" 401
is 'a user named with a wrong secret is refused' "$(status_of -H 'X-Remote-User: games' -H "X-Sluice-Secret: x$secret" "$url")" 401
is 'a user named twice is refused' \
    "$(status_of -H 'X-Remote-User: games' -H 'X-Remote-User: root' -H "X-Sluice-Secret: $secret" "$url")" 401
is 'root named by the proxy is refused' "$(status_of -H 'X-Remote-User: root' -H "X-Sluice-Secret: $secret" "$url")" 403
is 'a user whom the host does not know is refused' \
    "$(status_of -H 'X-Remote-User: no-such-user' -H "X-Sluice-Secret: $secret" "$url")" 403
is 'a header of the proxy on the Unix socket is refused' \
    "$(status_of --unix-socket "$SLUICE_SOCKET" -H 'X-Remote-User: games' http://localhost/api/v1/info)" 403
like 'sluiced.log has the reason of a refusal' "$(cat "$(sluiced_log)")" 'SLUICE-0823 web-login-refused login=proxy .*no-such-user'

shots=$CLUSTER_DIR/shots
mkdir -p "$shots"
"$python" "$HARNESS_LIB/web_login.py" --proxy "$portal" "$port" games "$secret" &
"$python" "$HARNESS_LIB/web_login.py" --proxy "$wrong" "$port" games "${secret}0" &
wait_until 20 curl -sSf -o /dev/null "http://127.0.0.1:$portal/elsewhere" || bail 'the proxy does not start'

# The browser asks by files: see web_login.py.
new_link() { # new_link WORD [COMMAND...]: the link of `sluice web` into link.out
    local word=$1
    shift
    "$@" "$(sluice_find sluice)" -Q web >"$shots/link.out"
    cat "$shots/link.out" >>"$CLUSTER_DIR/links"
    rm -f "$shots/$word"
}
serve() {
    while [ ! -e "$shots/done" ]; do
        [ ! -e "$shots/link" ] || new_link link
        [ ! -e "$shots/link-games" ] || new_link link-games as games
        [ ! -e "$shots/end" ] || { sluice_cli web end >"$CLUSTER_DIR/ended" && rm -f "$shots/end"; }
        [ ! -e "$shots/stop" ] || { sluiced_stop && rm -f "$shots/stop"; }
        [ ! -e "$shots/start" ] || { sluiced_restart && wait_until 20 status_field chem standing && rm -f "$shots/start"; }
        sleep 0.2
    done
}
late=$(sluice_cli -Q web)
browser_checks web_login.py "http://127.0.0.1:$port/" "$late" "http://127.0.0.1:$portal/sluice/" "$shots" "http://127.0.0.1:$wrong/sluice/"
serve
browser_points 30

is 'sluice web end reports the session that it ended' "$(cat "$CLUSTER_DIR/ended")" '1 session has ended.'
is 'sluice web list is empty after all sessions have ended' "$(sluice_cli web list -nP)" ''
fails 'sluice web end of a session that ended is refused' sluice_cli web end 1
like 'the refusal names the session' "$OUT" 'session 1 does not exist, has ended, or is not yours'
fails 'sluice web end --all of a user is refused' as games "$(sluice_find sluice)" web end --all
log=$(cat "$(sluiced_log)")
like 'sluiced.log has each session that was opened' "$log" 'SLUICE-0821 session-opened session=1 uid=0 user=root address=127\.0\.0\.1'
like 'sluiced.log has each session that ended' "$log" 'SLUICE-0822 session-ended .*why="by root"|SLUICE-0822 session-ended .*why="by uid 0"'
leaked=0
while read -r link; do
    ! grep -qF "${link##*/}" "$(sluiced_log)" || leaked=$((leaked + 1))
done <"$CLUSTER_DIR/links"
is 'sluiced.log has no code of a link' "$leaked" 0
unlike 'sluiced.log has no secret of the proxy' "$log" "$secret"
unlike 'sluiced.log has no fault of the API' "$log" SLUICE-0501
done_testing
