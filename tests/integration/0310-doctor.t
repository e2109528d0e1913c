#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sluice doctor: no fault on a sound cluster; each defect is reported with its remedy and status 1.
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
must 'sluiced starts' eval 'sluiced_up < <(granted slowdown)'
ok 'sluice doctor on a sound cluster succeeds' doctor
unlike 'sluice doctor on a sound cluster reports no fault' "$OUT" FAULT
like 'sluice doctor reports the plugin as ok' "$OUT" 'ok +plugin'
like 'sluice doctor reports slurm.conf as read from slurmctld' "$OUT" '(ok|note) +slurm '
ok 'sluice doctor --json on a sound cluster succeeds' doctor --json
like 'sluice doctor --json reports the cluster as healthy' "$OUT" '"healthy": *true'
fails 'sluice doctor by a plain user is refused' as games env SLUICE_SOCKET="$SLUICE_SOCKET" "$(sluice_find sluice)" doctor
like 'refusal of sluice doctor names the rights' "$OUT" 'needs staff rights: root or SlurmUser'

ok 'sluiced loads settings with an unknown QOS' eval 'sluiced_regrant < <(granted nosuch)'
fails 'sluice doctor fails with an unknown QOS' doctor
like 'sluice doctor names the sacctmgr command that adds the QOS' "$OUT" '-> sacctmgr add qos nosuch'
ok 'sluiced loads settings with an unknown account' eval 'sluiced_regrant < <(granted slowdown | sed "s/^  physics:/  nosuch: {allocation: {node_hours: 1}}\n&/")'
fails 'sluice doctor fails with an unknown account' doctor
like 'sluice doctor names the unknown account' "$OUT" 'FAULT +accounts +.*nosuch'
ok 'sluiced loads corrected settings' eval 'sluiced_regrant < <(granted slowdown)'
ok 'sluice doctor succeeds with corrected settings' doctor

sed -i 's/^AccountingStorageEnforce=.*/AccountingStorageEnforce=associations/' "$SLURM_CONF"
sed -i '/^Priority\(DecayHalfLife\|UsageResetPeriod\)=/d' "$SLURM_CONF"
printf '%s\n' PriorityDecayHalfLife=7-0 PriorityUsageResetPeriod=MONTHLY >>"$SLURM_CONF"
ok 'slurmctld restarts without enforced limits' slurmctld_restart
must 'plugin connects after slurmctld restarted' wait_until 20 plugin_current
fails 'sluice doctor fails without enforced limits' doctor
like 'sluice doctor reports that AccountingStorageEnforce lacks limits' "$OUT" 'FAULT +slurm +AccountingStorageEnforce has no limits'
like 'sluice doctor reports that AccountingStorageEnforce lacks qos' "$OUT" 'AccountingStorageEnforce has no qos'
like 'sluice doctor reports PriorityUsageResetPeriod as a fault' "$OUT" 'FAULT +slurm +PriorityUsageResetPeriod is monthly'
like 'sluice doctor reports PriorityDecayHalfLife as a note' "$OUT" 'note +slurm +PriorityDecayHalfLife is 7 ?d'

daemon_kill9 slurmctld
wait_until 10 eval '! slurmctld_answers'
fails 'sluice doctor fails without slurmctld' doctor
like 'sluice doctor reports the missing slurmctld' "$OUT" 'FAULT +slurm'
daemon_kill9 sluiced
fails 'sluice doctor fails without sluiced' doctor
like 'sluice doctor reports that sluiced cannot be reached' "$OUT" 'cannot reach sluiced.*'
like 'sluice doctor names systemctl status as the remedy' "$OUT" '-> run: systemctl status sluiced'
done_testing
