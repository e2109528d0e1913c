# SPDX-License-Identifier: GPL-2.0-or-later
# Waiting for a condition with a deadline: the only way in which tests wait, instead of a fixed sleep.
# shellcheck shell=bash

# wait_until SECONDS COMMAND...: 0 as soon as the command succeeds, 1 when the seconds (integer) are over.
# The command may be a function; its output is dropped. It is tried at least once.
wait_until() {
    local end=$((EPOCHSECONDS + $1 + 1))
    shift
    while :; do
        "$@" >/dev/null 2>&1 && return 0
        [ "$EPOCHSECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# wait_for_line SECONDS FILE ERE [FROM_LINE]: a line (after the first FROM_LINE ones) of a growing file matches.
wait_for_line() { wait_until "$1" line_in "$2" "$3" "${4:-0}"; }

line_in() { tail -n +"$((${3:-0} + 1))" "$1" 2>/dev/null | grep -Eq -- "$2"; }

# lines_of FILE: number of lines, 0 without the file: the mark for a later wait_for_line.
lines_of() { if [ -f "$1" ]; then wc -l <"$1"; else echo 0; fi; }

port_open() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
