# SPDX-License-Identifier: GPL-2.0-or-later
# The stand-in Waldur beside the private cluster (tests/support/waldur_stand_in.py) and the settings that connect to it.
# shellcheck shell=bash

WALDUR_OFFERING=2a3b4c5d6e7f40818283848586878889
# Next to PORT_HTTP of sluiced; a function, since `ok` runs commands in a subshell.
waldur_port() { echo $((PORT_BASE + 14)); }

# waldur_up [STATE.json [OPTION...]]: 0 when Waldur responds
waldur_up() {
    command -v python3 >/dev/null || skip_all 'python3 is not installed'
    [ -f "$CLUSTER_DIR/etc/waldur.token" ] ||
        (umask 077 && echo "${WALDUR_TOKEN:-staff-token}" >"$CLUSTER_DIR/etc/waldur.token")
    daemon_run waldur python3 "$HARNESS_LIB/../../support/waldur_stand_in.py" --port "$(waldur_port)" \
        --log "$CLUSTER_DIR/log/waldur.requests" ${1:+--state "$1"} "${@:2}"
    wait_until 10 port_open "$(waldur_port)"
}
waldur_down() { daemon_stop waldur KILL; }

# waldur WHAT [JSON]: controls or queries the stand-in; prints its state as JSON
waldur() {
    python3 - "$(waldur_port)" "$@" <<'END'
import sys, urllib.request
port, what, body = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None
request = urllib.request.Request(f"http://127.0.0.1:{port}/_test/{what}", data=body.encode() if body else None)
print(urllib.request.urlopen(request, timeout=10).read().decode())
END
}

# waldur_get EXPRESSION: value from the state `s`, with resources by backend_id in `r`: "r['physics']['paused']"
waldur_get() {
    waldur state | python3 -c '
import json, sys
s = json.load(sys.stdin)
r = {one["backend_id"]: one for one in s["resources"].values()}
u = {(one["resource"], one["month"], one["type"]): one for one in s["usages"]}
print(eval(sys.argv[1]))' "$1" 2>&1
}
waldur_is() { [ "$(waldur_get "$1")" = "$2" ]; } # waldur_is EXPRESSION VALUE: for eventually

# waldur_requests ERE: number of received requests whose log line matches
waldur_requests() { grep -cE -- "$1" "$CLUSTER_DIR/log/waldur.requests"; }

# waldur_settings [LINE...]: the block `waldur`; the lines are its further keys. WALDUR_LOGIN: keys of another login
waldur_settings() {
    cat <<END
waldur:
  waldur_api_url: http://127.0.0.1:$(waldur_port)/api/
  waldur_offering_uuid: $WALDUR_OFFERING
  ${WALDUR_LOGIN:-waldur_api_token_file: $CLUSTER_DIR/etc/waldur.token}
  interval: ${WALDUR_INTERVAL:-1s}
END
    [ $# -eq 0 ] || printf '  %s\n' "$@"
}
# waldur_granted [LINE of waldur...]: settings with allocations and policy from Waldur; keys of the policy may follow
waldur_granted() {
    waldur_settings 'source: waldur' "$@"
    cat <<END
components:
  node_hours: {tres: node}
policies:
  - name: quarterly
    mode: enforce
END
}
