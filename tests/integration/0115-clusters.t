#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two clusters behind one slurmdbd and one daemon: each has its own policies, verdicts and plugin, and one that is
# down does not stop the other.
CLUSTER_NODES=1
. "$(dirname "$0")/lib/harness.sh"

sluice_needed
cluster_prepare
sluice_install
beta_prepare
cluster_start || cluster_failed
ok 'a second slurmctld registers with the slurmdbd' beta_start
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
# The QOS list of an account on a cluster.
qos_on() { timeout 60 sacctmgr -n -P show assoc where account="$2" cluster="$1" user= format=user,qos | sed -n 's/^|//p'; }

grant 0 10 | sluiced_settings
ok 'one daemon serves both' sluiced_restart
eventually 'a plugin of each is connected and has its snapshot' 30 both_connected
both_judged() { sluice_cli evaluate; }
eventually 'both have done an evaluation' 30 both_judged
curl -sS --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/cycles?cluster=beta" | sed 's/^/# /'
is 'physics is paused on the first' "$(of "$CLUSTER_NAME" physics policy,standing,allocation)" 'monthly|paused|0'
is 'and not on the second, which has another policy' "$(of "$BETA" physics policy,standing,allocation)" 'yearly|normal|10'
is 'chem is granted something on the second' "$(of "$BETA" chem policy,allocation)" 'yearly|7'
fails 'and nothing on the first' sluice_cli status --cluster="$CLUSTER_NAME" chem
fails 'a submission on the first is refused' submits
like 'by its plugin' "$OUT" 'account physics is paused'
ok 'one on the second is admitted' on_beta submits
is 'the QOS is set on the first' "$(qos_on "$CLUSTER_NAME" physics)" blocked
isnt 'and not on the second' "$(qos_on "$BETA" physics)" blocked

ok 'without --cluster the command line shows both' sluice_cli status physics
like 'each under its name' "$OUT" "CLUSTER: $CLUSTER_NAME.*CLUSTER: $BETA"
ok 'an account of one of them alone is found' sluice_cli explain chem
ok 'JSON has a list of them' sluice_cli status --json
like 'with both' "$(tr -d ' \n' <<<"$OUT")" "^\{\"clusters\":\[.*\"cluster\":\"$CLUSTER_NAME\".*\"cluster\":\"$BETA\""
fails 'a cluster that is not served is refused' sluice_cli status --cluster=gamma
like 'with those that are' "$OUT" "serves clusters $CLUSTER_NAME, $BETA, not 'gamma'"
fails 'what is entered needs a cluster' sluice_cli override set physics normal --until=now+1days --reason=test
like 'and the message says how' "$OUT" "sluice --cluster=$CLUSTER_NAME"
ok 'with one it is entered' sluice_cli override set physics normal --cluster="$CLUSTER_NAME" --until=now+1days --reason=test
is 'there' "$(of "$CLUSTER_NAME" physics standing)" normal
ok 'and ended' sluice_cli override clear 1 --cluster="$CLUSTER_NAME" --reason=test
is 'there, too' "$(of "$CLUSTER_NAME" physics standing)" paused
ok 'metrics have a label' curl -sS --unix-socket "$SLUICE_SOCKET" http://localhost/metrics
like 'for each' "$OUT" "sluice_account_paused\{account=\"physics\",cluster=\"$CLUSTER_NAME\"\} 1.*sluice_account_paused\{account=\"physics\",cluster=\"$BETA\"\} 0"

ok 'the slurmctld of the second is killed' beta_slurmctld_kill9
grant 10 0 | sluiced_settings
ok 'new settings' sluiced_reload
eventually 'open the account on the first' 20 submits
eventually 'and pause it on the second, in slurmdbd' 20 eval '[ "$(qos_on "$BETA" physics)" = blocked ]'
like 'the status says who is away' "$(sluice_cli status --cluster="$BETA" 2>&1)" 'slurmctld'
unlike 'and not of the first' "$(sluice_cli status --cluster="$CLUSTER_NAME" 2>&1)" 'slurmctld does not|down: '
like 'the log says of which cluster' "$(cat "$log")" "source-down source=slurmctld .*cluster=$BETA"
# -i: killed within seconds of its first start it had not written all of its state, which 26.05 will not take otherwise.
ok 'it comes back' beta_slurmctld_start -i
refused_there() { ! on_beta submits; }
eventually 'and refuses' 30 refused_there

# A plugin of a cluster that is not served.
{
    grant 10 0 | sed -e "s/^clusters: .*/clusters: [$CLUSTER_NAME]/" -e "s/, $BETA: {node_hours: 0}//" -e '/chem/d' \
        -e '/name: yearly/,$d'
} | sluiced_settings
ok 'a daemon for the first alone' eval 'sluiced_stop && sluiced_restart'
eventually 'refuses the plugin of the second' 30 grep -q "plugin of cluster $BETA on host .*: this daemon serves $CLUSTER_NAME" "$log"
done_testing
