#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two clusters with one slurmdbd and one sluiced: each has its own policies, standings and plugin, and a cluster that is down
# does not stop the other.
CLUSTER_NODES=1
. "$(dirname "$0")/lib/harness.sh"

sluice_needed
cluster_prepare
sluice_install
beta_prepare
cluster_start || cluster_failed
ok 'slurmctld of the second cluster registers with slurmdbd' beta_start
log=$(sluiced_log)

grant() { # grant PHYSICS-ON-LAB PHYSICS-ON-BETA
    cat <<END
clusters: [$CLUSTER_NAME, $BETA]
components: {node_hours: {tres: node}}
accounts:
  physics: {clusters: {$CLUSTER_NAME: {node_hours: $1}, $BETA: {node_hours: $2}}}
  chem: {clusters: {$BETA: {node_hours: 7}}}
policies:
  - name: monthly
    mode: enforce
    clusters: $CLUSTER_NAME
    period: month
    actions: [request_slurm_resource_pausing]
  - name: yearly
    mode: enforce
    clusters: $BETA
    period: year
    actions: [request_slurm_resource_pausing]
END
}
of() { sluice_cli status --cluster="$1" -Q -n -P --format="$3" "$2"; } # of CLUSTER ACCOUNT FIELDS
both_connected() { [ "$(sluice_cli plugins -Q -n -P --format=behind | grep -cx 0)" -eq 2 ]; }
submits() { as games sbatch -n1 -t1 -o /dev/null --wrap true; }
# QOS list of an account on a cluster.
qos_on() { timeout 60 sacctmgr -n -P show assoc where account="$2" cluster="$1" user= format=user,qos | sed -n 's/^|//p'; }

grant 0 10 | sluiced_settings
ok 'one sluiced starts for both clusters' sluiced_restart
eventually 'plugins of both clusters connect and have their snapshot' 30 both_connected
both_evaluated() { sluice_cli evaluate; }
eventually 'sluice evaluate succeeds with both clusters' 30 both_evaluated
curl -sS --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/cycles?cluster=beta" | sed 's/^/# /'
is 'physics is paused on the first cluster' "$(of "$CLUSTER_NAME" physics policy,standing,allocation)" 'monthly|paused|0'
is 'physics is normal on the second cluster by its own policy' "$(of "$BETA" physics policy,standing,allocation)" 'yearly|normal|10'
is 'chem has an allocation on the second cluster' "$(of "$BETA" chem policy,allocation)" 'yearly|7'
fails 'sluice status of chem on the first cluster, without allocation, is refused' sluice_cli status --cluster="$CLUSTER_NAME" chem
fails 'sbatch in physics on the first cluster is refused' submits
like 'refusal on the first cluster names paused account physics' "$OUT" 'account physics is paused'
ok 'sbatch in physics on the second cluster is accepted' on_beta submits
is 'QOS list of physics on the first cluster is blocked' "$(qos_on "$CLUSTER_NAME" physics)" blocked
isnt 'QOS list of physics on the second cluster is not blocked' "$(qos_on "$BETA" physics)" blocked

ok 'sluice status without --cluster succeeds' sluice_cli status physics
like 'sluice status without --cluster shows both clusters by name' "$OUT" "CLUSTER: $CLUSTER_NAME.*CLUSTER: $BETA"
ok 'sluice explain finds an account of the second cluster only' sluice_cli explain chem
ok 'sluice status --json without --cluster succeeds' sluice_cli status --json
like 'sluice status --json without --cluster lists both clusters' "$(tr -d ' \n' <<<"$OUT")" "^\{\"clusters\":\[.*\"cluster\":\"$CLUSTER_NAME\".*\"cluster\":\"$BETA\""
fails 'sluice status of a cluster that is not served is refused' sluice_cli status --cluster=gamma
like 'refusal of the unknown cluster names the clusters that are served' "$OUT" "serves clusters $CLUSTER_NAME, $BETA, not 'gamma'"
fails 'sluice override without --cluster is refused' sluice_cli override set physics normal --until=now+1days --reason=test
like 'refusal of sluice override without --cluster shows the option' "$OUT" "sluice --cluster=$CLUSTER_NAME"
ok 'sluice override with --cluster is accepted' sluice_cli override set physics normal --cluster="$CLUSTER_NAME" --until=now+1days --reason=test
is 'override applies on the first cluster' "$(of "$CLUSTER_NAME" physics standing)" normal
ok 'sluice override clear with --cluster is accepted' sluice_cli override clear 1 --cluster="$CLUSTER_NAME" --reason=test
is 'override ends on the first cluster' "$(of "$CLUSTER_NAME" physics standing)" paused
ok '/metrics answers with two clusters' curl -sS --unix-socket "$SLUICE_SOCKET" http://localhost/metrics
like '/metrics has the cluster label for both clusters' "$OUT" "sluice_account_paused\{account=\"physics\",mode=\"enforce\",cluster=\"$CLUSTER_NAME\"\} 1.*sluice_account_paused\{account=\"physics\",mode=\"enforce\",cluster=\"$BETA\"\} 0"

ok 'slurmctld of the second cluster is killed' beta_slurmctld_kill9
grant 10 0 | sluiced_settings
ok 'sluiced loads new settings without the second slurmctld' sluiced_reload
eventually 'sbatch in physics on the first cluster is accepted with the new settings' 20 submits
eventually 'QOS list of physics on the second cluster is blocked in slurmdbd' 20 eval '[ "$(qos_on "$BETA" physics)" = blocked ]'
like 'sluice status of the second cluster reports that slurmctld is away' "$(sluice_cli status --cluster="$BETA" 2>&1)" 'slurmctld'
unlike 'sluice status of the first cluster reports no missing slurmctld' "$(sluice_cli status --cluster="$CLUSTER_NAME" 2>&1)" 'slurmctld does not|down: '
like 'sluiced.log names the cluster whose slurmctld is away' "$(cat "$log")" "source-down source=slurmctld .*cluster=$BETA"
# -i: killed within seconds of its first start, slurmctld had not written all of its state; 26.05 then refuses to start.
ok 'slurmctld of the second cluster starts again' beta_slurmctld_start -i
refused_there() { ! on_beta submits; }
eventually 'sbatch in physics on the second cluster is refused' 30 refused_there

# A plugin of a cluster that sluiced does not serve.
{
    grant 10 0 | sed -e "s/^clusters: .*/clusters: [$CLUSTER_NAME]/" -e "s/, $BETA: {node_hours: 0}//" -e '/chem/d' \
        -e '/name: yearly/,$d'
} | sluiced_settings
ok 'sluiced starts for the first cluster only' eval 'sluiced_stop && sluiced_restart'
eventually 'plugin of the second cluster is refused by sluiced' 30 grep -q "plugin of cluster $BETA on host .*: sluiced serves $CLUSTER_NAME" "$log"
done_testing
