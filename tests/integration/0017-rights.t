#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon without rights in slurmdbd changes nothing and says what to do; its plugin works all the same.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up "DaemonUser=lp"
before=$(assoc_rows)

sluiced_settings <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    actions: [request_slurm_resource_pausing]
END
install -d -o lp "$CLUSTER_DIR/journal" "$CLUSTER_DIR/run/lp"
export SLUICE_SOCKET=$CLUSTER_DIR/run/lp/sluiced.sock
sed -i "s|^socket: .*|socket: $SLUICE_SOCKET|; s|^plugin_server: {|&user: root, |" "$CLUSTER_DIR/etc/sluiced.yaml"
# It runs as root or SlurmUser only. Where its slurm.conf names a SlurmUser that slurmdbd does not know, rights lack.
sed 's/^SlurmUser=.*/SlurmUser=lp/' "$SLURM_CONF" >"$CLUSTER_DIR/etc/other.conf"
fails 'as anybody else it does not start' timeout 10 setpriv --reuid=lp --regid="$(id -g lp)" --clear-groups \
    "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
like 'and says who may' "$OUT" 'root and SlurmUser'
daemon_run sluiced env SLURM_CONF="$CLUSTER_DIR/etc/other.conf" setpriv --reuid=lp --regid="$(id -g lp)" --clear-groups \
    "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
must 'sluiced runs as a user without rights in Slurm' wait_until 15 sluiced_answers
eventually 'and its plugin hears it' 20 plugin_current
run sluice_cli evaluate
text=$OUT$(sluice_cli status)
like 'it says what failed' "$text" '[Aa]ccess|[Pp]ermission|privilege|rights'
like 'and the remedy' "$text" 'sacctmgr .*(adminlevel|AdminLevel)='
fails 'sluice doctor has a fault' sluice_cli doctor
like 'the admin level' "$OUT" 'FAULT +rights +slurmdbd gives user lp the admin level none: it refuses'
like 'with the remedy' "$OUT" '-> sacctmgr modify user lp set adminlevel=operator'
is 'nothing has changed in Slurm' "$(assoc_rows)" "$before"
is 'no command is left open' "$(sluice_cli commands -n -P --format=result | sort -u)" failed
fails 'the plugin refuses physics all the same' as games sbatch --wrap true
like 'with its text' "$OUT" 'account physics is paused'
ok 'and admits chem' as games srun -A chem -n1 true

mark=$(lines_of "$(sluiced_log)")
for _ in 1 2 3; do sluice_cli evaluate >/dev/null 2>&1; done
diag "$(tail -n +$((mark + 1)) "$(sluiced_log)")"
ok 'the remedy' sacctmgr_do modify user lp set adminlevel=operator
eventually 'helps without a restart' 20 eval 'evaluate_now; account_is physics defaultqos blocked'
like 'commands are done now' "$(sluice_cli commands -n -P --format=result | sort -u | tr '\n' ' ')" 'done failed'
run sluice_cli doctor
like 'sluice doctor sees it, too' "$OUT" 'ok +rights +slurmdbd takes changes of lp'
ok 'an evaluation' evaluate_now
writes=$(txn_count)
ok 'and another' evaluate_now
is 'writes nothing' "$(txn_count)" "$writes"

# The plugin takes orders from root, slurmctld's own user and DaemonUser only.
sluice_conf "Daemon=127.0.0.1:$PORT_GATE"
ok 'without DaemonUser' wait_for_line 15 "$(slurmctld_log)" 'sluice\.conf: settings read again'
eventually 'the plugin does not trust the daemon' 20 line_in "$(slurmctld_log)" 'no daemon: .*uid'
fails 'but keeps the last verdicts' as games sbatch --wrap true
done_testing
