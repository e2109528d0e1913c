#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All tests of Sluice from nothing, as root on a bare Debian 12: installs packages, builds a copy of the tree in a
# temporary folder, runs every step and counts. The tree itself, and the host but for packages, are left as they were.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=contrib/lib/packages.sh
. "$top/contrib/lib/packages.sh"
# shellcheck source=contrib/lib/tree.sh
. "$top/contrib/lib/tree.sh"

STEPS='packages tree format build unit integration distcheck attack tsan rpm deb matrix'
usage() {
    cat <<END
usage: contrib/test.sh [--unit] [--integration] [--matrix] [--only STEP[,STEP...]] [--skip STEP[,STEP...]] [--trial STEP[,STEP...]] [--keep] [-j N]
  steps: $STEPS
    packages     apt-get install what is missing (contrib/packages-debian.txt)
    tree         copy the tree, bootstrap
    format       clang-format-14, direction of includes, shell scripts
    build        gcc, warnings are errors          unit         make check on it
    integration  on private Slurm clusters         rpm, deb     packages: built, installed, upgraded, removed
    distcheck    from the tarball by clang 14, unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
    attack       hostile clients against the whole daemon of distcheck, and slurmctld with its plugin
    tsan         unit tests under ThreadSanitizer
    matrix       build, unit and integration tests on other releases of Slurm and Debian (contrib/matrix.sh)
  --unit         only what the unit tests need     --integration  only what the integration tests need
  --matrix       the matrix, too: beside the other steps from the begin on, as the integration tests from when they can
  --only, --skip choose steps (those they need are added)
  --trial        steps whose failure is reported but does not count
  --keep         keep the build folder and print its path
  -j N           parallel compilations and tests (default: CPUs)
Last line: "N passed, N failed". Exit status 1 if anything failed or is missing.
END
}

chosen=" ${STEPS/ matrix/} " trial='' keep=0 jobs=$(nproc)
choose() { chosen=" packages tree ${1//,/ } "; }
while [ $# -gt 0 ]; do
    case $1 in
        --unit) choose build,unit ;;
        --integration) choose build,integration ;;
        --matrix) chosen+='matrix ' ;;
        --only) choose "${2:?--only needs a step}" && shift ;;
        --skip) for step in ${2//,/ }; do chosen=${chosen/" $step "/ }; done && shift ;;
        --trial) trial=" ${2//,/ } " && shift ;;
        --keep) keep=1 ;;
        -j) jobs=${2:?-j needs a number} && shift ;;
        -j*) jobs=${1#-j} ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done
for step in $chosen $trial; do
    [[ " $STEPS " = *" $step "* ]] || { echo "test.sh: no step '$step'; there are: $STEPS" >&2 && exit 2; }
done
if [[ $chosen = *" unit "* || $chosen = *" integration "* ]] && [[ $chosen != *" build "* ]]; then chosen+='build '; fi
if [[ $chosen = *" attack "* && $chosen != *" distcheck "* ]]; then chosen+='distcheck '; fi

export LC_ALL=C CI=true # a skipped test is a missing part
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-test.XXXXXX") || exit 1
chmod 755 "$work"
declare -A aside=() # step -> process group of those that run beside the others
finish() {
    local group
    for group in "${aside[@]}"; do kill -- "-$group" && wait "$group"; done 2>/dev/null
    [ $keep -eq 1 ] && echo "kept: $work" && return
    chmod -R u+w "$work" # distcheck's copy is read-only when it was interrupted
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if command -v ccache >/dev/null; then
    CACHE='ccache '
    export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
else
    CACHE=''
fi

total_passed=0 total_failed=0 summary='' failures=''
# What a step sets: how many points it has. One that counts nothing is one point by its exit status; packages,
# tree and build are no tests and count only when they fail.
step_passed=0 step_failed=0

# perform STEP: in a subshell; what it came to, in one line of $work/STEP.result
perform() (
    trap - EXIT INT TERM
    begin=$EPOCHSECONDS self=$BASHPID step_passed=0 step_failed=0
    "step_$1" >"$work/$1.log" 2>&1 </dev/null
    rc=$?
    echo "$rc $step_passed $step_failed $((EPOCHSECONDS - begin)) $(cpu_seconds "$self")" >"$work/$1.result"
)

# CPU seconds of what a process has waited for: what a step costs whatever ran beside it, and on any number of CPUs.
cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ printf "%d", ($16 + $17) / hz }' "/proc/$1/stat"; }

# Beside the other steps, until run_step asks for it: tests on private clusters wait more than they compute.
start_aside() { # start_aside STEP
    [[ $chosen = *" $1 "* ]] || return 0
    echo "== $1, beside the next"
    set -m # a process group of its own, to be ended as a whole
    perform "$1" &
    aside[$1]=$!
    set +m
}

run_step() { # run_step STEP
    local name=$1 rc=1 seconds=0 cpu=0 word
    [[ $chosen = *" $name "* ]] || return 0
    echo "== $name"
    if [ -n "${aside[$name]:-}" ]; then
        wait "${aside[$name]}"
        unset "aside[$name]"
    else
        perform "$name"
    fi
    step_passed=0 step_failed=0
    read -r rc step_passed step_failed seconds cpu <"$work/$name.result"
    if [ $((step_passed + step_failed)) -eq 0 ] || { [ $rc -ne 0 ] && [ $step_failed -eq 0 ]; }; then
        if [ $rc -ne 0 ]; then
            step_failed=1
        elif [[ ' packages tree build ' != *" $name "* ]]; then
            step_passed=1
        fi
    fi
    word=ok
    if [ $step_failed -gt 0 ] && [[ $trial = *" $name "* ]]; then
        word=trial
        show_failure "$name" | sed 's/^/on trial: /'
        echo "on trial: $step_failed failed, which does not count"
        step_failed=0
    elif [ $step_failed -gt 0 ]; then
        word=FAILED
        show_failure "$name"
        failures+=$(causes "$name")$'\n'
    fi
    total_passed=$((total_passed + step_passed)) total_failed=$((total_failed + step_failed))
    summary+=$(printf '%-12s %-6s %5d passed %4d failed %5d s %5d s CPU' "$name" $word $step_passed $step_failed \
        "$seconds" "$cpu")$'\n'
    forget "$name"
    [ $word = ok ]
}

# What a step built takes gigabytes, and a machine may have few: it goes when no later step reads it.
forget() { # forget STEP
    [ $keep -eq 0 ] || return 0
    case $1 in
        integration) set -- build ;;
        distcheck) set -- dist ;;
        attack) set -- sanitized ;;
        tsan) ;;
        *) return 0 ;;
    esac
    chmod -R u+w "${work:?}/$1" # distcheck's copy is read-only when it was interrupted
    rm -rf "${work:?}/$1"
} 2>/dev/null

