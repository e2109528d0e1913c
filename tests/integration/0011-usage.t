#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An account passes all thresholds by jobs that really run: notified, downscaled, paused, and restored to its earlier state.
# Each step checks sluice status, sacctmgr and slurmctld, and that another evaluation writes nothing to slurmdbd.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS: for physics
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
policies:
  - name: monthly
    mode: enforce
    period: month
    grace_ratio: 1
    carryover: false
    limits: false
    actions: [notify_organization_owners, request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
# physics has its own QOS list; optics and chem inherit theirs; user lp has his own list.
ok 'physics gets its own QOS list' sacctmgr_do modify account physics set qos=slowdown,normal defaultqos=normal
ok 'user lp gets its own QOS list in physics' sacctmgr_do modify user lp where account=physics set qos=normal defaultqos=normal
before=$(assoc_rows)
diag "$before"
# 0.02 node-hours are 72 node-seconds: four nodes reach 80 % in 14.4 s, 100 % in 18 s and 200 % in 36 s
must 'sluiced starts' eval 'sluiced_up < <(granted 0.02)'
is 'standing of physics is normal before any usage' "$(status_field physics standing)" normal
is 'the first evaluation changes no association' "$(assoc_rows)" "$before"

ok 'sbatch on four nodes in physics is accepted' as games sbatch --parsable -A physics -N4 -t30 --wrap 'sleep 300'
job=$OUT
eventually 'the job on four nodes runs' 10 job_is "$job" RUNNING
used_percent() { status_field physics percent; }
reaches() { evaluate_now && awk -v have="$(used_percent)" -v want="$1" 'BEGIN { exit !(have >= want) }'; }
eventually 'usage of the running job reaches 80 % of the allocation' 30 reaches 80
ok 'scancel of the first job succeeds' as games scancel "$job"
eventually 'the first job is cancelled' 15 job_is "$job" CANCELLED
ok 'evaluation after the job ended succeeds' evaluate_now
frozen=$(used_percent)
ok 'second evaluation after the job ended succeeds' evaluate_now
is 'usage of physics stays the same after the job ended' "$(used_percent)" "$frozen"
seconds=$(sacct -X -n -P -j "$job" -o elapsedraw)
is 'usage of physics equals the elapsed time in sacct' "$frozen" "$(awk -v s="$seconds" 'BEGIN { printf "%.2f", int(s * 4 * 10000 / 72) / 100 }')"
is 'standing of physics is warned at 80 % usage' "$(status_field physics standing)" warned

ok 'sbatch above the notification threshold is accepted' as games sbatch --parsable -H -A physics --wrap true
like 'sbatch above the notification threshold prints usage and allocation' "$OUT" '0\.0[12][0-9]* of 0\.02 node_hours'
as games scancel "$(grep -oxE '[0-9]+' <<<"$OUT")"
like 'sluice history shows the notification' "$(sluice_cli history -n -P --format=actions physics)" notify
is 'associations are unchanged above the notification threshold' "$(assoc_rows)" "$before"

ok 'sbatch of a held job in physics is accepted' as games sbatch --parsable -H -A physics -t1 --wrap true
waiting=$(grep -oxE '[0-9]+' <<<"$OUT")
ok 'sbatch of a second job on four nodes is accepted' as games sbatch --parsable -A physics -N4 -t30 --wrap 'sleep 300'
job=$(grep -oxE '[0-9]+' <<<"$OUT")
eventually 'physics is downscaled' 30 evaluation_makes physics downscaled
is 'default QOS of downscaled physics is slowdown' "$(account_field physics defaultqos)" slowdown
is 'QOS list of downscaled physics is slowdown' "$(account_field physics qos)" slowdown
is 'optics inherits QOS slowdown from downscaled physics' "$(account_field optics qos)" slowdown
ok 'sbatch in downscaled physics is accepted' as games sbatch --parsable -H -A physics --wrap true
like 'sbatch in downscaled physics prints a warning that names QOS slowdown' "$OUT" slowdown
slow=$(grep -oxE '[0-9]+' <<<"$OUT")
is 'slurmctld assigns QOS slowdown to the job of downscaled physics' "$(squeue -h -j "$slow" -o %q)" slowdown
is 'sluice status shows QOS slowdown for physics' "$(status_field physics qos)" slowdown
is 'the running job continues after the downscale' "$(job_state "$job")" RUNNING

eventually 'physics is paused' 60 evaluation_makes physics paused
is 'default QOS of paused physics is blocked' "$(account_field physics defaultqos)" blocked
is 'QOS list of paused physics is blocked' "$(account_field physics qos)" blocked
is 'QOS list of user lp in paused physics is blocked' "$(account_field physics qos lp)" blocked
is 'chem keeps its QOS list while physics is paused' "$(account_field chem qos)" blocked,normal,slowdown
fails 'sbatch in paused physics is refused' as games sbatch -A physics --wrap true
like 'refusal has usage, allocation, period and percentage' "$OUT" 'account physics is paused: 0\.04[0-9]* of 0\.02 node_hours used in 20[0-9-]+ \(20[0-9](\.[0-9]+)? %'
fails 'sbatch --qos=normal in paused physics is refused' as games sbatch -A physics --qos=normal --wrap true
is 'the running job continues after the pause' "$(job_state "$job")" RUNNING
fails 'scontrol release of a held job in paused physics is refused' as games scontrol release "$waiting"
is 'the held job of paused physics stays held' "$(squeue -h -j "$waiting" -o '%t %r')" 'PD JobHeldUser'
ok 'scancel of the running job in paused physics succeeds' as games scancel "$job"
eventually 'the running job is cancelled' 15 job_is "$job" CANCELLED

ok 'evaluation of paused physics succeeds' evaluate_now
writes=$(txn_count) changed=$(assoc_rows)
ok 'sluice evaluate with unchanged usage succeeds' sluice_cli evaluate
like 'sluice evaluate with unchanged usage reports no change' "$OUT" 'Nothing to change in Slurm'
is 'sluice evaluate with unchanged usage writes nothing to slurmdbd' "$(txn_count)" "$writes"
ok 'sluiced restarts while physics is paused' eval 'sluiced_stop && sluiced_restart'
ok 'evaluation after the restart succeeds' evaluate_now
is 'evaluation after the restart writes nothing to slurmdbd' "$(txn_count)" "$writes"
is 'evaluation after the restart leaves the associations unchanged' "$(assoc_rows)" "$changed"

like 'sluice explain shows the allocation of physics' "$(sluice_cli explain physics)" '0\.02'
is 'sluice commands shows each command as done' "$(sluice_cli commands -n -P --format=result | sort -u)" 'done'

ok 'sluiced applies the raised allocation' eval 'sluiced_regrant < <(granted 10)'
is 'standing of physics is normal after the allocation is raised' "$(status_field physics standing)" normal
is 'all QOS lists and defaults are restored after the pause' "$(assoc_rows)" "$before"
ok 'sbatch in physics is accepted after the pause' as games sbatch --parsable -A physics -t1 --wrap true
last=$OUT
like 'sbatch in physics prints no warning after the pause' "$OUT" '^[0-9]+$'
eventually 'the job submitted after the pause completes' 20 job_is "$last" COMPLETED
ok 'scontrol release of the held job succeeds after the pause' as games scontrol release "$waiting"
eventually 'the released job completes' 20 job_is "$waiting" COMPLETED
like 'sluice history shows the restore' "$(sluice_cli history -n -P --format=actions physics)" restore
done_testing
