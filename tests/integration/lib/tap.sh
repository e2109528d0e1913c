# SPDX-License-Identifier: GPL-2.0-or-later
# TAP output for test scripts: one call prints one point, its name first. A name says by itself what broke: subject, verb,
# object; for `fails`, what must be refused. A failed point never stops a script (bail does, where no later point makes sense).
# shellcheck shell=bash

TAP_POINTS=0
TAP_FAILED=0
# What the last command run by run/ok/fails printed (stdout and stderr together), and its exit status.
OUT=''
RC=0

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

tap_point() { # tap_point 0|1 NAME
    TAP_POINTS=$((TAP_POINTS + 1))
    if [ "$1" -eq 0 ]; then
        printf 'ok %d - %s\n' "$TAP_POINTS" "$2"
    else
        TAP_FAILED=$((TAP_FAILED + 1))
        printf 'not ok %d - %s\n' "$TAP_POINTS" "$2"
        diag "failed at ${BASH_SOURCE[2]##*/} line ${BASH_LINENO[1]}"
    fi
}

# run COMMAND...: runs it (functions too) and keeps OUT and RC; makes no point.
run() {
    OUT=$("$@" 2>&1)
    RC=$?
    diag "\$ $*"
    [ -z "$OUT" ] || diag "$OUT"
    diag "exit $RC"
}

ok() { # ok NAME COMMAND...: the command succeeds
    local name=$1
    shift
    run "$@"
    tap_point $((RC != 0)) "$name"
}

must() { # must NAME COMMAND...: as ok, but a failure ends the script
    ok "$@"
    [ "$RC" -eq 0 ] || bail "$1: failed"
}

fails() { # fails NAME COMMAND...: the command ends with an exit status other than 0
    local name=$1
    shift
    run "$@"
    tap_point $((RC == 0)) "$name"
}

is() { # is NAME GOT WANT
    if [ "$2" = "$3" ]; then
        tap_point 0 "$1"
    else
        tap_point 1 "$1"
        diag "got:  $2"
        diag "want: $3"
    fi
}

isnt() { # isnt NAME GOT UNWANTED
    if [ "$2" != "$3" ]; then
        tap_point 0 "$1"
    else
        tap_point 1 "$1"
        diag "got what was not wanted: $2"
    fi
}

like() { # like NAME TEXT ERE
    if [[ $2 =~ $3 ]]; then
        tap_point 0 "$1"
    else
        tap_point 1 "$1"
        diag "text:  $2"
        diag "lacks: $3"
    fi
}

unlike() { # unlike NAME TEXT ERE
    if [[ $2 =~ $3 ]]; then
        tap_point 1 "$1"
        diag "text: $2"
        diag "has:  $3"
    else
        tap_point 0 "$1"
    fi
}

eventually() { # eventually NAME SECONDS COMMAND...: the command succeeds within SECONDS
    local name=$1 seconds=$2
    shift 2
    if wait_until "$seconds" "$@"; then
        tap_point 0 "$name"
    else
        tap_point 1 "$name"
        diag "not within $seconds s: $*"
        run "$@"
    fi
}

skip() { # skip NAME REASON
    TAP_POINTS=$((TAP_POINTS + 1))
    printf 'ok %d - %s # SKIP %s\n' "$TAP_POINTS" "$1" "$2"
}

skip_all() { # skip_all REASON: skips the whole script
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

# Every script ends with done_testing: without the plan line the runner counts the script as failed.
done_testing() {
    printf '1..%d\n' "$TAP_POINTS"
    exit $((TAP_FAILED != 0))
}

bail() { # bail REASON: ends the script at once; the exit trap cleans up
    printf 'Bail out! %s\n' "$*"
    exit 1
}
