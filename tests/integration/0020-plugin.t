#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin in a real slurmctld, fed by tests/plugin/feed instead of a daemon: what every way to submit says, and that
# slurmctld outlives it (a wrong allocator kills it only after the user has read the message).
. "$(dirname "$0")/lib/harness.sh"

plugin=$(sluice_find job_submit_sluice.so) || skip_all 'job_submit_sluice.so is not built'
feed=${SLUICE_BUILD:-.}/tests/plugin/feed
[ -x "$feed" ] || skip_all 'tests/plugin/feed is not built (make integration-programs does)'

cluster_prepare
cp "$plugin" "$CLUSTER_DIR/plugins/"
CLUSTER_JOB_SUBMIT=sluice
slurm_conf_write
sluice_conf "Daemon=127.0.0.1:$PORT_GATE" 'NoSuchKey=1'
cluster_start || cluster_failed

log=$CLUSTER_DIR/log/slurmctld.log
games=$(id -u games)
ctld=$(daemon_pid slurmctld)
alive() { [ "$(daemon_pid slurmctld)" = "$ctld" ] && timeout 10 scontrol ping | grep -q ' UP'; }
logged() { grep -q "$1" "$log"; }
times() { grep -c "$1" "$log"; }

like 'slurmctld says that nothing is there yet' "$(cat "$log")" 'job_submit/sluice: no snapshot yet: all jobs are admitted'
eventually 'and that no daemon answers' 5 logged 'job_submit/sluice: no daemon'
ok 'without a daemon everybody is admitted' as games sbatch -n1 -t1 -o /dev/null --wrap true
like 'the unknown key is named with its line' "$(cat "$log")" 'sluice.conf:2: unknown key NoSuchKey; line ignored'

mkfifo "$CLUSTER_DIR/run/feed"
daemon_run feed sh -c "exec '$feed' serve 127.0.0.1:$PORT_GATE '$CLUSTER_DIR/run/munge.sock' 0 <'$CLUSTER_DIR/run/feed'"
exec 9>"$CLUSTER_DIR/run/feed"
world() { # world PHYSICS CHEM
    cat <<END >&9
cluster $CLUSTER_NAME
account chem $2 8500 - account chem: 85 % used, resets 2027-01-01
account optics $1 10260 - account optics is paused because of physics.
contact hpc-admin@example.org
account physics $1 10260 - account physics is paused: 1231 of 1200 node_hours used in 2026-Q4 (102.6 %). Next period starts 2027-01-01.
contact hpc-admin@example.org
user $games physics chem,physics
user $(id -u man) optics optics
user $(id -u mail) chem chem
end
END
}
feed_status() { echo status >&9; sleep 0.3; tail -n 1 "$CLUSTER_DIR/log/feed.out"; }
refused_now() { ! as "$1" sbatch -n1 -t1 -o /dev/null --wrap true && [ -e "$CLUSTER_DIR/state/sluice_snapshot" ]; }

world paused normal
eventually 'the plugin connects' 20 logged 'job_submit/sluice: connected to the daemon'
eventually 'and refuses' 10 refused_now games

text='account physics is paused: 1231 of 1200 node_hours used in 2026-Q4 \(102.6 %\)'
offer='Ask hpc-admin@example.org, or use your other account: chem \(85 % used\)\.'
fails 'sbatch is refused' as games sbatch -n1 -t1 -o /dev/null --wrap true
like 'with figures' "$OUT" "sbatch: error: $text"
like 'with the other account' "$OUT" "$offer"
like 'and a code that fits' "$OUT" 'Batch job submission failed: Job violates accounting/QOS policy'
ok 'slurmctld is alive after sbatch' alive
fails 'srun is refused' as games srun -n1 -t1 true
like 'with the same text' "$OUT" "srun: error: $text"
ok 'slurmctld is alive after srun' alive
fails 'salloc is refused' as games salloc -n1 -t1 true
like 'with the same text' "$OUT" "salloc: error: $text"
fails 'an array is refused' as games sbatch --array=1-10 -n1 -t1 -o /dev/null --wrap true
like 'with the same text' "$OUT" "$text"
fails '--test-only is refused' as games sbatch --test-only -n1 -t1 -o /dev/null --wrap true
like 'with the same text' "$OUT" "$text"
fails 'a heterogeneous job is refused' as games sbatch -n1 -t1 -A physics -o /dev/null : -n1 -t1 -A physics --wrap true
like 'with the number of its component' "$OUT" "0: $text"
fails 'a named account in other letters is refused' as games sbatch -A PHYSICS -n1 -t1 -o /dev/null --wrap true
fails 'the account below a paused one is refused' as man sbatch -n1 -t1 -o /dev/null --wrap true
like 'with its reason' "$OUT" 'account optics is paused because of physics'
ok 'slurmctld is alive after all of them' alive

