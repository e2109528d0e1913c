#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The RPM packages: built from the release's tarball as EL 9 would (its macros: el-shim.macros), checked, and installed,
# upgraded and erased with their scriptlets in a throw-away view of this host (rpm-inside.sh).
# usage: tests/packaging/rpm.sh [--check] [--keep]
# As root. --check runs the unit tests in the build, too; --keep leaves the working folder. Last line "N passed, N failed".
set -u
# shellcheck source=tests/packaging/lib.sh
. "$(dirname "$0")/lib.sh"
packaging_begin rpm rpmbuild rpm rpmlint eu-strip readelf unshare systemd-analyze logrotate

# Always in the same folder, so that a compiler cache helps and the sources' place in the debug information is right.
build() { # build RELEASE TARBALL [ARGS...]: all packages of it, in $work/RELEASE
    local release=$1 file=$2 rc
    shift 2
    mkdir -p "$work/rpmbuild"/{BUILD,RPMS,SRPMS,SOURCES,SPECS}
    rpmbuild -ta --nodeps --load="$top/tests/packaging/el-shim.macros" --define "_topdir $work/rpmbuild" --define "_tmppath $work/rpmbuild" \
        --define "baserelease $release" --define "slurm_version $slurm_version" "$@" "$file"
    rc=$?
    mkdir "$work/$release" && mv "$work/rpmbuild"/{RPMS,SRPMS} "$work/$release/" && rm -rf "$work/rpmbuild/BUILD"
    return $rc
}
asked() { rpm -qp --nosignature "$@" 2>/dev/null; }
spec_says() { # spec_says ARGS...: output of rpmspec for the spec, as on EL
    rpmspec --load="$top/tests/packaging/el-shim.macros" "$@" "$work/dist/packaging/rpm/sluice.spec" 2>/dev/null
}

log dist tarball_make || bail 'make dist'
with=()
[ $check -eq 0 ] || with=(--with check)
ok "the packages are built from the tarball ${with[*]}" log build-1 build 1 "$tarball" "${with[@]}"
[ "$RC" -eq 0 ] || packaging_done
cd "$work"/1/RPMS/* || bail 'no packages'
arch=$(basename "$PWD")
plugin=slurm-job-submit-sluice-$version-1.slurm$slurm_version.el9.$arch.rpm
is 'the build makes three packages with their debug packages, no other' "$(ls | tr '\n' ' ')" \
    "sluice-$version-1.el9.$arch.rpm sluice-daemon-$version-1.el9.$arch.rpm sluice-daemon-debuginfo-$version-1.el9.$arch.rpm \
sluice-debuginfo-$version-1.el9.$arch.rpm sluice-debugsource-$version-1.el9.$arch.rpm $plugin \
slurm-job-submit-sluice-debuginfo-$version-1.slurm$slurm_version.el9.$arch.rpm "
ok 'the build makes a source package' test -f "$work/1/SRPMS/sluice-$version-1.el9.src.rpm"

like 'plugin package requires exactly its Slurm' "$(asked --requires "$plugin")" "slurm-slurmctld\([^)]+\) = $slurm_version"$'(\n|$)'
like 'plugin package for OpenHPC requires exactly its Slurm of OpenHPC' "$(spec_says -q --requires --define 'slurm_version 23.11.10' --define 'slurm_ctld_pkg slurm-slurmctld-ohpc')" \
    $'slurm-slurmctld-ohpc\([^)]+\) = 23\.11\.10(\n|$)'
like 'build requires the headers of Slurm' "$(spec_says -q --buildrequires)" $'(^|\n)slurm-devel(\n|$)'
like 'build for OpenHPC requires the headers of OpenHPC' "$(spec_says -q --buildrequires --define 'slurm_ctld_pkg slurm-slurmctld-ohpc')" $'(^|\n)slurm-devel-ohpc(\n|$)'
is 'package marks all documents as documentation' "$(asked --docfiles "sluice-$version-1.el9.$arch.rpm" | sed -n 's|^/usr/share/doc/sluice/||p' | grep -v '\.png$' | sort | tr '\n' ' ')" \
    "CHANGELOG.md README.md $(cd "$tree" && sed -nE 's/^dist_(doc|guide)_DATA \+?= //p' docs/Makefile.inc | tr ' ' '\n' | sed 's|^docs/||' | sort | tr '\n' ' ')"
is 'package has the screenshots of the guide' "$(asked --docfiles "sluice-$version-1.el9.$arch.rpm" | grep -c 'guide/shots/.*\.png$')" \
    "$(cd "$tree" && ls docs/guide/shots/*.png | wc -l)"
unlike 'daemon package does not require slurmctld' "$(asked --requires "sluice-daemon-$version-1.el9.$arch.rpm")" slurm-slurmctld
unlike 'plugin package does not provide the plugin as a library' "$(asked --provides "$plugin")" 'job_submit_sluice\.so'
unlike 'plugin package does not require libslurm' "$(asked --requires "$plugin")" 'libslurm'
unlike 'scriptlets do not touch slurmctld' "$(asked --scripts "$plugin")" 'systemctl|service|kill|scontrol'
like 'daemon package requires its libslurm' "$(asked --requires "sluice-daemon-$version-1.el9.$arch.rpm")" 'libslurm\.so\.[0-9]+'
like 'package marks sluiced.yaml as a configuration file to keep' "$(asked --qf '[%{FILENAMES} %{FILEFLAGS:fflags} %{FILEMODES:perms} %{FILEGROUPNAME}\n]' "sluice-daemon-$version-1.el9.$arch.rpm")" \
    '/etc/sluice/sluiced\.yaml cn -rw-r----- sluice'

like 'build with --with check runs the unit tests' "$(spec_says -P --with check)" $'\n[^ \n]*make [^\n]* check\n'
unlike 'build without --with check runs no unit tests' "$(spec_says -P)" $'\n[^ \n]*make [^\n]* check\n'
el8=(--define 'rhel 8' --define 'dist .el8')
like 'build on EL 8 requires gcc-toolset for C++20' "$(spec_says -q --buildrequires "${el8[@]}")" 'gcc-toolset-[0-9]+-gcc-c\+\+'
is 'build on EL 8 enables gcc-toolset in build, install and check' "$(spec_says -P --with check "${el8[@]}" | grep -c '^\. .*toolset.*/enable$')" 3
unlike 'build on EL 9 needs no gcc-toolset' "$(spec_says -P)" toolset

