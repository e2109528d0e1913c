#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmdbd is away when a period ends (the clock of sluiced is set by libfaketime): sluiced lifts, resets and changes nothing
# without figures. The new period begins once when slurmdbd is back, also for a sluiced restarted or killed meanwhile.
. "$(dirname "$0")/lib/harness.sh"
faketime=$(find /usr/lib /usr/lib64 -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || skip_all 'libfaketime is not installed'
sluice_cluster_up
export TZ=UTC SLUICED_INTERVAL=1s

new_life() { # settings, and an empty journal
    rm -rf "$CLUSTER_DIR/journal"
    sluiced_settings <<'END'
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 0.001}}
policies:
  - name: p
    mode: enforce
    period: month
    carryover: false
    raw_usage_reset: true
    actions: [request_slurm_resource_pausing]
END
}
# sluiced_at TIME: a sluiced whose clock starts at TIME (UTC)
sluiced_at() { LD_PRELOAD="$faketime $(lone_clock)" FAKETIME="@$1" FAKETIME_DONT_FAKE_MONOTONIC=1 sluiced_restart; }
before_the_end() { date -d "$next_month UTC -$1 seconds" '+%F %T'; }
after_the_end() { date -d "$next_month UTC +$1 seconds" '+%F %T'; }
commands() { sluice_cli commands -Q -n -P -l 1000 --format=type,result physics; }
resets() { commands | grep -c 'reset_usage|done'; }
in_new_period() { [ "$(status_field physics period)" = "${next_month:0:7}" ]; }
free() { standing_is physics normal && as games sbatch -A physics -H --wrap true >/dev/null; }
qos_now() { account_field physics qos,defaultqos; }
begins_of_period() { sluice_cli history -Q -n -P -l 1000 --format=period,trigger physics | grep -v person | grep -c "^${next_month:0:7}|"; }

# entered NAME: slurmdbd is back: the new period begins completely, and each action happens once
entered() {
    eventually "$1: sluiced enters the new period" 30 in_new_period
    eventually "$1: standing is normal and sbatch is accepted" 20 free
    is "$1: the QOS list is restored" "$(qos_now)" "$own"
    is "$1: raw usage is reset once" "$(resets)" 1
    ok "$1: evaluation in the new period succeeds" evaluate_now
    is "$1: raw usage is not reset a second time" "$(resets)" 1
    is "$1: sluice history shows one begin of the period" "$(begins_of_period)" 1
    is "$1: no command is left open" "$(commands | grep -c 'open')" 0
}
# held NAME: slurmdbd is away
held() {
    is "$1: raw usage is not reset" "$(resets)" 0
    fails "$1: sbatch without usage figures is refused" as games sbatch -A physics --wrap true
}

as games srun -A physics -n1 -t1 sleep 6 # the allocation is 3.6 seconds
next_month=$(date -d "$(date +%Y-%m-01) +1 month" +%F)
own=$(qos_now)
ended() { [ "$(database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end > 0")" = 1 ]; }
eventually 'slurmdbd has the end of the job' 20 ended

# paused_before NAME SECONDS: sluiced starts SECONDS before the end of the month and pauses physics
paused_before() {
    new_life
    ok "$1: sluiced starts before the end of the month" sluiced_at "$(before_the_end "$2")"
    eventually "$1: standing of physics becomes paused" 15 standing_is physics paused
    eventually "$1: QOS list of physics becomes blocked" 15 eval "[[ \$(qos_now) = *'blocked' ]]"
}

# --- slurmdbd is away before, during and after the end of the month
paused_before away 12
ok 'away: slurmdbd stops before the end of the month' slurmdbd_stop
sleep 15 # the clock of sluiced passes the end of the month, and nothing may happen
held away
ok 'away: slurmdbd is back' slurmdbd_start
entered away
sluiced_stop

# --- sluiced starts while slurmdbd is away
paused_before restarted 3600
ok 'restarted: slurmdbd stops' slurmdbd_stop
ok 'restarted: sluiced stops before the end of the month' sluiced_stop
ok 'restarted: sluiced starts in the new month' sluiced_at "$(after_the_end 60)"
sleep 3
fails 'restarted: sbatch in physics is refused' as games sbatch -A physics --wrap true
ok 'restarted: sluiced starts again after a kill' eval 'sluiced_kill9; sluiced_at "$(after_the_end 120)"'
held restarted
ok 'restarted: slurmdbd is back' slurmdbd_start
entered restarted
sluiced_stop

# --- slurmdbd is killed in the second in which the month ends
paused_before killed 6
sleep 5.5
slurmdbd_kill9
sleep 2
slurmdbd_start
entered killed
sluiced_stop
done_testing
