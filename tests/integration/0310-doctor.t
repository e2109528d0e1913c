#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sluice doctor: nothing to say of a sound cluster; each thing that is broken is found, with its remedy and status 1.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
granted() { # granted QOS
    cat <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    actions: [request_slurm_resource_downscaling]
    qos_downscaled: $1
END
}
doctor() { sluice_cli doctor "$@" 2>&1; }
must 'sluiced is up' eval 'sluiced_up < <(granted slowdown)'
ok 'a sound cluster has no fault' doctor
unlike 'none is told' "$OUT" FAULT
like 'the plugin is seen' "$OUT" 'ok +plugin'
like "slurm.conf was read from slurmctld" "$OUT" '(ok|note) +slurm '
ok 'the same for programs' doctor --json
like 'healthy' "$OUT" '"healthy": *true'
fails 'others may not ask' as games env SLUICE_SOCKET="$SLUICE_SOCKET" "$(sluice_find sluice)" doctor
like 'and are told who may' "$OUT" 'needs staff rights: root or SlurmUser'

ok 'a QOS that does not exist' eval 'sluiced_regrant < <(granted nosuch)'
fails 'is a fault' doctor
like 'with its remedy' "$OUT" '-> sacctmgr add qos nosuch'
ok 'an account that slurmdbd does not know' eval 'sluiced_regrant < <(granted slowdown | sed "s/^  physics:/  nosuch: {allocation: {node_hours: 1}}\n&/")'
fails 'is a fault' doctor
like 'which names it' "$OUT" 'FAULT +accounts +.*nosuch'
ok 'settings that are mended' eval 'sluiced_regrant < <(granted slowdown)'
ok 'end it' doctor

sed -i 's/^AccountingStorageEnforce=.*/AccountingStorageEnforce=associations/' "$SLURM_CONF"
sed -i '/^Priority\(DecayHalfLife\|UsageResetPeriod\)=/d' "$SLURM_CONF"
printf '%s\n' PriorityDecayHalfLife=7-0 PriorityUsageResetPeriod=MONTHLY >>"$SLURM_CONF"
ok 'slurmctld restarts without limits' slurmctld_restart
must 'and the plugin is back' wait_until 20 plugin_current
fails 'that is a fault' doctor
like 'limits' "$OUT" 'FAULT +slurm +AccountingStorageEnforce has no limits'
like 'and QOS' "$OUT" 'AccountingStorageEnforce has no qos'
like 'a reset by the calendar' "$OUT" 'FAULT +slurm +PriorityUsageResetPeriod is monthly'
like 'and decay' "$OUT" 'note +slurm +PriorityDecayHalfLife is 7 ?d'

daemon_kill9 slurmctld
wait_until 10 eval '! slurmctld_answers'
fails 'slurmctld away is a fault' doctor
like 'and told' "$OUT" 'FAULT +slurm'
daemon_kill9 sluiced
fails 'so is a daemon that is away' doctor
like 'with the commands to look at' "$OUT" 'cannot reach sluiced.*'
like 'as its remedy' "$OUT" '-> run: systemctl status sluiced'
done_testing
