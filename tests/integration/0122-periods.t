#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ends of periods by the clock of sluiced (libfaketime): month, quarter, year and a change to summer time. Each end counts once,
# also when sluiced was down across one or two ends or is killed at an end. The cluster keeps the real time.
. "$(dirname "$0")/lib/harness.sh"
faketime=$(find /usr/lib /usr/lib64 -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || skip_all 'libfaketime is not installed'
sluice_cluster_up
export TZ=UTC
KILLS=${SLUICE_KILLS:-4}

granted() { # granted PERIOD ZONE
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 0.001}}
policies:
  - name: p
    mode: enforce
    period: $1
    carryover: false
    raw_usage_reset: true
    actions: [request_slurm_resource_pausing]
END
}
# new_life PERIOD ZONE: settings, and an empty journal
new_life() {
    # After a try that was too slow: its sluiced, in the next period by now, restores physics.
    if daemon_alive sluiced; then
        slurmdbd_start
        wait_until 60 free
        sluiced_stop
    fi
    rm -rf "$CLUSTER_DIR/journal"
    sluiced_settings < <(granted "$1")
    sed -i "s|^timezone: .*|timezone: $2|" "$CLUSTER_DIR/etc/sluiced.yaml"
}
# sluiced_at TIME: a sluiced whose clock starts at TIME (UTC)
sluiced_at() {
    LD_PRELOAD="$faketime $(lone_clock)" FAKETIME="@$1" FAKETIME_DONT_FAKE_MONOTONIC=1 sluiced_restart
}
records() { sluice_cli history -Q -n -P -l 1000 --format="$1" physics; }
resets() { sluice_cli commands -Q -n -P -l 1000 --format=type,result physics | grep -c 'reset_usage|done'; }
free() { standing_is physics normal && as games sbatch -A physics -H --wrap true; }
in_period() { status_field physics period | grep -qx "$1"; }

look() { wait_until 15 evaluate_now && period_then=$(status_field physics period) && { resets_then=$(resets) || true; }; }

# passes NAME PERIOD ZONE BOUNDARY LABEL: sluiced runs when BOUNDARY (UTC) comes; the next period is LABEL
passes() {
    local name=$1 boundary=$4 label=$5 first late
    ahead_of "$boundary" "new_life $2 $3" look
    is "$name: evaluation before the boundary succeeds" $? 0
    unlike "$name: the period before the boundary is the old one" "$period_then" "^$label\$"
    is "$name: raw usage is not reset before the boundary" "$resets_then" 0
    eventually "$name: sluiced enters the new period without a command" 15 in_period "$label"
    first=$(records time,trigger,period | grep "|$label$" | tail -n 1)
    like "$name: the boundary starts the evaluation of the new period" "$first" '\|boundary\|'
    late=$(($(date -d "${first%%|*}" +%s) - $(date -d "$boundary UTC" +%s)))
    ok "$name: the new period begins at the boundary ($late s late)" test "$late" -ge 0 -a "$late" -le 10
    is "$name: raw usage is reset once" "$(resets)" 1
    ok "$name: evaluation in the new period succeeds" evaluate_now
    is "$name: raw usage is not reset a second time" "$(resets)" 1
    sluiced_stop
}

as games srun -A physics -n1 -t1 sleep 6 # the allocation is 3.6 seconds
now=$(date +%s)
month=$(date -d "@$now" +%Y-%m-01)
next_month=$(date -d "$month +1 month" +%F)
number=$(date -d "@$now" +%-m)
next_quarter=$(date -d "$(date +%Y)-$((((number - 1) / 3) * 3 + 1))-01 +3 months" +%F)
year=$(($(date +%Y) + 1))

passes 'end of month' month UTC "$next_month 00:00:00" "$(date -d "$next_month" +%Y-%m)"
passes 'end of quarter' quarter UTC "$next_quarter 00:00:00" "$(date -d "$next_quarter" +%Y)-Q$((($(date -d "$next_quarter" +%-m) + 2) / 3))"
passes 'end of year' year UTC "$year-01-01 00:00:00" "$year"
# In Berlin March begins at 23:00 UTC and April, in summer time, at 22:00.
passes 'end of February in Berlin, before summer time' month Europe/Berlin "$year-02-28 23:00:00" "$year-03"
passes 'end of March in Berlin, in summer time' month Europe/Berlin "$year-03-31 22:00:00" "$year-04"

# --- a paused account returns to normal
refused() { wait_until 15 evaluate_now && standing_is physics paused && ! as games sbatch -A physics --wrap true; }
ahead_of "$next_month 00:00:00" 'new_life month UTC' refused
is 'physics is paused and refused in the last seconds of the month' $? 0
eventually 'the new month lifts the pause in Slurm and in the plugin' 15 free
sluiced_stop

# --- sluiced is down across one and across two ends
for months in 1 2; do
    new_life month UTC
    ok "sluiced stops before $months ends of months" eval 'sluiced_at "$(date -d "$next_month UTC -1 hour" "+%F %T")" && wait_until 15 evaluate_now && sluiced_stop'
    later=$(date -d "$next_month +$((months - 1)) months +3 days" +%F)
    ok "sluiced starts after $months ends of months" eval 'sluiced_at "$later 12:00:00" && wait_until 15 evaluate_now'
    is "current period is right after $months ends of months" "$(status_field physics period)" "${later:0:7}"
    is "raw usage is reset once after $months ends of months" "$(resets)" 1
    sluiced_kill9
    ok "sluiced starts again after a kill, $months ends of months later" eval 'sluiced_at "$later 12:10:00" && wait_until 15 evaluate_now'
    is "raw usage is not reset again after the kill, $months ends of months later" "$(resets)" 1
    sluiced_stop
done

# --- sluiced is killed around the boundary
program=$(sluice_find sluiced)
for ((i = 1; i <= KILLS; i++)); do
    new_life month UTC
    sluiced_at "$(date -d "$next_month UTC -1 hour" '+%F %T')" && wait_until 15 evaluate_now >/dev/null && sluiced_stop
    rm -f "$CLUSTER_DIR/run/sluiced.sock"
    LD_PRELOAD="$faketime $(lone_clock)" FAKETIME="@$next_month 00:00:00" FAKETIME_DONT_FAKE_MONOTONIC=1 \
        daemon_run sluiced "$program" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
    sleep "0.$(printf '%03d' $((RANDOM % 300 + 20)))" # the kill must come at a random moment
    sluiced_kill9
    sluiced_at "$next_month 00:01:00" && wait_until 15 evaluate_now >/dev/null
    is "kill $i: sluice history shows one begin of the period, and the reset is done" \
        "$(records period,trigger | grep -v person | grep -c "^${next_month:0:7}|")|$(sluice_cli commands -Q -n -P -l 1 --format=result physics)" '1|done'
    sluiced_stop
done
done_testing
