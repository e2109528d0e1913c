#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmdbd, MariaDB, munged and slurmctld go away, one after the other, and come back: the daemon needs no
# restart, says so in one line each way, and lifts no pause meanwhile.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
SLUICED_INTERVAL=1s

granted() { # granted HOURS
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}
must 'sluiced is up' eval 'sluiced_up < <(granted 0)'
log=$(sluiced_log)
pid=$(daemon_pid sluiced)
rows=$(assoc_rows)

events() { tail -n +"$((mark + 1))" "$log" | grep -E "SLUICE-030[12] " | sed -E 's/^<[0-9]>//'; }
count() { events | grep -Ec "$1"; }
evaluations() { sluice_cli status --json | sed -nE 's/.*"figures_at_epoch": *([0-9]+).*/\1/p' | head -n 1; }
fresh() { # fresh EPOCH: a good evaluation is younger than that
    local now
    now=$(evaluations)
    [ -n "$now" ] && [ "$now" -gt "$1" ] && ! sluice_cli status 2>&1 >/dev/null | grep -Eq 'failed|does not answer'
}
# away NAME STOP START SOURCE: stops it, waits for the line, waits, starts it, waits for the line
away() {
    local name=$1 stop=$2 start=$3 source=$4
    mark=$(lines_of "$log")
    ok "$name stops" "$stop"
    if [ "$name" != munged ]; then # without munged nobody can talk to anybody; the log must do
        eventually "$name away: status says so" 20 eval "sluice_cli status 2>&1 | grep -Eq 'does not answer|failed'"
    fi
    eventually "$name away: the log says so" 25 eval "[ \$(count source-down) -ge 1 ]"
    is "$name away: the daemon lives" "$(daemon_alive sluiced && daemon_pid sluiced)" "$pid"
    is "$name away: physics is still paused for the daemon" "$(status_field physics standing)" paused
    [ "$name" = munged ] || [ "$name" = slurmctld ] || fails "$name away: physics is refused" as games sbatch --wrap true
    "$5"
    ok "$name starts" "$start"
    begin=$EPOCHSECONDS
    eventually "$name back: evaluations go on" 40 fresh "$begin"
    diag "$(events)"
    is "$name: one line down" "$(count "source-down.*source=$source ")" 1
    is "$name: one line up" "$(count "source-up.*source=$source ")" 1
    is "$name back: the daemon was not restarted" "$(daemon_pid sluiced)" "$pid"
    fails "$name back: physics is refused" as games sbatch --wrap true
    like "$name back: by the plugin" "$OUT" 'account physics is paused'
}
nothing() { :; }
away slurmdbd slurmdbd_stop slurmdbd_start slurmdbd nothing
away MariaDB mariadb_kill9 mariadb_start slurmdbd nothing
away munged munged_kill9 munged_start '(munge|slurmctld|slurmdbd)' nothing
away slurmctld slurmctld_stop slurmctld_start slurmctld nothing
eventually 'the plugin is connected again' 20 plugin_current
is 'in Slurm nothing has changed' "$(assoc_rows)" "$rows"

# A change that is due while slurmdbd is away is made when it is back.
ok 'slurmdbd stops' slurmdbd_stop
sluiced_settings < <(granted 100)
ok 'meanwhile the allocation is raised' sluiced_reload
fails 'the pause is not lifted without slurmdbd' as games sbatch --wrap true
ok 'slurmdbd starts' slurmdbd_start
eventually 'and now physics runs' 30 as games srun -n1 true
is 'with its own QOS list' "$(account_field physics qos)" blocked,normal,slowdown
is 'every command has an outcome' "$(sluice_cli commands -n -P --format=result | grep -c open)" 0
done_testing
