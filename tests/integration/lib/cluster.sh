# SPDX-License-Identifier: GPL-2.0-or-later
# A complete private cluster: munged, MariaDB, slurmdbd, slurmctld and one slurmd for each virtual node. A test can start, stop
# and kill each of them. Several clusters may run on one host.
# shellcheck shell=bash
# shellcheck disable=SC2119,SC2120 # optional arguments of functions that other files call

# cluster_up [DIR]: from nothing to idle nodes. Ends the script when the cluster does not come up.
cluster_up() {
    cluster_prepare "$@"
    cluster_start || cluster_failed
}

# cluster_prepare [DIR]: directory, ports and configuration files; nothing is started.
cluster_prepare() {
    local missing
    missing=$(harness_missing)
    [ -z "$missing" ] || skip_all "not on this host: $missing"
    ulimit -c 0 # a changed pid shows a crash; core files are not needed
    scratch_new "$@"
    ports_new
    slurm_conf_write
    export SLUICE_SOCKET=$CLUSTER_DIR/run/sluiced.sock
    cluster_env >"$CLUSTER_DIR/env"
}

# cluster_start [ARGS of slurmctld...]
cluster_start() {
    munged_start && database_ready && slurmdbd_start && slurmctld_start "$@" && slurmd_start && cluster_wait_idle
}

cluster_failed() {
    local log
    for log in "$CLUSTER_DIR"/log/{munged.log,mariadb.out,sacctmgr.out,slurmdbd.log,slurmctld.out,slurmctld.log,slurmd.n1.log}; do
        [ ! -s "$log" ] || diag "${log##*/}: $(tail -n 8 "$log")"
    done
    bail 'the cluster did not come up'
}

# cluster_env: lines for an interactive shell that uses the cluster
cluster_env() {
    echo "export SLURM_CONF=$CLUSTER_DIR/etc/slurm.conf SLUICE_SOCKET=$CLUSTER_DIR/run/sluiced.sock"
}

# cluster_halt: stops all daemons in order, slurmd first, as at a site
cluster_halt() {
    local rc=0
    slurmd_stop || rc=1
    slurmctld_stop || rc=1
    slurmdbd_stop || rc=1
    mariadb_stop || rc=1
    munged_stop || rc=1
    return $rc
}

# --- munged
munged_start() {
    local dir=$CLUSTER_DIR
    [ -f "$dir/etc/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$dir/etc/munge.key")
    # --force: munged refuses a world-writable parent folder such as /tmp
    daemon_fork munged munged --force --key-file="$dir/etc/munge.key" --socket="$dir/run/munge.sock" \
        --pid-file="$dir/run/munged.pid" --log-file="$dir/log/munged.log" --seed-file="$dir/run/munge.seed"
}
munged_stop() { daemon_stop munged; }
munged_kill9() { daemon_kill9 munged && rm -f "$CLUSTER_DIR"/run/munge.sock{,.lock}; }

# --- slurmdbd
slurmdbd_start() {
    ! daemon_alive slurmdbd || return 0
    daemon_fork slurmdbd slurmdbd && wait_until 30 slurmdbd_answers
}
slurmdbd_answers() { port_open "$PORT_DBD" && timeout 60 sacctmgr -n list cluster; }
slurmdbd_stop() { daemon_stop slurmdbd TERM 30; }
slurmdbd_kill9() { daemon_kill9 slurmdbd; }
slurmdbd_restart() { slurmdbd_stop && slurmdbd_start; }

# --- slurmctld
CLUSTER_SLURMCTLD_ENV=() # NAME=VALUE words for the environment of slurmctld only
# slurmctld_start [-D] [ARGS...]: with -D a foreground process of this script, otherwise a daemon as at a site
slurmctld_start() {
    if [ "${1:-}" = -D ]; then
        (cd "$CLUSTER_DIR/state" && daemon_run slurmctld env "${CLUSTER_SLURMCTLD_ENV[@]}" slurmctld "$@")
    else
        (cd "$CLUSTER_DIR/state" && daemon_fork slurmctld env "${CLUSTER_SLURMCTLD_ENV[@]}" slurmctld "$@") || return 1
    fi
    wait_until 30 slurmctld_answers
}
slurmctld_answers() { daemon_alive slurmctld && timeout 60 scontrol ping | grep -q ' UP'; }
slurmctld_stop() { daemon_stop slurmctld TERM 30; }
# A child of slurmctld may hold the port for a moment longer.
slurmctld_kill9() {
    daemon_kill9 slurmctld && wait_at_most 10 ctld_port_closed && state_repaired "$CLUSTER_DIR/state"
}
ctld_port_closed() { ! port_open "$PORT_CTLD"; }
# state_repaired FOLDER: killed between the two renames of a save, slurmctld leaves X.new and X.old but no X, and 26.05 then
# refuses to start. No test is about this.
state_repaired() {
    local file
    for file in "$1"/*.new; do
        [ ! -e "$file" ] || [ -e "${file%.new}" ] || mv "$file" "${file%.new}" || return 1
    done
}
slurmctld_restart() { slurmctld_stop && slurmctld_start "$@"; }

# --- slurmd
cluster_nodes() { seq -f 'n%g' 1 "${CLUSTER_NODES:-4}"; }

slurmd_start() { # slurmd_start [NODE...]
    local node nodes=()
    [ $# -gt 0 ] || mapfile -t nodes < <(cluster_nodes)
    for node in "$@" "${nodes[@]}"; do
        mkdir -p "$CLUSTER_DIR/spool/$node"
        daemon_fork "slurmd.$node" slurmd -N "$node" || return 1
    done
}
slurmd_stop() { # slurmd_stop [NODE...]; in parallel, each takes seconds
    local node nodes=() pids=() pid rc=0
    [ $# -gt 0 ] || mapfile -t nodes < <(cluster_nodes)
    for node in "$@" "${nodes[@]}"; do
        daemon_stop "slurmd.$node" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || rc=1; done
    return $rc
}

cluster_wait_idle() { wait_until 30 cluster_idle; }
cluster_idle() {
    [ "$(timeout 60 sinfo -h -N -p main -o %T | grep -cx idle)" -eq "${CLUSTER_NODES:-4}" ]
}

# --- jobs
# job_state ID: state by slurmctld, or by slurmdbd after slurmctld has purged the job
job_state() {
    local state
    state=$(timeout 60 scontrol show job "$1" 2>/dev/null | sed -nE 's/.*JobState=([A-Z_]+).*/\1/p' | head -n 1)
    [ -n "$state" ] || state=$(timeout 60 sacct -X -n -P -j "$1" -o state)
    echo "$state"
}
job_is() { [ "$(job_state "$1")" = "$2" ]; } # job_is ID STATE
