#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One allocation on two clusters: usage on one pauses the account on the other, whose plugin refuses; a cluster that
# is away lifts nothing.
CLUSTER_NODES=1
. "$(dirname "$0")/lib/harness.sh"

SLUICED_INTERVAL=2
sluice_needed
cluster_prepare
sluice_install
beta_prepare
cluster_start || cluster_failed
ok 'a second slurmctld registers with the slurmdbd' beta_start

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
# limit_on CLUSTER: node minutes that physics may still reach there.
limit_on() {
    timeout 60 sacctmgr -n -P show assoc where account=physics cluster="$1" user= format=user,grptresmins | sed -n 's/^|//p'
}
evaluated_since() { # evaluated_since CLUSTER TIME
    [ "$(sluice_cli status --cluster="$1" --json | grep -o '"at_epoch": *[0-9]*' | head -1 | tr -cd 0-9)" -gt "$2" ]
}

# Without limits, which count whole minutes and would keep the job from running.
grant 0.002 false | sluiced_settings
ok 'one daemon serves both' sluiced_restart
both_judged() { is_normal "$CLUSTER_NAME" && is_normal "$BETA"; }
eventually 'the account has used nothing' 60 both_judged
unlike 'an account of one cluster is no problem on the other' "$(sluice_cli status --cluster="$BETA" 2>&1)" 'no such account'
eventually 'the second admits' 30 on_beta submits

ok 'a job on the first' as games sbatch -A physics -n1 -t10 -o /dev/null --wrap 'sleep 300'
eventually 'uses it up' 60 is_paused "$CLUSTER_NAME"
eventually 'the account is paused on the second, too' 10 is_paused "$BETA"
eventually 'where a submission is refused' 10 refused_on_beta
fails 'and again' on_beta submits
like 'by the plugin' "$OUT" 'account physics is paused'
like 'explain has the usage of each' "$(sluice_cli explain --cluster="$BETA" physics)" \
    "one for the clusters $CLUSTER_NAME, $BETA.*on cluster $CLUSTER_NAME.*on cluster $BETA"
like 'and so has the status' "$(of "$BETA" clusters)" "$CLUSTER_NAME=[0-9.]+"

ok 'the slurmctld of the first is stopped' slurmctld_stop
now=$(date +%s)
eventually 'evaluations go on on the second' 30 evaluated_since "$BETA" $((now + 5))
fails 'which does not lift the pause' on_beta submits
ok 'the daemon is restarted meanwhile' eval 'sluiced_stop && sluiced_restart'
eventually 'the second has turned' 30 evaluated_since "$BETA" "$now"
fails 'and still refuses' on_beta submits
now=$(date +%s)
ok 'the first comes back' slurmctld_start
eventually 'and is judged again' 90 evaluated_since "$CLUSTER_NAME" "$now"

ok 'hours that are added on the first' sluice_cli adjust add physics node_hours=10 --cluster="$CLUSTER_NAME" --reason=test
eventually 'count on the second' 20 is_normal "$BETA"
is 'once' "$(of "$BETA" allocation,adjustments)" "$(of "$CLUSTER_NAME" allocation,adjustments)"
eventually 'which admits' 20 on_beta submits
grant 0.002 true | sluiced_settings
ok 'limits are switched on' sluiced_reload
limited() { [[ $(limit_on "$BETA") =~ node=(59[0-9]|600) ]]; }
eventually 'its limit is what is left of the whole' 20 limited
ok 'an override on the second' sluice_cli override set physics paused --cluster="$BETA" --until=now+1days --reason=test
eventually 'holds on the first' 10 is_paused "$CLUSTER_NAME"
ok 'and when it is cleared' sluice_cli override clear 1 --cluster="$BETA" --reason=test
eventually 'holds no more' 10 is_normal "$CLUSTER_NAME"
ok 'the period is begun anew on the first' sluice_cli reset --period physics --cluster="$CLUSTER_NAME" --reason=test
reset_on_beta() {
    curl -s --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/resets?cluster=$BETA" | grep -q '"account": *"physics"'
}
eventually 'so it is on the second' 20 reset_on_beta
done_testing
