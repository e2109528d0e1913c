#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Full disks: StateSaveLocation and the journal's folder are small file systems of their own. A pause that the plugin could not
# store outlives a restart of slurmctld once there was room for it, and nothing is applied that could not be recorded.
. "$(dirname "$0")/lib/harness.sh"
# The mounts are for this test only, however it ends.
[ -n "${DISK_MOUNTS:-}" ] || DISK_MOUNTS=private exec unshare --mount --propagation private "$0" "$@"
sluice_needed
cluster_prepare
sluice_install
state=$CLUSTER_DIR/state journal=$CLUSTER_DIR/journal
mkdir -p "$journal"
unmounted_end() {
    umount -l "$state" "$journal" 2>/dev/null
    scratch_end
}
trap unmounted_end EXIT
must 'StateSaveLocation is a file system of 8 MiB' mount -t tmpfs -o size=8m,mode=755 tmpfs "$state"
must 'the journal is on a file system of 8 MiB' mount -t tmpfs -o size=8m,mode=700 tmpfs "$journal"
chown --reference="$CLUSTER_DIR/log" "$state"
cluster_start || cluster_failed
log=$CLUSTER_DIR/log/slurmctld.log

granted() { # granted PHYSICS CHEM: hours
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: $2}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}
fill() { head -c 64M /dev/zero >"$1/filler" 2>/dev/null || true; }
# By the plugin, not by the QOS: only the plugin knows the figures.
plugin_refuses() { # plugin_refuses ACCOUNT
    ! OUT=$(as games timeout 60 sbatch -A "$1" -H --wrap true 2>&1) && [[ $OUT == *"account $1 is paused: "* ]]
}
must 'sluiced starts, all accounts have hours' eval 'sluiced_up < <(granted 1000 1000)'
like 'a new journal is logged' "$(cat "$(sluiced_log)")" "SLUICE-0840 journal-created file=$journal/sluice.db"
backup=$journal/sluice.db.$(date -u +%F).bak
eventually 'the first backup of the journal is made at the start' 20 test -s "$backup"
is 'the backup is for root only' "$(stat -c %a "$backup")" 600

# --- StateSaveLocation is full while physics is paused
eventually 'the first snapshot is stored' 20 test -s "$state/sluice_snapshot"
mark=$(lines_of "$log")
fill "$state"
ok 'StateSaveLocation full: physics is paused' eval 'sluiced_regrant < <(granted 0 1000)'
ok 'StateSaveLocation full: the plugin refuses physics' plugin_refuses physics
ok 'StateSaveLocation full: slurmctld.log says that the snapshot is not stored' wait_for_line 20 "$log" \
    'snapshot [0-9]+ is not stored: .*No space left on device' "$mark"
rm -f "$state/filler"
ok 'StateSaveLocation has room again: the snapshot is stored within a minute' wait_for_line 75 "$log" \
    'snapshot [0-9]+ is stored in ' "$mark"
is 'the failure was logged once' "$(tail -n +$((mark + 1)) "$log" | grep -c 'is not stored')" 1
ok 'sluiced stops' sluiced_stop
ok 'slurmctld restarts without sluiced' slurmctld_restart
ok 'slurmctld restarted: the plugin still refuses physics' plugin_refuses physics
is 'nothing unfinished is left in StateSaveLocation' "$(find "$state" -name '*sluice_snapshot.new*')" ''

# --- SnapshotFile= is changed while slurmctld runs
echo precious >"$CLUSTER_DIR/run/precious"
mark=$(lines_of "$log")
sluice_conf "Daemon=127.0.0.1:$PORT_GATE" "SnapshotFile=$CLUSTER_DIR/run/precious"
ok 'SnapshotFile= names another file: slurmctld.log says so' wait_for_line 20 "$log" \
    'run/precious exists and is no snapshot of Sluice' "$mark"