mkdir "$work/unpacked" && (cd "$work/unpacked" && rpm2cpio "$work/1/RPMS/$arch/$plugin" | cpio -id --quiet)
so=$(find "$work/unpacked" -name job_submit_sluice.so)
is "plugin is in the plugin folder of EL's Slurm" "${so#"$work/unpacked"}" /usr/lib64/slurm/job_submit_sluice.so
dynamic=$(readelf -dW "$so")
unlike 'plugin finds the symbols of slurmctld at the first call (no BIND_NOW)' "$dynamic" 'BIND_NOW|Flags:.* NOW'
unlike 'plugin has no search path for libraries' "$dynamic" 'RPATH|RUNPATH'

fails 'a build with the headers of another Slurm is refused' log wrong build 9 "$tarball" --define 'slurm_version 24.11.4'
like 'failed build names the wrong Slurm headers' "$(tail -n 20 "$work/wrong.log")" "the Slurm headers are of '$slurm_version', not of 24\.11\.4"

ok 'rpmlint succeeds' rpmlint --config "$top/tests/packaging/rpmlint.toml" "$work"/1/RPMS/*/*.rpm "$work"/1/SRPMS/*.rpm
like 'rpmlint prints no warning' "$OUT" '0 errors, 0 warnings'

# The next release, with another default configuration, so that an upgrade has something to do.
mkdir "$work/next" && tar -xJf "$tarball" -C "$work/next" && echo '# next' >>"$work/next/sluice-$version/contrib/sluiced.yaml" &&
    tar -cJf "$work/next/sluice-$version.tar.xz" -C "$work/next" "sluice-$version"
ok 'the next release is built' log build-2 build 2 "$work/next/sluice-$version.tar.xz"

# Another Slurm: empty packages, to see which changes rpm allows.
for slurm in "$slurm_version" 99.11.1; do
    printf '%s\n' 'Name: slurm-slurmctld' "Version: $slurm" 'Release: 1' 'Summary: stub' 'License: GPL-2.0-or-later' '%description' 'stub' '%files' >"$work/stub.spec"
    log "stub-$slurm" rpmbuild -bb --define "_topdir $work/stub" "$work/stub.spec" || bail 'stub package'
done

mkdir -p "$work/view/tmp/rpms" && cp "$work"/[12]/RPMS/*/*.rpm "$work"/stub/RPMS/*/*.rpm "$work/view/tmp/rpms/" &&
    cp -r "$tree" "$work/view/tmp/src" || bail 'copy'
chroot_enter / "$work/view" bash /tmp/src/tests/packaging/rpm-inside.sh "$version" "$slurm_version" "$arch" </dev/null >"$work/inside.tap" 2>&1
tap_include "$work/inside.tap" $?
packaging_done
