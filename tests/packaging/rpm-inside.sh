#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rpm-inside.sh VERSION SLURM_VERSION ARCH: installs, upgrades and erases the packages of /tmp/rpms with scriptlets.
# Only for a throw-away view of a host (chroot_enter): it changes the system that it runs on.
set -u
version=$1 slurm=$2 arch=$3
# shellcheck source=tests/integration/lib/tap.sh
. /tmp/src/tests/integration/lib/tap.sh
# shellcheck source=tests/integration/lib/wait.sh
. /tmp/src/tests/integration/lib/wait.sh
# shellcheck source=tests/packaging/service.sh
. /tmp/src/tests/packaging/service.sh
[ "$(cat /proc/sys/kernel/hostname)" = matrix ] || bail 'this is not a throw-away view'
cd /tmp/rpms || bail 'no packages'

# Debian's rpm needs two options. The libraries exist, but as Debian packages, which rpm does not see.
install_() { rpm --force-debian --nosignature "$@"; }
packages() { echo "sluice-$version-$1.el9.$arch.rpm sluice-daemon-$version-$1.el9.$arch.rpm slurm-job-submit-sluice-$version-$1.slurm$slurm.el9.$arch.rpm"; }
stub() { echo "slurm-slurmctld-$1-1.$arch.rpm"; }
verified() { rpm -V --nodeps sluice sluice-daemon slurm-job-submit-sluice 2>&1 | grep -v 'RPM should not be used\|^$'; }
config=/etc/sluice/sluiced.yaml
mkdir -p /etc/slurm && echo 'ClusterName=lab' >/etc/slurm/slurm.conf

install_ -i --nodeps "$(stub "$slurm")" || bail 'stub'
# A login node has the command line only.
ok 'rpm installs the package of the command line alone' install_ -i --nodeps "sluice-$version-1.el9.$arch.rpm"
ok 'sluice --help runs without the daemon package' /usr/bin/sluice --help
fails 'sluice status on a host without sluiced fails' /usr/bin/sluice status
like 'sluice without sluiced names the ways to a server' "$OUT" '--server=https://HOST:PORT, SLUICE_SERVER or Server= in /etc/sluice/client\.conf'
echo 'Server=http://dbhost:6831' >/etc/sluice/client.conf
fails 'sluice status with a server without TLS fails' /usr/bin/sluice status
like 'sluice names the line of client.conf' "$OUT" '/etc/sluice/client\.conf:1: .*https://'
rm /etc/sluice/client.conf
ok 'the line for the login is installed, and switched off' test -r /usr/share/sluice/profile.d/sluice.sh -a ! -e /etc/profile.d/sluice.sh
fails 'the daemon package is not installed' rpm -q sluice-daemon
install_ -e --nodeps sluice || bail 'erase the command line'

# shellcheck disable=SC2046
ok 'rpm installs the packages with scriptlets' install_ -i --nodeps $(packages 1)
unlike 'rpm prints no warning or error' "$OUT" 'warning|error|fail'
is 'rpm verifies the installed files' "$(verified)" ''
ok 'group sluice exists' getent group sluice
is 'sluiced.yaml has mode 0640 and owner root:sluice' "$(stat -c '%a %U:%G' $config)" '640 root:sluice'
is '/etc/sluice has mode 0755 and owner root' "$(stat -c '%a %U' /etc/sluice)" '755 root'
is "journal's folder has mode 0700 and owner root" "$(stat -c '%a %U' /var/lib/sluice)" '700 root'
rmdir /var/log/sluice
ok 'systemd-tmpfiles creates the log folder' systemd-tmpfiles --create sluice.conf
is 'log folder has mode 0750 and owner root:root' "$(stat -c '%a %U:%G' /var/log/sluice)" '750 root:root'
ok 'systemd-analyze accepts sluiced.service' systemd-analyze verify /usr/lib/systemd/system/sluiced.service
is 'systemd-analyze prints nothing about sluiced.service' "$OUT" ''
service_confined /usr/lib/systemd/system/sluiced.service
service_restarts /usr/lib/systemd/system/sluiced.service /root/bad.yaml
ok 'installed sluiced runs' /usr/sbin/sluiced -V
like 'installed sluiced prints this version' "$OUT" "$version"
# shellcheck disable=SC2030
ok 'sluiced --check accepts the installed sluiced.yaml' env SLURM_CONF=/nonexistent /usr/sbin/sluiced --check -f $config
is 'each policy of the installed sluiced.yaml observes only' "$(policy_modes $config)" observe
service_ready /usr/lib/systemd/system/sluiced.service
ok 'installed sluice runs' /usr/bin/sluice --version
ok 'bash completion of sluice loads' bash -c '. /usr/share/bash-completion/completions/sluice && complete -p sluice'
ok 'man page of sluice is installed' man -w sluice
ok 'logrotate accepts the installed file' logrotate -d /etc/logrotate.d/sluice-daemon

