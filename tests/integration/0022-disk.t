#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Full disks: StateSaveLocation and the journal's folder are small file systems. A pause that the plugin could not store
# survives a restart of slurmctld once space is free again, and sluiced applies nothing that it cannot record.
. "$(dirname "$0")/lib/harness.sh"
# The mounts exist for this test only, however the test ends.
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
# Refused by the plugin, not by the QOS: only the plugin prints the usage.
plugin_refuses() { # plugin_refuses ACCOUNT
    ! OUT=$(as games timeout 60 sbatch -A "$1" -H --wrap true 2>&1) && [[ $OUT == *"account $1 is paused: "* ]]
}
must 'sluiced starts with hours for all accounts' eval 'sluiced_up < <(granted 1000 1000)'
like 'sluiced.log reports the new journal' "$(cat "$(sluiced_log)")" "SLUICE-0840 journal-created file=$journal/sluice.db"
backup=$journal/sluice.db.$(date -u +%F).bak
eventually 'sluiced makes the first backup of the journal at start' 20 test -s "$backup"
is 'mode of the backup is 0600' "$(stat -c %a "$backup")" 600

# --- StateSaveLocation is full while physics is paused
eventually 'plugin stores the first snapshot' 20 test -s "$state/sluice_snapshot"
mark=$(lines_of "$log")
fill "$state"
ok 'StateSaveLocation full: sluiced pauses physics' eval 'sluiced_regrant < <(granted 0 1000)'
ok 'StateSaveLocation full: plugin refuses physics' plugin_refuses physics
ok 'StateSaveLocation full: slurmctld.log reports that the snapshot is not stored' wait_for_line 20 "$log" \
    'snapshot [0-9]+ is not stored: .*No space left on device' "$mark"
rm -f "$state/filler"
ok 'StateSaveLocation has space again: plugin stores the snapshot within a minute' wait_for_line 75 "$log" \
    'snapshot [0-9]+ is stored in ' "$mark"
is 'slurmctld.log reports the failed store once' "$(tail -n +$((mark + 1)) "$log" | grep -c 'is not stored')" 1
ok 'sluiced stops before slurmctld restarts' sluiced_stop
ok 'slurmctld restarts without sluiced' slurmctld_restart
ok 'plugin refuses physics after slurmctld restarted without sluiced' plugin_refuses physics
is 'StateSaveLocation has no unfinished snapshot' "$(find "$state" -name '*sluice_snapshot.new*')" ''

# --- SnapshotFile= is changed while slurmctld runs
echo precious >"$CLUSTER_DIR/run/precious"
mark=$(lines_of "$log")
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" "SnapshotFile=$CLUSTER_DIR/run/precious"
ok 'SnapshotFile= names another file: slurmctld.log reports that the file is no snapshot' wait_for_line 20 "$log" \
    'run/precious exists and is no snapshot of Sluice' "$mark"
is 'SnapshotFile= names another file: the file is unchanged' "$(cat "$CLUSTER_DIR/run/precious")" precious
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" "SnapshotFile=$CLUSTER_DIR/run/elsewhere"
eventually 'plugin writes the snapshot to a new SnapshotFile= at once, without sluiced' 20 cmp -s "$CLUSTER_DIR/run/elsewhere" "$state/sluice_snapshot"
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS"

# --- the journal's disk is full
must "sluiced starts before the journal's disk is full" sluiced_restart
eventually "plugin connects before the journal's disk is full" 30 evaluate_now
fill "$journal"
sluiced_settings < <(granted 0 0)
ok 'journal full: sluiced loads new settings' sluiced_reload
fails 'journal full: sluice evaluate fails' sluice_cli evaluate
like 'journal full: sluice status names the journal' "$(sluice_cli status 2>&1)" 'journal'
unlike 'journal full: chem is not paused in Slurm' "$(account_field chem qos)" '^blocked$'
rm -f "$journal/filler"
eventually 'journal has space again: sluiced applies the pause of chem' 30 eval 'evaluate_now && [ "$(account_field chem qos)" = blocked ]'
ok 'journal has space again: plugin refuses chem' plugin_refuses chem

# --- no space for the daily backup
ok 'sluiced stops before the backup is removed' sluiced_stop
mv "$backup" "$journal/sluice.db.2020-01-01.bak"
fill "$journal"
truncate -s -300K "$journal/filler"
must 'sluiced starts on a nearly full disk' sluiced_restart
backup_fails() { sluice_cli doctor 2>&1 | grep -q 'daily backup of the journal fails: .*no space'; }
eventually 'sluice doctor reports that the backup fails' 20 backup_fails
like 'sluice status reports that the backup fails' "$(sluice_cli status 2>&1)" 'daily backup of the journal fails'
like 'the log reports that the backup fails' "$(cat "$(sluiced_log)")" 'SLUICE-0841 backup-failed .*no space'
like '/metrics reports that the backup fails' \
    "$(curl -s --unix-socket "$SLUICE_SOCKET" http://sluice/metrics)" 'sluice_journal_backup_failed[^ ]* 1'
ok 'the last good backup still exists' test -s "$journal/sluice.db.2020-01-01.bak"
rm -f "$journal/filler"
ok 'sluiced restarts with space for the backup' eval 'sluiced_stop && sluiced_restart'
eventually 'sluiced makes the backup after space is free' 20 test -s "$backup"
like '/metrics has the time of the backup' \
    "$(curl -s --unix-socket "$SLUICE_SOCKET" http://sluice/metrics)" 'sluice_journal_backup_timestamp_seconds[^ ]* [1-9]'

# --- an empty journal and its remedy
ok 'sluiced stops before its journal is emptied' sluiced_stop
rm -f "$journal"/sluice.db-*
: >"$journal/sluice.db"
mark=$(lines_of "$(sluiced_log)")
fails 'start of sluiced with an empty journal is refused' sluiced_restart
ok 'sluiced.log names the remedy for an empty journal' line_in "$(sluiced_log)" 'the file is empty.*Restore a backup' "$mark"
cp "$backup" "$journal/sluice.db"
ok 'sluiced starts with the backup as its journal' sluiced_restart
ok 'sluiced with the restored journal lifts all pauses' eval 'sluiced_regrant < <(granted 1000 1000)'
unlike 'QOS list of chem is restored from the backup of the journal' "$(account_field chem qos)" '^blocked$'
ok 'sluiced stops at the end' sluiced_stop

# --- an error that the systemd unit does not answer with a restart
echo 'no_such_key: 1' >"$CLUSTER_DIR/etc/bad.yaml"
"$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/bad.yaml" >/dev/null 2>&1
is 'wrong settings end sluiced with the status that the unit does not restart' $? \
    "$(sed -n 's/^RestartPreventExitStatus=//p' "$SLUICE_BUILD/contrib/sluiced.service")"
done_testing
