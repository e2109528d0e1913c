#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sluiced is away: never started, killed, stopped; slurmctld restarts meanwhile, is reconfigured, finds its snapshot file
# damaged. The plugin never stops slurmctld, keeps every pause, and logs what it does.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up 'MaxAge=1h   # a comment' 'WarnAtSubmitt=yes' 'Fail=last'
log=$(slurmctld_log)
# lines of slurmctld.log that the plugin wrote
ours() { grep -F 'job_submit/sluice:' "$log"; }

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
    # the same QOS in all standings, so that only the plugin can refuse the jobs below
    qos_paused: normal
END
}
paused() { fails "$1: sbatch is refused" as games sbatch --wrap true && like "$1: refusal names paused account physics" "$OUT" 'account physics is paused'; }

eventually 'no sluiced has started: slurmctld.log reports that all jobs are admitted' 10 line_in "$log" 'job_submit/sluice: no daemon: .*all jobs are admitted'
ok 'no sluiced has started: srun runs' as games srun -n1 true
is 'slurmctld.log names an unknown key of sluice.conf with its line' "$(ours | grep -c 'sluice.conf:3: unknown key WarnAtSubmitt')" 1
like 'slurmctld.log suggests the key that was meant' "$(ours)" 'did you mean WarnAtSubmit'

must 'sluiced starts' eval 'sluiced_up < <(granted 0)'
is 'slurmctld.log has one line for the connection to sluiced' "$(ours | grep -c 'connected to the daemon')" 1
is 'slurmctld.log has one line for the missing sluiced' "$(ours | grep -c 'no daemon:')" 1
paused 'sluiced is connected'
ctld=$(daemon_pid slurmctld)

mark=$(lines_of "$log")
ok 'sluiced is killed' sluiced_kill9
paused 'sluiced was killed'
ok 'slurmctld.log reports that the last snapshot stays in force' wait_for_line 10 "$log" 'no daemon: .*The last snapshot stays in force' "$mark"
paused 'sluiced was killed and slurmctld.log reports it'
ok 'slurmctld restarts without sluiced' slurmctld_restart
paused 'slurmctld restarted without sluiced'
ok 'slurmctld.log reports that the plugin starts from the stored snapshot' line_in "$log" 'starting from the stored snapshot [0-9]+ \(' "$mark"
ok 'srun in chem runs without sluiced' as games srun -A chem -n1 true

ok 'scontrol reconfigure without sluiced succeeds' scontrol reconfigure
paused 'slurmctld was reconfigured without sluiced'
ok 'sluiced starts after the reconfigure' sluiced_restart
eventually 'plugin connects after sluiced started again' 20 plugin_current
ok 'evaluation after sluiced started again succeeds' evaluate_now
paused 'sluiced is back'
ok 'scontrol reconfigure with sluiced connected succeeds' scontrol reconfigure
ok 'plugin receives the end of the pause after the reconfigure' eval 'sluiced_regrant < <(granted 100)'
ok 'srun in physics runs after the pause' as games srun -n1 true
ok 'plugin receives the new pause after the reconfigure' eval 'sluiced_regrant < <(granted 0)'
paused 'slurmctld was reconfigured with sluiced connected'

# The plugin ends an override at its time while sluiced is away: the pause returns.
ok 'override sets physics to normal for some seconds' eval 'until=$(date -u -d "+30 seconds" +%FT%TZ)
    sluice_cli override set physics normal --until="$until" --reason=deadline && evaluate_now'
ok 'sbatch in physics is accepted under the override' as games sbatch -H --wrap true
ok 'sluiced is killed during the override' sluiced_kill9
override_over() { ! as games sbatch -H --wrap true; }
eventually 'override ends without sluiced' 90 override_over
like 'refusal after the override has the usage' "$(as games sbatch --wrap true 2>&1)" 'account physics is paused: '
ok 'sluiced starts after the override' sluiced_restart
eventually 'plugin connects after the override' 20 plugin_current
ok 'evaluation after the override succeeds' evaluate_now

# SIGTERM: sluiced ends within two seconds, or ten on a loaded machine, and leaves no file
pid=$(daemon_pid sluiced)
begin=${EPOCHREALTIME/./}
ok 'SIGTERM is sent to sluiced' kill -TERM "$pid"
ok 'sluiced ends after SIGTERM' wait_until 5 pid_gone "$pid"
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
ok "sluiced ends soon after SIGTERM ($took ms)" test "$took" -le 10000
ok 'sluiced removes its socket when it ends' test ! -e "$SLUICE_SOCKET"
paused 'sluiced was stopped'

