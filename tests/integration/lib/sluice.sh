# SPDX-License-Identifier: GPL-2.0-or-later
# Sluice on the private cluster: where its built parts are, its plugin in slurmctld, its daemon, its command.
# Parts come from SLUICE_BUILD (a build folder), else from SLUICE_PLUGIN, SLUICED and SLUICE (paths), else from
# the installed system. The text of the daemon's settings is each test's own matter.
# shellcheck shell=bash
# shellcheck disable=SC2034

# sluice_find NAME: path of sluiced, sluice or job_submit_sluice.so
sluice_find() {
    local name=$1 given=''
    case $name in
        sluiced) given=${SLUICED:-} ;;
        sluice) given=${SLUICE:-} ;;
        *.so) given=${SLUICE_PLUGIN:-} ;;
    esac
    [ -z "$given" ] || { echo "$given" && return 0; }
    if [ -n "${SLUICE_BUILD:-}" ]; then
        # libtool keeps the plugin in .libs; a program may be its wrapper script, which execs the real one
        case $name in
            *.so) name=.libs/$name ;;
        esac
        [ -e "$SLUICE_BUILD/$name" ] && echo "$SLUICE_BUILD/$name"
        return
    fi
    case $name in
        *.so) [ -e "$(slurm_plugin_dir)/$name" ] && echo "$(slurm_plugin_dir)/$name" ;;
        *) command -v "$name" ;;
    esac
}

# sluice_needed: skips the whole script where Sluice was not built
sluice_needed() {
    local part
    for part in sluiced sluice job_submit_sluice.so; do
        sluice_find "$part" >/dev/null || skip_all "$part is not built (SLUICE_BUILD=${SLUICE_BUILD:-unset})"
    done
}

# sluice_install: call between cluster_prepare and cluster_start. Copies the plugin, so that a rebuild does not
# change the file under a running slurmctld, and writes sluice.conf; further lines of it are the arguments.
sluice_install() {
    local plugin
    plugin=$(sluice_find job_submit_sluice.so) || bail 'job_submit_sluice.so is not built'
    cp "$plugin" "$CLUSTER_DIR/plugins/"
    CLUSTER_JOB_SUBMIT=sluice # read by slurm_conf_write
    slurm_conf_write
    sluice_conf "Daemon=127.0.0.1:$PORT_GATE" "$@"
}

# sluice_conf LINE...: the plugin's settings, beside slurm.conf
sluice_conf() { printf '%s\n' "$@" >"$CLUSTER_DIR/etc/sluice.conf"; }

# sluice_cluster_up [LINE of sluice.conf...]: cluster_up with the plugin in slurmctld
sluice_cluster_up() {
    sluice_needed
    cluster_prepare
    sluice_install "$@"
    cluster_start || cluster_failed
}

# sluiced_start CONFIG [ARGS...]: CONFIG is a file, or - for standard input; 0 when its socket answers
sluiced_start() {
    local config=$1 program
    shift
    if [ "$config" = - ]; then
        config=$CLUSTER_DIR/etc/sluiced.yaml
        cat >"$config"
    fi
    program=$(sluice_find sluiced) || return 1
    rm -f "$CLUSTER_DIR/run/sluiced.sock"
    export SLUICE_SOCKET=$CLUSTER_DIR/run/sluiced.sock
    daemon_run sluiced "$program" -D -f "$config" "$@"
    wait_until 15 sluiced_answers_or_died
    sluiced_answers
}
sluiced_answers() { daemon_alive sluiced && [ -S "$SLUICE_SOCKET" ] && sluice_cli gate; }
sluiced_answers_or_died() { ! daemon_alive sluiced || sluiced_answers; }
sluiced_stop() { daemon_stop sluiced TERM 10; }
sluiced_kill9() { daemon_kill9 sluiced; }
sluiced_log() { echo "$CLUSTER_DIR/log/sluiced.out"; }

# sluice_cli ARGS...: the command line against the private daemon, as root or under `as USER`
sluice_cli() { "$(sluice_find sluice)" "$@"; }
