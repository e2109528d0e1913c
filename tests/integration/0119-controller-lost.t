#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slurmctld is killed and starts again with an older state: one job is lost (slurmdbd never receives its end), one is pending
# again. Their usage stays counted, no pause is lifted, and another job with the id of the lost job changes nothing.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
open_records() { database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end = 0 and state = 1"; }
used() { sluice_cli usage -Q -n -P --format=used "$1" | head -n 1; }
not_less() { awk -v have="$1" -v before="$2" 'BEGIN { exit !(before > 0 && have >= before) }'; }

# --- the old state of slurmctld: one job is pending, the other does not exist yet
ok 'sbatch of a held job in optics is accepted' as man sbatch --parsable -H -A optics -N1 -t30 -o /dev/null --wrap 'sleep 300'
waits=$OUT
ok 'slurmctld stops in order' slurmctld_stop
cp -a "$CLUSTER_DIR/state" "$CLUSTER_DIR/state.old"
must 'slurmctld starts with the held job' slurmctld_start
ok 'scontrol release of the held job succeeds' scontrol release "$waits"
ok 'sbatch of a job in chem is accepted' as mail sbatch --parsable -A chem -N1 -t30 -o /dev/null --wrap 'sleep 300'
lost=$OUT
eventually 'the job in chem runs' 20 job_is "$lost" RUNNING
eventually 'the job in optics runs' 20 job_is "$waits" RUNNING
both_open() { [ "$(open_records)" = 2 ]; }
eventually 'slurmdbd has the start of both jobs' 20 both_open

must 'sluiced starts' sluiced_up <<'END'
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
eventually 'standing of optics becomes paused' 30 evaluation_makes optics paused
eventually 'standing of chem becomes paused' 30 evaluation_makes chem paused

# --- slurmctld away
slurmctld_kill9
rm -rf "$CLUSTER_DIR/state" && mv "$CLUSTER_DIR/state.old" "$CLUSTER_DIR/state"
before="$(used optics) $(used chem)"
more() { sluice_cli evaluate && not_less "$(used optics)" "$(awk -v u="${before% *}" 'BEGIN { print u + 0.0003 }')"; }
eventually 'usage of optics grows from slurmdbd without slurmctld' 20 more
optics=$(used optics) chem=$(used chem)
ok 'usage of chem does not shrink without slurmctld' not_less "$chem" "${before#* }"

# --- slurmctld back
must 'slurmctld starts with the old state' slurmctld_start
is 'slurmctld with the old state has the optics job as pending' "$(job_state "$waits")" PENDING
is 'slurmctld with the old state has no chem job' "$(squeue -h -o %i)" "$waits"
still_paused() { # still_paused NAME
    ok "$1: usage of optics is not less" not_less "$(used optics)" "$optics"
    ok "$1: usage of chem, with the lost job, is not less" not_less "$(used chem)" "$chem"
    is "$1: sluice status shows both accounts as paused" "$(status_field optics standing) $(status_field chem standing)" 'paused paused'
    is "$1: QOS lists of both accounts are blocked" "$(account_field optics qos) $(account_field chem qos)" 'blocked blocked'
    fails "$1: sbatch in chem is refused" as mail sbatch -A chem --wrap true
}
eventually 'evaluation after slurmctld is back succeeds' 30 evaluate_now
still_paused 'slurmctld is back'
ok 'second evaluation after slurmctld is back succeeds' evaluate_now
still_paused 'one evaluation later'
is 'slurmdbd has no end of either job' "$(database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end = 0")" 2

# Until its slurmd has ended the lost job, a job with the same id would not start there.
lost_has_ended() { ! compgen -G "$CLUSTER_DIR/spool/*/*_$lost.*" > /dev/null; }
eventually 'slurmd has no step of the lost job' 40 lost_has_ended
eventually 'sbatch of a job with the id of the lost job is accepted' 20 as games sbatch --parsable -A physics -N1 -t30 -o /dev/null --wrap 'sleep 2'
# slurmd may end it at once: it has revoked the credential of the lost job.
eventually 'slurmdbd has the end of the job with the reused id' 40 eval '[ -n "$(database_sql "select 1 from slurm_acct_db.${CLUSTER_NAME}_job_table where id_job = $lost and time_end >= time_start and time_start > 0")" ]'
ok 'evaluation after the job with the reused id succeeds' evaluate_now
still_paused 'job id is reused'

ok 'sluiced stops after the job with the reused id' sluiced_stop
ok 'sluiced starts after the job with the reused id' sluiced_restart
eventually 'first evaluation after the restart of sluiced succeeds' 20 evaluate_now
# By now slurmdbd itself reports that the pending job has never run.
ok 'usage of chem includes the lost job after the restart of sluiced' not_less "$(used chem)" "$chem"
is 'standing of chem is paused after the restart of sluiced' "$(status_field chem standing)" paused
is 'QOS list of chem is blocked after the restart of sluiced' "$(account_field chem qos)" blocked
sluiced_stop
done_testing
