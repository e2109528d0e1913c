#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cluster whose daemons authenticate by auth/slurm (24.11 and later; before, by munge: on 23.11.10 such a cluster does not
# come up, before Sluice takes part), and the connection of the plugin: by munge as everywhere, refused with a clear message
# without munge, by a shared key file, and not by a wrong key.
. "$(dirname "$0")/lib/harness.sh"
with_auth_slurm() { [ "$(slurm_release)" -ge 2411 ]; }
if with_auth_slurm; then
    CLUSTER_AUTH=slurm
    mkdir -p /run/slurmctld /run/slurm # systemd would create them; clients that are not root connect there
fi
sluice_needed
cluster_prepare
socket=MungeSocket=$CLUSTER_DIR/run/munge.sock server=Daemon=127.0.0.1:$PORT_PLUGINS
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
paused() { fails "$1: sbatch in physics is refused" as games sbatch -A physics --wrap true && like "$1: refusal names paused account physics" "$OUT" 'account physics is paused'; }

must 'sluiced starts' eval 'sluiced_up < <(policy)'
like 'AuthType of Slurm is the one that this test wants' "$(scontrol show config)" "AuthType += auth/${CLUSTER_AUTH:-munge}"
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused
isnt 'default QOS of physics in slurmdbd is not normal' "$(account_field physics defaultqos)" normal
paused 'plugin connected by munge'
ok 'srun in chem runs with a plugin connected by munge' as games srun -A chem -n1 true
ok 'slurmctld restarts' slurmctld_restart
paused 'slurmctld restarted, plugin connected by munge'
ok 'scontrol reconfigure' scontrol reconfigure
eventually 'plugin connects after scontrol reconfigure' 20 plugin_current

# No munged: sluiced, which sends the first frame, reports the remedy.
ok 'sluiced stops before munged' sluiced_stop
ok 'munged is killed' munged_kill9
ok 'sluiced starts without munged' sluiced_restart
eventually 'sluiced.log names KeyFile= as the remedy without munge' 20 \
    line_in "$(sluiced_log)" 'munge-away .*munge: .*\(without munge: KeyFile= of sluice\.conf'

# A key for the connection of the plugin.
key=$CLUSTER_DIR/etc/sluice.key
(umask 077 && head -c 64 /dev/urandom >"$key" && head -c 64 /dev/urandom >"$key.other")
SLUICED_PLUGIN_SERVER=", key_file: $key"
ok 'sluiced stops before the key file is configured' sluiced_stop
chmod 644 "$key"
must 'settings with a key file are written' eval 'sluiced_settings < <(policy)'
fails 'start of sluiced with a key file of mode 0644 is refused' sluiced_restart
ok 'sluiced.log names the chmod command for the key file' line_in "$(sluiced_log)" "key file $key: other users have access; run: chmod 600 $key"
chmod 600 "$key"
ok 'sluiced starts with a key file of mode 0600' sluiced_restart
sluice_conf "$server" "KeyFile=$key.other"
eventually 'slurmctld.log reports that the challenge was made with another key' 20 line_in "$log" 'no daemon: .*challenge rejected: credential made with another key'
eventually 'sluiced.log reports the unanswered challenge' 20 line_in "$(sluiced_log)" 'challenge-unanswered peer=127.0.0.1'
sluice_conf "$server" "KeyFile=$key"
eventually 'plugin connects with the same key' 20 plugin_current
if ! with_auth_slurm; then # Slurm itself still needs munge
    ok 'munged starts again' munged_start
fi
eventually 'evaluation with a key file succeeds' 20 evaluate_now
paused 'plugin connected by key'
ok 'srun in chem runs with a plugin connected by key' as games srun -A chem -n1 true
ok 'slurmctld starts after SIGKILL with a key file' eval 'slurmctld_kill9; slurmctld_start'
paused 'slurmctld restarted, plugin connected by key'
eventually 'plugin connects by key after slurmctld restarted' 20 plugin_current
done_testing
