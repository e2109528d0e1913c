#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The refusal reaches people by every way of submitting, and slurmctld lives on after each of them (a message from
# a wrong allocator kills it only afterwards). What must stay possible for jobs of a paused account stays possible.
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
must 'sluiced is up' eval 'sluiced_up < <(granted 1000)'
ctld=$(daemon_pid slurmctld)
slurmctld_lives() { [ "$(daemon_pid slurmctld)" = "$ctld" ] && slurmctld_answers; }

ok 'before the pause physics submits' as games sbatch --parsable -H -A physics -t10 --wrap true
queued=$OUT
ok 'physics is paused' eval 'sluiced_regrant < <(granted 0)'
is 'as status shows' "$(status_field physics standing)" paused

# refused NAME COMMAND...: not accepted, told why, slurmctld unharmed
refused() {
    local name=$1
    shift
    fails "$name: refused" as games timeout 60 "$@"
    like "$name: says why" "$OUT" 'account physics is paused: 0 of 0 node_hours'
    ok "$name: slurmctld lives" slurmctld_lives
}
refused sbatch sbatch -A physics --wrap true
fails 'once more' as games sbatch -A physics --wrap true
like 'the text names the person to ask' "$OUT" 'hpc-admin@example\.org'
like 'and the account that still has hours' "$OUT" 'your other account: chem \(0 % used\)'
like 'and the period' "$OUT" '20[0-9][0-9]-Q[1-4]'
like 'and when the next one begins' "$OUT" '20[0-9][0-9]-[01][0-9]-01'
refused 'default account' sbatch --wrap true
refused 'account in upper case' sbatch -A PHYSICS --wrap true
refused 'account in the environment' env SBATCH_ACCOUNT=physics sbatch --wrap true
refused srun srun -A physics -n1 true
refused salloc salloc -A physics -n1 true
refused array sbatch -A physics --array=1-50 --wrap true
script=$CLUSTER_DIR/jobs/het.sh
printf '#!/bin/sh\n#SBATCH -n1 -A chem\n#SBATCH hetjob\n#SBATCH -n1 -A physics\ntrue\n' >"$script"
refused 'heterogeneous job, second part' sbatch "$script"
refused 'heterogeneous srun' srun -A chem -n1 : -A physics -n1 true
refused test-only sbatch --test-only -A physics --wrap true
fails 'root for a user: refused' sbatch --uid=games -A physics -D /tmp -o /dev/null --wrap true
like 'root for a user: says why' "$OUT" 'account physics is paused'
is 'nothing of all that is queued' "$(squeue -h -A physics -o %i)" "$queued"

ok 'the other account submits' as games sbatch --parsable -H -A chem --wrap true
moved=$OUT
fails 'a job cannot be moved to a paused account' as games scontrol update jobid="$moved" account=physics
text=$OUT
if [ "$(slurm_release)" -ge 2302 ]; then
    like 'scontrol says why' "$text" 'account physics is paused'
else # this release has no way to the user's terminal
    ok 'slurmctld.log says why' wait_for_line 5 "$(slurmctld_log)" 'job update of uid [0-9]+ refused: account physics is paused'
fi
ok 'scontrol update: slurmctld lives' slurmctld_lives
is 'the job stays where it was' "$(squeue -h -j "$moved" -o %a)" chem

ok 'a queued job of the paused account can be shortened' as games scontrol update jobid="$queued" timelimit=5
ok 'held' as games scontrol hold "$queued"
ok 'given a comment' as games scontrol update jobid="$queued" comment=mine
ok 'moved to an account that is not paused' as games scontrol update jobid="$queued" account=chem
ok 'and cancelled' as games scancel "$queued"

ok 'the job of the other account is released' as games scontrol release "$moved"
eventually 'and runs to its end' 20 job_is "$moved" COMPLETED
ok 'srun runs in the other account' as games srun -A chem -n1 true
counted() { [ "$(gate_field refused)" -ge "$1" ]; }
eventually 'the plugin server counts the refusals' 10 counted 13
is 'and no fault' "$(gate_field faults)" 0

ok 'the pause ends' eval 'sluiced_regrant < <(granted 1000)'
ok 'and physics submits again' as games srun -A physics -n1 true
ok 'slurmctld was one process all the time' slurmctld_lives
done_testing