show_failure() { # show_failure STEP: what went wrong, at a readable length
    local log
    while read -r log; do
        echo "--- ${log#"$work"/}"
        grep -vE '^\[( RUN  |   OK | *OK)' "$log" | tail -n 60
    done < <(cat "$work/failed-logs.$1" 2>/dev/null)
    echo "--- end of step $1; left on this machine:"
    df -h "$work" | tail -n 1
    free -m | sed -n 's/^Mem: */memory, MiB: /p'
    if [[ ' integration attack matrix ' = *" $1 "* ]]; then
        cat "$work/$1.log" # its runner was brief already
    else
        grep -n -m 10 -E '(error|Error|FAIL)' "$work/$1.log"
        tail -n 40 "$work/$1.log"
    fi
}

# causes STEP: the few lines that say what failed; shown once more at the very end, which is what is read first
causes() {
    local log
    while read -r log; do
        echo "$1: ${log##*/}"
        grep -m 5 -hE '^(not ok|WARNING: ThreadSanitizer|SUMMARY: |\[ *FAILED|.*(runtime error|Assertion))' "$log" | sed 's/^/    /'
    done < <(cat "$work/failed-logs.$1" 2>/dev/null)
    grep -m 5 -hE '^FAIL |^ *not ok |: (fatal )?error: |^make.*\*\*\*|time limit of' "$work/$1.log" | sed "s/^/$1: /"
} | cut -c 1-200

step_packages() {
    local groups='build cluster integration check'
    [[ $chosen != *' rpm '* && $chosen != *' deb '* ]] || groups+=' package'
    [[ $chosen != *' matrix '* ]] || groups+=' matrix'
    # shellcheck disable=SC2086
    packages_install $groups
}

step_tree() { tree_copy "$top" "$work/src" && cd "$work/src" && ./bootstrap; }

step_format() {
    local rc=0
    cd "$top" && tests/check-includes.sh || rc=1 # here, where git lists the files
    cd "$work/src" || return 1
    find common plugin daemon waldur cli tests \( -name '*.cpp' -o -name '*.hpp' -o -name '*.c' -o -name '*.h' \) -print0 |
        xargs -0 -r clang-format-14 --dry-run -Werror || rc=1
    find contrib tests .ci -name '*.sh' -o -name '*.t' -o -path .ci/run -o -path tests/integration/run | while read -r file; do
        bash -n "$file" || exit 1
    done || rc=1
    return $rc
}

# Optimised, as packages are: gcc finds some faults only then.
step_build() {
    mkdir "$work/build" && cd "$work/build" &&
        ../src/configure --enable-unity --disable-dependency-tracking CC="${CACHE}gcc" CXX="${CACHE}g++" CXXFLAGS='-O2 -g1' \
            --enable-warnings=error && make -j"$jobs" all
}

# The tests themselves not optimised: half of what there is to compile.
step_unit() { SLUICE_EVERY_SEED=1 checked unit build make CXXFLAGS='-O0 -g0'; }

