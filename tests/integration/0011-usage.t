#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The way of an account, by jobs that really run: warned, downscaled, paused, and back to exactly what it had.
# After each step: what status says, what sacctmgr and slurmctld show, and that another evaluation writes nothing.
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
# An own list, other than the inherited one; optics and chem inherit; one user has a list of his own.
ok 'physics gets its own QOS list' sacctmgr_do modify account physics set qos=slowdown,normal defaultqos=normal
ok 'a user gets his own QOS list' sacctmgr_do modify user lp where account=physics set qos=normal defaultqos=normal
before=$(assoc_rows)
diag "$before"
# 0.02 node-hours are 72 node-seconds: four nodes reach 80 % in 14.4 s, 100 % in 18 s and 200 % in 36 s
must 'sluiced is up' eval 'sluiced_up < <(granted 0.02)'
is 'physics is normal' "$(status_field physics standing)" normal
is 'and nothing was changed' "$(assoc_rows)" "$before"

ok 'a job on four nodes' as games sbatch --parsable -A physics -N4 -t30 --wrap 'sleep 300'
job=$OUT
eventually 'runs' 10 job_is "$job" RUNNING
used_percent() { status_field physics percent; }
reaches() { evaluate_now && awk -v have="$(used_percent)" -v want="$1" 'BEGIN { exit !(have >= want) }'; }
eventually 'running jobs count: 80 % used' 30 reaches 80
ok 'the job is cancelled' as games scancel "$job"
eventually 'and ends' 15 job_is "$job" CANCELLED
ok 'another evaluation' evaluate_now
frozen=$(used_percent)
ok 'and one later' evaluate_now
is 'usage has stopped' "$(used_percent)" "$frozen"
seconds=$(sacct -X -n -P -j "$job" -o elapsedraw)
is 'and is what sacct says' "$frozen" "$(awk -v s="$seconds" 'BEGIN { printf "%.2f", s * 4 * 100 / 72 }')"
is 'still normal' "$(status_field physics standing)" normal

ok 'above the notify level a submission is accepted' as games sbatch --parsable -H -A physics --wrap true
like 'with a warning in figures' "$OUT" '0\.0[12][0-9]* of 0\.02 node_hours'
as games scancel "$(grep -oxE '[0-9]+' <<<"$OUT")"
like 'history has the notice' "$(sluice_cli history -n -P --format=actions physics)" notify
is 'Slurm is as it was' "$(assoc_rows)" "$before"

ok 'a job waits for its hour' as games sbatch --parsable -H -A physics -t1 --wrap true
waiting=$(grep -oxE '[0-9]+' <<<"$OUT")
ok 'a second job on four nodes' as games sbatch --parsable -A physics -N4 -t30 --wrap 'sleep 300'
job=$(grep -oxE '[0-9]+' <<<"$OUT")
eventually 'physics is downscaled' 30 turn_makes physics downscaled
is 'its default QOS is slowdown' "$(account_field physics defaultqos)" slowdown
is 'and its list too' "$(account_field physics qos)" slowdown
is 'its sub-account inherits that' "$(account_field optics qos)" slowdown
ok 'a submission is accepted' as games sbatch --parsable -H -A physics --wrap true
like 'with a warning that names the QOS' "$OUT" slowdown
slow=$(grep -oxE '[0-9]+' <<<"$OUT")
is 'slurmctld gave it that QOS' "$(squeue -h -j "$slow" -o %q)" slowdown
is 'status names it' "$(status_field physics qos)" slowdown
is 'the running job was not touched' "$(job_state "$job")" RUNNING

eventually 'physics is paused' 60 turn_makes physics paused
is 'its default QOS is blocked' "$(account_field physics defaultqos)" blocked
is 'and its list too' "$(account_field physics qos)" blocked
is 'also for the user with a list of his own' "$(account_field physics qos lp)" blocked
is 'chem keeps its own' "$(account_field chem qos)" blocked,normal,slowdown
fails 'a submission is refused' as games sbatch -A physics --wrap true
like 'with figures' "$OUT" 'account physics is paused: 0\.04[0-9]* of 0\.02 node_hours used in 20[0-9-]+ \(20[0-9](\.[0-9]+)? %'
fails 'QOS normal is no way round' as games sbatch -A physics --qos=normal --wrap true
is 'the running job runs on' "$(job_state "$job")" RUNNING
as games scontrol release "$waiting" 2>/dev/null
held_back() { squeue -h -j "$waiting" -o %r | grep -Eq 'QOS|Held'; }
eventually 'a queued job does not start' 10 held_back
ok 'the running job is cancelled' as games scancel "$job"
eventually 'and ends' 15 job_is "$job" CANCELLED

ok 'another evaluation' evaluate_now
writes=$(txn_count) changed=$(assoc_rows)
ok 'and one on the same facts' sluice_cli evaluate
like 'has nothing to change' "$OUT" 'Nothing to change in Slurm'
is 'and wrote nothing' "$(txn_count)" "$writes"
ok 'daemon restarts' eval 'sluiced_stop && sluiced_restart'
ok 'an evaluation after its restart' evaluate_now
is 'wrote nothing either' "$(txn_count)" "$writes"
is 'and nothing is other than before' "$(assoc_rows)" "$changed"

like 'explain tells the way' "$(sluice_cli explain physics)" '0\.02'
is 'every command is done' "$(sluice_cli commands -n -P --format=result | sort -u)" 'done'

ok 'the allocation is raised' eval 'sluiced_regrant < <(granted 10)'
is 'physics is normal' "$(status_field physics standing)" normal
is 'every list and default is what it was' "$(assoc_rows)" "$before"
ok 'a submission is accepted' as games sbatch --parsable -A physics -t1 --wrap true
last=$OUT
like 'without a word' "$OUT" '^[0-9]+$'
eventually 'and runs' 20 job_is "$last" COMPLETED
eventually 'and so does the job that waited' 20 job_is "$waiting" COMPLETED
like 'history has the restore' "$(sluice_cli history -n -P --format=actions physics)" restore
done_testing
