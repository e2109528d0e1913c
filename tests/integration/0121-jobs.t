#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs of a paused account: left, held and released again, cancelled, requeued, as its policy says; others' holds stay.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS LINE [LINE]: for physics, what its policy says of jobs
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
    $2
    ${3:-}
END
}
job_field() { squeue -h -j "$1" -o "$2" | head -n 1; } # job_field JOB FORMAT
job_is() { [ "$(job_field "$1" "$2")" = "$3" ]; }      # for eventually
job_gone() { ! squeue -h -j "$1" -o %T | grep -q .; }
submit() { as games sbatch --parsable -A physics -t10 "$@"; }
all_commands() { sluice_cli commands -Q -n -P -l 1000 --format="$1"; }

ok 'sluiced is up' eval 'sluiced_up < <(granted 1000 "on_pause: hold")'
running=$(submit -n1 --wrap 'sleep 300')
eventually 'a job runs' 20 job_is "$running" %T RUNNING
later=now+1hour
mine=$(submit --begin=$later --wrap true)
array=$(submit --begin=$later --array=1-200 --wrap true)
foreign=$(submit --begin=$later --wrap true)
below=$(as man sbatch --parsable -A optics -t10 --begin=$later --wrap true)
scontrol hold "$foreign"

ok 'dry run' sluice_cli evaluate --dry-run
unlike 'holds nothing while nothing is paused' "$OUT" 'Hold job'
sluiced_settings < <(granted 0 'on_pause: hold') && sluiced_reload
eventually 'pending jobs are held' 10 job_is "$mine" %r JobHeldAdmin
eventually 'arrays too' 10 job_is "$array" %r JobHeldAdmin
eventually 'and those of sub-accounts' 10 job_is "$below" %r JobHeldAdmin
is 'running jobs go on' "$(job_field "$running" %T)" RUNNING
recorded() { all_commands type,result,description | grep -qxF "hold_job|done|Hold job $1 of user $2 in account $3 (account physics is paused)"; }
eventually 'each is in the records' 10 recorded "$mine" games physics
eventually 'with the account that it is in' 10 recorded "$below" man optics
unlike 'a job that was held already is not' "$(all_commands description)" "job $foreign "
held=$(all_commands type | grep -c hold_job)
ok 'an evaluation' evaluate_now
is 'holds nothing twice' "$(all_commands type | grep -c hold_job)" "$held"
sluiced_stop && sluiced_restart && evaluate_now
ok 'the pause is over, in a daemon that was started anew' eval 'sluiced_regrant < <(granted 1000 "on_pause: hold")'
isnt 'the job is released' "$(job_field "$mine" %r)" JobHeldAdmin
isnt 'the array too' "$(job_field "$array" %r)" JobHeldAdmin
isnt 'and below' "$(job_field "$below" %r)" JobHeldAdmin
is 'what somebody else held stays held' "$(job_field "$foreign" %r)" JobHeldAdmin

sluiced_settings < <(granted 0 'on_pause: cancel') && sluiced_reload
eventually 'pending jobs are cancelled' 10 job_gone "$mine"
eventually 'arrays too' 10 job_gone "$array"
is 'running jobs go on' "$(job_field "$running" %T)" RUNNING
ok 'the way back' eval 'sluiced_regrant < <(granted 1000 "on_pause: leave")'
as games sbatch -A physics --wrap true

sluiced_settings < <(granted 0 'on_pause_running: requeue') && sluiced_reload
eventually 'running jobs are requeued' 10 job_is "$running" %T PENDING
ok 'and wait' test "$(job_field "$running" %T)" = PENDING
ok 'the way back' eval 'sluiced_regrant < <(granted 1000 "on_pause: leave")'
scancel "$running" # Slurm lets a requeued job wait for two minutes
running=$(submit -n1 --wrap 'sleep 300')
eventually 'a job runs' 20 job_is "$running" %T RUNNING
ok 'the pause begins' eval 'sluiced_regrant < <(granted 0 "on_pause_running: cancel" "grace_time: 4s")'
is 'in the time of grace it runs' "$(job_field "$running" %T)" RUNNING
eventually 'after it, it is cancelled without being asked' 15 job_gone "$running"
done_testing
