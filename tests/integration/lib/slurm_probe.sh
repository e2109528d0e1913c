# SPDX-License-Identifier: GPL-2.0-or-later
# One slurm_probe (the daemon's Slurm adapter, without the daemon) that lives as long as the test: what it must
# survive is the point.
# shellcheck shell=bash

probe_start() { # probe_start [USER]
    local program=${SLUICE_BUILD:-}/tests/daemon/adapters/slurm/slurm_probe
    [ -x "$program" ] || skip_all 'slurm_probe is not built (make check-integration does)'
    # libtool may have put a wrapper there; users cannot reach the build folder either.
    [ -e "$CLUSTER_DIR/work/slurm_probe" ] || { cp "$program" "$CLUSTER_DIR/work/" && chmod 755 "$CLUSTER_DIR/work/slurm_probe"; }
    if [ $# -gt 0 ]; then
        coproc PROBE { as "$1" ./slurm_probe 2>>"$CLUSTER_DIR/log/probe.err"; }
    else
        coproc PROBE { "$CLUSTER_DIR/work/slurm_probe" 2>>"$CLUSTER_DIR/log/probe.err"; }
    fi
}

# ask WORDS...: one call; the answer is in ANSWER (and printed as a diagnostic)
ask() {
    local line
    ANSWER=''
    echo "$*" >&"${PROBE[1]}" || return 1
    while IFS= read -r -t "${PROBE_TIMEOUT:-60}" line <&"${PROBE[0]}"; do
        if [ "$line" = . ]; then
            diag "probe> $*" "$(printf '\n%s' "$ANSWER" | head -n 12)"
            return 0
        fi
        ANSWER+=$line$'\n'
    done
    diag "probe> $*: no answer"
    return 1
}

probe_stop() {
    exec {PROBE[1]}>&-
    wait "${PROBE_PID:-}"
}

# figure ACCOUNT TRES FIELD [USER]: of the last answer to "usage"
figure() {
    local value
    value=$(sed -nE "s|.*\"account\":\"$1\",\"user\":\"${4:-}\",\"tres\":\"$2\".*\"$3\":([0-9]+).*|\\1|p" <<<"$ANSWER")
    echo "${value:-0}"
}
