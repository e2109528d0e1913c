# SPDX-License-Identifier: GPL-2.0-or-later
# A second cluster, `beta`, with the slurmdbd of the first: its own slurmctld, one node, folder etc/beta.
# Slurm commands go to the first cluster; `on_beta COMMAND...` sends them to the second.
# shellcheck shell=bash

BETA=beta

on_beta() { SLURM_CONF=$CLUSTER_DIR/etc/beta/slurm.conf "$@"; }

# beta_prepare: after cluster_prepare or sluice_install. Configuration only; the plugin as on the first cluster.
beta_prepare() {
    local etc=$CLUSTER_DIR/etc node=$((PORT_NODE + 4))
    mkdir -p "$etc/beta" "$CLUSTER_DIR"/{beta-state,beta-spool/n1}
    sed -E -e "s/^ClusterName=.*/ClusterName=$BETA/" -e "s/^SlurmctldPort=.*/SlurmctldPort=$PORT_CTLD_BETA/" \
        -e "s/^SlurmdPort=.*/SlurmdPort=$node/" -e "s/ Port=$PORT_NODE / Port=$node /" \
        -e "s#$CLUSTER_DIR/state#$CLUSTER_DIR/beta-state#; s#$CLUSTER_DIR/spool#$CLUSTER_DIR/beta-spool#" \
        -e "s#/(slurmctld|slurmd)(\.|\.%n\.)(pid|log)#/beta-\1\2\3#" "$etc/slurm.conf" >"$etc/beta/slurm.conf"
    cp "$etc"/cgroup.conf "$etc/beta/"
    [ ! -e "$etc/gres.conf" ] || cp "$etc/gres.conf" "$etc/beta/"
    [ ! -e "$etc/sluice.conf" ] || cp "$etc/sluice.conf" "$etc/beta/"
}

# beta_start: needs the first cluster. Accounts physics and chem with the same users.
beta_start() {
    sacctmgr_do add cluster "$BETA" &&
        sacctmgr_do add account univ cluster="$BETA" qos=normal,slowdown,blocked defaultqos=normal &&
        sacctmgr_do add account physics,chem cluster="$BETA" parent=univ &&
        sacctmgr_do add user games cluster="$BETA" account=physics,chem defaultaccount=physics &&
        beta_slurmctld_start && on_beta daemon_fork beta-slurmd.n1 slurmd -N n1 && wait_until 30 beta_idle
}
beta_slurmctld_start() { # beta_slurmctld_start [ARGS of slurmctld...]
    (cd "$CLUSTER_DIR/beta-state" && on_beta daemon_fork beta-slurmctld slurmctld "$@") && wait_until 30 beta_answers
}
beta_answers() { on_beta timeout 60 scontrol ping | grep -q ' UP'; }
beta_idle() { [ "$(on_beta timeout 60 sinfo -h -N -p main -o %T | grep -cx idle)" -eq 1 ]; }
beta_slurmctld_kill9() { daemon_kill9 beta-slurmctld && state_repaired "$CLUSTER_DIR/beta-state"; }
