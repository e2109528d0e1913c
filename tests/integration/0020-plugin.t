#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin in a real slurmctld, with tests/plugin/feed in place of sluiced: the message of each way to submit a job, and
# slurmctld survives (a wrong allocator crashes slurmctld only after the user has read the message).
. "$(dirname "$0")/lib/harness.sh"

plugin=$(sluice_find job_submit_sluice.so) || skip_all 'job_submit_sluice.so is not built'
feed=${SLUICE_BUILD:-.}/tests/plugin/feed
[ -x "$feed" ] || skip_all 'tests/plugin/feed is not built (make integration-programs does)'

cluster_prepare
cp "$plugin" "$CLUSTER_DIR/plugins/"
CLUSTER_JOB_SUBMIT=sluice
slurm_conf_write
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" 'NoSuchKey=1'
cluster_start || cluster_failed

log=$CLUSTER_DIR/log/slurmctld.log
games=$(id -u games)
ctld=$(daemon_pid slurmctld)
alive() { [ "$(daemon_pid slurmctld)" = "$ctld" ] && timeout 60 scontrol ping | grep -q ' UP'; }
logged() { grep -q "$1" "$log"; }
times() { grep -c "$1" "$log"; }

like 'slurmctld.log reports that the plugin has no snapshot' "$(cat "$log")" 'job_submit/sluice: no snapshot yet: all jobs are admitted'
eventually 'slurmctld.log reports that no daemon answers' 5 logged 'job_submit/sluice: no daemon'
ok 'sbatch is accepted before any snapshot' as games sbatch -n1 -t1 -o /dev/null --wrap true
like 'slurmctld.log names the unknown key of sluice.conf with its line' "$(cat "$log")" 'sluice.conf:2: unknown key NoSuchKey; line ignored'

mkfifo "$CLUSTER_DIR/run/feed"
daemon_run feed sh -c "exec '$feed' serve 127.0.0.1:$PORT_PLUGINS '$CLUSTER_DIR/run/munge.sock' 0 <'$CLUSTER_DIR/run/feed'"
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
feed_status() {
    local out=$CLUSTER_DIR/log/feed.out seen
    seen=$(lines_of "$out")
    echo status >&9
    wait_for_line 10 "$out" . "$seen"
    tail -n 1 "$out"
}
refused_now() { ! as "$1" sbatch -n1 -t1 -o /dev/null --wrap true && [ -e "$CLUSTER_DIR/state/sluice_snapshot" ]; }

world paused normal
eventually 'plugin connects to the feed' 20 logged 'job_submit/sluice: connected to the daemon'
eventually 'sbatch in physics is refused after the first snapshot' 10 refused_now games

text='account physics is paused: 1231 of 1200 node_hours used in 2026-Q4 \(102.6 %\)'
offer='Ask hpc-admin@example.org, or use your other account: chem \(85 % used\)\.'
fails 'sbatch in paused physics is refused' as games sbatch -n1 -t1 -o /dev/null --wrap true
like 'refusal of sbatch has usage and allocation' "$OUT" "sbatch: error: $text"
like 'refusal of sbatch offers account chem' "$OUT" "$offer"
like 'sbatch fails with the policy violation error of Slurm' "$OUT" 'Batch job submission failed: Job violates accounting/QOS policy'
ok 'slurmctld is alive after sbatch' alive
fails 'srun in paused physics is refused' as games srun -n1 -t1 true
like 'refusal of srun has usage and allocation' "$OUT" "srun: error: $text"
ok 'slurmctld is alive after srun' alive
fails 'salloc in paused physics is refused' as games salloc -n1 -t1 true
like 'refusal of salloc has usage and allocation' "$OUT" "salloc: error: $text"
fails 'sbatch --array in paused physics is refused' as games sbatch --array=1-10 -n1 -t1 -o /dev/null --wrap true
like 'refusal of sbatch --array has usage and allocation' "$OUT" "$text"
fails 'sbatch --test-only in paused physics is refused' as games sbatch --test-only -n1 -t1 -o /dev/null --wrap true
like 'refusal of sbatch --test-only has usage and allocation' "$OUT" "$text"
fails 'sbatch of a heterogeneous job in paused physics is refused' as games sbatch -n1 -t1 -A physics -o /dev/null : -n1 -t1 -A physics --wrap true
like 'refusal of a heterogeneous job names its component' "$OUT" "0: $text"
fails 'sbatch with account PHYSICS in upper case is refused' as games sbatch -A PHYSICS -n1 -t1 -o /dev/null --wrap true
fails 'sbatch in optics below paused physics is refused' as man sbatch -n1 -t1 -o /dev/null --wrap true
like 'refusal in optics names the paused parent' "$OUT" 'account optics is paused because of physics'
ok 'slurmctld is alive after all refusals' alive

ok 'sbatch in chem is accepted' as games sbatch --parsable -A chem -n1 -t1 -o /dev/null --wrap true
like 'sbatch in chem prints the warning of the account' "$OUT" 'sbatch: account chem: 85 % used, resets 2027-01-01'
ok 'srun in chem runs' as games srun -A chem -n1 -t1 true
unlike 'srun in chem prints no second warning on the same day' "$OUT" 'account chem: 85 % used'
ok 'sbatch by a user unknown to the snapshot is refused by the default account' eval 'OUT=$(as lp sbatch -n1 -t1 -o /dev/null --wrap true 2>&1); [ $? -ne 0 ]'
ok 'sacctmgr adds user root to physics' sacctmgr_do add user root account=physics
ok 'sbatch by root in paused physics is accepted' sbatch -A physics -n1 -t1 -o /dev/null -D "$CLUSTER_DIR/jobs" --wrap true