# Damaged files. slurmctld writes the snapshot while it runs, so the test changes the file while slurmctld is down.
snapshot=$CLUSTER_DIR/state/sluice_snapshot
is 'StateSaveLocation has the newest snapshot and the one before, no other file of Sluice' \
    "$(find "$CLUSTER_DIR/state" -maxdepth 1 -name '*sluice*' -type f | sort | tr '\n' ' ')" "$snapshot $snapshot.old "
is 'mode of the newest snapshot is 0600' "$(stat -c %a "$snapshot")" 600
is 'mode of the snapshot before is 0600' "$(stat -c %a "$snapshot.old")" 600
cp "$snapshot" "$CLUSTER_DIR/run/good"
broken() { # broken NAME: slurmctld starts with the file as it is now, reports it, and all jobs are admitted
    mark=$(lines_of "$log")
    ok "snapshot is $1: slurmctld starts" slurmctld_start
    ok "snapshot is $1: slurmctld.log reports that the file is ignored" line_in "$log" 'snapshot file ignored' "$mark"
    ok "snapshot is $1: sbatch is accepted" as games sbatch -H --wrap true
    slurmctld_kill9 # an orderly stop takes seconds
}
ok 'slurmctld is killed before its snapshots are damaged' slurmctld_kill9
size=$(stat -c %s "$snapshot")
printf '\377' | dd of="$snapshot" bs=1 seek=$((size / 2)) conv=notrunc status=none
cp "$CLUSTER_DIR/run/good" "$snapshot.old"
mark=$(lines_of "$log")
ok 'newest snapshot is damaged, the one before is good: slurmctld starts' slurmctld_start
ok 'newest snapshot is damaged: slurmctld.log names the file that is used' line_in "$log" \
    'snapshot file ignored: .*damaged snapshot file; starting from .* in .*sluice_snapshot.old' "$mark"
paused 'newest snapshot is damaged, the one before is good'
fails 'newest snapshot is damaged: the plugin keeps it until sluiced confirms the older one' cmp -s "$snapshot" "$CLUSTER_DIR/run/good"
slurmctld_kill9
rm -f "$snapshot.old"
printf '\377' | dd of="$snapshot" bs=1 seek=$((size / 2)) conv=notrunc status=none
broken 'changed in one byte'
head -c $((size / 2)) "$CLUSTER_DIR/run/good" >"$snapshot"
broken 'cut in half'
: >"$snapshot"
broken 'empty'
head -c 100000 /dev/urandom >"$snapshot"
broken 'random bytes'
rm -f "$snapshot" && mkdir "$snapshot"
broken 'a directory'
rmdir "$snapshot" && cp "$CLUSTER_DIR/run/good" "$snapshot"
ok 'slurmctld starts with the good snapshot' slurmctld_start
paused 'good snapshot is restored'

# Fail=open: the site prefers running jobs to old decisions. Takes effect without a restart.
mark=$(lines_of "$log")
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" Fail=open MaxAge=1
ok 'plugin reads the changed sluice.conf again' wait_for_line 10 "$log" 'sluice.conf: settings read again' "$mark"
eventually 'Fail=open: srun runs when the snapshot is older than MaxAge' 10 as games srun -n1 true
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" 'ExemptUsers=games'
eventually 'ExemptUsers=games: srun by games runs' 10 as games srun -n1 true
lp_refused() { ! as lp sbatch --wrap true; }
eventually 'ExemptUsers=games: sbatch by lp is refused' 10 lp_refused
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS"
refused() { ! as games sbatch --wrap true; }
eventually 'ExemptUsers= removed: sbatch by games is refused' 10 refused

# An unreachable sluiced: slurmctld starts at once, not after a timeout.
sluice_conf 'Daemon=192.0.2.1:6830,127.0.0.1:1'
begin=${EPOCHREALTIME/./}
ok 'slurmctld starts after SIGKILL with an unreachable sluiced' eval 'slurmctld_kill9; slurmctld_start'
diag "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
paused 'sluiced is unreachable'
rm -f "$CLUSTER_DIR/etc/sluice.conf"
ok 'slurmctld starts without sluice.conf' eval 'slurmctld_kill9; slurmctld_start'
paused 'sluice.conf is missing'
isnt 'slurmctld had more than one pid in this test' "$(daemon_pid slurmctld)" "$ctld"
is 'slurmctld.log has no crash' "$(grep -ciE 'segv|abort|fatal' "$log")" 0
done_testing
