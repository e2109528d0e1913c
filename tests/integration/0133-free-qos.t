#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs of a QOS with UsageFactor 0 cost nothing: they pause no account, and sluice usage and explain name what the factor takes.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
sacctmgr_do add qos free usagefactor=0
sacctmgr_do modify account univ set qos+=free
# slurmctld 24.11 gives users the QOS that they inherit only when it reads all associations again.
scontrol reconfigure
rules() { # rules [LINE]
    cat <<END
${1:-}
components:
  cpu_minutes: {tres: cpu, unit_factor: 1}
accounts:
  physics: {allocation: {cpu_minutes: 1}}
policies:
  - {name: monthly, mode: enforce, period: month, grace_ratio: 0.2, carryover: false, limits: false, actions: [request_slurm_resource_pausing]}
END
}
must 'sluiced starts' eval 'sluiced_up < <(rules)'
job=$(as games sbatch --parsable -A physics --qos=free -n16 -t10 -o /dev/null --wrap 'sleep 60')
job=$(grep -oxE '[0-9]+' <<<"$job")
eventually 'a job of QOS free runs' 30 job_is "$job" RUNNING
sleep 8
evaluate_now
part() { sluice_cli usage physics -nP -o "$1"; }
is 'usage of a job of QOS free is 0' "$(part used)" 0
like 'sluice usage shows what the job runs' "$(part running)" '^[2-9]'
like 'sluice usage shows what UsageFactor takes' "$(part qos_factor)" '^-[2-9]'
is 'standing of an account with a free job is normal' "$(status_field physics standing)" normal
like 'sluice explain names the factor' "$(sluice_cli explain physics)" 'running [0-9.]+ - QOS factor [0-9.]+'
as games scancel "$job"
eventually 'the job of QOS free is cancelled' 15 job_is "$job" CANCELLED
evaluate_now
is 'usage stays 0 after the job' "$(part used)" 0
raw() { sshare -n -P -A physics -o rawusage | head -n 1; }
is 'slurmctld counts nothing either' "$(raw)" 0
ok 'usage_factor: ignore is read' sluiced_regrant < <(rules 'usage_factor: ignore')
eventually 'usage_factor ignore: the job counts in full and pauses the account' 20 standing_is physics paused
done_testing
