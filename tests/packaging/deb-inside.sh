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

# shellcheck disable=SC2046
ok 'they are installed, dependencies checked' dpkg -i $(packages 1) "$(plugin 1)"
unlike 'without a complaint' "$OUT" 'warning:|error:'
is 'and whole' "$(dpkg -V sluice sluice-daemon slurm-job-submit-sluice)" ''
ok 'the group is there' getent group sluice
is 'the configuration is for root and the group' "$(stat -c '%a %U:%G' $config)" '640 root:sluice'
is 'so is its folder' "$(stat -c '%a %U:%G' /etc/sluice)" '750 root:sluice'
is "the journal's folder is root's" "$(stat -c '%a %U' /var/lib/sluice)" '700 root'
is 'so is the folder for logs' "$(stat -c '%a %U:%G' /var/log/sluice)" '750 root:root'
rmdir /var/log/sluice
ok 'which comes back with each boot' systemd-tmpfiles --create sluice-daemon.conf
is 'as it was' "$(stat -c '%a %U:%G' /var/log/sluice)" '750 root:root'
ok 'the service will start with the host' test -e /etc/systemd/system/multi-user.target.wants/sluiced.service
ok 'the unit is sound' systemd-analyze verify sluiced.service
is 'nothing is said about it' "$OUT" ''
service_confined /lib/systemd/system/sluiced.service
service_restarts /lib/systemd/system/sluiced.service /root/bad.yaml
ok 'the daemon runs' /usr/sbin/sluiced -V
like 'as this version' "$OUT" "$version"
ok 'it takes the configuration as installed' env SLURM_CONF=/nonexistent /usr/sbin/sluiced --check -f $config
is 'of which each policy observes only' "$(policy_modes $config)" observe
service_ready /lib/systemd/system/sluiced.service
ok 'the command line runs' /usr/bin/sluice --version
ok 'its manual page is there' man -w sluice

cluster_test=$(find /tmp/src/tests/integration -name '0010-*.t' -o -name '0300-*.t' | sort | head -n 1)
ok 'plugin, daemon and command line work on a cluster, as installed' /tmp/src/tests/integration/run -l /tmp/cluster-logs "$cluster_test"
like 'with no skipped point' "$OUT" $'[1-9][0-9]* passed, 0 failed$'

echo 'JobSubmitPlugins=lua,sluice # ours' >>/etc/slurm/slurm.conf
echo '# edited' >>$config
chmod 0600 $config
before=$(cksum $config)
touch /var/lib/sluice/sluice.db
# shellcheck disable=SC2046
ok 'they are upgraded' dpkg -i --force-confdef --force-confold $(packages 2) "$(plugin 2)"
unlike 'without a warning that the plugin goes' "$OUT" 'JobSubmitPlugins'
is 'the edited configuration is as it was' "$(cksum $config)" "$before"
is 'and so is its mode' "$(stat -c '%a' $config)" 600
like 'the new one lies beside it' "$(cat $config.dpkg-dist)" '# next'
is 'the new release is in place' "$(dpkg-query -W -f='${Version} ' sluice-daemon slurm-job-submit-sluice)" "$version-2 $version-2+slurm$slurm "

ok 'the plugin is removed while slurm.conf names it' dpkg -r slurm-job-submit-sluice
like 'with a warning' "$OUT" 'warning: /etc/slurm/slurm.conf still has JobSubmitPlugins=sluice'
dpkg -i "$(plugin 2)" >/dev/null 2>&1 || bail 'plugin again'
printf 'ClusterName=lab\n#JobSubmitPlugins=sluice\nJobSubmitPlugins=lua,sluicegate\n' >/etc/slurm/slurm.conf
ok 'all are removed' dpkg -r slurm-job-submit-sluice sluice-daemon sluice
unlike 'without that warning when slurm.conf does not name it' "$OUT" 'JobSubmitPlugins'
is 'the edited configuration is kept' "$(cksum $config)" "$before"
ok 'so is the journal' test -e /var/lib/sluice/sluice.db
ok 'they are purged' dpkg -P slurm-job-submit-sluice sluice-daemon sluice
is 'and nothing of them is left' "$(find /usr /etc /var/lib /var/log -xdev \( -name 'sluice*' -o -name 'job_submit_sluice*' \))$(status sluice-daemon)" ''

dpkg -i "slurmctld_99.11.1_$arch.deb" >/dev/null 2>&1 || bail 'another slurmctld'
fails 'for another Slurm the plugin is not set up' dpkg -i "$(plugin 1)"
like 'and the reason is told' "$OUT" 'slurm-job-submit-sluice depends on slurmctld \(<< [^)]*\); however:[[:space:]]*Version of slurmctld on system is 99\.11\.1\.'
is 'it is left unpacked, not configured' "$(status slurm-job-submit-sluice)" 'iU '
done_testing
