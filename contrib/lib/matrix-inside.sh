#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matrix-inside.sh SLURM MARIADB JOBS STEPS [TEST...]: what contrib/matrix.sh runs within a Debian root: builds /tmp/src, tests it, counts.
# It installs nothing, and expects the private namespaces that chroot_enter makes.
set -u
slurm=$1 mariadb=$2 jobs=$3 steps=" $4 "
shift 4
passed=0 failed=0
logs=/tmp/logs
mkdir -p $logs
export CCACHE_DIR=/tmp/ccache CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime

note() { echo "-- $* ($SECONDS s)"; }
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && exit 0
    exit 1
}
fatal() { # fatal WORD: the end of a step's log, and no more steps
    note "$1 FAILED"
    grep -E 'error[: ]' "$logs/$1.log" | head -n 40
    echo '...'
    tail -n 60 "$logs/$1.log"
    failed=$((failed + 1))
    finish
}

note "$(slurmctld -V), $(mariadbd --version | grep -o 'Ver [^ ]*'), $(g++ --version | head -n 1), cmocka $(pkg-config --modversion cmocka)"
{ [[ $(slurmctld -V) = *" $slurm."* ]] && [[ $(mariadbd --version) = *" $mariadb."* ]]; } >$logs/releases.log ||
    { echo "wanted are Slurm $slurm and MariaDB $mariadb" >$logs/releases.log && fatal releases; }
(cd /tmp/src && ./bootstrap) >$logs/bootstrap.log 2>&1 || fatal bootstrap
mkdir -p /tmp/build && cd /tmp/build || exit 1
switches=(--enable-unity --disable-dependency-tracking CC='ccache gcc' CXX='ccache g++' CFLAGS='-O0 -g0' CXXFLAGS='-O0 -g0'
    --enable-warnings=error)
../src/configure "${switches[@]}" >$logs/configure.log 2>&1 || fatal configure
make -k -j"$jobs" all >$logs/build.log 2>&1 || fatal build
passed=$((passed + 1))
note 'built without warnings'

unit() {
    local trs log points result
    make -j"$jobs" -k check >$logs/unit.log 2>&1 || [ -n "$(find . -name '*.trs')" ] || fatal unit
    ! grep -q ' error: ' $logs/unit.log || fatal unit
    while read -r trs; do
        log=${trs%.trs}.log
        result=$(sed -n 's/^:global-test-result: //p' "$trs")
        points=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
        if [ "$result" = PASS ]; then
            passed=$((passed + (points > 0 ? points : 1)))
        else
            failed=$((failed + 1)) passed=$((passed + points))
            note "$result ${trs%.trs}"
            grep -vE '^\[( RUN  |   OK | *OK)' "$log" | tail -n 40
        fi
    done < <(find . -name '*.trs')
    note "unit tests: $passed passed, $failed failed so far"
}

# The ccache has all but the units that know of the difference.
without_waldur() {
    mkdir -p /tmp/without-waldur && cd /tmp/without-waldur || exit 1
    ../src/configure "${switches[@]}" --disable-waldur >$logs/configure-without-waldur.log 2>&1 || fatal configure-without-waldur
    make -j"$jobs" -k all check >$logs/without-waldur.log 2>&1 || fatal without-waldur
    passed=$((passed + 1))
    note 'built without Waldur, its unit tests pass'
    cd /tmp/build || exit 1
}

integration() {
    local line
    make -j"$jobs" integration-programs >$logs/programs.log 2>&1 || fatal programs
    SLUICE_BUILD=/tmp/build /tmp/src/tests/integration/run -a -j $((jobs + 1)) -l $logs/integration "$@" >$logs/run.log 2>&1
    cat $logs/run.log
    line=$(tail -n 1 $logs/run.log)
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
    else
        failed=$((failed + 1))
    fi
    note 'integration tests'
}

if [[ $steps = *' unit '* ]]; then unit; fi
if [[ $steps = *' without-waldur '* ]]; then without_waldur; fi
if [[ $steps = *' integration '* ]]; then integration "$@"; fi
finish
