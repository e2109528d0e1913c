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

# Debian's rpm wants to be asked twice. The libraries are there, but as Debian's packages, which rpm does not know.
install_() { rpm --force-debian --nosignature "$@"; }
packages() { echo "sluice-$version-$1.el9.$arch.rpm sluice-daemon-$version-$1.el9.$arch.rpm slurm-job-submit-sluice-$version-$1.slurm$slurm.el9.$arch.rpm"; }
stub() { echo "slurm-slurmctld-$1-1.$arch.rpm"; }
verified() { rpm -V --nodeps sluice sluice-daemon slurm-job-submit-sluice 2>&1 | grep -v 'RPM should not be used\|^$'; }
config=/etc/sluice/sluiced.yaml
mkdir -p /etc/slurm && echo 'ClusterName=lab' >/etc/slurm/slurm.conf

install_ -i --nodeps "$(stub "$slurm")" || bail 'stub'
# shellcheck disable=SC2046
ok 'they are installed, scriptlets too' install_ -i --nodeps $(packages 1)
unlike 'without a complaint' "$OUT" 'warning|error|fail'
is 'and verified' "$(verified)" ''
ok 'the group is there' getent group sluice
is 'the configuration is for root and the group' "$(stat -c '%a %U:%G' $config)" '640 root:sluice'
is 'so is its folder' "$(stat -c '%a %U:%G' /etc/sluice)" '750 root:sluice'
is "the journal's folder is root's" "$(stat -c '%a %U' /var/lib/sluice)" '700 root'
rmdir /var/log/sluice
ok 'the folder for logs comes back with each boot' systemd-tmpfiles --create sluice.conf
is "and is root's" "$(stat -c '%a %U:%G' /var/log/sluice)" '750 root:root'
ok 'the unit is sound' systemd-analyze verify /usr/lib/systemd/system/sluiced.service
is 'nothing is said about it' "$OUT" ''
service_confined /usr/lib/systemd/system/sluiced.service
service_restarts /usr/lib/systemd/system/sluiced.service /root/bad.yaml
ok 'the daemon runs' /usr/sbin/sluiced -V
like 'as this version' "$OUT" "$version"
# shellcheck disable=SC2030
ok 'it takes the configuration as installed' env SLURM_CONF=/nonexistent /usr/sbin/sluiced --check -f $config
is 'of which each policy observes only' "$(policy_modes $config)" observe
service_ready /usr/lib/systemd/system/sluiced.service
ok 'the command line runs' /usr/bin/sluice --version
ok 'bash can complete it' bash -c '. /usr/share/bash-completion/completions/sluice && complete -p sluice'
ok 'its manual page is there' man -w sluice
ok 'logrotate takes its file' logrotate -d /etc/logrotate.d/sluice-daemon

# The installed parts on a real cluster.
cluster_test=$(find /tmp/src/tests/integration -name '0010-*.t' -o -name '0300-*.t' | sort | head -n 1)
ok 'plugin, daemon and command line work on a cluster' env SLUICE_PLUGIN=/usr/lib64/slurm/job_submit_sluice.so \
    SLUICED=/usr/sbin/sluiced SLUICE=/usr/bin/sluice /tmp/src/tests/integration/run -l /tmp/cluster-logs "$cluster_test"
like 'with no skipped point' "$OUT" $'[1-9][0-9]* passed, 0 failed$'

fails 'a Slurm that the plugin is not built for is held back' install_ -U "$(stub 99.11.1)"
like 'by name' "$OUT" "slurm-slurmctld.* = $slurm is needed by \(installed\) slurm-job-submit-sluice"

echo 'JobSubmitPlugins=lua,sluice # ours' >>/etc/slurm/slurm.conf
echo 'contact: somebody # edited' >>$config
before=$(cksum $config)
touch /var/lib/sluice/sluice.db
# shellcheck disable=SC2046
ok 'they are upgraded' install_ -U --nodeps $(packages 2)
unlike 'without a warning that the plugin goes' "$OUT" 'JobSubmitPlugins'
is 'the edited configuration is as it was' "$(cksum $config)" "$before"
like 'the new one lies beside it' "$(cat $config.rpmnew)" '# next'
like 'rpm tells the edited file and no other' "$(verified)" '^..5......? +c /etc/sluice/sluiced\.yaml$'
is 'no old release is left' "$(rpm -q sluice-daemon slurm-job-submit-sluice | tr '\n' ' ')" \
    "sluice-daemon-$version-2.el9.$arch slurm-job-submit-sluice-$version-2.slurm$slurm.el9.$arch "

ok 'the plugin is erased while slurm.conf names it' install_ -e slurm-job-submit-sluice
like 'with a warning' "$OUT" 'warning: /etc/slurm/slurm.conf still has JobSubmitPlugins=sluice'
# shellcheck disable=SC2046
install_ -i --nodeps $(packages 2 | tr ' ' '\n' | grep job-submit) || bail 'plugin again'
printf 'ClusterName=lab\n#JobSubmitPlugins=sluice\nJobSubmitPlugins=lua,sluicegate\n' >/etc/slurm/slurm.conf
ok 'all are erased' install_ -e --nodeps slurm-job-submit-sluice sluice-daemon sluice
unlike 'without that warning when slurm.conf does not name it' "$OUT" 'JobSubmitPlugins'
is 'the edited configuration is saved' "$(cksum <$config.rpmsave)" "$(echo "$before" | cut -d' ' -f1,2)"
ok 'the journal is kept' test -e /var/lib/sluice/sluice.db
is 'no program, plugin or unit is left' "$(find /usr /etc -xdev \( -name 'sluice*' -o -name 'job_submit_sluice*' \) ! -path '*rpmsave' ! -path '*.rpmnew' ! -path /etc/sluice)" ''
done_testing
