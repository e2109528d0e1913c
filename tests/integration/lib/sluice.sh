# SPDX-License-Identifier: GPL-2.0-or-later
# Sluice on the private cluster: its built programs, its plugin in slurmctld, sluiced, the sluice command.
# Programs come from SLUICE_BUILD (a build folder), else from SLUICE_PLUGIN, SLUICED and SLUICE (paths), else from
# the installed system. Each test writes its own settings of sluiced.
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
        # libtool keeps the plugin in .libs; a program may be a libtool wrapper that executes the real one
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

# sluice_needed: skips the whole script when Sluice is not built
sluice_needed() {
    local part
    for part in sluiced sluice job_submit_sluice.so; do
        sluice_find "$part" >/dev/null || skip_all "$part is not built (SLUICE_BUILD=${SLUICE_BUILD:-unset})"
    done
}

# False after configure --disable-waldur.
sluiced_has_waldur() { ! "$(sluice_find sluiced)" --version | grep -q 'without Waldur'; }

# sluice_install: call between cluster_prepare and cluster_start. Copies the plugin, so that a rebuild does not
# change the file under a running slurmctld, and writes sluice.conf; the arguments are further lines of sluice.conf.
sluice_install() {
    local plugin
    plugin=$(sluice_find job_submit_sluice.so) || bail 'job_submit_sluice.so is not built'
    cp "$plugin" "$CLUSTER_DIR/plugins/"
    CLUSTER_JOB_SUBMIT=sluice # read by slurm_conf_write
    slurm_conf_write
    sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" "$@"
}

# sluice_conf LINE...: writes the plugin's settings, next to slurm.conf
sluice_conf() { printf '%s\n' "$@" >"$CLUSTER_DIR/etc/sluice.conf"; }

# sluice_cluster_up [LINE of sluice.conf...]: cluster_up with the plugin in slurmctld
sluice_cluster_up() {
    sluice_needed
    cluster_prepare
    sluice_install "$@"
    cluster_start || cluster_failed
}

# sluiced_start CONFIG [ARGS...]: CONFIG is a file, or - for standard input; 0 when sluiced responds at its socket
sluiced_start() {
    local config=$1 program
    shift
    if [ "$config" = - ]; then
        config=$CLUSTER_DIR/etc/sluiced.yaml
        cat >"$config"
    fi
    program=$(sluice_find sluiced) || return 1
    rm -f "$SLUICE_SOCKET"
    daemon_run sluiced "$program" -D -f "$config" "$@"
    wait_until 15 sluiced_answers_or_died
    sluiced_answers
}
sluiced_answers() { daemon_alive sluiced && [ -S "$SLUICE_SOCKET" ] && sluice_cli plugins; }
sluiced_answers_or_died() { ! daemon_alive sluiced || sluiced_answers; }
sluiced_stop() { daemon_stop sluiced TERM 20; }
sluiced_kill9() { daemon_kill9 sluiced; }
sluiced_log() { echo "$CLUSTER_DIR/log/sluiced.out"; }

# sluice_cli ARGS...: the sluice command with the private sluiced, as root or with `as USER`
sluice_cli() { "$(sluice_find sluice)" "$@"; }

# --- settings and evaluations. A test gives allocations and policy; the rest is the same for all tests.

# sluiced_settings: writes sluiced.yaml; components, accounts and policies come from standard input. The interval
# is long (SLUICED_INTERVAL to change it): evaluate_now makes the evaluations, so a test knows which evaluation it checks.
sluiced_settings() {
    local file=$CLUSTER_DIR/etc/sluiced.yaml
    mkdir -p "$CLUSTER_DIR/journal"
    {
        cat <<END
interval: ${SLUICED_INTERVAL:-1h}
timezone: ${SLUICED_ZONE:-UTC}
contact: hpc-admin@example.org
socket: $CLUSTER_DIR/run/sluiced.sock
journal: $CLUSTER_DIR/journal/sluice.db
munge_socket: $CLUSTER_DIR/run/munge.sock
plugin_server: {listen: ${SLUICED_LISTEN:-"127.0.0.1:$PORT_PLUGINS"}${SLUICED_PLUGIN_SERVER:-}}
END
        cat
    } >"$file.new" && mv "$file.new" "$file"
}

