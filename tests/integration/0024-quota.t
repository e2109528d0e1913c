#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Disk quotas: StateSaveLocation and the journal's folder are subvolumes of a real btrfs with a quota each (EDQUOT, where 0022
# has ENOSPC). A pause that the plugin could not store survives a restart of slurmctld, and sluiced applies nothing that it
# cannot record.
. "$(dirname "$0")/lib/harness.sh"
# The mounts exist for this test only, however the test ends.
[ -n "${DISK_MOUNTS:-}" ] || DISK_MOUNTS=private exec unshare --mount --propagation private "$0" "$@"
sluice_needed
cluster_prepare
sluice_install
state=$CLUSTER_DIR/state journal=$CLUSTER_DIR/journal pool=$CLUSTER_DIR/pool
mkdir -p "$journal" "$pool"
unmounted_end() {
    umount -l "$state" "$journal" "$pool" 2>/dev/null
    scratch_end
}
trap unmounted_end EXIT

pool_up() { # a btrfs in a file, with quotas
    truncate -s 256M "$CLUSTER_DIR/pool.img" && mkfs.btrfs -q "$CLUSTER_DIR/pool.img" >/dev/null 2>&1 &&
        mount -o loop "$CLUSTER_DIR/pool.img" "$pool" && btrfs quota enable "$pool"
}
subvolume() { # subvolume NAME DIRECTORY MODE: of 8 MiB, mounted at DIRECTORY
    btrfs subvolume create "$pool/$1" && btrfs qgroup limit 8M "$pool/$1" && mount --bind "$pool/$1" "$2" && chmod "$3" "$2"
}
command -v mkfs.btrfs >/dev/null || skip_all 'btrfs-progs is not installed'
if ! run pool_up; then
    # Right only on a kernel without btrfs. tests/disk makes every write fail with EDQUOT without one.
    fails 'kernel without btrfs: a quota cannot be tested' grep -qw btrfs /proc/filesystems
    done_testing
    exit
fi
must 'StateSaveLocation has a quota of 8 MiB' subvolume state "$state" 755
must "the journal's folder has a quota of 8 MiB" subvolume journal "$journal" 700
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
fill() { # fill DIRECTORY: up to the quota. btrfs counts at commit, so small files fill the rest.
    local i
    dd if=/dev/urandom of="$1/filler" bs=64K count=1024 2>/dev/null
    sync -f "$1"
    for ((i = 0; i < 400; i++)); do dd if=/dev/urandom of="$1/filler.$i" bs=4K count=4 conv=fsync 2>/dev/null || break; done
    ! dd if=/dev/urandom of="$1/filler.last" bs=64K count=1 conv=fsync 2>"$CLUSTER_DIR/quota.err" &&
        grep -q 'quota exceeded' "$CLUSTER_DIR/quota.err"
}
make_room() { rm -f "$1"/filler* && sync -f "$1"; }
# Refused by the plugin, not by the QOS: only the plugin prints the usage.
plugin_refuses() { # plugin_refuses ACCOUNT
    ! OUT=$(as games timeout 20 sbatch -A "$1" -H --wrap true 2>&1) && [[ $OUT == *"account $1 is paused: "* ]]
}
must 'sluiced starts with hours for all accounts' eval 'sluiced_up < <(granted 1000 1000)'
eventually 'plugin stores the first snapshot' 20 test -s "$state/sluice_snapshot"

# --- StateSaveLocation is at its quota while physics is paused
mark=$(lines_of "$log")
must 'files fill StateSaveLocation up to its quota' fill "$state"
ok 'StateSaveLocation at its quota: sluiced pauses physics' eval 'sluiced_regrant < <(granted 0 1000)'
ok 'StateSaveLocation at its quota: plugin refuses physics' plugin_refuses physics
ok 'StateSaveLocation at its quota: slurmctld.log reports that the snapshot is not stored' wait_for_line 30 "$log" \
    'snapshot [0-9]+ is not stored: .*Disk quota exceeded' "$mark"
make_room "$state"
ok 'StateSaveLocation has space again: plugin stores the snapshot within a minute' wait_for_line 90 "$log" \
    'snapshot [0-9]+ is stored in ' "$mark"
ok 'sluiced stops before slurmctld restarts' sluiced_stop
ok 'slurmctld restarts without sluiced' slurmctld_restart
ok 'plugin refuses physics after slurmctld restarted without sluiced' plugin_refuses physics

# --- the journal is at its quota
must 'sluiced starts before the journal is at its quota' sluiced_restart
eventually 'plugin connects before the journal is at its quota' 30 evaluate_now
must "files fill the journal's folder up to its quota" fill "$journal"
sluiced_settings < <(granted 0 0)
ok 'journal at its quota: sluiced loads new settings' sluiced_reload
fails 'journal at its quota: sluice evaluate fails' sluice_cli evaluate
like 'journal at its quota: sluice status names the journal' "$(sluice_cli status 2>&1)" 'journal'
unlike 'journal at its quota: chem is not paused in Slurm' "$(account_field chem qos)" '^blocked$'
make_room "$journal"
eventually 'journal has space again: sluiced applies the pause of chem' 60 eval 'evaluate_now && [ "$(account_field chem qos)" = blocked ]'
ok 'journal has space again: plugin refuses chem' plugin_refuses chem
ok 'sluiced stops at the end' sluiced_stop
done_testing
