#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sluice on other Slurm releases than this host's: builds a copy of the tree in Debian roots with their compilers, and
# runs the unit and the integration tests there. The roots are made once and kept; tests never change them.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=contrib/lib/packages.sh
. "$top/contrib/lib/packages.sh"
# shellcheck source=contrib/lib/tree.sh
. "$top/contrib/lib/tree.sh"
# shellcheck source=contrib/lib/chroot.sh
. "$top/contrib/lib/chroot.sh"

SUITES='trixie forky'
# What each is there for: a release that moved on is not tested without notice.
declare -A SLURM=([trixie]=24.11 [forky]=26.05)
MARIADB=11.8
STEPS='build unit without-waldur integration'
usage() {
    cat <<END
usage: contrib/matrix.sh [--suite SUITE]... [--only STEP[,STEP...]] [--prepare] [--keep] [-j N] [-- TEST...]
  --suite     trixie or forky (default: both, side by side)
  --only      of: $STEPS (build is always done; without-waldur is the unit tests after
              configure --disable-waldur, on trixie only)
  --prepare   make the roots and nothing else
  --keep      keep the working folders and print their paths
  -j N        parallel compilations and tests of each suite (default: CPUs divided by suites)
  TEST        the integration tests to run (default: all)
As root. SLUICE_MATRIX_CACHE (default /var/cache/sluice-matrix) keeps the roots, 1.2 GB each.
Last lines: "SUITE: N passed, N failed" for each, then "N passed, N failed". Exit status 1 if anything failed.
END
}

suites='' only=$STEPS prepare=0 keep=0 jobs=''
while [ $# -gt 0 ]; do
    case $1 in
        --suite) suites+=" ${2:?--suite needs a name}" && shift ;;
        --only) only=${2//,/ } && shift ;;
        --prepare) prepare=1 ;;
        --keep) keep=1 ;;
        -j) jobs=${2:?-j needs a number} && shift ;;
        -j*) jobs=${1#-j} ;;
        -h | --help) usage && exit 0 ;;
        --) shift && break ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done
tests=("$@")
suites=${suites:-$SUITES}
for suite in $suites; do
    [[ " $SUITES " = *" $suite "* ]] || { echo "matrix.sh: no suite '$suite'; there are: $SUITES" >&2 && exit 2; }
done
for step in $only; do
    [[ " $STEPS " = *" $step "* ]] || { echo "matrix.sh: no step '$step'; there are: $STEPS" >&2 && exit 2; }
done
[ "$(id -u)" -eq 0 ] || { echo 'matrix.sh: needs root' >&2 && exit 1; }
# shellcheck disable=SC2086
[ -n "$jobs" ] || jobs=$(($(nproc) / $(set -- $suites && echo $#)))
[ "$jobs" -ge 1 ] || jobs=1

cache=${SLUICE_MATRIX_CACHE:-/var/cache/sluice-matrix}
mkdir -p "$cache" || exit 1
work=$(mktemp -d "$cache/work.XXXXXX") || exit 1
declare -A running=() # suite -> pid
finish() {
    local pid
    trap '' INT TERM
    for pid in "${running[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    [ $keep -eq 1 ] && echo "kept: $work" && return
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What a root has beyond a minimal Debian: what Sluice's build and its clusters need, by the one list of packages.
packages() {
    packages_list build cluster integration
    echo libcmocka-dev mandoc xz-utils iproute2 ca-certificates ccache
}

prepare_root() { # prepare_root SUITE; two runs on one host take turns
    (
        flock 9
        chroot_make "$1" "$cache/$1" || exit 1
        # shellcheck disable=SC2046
        chroot_install "$cache/$1" $(packages)
    ) 9>"$cache/$1.lock"
}

run_suite() { # run_suite SUITE: all of it; the last line of its log is the count
    local suite=$1 dir=$work/$1 rc
    trap 'kill $(jobs -p) 2>/dev/null; wait; keep_ccache; exit 143' TERM
    prepare_root "$suite" </dev/null &
    wait $! || { echo "the root of $suite could not be made"; echo '0 passed, 1 failed' && return 1; }
    [ $prepare -eq 0 ] || { echo '1 passed, 0 failed' && return 0; }
    tree_copy "$top" "$dir/tmp/src" || { echo '0 passed, 1 failed' && return 1; }
    # The compiler's cache moves in and out again; a second run at the same time begins with none.
    mv "$cache/$suite.ccache" "$dir/tmp/ccache" 2>/dev/null || mkdir "$dir/tmp/ccache"
    local steps=" $only "
    [ "$suite" = trixie ] || steps=${steps/ without-waldur / }
    chroot_enter "$cache/$suite" "$dir" bash /tmp/src/contrib/lib/matrix-inside.sh "${SLURM[$suite]}" $MARIADB "$jobs" "$steps" "${tests[@]}" </dev/null &
    wait $!
    rc=$?
    keep_ccache
    return $rc
}
keep_ccache() { # for run_suite, whose variables it uses
    [ -e "$cache/$suite.ccache" ] || mv -T "$dir/tmp/ccache" "$cache/$suite.ccache" 2>/dev/null
}

if ! command -v debootstrap >/dev/null; then
    sh -c 'apt-get update -q && apt-get install -qy --no-install-recommends debootstrap' >"$work/apt.log" 2>&1 || {
        tail -n 20 "$work/apt.log"
        echo 'matrix.sh: debootstrap cannot be installed' && echo '0 passed, 1 failed' && exit 1
    }
fi

for suite in $suites; do
    run_suite "$suite" >"$work/$suite.log" 2>&1 &
    running[$suite]=$!
done

total_passed=0 total_failed=0 summary=''
for suite in $suites; do
    wait "${running[$suite]}"
    unset "running[$suite]"
    passed=0 failed=1
    if [[ $(tail -n 1 "$work/$suite.log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
    fi
    echo "== $suite"
    if [ "$failed" -gt 0 ]; then tail -n 400 "$work/$suite.log"; else grep '^-- ' "$work/$suite.log"; fi
    summary+="$suite: $passed passed, $failed failed"$'\n'
    total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
done
printf '%s' "$summary"
echo "$total_passed passed, $total_failed failed"
[ $total_failed -eq 0 ]
