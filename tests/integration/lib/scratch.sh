# SPDX-License-Identifier: GPL-2.0-or-later
# The private directory of one cluster. No process and no file of it outlives the test, also when the test is killed
# with SIGKILL (a reaper process watches the test and cleans up instead).
# Only processes started for this directory are ever killed: see scratch_pids.
# shellcheck shell=bash
# shellcheck disable=SC2013 # lists of pids have no spaces

CLUSTER_DIR=''

# scratch_new [DIR]: makes the directory (DIR must not exist yet), registers the clean-up. Sets CLUSTER_DIR.
scratch_new() {
    if [ $# -gt 0 ]; then
        { mkdir -p "$(dirname "$1")" && mkdir "$1"; } || bail "cannot make $1"
        CLUSTER_DIR=$(cd "$1" && pwd)
    else
        CLUSTER_DIR=$(mktemp -d "${TMPDIR:-/tmp}/sluice.XXXXXX") || bail "cannot make a private directory"
    fi
    chmod 755 "$CLUSTER_DIR" # test users go through it to work/
    mkdir "$CLUSTER_DIR"/{etc,log,run,spool,state,plugins,jobs}
    chmod 1777 "$CLUSTER_DIR/jobs"
    export SLUICE_TEST_DIR=$CLUSTER_DIR # the mark that all our processes carry
    trap scratch_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # -f and no mark: the reaper must survive any end of this script
    setsid -f env -u SLUICE_TEST_DIR bash "$HARNESS_LIB/reaper.sh" $$ "$CLUSTER_DIR" </dev/null >/dev/null 2>&1
}

# scratch_keep: keeps the cluster after the script (contrib/demo.sh --keep).
scratch_keep() {
    trap - EXIT INT TERM HUP
    scratch_reaper_off
}

scratch_reaper_off() {
    local pid
    wait_until 2 test -s "$CLUSTER_DIR/run/reaper.pid"
    pid=$(cat "$CLUSTER_DIR/run/reaper.pid" 2>/dev/null) && kill "$pid" 2>/dev/null
}

scratch_end() {
    local rc=$?
    trap - EXIT
    trap '' INT TERM HUP # a second ctrl-C must not interrupt the clean-up
    if [ -d "$CLUSTER_DIR" ]; then
        scratch_reaper_off
        scratch_clean "$CLUSTER_DIR"
    fi
    exit $rc
}

# scratch_clean DIR: saves the logs if the runner requests them (SLUICE_TEST_LOGS), kills the processes of DIR,
# frees its ports, removes DIR. SIGKILL is right here: no state is needed any more.
scratch_clean() {
    local dir=$1 pids try
    [ -d "$dir" ] || return 0
    if [ -n "${SLUICE_TEST_LOGS:-}" ]; then
        mkdir -p "$SLUICE_TEST_LOGS" && cp -r "$dir/log/." "$SLUICE_TEST_LOGS/" 2>/dev/null
    fi
    for try in {1..50}; do
        pids=$(scratch_pids "$dir")
        [ -n "$pids" ] || break
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null
        [ "$try" -eq 1 ] || sleep 0.1
    done
    ports_release "$dir"
    rm -rf "$dir" || { sleep 0.5 && rm -rf "$dir"; }
}

# scratch_pids DIR: processes started for DIR, by three marks: SLUICE_TEST_DIR=DIR in the environment they were
# started with; Slurm's children that overwrite it with their title (slurmstepd, slurmscriptd) by a file
# of DIR that they hold open; and the descendants of both (jobs without the mark).
scratch_pids() {
    local dir=$1 pid found=' ' more=1
    local -x SLUICE_TEST_DIR= # so that the programs below do not find themselves
    for pid in $(grep -lsFzx -- "SLUICE_TEST_DIR=$dir" /proc/[0-9]*/environ | cut -d/ -f3); do
        found+="$pid "
    done
    for pid in $(grep -lsE '^slurm' /proc/[0-9]*/comm | cut -d/ -f3); do
        [[ $found = *" $pid "* ]] && continue
        if find "/proc/$pid/fd" "/proc/$pid/cwd" -lname "$dir/*" 2>/dev/null | grep -q .; then found+="$pid "; fi
    done
    [ "$found" != ' ' ] || return 0
    while [ $more -eq 1 ]; do
        more=0
        while read -r pid parent; do
            if [[ $found = *" $parent "* && $found != *" $pid "* ]]; then
                found+="$pid " more=1
            fi
        done < <(sed -E 's/^([0-9]+) \(.*\) . ([0-9]+) .*/\1 \2/' /proc/[0-9]*/stat 2>/dev/null)
    done
    for pid in $found; do
        # a zombie has ended; its parent must collect it
        grep -qs '^State:.*Z' "/proc/$pid/status" || printf '%s ' "$pid"
    done
}
