# SPDX-License-Identifier: GPL-2.0-or-later
# Starting and stopping one daemon by its pid. Each daemon NAME has run/NAME.pid in the private directory,
# written by the daemon or by daemon_run.
# shellcheck shell=bash

# daemon_run NAME COMMAND...: starts a command that stays in the foreground, output to log/NAME.out.
# setsid: ctrl-C at the terminal reaches the script only, which then stops its daemons in order.
daemon_run() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$CLUSTER_DIR/log/$name.out" 2>&1 &
    echo $! >"$CLUSTER_DIR/run/$name.pid"
    disown
}

# daemon_fork NAME COMMAND...: starts a command that goes to the background and writes its own pid file.
daemon_fork() {
    local name=$1
    shift
    rm -f "$CLUSTER_DIR/run/$name.pid"
    setsid -w "$@" </dev/null >>"$CLUSTER_DIR/log/$name.out" 2>&1
}

daemon_pid() { cat "$CLUSTER_DIR/run/$1.pid" 2>/dev/null; }

daemon_alive() {
    local pid
    pid=$(daemon_pid "$1") && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

# A zombie counts as ended: the shell that started the process may be busy with the output of the shell that waits.
pid_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.*Z' "/proc/$1/status"; }

# daemon_stop NAME [SIGNAL] [SECONDS]: 0 when the process has ended (or did not exist); SIGKILL and 1 when it did not end in time.
daemon_stop() {
    local name=$1 pid
    pid=$(daemon_pid "$name")
    [ -n "$pid" ] || return 0
    kill -"${2:-TERM}" "$pid" 2>/dev/null
    if wait_until "${3:-20}" pid_gone "$pid"; then
        rm -f "$CLUSTER_DIR/run/$name.pid"
        return 0
    fi
    diag "$name (pid $pid) did not end by ${2:-TERM}"
    kill -KILL "$pid" 2>/dev/null
    rm -f "$CLUSTER_DIR/run/$name.pid"
    return 1
}

daemon_kill9() { daemon_stop "$1" KILL; }