ok 'the other account is admitted' as games sbatch --parsable -A chem -n1 -t1 -o /dev/null --wrap true
like 'with a warning' "$OUT" 'sbatch: account chem: 85 % used, resets 2027-01-01'
ok 'srun, too' as games srun -A chem -n1 -t1 true
like 'with the warning' "$OUT" 'srun: account chem: 85 % used'
ok 'a user whom the snapshot does not know is judged by the default of slurmctld' eval 'OUT=$(as lp sbatch -n1 -t1 -o /dev/null --wrap true 2>&1); [ $? -ne 0 ]'
ok 'root for itself is admitted' sacctmgr_do add user root account=physics
ok 'in a paused account' sbatch -A physics -n1 -t1 -o /dev/null -D "$CLUSTER_DIR/jobs" --wrap true

ok 'a job that waits' as games sbatch --parsable -A chem -H -n1 -t1 -o /dev/null --wrap true
job=${OUT##*$'\n'}
fails 'it may not be moved to the paused account' as games scontrol update job="$job" account=physics
like 'with a code that fits' "$OUT" 'policy'
if [ "$(slurm_release)" -ge 2302 ]; then
    like 'and with the reason' "$OUT" 'account physics is paused'
else # 22.05 has no way to hand on a text
    eventually 'its log has the reason' 5 logged "job update of uid $games refused: account physics is paused"
fi
ok 'slurmctld is alive after scontrol' alive
ok 'a shorter time is fine' as games scontrol update job="$job" timelimit=1
ok 'so is releasing' as games scontrol release "$job"

sluice_conf "Daemon=127.0.0.1:$PORT_GATE" 'WarnAtSubmit=no'
eventually 'a changed sluice.conf is read again' 5 logged 'sluice.conf: settings read again'
ok 'a job of chem' as games sbatch -A chem -n1 -t1 -o /dev/null --wrap true
unlike 'without a warning now' "$OUT" '85 %'
sluice_conf "Daemon=127.0.0.1:$PORT_GATE" 'ExemptUsers=games'
eventually 'an exempt user is admitted' 5 as games sbatch -n1 -t1 -o /dev/null --wrap true
sluice_conf "Daemon=127.0.0.1:$PORT_GATE"
eventually 'and refused again' 5 refused_now games

ok 'scontrol reconfigure' scontrol reconfigure
[ "$(slurm_release)" -lt 2311 ] || ctld=$(daemon_pid slurmctld) # a new process has taken over
ok 'slurmctld is alive after it' alive
fails 'still refused' as games sbatch -n1 -t1 -o /dev/null --wrap true

# 22.05 and 23.02 take the plugin down and load it again within the running process; later ones start a new process.
before=$(times 'starting from the stored snapshot')
CLUSTER_JOB_SUBMIT='' slurm_conf_write
ok 'scontrol reconfigure without the plugin' scontrol reconfigure
eventually 'everybody is admitted' 10 as games sbatch -n1 -t1 -o /dev/null --wrap true
CLUSTER_JOB_SUBMIT=sluice slurm_conf_write
ok 'scontrol reconfigure with the plugin' scontrol reconfigure
eventually 'refused again' 10 refused_now games
ok 'from the stored snapshot' test "$(times 'starting from the stored snapshot')" -gt "$before"

world normal normal
eventually 'an opened account is admitted' 5 as games sbatch -n1 -t1 -o /dev/null --wrap true
world paused normal
eventually 'and refused again' 5 refused_now games
like 'the publisher knows what the plugin has' "$(feed_status)" 'slurm=22|slurm=2[3-6]'
like 'and what it did' "$(feed_status)" 'refused=[1-9]'

daemon_kill9 feed
eventually 'the lost daemon is one line' 10 logged 'no daemon: .* The last snapshot stays in force'
fails 'still refused' as games sbatch -n1 -t1 -o /dev/null --wrap true
pid=$(daemon_pid slurmctld)
ok 'slurmctld stops' slurmctld_stop
unlike 'without a crash' "$(cat "$log" "$CLUSTER_DIR/log/slurmctld.out" 2>/dev/null)" 'terminate called|Aborted|Segmentation'
ok 'slurmctld starts' slurmctld_start
fails 'refused from the stored snapshot' as games sbatch -n1 -t1 -o /dev/null --wrap true
like 'with figures' "$OUT" "$text"
ok 'slurmctld stops again' slurmctld_stop
printf 'SLUICESN damaged' >"$CLUSTER_DIR/state/sluice_snapshot"
rm -f "$CLUSTER_DIR/state/sluice_snapshot.old"
ok 'slurmctld starts with a damaged file' slurmctld_start
like 'and says so' "$(cat "$log")" 'snapshot file ignored: .*damaged|snapshot file ignored: .*snapshot file'
ok 'everybody is admitted' as games sbatch -n1 -t1 -o /dev/null --wrap true

# In the foreground its exit status is seen: a joinable thread in a static object would make it 134.
ok 'slurmctld stops for the last time' slurmctld_stop
# Not by daemon_run: a disowned process has no exit status.
setsid slurmctld -D </dev/null >>"$CLUSTER_DIR/log/slurmctld.out" 2>&1 &
pid=$!
echo "$pid" >"$CLUSTER_DIR/run/slurmctld.pid"
ok 'slurmctld starts in the foreground' wait_until 20 slurmctld_answers
eventually 'with the plugin' 5 eval '[ "$(times "no daemon: ")" -ge 3 ]'
kill -TERM "$pid"
wait "$pid"
is 'SIGTERM ends it with status 0' $? 0
done_testing
