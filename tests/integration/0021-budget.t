#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A job that may use more than the remaining allocation is refused, or admitted with a warning, with both numbers in the text.
# A job whose need the plugin cannot calculate is admitted.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted CHECK: to physics nodes and GPUs, to chem CPUs
    cat <<END
components:
  node_hours: {tres: node}
  cpu_hours: {tres: cpu}
  gpu_hours: {tres: gres/gpu}
accounts:
  physics: {allocation: {node_hours: 100, gpu_hours: 50}}
  chem: {allocation: {cpu_hours: 1000}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    budget_check: $1
    actions: [request_slurm_resource_pausing]
END
}
ok 'sluiced starts with budget_check: refuse' eval 'sluiced_up < <(granted refuse)'

admitted() { # admitted NAME SBATCH-ARGUMENT...
    local name=$1
    shift
    ok "$name is admitted" as games timeout 60 sbatch --parsable -H -o /dev/null "$@" --wrap true
    like "$name is admitted without a warning" "$OUT" '^[0-9]+$'
}
refused() { # refused NAME TEXT SBATCH-ARGUMENT...
    local name=$1 text=$2
    shift 2
    fails "$name is refused" as games timeout 60 sbatch --parsable -H -o /dev/null "$@" --wrap true
    like "$name is refused with the reason" "$OUT" "$text"
}
left='but account physics has 100 left'
admitted 'a job of exactly the remaining allocation' -A physics -N1 -t 100:00:00
refused 'a job of one minute more than the remaining allocation' "may use 100\.02 node_hours, $left" -A physics -N1 -t 100:01:00
refused 'a job of two nodes above the remaining allocation' "may use 120 node_hours, $left" -A physics -N2 -t 60:00:00
refused 'an array above the remaining allocation' "may use 200 node_hours, $left" -A physics --array=1-20%2 -t 10:00:00
admitted 'an array of exactly the remaining allocation' -A physics --array=1-10 -t 10:00:00
admitted 'a job without a time limit' -A physics -N2
refused 'a job of four GPUs above the remaining allocation' 'may use 80 gpu_hours, but account physics has 50 left' -A physics -N2 --gres=gpu:2 -t 20:00:00
admitted 'a job of two GPUs within the remaining allocation' -A physics -N2 --gres=gpu:1 -t 20:00:00
refused 'a job of tasks with several CPUs above the remaining allocation' 'may use 1280 cpu_hours, but account chem has 1000 left' -A chem -n4 -c4 -t 80:00:00
admitted 'a job of tasks with several CPUs within the remaining allocation' -A chem -n2 -c4 -t 80:00:00

ok 'scontrol gives partition aux default time, maximum time and whole nodes' \
    scontrol update PartitionName=aux DefaultTime=100:00:00 MaxTime=200:00:00 OverSubscribe=EXCLUSIVE
ok 'evaluation after the partition changed succeeds' evaluate_now
refused 'a job of one task in a partition of whole nodes, with its default time,' 'may use 1600 cpu_hours' -A chem -p aux -n1
admitted 'a job in two partitions, of which one fits,' -A chem -p main,aux -n1 -t 100:00:00
admitted 'a job of one task in a partition of whole nodes, with a short time limit,' -A chem -p aux -n1 -t 60:00:00
refused 'a job with --exclusive above the remaining allocation' 'may use 1600 cpu_hours' -A chem -p main --exclusive -N1 -t 100:00:00

refused 'an array in brackets above the remaining allocation' "may use 200 node_hours, $left" -A physics '--array=[1-20]' -t 10:00:00
refused 'an array in descending order above the remaining allocation' "may use 200 node_hours, $left" -A physics \
    --array=20,19,18,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1 -t 10:00:00
refused 'a node list of two nodes above the remaining allocation' "may use 200 node_hours, $left" -A physics --nodelist=n[1-2] -t 100:00:00

