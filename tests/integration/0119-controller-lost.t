#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld is killed and comes back with a state older than what ran: one job is lost (slurmdbd never gets an end of it), one
# waits again. What they used stays counted, no pause is lifted for it, and another job with the lost one's id changes nothing.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
open_records() { database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end = 0 and state = 1"; }
used() { sluice_cli usage -Q -n -P --format=used "$1" | head -n 1; }
not_less() { awk -v have="$1" -v before="$2" 'BEGIN { exit !(before > 0 && have >= before) }'; }

# --- the state that it will come back with: one job waits, the other is not known yet
ok 'a job waits' as man sbatch --parsable -H -A optics -N1 -t30 -o /dev/null --wrap 'sleep 300'
waits=$OUT
ok 'slurmctld stops in order' slurmctld_stop
cp -a "$CLUSTER_DIR/state" "$CLUSTER_DIR/state.old"
must 'and starts' slurmctld_start
ok 'the job is released' scontrol release "$waits"
ok 'another is submitted' as mail sbatch --parsable -A chem -N1 -t30 -o /dev/null --wrap 'sleep 300'
lost=$OUT
eventually 'it runs' 20 job_is "$lost" RUNNING
eventually 'and the first' 20 job_is "$waits" RUNNING
both_open() { [ "$(open_records)" = 2 ]; }
eventually 'slurmdbd has the start of both' 20 both_open

must 'sluiced is up' sluiced_up <<'END'
components:
  node_hours: {tres: node}
accounts:
  optics: {allocation: {node_hours: 0.001}}
  chem: {allocation: {node_hours: 0.001}}
policies:
  - name: p
    mode: enforce
    period: month
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
eventually 'the one account is paused' 30 turn_makes optics paused
eventually 'and the other' 30 turn_makes chem paused

# --- away
slurmctld_kill9
rm -rf "$CLUSTER_DIR/state" && mv "$CLUSTER_DIR/state.old" "$CLUSTER_DIR/state"
before="$(used optics) $(used chem)"
more() { sluice_cli evaluate && not_less "$(used optics)" "$(awk -v u="${before% *}" 'BEGIN { print u + 0.0003 }')"; }
eventually 'without slurmctld they are counted by slurmdbd' 20 more
optics=$(used optics) chem=$(used chem)
ok 'both of them' not_less "$chem" "${before#* }"

# --- back
must 'slurmctld starts with the old state' slurmctld_start
is 'which knows that one waits' "$(job_state "$waits")" PENDING
is 'and nothing of the other' "$(squeue -h -o %i)" "$waits"
still_paused() { # still_paused NAME
    ok "$1: what was used is not less" not_less "$(used optics)" "$optics"
    ok "$1: nor that of the lost job" not_less "$(used chem)" "$chem"
    is "$1: both accounts are paused" "$(status_field optics standing) $(status_field chem standing)" 'paused paused'
    is "$1: in Slurm, too" "$(account_field optics qos) $(account_field chem qos)" 'blocked blocked'
    fails "$1: the plugin refuses" as mail sbatch -A chem --wrap true
}
eventually 'an evaluation' 30 evaluate_now
still_paused 'back'
ok 'another evaluation' evaluate_now
still_paused 'one evaluation later'
is 'slurmdbd has an end of neither' "$(database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end = 0")" 2

eventually 'a job is submitted' 20 as games sbatch --parsable -A physics -N1 -t30 -o /dev/null --wrap 'sleep 2'
eventually 'it has ended' 40 eval '[ -n "$(database_sql "select 1 from slurm_acct_db.${CLUSTER_NAME}_job_table where id_job = $lost and time_end > time_start and time_start > 0")" ]'
ok 'an evaluation after it' evaluate_now
still_paused 'the same id again'

ok 'sluiced stops' sluiced_stop
ok 'and starts' sluiced_restart
eventually 'its first evaluation' 20 evaluate_now
# Of the job that waits slurmdbd itself says by now that it has never run.
ok 'the lost job still counts' not_less "$(used chem)" "$chem"
is 'its account is paused' "$(status_field chem standing)" paused
is 'in Slurm, too' "$(account_field chem qos)" blocked
sluiced_stop
done_testing
sluiced_stop
done_testing
