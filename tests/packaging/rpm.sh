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

# Always in the same folder, so that a compiler cache helps and is right about the sources' place.
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
spec_says() { # spec_says ARGS...: what the spec answers to rpmspec, as EL would read it
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
is 'there are the three packages and what debuggers need' "$(ls | tr '\n' ' ')" \
    "sluice-$version-1.el9.$arch.rpm sluice-daemon-$version-1.el9.$arch.rpm sluice-daemon-debuginfo-$version-1.el9.$arch.rpm \
sluice-debuginfo-$version-1.el9.$arch.rpm sluice-debugsource-$version-1.el9.$arch.rpm $plugin \
slurm-job-submit-sluice-debuginfo-$version-1.slurm$slurm_version.el9.$arch.rpm "
ok 'there is a source package' test -f "$work/1/SRPMS/sluice-$version-1.el9.src.rpm"

like 'the plugin asks for exactly its Slurm' "$(asked --requires "$plugin")" "slurm-slurmctld\([^)]+\) = $slurm_version"$'(\n|$)'
like 'or for exactly its Slurm of OpenHPC' "$(spec_says -q --requires --define 'slurm_version 23.11.10' --define 'slurm_ctld_pkg slurm-slurmctld-ohpc')" \
    $'slurm-slurmctld-ohpc\([^)]+\) = 23\.11\.10(\n|$)'
like 'it is built with the headers of its Slurm' "$(spec_says -q --buildrequires)" $'(^|\n)slurm-devel(\n|$)'
like 'or with those of OpenHPC' "$(spec_says -q --buildrequires --define 'slurm_ctld_pkg slurm-slurmctld-ohpc')" $'(^|\n)slurm-devel-ohpc(\n|$)'
is 'the documents are there, as such' "$(asked --docfiles "sluice-$version-1.el9.$arch.rpm" | sed -n 's|^/usr/share/doc/sluice/||p' | sort | tr '\n' ' ')" \
    "CHANGELOG.md README.md $(cd "$tree" && sed -nE 's/^dist_(doc|guide)_DATA \+?= //p' docs/Makefile.inc | tr ' ' '\n' | sed 's|^docs/||' | sort | tr '\n' ' ')"
unlike 'only the plugin is tied to it' "$(asked --requires "sluice-daemon-$version-1.el9.$arch.rpm")" slurm-slurmctld
unlike 'nobody can ask for the plugin as a library' "$(asked --provides "$plugin")" 'job_submit_sluice\.so'
unlike 'nor does it pull in libslurm' "$(asked --requires "$plugin")" 'libslurm'
unlike 'its scriptlets leave slurmctld alone' "$(asked --scripts "$plugin")" 'systemctl|service|kill|scontrol'
like 'the daemon asks for its libslurm' "$(asked --requires "sluice-daemon-$version-1.el9.$arch.rpm")" 'libslurm\.so\.[0-9]+'
like 'an edited configuration is kept' "$(asked --qf '[%{FILENAMES} %{FILEFLAGS:fflags} %{FILEMODES:perms} %{FILEGROUPNAME}\n]' "sluice-daemon-$version-1.el9.$arch.rpm")" \
    '/etc/sluice/sluiced\.yaml cn -rw-r----- sluice'

like 'the unit tests are run by a switch' "$(spec_says -P --with check)" $'\n[^ \n]*make [^\n]* check\n'
unlike 'and else not' "$(spec_says -P)" $'\n[^ \n]*make [^\n]* check\n'
el8=(--define 'rhel 8' --define 'dist .el8')
like 'EL 8 gets a compiler that knows C++20' "$(spec_says -q --buildrequires "${el8[@]}")" 'gcc-toolset-[0-9]+-gcc-c\+\+'
is 'and uses it to build, install and check' "$(spec_says -P --with check "${el8[@]}" | grep -c '^\. .*toolset.*/enable$')" 3
unlike 'EL 9 has one' "$(spec_says -P)" toolset

mkdir "$work/unpacked" && (cd "$work/unpacked" && rpm2cpio "$work/1/RPMS/$arch/$plugin" | cpio -id --quiet)
so=$(find "$work/unpacked" -name job_submit_sluice.so)
is 'the plugin lies where EL has them' "${so#"$work/unpacked"}" /usr/lib64/slurm/job_submit_sluice.so
dynamic=$(readelf -dW "$so")
unlike "its symbols are slurmctld's, found when called" "$dynamic" 'BIND_NOW|Flags:.* NOW'
unlike 'it has no search path' "$dynamic" 'RPATH|RUNPATH'

fails 'a build with the headers of another Slurm is refused' log wrong build 9 "$tarball" --define 'slurm_version 24.11.4'
like 'and says why' "$(tail -n 20 "$work/wrong.log")" "the Slurm headers are of '$slurm_version', not of 24\.11\.4"

ok 'rpmlint has nothing to say' rpmlint --config "$top/tests/packaging/rpmlint.toml" "$work"/1/RPMS/*/*.rpm "$work"/1/SRPMS/*.rpm
like 'not even a warning' "$OUT" '0 errors, 0 warnings'

# The next release, with another default configuration, so that an upgrade has something to do.
mkdir "$work/next" && tar -xJf "$tarball" -C "$work/next" && echo '# next' >>"$work/next/sluice-$version/contrib/sluiced.yaml" &&
    tar -cJf "$work/next/sluice-$version.tar.xz" -C "$work/next" "sluice-$version"
ok 'the next release is built' log build-2 build 2 "$work/next/sluice-$version.tar.xz"

# Another Slurm: packages that hold nothing, to see what rpm lets happen.
for slurm in "$slurm_version" 99.11.1; do
    printf '%s\n' 'Name: slurm-slurmctld' "Version: $slurm" 'Release: 1' 'Summary: stub' 'License: GPL-2.0-or-later' '%description' 'stub' '%files' >"$work/stub.spec"
    log "stub-$slurm" rpmbuild -bb --define "_topdir $work/stub" "$work/stub.spec" || bail 'stub package'
done

mkdir -p "$work/view/tmp/rpms" && cp "$work"/[12]/RPMS/*/*.rpm "$work"/stub/RPMS/*/*.rpm "$work/view/tmp/rpms/" &&
    cp -r "$tree" "$work/view/tmp/src" || bail 'copy'
chroot_enter / "$work/view" bash /tmp/src/tests/packaging/rpm-inside.sh "$version" "$slurm_version" "$arch" </dev/null >"$work/inside.tap" 2>&1
tap_include "$work/inside.tap" $?
packaging_done
