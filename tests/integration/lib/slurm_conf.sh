# SPDX-License-Identifier: GPL-2.0-or-later
# Writes slurm.conf, slurmdbd.conf, cgroup.conf and gres.conf of the private cluster; valid for 22.05 to 26.05.
# Settings that a test may give before cluster_up (or before slurm_conf_write and a restart):
#   CLUSTER_NODES       virtual nodes n1..nN on this host, 1 to 8 (default 4; 1 where slurmd has no multiple-slurmd)
#   CLUSTER_CPUS        CPUs that each pretends to have (default 16)
#   CLUSTER_GPUS        GPUs that each pretends to have (default 4; 0: no gres at all)
#   CLUSTER_ENFORCE     AccountingStorageEnforce
#   CLUSTER_HALFLIFE    PriorityDecayHalfLife (default 0: raw usage never decays)
#   CLUSTER_JOB_SUBMIT  JobSubmitPlugins (default none); CLUSTER_PLUGINS a further plugin folder
#   CLUSTER_EXTRA       further lines of slurm.conf
#   CLUSTER_AUTH        munge (default) or slurm (23.11 and newer): AuthType of Slurm itself
#   CLUSTER_DEBUG       SlurmctldDebug (default info)
# shellcheck shell=bash

CLUSTER_NAME=${CLUSTER_NAME:-lab}

slurm_conf_write() {
    local host
    host=$(hostname -s 2>/dev/null || cut -d. -f1 /proc/sys/kernel/hostname)
    slurm_conf_dbd
    slurm_conf_cgroup
    slurm_conf_main "$host" >"$CLUSTER_DIR/etc/slurm.conf"
    slurm_conf_nodes "$host" >>"$CLUSTER_DIR/etc/slurm.conf"
    printf '%s\n' "${CLUSTER_EXTRA:-}" >>"$CLUSTER_DIR/etc/slurm.conf"
    export SLURM_CONF=$CLUSTER_DIR/etc/slurm.conf
}

slurm_conf_auth() {
    if [ "${CLUSTER_AUTH:-munge}" = slurm ]; then
        [ -e "$CLUSTER_DIR/etc/slurm.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$CLUSTER_DIR/etc/slurm.key")
        echo 'AuthType=auth/slurm'
    else
        echo 'AuthType=auth/munge'
        echo "AuthInfo=socket=$CLUSTER_DIR/run/munge.sock"
    fi
}

# 0600 and StorageHost as a number are needed: slurmdbd refuses other modes, and "localhost" means the default socket.
slurm_conf_dbd() {
    (
        umask 077
        cat >"$CLUSTER_DIR/etc/slurmdbd.conf" <<END
$(slurm_conf_auth)
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$PORT_DBD
SlurmUser=root
PidFile=$CLUSTER_DIR/run/slurmdbd.pid
LogFile=$CLUSTER_DIR/log/slurmdbd.log
DebugLevel=info
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$PORT_DB
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
END
    )
}

# "disabled" exists since 24.05; before, no plugin in use reads cgroups.
slurm_conf_cgroup() {
    if [ "$(slurm_release)" -ge 2405 ]; then
        echo 'CgroupPlugin=disabled'
    else
        printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n'
    fi >"$CLUSTER_DIR/etc/cgroup.conf"
}

# AccountingStoragePass beside AuthInfo: without it clients use the system's munged for their slurmdbd connection.
slurm_conf_main() { # slurm_conf_main HOST
    cat <<END
ClusterName=$CLUSTER_NAME
SlurmctldHost=$1(127.0.0.1)
SlurmctldPort=$PORT_CTLD
SlurmdPort=$PORT_NODE
SlurmUser=root
SlurmdUser=root
$(slurm_conf_auth)
CredType=cred/${CLUSTER_AUTH:-munge}
PluginDir=$(slurm_conf_plugin_path)
${CLUSTER_JOB_SUBMIT:+JobSubmitPlugins=$CLUSTER_JOB_SUBMIT}
StateSaveLocation=$CLUSTER_DIR/state
SlurmdSpoolDir=$CLUSTER_DIR/spool/%n
SlurmctldPidFile=$CLUSTER_DIR/run/slurmctld.pid
SlurmdPidFile=$CLUSTER_DIR/run/slurmd.%n.pid
SlurmctldLogFile=$CLUSTER_DIR/log/slurmctld.log
SlurmdLogFile=$CLUSTER_DIR/log/slurmd.%n.log
SlurmctldDebug=${CLUSTER_DEBUG:-info}
SlurmdDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=2,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MinJobAge=300
SlurmctldTimeout=30
SlurmdTimeout=60
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$PORT_DBD
$([ "${CLUSTER_AUTH:-munge}" != munge ] || echo "AccountingStoragePass=$CLUSTER_DIR/run/munge.sock")
AccountingStorageEnforce=${CLUSTER_ENFORCE:-associations,limits,qos,safe}
PriorityType=priority/multifactor
PriorityDecayHalfLife=${CLUSTER_HALFLIFE:-0}
PriorityUsageResetPeriod=NONE
PriorityCalcPeriod=1
PriorityWeightQOS=10000
PriorityWeightFairshare=1000
DefMemPerCPU=100
END
}

slurm_conf_plugin_path() {
    local dir
    dir=$(slurm_plugin_dir)
    echo "$CLUSTER_DIR/plugins:${CLUSTER_PLUGINS:+$CLUSTER_PLUGINS:}$dir"
}

# GPUs are empty files: without File= slurmd counts none and slurmctld drains the node for good.
slurm_conf_nodes() { # slurm_conf_nodes HOST
    local nodes=${CLUSTER_NODES:-4} gpus=${CLUSTER_GPUS:-4} names=n1 ports=$PORT_NODE gres='' i
    if [ "$nodes" -gt 1 ]; then
        names="n[1-$nodes]"
        ports="[$PORT_NODE-$((PORT_NODE + nodes - 1))]"
    fi
    if [ "$gpus" -gt 0 ]; then
        for ((i = 0; i < gpus; i++)); do : >"$CLUSTER_DIR/run/gpu$i"; done
        echo "NodeName=$names Name=gpu File=$CLUSTER_DIR/run/gpu[0-$((gpus - 1))]" >"$CLUSTER_DIR/etc/gres.conf"
        gres="Gres=gpu:$gpus"
        printf 'GresTypes=gpu\nAccountingStorageTRES=gres/gpu\n'
    fi
    cat <<END
NodeName=$names NodeHostname=$1 NodeAddr=127.0.0.1 Port=$ports CPUs=${CLUSTER_CPUS:-16} RealMemory=16000 $gres State=UNKNOWN
PartitionName=main Nodes=$names Default=YES MaxTime=INFINITE State=UP TRESBillingWeights="CPU=1.0,Mem=0.25G${gres:+,GRES/gpu=10}"
PartitionName=aux Nodes=n1 MaxTime=INFINITE State=UP
END
}
