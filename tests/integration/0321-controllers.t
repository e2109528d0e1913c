#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld as a foreground process and as a daemon, reconfigured in each (23.11 and later execute a new process), and a backup
# slurmctld that takes over while sluiced is away: its plugin decides by its own snapshot.
. "$(dirname "$0")/lib/harness.sh"
primary=$(hostname -s 2>/dev/null || cut -d. -f1 /proc/sys/kernel/hostname)
sluice_needed
cluster_prepare
# Two controllers on one host: each has its host name and its address.
CLUSTER_EXTRA="SlurmctldHost=standby(127.0.0.2)
CommunicationParameters=NoCtldInAddrAny"
sluice_install
cluster_start || cluster_failed
log=$(slurmctld_log)
paused() { fails "$1: sbatch in physics is refused" as games sbatch -A physics --wrap true && like "$1: refusal names paused account physics" "$OUT" 'account physics is paused'; }
# From 23.11 on a reconfigured slurmctld is a new process, in which the plugin starts again.
begins() { grep -c 'starting from the stored snapshot' "$log"; }
begun_since() { [ "$(slurm_release)" -lt 2311 ] || [ "$(begins)" -gt "$1" ]; }
controllers() { timeout 20 scontrol ping; }

must 'sluiced starts' sluiced_up <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    limits: false
    actions: [request_slurm_resource_pausing]
    # the same QOS in all standings, so that only the plugin can refuse the jobs below
    qos_paused: normal
END
paused 'slurmctld as a daemon'
before=$(begins)
ok 'scontrol reconfigure of the slurmctld daemon succeeds' scontrol reconfigure
eventually 'reconfigured slurmctld daemon has loaded the plugin' 20 begun_since "$before"
eventually 'reconfigured slurmctld daemon responds' 20 slurmctld_answers
paused 'slurmctld as a daemon, reconfigured'
eventually 'plugin of the reconfigured slurmctld daemon connects' 20 plugin_current

ok 'slurmctld starts in the foreground' slurmctld_restart -D
paused 'slurmctld in the foreground'
before=$(begins)
ok 'scontrol reconfigure of slurmctld in the foreground succeeds' scontrol reconfigure
eventually 'reconfigured slurmctld in the foreground has loaded the plugin' 20 begun_since "$before"
eventually 'reconfigured slurmctld in the foreground responds' 20 slurmctld_answers
paused 'slurmctld in the foreground, reconfigured'
eventually 'plugin of the reconfigured slurmctld in the foreground connects' 20 plugin_current
ok 'srun in chem runs with slurmctld in the foreground' as games srun -A chem -n1 true

# The backup. Both controllers write their snapshot to the folder that they share.
ok 'sluiced is killed before the takeover' sluiced_kill9
# Its own host name, address and pid file: slurmctld ends the process that it finds in the pid file.
sed 's/slurmctld\.pid/standby.pid/; s/slurmctld\.log/standby.log/' "$SLURM_CONF" >"$CLUSTER_DIR/etc/standby.conf"
{ cat /etc/hosts && echo '127.0.0.2 standby'; } >"$CLUSTER_DIR/etc/hosts"
ok 'backup slurmctld starts' daemon_run standby env SLURM_CONF="$CLUSTER_DIR/etc/standby.conf" unshare --uts --mount sh -c '
    echo standby >/proc/sys/kernel/hostname && mount --bind "$1" /etc/hosts && exec slurmctld -D' - "$CLUSTER_DIR/etc/hosts"
standby_waits() { controllers | grep -Eq 'backup.*UP'; }
eventually 'backup slurmctld waits as backup' 30 standby_waits
like 'primary slurmctld serves before the takeover' "$(controllers)" "primary.* at $primary is UP"
ok 'primary slurmctld is killed' slurmctld_kill9
took_over() { timeout 20 scontrol takeover >/dev/null 2>&1 || grep -q 'Running as primary controller\|TakeOver\|takeover' "$CLUSTER_DIR/log/standby.log"; }
eventually 'backup slurmctld takes over' 60 took_over
serves() { as games sbatch -H -A chem --wrap true; }
eventually 'backup slurmctld accepts jobs' 60 serves
like 'primary slurmctld is down after the takeover' "$(controllers)" "primary.* at $primary is DOWN"
paused 'backup slurmctld without sluiced'
ok 'plugin of the backup slurmctld starts from the stored snapshot' line_in "$CLUSTER_DIR/log/standby.log" 'starting from the stored snapshot'
ok 'sluiced starts after the takeover' sluiced_restart
eventually 'plugin of the backup slurmctld connects' 30 plugin_current
paused 'backup slurmctld with sluiced'
is 'log files of both controllers have no crash' "$(cat "$log" "$CLUSTER_DIR/log/standby.log" | grep -ciE 'segv|abort|fatal')" 0
ok 'backup slurmctld stops' daemon_stop standby TERM 30
done_testing
