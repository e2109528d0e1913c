#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Queued jobs follow their account: they get the QOS of a slowed account and afterwards what each of them had, without a
# moment in which their QOS is invalid; a pause stops them; a sluiced that is killed meanwhile goes on.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

sacctmgr_do add qos private priority=5
sacctmgr_do modify user where name=lp account=physics set qos=normal,private defaultqos=private
sacctmgr_do add user lp account=physics partition=aux
sacctmgr_do modify user where name=lp account=physics partition=aux set qos=private defaultqos=private
eventually 'slurmctld has the QOS list of user lp in partition aux' 10 as lp sbatch -A physics -p aux --qos=private --test-only --wrap true

granted() { # granted HOURS pause|slow [LINE]: for physics; LINE is added to its policy
    local action=request_slurm_resource_downscaling
    [ "$2" = slow ] || action=request_slurm_resource_pausing
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
    actions: [$action]
    ${3:-}
END
}
job_field() { squeue -h -j "$1" -o "$2" | head -n 1; } # job_field JOB FORMAT
job_is() { [ "$(job_field "$1" "$2")" = "$3" ]; }      # for eventually
submit() { as games sbatch --parsable -A physics -t10 -o /dev/null "$@"; }
qos_of_physics() { squeue -h -r -A physics,optics -t PENDING -o %q | sort | uniq -c | awk '{print $2 "=" $1}' | xargs; }
all_commands() { sluice_cli commands -Q -n -P -l 2000 --format="$1"; }
# watch_start, watched: reasons of physics' jobs, read again and again in between
watch_start() {
    : >"$CLUSTER_DIR/run/reasons"
    touch "$CLUSTER_DIR/run/watch"
    while [ -e "$CLUSTER_DIR/run/watch" ]; do
        squeue -h -A physics,optics -t PENDING -o '%i %q %r'
    done >"$CLUSTER_DIR/run/reasons" 2>/dev/null &
    WATCH=$!
}
watched() {
    sleep 2 # for the scheduler
    rm -f "$CLUSTER_DIR/run/watch"
    wait "$WATCH"
    grep InvalidQOS "$CLUSTER_DIR/run/reasons" | sort -u
}

must 'sluiced starts' eval 'sluiced_up < <(granted 1000 slow)'
before=$(account_field physics qos)
full=$(as mail sbatch --parsable -A chem -N4 --exclusive -o /dev/null --wrap 'sleep 3000')
eventually 'a job of chem fills the cluster' 20 job_is "$full" %T RUNNING
mine=$(submit -n1 --wrap 'sleep 300')
array=$(submit -n1 --array=1-50 --wrap true)
below=$(as man sbatch --parsable -A optics -t10 -o /dev/null --wrap true)
own=$(as lp sbatch --parsable -A physics -t10 -o /dev/null --wrap true)
part=$(as lp sbatch --parsable -A physics -p aux -t10 -o /dev/null --wrap true)
split=$(submit -n1 --array=1-3 --wrap true)
ok "a task of a queued array gets a record of its own" scontrol update JobId="${split}_2" Nice=10
is '55 jobs and array tasks have QOS normal, two have QOS private' "$(qos_of_physics)" 'normal=55 private=2'

# --- slowed down
watch_start
ok 'sluiced slows physics down' eval 'sluiced_regrant < <(granted 0 slow)'
eventually 'QOS list of physics is slowdown' 10 account_is physics qos slowdown
is 'each queued job has QOS slowdown' "$(qos_of_physics)" 'slowdown=57'
is 'no queued job had an invalid QOS while physics was slowed down' "$(watched)" ''
like 'sluice commands shows the QOS of the array' "$(all_commands type,result,description)" \
    "set_job_qos\|done\|Set QOS of job ${array}_\[1-50\] of user games in account physics from normal to slowdown \(account physics is downscaled\)"
count=$(all_commands type | grep -c set_job_qos)
ok 'evaluation with all jobs moved succeeds' evaluate_now
is 'evaluation moves no job a second time' "$(all_commands type | grep -c set_job_qos)" "$count"
new=$(submit -n1 --wrap true)
is 'a job that is submitted while physics is slow gets QOS slowdown' "$(job_field "$new" %q)" slowdown