# A job that no client of Slurm sends: 15,000 items in each of its TRES strings.
hostile=$CLUSTER_DIR/jobs/hostile_job
ok 'hostile_job is installed for plain users' install -m 755 "$SLUICE_BUILD/tests/plugin/hostile_job" "$hostile"
milliseconds() { sed -n 's/ ms$//p' <<<"$OUT"; }
fails 'a job of 15,000 items in its TRES strings is refused' as games timeout 60 "$hostile" physics 15000
like 'slurmctld refuses the job because of the length of its strings' "$OUT" 'other parameter too long'
hostile_ms=$(milliseconds)
# A plugin that walks the strings for each item takes 8 s.
ok "slurmctld refuses the job within 4 s ($hostile_ms ms)" test "${hostile_ms:-99999}" -lt 4000
like 'slurmctld.log names the string that was refused' "$(<"$(slurmctld_log)")" 'strlen\(cpus_per_tres\) too big'
(for _ in {1..20}; do as games timeout 60 "$hostile" physics 15000; done) >/dev/null 2>&1 &
flood=$!
ok 'sbatch by mail is accepted while 20 hostile jobs arrive' as mail timeout 30 sbatch --parsable -H -o /dev/null -A chem -t 1 --wrap true
wait "$flood"
# 1,024 bytes, which Slurm accepts, hold more items than the plugin reads
fails 'a job of 100 items in its TRES strings is refused' as games timeout 60 "$hostile" physics 100
like 'refusal of 100 items reports that they cannot be counted' "$OUT" 'more than can be counted of gpu_hours|accounting/QOS policy'

# An update is judged by what the job becomes: as a user, in each way that makes a job larger.
held() { # held NAME SBATCH-ARGUMENT...: its id is in $job
    local name=$1
    shift
    job=$(as games timeout 60 sbatch --parsable -H -o /dev/null "$@" --wrap true 2>&1)
    like "$name is submitted" "$job" '^[0-9]+$'
}
grows() { # grows NAME TEXT FIELD=VALUE...
    local name=$1 text=$2
    shift 2
    fails "$name is refused" as games timeout 60 scontrol update job="$job" "$@"
    if [ "$(slurm_release)" -ge 2302 ]; then
        like "$name is refused with the reason" "$OUT" "$text"
    else # 22.05 cannot return a text
        eventually "slurmctld.log has the reason why $name was refused" 5 eval 'grep -E "job update of uid" "$(slurmctld_log)" | tail -n 1 | grep -qE "$text"'
    fi
}
changes() { # changes NAME FIELD=VALUE...
    local name=$1
    shift
    ok "$name is accepted" as games timeout 60 scontrol update job="$job" "$@"
}
held 'job of 10 node-hours' -A physics -N1 -t 10:00:00
changes 'an update to exactly the remaining allocation' TimeLimit=100:00:00
grows 'an update of the time limit above the remaining allocation' "may use 100\.02 node_hours, $left" TimeLimit=100:01:00
grows 'an update of the node count above the remaining allocation' "may use 200 node_hours, $left" NumNodes=2
grows 'an update of the node list above the remaining allocation' "may use 200 node_hours, $left" ReqNodeList=n[1-2]
grows 'an update of the GRES above the remaining allocation' 'may use 100 gpu_hours, but account physics has 50 left' Gres=gpu:1
changes 'an update to a shorter time limit' TimeLimit=1:00:00
held 'job of 480 CPU-hours' -A chem -n16 -t 30:00:00
grows 'an update of the CPU count above the remaining allocation' 'may use 1920 cpu_hours, but account chem has 1000 left' NumCPUs=64 NumTasks=64
grows 'an update of the time limit above the remaining CPU-hours' 'may use 1600 cpu_hours, but account chem has 1000 left' TimeLimit=100:00:00
changes 'an update of the priority by the user' Nice=100
held 'job of 100 CPU-hours' -A chem -n1 -t 100:00:00
grows 'an update to a partition of whole nodes above the remaining allocation' 'may use 1600 cpu_hours' Partition=aux
held 'job of 300 node-hours' -A chem -N3 -t 100:00:00
grows 'an update of the account to one with too little left' "may use 300 node_hours, $left" Account=physics
held 'an array of ten node-hours' -A physics --array=1-10 -t 1:00:00
grows 'an update of a job array above the remaining allocation' "may use 200 node_hours, $left" TimeLimit=20:00:00
changes 'an update of a job array to exactly the remaining allocation' TimeLimit=10:00:00
as games timeout 60 srun -J noscript -A physics -N1 -t 1:00:00 -H true >/dev/null 2>&1 &
waiting=$!
wait_until 20 eval '[ -n "$(squeue -h -n noscript -o %A)" ]'
job=$(squeue -h -n noscript -o %A)
grows 'an update of a job without a script' "may use 200 node_hours, $left" TimeLimit=200:00:00
changes 'an update of a job without a script to a shorter time' TimeLimit=30
scancel "$job"
wait "$waiting"
held 'job of 90 node-hours' -A physics -N1 -t 90:00:00
ok 'an update by root that adds less than the remaining allocation is accepted' scontrol update job="$job" TimeLimit=180:00:00
changes 'an update of a job above the allocation that makes it smaller' TimeLimit=170:00:00
fails 'an update by root that adds more than the remaining allocation is refused' scontrol update job="$job" TimeLimit=280:00:00
ok 'slurmctld answers after all updates' scontrol ping

