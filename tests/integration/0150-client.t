#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sluice on a login node: servers by option, variable and client.conf, TLS with the site's CA, munge as the login, the same output as on
# the daemon's host, plain errors, and the line at login.
. "$(dirname "$0")/lib/harness.sh"
for tool in openssl python3; do
    command -v "$tool" >/dev/null || skip_all "no $tool here"
done
sluice_cluster_up

dir=$CLUSTER_DIR/etc
chmod 755 "$CLUSTER_DIR" "$dir"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=site-ca -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null &&
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$dir/key.pem" -out "$dir/request.pem" 2>/dev/null &&
    openssl x509 -req -in "$dir/request.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo 'subjectAltName=DNS:localhost') -out "$dir/cert.pem" 2>/dev/null &&
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other-ca -keyout "$dir/other.key" -out "$dir/other.pem" 2>/dev/null ||
    bail 'no certificates'
chmod 600 "$dir/key.pem"
chmod 644 "$dir/ca.pem" "$dir/other.pem"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port) dead=$(free_port)
sluiced_up <<END || bail 'sluiced did not start'
http: {listen: "127.0.0.1:$port", tls_certificate: $dir/cert.pem, tls_key: $dir/key.pem}
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 10}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    grace_ratio: 0.2
    carryover: false
    actions: [request_slurm_resource_pausing]
END
evaluate_now

