# SPDX-License-Identifier: GPL-2.0-or-later
# What the package tests share: TAP functions of the integration tests, a working folder, a tarball, the final count.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/integration/lib/tap.sh
. "$top/tests/integration/lib/tap.sh"
# shellcheck source=contrib/lib/tree.sh
. "$top/contrib/lib/tree.sh"
# shellcheck source=contrib/lib/chroot.sh
. "$top/contrib/lib/chroot.sh"
export LC_ALL=C CI=true # a skipped point is a missing part
# rpmbuild counts the processors that a host has, not those that this build may use.
RPM_BUILD_NCPUS=$(nproc)
export RPM_BUILD_NCPUS
# A caller's settings to share a cache between folders leave the name of another folder in the debug information.
unset CCACHE_BASEDIR CCACHE_NOHASHDIR CCACHE_SLOPPINESS
# Each package is built twice. debhelper gives a build another HOME, where the cache would be empty.
compiler_cache() {
    export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ccache}
    # Without a writable cache the build works without ccache.
    if mkdir -p "$CCACHE_DIR" && [ -w "$CCACHE_DIR" ] && echo 'int unused;' >"$work/probe.c" &&
        /usr/lib/ccache/gcc -c "$work/probe.c" -o "$work/probe.o"; then
        export PATH=/usr/lib/ccache:$PATH
    fi
    rm -f "$work"/probe.[co]
} 2>/dev/null

keep=0 check=0 # options of the scripts
for option; do
    case $option in
        --keep) keep=1 ;;
        --check) check=1 ;;
        *) sed -n 's/^# usage: //p' "$0" >&2 && exit 2 ;;
    esac
done

# packaging_begin NAME PROGRAM...: sets work (SLUICE_PACKAGING_DIR/NAME if that is given: the same place each time lets
# a compiler cache help, as debug information holds it); a missing program or right is a failure, not a skip
packaging_begin() {
    local name=$1 program
    shift
    for program; do
        command -v "$program" >/dev/null || { echo "$name: $program is missing" && echo '0 passed, 1 failed' && exit 1; }
    done
    [ "$(id -u)" -eq 0 ] || { echo "$name: needs root" && echo '0 passed, 1 failed' && exit 1; }
    if [ -n "${SLUICE_PACKAGING_DIR:-}" ]; then
        work=$SLUICE_PACKAGING_DIR/$name
        rm -rf "$work"
        mkdir -p "$work" || exit 1
    else
        work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-$name.XXXXXX") || exit 1
    fi
    chmod 755 "$work"
    trap packaging_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    compiler_cache
}

packaging_end() {
    if [ $keep -eq 1 ]; then echo "kept: $work"; else rm -rf "$work"; fi
}

# log NAME COMMAND...: runs COMMAND with its output in a file; prints the end of the file after a failure
log() {
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 && return 0
    grep -nE -m 10 '(^|[^_[:alnum:]-])([Ee]rror|fatal|No space)[: ]|\*\*\*' "$work/$name.log"
    tail -n 40 "$work/$name.log"
    return 1
}

# tarball_make: the release's tarball from the tree as it stands; sets tarball, version, slurm_version, tree
tarball_make() {
    tree=$work/tree
    tree_copy "$top" "$tree" && (cd "$tree" && ./bootstrap) && mkdir "$work/dist" && cd "$work/dist" &&
        "$tree/configure" && make dist || return 1
    tarball=$(echo "$work"/dist/sluice-*.tar.xz)
    version=${tarball##*/sluice-} version=${version%.tar.xz}
    slurm_version=$(sed -n "s/^slurm_version='\(.*\)'$/\1/p" config.log)
    [ -f "$tarball" ] && [ -n "$slurm_version" ]
}

# A part that ran elsewhere printed its own points: this adds them to the total.
tap_include() { # tap_include FILE STATUS
    local line
    while IFS= read -r line; do
        case $line in
            'ok '*) TAP_POINTS=$((TAP_POINTS + 1)) && echo "ok $TAP_POINTS - ${line#* - }" ;;
            'not ok '*) TAP_POINTS=$((TAP_POINTS + 1)) TAP_FAILED=$((TAP_FAILED + 1)) && echo "not ok $TAP_POINTS - ${line#* - }" ;;
            1..[0-9]*) ;;
            *) echo "$line" ;;
        esac
    done <"$1"
    [ "$2" -eq 0 ] || grep -q '^not ok' "$1" || tap_point 1 "${1##*/} ran to its end"
}

packaging_done() {
    printf '1..%d\n' "$TAP_POINTS"
    echo "$((TAP_POINTS - TAP_FAILED)) passed, $TAP_FAILED failed"
    exit $((TAP_FAILED != 0))
}
