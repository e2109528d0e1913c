#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages: built from the release's tarball with packaging/deb as debian/, checked, and installed, upgraded
# and purged in a throw-away view of this host (deb-inside.sh).
# usage: tests/packaging/deb.sh [--check] [--keep]
# As root. --check runs the unit tests in the build, too; --keep leaves the working folder. Last line "N passed, N failed".
set -u
# shellcheck source=tests/packaging/lib.sh
. "$(dirname "$0")/lib.sh"
packaging_begin deb dpkg-buildpackage dh lintian readelf unshare systemd-analyze

# Always in the same folder, so that a compiler cache helps and the sources' place in the debug information is right.
source_make() { # source_make: the tarball unpacked, as Debian wants it
    rm -rf "$work/build" && mkdir "$work/build" && tar -xJf "$tarball" -C "$work/build" &&
        cp "$tarball" "$work/build/sluice_$version.orig.tar.xz" && cp -r "$top/packaging/deb" "$work/build/sluice-$version/debian"
}
build() { # build FOLDER [ARGS...]: all packages of that source, into $work/FOLDER
    local folder=$1 rc
    shift
    (cd "$work/build/sluice-$version" && DEB_BUILD_OPTIONS="parallel=$(nproc) $options" dpkg-buildpackage -us -uc "$@")
    rc=$?
    mkdir "$work/$folder" && find "$work/build" -maxdepth 1 -type f -exec mv -t "$work/$folder" {} +
    return $rc
}
# These packages are neither published nor debugged: fast compression, little debug information.
export DPKG_DEB_COMPRESSOR_LEVEL=1 DEB_CFLAGS_APPEND=-g1 DEB_CXXFLAGS_APPEND=-g1
field() { dpkg-deb -f "$work/1/$1" "$2"; }
next_micro() { echo "$1" | awk -F. '{ print $1 "." $2 "." $3 + 1 }'; }

log dist tarball_make || bail 'make dist'
source_make || bail 'unpacking'
is 'changelog of the package has this version' "$(dpkg-parsechangelog -l "$top/packaging/deb/changelog" -S Version)" "$version-1"
# Not optimised: rpm.sh builds optimised, and this test is about the packages.
options='noopt nocheck'
[ $check -eq 0 ] || options=noopt
ok "the packages are built from the tarball: $options" log build-1 build 1
[ "$RC" -eq 0 ] || packaging_done
arch=$(dpkg --print-architecture)
daemon=sluice-daemon_$version-1_$arch.deb
plugin=slurm-job-submit-sluice_$version-1+slurm${slurm_version}_$arch.deb
is 'the build makes exactly three packages' "$(cd "$work/1" && find . -name '*.deb' ! -name '*-dbgsym_*' -printf '%f\n' | sort | tr '\n' ' ')" \
    "sluice-daemon_$version-1_$arch.deb sluice_$version-1_$arch.deb $plugin "
is 'the build makes three packages of debug symbols' "$(cd "$work/1" && find . -name '*-dbgsym_*.deb' | wc -l)" 3

is 'plugin package depends on exactly its Slurm' "$(field "$plugin" Depends | grep -o 'slurmctld ([^)]*)' | tr '\n' ' ')" \
    "slurmctld (>= $slurm_version) slurmctld (<< $(next_micro "$slurm_version")~) "
unlike 'daemon package does not depend on slurmctld' "$(field "$daemon" Depends)" 'slurmctld'
like 'daemon package depends on its libslurm' "$(field "$daemon" Depends)" 'libslurm[0-9]+'
unlike 'plugin package does not depend on libslurm' "$(field "$plugin" Depends)" 'libslurm'
dpkg-deb -e "$work/1/$plugin" "$work/scripts"
unlike 'package scripts do not touch slurmctld' "$(cat "$work/scripts"/{pre,post}{inst,rm} 2>/dev/null)" 'systemctl|systemd|service|invoke|kill|scontrol'
dpkg-deb -x "$work/1/$plugin" "$work/unpacked"
so=$(find "$work/unpacked" -name job_submit_sluice.so)
is "plugin is in the plugin folder of Debian's Slurm" "${so#"$work/unpacked"}" "/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/slurm-wlm/job_submit_sluice.so"
unlike 'plugin finds the symbols of slurmctld at the first call (no BIND_NOW)' "$(readelf -dW "$so")" 'BIND_NOW|Flags:.* NOW'
dpkg-deb -x "$work/1/$daemon" "$work/unpacked"
like 'sluiced finds its symbols at start (BIND_NOW)' "$(readelf -dW "$work/unpacked/usr/sbin/sluiced")" 'BIND_NOW|Flags:.* NOW'
# Debian's bug tracker has no entry for these packages.
ok 'lintian finds no error or warning' lintian --fail-on error,warning --allow-root --suppress-tags initial-upload-closes-no-bugs "$work/1/sluice_$version-1_$arch.changes"

# The next release, with another default configuration; and SchedMD's world by a switch (-d: its packages are not here).
source_make && cd "$work/build/sluice-$version" && rm ../*.orig.tar.xz && echo '# next' >>contrib/sluiced.yaml &&
    sed -i "1s/$version-1/$version-2/" debian/changelog || bail 'next release'
options='noopt nocheck'
ok 'the next release is built with the SchedMD profile' log build-2 build 2 -b -d --build-profiles=pkg.sluice.schedmd,nocheck
schedmd=$work/2/slurm-job-submit-sluice_$version-2+slurm${slurm_version}_$arch.deb
is 'plugin of the SchedMD build is in the plugin folder of SchedMD' "$(dpkg-deb --fsys-tarfile "$schedmd" | tar -t | grep '\.so$')" \
    "./usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/slurm/job_submit_sluice.so"
like 'plugin of the SchedMD build depends on slurmctld of SchedMD' "$(dpkg-deb -f "$schedmd" Depends)" "slurm-smd-slurmctld \(>= $slurm_version\), slurm-smd-slurmctld \(<< "

mkdir -p "$work/view/tmp/debs" && cp "$work"/1/*.deb "$work"/2/sluice*.deb "$work/view/tmp/debs/" && cp -r "$tree" "$work/view/tmp/src" || bail 'copy'
# SchedMD's slurmctld is not here: the first plugin as the next release, and a Slurm that it is not built for.
dpkg-deb -R "$work/1/$plugin" "$work/plugin" && sed -i "s/^Version: $version-1/Version: $version-2/" "$work/plugin/DEBIAN/control" &&
    dpkg-deb -b "$work/plugin" "$work/view/tmp/debs/" || bail 'the next plugin'
mkdir -p "$work/stub/DEBIAN" && printf '%s\n' 'Package: slurmctld' 'Version: 99.11.1' "Architecture: $arch" \
    'Maintainer: Sluice <sluice@example.org>' 'Description: stub' >"$work/stub/DEBIAN/control" &&
    dpkg-deb -b "$work/stub" "$work/view/tmp/debs/" || bail 'stub package'
chroot_enter / "$work/view" bash /tmp/src/tests/packaging/deb-inside.sh "$version" "$slurm_version" "$arch" </dev/null >"$work/inside.tap" 2>&1
tap_include "$work/inside.tap" $?
packaging_done
