#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Disk quotas: StateSaveLocation and the journal's folder are subvolumes of a real btrfs with a quota each (EDQUOT, where 0022
# has ENOSPC). A pause that the plugin could not store outlives a restart of slurmctld, and nothing is applied that could not
# be recorded.
. "$(dirname "$0")/lib/harness.sh"
# The mounts are for this test only, however it ends.
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
subvolume() { # subvolume NAME DIRECTORY MODE: of 8 MiB, mounted there
    btrfs subvolume create "$pool/$1" && btrfs qgroup limit 8M "$pool/$1" && mount --bind "$pool/$1" "$2" && chmod "$3" "$2"
}
command -v mkfs.btrfs >/dev/null || skip_all 'btrfs-progs is not installed'
if ! run pool_up; then
    # A kernel without btrfs, quotas or loop devices. tests/disk makes every write fail with EDQUOT without one.
    ok 'this kernel has no btrfs with quotas' grep -qv btrfs /proc/filesystems
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
fill() { # fill DIRECTORY: up to the quota. btrfs counts when it commits, so the end is reached with small files.
    local i
    dd if=/dev/urandom of="$1/filler" bs=64K count=1024 2>/dev/null
    sync -f "$1"
    for ((i = 0; i < 400; i++)); do dd if=/dev/urandom of="$1/filler.$i" bs=4K count=4 conv=fsync 2>/dev/null || break; done
    ! dd if=/dev/urandom of="$1/filler.last" bs=64K count=1 conv=fsync 2>"$CLUSTER_DIR/quota.err" &&
        grep -q 'quota exceeded' "$CLUSTER_DIR/quota.err"
}
make_room() { rm -f "$1"/filler* && sync -f "$1"; }
# By the plugin, not by the QOS: only the plugin knows the figures.
plugin_refuses() { # plugin_refuses ACCOUNT
    ! OUT=$(as games timeout 20 sbatch -A "$1" -H --wrap true 2>&1) && [[ $OUT == *"account $1 is paused: "* ]]
}
must 'sluiced starts, all accounts have hours' eval 'sluiced_up < <(granted 1000 1000)'
eventually 'the first snapshot is stored' 20 test -s "$state/sluice_snapshot"

# --- StateSaveLocation is at its quota while physics is paused
mark=$(lines_of "$log")
must 'StateSaveLocation is filled up to its quota' fill "$state"
ok 'StateSaveLocation at its quota: physics is paused' eval 'sluiced_regrant < <(granted 0 1000)'
ok 'StateSaveLocation at its quota: the plugin refuses physics' plugin_refuses physics
ok 'StateSaveLocation at its quota: slurmctld.log says that the snapshot is not stored' wait_for_line 30 "$log" \
    'snapshot [0-9]+ is not stored: .*Disk quota exceeded' "$mark"
make_room "$state"
ok 'StateSaveLocation has room again: the snapshot is stored within a minute' wait_for_line 90 "$log" \
    'snapshot [0-9]+ is stored in ' "$mark"
ok 'sluiced stops' sluiced_stop
ok 'slurmctld restarts without sluiced' slurmctld_restart
ok 'slurmctld restarted: the plugin still refuses physics' plugin_refuses physics

# --- the journal is at its quota
must 'sluiced starts again' sluiced_restart
eventually 'sluiced is connected with the plugin again' 30 evaluate_now
must "the journal's folder is filled up to its quota" fill "$journal"
sluiced_settings < <(granted 0 0)
ok 'journal at its quota: new settings are read' sluiced_reload
fails 'journal at its quota: an evaluation fails' sluice_cli evaluate
like 'journal at its quota: sluice status names the journal' "$(sluice_cli status 2>&1)" 'journal'
unlike 'journal at its quota: chem is not paused in Slurm' "$(account_field chem qos)" '^blocked$'
make_room "$journal"
eventually 'journal has room again: the pause of chem is applied' 60 eval 'evaluate_now && [ "$(account_field chem qos)" = blocked ]'
ok 'journal has room again: the plugin refuses chem' plugin_refuses chem
ok 'sluiced stops at the end' sluiced_stop
done_testing
