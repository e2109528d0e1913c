#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The clock of sluiced's host is wrong for a while (libfaketime, changed while sluiced runs); the cluster keeps the real time.
# No period begins, no raw usage is reset, no pause is lifted; status, doctor, page and metrics show it; it heals by itself, or
# by `sluice clock accept`.
. "$(dirname "$0")/lib/harness.sh"
faketime=$(find /usr/lib /usr/lib64 -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || skip_all 'libfaketime is not installed'
sluice_cluster_up
export TZ=UTC SLUICED_INTERVAL=2s
now=$(date +%s)
this_month=$(date -d "@$now" +%Y-%m)
to_next_month=$(($(date -d "$this_month-01 +1 month" +%s) - now + 3600))
shift_file=$CLUSTER_DIR/run/clock-shift

clock_off_by() { # clock_off_by SECONDS: at once, for a running sluiced too
    printf '%+d\n' "$1" >"$shift_file.new" && mv "$shift_file.new" "$shift_file"
}
sluiced_shifted() {
    LD_PRELOAD="$faketime $1" FAKETIME_TIMESTAMP_FILE=$shift_file FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        sluiced_restart
}
clock_json() { sluice_cli clock --json | tr -d ' \n' | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2 | tr -d '"'; }
distrusted() { [ "$(clock_json trusted)" = false ]; }
trusted() { [ "$(clock_json trusted)" = true ]; }
resets() { sluice_cli commands -Q -n -P -l 1000 --format=type physics | grep -c reset_usage; }
refused() { ! as games sbatch -A physics -H --wrap true; }
journal() { # journal SQL: of a copy, as sluiced locks its journal
    rm -f "$CLUSTER_DIR/run/copy.db"*
    cp "$CLUSTER_DIR/journal/sluice.db" "$CLUSTER_DIR/run/copy.db" &&
        cp "$CLUSTER_DIR/journal/sluice.db-wal" "$CLUSTER_DIR/run/copy.db-wal" && sqlite3 "$CLUSTER_DIR/run/copy.db" "$1"
}
in_this_month() { [ "$(status_field physics period)" = "$this_month" ]; }
bases() { journal "SELECT group_concat(kind || name || amount) FROM account_amount WHERE kind IN ('base', 'grant')"; }

clock_off_by 0
sluiced_settings <<'END'
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 0.001}}
policies:
  - name: p
    mode: enforce
    period: month
    carryover: {factor: 50}
    raw_usage_reset: true
    actions: [request_slurm_resource_pausing]
END
as games srun -A physics -n1 -t1 sleep 6 # of the 3.6 seconds that are granted
ok 'sluiced starts' sluiced_shifted ''
ok 'an evaluation' wait_until 15 evaluate_now
eventually 'the account is paused' 15 standing_is physics paused
eventually 'and refused' 10 refused
ok 'the clock is trusted' trusted
like 'and compared with slurmctld' "$(sluice_cli clock)" 'in step with slurmctld'
before=$(bases)

# --- a month ahead for some seconds
clock_off_by "$to_next_month"
eventually 'a jump over the end of the month is seen' 15 distrusted
is 'as a clock that went forward' "$(clock_json state)" forward
like 'status shows it' "$(sluice_cli status)" 'CLOCK NOT TRUSTED \(the clock of this host went forward by [0-9]+ s'
like 'doctor shows it' "$(sluice_cli doctor)" 'clock +FAULT|FAULT +clock|clock of this host went forward'
like 'the log has it once' "$(grep -c 'SLUICE-0210' "$(sluiced_log)")" '^1$'
like 'clock names each source' "$(sluice_cli clock)" "$((to_next_month / 1000))[0-9]{3} s ahead of slurmctld"
ok 'an evaluation on demand changes nothing' evaluate_now
ok 'the account is still refused' refused
is 'its standing is paused' "$(status_field physics standing)" paused
is 'its period is this month' "$(status_field physics period)" "$this_month"
is 'no reset of raw usage' "$(resets)" 0
fails 'no records are removed' sluice_cli cleanup
clock_off_by 0
eventually 'the clock is trusted again by itself' 15 trusted
like 'and the log says so' "$(grep -c 'SLUICE-0211' "$(sluiced_log)")" '^1$'
ok 'an evaluation' evaluate_now
is 'still this month' "$(status_field physics period)" "$this_month"
is 'still paused' "$(status_field physics standing)" paused
is 'still no reset' "$(resets)" 0
is 'the base of the carryover is what it was' "$(bases)" "$before"

# --- a month behind
clock_off_by -2678400
eventually 'a clock that went back is seen' 15 distrusted
is 'as that' "$(clock_json state)" back
ok 'the account is still refused' refused
clock_off_by 0
eventually 'and heals' 15 trusted

# --- a daemon that starts with the wrong clock, and slurmctld does not agree
sluiced_stop
clock_off_by "$to_next_month"
ok 'sluiced starts with a clock that is ahead' sluiced_shifted ''
eventually 'slurmctld tells another time' 15 distrusted
is 'the clocks differ' "$(clock_json state)|$(clock_json against)" 'differs|slurmctld'
is 'no reset' "$(resets)" 0
fails 'accept needs a reason' sluice_cli clock accept
fails 'and staff' as games "$(sluice_find sluice)" clock accept --reason=mine
sluiced_stop

# --- nothing to compare with: the period begins too early, and a person takes it back
ok 'no other clock is known' sluiced_shifted "$(lone_clock)"
period_is_not_this() { p=$(status_field physics period) && [ -n "$p" ] && [ "$p" != "$this_month" ]; }
eventually 'the next month begins' 15 period_is_not_this
is 'with a reset' "$(resets)" 1
sluiced_stop
clock_off_by 0
ok 'sluiced starts with the right clock' sluiced_shifted ''
eventually 'the journal is later than that' 15 distrusted
is 'against the journal' "$(clock_json state)|$(clock_json against)" 'back|journal'
ok 'a person accepts the time' sluice_cli clock accept --reason='the clock was a month ahead'
ok 'it is trusted' trusted
eventually 'the account is in this month again' 15 in_this_month
is 'the base of the carryover is there' "$(bases)" "$before"
is 'it is in the journal' "$(journal 'SELECT reason FROM clock_accept')" 'the clock was a month ahead'
eventually 'the account is paused again' 15 standing_is physics paused
sluiced_stop
ok 'a restart' sluiced_shifted ''
eventually 'needs no second confirmation' 15 trusted
is 'no second reset' "$(resets)" 1
sluiced_stop
done_testing