ok 'sbatch of a held job in chem is accepted' as games sbatch --parsable -A chem -H -n1 -t1 -o /dev/null --wrap true
job=${OUT##*$'\n'}
fails 'scontrol update of the held job to paused physics is refused' as games scontrol update job="$job" account=physics
like 'scontrol update fails with the policy error of Slurm' "$OUT" 'policy'
if [ "$(slurm_release)" -ge 2302 ]; then
    like 'scontrol update prints that physics is paused' "$OUT" 'account physics is paused'
else # 22.05 cannot return a text
    eventually 'slurmctld.log reports why scontrol update was refused' 5 logged "job update of uid $games refused: account physics is paused"
fi
ok 'slurmctld is alive after scontrol' alive
ok 'scontrol update shortens the held job' as games scontrol update job="$job" timelimit=1
ok 'scontrol release of the held job succeeds' as games scontrol release "$job"

sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" 'WarnAtSubmit=no'
eventually 'plugin reads the changed sluice.conf again' 5 logged 'sluice.conf: settings read again'
ok 'sbatch in chem with WarnAtSubmit=no is accepted' as games sbatch -A chem -n1 -t1 -o /dev/null --wrap true
unlike 'sbatch in chem with WarnAtSubmit=no prints no warning' "$OUT" '85 %'
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" 'ExemptUsers=games'
eventually 'ExemptUsers=games: sbatch by games is accepted' 5 as games sbatch -n1 -t1 -o /dev/null --wrap true
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS"
eventually 'ExemptUsers= removed: sbatch by games is refused' 5 refused_now games

ok 'scontrol reconfigure with the plugin succeeds' scontrol reconfigure
[ "$(slurm_release)" -lt 2311 ] || ctld=$(daemon_pid slurmctld) # a new process has taken over
ok 'slurmctld is alive after scontrol reconfigure' alive
fails 'sbatch in physics is refused after scontrol reconfigure' as games sbatch -n1 -t1 -o /dev/null --wrap true

# 22.05 and 23.02 unload the plugin and load it again within the running process; later ones start a new process.
before=$(times 'starting from the stored snapshot')
CLUSTER_JOB_SUBMIT='' slurm_conf_write
ok 'scontrol reconfigure with the plugin removed from slurm.conf succeeds' scontrol reconfigure
eventually 'sbatch in physics is accepted without the plugin' 10 as games sbatch -n1 -t1 -o /dev/null --wrap true
CLUSTER_JOB_SUBMIT=sluice slurm_conf_write
ok 'scontrol reconfigure with the plugin in slurm.conf again succeeds' scontrol reconfigure
eventually 'sbatch in physics is refused with the plugin loaded again' 10 refused_now games
ok 'plugin starts from the stored snapshot after the reload' test "$(times 'starting from the stored snapshot')" -gt "$before"

world normal normal
eventually 'sbatch is accepted after physics returns to normal' 5 as games sbatch -n1 -t1 -o /dev/null --wrap true
world paused normal
eventually 'sbatch is refused after physics is paused again' 5 refused_now games
like 'feed receives the Slurm release from the plugin' "$(feed_status)" 'slurm=22|slurm=2[3-6]'
like 'feed receives the number of refusals from the plugin' "$(feed_status)" 'refused=[1-9]'

daemon_kill9 feed
eventually 'slurmctld.log reports the lost connection to the feed' 10 logged 'no daemon: .* The last snapshot stays in force'
fails 'sbatch is refused after the feed was killed' as games sbatch -n1 -t1 -o /dev/null --wrap true
pid=$(daemon_pid slurmctld)
ok 'slurmctld stops with the plugin' slurmctld_stop
unlike 'slurmctld stops without a crash' "$(cat "$log" "$CLUSTER_DIR/log/slurmctld.out" 2>/dev/null)" 'terminate called|Aborted|Segmentation'
ok 'slurmctld starts without the feed' slurmctld_start
fails 'sbatch is refused by the stored snapshot' as games sbatch -n1 -t1 -o /dev/null --wrap true
like 'refusal by the stored snapshot has usage and allocation' "$OUT" "$text"
ok 'slurmctld stops before its snapshot is damaged' slurmctld_stop
printf 'SLUICESN damaged' >"$CLUSTER_DIR/state/sluice_snapshot"
rm -f "$CLUSTER_DIR/state/sluice_snapshot.old"
ok 'slurmctld starts with a damaged snapshot' slurmctld_start
like 'slurmctld.log reports that the damaged snapshot is ignored' "$(cat "$log")" 'snapshot file ignored: .*damaged|snapshot file ignored: .*snapshot file'
ok 'sbatch is accepted with a damaged snapshot' as games sbatch -n1 -t1 -o /dev/null --wrap true

# A foreground process shows its exit status: a joinable thread in a static object would make it 134.
ok 'slurmctld stops before the foreground start' slurmctld_stop
# Not by daemon_run: a disowned process has no exit status.
setsid slurmctld -D </dev/null >>"$CLUSTER_DIR/log/slurmctld.out" 2>&1 &
pid=$!
echo "$pid" >"$CLUSTER_DIR/run/slurmctld.pid"
ok 'slurmctld starts in the foreground' wait_until 20 slurmctld_answers
eventually 'slurmctld in the foreground loads the plugin' 5 eval '[ "$(times "no daemon: ")" -ge 3 ]'
kill -TERM "$pid"
wait "$pid"
is 'slurmctld ends with status 0 after SIGTERM' $? 0
done_testing
