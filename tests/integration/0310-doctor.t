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
like 'refusal of sluice doctor names the rights' "$OUT" 'needs staff rights: root, SlurmUser or a Slurm operator'

ok 'sluiced loads settings with an unknown QOS' eval 'sluiced_regrant < <(granted nosuch)'
fails 'sluice doctor fails with an unknown QOS' doctor
like 'sluice doctor names the sacctmgr command that adds the QOS' "$OUT" '-> sacctmgr add qos nosuch'
ok 'sluiced loads settings with an unknown account' eval 'sluiced_regrant < <(granted slowdown | sed "s/^  physics:/  nosuch: {allocation: {node_hours: 1}}\n&/")'
fails 'sluice doctor fails with an unknown account' doctor
like 'sluice doctor names the unknown account' "$OUT" 'FAULT +accounts +.*nosuch'
ok 'sluiced loads corrected settings' eval 'sluiced_regrant < <(granted slowdown)'
ok 'sluice doctor succeeds with corrected settings' doctor

ok 'sluiced loads settings that slow down and pause' eval 'sluiced_regrant < <(granted slowdown | sed "s/actions: .*/actions: [downscale, pause]/")'
ok 'sluice doctor succeeds where slowdown slows and blocked blocks' doctor
unlike 'sluice doctor reports neither of the two QOS' "$OUT" 'QOS (slowdown|blocked)'
ok 'sacctmgr removes the limit of QOS blocked' sacctmgr_do modify qos blocked set GrpSubmitJobs=-1
fails 'sluice doctor fails while QOS blocked does not block' doctor
like 'sluice doctor names QOS blocked and the sacctmgr line' "$OUT" 'FAULT +slurm +QOS blocked of policy quarterly does not block.*sacctmgr modify qos blocked set GrpSubmitJobs=0'
ok 'sacctmgr sets the limit of QOS blocked' sacctmgr_do modify qos blocked set GrpSubmitJobs=0
ok 'sacctmgr makes QOS slowdown like a new QOS' sacctmgr_do modify qos slowdown set priority=100 MaxTRESPerUser=cpu=-1
ok 'sluice doctor succeeds while QOS slowdown does not slow' doctor
like 'sluice doctor notes that QOS slowdown does not slow' "$OUT" 'note +slurm +QOS slowdown of policy quarterly is not slower than QOS normal'
ok 'sacctmgr limits QOS slowdown' sacctmgr_do modify qos slowdown set priority=1 MaxTRESPerUser=cpu=2
if [ "$(slurm_release)" -lt 2605 ]; then # later, libslurm cannot read slurmdbd.conf
    echo PurgeUsageAfter=2months >>"$CLUSTER_DIR/etc/slurmdbd.conf"
    must 'slurmdbd restarts with a purge inside the period' slurmdbd_restart
    ok 'sluice evaluate succeeds after the restart of slurmdbd' sluice_cli evaluate
    fails 'sluice doctor fails with a purge inside the period' doctor
    like 'sluice doctor names PurgeUsageAfter and what the policy needs' "$OUT" 'FAULT +slurm +PurgeUsageAfter of slurmdbd is 2months, but policy quarterly counts usage of 6 months'
    sed -i '/^PurgeUsageAfter/d' "$CLUSTER_DIR/etc/slurmdbd.conf"
    must 'slurmdbd restarts without a purge' slurmdbd_restart
    ok 'sluice evaluate succeeds without a purge' sluice_cli evaluate
    ok 'sluice doctor succeeds without a purge' doctor
fi
for number in 1 2 3; do
    ok "another program changes GrpTRESMins of physics ($number)" sacctmgr_do modify account physics set GrpTRESMins=node=7
    ok "sluice evaluate sets GrpTRESMins of physics back ($number)" sluice_cli evaluate
done
fails 'sluice doctor fails while another program writes the same values' doctor
like 'sluice doctor names the account and the transactions' "$OUT" 'FAULT +commands +account physics: limits was changed 3 times within a day.*sacctmgr list transactions accounts=physics'

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