# The installed parts on a real cluster.
cluster_test=$(find /tmp/src/tests/integration -name '0010-*.t' -o -name '0300-*.t' | sort | head -n 1)
ok 'installed plugin, sluiced and sluice pass the integration test' env SLUICE_PLUGIN=/usr/lib64/slurm/job_submit_sluice.so \
    SLUICED=/usr/sbin/sluiced SLUICE=/usr/bin/sluice /tmp/src/tests/integration/run -l /tmp/cluster-logs "$cluster_test"
like 'integration test of the installed parts has no skipped point' "$OUT" $'[1-9][0-9]* passed, 0 failed$'

fails 'upgrade to a Slurm that the plugin is not built for is refused' install_ -U "$(stub 99.11.1)"
like 'refusal by rpm names the plugin package' "$OUT" "slurm-slurmctld.* = $slurm is needed by \(installed\) slurm-job-submit-sluice"

echo 'JobSubmitPlugins=lua,sluice # ours' >>/etc/slurm/slurm.conf
echo 'contact: somebody # edited' >>$config
before=$(cksum $config)
touch /var/lib/sluice/sluice.db
# shellcheck disable=SC2046
ok 'rpm upgrades the packages' install_ -U --nodeps $(packages 2)
unlike 'upgrade prints no warning about a removed plugin' "$OUT" 'JobSubmitPlugins'
is 'upgrade keeps the edited sluiced.yaml' "$(cksum $config)" "$before"
like 'upgrade puts the new sluiced.yaml beside the edited one' "$(cat $config.rpmnew)" '# next'
like 'rpm -V reports the edited sluiced.yaml only' "$(verified)" '^..5......? +c /etc/sluice/sluiced\.yaml$'
is 'upgrade leaves no old release' "$(rpm -q sluice-daemon slurm-job-submit-sluice | tr '\n' ' ')" \
    "sluice-daemon-$version-2.el9.$arch slurm-job-submit-sluice-$version-2.slurm$slurm.el9.$arch "

ok 'rpm erases the plugin while slurm.conf names the plugin' install_ -e slurm-job-submit-sluice
like 'removal of the plugin warns about JobSubmitPlugins in slurm.conf' "$OUT" 'warning: /etc/slurm/slurm.conf still has JobSubmitPlugins=sluice'
# shellcheck disable=SC2046
install_ -i --nodeps $(packages 2 | tr ' ' '\n' | grep job-submit) || bail 'plugin again'
printf 'ClusterName=lab\n#JobSubmitPlugins=sluice\nJobSubmitPlugins=lua,sluicegate\n' >/etc/slurm/slurm.conf
ok 'rpm erases all packages' install_ -e --nodeps slurm-job-submit-sluice sluice-daemon sluice
unlike 'removal prints no warning when slurm.conf does not name the plugin' "$OUT" 'JobSubmitPlugins'
is 'removal saves the edited sluiced.yaml' "$(cksum <$config.rpmsave)" "$(echo "$before" | cut -d' ' -f1,2)"
ok 'removal keeps the journal' test -e /var/lib/sluice/sluice.db
is 'removal leaves no program, plugin or unit' "$(find /usr /etc -xdev \( -name 'sluice*' -o -name 'job_submit_sluice*' \) ! -path '*rpmsave' ! -path '*.rpmnew' ! -path /etc/sluice)" ''
done_testing
