#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The clock of sluiced's host is wrong for a while (libfaketime, changed while sluiced runs); the cluster keeps the real
# time. No period begins, no raw usage is reset, no pause is lifted; status, doctor, web page and metrics show the fault.
# sluiced trusts the clock again by itself or after `sluice clock accept`.
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
as games srun -A physics -n1 -t1 sleep 6 # the allocation is 3.6 seconds
ok 'sluiced starts with the right clock' sluiced_shifted ''
ok 'evaluation with the right clock succeeds' wait_until 15 evaluate_now
eventually 'standing of physics becomes paused with the right clock' 15 standing_is physics paused
eventually 'sbatch in physics becomes refused with the right clock' 10 refused
ok 'sluice clock --json reports the clock as trusted' trusted
like 'sluice clock shows that the clock is in step with slurmctld' "$(sluice_cli clock)" 'in step with slurmctld'
before=$(bases)

# --- the clock is a month ahead for some seconds
clock_off_by "$to_next_month"
eventually 'clock a month ahead: sluiced does not trust the clock' 15 distrusted
is 'clock a month ahead: sluice clock --json has state forward' "$(clock_json state)" forward
like 'clock a month ahead: sluice status reports the clock' "$(sluice_cli status)" 'CLOCK NOT TRUSTED \(the clock of this host went forward by [0-9]+ s'
like 'clock a month ahead: sluice doctor reports the clock' "$(sluice_cli doctor)" 'clock +FAULT|FAULT +clock|clock of this host went forward'
like 'clock a month ahead: sluiced.log reports the clock once' "$(grep -c 'SLUICE-0210' "$(sluiced_log)")" '^1$'
like 'clock a month ahead: sluice clock shows the offset to slurmctld' "$(sluice_cli clock)" "$((to_next_month / 1000))[0-9]{3} s ahead of slurmctld"
ok 'clock a month ahead: an evaluation on request succeeds' evaluate_now
ok 'clock a month ahead: sbatch in physics is refused' refused
is 'clock a month ahead: standing of physics is paused' "$(status_field physics standing)" paused
is 'clock a month ahead: period of physics is the current month' "$(status_field physics period)" "$this_month"
is 'clock a month ahead: raw usage is not reset' "$(resets)" 0
fails 'clock a month ahead: sluice cleanup is refused' sluice_cli cleanup
clock_off_by 0
eventually 'clock right again: sluiced trusts the clock by itself' 15 trusted
like 'clock right again: sluiced.log reports the trust once' "$(grep -c 'SLUICE-0211' "$(sluiced_log)")" '^1$'
ok 'clock right again: evaluation succeeds' evaluate_now
is 'clock right again: period of physics is the current month' "$(status_field physics period)" "$this_month"
is 'clock right again: standing of physics is paused' "$(status_field physics standing)" paused
is 'clock right again: raw usage is not reset' "$(resets)" 0
is 'clock right again: base of the carryover is unchanged' "$(bases)" "$before"

# --- the clock is a month behind
clock_off_by -2678400
eventually 'clock a month behind: sluiced does not trust the clock' 15 distrusted
is 'clock a month behind: sluice clock --json has state back' "$(clock_json state)" back
ok 'clock a month behind: sbatch in physics is refused' refused
clock_off_by 0
eventually 'clock right after a month behind: sluiced trusts the clock' 15 trusted

# --- sluiced starts with a clock that is ahead of slurmctld
sluiced_stop
clock_off_by "$to_next_month"
ok 'start a month ahead of slurmctld: sluiced starts' sluiced_shifted ''
eventually 'start a month ahead of slurmctld: sluiced does not trust the clock' 15 distrusted
is 'start a month ahead of slurmctld: sluice clock --json has state differs' "$(clock_json state)|$(clock_json against)" 'differs|slurmctld'
is 'start a month ahead of slurmctld: raw usage is not reset' "$(resets)" 0
fails 'sluice clock accept without --reason is refused' sluice_cli clock accept
fails 'sluice clock accept by a plain user is refused' as games "$(sluice_find sluice)" clock accept --reason=mine
sluiced_stop

# --- no other clock to compare with: the period begins too early, and staff revert this
ok 'start a month ahead without another clock: sluiced starts' sluiced_shifted "$(lone_clock)"
period_is_not_this() { p=$(status_field physics period) && [ -n "$p" ] && [ "$p" != "$this_month" ]; }
eventually 'start a month ahead without another clock: the next month begins' 15 period_is_not_this
is 'start a month ahead without another clock: raw usage is reset once' "$(resets)" 1
sluiced_stop
clock_off_by 0
ok 'start with a journal from the future: sluiced starts' sluiced_shifted ''
eventually 'start with a journal from the future: sluiced does not trust the clock' 15 distrusted
is 'start with a journal from the future: sluice clock --json names the journal' "$(clock_json state)|$(clock_json against)" 'back|journal'
ok 'sluice clock accept by staff is accepted' sluice_cli clock accept --reason='the clock was a month ahead'
ok 'clock accepted: sluiced trusts the clock' trusted
eventually 'clock accepted: period of physics is the current month' 15 in_this_month
is 'clock accepted: base of the carryover is restored' "$(bases)" "$before"
is 'clock accepted: the journal has the reason' "$(journal 'SELECT reason FROM clock_accept')" 'the clock was a month ahead'
eventually 'clock accepted: standing of physics becomes paused again' 15 standing_is physics paused
sluiced_stop
ok 'clock accepted: sluiced restarts' sluiced_shifted ''
eventually 'clock accepted: sluiced trusts the clock after the restart' 15 trusted
is 'clock accepted: raw usage is not reset a second time' "$(resets)" 1
sluiced_stop
done_testing
