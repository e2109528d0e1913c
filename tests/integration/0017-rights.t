#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sluiced without rights in slurmdbd changes nothing and reports the remedy; its plugin works all the same.
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
# sluiced runs as root or SlurmUser only. Its slurm.conf names a SlurmUser that has no admin level in slurmdbd.
sed 's/^SlurmUser=.*/SlurmUser=lp/' "$SLURM_CONF" >"$CLUSTER_DIR/etc/other.conf"
fails 'start of sluiced by a user who is neither root nor SlurmUser is refused' timeout 60 setpriv --reuid=lp --regid="$(id -g lp)" --clear-groups \
    "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
like 'refusal to start names root and SlurmUser' "$OUT" 'root and SlurmUser'
daemon_run sluiced env SLURM_CONF="$CLUSTER_DIR/etc/other.conf" setpriv --reuid=lp --regid="$(id -g lp)" --clear-groups \
    "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
must 'sluiced runs as a SlurmUser without admin level' wait_until 15 sluiced_answers
eventually 'plugin receives the snapshot of sluiced without rights' 20 plugin_current
run sluice_cli evaluate
text=$OUT$(sluice_cli status)
like 'sluice evaluate or status reports the missing rights' "$text" '[Aa]ccess|[Pp]ermission|privilege|rights'
like 'sluice evaluate or status names the sacctmgr command for the rights' "$text" 'sacctmgr .*(adminlevel|AdminLevel)='
fails 'sluice doctor fails without rights in slurmdbd' sluice_cli doctor
like 'sluice doctor reports the admin level of user lp' "$OUT" 'FAULT +rights +user lp has admin level none in slurmdbd: slurmdbd refuses'
like 'sluice doctor names the sacctmgr command that sets the admin level' "$OUT" '-> run: sacctmgr modify user lp set adminlevel=operator'
is 'associations are unchanged without rights' "$(assoc_rows)" "$before"
is 'each command without rights has the result failed' "$(sluice_cli commands -n -P --format=result | sort -u)" failed
fails 'sbatch in physics is refused by the plugin without rights in slurmdbd' as games sbatch --wrap true
like 'refusal names paused account physics' "$OUT" 'account physics is paused'
ok 'srun in chem runs without rights in slurmdbd' as games srun -A chem -n1 true

mark=$(lines_of "$(sluiced_log)")
for _ in 1 2 3; do sluice_cli evaluate >/dev/null 2>&1; done
diag "$(tail -n +$((mark + 1)) "$(sluiced_log)")"
ok 'sacctmgr sets the admin level of lp to operator' sacctmgr_do modify user lp set adminlevel=operator
eventually 'sluiced pauses physics in slurmdbd without a restart' 20 eval 'evaluate_now; account_is physics defaultqos blocked'
like 'sluice commands shows the commands as done' "$(sluice_cli commands -n -P --format=result | sort -u | tr '\n' ' ')" 'done failed'
run sluice_cli doctor
like 'sluice doctor reports that slurmdbd accepts changes' "$OUT" 'ok +rights +slurmdbd accepts changes by user lp'
ok 'evaluation with operator rights succeeds' evaluate_now
writes=$(txn_count)
ok 'second evaluation with operator rights succeeds' evaluate_now
is 'second evaluation with operator rights writes nothing to slurmdbd' "$(txn_count)" "$writes"

# The plugin accepts snapshots of root, the user of slurmctld and DaemonUser only.
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS"
ok 'plugin reads sluice.conf without DaemonUser again' wait_for_line 15 "$(slurmctld_log)" 'sluice\.conf: settings read again'
eventually 'slurmctld.log reports that the uid of sluiced is not trusted' 20 line_in "$(slurmctld_log)" 'no daemon: .*uid'
fails 'sbatch in physics is refused by the last trusted snapshot' as games sbatch --wrap true
done_testing