sluiced_restart() { sluiced_start "$CLUSTER_DIR/etc/sluiced.yaml"; }

# lone_clock: a library to preload for a sluiced with libfaketime: hides the time of slurmctld, which keeps the real
# time.
lone_clock() {
    local library=$CLUSTER_DIR/run/lone-clock.so
    [ -e "$library" ] || ${CC:-cc} -shared -fPIC -o "$library" -x c - <<'END' || return 1
int slurm_get_statistics(void **answer, void *request) { (void)request; *answer = 0; return -1; }
END
    echo "$library"
}

# ahead_of BOUNDARY PREPARE LOOK: a sluiced whose clock begins some seconds before BOUNDARY (UTC), and LOOK done while its
# clock is still before. Where the machine is too slow for that, once more with more seconds. PREPARE (settings, journal) runs
# before each try; after a try that was too slow its sluiced still runs. Needs sluiced_at TIME. Sets BOUNDARY_AT: when the
# boundary comes, by the clock of the test; so not to be run by `ok`, whose commands have a subshell.
ahead_of() {
    local seconds
    for seconds in 5 20 80 320; do
        eval "$2" >/dev/null 2>&1
        BOUNDARY_AT=$((EPOCHSECONDS + seconds))
        sluiced_at "$(date -d "$1 UTC -$seconds seconds" '+%F %T')" >/dev/null 2>&1 && eval "$3" >/dev/null 2>&1 &&
            [ "$EPOCHSECONDS" -lt $((BOUNDARY_AT - 1)) ] && return 0
        diag "too slow for $seconds s before $1"
    done
    return 1
}

# sluiced_up: settings from standard input; sluiced has started and evaluated, and the plugin has the snapshot
sluiced_up() {
    sluiced_settings && sluiced_restart && wait_until 15 evaluate_now && return
    tail -n 5 "$(sluiced_log)"
    return 1
}

# sluiced_reload: SIGHUP; 0 when sluiced loaded the file, 1 when sluiced refused the file (or is away)
sluiced_reload() {
    local log mark pid
    log=$(sluiced_log)
    mark=$(lines_of "$log")
    pid=$(daemon_pid sluiced) && kill -HUP "$pid" || return 1
    wait_for_line 10 "$log" ' settings-(loaded|refused)' "$mark" && line_in "$log" ' settings-loaded' "$mark"
}

# sluiced_regrant: new settings from standard input; sluiced has loaded and evaluated them, and the plugin has the snapshot
sluiced_regrant() { sluiced_settings && sluiced_reload && evaluate_now; }

# evaluate_now [ACCOUNT...]: one evaluation; the plugin has its snapshot
evaluate_now() { sluice_cli evaluate "$@" && wait_until 10 plugin_current; }

# plugin_current: at least one plugin is connected and all plugins have the newest snapshot
plugin_current() {
    local behind
    behind=$(sluice_cli plugins -Q -n -P --format=behind) && [ -n "$behind" ] && ! grep -qvx 0 <<<"$behind"
}

# status_field ACCOUNT FIELDS: of the account's first component
status_field() { sluice_cli status -Q -n -P --format="$2" "$1" | head -n 1; }
standing_is() { [ "$(status_field "$1" standing)" = "$2" ]; }        # standing_is ACCOUNT WORD
evaluation_makes() { evaluate_now && standing_is "$1" "$2"; }                  # evaluation_makes ACCOUNT WORD: for eventually
plugin_field() { sluice_cli plugins -Q -n -P --format="$1" | head -n 1; } # of the first plugin

slurmctld_log() { echo "$CLUSTER_DIR/log/slurmctld.log"; }
