#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# deb-inside.sh VERSION SLURM_VERSION ARCH: installs, upgrades, removes and purges the packages of /tmp/debs.
# Only for a throw-away view of a Debian host that has Slurm (chroot_enter): it changes the system that it runs on.
set -u
version=$1 slurm=$2 arch=$3
# shellcheck source=tests/integration/lib/tap.sh
. /tmp/src/tests/integration/lib/tap.sh
# shellcheck source=tests/integration/lib/wait.sh
. /tmp/src/tests/integration/lib/wait.sh
# shellcheck source=tests/packaging/service.sh
. /tmp/src/tests/packaging/service.sh
[ "$(cat /proc/sys/kernel/hostname)" = matrix ] || bail 'this is not a throw-away view'
cd /tmp/debs || bail 'no packages'
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d

config=/etc/sluice/sluiced.yaml
plugin() { echo "slurm-job-submit-sluice_$version-$1+slurm${slurm}_$arch.deb"; }
packages() { echo "sluice_$version-$1_$arch.deb sluice-daemon_$version-$1_$arch.deb"; }
status() { dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null; }
mkdir -p /etc/slurm && echo 'ClusterName=lab' >/etc/slurm/slurm.conf

# A login node has the command line only.
ok 'dpkg installs the package of the command line alone' dpkg -i "sluice_$version-1_$arch.deb"
ok 'sluice --help runs without the daemon package' /usr/bin/sluice --help
fails 'sluice status on a host without sluiced fails' /usr/bin/sluice status
like 'sluice without sluiced names the ways to a server' "$OUT" '--server=https://HOST:PORT, SLUICE_SERVER or Server= in /etc/sluice/client\.conf'
echo 'Server=http://dbhost:6831' >/etc/sluice/client.conf
fails 'sluice status with a server without TLS fails' /usr/bin/sluice status
like 'sluice names the line of client.conf' "$OUT" '/etc/sluice/client\.conf:1: .*https://'
rm /etc/sluice/client.conf
ok 'the line for the login is installed, and switched off' test -r /usr/share/sluice/profile.d/sluice.sh -a ! -e /etc/profile.d/sluice.sh
is 'the daemon package is not installed' "$(status sluice-daemon)" ''
dpkg -P sluice >/dev/null 2>&1 || bail 'purge the command line'

# shellcheck disable=SC2046
ok 'dpkg installs the packages with their dependencies checked' dpkg -i $(packages 1) "$(plugin 1)"
unlike 'dpkg prints no warning or error' "$OUT" 'warning:|error:'
is 'dpkg -V reports no changed file' "$(dpkg -V sluice sluice-daemon slurm-job-submit-sluice)" ''
ok 'group sluice exists' getent group sluice
is 'sluiced.yaml has mode 0640 and owner root:sluice' "$(stat -c '%a %U:%G' $config)" '640 root:sluice'
is '/etc/sluice has mode 0755 and owner root' "$(stat -c '%a %U' /etc/sluice)" '755 root'
is "journal's folder has mode 0700 and owner root" "$(stat -c '%a %U' /var/lib/sluice)" '700 root'
is 'log folder has mode 0750 and owner root:root' "$(stat -c '%a %U:%G' /var/log/sluice)" '750 root:root'
rmdir /var/log/sluice
ok 'systemd-tmpfiles creates the log folder' systemd-tmpfiles --create sluice-daemon.conf
is 'log folder of systemd-tmpfiles has mode 0750 and owner root:root' "$(stat -c '%a %U:%G' /var/log/sluice)" '750 root:root'
ok 'sluiced.service is enabled' test -e /etc/systemd/system/multi-user.target.wants/sluiced.service
ok 'systemd-analyze accepts sluiced.service' systemd-analyze verify sluiced.service
is 'systemd-analyze prints nothing about sluiced.service' "$OUT" ''
service_confined /lib/systemd/system/sluiced.service
service_restarts /lib/systemd/system/sluiced.service /root/bad.yaml
ok 'installed sluiced runs' /usr/sbin/sluiced -V
like 'installed sluiced prints this version' "$OUT" "$version"
ok 'sluiced --check accepts the installed sluiced.yaml' env SLURM_CONF=/nonexistent /usr/sbin/sluiced --check -f $config
is 'each policy of the installed sluiced.yaml observes only' "$(policy_modes $config)" observe
service_ready /lib/systemd/system/sluiced.service
ok 'installed sluice runs' /usr/bin/sluice --version
ok 'man page of sluice is installed' man -w sluice