# A login node has no socket of sluiced.
program=$(sluice_find sluice)
conf=$CLUSTER_DIR/client.conf
node() { env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$conf" "$program" "$@"; }
node_as() { # node_as USER ARGS...
    local user=$1
    shift
    as "$user" env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$conf" "$program" "$@"
}
configure() { printf '%s\n' "$@" "MungeSocket=$CLUSTER_DIR/run/munge.sock" >"$conf" && chmod 644 "$conf"; }
good=https://localhost:$port

fails 'sluice without socket and client.conf fails' node status
like 'error without a server names --server, SLUICE_SERVER and client.conf' "$OUT" '--server=https://HOST:PORT, SLUICE_SERVER or Server= in .*client\.conf'

configure "Server=$good" "CAFile=$dir/ca.pem"
same() { # same USER ARGS...: the same output there and here
    local user=$1 here there
    shift
    here=$(as "$user" "$program" "$@" 2>&1)
    there=$(node_as "$user" "$@" 2>&1)
    diag "$there"
    [ -n "$here" ] && [ "$here" = "$there" ]
}
for words in 'status -n' 'balance' 'explain physics' 'history -n' 'commands -n' 'usage -n'; do
    # shellcheck disable=SC2086
    ok "sluice $words of games prints the same on a login node" same games $words
done
like 'mail sees chem on the login node' "$(node_as mail status -nP -o account)" '^chem$'
unlike 'mail does not see physics on the login node' "$(node_as mail status -nP -o account)" physics
fails 'sluice evaluate of a plain user on the login node is refused' node_as games evaluate
ok 'root may enter an override from the login node' node override set chem paused --until=now+1hour --reason=test
like 'the ledger names the user of the munge login' "$(sluice_cli override list -nP -o by,account)" '^(root|uid 0)\|chem$'
ok 'root may end the override from the login node' node override clear chem --reason=test
like 'sluice -v shows the server of the request' "$(node -v status 2>&1)" "GET /api/v1/status on $good"

configure "Server=https://localhost:$dead" "CAFile=$dir/ca.pem"
fails 'a server that does not listen is an error' node status
like 'error of a dead server names it and what to check' "$OUT" "cannot reach sluiced at https://localhost:$dead: Connection refused; check on that host: systemctl status sluiced"
ok 'SLUICE_SERVER precedes client.conf' env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$conf" SLUICE_SERVER="$good" "$program" status
ok '--server precedes SLUICE_SERVER' env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$conf" SLUICE_SERVER=https://localhost:1 "$program" status --server="$good"
configure "Server=https://localhost:$dead,$good" "CAFile=$dir/ca.pem"
ok 'the second server is used when the first does not listen' node status
# A server that accepts connections and says nothing.
python3 -c '
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(64)
time.sleep(600)' "$dead" &
mute=$!
wait_until 10 eval "(: <>/dev/tcp/127.0.0.1/$dead) 2>/dev/null"
began=$(date +%s)
ok 'the second server is used when the first says nothing' node doctor
like 'sluice doctor asked the second server' "$OUT" 'ok +daemon'
took=$(($(date +%s) - began))
diag "sluice doctor took $took s"
ok 'a mute server delays a command of many requests once' test "$took" -lt 20
milliseconds() { # milliseconds COMMAND...: the shortest of ten runs
    local best=100000 start n
    for _ in $(seq 10); do
        start=$(date +%s%N)
        "$@" >/dev/null 2>&1
        n=$((($(date +%s%N) - start) / 1000000))
        [ "$n" -lt "$best" ] && best=$n
    done
    echo "$best"
}
silent() { OUT=$("$@" 2>&1) && [ -z "$OUT" ]; }
configure "Server=https://localhost:$dead" "CAFile=$dir/ca.pem"
ok 'sluice balance --login prints nothing when sluiced is away' silent node_as games balance --login
away=$(milliseconds node balance --login)
# What any program of this size costs here: on a busy machine more than 50 ms.
start=$(milliseconds node --version)
diag "sluice balance --login with a mute server: $away ms; sluice --version: $start ms"
ok 'sluice balance --login ends soon after the 40 ms for which it waits' test "$away" -lt $((start + 80))
kill "$mute" && wait "$mute" 2>/dev/null

configure "Server=$good" "CAFile=$dir/other.pem"
fails 'a server of another CA is refused' node status
like 'error of another CA names the file and what to check' "$OUT" "cannot reach sluiced at $good: SSL certificate .*; check that $dir/other.pem is the CA that signed"
ok '--ca-file precedes client.conf' node status --ca-file="$dir/ca.pem"
configure "Server=$good"
fails "a server is refused when the system does not trust its CA" node status
like 'error without CAFile names the ways to set it' "$OUT" 'name the CA that signed its certificate by --ca-file, SLUICE_CA_FILE or CAFile= in client\.conf'
configure "Server=https://127.0.0.1:$port" "CAFile=$dir/ca.pem"
fails 'a server with another name than its certificate is refused' node status
like 'error of the wrong name says so' "$OUT" 'use the host name that the certificate has'
configure "Server=https://no-such-host.invalid:$port" "CAFile=$dir/ca.pem"
fails 'an unknown host is an error' node status
like 'error of an unknown host says what to correct' "$OUT" 'correct the host name in --server, SLUICE_SERVER or client\.conf'
configure "Server=http://localhost:$port"
fails 'http:// to the TLS port is an error' node status
configure "Server=http://dbhost:$port"
fails 'http:// to another host is refused' node status
like 'refusal of http:// has the line of client.conf' "$OUT" 'client\.conf:1: .*write https://'
configure "Server=$good" "CAFile=$dir/ca.pem"
sed -i "s|^MungeSocket=.*|MungeSocket=$CLUSTER_DIR/run/none.sock|" "$conf"
fails 'a login without munged is an error' node status
like 'error without munged says what to start' "$OUT" 'munged on this host does not respond.*systemctl start munge'

configure "Server=$good" "CAFile=$dir/ca.pem"
export SLUICE_LOGIN_TIMEOUT=10000 # this machine may be busy
line_shown() { node_as games balance --login | grep -q '^Sluice: account physics is paused, .*see: sluice balance$'; }
eventually 'sluice balance --login prints one line for a paused account' 20 line_shown
lines() { node_as games balance --login | wc -l; }
ok 'sluice balance --login prints at most one line' test "$(lines)" -le 1
ok 'sluice balance --login prints nothing for a normal account' silent node_as mail balance --login
# A terminal for the snippet: script(1).
if command -v script >/dev/null; then
    snippet=$(cd "$HARNESS_LIB/../../../contrib/profile.d" && pwd)/sluice.sh
    ok 'the snippet is silent in a shell that is not interactive' silent env PATH="$(dirname "$program"):$PATH" sh -c ". '$snippet'"
    interactive() {
        env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$conf" PATH="$(dirname "$program"):$PATH" \
            script -qec "setpriv --reuid=$(id -u games) --regid=$(id -g games) --clear-groups sh -ic '. $snippet; exit'" /dev/null </dev/null 2>&1 |
            grep -q 'account physics is paused'
    }
    eventually 'the snippet prints the line in an interactive shell' 20 interactive
else
    skip 'the snippet in a terminal' 'no script here'
fi

# All at once, from one address: more than may log in at the same time.
crowd() {
    local n failed=0 pids=()
    for n in $(seq 40); do
        node_as games balance -nP -o account >"$CLUSTER_DIR/crowd.$n" 2>&1 &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n" || failed=$((failed + 1)); done
    diag "$(cat "$CLUSTER_DIR"/crowd.* | sort | uniq -c)"
    [ "$failed" -eq 0 ]
}
ok '40 commands at once from one login node succeed' crowd
done_testing
