#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs of a paused account: left, held and released again, cancelled, requeued, as the policy demands; holds that Sluice did
# not set stay.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS LINE [LINE]: for physics; further lines of its policy
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

ok 'sluiced starts with on_pause: hold' eval 'sluiced_up < <(granted 1000 "on_pause: hold")'
running=$(submit -n1 --wrap 'sleep 300')
eventually 'a job in physics runs' 20 job_is "$running" %T RUNNING
later=now+1hour
mine=$(submit --begin=$later --wrap true)
array=$(submit --begin=$later --array=1-200 --wrap true)
foreign=$(submit --begin=$later --wrap true)
below=$(as man sbatch --parsable -A optics -t10 --begin=$later --wrap true)
scontrol hold "$foreign"

ok 'sluice evaluate --dry-run succeeds' sluice_cli evaluate --dry-run
unlike 'sluice evaluate --dry-run holds no job of an account that is not paused' "$OUT" 'Hold job'
sluiced_settings < <(granted 0 'on_pause: hold') && sluiced_reload
eventually 'on_pause: hold: the pending job is held' 10 job_is "$mine" %r JobHeldAdmin
eventually 'on_pause: hold: the pending array is held' 10 job_is "$array" %r JobHeldAdmin
eventually 'on_pause: hold: the pending job of sub-account optics is held' 10 job_is "$below" %r JobHeldAdmin
is 'on_pause: hold: the running job continues' "$(job_field "$running" %T)" RUNNING
recorded() { all_commands type,result,description | grep -qxF "hold_job|done|Hold job $1 of user $2 in account $3 (account physics is paused)"; }
eventually 'sluice commands shows the hold of the job in physics' 10 recorded "$mine" games physics
eventually 'sluice commands shows the hold of the job in optics with its account' 10 recorded "$below" man optics
unlike 'sluice commands shows no hold of a job that was held before' "$(all_commands description)" "job $foreign "
held=$(all_commands type | grep -c hold_job)
ok 'evaluation with all jobs held succeeds' evaluate_now
is 'evaluation holds no job a second time' "$(all_commands type | grep -c hold_job)" "$held"
sluiced_stop && sluiced_restart && evaluate_now
ok 'a restarted sluiced lifts the pause' eval 'sluiced_regrant < <(granted 1000 "on_pause: hold")'
isnt 'the held job is released after the pause' "$(job_field "$mine" %r)" JobHeldAdmin
isnt 'the held array is released after the pause' "$(job_field "$array" %r)" JobHeldAdmin
isnt 'the held job of optics is released after the pause' "$(job_field "$below" %r)" JobHeldAdmin
is 'a job that an administrator held stays held after the pause' "$(job_field "$foreign" %r)" JobHeldAdmin

sluiced_settings < <(granted 0 'on_pause: cancel') && sluiced_reload
eventually 'on_pause: cancel: the pending job is cancelled' 10 job_gone "$mine"
eventually 'on_pause: cancel: the pending array is cancelled' 10 job_gone "$array"
is 'on_pause: cancel: the running job continues' "$(job_field "$running" %T)" RUNNING
ok 'sluiced lifts the pause after on_pause: cancel' eval 'sluiced_regrant < <(granted 1000 "on_pause: leave")'
as games sbatch -A physics --wrap true

sluiced_settings < <(granted 0 'on_pause_running: requeue') && sluiced_reload
eventually 'on_pause_running: requeue: the running job is requeued' 10 job_is "$running" %T PENDING
ok 'on_pause_running: requeue: the requeued job stays pending' test "$(job_field "$running" %T)" = PENDING
ok 'sluiced lifts the pause after on_pause_running: requeue' eval 'sluiced_regrant < <(granted 1000 "on_pause: leave")'
scancel "$running" # Slurm lets a requeued job wait for two minutes
running=$(submit -n1 --wrap 'sleep 300')
eventually 'a second job in physics runs' 20 job_is "$running" %T RUNNING
ok 'sluiced pauses physics with on_pause_running: cancel' eval 'sluiced_regrant < <(granted 0 "on_pause_running: cancel" "grace_time: 4s")'
is 'on_pause_running: cancel: the job runs during grace_time' "$(job_field "$running" %T)" RUNNING
eventually 'on_pause_running: cancel: the job is cancelled after grace_time without a command' 15 job_gone "$running"
done_testing
