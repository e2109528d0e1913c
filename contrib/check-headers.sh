#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles what includes Slurm's headers against those of many releases, warnings as errors, without linking: for the
# releases that contrib/matrix.sh cannot run. The headers come from a clone of Slurm's repository and stay out of this one.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
usage() {
    cat <<END
usage: contrib/check-headers.sh [-j N] BUILD SLURM [TAG...]
  BUILD   a configured build folder of Sluice (its config.h and compiler are taken)
  SLURM   a clone of Slurm's repository, with tags such as slurm-24-05-8-1; a bare one will do
  TAG     which releases (default: the newest tag of each series from 22.05 on)
Last line: "N passed, N failed", one point for each release.
END
}
jobs=$(nproc)
[ "${1:-}" != -j ] || { jobs=${2:?-j needs a number} && shift 2; }
[ $# -ge 2 ] || { usage >&2 && exit 2; }
build=$1 slurm=$2
shift 2
[ -f "$build/config.h" ] && [ -f "$build/Makefile" ] || { echo "check-headers.sh: $build is no configured build folder" >&2 && exit 2; }
tags() { git -c safe.directory='*' -C "$slurm" "$@"; }
if [ $# -eq 0 ]; then
    # 22.05 and newer, no candidates; the last of each series
    mapfile -t found < <(tags tag -l 'slurm-2[2-9]-*-[0-9]' | grep -vE 'rc|^slurm-22-0[0-4]' | sort -V |
        awk -F- '{ last[$2 "-" $3] = $0; if (!($2 "-" $3 in at)) { at[$2 "-" $3] = ++n; name[n] = $2 "-" $3 } } END { for (i = 1; i <= n; i++) print last[name[i]] }')
    set -- "${found[@]}"
fi
[ $# -gt 0 ] || { echo "check-headers.sh: no release in $slurm" >&2 && exit 2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-headers.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$top" || exit 1
# What the build uses, but for its place of Slurm's headers and what it includes before all else. The last line: before it make
# may print that it makes the Makefile again.
words() { make -s -C "$build" -f - words 2>/dev/null <<<"include Makefile"$'\n'"words: ; @echo $1" | tail -n 1; }
# shellcheck disable=SC2207,SC2016 # words; make expands them
flags=($(words '$(AM_CXXFLAGS)') -O0 -fsyntax-only -DHAVE_CONFIG_H "-I$build" "-I$top" -pthread)
[ ${#flags[@]} -gt 6 ] || { echo "check-headers.sh: $build/Makefile has no flags" >&2 && exit 2; }
for place in SYSCONFDIR=/etc/sluice STATEDIR=/var/lib/sluice RUNDIR=/run/sluice; do
    flags+=("-DSLUICE_${place%%=*}=\"${place#*=}\"")
done
sources=(plugin/*.cpp daemon/slurm/*.cpp daemon/slurm/*/*.cpp)

headers_of() { # headers_of TAG FOLDER: as installed
    local tag=$1 to=$2/slurm major minor micro
    mkdir -p "$to" && tags archive "$tag" slurm | tar -x -C "$2" || return 1
    [ -f "$to/slurm_version.h" ] && return 0
    IFS=- read -r _ major minor micro _ <<<"$tag"
    sed "s/#undef SLURM_VERSION_NUMBER/#define SLURM_VERSION_NUMBER $(printf '0x%02x%02x%02x' "$((10#$major))" "$((10#$minor))" "$((10#$micro))")/" \
        "$to/slurm_version.h.in" >"$to/slurm_version.h"
}

passed=0 failed=0
for tag; do
    headers_of "$tag" "$work/$tag" || { echo "FAIL $tag: no headers" && failed=$((failed + 1)) && continue; }
    if printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$jobs" "${CXX:-g++}" "${flags[@]}" -isystem "$work/$tag" >"$work/$tag.log" 2>&1; then
        passed=$((passed + 1)) && echo "ok   $tag"
    else
        failed=$((failed + 1)) && echo "FAIL $tag" && grep -E 'error|warning' "$work/$tag.log" | head -n 20
    fi
    rm -rf "${work:?}/$tag"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