fails 'a user who does not belong to chem is refused a job above the remaining allocation' as man timeout 60 sbatch -H -o /dev/null -A chem -n16 -t 1000:00:00 --wrap true
like 'refusal of a user who does not belong to chem has no figures' "$OUT" 'account chem does not exist, or you do not belong to it'
unlike 'refusal of a user who does not belong to chem does not show what is left' "$OUT" 'left'

# The plugin reads the default account from slurmctld at submission; the next evaluation is far away.
default_account() { # default_account ACCOUNT: games makes it the default, and slurmctld has it
    as games timeout 60 sacctmgr -i -Q modify user games set defaultaccount="$1" &&
        wait_until 20 eval "scontrol show assoc_mgr users=games flags=users | grep -q 'DefAccount=$1'"
}
ok 'override pauses chem' sluice_cli override set chem paused --until=now+1days --reason=test
admitted 'a job without account, with default account physics,' -t 1
ok 'games makes chem the default' default_account chem
refused 'a job without account, with default account chem,' 'account chem is paused' -t 1
ok 'games makes physics the default again' default_account physics
admitted 'a job without account, with default account physics again,' -t 1
ok 'override on chem is cleared' sluice_cli override clear 1 --reason=test

ok 'sluiced loads budget_check: warn' eval 'sluiced_regrant < <(granted warn)'
ok 'budget_check: warn: a job above the remaining allocation is admitted' as games timeout 60 sbatch -H -o /dev/null -A physics -t 101:00:00 --wrap true
like 'budget_check: warn: the job is admitted with a warning' "$OUT" "may use 101 node_hours, $left"
ok 'sluiced loads limits without budget_check' eval 'sluiced_regrant < <(granted off | sed "s/limits: false/limits: true/; /budget_check/d")'
ok 'limits: a job above the remaining allocation is admitted' as games timeout 60 sbatch -H -o /dev/null -A physics -t 101:00:00 --wrap true
like 'limits: the warning has the reason for which the job waits and the time that fits' "$OUT" \
    "may use 101 node_hours, $left\. The job will wait with reason AssocGrpNodeMinutes: --time=4-04:00 or less fits\."
ok 'limits: a job without a time limit is admitted' as games timeout 60 sbatch -H -o /dev/null -A physics --wrap true
like 'limits: a job without a time limit is admitted with a warning' "$OUT" 'this job has no time limit, but account physics has 100 node_hours left'
admitted 'limits: a job of exactly the remaining allocation' -A physics -N1 -t 100:00:00
ok 'sluiced loads budget_check: off' eval 'sluiced_regrant < <(granted off)'
admitted 'budget_check: off: a job above the remaining allocation' -A physics -t 101:00:00
is 'sluice plugins shows no plugin fault' "$(plugin_field faults)" 0
done_testing