# --- restored
watch_start
ok 'sluiced restores physics' eval 'sluiced_regrant < <(granted 1000 slow)'
is 'QOS list of physics is as before' "$(account_field physics qos)" "$before"
is 'the job has its QOS again' "$(job_field "$mine" %q)" normal
is 'the array has its QOS again' "$(job_field "$array" %q)" normal
is 'the job of sub-account optics has its QOS again' "$(job_field "$below" %q)" normal
is 'the job of the user with an own QOS list has its QOS again' "$(job_field "$own" %q)" private
is 'the job of the partition with an own QOS list has its QOS again' "$(job_field "$part" %q)" private
is 'the job that was submitted meanwhile gets the default QOS' "$(job_field "$new" %q)" normal
is 'no queued job had an invalid QOS while physics was restored' "$(watched)" ''

# --- dry run and on_downscale: leave
sluiced_settings < <(granted 0 slow 'mode: observe' | grep -v 'mode: enforce') && sluiced_reload
ok 'sluice evaluate --dry-run succeeds' sluice_cli evaluate --dry-run
like 'the dry run shows the QOS that a job would get' "$OUT" "Set QOS of job $mine of user games in account physics from normal to slowdown"
ok 'sluiced slows physics down with on_downscale: leave' eval 'sluiced_regrant < <(granted 0 slow "on_downscale: leave")'
is 'on_downscale: leave: each queued job keeps its QOS' "$(qos_of_physics)" 'normal=56 private=2'
ok 'sluiced restores physics after on_downscale: leave' eval 'sluiced_regrant < <(granted 1000 slow)'

# --- paused: slurmctld does not test a QOS that an operator has set
ok 'sluiced slows physics down again' eval 'sluiced_regrant < <(granted 0 slow)'
is 'each queued job has QOS slowdown again' "$(qos_of_physics)" 'slowdown=58'
ok 'sluiced pauses physics' eval 'sluiced_regrant < <(granted 0 pause)'
eventually 'QOS list of physics is blocked' 10 account_is physics qos blocked
scancel "$full"
eventually 'the cluster is empty' 20 eval '! squeue -h -A chem | grep -q .'
sleep 5 # for the scheduler
is 'no job of paused physics runs on an empty cluster' "$(squeue -h -A physics,optics -t RUNNING,COMPLETING -o %i)" ''
isnt 'jobs of paused physics are queued' "$(squeue -h -A physics,optics -t PENDING -o %i)" ''
ok 'sluiced ends the pause' eval 'sluiced_regrant < <(granted 1000 pause)'
eventually 'the job runs after the pause' 30 job_is "$mine" %T RUNNING
eventually 'all other jobs end after the pause' 60 eval '[ -z "$(squeue -h -A physics,optics -t PENDING -o %i)" ]'
scancel "$mine"

# --- killed in the middle
full=$(as mail sbatch --parsable -A chem -N4 --exclusive -o /dev/null --wrap 'sleep 3000')
eventually 'a second job of chem fills the cluster' 20 job_is "$full" %T RUNNING
for ((i = 0; i < 150; i++)); do submit -n1 --wrap true; done >/dev/null
is '150 jobs are queued with QOS normal' "$(qos_of_physics)" normal=150
moved() { squeue -h -A physics -t PENDING -o %q | grep -qx "$1"; }
sluiced_settings < <(granted 0 slow) && kill -HUP "$(daemon_pid sluiced)"
wait_until 20 moved slowdown
sluiced_kill9
diag "killed with $(qos_of_physics)"
ok 'sluiced starts after the kill' eval 'sluiced_restart && wait_until 15 evaluate_now'
is 'after the kill each queued job has QOS slowdown' "$(qos_of_physics)" slowdown=150
sluiced_settings < <(granted 1000 slow) && kill -HUP "$(daemon_pid sluiced)"
wait_until 20 moved normal
sluiced_kill9
diag "killed with $(qos_of_physics)"
ok 'sluiced starts after the second kill' eval 'sluiced_restart && wait_until 15 evaluate_now'
is 'after the second kill each queued job has QOS normal' "$(qos_of_physics)" normal=150
done_testing
