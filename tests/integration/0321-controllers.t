#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld as a foreground process and as a daemon, reconfigured in each (from 23.11 on by executing itself again), and a
# backup slurmctld that takes over while no sluiced is there: its plugin answers from its own snapshot.
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
paused() { fails "$1: refused" as games sbatch -A physics --wrap true && like "$1: by its text" "$OUT" 'account physics is paused'; }
# From 23.11 on a reconfigured slurmctld is a new process, and its plugin begins anew.
begins() { grep -c 'starting from the stored snapshot' "$log"; }
begun_since() { [ "$(slurm_release)" -lt 2311 ] || [ "$(begins)" -gt "$1" ]; }
controllers() { timeout 60 scontrol ping; }

must 'sluiced is up' sluiced_up <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    limits: false
    actions: [request_slurm_resource_pausing]
    # the same QOS in all standings: what is refused below is refused by the plugin
    qos_paused: normal
END
paused 'as a daemon'
before=$(begins)
ok 'reconfigured' scontrol reconfigure
eventually 'by a new process, where releases do that' 20 begun_since "$before"
eventually 'it answers' 20 slurmctld_answers
paused 'as a daemon, reconfigured'
eventually 'and its plugin is connected' 20 plugin_current

ok 'slurmctld starts in the foreground' slurmctld_restart -D
paused 'in the foreground'
before=$(begins)
ok 'reconfigured' scontrol reconfigure
eventually 'by a new process, where releases do that' 20 begun_since "$before"
eventually 'it answers' 20 slurmctld_answers
paused 'in the foreground, reconfigured'
eventually 'and its plugin is connected' 20 plugin_current
ok 'the other account runs' as games srun -A chem -n1 true

# The backup. Both write their snapshot to the folder that they share.
ok 'the daemon is killed' sluiced_kill9
# Of another name and address, as far as it can tell, and with a pid file of its own: it ends whom it finds in that.
sed 's/slurmctld\.pid/standby.pid/; s/slurmctld\.log/standby.log/' "$SLURM_CONF" >"$CLUSTER_DIR/etc/standby.conf"
{ cat /etc/hosts && echo '127.0.0.2 standby'; } >"$CLUSTER_DIR/etc/hosts"
ok 'the backup starts' daemon_run standby env SLURM_CONF="$CLUSTER_DIR/etc/standby.conf" unshare --uts --mount sh -c '
    echo standby >/proc/sys/kernel/hostname && mount --bind "$1" /etc/hosts && exec slurmctld -D' - "$CLUSTER_DIR/etc/hosts"
standby_waits() { controllers | grep -Eq 'backup.*UP'; }
eventually 'and waits' 30 standby_waits
like 'the first one serves' "$(controllers)" "primary.* at $primary is UP"
ok 'the first one is killed' slurmctld_kill9
took_over() { timeout 60 scontrol takeover >/dev/null 2>&1 || grep -q 'Running as primary controller\|TakeOver\|takeover' "$CLUSTER_DIR/log/standby.log"; }
eventually 'the backup takes over' 60 took_over
serves() { as games sbatch -H -A chem --wrap true; }
eventually 'and serves' 60 serves
like 'it is the backup' "$(controllers)" "primary.* at $primary is DOWN"
paused 'the backup, without a daemon'
ok 'from the stored snapshot' line_in "$CLUSTER_DIR/log/standby.log" 'starting from the stored snapshot'
ok 'the daemon returns' sluiced_restart
eventually 'the plugin of the backup is connected' 30 plugin_current
paused 'the backup, with the daemon'
is 'none ended by a fault' "$(cat "$log" "$CLUSTER_DIR/log/standby.log" | grep -ciE 'segv|abort|fatal')" 0
ok 'the backup stops' daemon_stop standby TERM 30
done_testing
