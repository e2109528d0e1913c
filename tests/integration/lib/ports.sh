# SPDX-License-Identifier: GPL-2.0-or-later
# Free loopback ports: a block of 16 per cluster, below the kernel's ephemeral range, reserved by a symbolic
# link (its creation is atomic) so that clusters starting at the same moment never share one.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the other parts and by tests

PORTS_RESERVED=${TMPDIR:-/tmp}/sluice-ports.
PORT_BASE=0

# ports_new: reserves a block for CLUSTER_DIR and sets PORT_BASE and the PORT_* names.
ports_new() {
    local try block
    for try in {1..200}; do
        block=$((RANDOM % 700))
        PORT_BASE=$((20000 + block * 16))
        ln -s "$CLUSTER_DIR" "$PORTS_RESERVED$block" 2>/dev/null || continue
        echo "$PORTS_RESERVED$block" >"$CLUSTER_DIR/run/ports"
        if ports_idle "$PORT_BASE" 16; then
            ports_name
            return 0
        fi
        rm -f "$PORTS_RESERVED$block"
    done
    bail "no free block of ports after $try tries"
}

ports_name() {
    PORT_DB=$PORT_BASE
    PORT_DBD=$((PORT_BASE + 1))
    PORT_CTLD=$((PORT_BASE + 2))
    PORT_PLUGINS=$((PORT_BASE + 3))  # sluiced, for the plugins
    PORT_HTTP=$((PORT_BASE + 4))  # sluiced, HTTP
    PORT_SPARE=$((PORT_BASE + 5)) # for the test itself; no daemon uses it
    PORT_CTLD_BETA=$((PORT_BASE + 6)) # slurmctld of a second cluster
    PORT_NODE=$((PORT_BASE + 8))  # first of CLUSTER_NODES ports
}

ports_release() { # ports_release DIR
    local link
    link=$(cat "$1/run/ports" 2>/dev/null) || return 0
    [ "$(readlink "$link")" = "$1" ] && rm -f "$link"
}

# ports_idle FIRST COUNT: no TCP socket of this host is bound to one of them.
ports_idle() {
    local line port
    while read -r _ line _; do
        [[ $line = *:* ]] || continue
        port=$((16#${line##*:}))
        if [ "$port" -ge "$1" ] && [ "$port" -lt $(($1 + $2)) ]; then return 1; fi
    done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    return 0
}
