#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon is away: never heard of it, killed, stopped; slurmctld restarted meanwhile, reconfigured, its
# snapshot file damaged. The plugin never stops slurmctld, never forgets a pause, and says what it does.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up 'MaxAge=1h   # a comment' 'WarnAtSubmitt=yes' 'Fail=last'
log=$(slurmctld_log)
# lines of slurmctld.log that are ours
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
    # the same QOS in all standings: what is refused below is refused by the plugin
    qos_paused: normal
END
}
paused() { fails "$1" as games sbatch --wrap true && like "$1: by its text" "$OUT" 'account physics is paused'; }

eventually 'no daemon yet: the log says so' 10 line_in "$log" 'job_submit/sluice: no daemon: .*all jobs are admitted'
ok 'and jobs are admitted' as games srun -n1 true
is 'an unknown key of sluice.conf is named with its line' "$(ours | grep -c 'sluice.conf:3: unknown key WarnAtSubmitt')" 1
like 'with the key that was meant' "$(ours)" 'meant WarnAtSubmit'

must 'sluiced comes' eval 'sluiced_up < <(granted 0)'
is 'one line says that it is connected' "$(ours | grep -c 'connected to the daemon')" 1
is 'one line had said that it was away' "$(ours | grep -c 'no daemon:')" 1
paused 'physics is paused'
ctld=$(daemon_pid slurmctld)

mark=$(lines_of "$log")
ok 'sluiced is killed' sluiced_kill9
paused 'daemon killed'
ok 'the log says so' wait_for_line 10 "$log" 'no daemon: .*The last snapshot stays in force' "$mark"
paused 'later too'
ok 'slurmctld restarts' slurmctld_restart
paused 'slurmctld restarted without the daemon'
ok 'from its file' line_in "$log" 'starting from the stored snapshot [0-9]+ \(' "$mark"
ok 'chem runs' as games srun -A chem -n1 true

ok 'scontrol reconfigure' scontrol reconfigure
paused 'after reconfigure'
ok 'the daemon returns' sluiced_restart
eventually 'and the plugin is connected' 20 plugin_current
ok 'an evaluation' evaluate_now
paused 'the daemon is back'
ok 'reconfigure while connected' scontrol reconfigure
ok 'the pause ends' eval 'sluiced_regrant < <(granted 100)'
ok 'physics runs' as games srun -n1 true
ok 'and begins again' eval 'sluiced_regrant < <(granted 0)'
paused 'after reconfigure the plugin still listens'

# An override that ends while the daemon is away ends in the plugin: the pause is back.
ok 'an override opens physics for some seconds' eval 'until=$(date -u -d "+20 seconds" +%FT%TZ)
    sluice_cli override set physics normal --until="$until" --reason=deadline && evaluate_now'
ok 'physics runs' as games sbatch -H --wrap true
ok 'sluiced is killed again' sluiced_kill9
override_over() { ! as games sbatch -H --wrap true; }
eventually 'the override ends without sluiced' 40 override_over
like 'and the refusal tells the usage' "$(as games sbatch --wrap true 2>&1)" 'account physics is paused: '
ok 'sluiced returns' sluiced_restart
eventually 'and the plugin is connected again' 20 plugin_current
ok 'an evaluation' evaluate_now

# SIGTERM: within two seconds, without a trace
pid=$(daemon_pid sluiced)
begin=${EPOCHREALTIME/./}
ok 'sluiced gets SIGTERM' kill -TERM "$pid"
ok 'and ends' wait_until 5 pid_gone "$pid"
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
diag "after $took ms"
ok 'within 2 s' test "$took" -le 2000
ok 'its socket is gone' test ! -e "$SLUICE_SOCKET"
paused 'daemon stopped'

# Damage. slurmctld writes the file while it runs, so it is changed while slurmctld is down.
snapshot=$CLUSTER_DIR/state/sluice_snapshot
is 'the newest snapshot and the one before it are beside the state of slurmctld' \
    "$(find "$CLUSTER_DIR/state" -maxdepth 1 -name '*sluice*' -type f | sort | tr '\n' ' ')" "$snapshot $snapshot.old "