is 'SnapshotFile= names another file: it is left as it is' "$(cat "$CLUSTER_DIR/run/precious")" precious
sluice_conf "Daemon=127.0.0.1:$PORT_GATE" "SnapshotFile=$CLUSTER_DIR/run/elsewhere"
eventually 'a new SnapshotFile= is written at once, without sluiced' 20 cmp -s "$CLUSTER_DIR/run/elsewhere" "$state/sluice_snapshot"
sluice_conf "Daemon=127.0.0.1:$PORT_GATE"

# --- the journal's disk is full
must 'sluiced starts again' sluiced_restart
eventually 'sluiced is connected with the plugin again' 30 evaluate_now
fill "$journal"
sluiced_settings < <(granted 0 0)
ok 'journal full: new settings are read' sluiced_reload
fails 'journal full: an evaluation fails' sluice_cli evaluate
like 'journal full: sluice status names the journal' "$(sluice_cli status 2>&1)" 'journal'
unlike 'journal full: chem is not paused in Slurm' "$(account_field chem qos)" '^blocked$'
rm -f "$journal/filler"
eventually 'journal has room again: the pause of chem is applied' 30 eval 'evaluate_now && [ "$(account_field chem qos)" = blocked ]'
ok 'journal has room again: the plugin refuses chem' plugin_refuses chem

# --- no room for the daily backup
ok 'sluiced stops before the backup is removed' sluiced_stop
mv "$backup" "$journal/sluice.db.2020-01-01.bak"
fill "$journal"
truncate -s -300K "$journal/filler"
must 'sluiced starts on a nearly full disk' sluiced_restart
backup_fails() { sluice_cli doctor 2>&1 | grep -q 'daily backup of the journal fails: .*no room'; }
eventually 'sluice doctor reports that the backup fails' 20 backup_fails
like 'sluice status reports that the backup fails' "$(sluice_cli status 2>&1)" 'daily backup of the journal fails'
like 'the log reports that the backup fails' "$(cat "$(sluiced_log)")" 'SLUICE-0841 backup-failed .*no room'
like '/metrics reports that the backup fails' \
    "$(curl -s --unix-socket "$SLUICE_SOCKET" http://sluice/metrics)" 'sluice_journal_backup_failed[^ ]* 1'
ok 'the last good backup is still there' test -s "$journal/sluice.db.2020-01-01.bak"
rm -f "$journal/filler"
ok 'sluiced restarts with room' eval 'sluiced_stop && sluiced_restart'
eventually 'the backup is made' 20 test -s "$backup"
like '/metrics has the time of the backup' \
    "$(curl -s --unix-socket "$SLUICE_SOCKET" http://sluice/metrics)" 'sluice_journal_backup_timestamp_seconds[^ ]* [1-9]'

# --- an empty journal, and its way out
ok 'sluiced stops before its journal is emptied' sluiced_stop
rm -f "$journal"/sluice.db-*
: >"$journal/sluice.db"
mark=$(lines_of "$(sluiced_log)")
fails 'sluiced does not start with an empty journal' sluiced_restart
ok 'the log names the remedy' line_in "$(sluiced_log)" 'the file is empty.*Restore a backup' "$mark"
cp "$backup" "$journal/sluice.db"
ok 'sluiced starts with the backup in its place' sluiced_restart
ok 'the backup knows the QOS that chem had: hours for all' eval 'sluiced_regrant < <(granted 1000 1000)'
unlike 'chem has its own QOS again' "$(account_field chem qos)" '^blocked$'
ok 'sluiced stops at the end' sluiced_stop

# --- what the unit does not start again
echo 'no_such_key: 1' >"$CLUSTER_DIR/etc/bad.yaml"
"$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/bad.yaml" >/dev/null 2>&1
is 'errors in the settings end sluiced with the status that the unit does not restart' $? \
    "$(sed -n 's/^RestartPreventExitStatus=//p' "$SLUICE_BUILD/contrib/sluiced.service")"
done_testing
