#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A job that names no QOS is checked with the UsageFactor of the QOS that slurmctld gives it: the default of its association,
# own or inherited, of the account, the user or the user in a partition. squeue shows that QOS of each admitted job.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
sacctmgr_do add qos cheap usagefactor=0.5
sacctmgr_do add qos dear usagefactor=2
sacctmgr_do modify account univ set qos+=cheap,dear
rules() { # rules FACTOR
    cat <<END
usage_factor: $1
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 10}}
policies:
  - {name: p, mode: enforce, period: quarter, carryover: false, limits: false, grace_ratio: 0, budget_check: refuse,
     actions: [request_slurm_resource_pausing]}
END
}
defaults() { # defaults NAME SACCTMGR-ARGUMENT...: slurmctld has what users inherit (24.11 reads it at a reconfigure)
    must "$1" sacctmgr_do "${@:2}"
    scontrol reconfigure
    wait_until 30 slurmctld_answers
    must "$1: evaluation succeeds" wait_until 30 evaluate_now
}
submit() { as games timeout 60 sbatch --parsable -A physics -H -N1 -o /dev/null "$@" --wrap true; }
largest() { # largest NAME HOURS QOS SBATCH-ARGUMENT...: a job of HOURS is admitted with that QOS, one of an hour more refused
    local name=$1 hours=$2 qos=$3 job
    shift 3
    job=$(submit "$@" -t "$hours:00:00" | grep -oxE '[0-9]+')
    is "$name: a job of $hours hours is admitted and has the QOS" "$(squeue -h -j "$job" -o %q)" "$qos"
    fails "$name: a job of $((hours + 1)) hours is refused" submit "$@" -t "$((hours + 1)):00:00"
    like "$name: quote accepts the job that sbatch accepts" "$(quoted "$hours" "$@")" '"result": ?"accepted"'
    like "$name: quote refuses the job that sbatch refuses" "$(quoted "$((hours + 1))" "$@")" '"result": ?"refused"'
}
quoted() { as games "$(sluice_find sluice)" quote -A physics -N1 -t "$1:00:00" "${@:2}" --json; } # quoted HOURS ARGUMENT...
must 'sluiced starts' eval 'sluiced_up < <(rules apply)'
largest 'no default QOS' 10 normal
defaults 'the account has a dear default QOS' modify account physics set defaultqos=dear
largest 'dear default QOS of the account' 5 dear
largest 'dear default QOS of the account, and a QOS that the job names' 20 cheap --qos=cheap
defaults 'the user has a cheap default QOS' modify user games where account=physics set defaultqos=cheap
largest 'cheap default QOS of the user' 20 cheap
defaults 'the user has an association with partition aux' add user games account=physics partition=aux
defaults 'the user has a dear default QOS in partition aux' modify user games where account=physics partition=aux set defaultqos=dear
largest 'dear default QOS of the user in a partition' 5 dear -p aux
largest 'another partition' 20 cheap -p main
ok 'usage_factor: ignore is read' sluiced_regrant < <(rules ignore)
largest 'usage_factor: ignore' 10 cheap -p main
done_testing