# checked STEP FOLDER MAKE...: make check there, counted; a test program without a number counts as one point
checked() {
    cd "$work/$2" || return 1
    "${@:3}" -j"$jobs" -k check
    local rc=$? trs log result points
    : >"$work/failed-logs.$1"
    while read -r trs; do
        log=${trs%.trs}.log
        result=$(sed -n 's/^:global-test-result: //p' "$trs")
        points=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
        [ "$result" != PASS ] || [ "$points" -gt 0 ] || points=1
        step_passed=$((step_passed + points))
        [ "$result" = PASS ] && continue
        points=$(sed -nE 's/^\[  FAILED  \].*[^0-9]([0-9]+) test\(s\).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
        step_failed=$((step_failed + (points > 0 ? points : 1)))
        echo "$log" >>"$work/failed-logs.$1"
    done < <(find . -name '*.trs' ! -path './sluice-*')
    return $rc
}

step_integration() {
    make -C "$work/build" -j"$jobs" integration-programs || return 1
    SLUICE_BUILD=$work/build counted "$work/src/tests/integration/run" -a -j $((jobs + 1)) -l "$work/integration"
}

# What distcheck has built and kept; the tests wait more than they compute.
step_attack() {
    SLUICE_BUILD=$work/sanitized counted "$work/src/tests/integration/run" -a -j $((jobs + 1)) -l "$work/attack" "$work/src/tests/attack"
}

# The one build without --enable-unity: it shows a missing #include, and that the tests pass either way.
step_tsan() {
    mkdir "$work/tsan" && cd "$work/tsan" || return 1
    ../src/configure --disable-dependency-tracking CC="${CACHE}gcc" CXX="${CACHE}g++" CFLAGS='-O0 -g1' CXXFLAGS='-O0 -g1' \
        --enable-warnings=error --enable-sanitize=thread &&
        checked tsan tsan fixed_addresses make || return 1
    step_passed=0 # the same tests once more: they count once, as a whole
}

# ThreadSanitizer of gcc 12 does not start where the kernel spreads addresses over more bits than it knows.
fixed_addresses() { if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi; }

# The tarball's build, and that by the other compiler, and that under sanitizers: the same tests once more each, so one
# build is all three.
step_distcheck() {
    local flags='-O0 -g1' switches='--enable-unity --disable-dependency-tracking --enable-sanitize=address,undefined'
    mkdir "$work/dist" && cd "$work/dist" || return 1
    # in the environment, so that the configure of the unpacked tarball gets them too
    export CC="${CACHE}clang-14" CXX="${CACHE}clang++-14" SLUICE_KEEP=$work/sanitized
    # shellcheck disable=SC2086
    ../src/configure CFLAGS="$flags" CXXFLAGS="$flags" $switches && make -j"$jobs" distcheck VERBOSE=1 \
        DISTCHECK_CONFIGURE_FLAGS="CFLAGS='$flags' CXXFLAGS='$flags' $switches"
}

step_rpm() { counted timeout -k 10 1500 "$work/src/tests/packaging/rpm.sh"; }
step_deb() { counted timeout -k 10 1500 "$work/src/tests/packaging/deb.sh"; }
step_matrix() { counted "$top/contrib/matrix.sh" -j 1; }

# counted COMMAND...: its last line is "N passed, N failed"
counted() {
    local line out
    out=$(mktemp "$work/counted.XXXXXX")
    "$@" | tee "$out"
    line=$(tail -n 1 "$out")
    [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || return 1
    step_passed=${BASH_REMATCH[1]} step_failed=${BASH_REMATCH[2]}
    [ "$step_failed" -eq 0 ]
}

echo "Sluice tests in $work on $jobs CPUs; $(date -u +%H:%M:%S) UTC"
begin=$EPOCHSECONDS
# The packages first: much of their making keeps one CPU busy, and now others have work for the rest.
later='rpm deb distcheck attack tsan'
if run_step packages && run_step tree; then
    start_aside matrix
    run_step format
    if run_step build; then
        run_step unit
        start_aside integration
        later+=' integration'
    fi
    for step in $later matrix; do run_step "$step"; done
fi

echo
printf '%s' "$summary"
for step in $chosen; do
    # a step that an earlier failure kept from running is a failure too
    [[ $summary = "$step "* || $summary = *$'\n'"$step "* ]] || { echo "$step  not run" && total_failed=$((total_failed + 1)); }
done
for step in $STEPS; do
    [[ $chosen = *" $step "* ]] || echo "$step  not chosen"
done
printf '%s' "$failures"
printf '%d min %d s, %d min CPU on %d CPUs\n' $(((EPOCHSECONDS - begin) / 60)) $(((EPOCHSECONDS - begin) % 60)) \
    $(($(cpu_seconds $$) / 60)) "$(nproc)"
echo "$total_passed passed, $total_failed failed"
[ $total_failed -eq 0 ]
