#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cluster whose parts know each other by auth/slurm (from 23.11 on; before, by munge) and the plugin's channel: by munge
# as everywhere, without munge refused with a clear text, by a shared key file, and not by a wrong one.
. "$(dirname "$0")/lib/harness.sh"
with_auth_slurm() { [ "$(slurm_release)" -ge 2311 ]; }
if with_auth_slurm; then
    CLUSTER_AUTH=slurm
    mkdir -p /run/slurmctld /run/slurm # where systemd would make them: clients that are not root ask there
fi
sluice_needed
cluster_prepare
socket=MungeSocket=$CLUSTER_DIR/run/munge.sock gate=Daemon=127.0.0.1:$PORT_GATE
sluice_install "$socket"
cluster_start || cluster_failed
log=$(slurmctld_log)

policy() {
    cat <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    limits: false
    actions: [request_slurm_resource_pausing]
END
}
paused() { fails "$1: refused" as games sbatch -A physics --wrap true && like "$1: by its text" "$OUT" 'account physics is paused'; }

must 'sluiced is up' eval 'sluiced_up < <(policy)'
like 'how the parts of Slurm know each other' "$(scontrol show config)" "AuthType += auth/${CLUSTER_AUTH:-munge}"
is 'physics is paused' "$(status_field physics standing)" paused
isnt 'in slurmdbd, too' "$(account_field physics defaultqos)" normal
paused 'by munge'
ok 'the other account runs' as games srun -A chem -n1 true
ok 'slurmctld restarts' slurmctld_restart
paused 'restarted'
ok 'scontrol reconfigure' scontrol reconfigure
eventually 'the plugin connects again' 20 plugin_current

# No munged: the daemon, which speaks first, says what to do.
ok 'sluiced stops' sluiced_stop
ok 'so does munged' munged_kill9
ok 'sluiced starts without it' sluiced_restart
eventually 'sluiced names the way without munge' 20 \
    line_in "$(sluiced_log)" 'munge-away .*munge: .*\(without munge: KeyFile= of sluice\.conf'

# A key for the channel.
key=$CLUSTER_DIR/etc/sluice.key
(umask 077 && head -c 64 /dev/urandom >"$key" && head -c 64 /dev/urandom >"$key.other")
SLUICED_GATE=", key_file: $key"
ok 'sluiced stops' sluiced_stop
chmod 644 "$key"
must 'settings with a key file' eval 'sluiced_settings < <(policy)'
fails 'a key that others may read is not taken' sluiced_restart
ok 'with a clear text' line_in "$(sluiced_log)" "key file $key: other users have access; run: chmod 600 $key"
chmod 600 "$key"
ok 'one of mode 0600 is' sluiced_restart
sluice_conf "$gate" "KeyFile=$key.other"
eventually 'another key opens nothing' 20 line_in "$log" 'no daemon: .*challenge rejected: credential made with another key'
eventually 'and the daemon receives no answer' 20 line_in "$(sluiced_log)" 'challenge-unanswered peer=127.0.0.1'
sluice_conf "$gate" "KeyFile=$key"
eventually 'with the same one the plugin connects' 20 plugin_current
if ! with_auth_slurm; then # its Slurm needs munge for everything else
    ok 'munged is back' munged_start
fi
eventually 'an evaluation' 20 evaluate_now
paused 'by key'
ok 'the other account runs' as games srun -A chem -n1 true
ok 'slurmctld is killed and starts' eval 'slurmctld_kill9; slurmctld_start'
paused 'restarted, by key'
eventually 'and connects' 20 plugin_current
done_testing