cluster_test=$(find /tmp/src/tests/integration -name '0010-*.t' -o -name '0300-*.t' | sort | head -n 1)
ok 'installed plugin, sluiced and sluice pass the integration test' /tmp/src/tests/integration/run -l /tmp/cluster-logs "$cluster_test"
like 'integration test of the installed parts has no skipped point' "$OUT" $'[1-9][0-9]* passed, 0 failed$'

echo 'JobSubmitPlugins=lua,sluice # ours' >>/etc/slurm/slurm.conf
echo '# edited' >>$config
chmod 0600 $config
before=$(cksum $config)
touch /var/lib/sluice/sluice.db
# shellcheck disable=SC2046
ok 'dpkg upgrades the packages' dpkg -i --force-confdef --force-confold $(packages 2) "$(plugin 2)"
unlike 'upgrade prints no warning about a removed plugin' "$OUT" 'JobSubmitPlugins'
is 'upgrade keeps the edited sluiced.yaml' "$(cksum $config)" "$before"
is 'upgrade keeps the mode of the edited sluiced.yaml' "$(stat -c '%a' $config)" 600
like 'upgrade puts the new sluiced.yaml beside the edited one' "$(cat $config.dpkg-dist)" '# next'
is 'upgrade installs the new release' "$(dpkg-query -W -f='${Version} ' sluice-daemon slurm-job-submit-sluice)" "$version-2 $version-2+slurm$slurm "

ok 'dpkg removes the plugin while slurm.conf names the plugin' dpkg -r slurm-job-submit-sluice
like 'removal of the plugin warns about JobSubmitPlugins in slurm.conf' "$OUT" 'warning: /etc/slurm/slurm.conf still has JobSubmitPlugins=sluice'
dpkg -i "$(plugin 2)" >/dev/null 2>&1 || bail 'plugin again'
printf 'ClusterName=lab\n#JobSubmitPlugins=sluice\nJobSubmitPlugins=lua,sluicegate\n' >/etc/slurm/slurm.conf
ok 'dpkg removes all packages' dpkg -r slurm-job-submit-sluice sluice-daemon sluice
unlike 'removal prints no warning when slurm.conf does not name the plugin' "$OUT" 'JobSubmitPlugins'
is 'removal keeps the edited sluiced.yaml' "$(cksum $config)" "$before"
ok 'removal keeps the journal' test -e /var/lib/sluice/sluice.db
ok 'dpkg purges all packages' dpkg -P slurm-job-submit-sluice sluice-daemon sluice
is 'purge leaves no file or folder of Sluice' "$(find /usr /etc /var/lib /var/log -xdev \( -name 'sluice*' -o -name 'job_submit_sluice*' \))$(status sluice-daemon)" ''

dpkg -i "slurmctld_99.11.1_$arch.deb" >/dev/null 2>&1 || bail 'another slurmctld'
fails 'configuration of the plugin with another Slurm is refused' dpkg -i "$(plugin 1)"
like 'refusal by dpkg names the Slurm that the plugin needs' "$OUT" 'slurm-job-submit-sluice depends on slurmctld \(<< [^)]*\); however:[[:space:]]*Version of slurmctld on system is 99\.11\.1\.'
is 'plugin for another Slurm is unpacked but not configured' "$(status slurm-job-submit-sluice)" 'iU '
done_testing
