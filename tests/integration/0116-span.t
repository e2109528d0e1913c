#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One allocation for two clusters: usage on one cluster pauses the account on the other, whose plugin refuses; a cluster that
# is away lifts no pause.
CLUSTER_NODES=1
. "$(dirname "$0")/lib/harness.sh"

SLUICED_INTERVAL=2
sluice_needed
cluster_prepare
sluice_install
beta_prepare
cluster_start || cluster_failed
ok 'slurmctld of the second cluster registers with slurmdbd' beta_start

grant() { # grant NODE_HOURS LIMITS
    cat <<END
clusters: [$CLUSTER_NAME, $BETA]
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: $1}}
  optics: {allocation: {node_hours: 5}}
policies:
  - name: shared
    mode: enforce
    span: clusters
    period: month
    limits: $2
    actions: [request_slurm_resource_pausing]
END
}
of() { sluice_cli status --cluster="$1" -Q -n -P --format="$2" physics; } # of CLUSTER FIELDS
is_paused() { [ "$(of "$1" standing)" = paused ]; }
is_normal() { [ "$(of "$1" standing)" = normal ]; }
submits() { as games sbatch -A physics -n1 -t1 -o /dev/null --wrap true; }
refused_on_beta() { ! on_beta submits; }
# limit_on CLUSTER: the limit of physics in node minutes on that cluster.
limit_on() {
    timeout 60 sacctmgr -n -P show assoc where account=physics cluster="$1" user= format=user,grptresmins | sed -n 's/^|//p'
}
evaluated_since() { # evaluated_since CLUSTER TIME
    [ "$(sluice_cli status --cluster="$1" --json | grep -o '"at_epoch": *[0-9]*' | head -1 | tr -cd 0-9)" -gt "$2" ]
}

# Without limits, which count whole minutes and would stop the job.
grant 0.002 false | sluiced_settings
ok 'one sluiced starts for both clusters' sluiced_restart
both_evaluated() { is_normal "$CLUSTER_NAME" && is_normal "$BETA"; }
eventually 'standing of physics is normal on both clusters before any usage' 60 both_evaluated
unlike 'an account of the first cluster only is no problem on the second' "$(sluice_cli status --cluster="$BETA" 2>&1)" 'has no account'
eventually 'sbatch in physics on the second cluster is accepted before any usage' 30 on_beta submits

ok 'sbatch in physics on the first cluster is accepted' as games sbatch -A physics -n1 -t10 -o /dev/null --wrap 'sleep 300'
eventually 'physics is paused on the first cluster after its usage' 60 is_paused "$CLUSTER_NAME"
eventually 'physics is paused on the second cluster after usage on the first' 10 is_paused "$BETA"
eventually 'sbatch in physics on the second cluster becomes refused' 10 refused_on_beta
fails 'sbatch in physics on the second cluster is refused again' on_beta submits
like 'refusal on the second cluster names paused account physics' "$OUT" 'account physics is paused'
like 'sluice explain shows the usage of each cluster' "$(sluice_cli explain --cluster="$BETA" physics)" \
    "Clusters $CLUSTER_NAME, $BETA share.*on cluster $CLUSTER_NAME.*on cluster $BETA"
like 'sluice status shows the usage of the first cluster on the second' "$(of "$BETA" clusters)" "$CLUSTER_NAME=[0-9.]+"

ok 'slurmctld of the first cluster stops' slurmctld_stop
now=$(date +%s)
eventually 'evaluations of the second cluster continue without the first' 30 evaluated_since "$BETA" $((now + 5))
fails 'sbatch on the second cluster is refused without the first cluster' on_beta submits
ok 'sluiced restarts without the first cluster' eval 'sluiced_stop && sluiced_restart'
eventually 'evaluation of the second cluster succeeds after the restart' 30 evaluated_since "$BETA" "$now"
fails 'sbatch on the second cluster is refused after the restart of sluiced' on_beta submits
now=$(date +%s)
ok 'slurmctld of the first cluster starts again' slurmctld_start
eventually 'evaluation of the first cluster succeeds again' 90 evaluated_since "$CLUSTER_NAME" "$now"

ok 'sluice adjust on the first cluster is accepted' sluice_cli adjust add physics node_hours=10 --cluster="$CLUSTER_NAME" --reason=test
eventually 'adjustment on the first cluster lifts the pause on the second' 20 is_normal "$BETA"
is 'adjustment counts once on each cluster' "$(of "$BETA" allocation,adjustments)" "$(of "$CLUSTER_NAME" allocation,adjustments)"
eventually 'sbatch on the second cluster is accepted after the adjustment' 20 on_beta submits
grant 0.002 true | sluiced_settings
ok 'sluiced loads limits: true' sluiced_reload
limited() { [[ $(limit_on "$BETA") =~ node=(59[0-9]|600) ]]; }
eventually 'limit on the second cluster is the remaining shared allocation' 20 limited
ok 'sluice override on the second cluster is accepted' sluice_cli override set physics paused --cluster="$BETA" --until=now+1days --reason=test
eventually 'override on the second cluster pauses physics on the first' 10 is_paused "$CLUSTER_NAME"
ok 'sluice override clear on the second cluster is accepted' sluice_cli override clear 1 --cluster="$BETA" --reason=test
eventually 'cleared override lifts the pause on the first cluster' 10 is_normal "$CLUSTER_NAME"
ok 'sluice reset --period on the first cluster is accepted' sluice_cli reset --period physics --cluster="$CLUSTER_NAME" --reason=test
reset_on_beta() {
    curl -s --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/resets?cluster=$BETA" | grep -q '"account": *"physics"'
}
eventually 'reset on the first cluster also applies to the second' 20 reset_on_beta
done_testing
