#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmdbd is away when a period ends (the daemon's clock is libfaketime's): nothing is lifted, reset or changed in Slurm without
# its figures; the new period is entered once when it is back, also by a daemon that was restarted or killed meanwhile.
. "$(dirname "$0")/lib/harness.sh"
faketime=$(find /usr/lib /usr/lib64 -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || skip_all 'libfaketime is not installed'
sluice_cluster_up
export TZ=UTC SLUICED_INTERVAL=1s

new_life() { # settings, and books without a past
    # After a try that was too slow: its daemon, in the next period by now, restores physics.
    if daemon_alive sluiced; then
        slurmdbd_start
        wait_until 60 free
        sluiced_stop
    fi
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
# sluiced_at TIME: a daemon whose clock starts there (UTC)
sluiced_at() { LD_PRELOAD="$faketime $(lone_clock)" FAKETIME="@$1" FAKETIME_DONT_FAKE_MONOTONIC=1 sluiced_restart; }
after_the_end() { date -d "$next_month UTC +$1 seconds" '+%F %T'; }
commands() { sluice_cli commands -Q -n -P -l 1000 --format=type,result physics; }
resets() { commands | grep -c 'reset_usage|done'; }
in_new_period() { [ "$(status_field physics period)" = "${next_month:0:7}" ]; }
free() { standing_is physics normal && as games sbatch -A physics -H --wrap true >/dev/null; }
qos_now() { account_field physics qos,defaultqos; }
begins_of_period() { sluice_cli history -Q -n -P -l 1000 --format=period,trigger physics | grep -v person | grep -c "^${next_month:0:7}|"; }

# entered NAME: slurmdbd is back: the new period, all of it, and each thing once
entered() {
    eventually "$1: the new period is entered" 30 in_new_period
    eventually "$1: the account is free" 20 free
    is "$1: its own QOS are back" "$(qos_now)" "$own"
    is "$1: raw usage is reset once" "$(resets)" 1
    ok "$1: an evaluation after it" evaluate_now
    is "$1: no second reset" "$(resets)" 1
    is "$1: the period began once" "$(begins_of_period)" 1
    is "$1: every command has an outcome" "$(commands | grep -c 'open')" 0
}
# held NAME: slurmdbd is away
held() {
    is "$1: no reset" "$(resets)" 0
    fails "$1: nothing is admitted on missing figures" as games sbatch -A physics --wrap true
}

as games srun -A physics -n1 -t1 sleep 6 # of the 3.6 seconds that are granted
next_month=$(date -d "$(date +%Y-%m-01) +1 month" +%F)
own=$(qos_now)
ended() { [ "$(database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end > 0")" = 1 ]; }
eventually 'slurmdbd has the job' 20 ended

paused() { wait_until 15 standing_is physics paused && wait_until 15 in_slurm; } # also in Slurm
in_slurm() { [[ $(qos_now) = *blocked ]]; }
past_the_end() { [ "$EPOCHSECONDS" -ge $((BOUNDARY_AT + 3)) ]; }

# --- away from before the end until after it
ahead_of "$next_month 00:00:00" new_life 'paused && slurmdbd_stop'
is 'away: the account is paused, slurmdbd stops, the month ends' $? 0
wait_until $((BOUNDARY_AT + 3 - EPOCHSECONDS)) past_the_end
held away
ok 'away: slurmdbd is back' slurmdbd_start
entered away
sluiced_stop

# --- and a daemon that starts into it
new_life
ok 'restarted: a daemon before the end of the month' sluiced_at "$(date -d "$next_month UTC -1 hour" '+%F %T')"
ok 'restarted: the account is paused' paused
ok 'restarted: slurmdbd stops' slurmdbd_stop
ok 'restarted: the daemon, too' sluiced_stop
ok 'restarted: it starts in the new month' sluiced_at "$(after_the_end 60)"
sleep 3
fails 'restarted: nothing is admitted' as games sbatch -A physics --wrap true
ok 'restarted: killed and started again' eval 'sluiced_kill9; sluiced_at "$(after_the_end 120)"'
held restarted
ok 'restarted: slurmdbd is back' slurmdbd_start
entered restarted
sluiced_stop

# --- slurmdbd is killed in the second of the end
ahead_of "$next_month 00:00:00" new_life paused
is 'killed: the account is paused before the end' $? 0
at_the_end() { [ "${EPOCHREALTIME/./}" -ge "$((BOUNDARY_AT - 1))500000" ]; }
wait_until $((BOUNDARY_AT - EPOCHSECONDS)) at_the_end
slurmdbd_kill9
sleep 2
slurmdbd_start
entered killed
sluiced_stop
done_testing
