#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A paused account is refused by every way to submit a job, and slurmctld survives each refusal (a message from a
# wrong allocator crashes slurmctld only later). Queued jobs of a paused account can still be changed and cancelled.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS: for physics
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: 1000}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}
must 'sluiced starts' eval 'sluiced_up < <(granted 1000)'
ctld=$(daemon_pid slurmctld)
slurmctld_lives() { [ "$(daemon_pid slurmctld)" = "$ctld" ] && slurmctld_answers; }

ok 'sbatch in physics is accepted before the pause' as games sbatch --parsable -H -A physics -t10 --wrap true
queued=$OUT
ok 'sluiced pauses physics after the allocation becomes 0' eval 'sluiced_regrant < <(granted 0)'
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused

# refused NAME COMMAND...: the submission is refused with the reason, and slurmctld is unharmed
refused() {
    local name=$1
    shift
    fails "$name in paused account is refused" as games timeout 60 "$@"
    like "$name in paused account: message has usage and allocation" "$OUT" 'account physics is paused: 0 of 0 node_hours'
    ok "$name in paused account: slurmctld keeps its pid and responds" slurmctld_lives
}
refused sbatch sbatch -A physics --wrap true
fails 'sbatch in physics is refused again' as games sbatch -A physics --wrap true
like 'refusal names the contact address' "$OUT" 'hpc-admin@example\.org'
like 'refusal names chem as the other account and its usage' "$OUT" 'your other account: chem \(0 % used\)'
like 'refusal names the current period' "$OUT" '20[0-9][0-9]-Q[1-4]'
unlike 'refusal promises no next period, which brings nothing either' "$OUT" 'Next period'
refused 'sbatch without account' sbatch --wrap true
refused 'sbatch with account in upper case' sbatch -A PHYSICS --wrap true
refused 'sbatch with account in the environment' env SBATCH_ACCOUNT=physics sbatch --wrap true
refused srun srun -A physics -n1 true
refused salloc salloc -A physics -n1 true
refused 'sbatch --array' sbatch -A physics --array=1-50 --wrap true
script=$CLUSTER_DIR/jobs/het.sh
printf '#!/bin/sh\n#SBATCH -n1 -A chem\n#SBATCH hetjob\n#SBATCH -n1 -A physics\ntrue\n' >"$script"
refused 'sbatch of a heterogeneous job whose second component is' sbatch "$script"
refused 'srun of a heterogeneous job whose second component is' srun -A chem -n1 : -A physics -n1 true
refused 'sbatch --test-only' sbatch --test-only -A physics --wrap true
fails 'sbatch --uid=games by root in physics is refused' sbatch --uid=games -A physics -D /tmp -o /dev/null --wrap true
like 'refusal of sbatch --uid=games by root names paused account physics' "$OUT" 'account physics is paused'
is 'no refused job is in the queue' "$(squeue -h -A physics -o %i)" "$queued"

ok 'sbatch in chem is accepted while physics is paused' as games sbatch --parsable -H -A chem --wrap true
moved=$OUT
fails 'scontrol update of a chem job to paused account physics is refused' as games scontrol update jobid="$moved" account=physics
text=$OUT
if [ "$(slurm_release)" -ge 2302 ]; then
    like 'scontrol update prints that physics is paused' "$text" 'account physics is paused'
else # this release has no way to the user's terminal
    ok 'slurmctld.log reports why scontrol update was refused' wait_for_line 5 "$(slurmctld_log)" 'job update of uid [0-9]+ refused: account physics is paused'
fi
ok 'slurmctld keeps its pid after the refused scontrol update' slurmctld_lives
is 'the chem job stays in chem after the refused scontrol update' "$(squeue -h -j "$moved" -o %a)" chem

ok 'scontrol update shortens a queued job of paused physics' as games scontrol update jobid="$queued" timelimit=5
ok 'scontrol hold of a queued job of paused physics succeeds' as games scontrol hold "$queued"
ok 'scontrol update sets the comment of a queued job of paused physics' as games scontrol update jobid="$queued" comment=mine
ok 'scontrol update moves a queued job from paused physics to chem' as games scontrol update jobid="$queued" account=chem
ok 'scancel of a queued job succeeds' as games scancel "$queued"

ok 'scontrol release of the chem job succeeds' as games scontrol release "$moved"
eventually 'the chem job completes' 20 job_is "$moved" COMPLETED
ok 'srun in chem runs while physics is paused' as games srun -A chem -n1 true
counted() { [ "$(plugin_field refused)" -ge "$1" ]; }
eventually 'sluice plugins shows at least 13 refusals' 10 counted 13
is 'sluice plugins shows no plugin fault after the refusals' "$(plugin_field faults)" 0

ok 'sluiced lifts the pause of physics after the allocation is raised' eval 'sluiced_regrant < <(granted 1000)'
ok 'srun in physics runs after the pause' as games srun -A physics -n1 true
ok 'slurmctld had one pid throughout the test' slurmctld_lives
done_testing