is 'only the owner reads the newest snapshot' "$(stat -c %a "$snapshot")" 600
is 'only the owner reads the snapshot before it' "$(stat -c %a "$snapshot.old")" 600
cp "$snapshot" "$CLUSTER_DIR/run/good"
broken() { # broken NAME: slurmctld starts with the file as it is now, says so, admits
    mark=$(lines_of "$log")
    ok "$1: slurmctld starts" slurmctld_start
    ok "$1: the log says that the file is ignored" line_in "$log" 'snapshot file ignored' "$mark"
    ok "$1: jobs are admitted" as games sbatch -H --wrap true
    slurmctld_kill9 # its orderly end takes seconds
}
ok 'slurmctld is killed' slurmctld_kill9
size=$(stat -c %s "$snapshot")
printf '\377' | dd of="$snapshot" bs=1 seek=$((size / 2)) conv=notrunc status=none
cp "$CLUSTER_DIR/run/good" "$snapshot.old"
mark=$(lines_of "$log")
ok 'newest snapshot damaged, the one before it good: slurmctld starts' slurmctld_start
ok 'newest snapshot damaged: one line names the file that is used' line_in "$log" \
    'snapshot file ignored: .*damaged snapshot file; starting from .* in .*sluice_snapshot.old' "$mark"
paused 'newest snapshot damaged, the one before it decides'
fails 'newest snapshot damaged: it is left alone while no daemon confirms the older one' cmp -s "$snapshot" "$CLUSTER_DIR/run/good"
slurmctld_kill9
rm -f "$snapshot.old"
printf '\377' | dd of="$snapshot" bs=1 seek=$((size / 2)) conv=notrunc status=none
broken 'one byte changed'
head -c $((size / 2)) "$CLUSTER_DIR/run/good" >"$snapshot"
broken 'cut in half'
: >"$snapshot"
broken 'empty'
head -c 100000 /dev/urandom >"$snapshot"
broken 'noise'
rm -f "$snapshot" && mkdir "$snapshot"
broken 'a directory'
rmdir "$snapshot" && cp "$CLUSTER_DIR/run/good" "$snapshot"
ok 'with the good one again slurmctld starts' slurmctld_start
paused 'and pauses'

# Fail=open: the site prefers jobs to verdicts that are old. It takes effect without a restart.
mark=$(lines_of "$log")
sluice_conf "Daemon=127.0.0.1:$PORT_GATE" Fail=open MaxAge=1
ok 'sluice.conf is read again by itself' wait_for_line 10 "$log" 'sluice.conf: settings read again' "$mark"
eventually 'Fail=open admits when the snapshot is old' 10 as games srun -n1 true
sluice_conf "Daemon=127.0.0.1:$PORT_GATE" 'ExemptUsers=games'
eventually 'an exempt user is admitted' 10 as games srun -n1 true
lp_refused() { ! as lp sbatch --wrap true; }
eventually 'others are not' 10 lp_refused
sluice_conf "Daemon=127.0.0.1:$PORT_GATE"
refused() { ! as games sbatch --wrap true; }
eventually 'without the exemption the pause holds' 10 refused

# A daemon that nobody can reach: slurmctld starts at once, not after a timeout.
sluice_conf 'Daemon=192.0.2.1:6830,127.0.0.1:1'
begin=${EPOCHREALTIME/./}
ok 'slurmctld is killed and starts' eval 'slurmctld_kill9; slurmctld_start'
diag "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
paused 'unreachable daemon'
rm -f "$CLUSTER_DIR/etc/sluice.conf"
ok 'without sluice.conf it starts too' eval 'slurmctld_kill9; slurmctld_start'
paused 'without sluice.conf'
isnt 'slurmctld had several processes in this test' "$(daemon_pid slurmctld)" "$ctld"
is 'and none ended by a fault' "$(grep -ciE 'segv|abort|fatal' "$log")" 0
done_testing
