#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmdbd, MariaDB, munged and slurmctld stop one after the other and start again: sluiced needs no restart, logs one line
# for each direction, and lifts no pause meanwhile.
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
must 'sluiced starts' eval 'sluiced_up < <(granted 0)'
log=$(sluiced_log)
pid=$(daemon_pid sluiced)
rows=$(assoc_rows)

events() { tail -n +"$((mark + 1))" "$log" | grep -E "SLUICE-030[12] " | sed -E 's/^<[0-9]>//'; }
count() { events | grep -Ec "$1"; }
evaluations() { sluice_cli status --json | sed -nE 's/.*"figures_at_epoch": *([0-9]+).*/\1/p' | head -n 1; }
fresh() { # fresh EPOCH: an evaluation succeeded after EPOCH
    local now
    now=$(evaluations)
    [ -n "$now" ] && [ "$now" -gt "$1" ] && ! sluice_cli status 2>&1 >/dev/null | grep -Eq 'failed|does not answer'
}
# away NAME STOP START SOURCE ACTION: stops NAME, waits for the log line, does ACTION, starts NAME, waits for the other line
away() {
    local name=$1 stop=$2 start=$3 source=$4
    mark=$(lines_of "$log")
    ok "$name stops" "$stop"
    if [ "$name" != munged ]; then # without munged no client can log in, so only the log counts
        eventually "$name away: sluice status reports it" 20 eval "sluice_cli status 2>&1 | grep -Eq 'does not answer|failed'"
    fi
    eventually "$name away: sluiced.log reports it" 25 eval "[ \$(count source-down) -ge 1 ]"
    is "$name away: sluiced keeps its pid" "$(daemon_alive sluiced && daemon_pid sluiced)" "$pid"
    is "$name away: sluice status shows physics as paused" "$(status_field physics standing)" paused
    [ "$name" = munged ] || [ "$name" = slurmctld ] || fails "$name away: sbatch in physics is refused" as games sbatch --wrap true
    "$5"
    ok "$name starts" "$start"
    begin=$EPOCHSECONDS
    eventually "$name back: evaluations succeed again" 40 fresh "$begin"
    diag "$(events)"
    is "$name away: sluiced.log has one source-down line" "$(count "source-down.*source=$source ")" 1
    is "$name back: sluiced.log has one source-up line" "$(count "source-up.*source=$source ")" 1
    is "$name back: sluiced keeps its pid" "$(daemon_pid sluiced)" "$pid"
    fails "$name back: sbatch in physics is refused" as games sbatch --wrap true
    like "$name back: refusal comes from the plugin" "$OUT" 'account physics is paused'
}
nothing() { :; }
away slurmdbd slurmdbd_stop slurmdbd_start slurmdbd nothing
away MariaDB mariadb_kill9 mariadb_start slurmdbd nothing
away munged munged_kill9 munged_start '(munge|slurmctld|slurmdbd)' nothing
away slurmctld slurmctld_stop slurmctld_start slurmctld nothing
eventually 'plugin connects after slurmctld restarted' 20 plugin_current
is 'associations are unchanged after all restarts' "$(assoc_rows)" "$rows"

# A change that becomes due while slurmdbd is away is applied when slurmdbd is back.
ok 'slurmdbd stops before the allocation is raised' slurmdbd_stop
sluiced_settings < <(granted 100)
ok 'sluiced loads the raised allocation without slurmdbd' sluiced_reload
fails 'sbatch in physics is refused while slurmdbd is away' as games sbatch --wrap true
ok 'slurmdbd starts after the allocation was raised' slurmdbd_start
eventually 'srun in physics runs after slurmdbd is back' 30 as games srun -n1 true
is 'QOS list of physics is restored after slurmdbd is back' "$(account_field physics qos)" blocked,normal,slowdown
is 'no command is left open after slurmdbd is back' "$(sluice_cli commands -n -P --format=result | grep -c open)" 0
done_testing
