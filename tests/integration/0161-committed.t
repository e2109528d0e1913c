#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What queued jobs may use until their time limits: arrays by the tasks that wait, jobs without a time limit by their partition,
# sums up the tree, held jobs too; it decides nothing.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() {
    cat <<'END'
components:
  node_hours: {tres: node}
  cpu_hours: {tres: cpu}
accounts:
  physics: {allocation: {node_hours: 100, cpu_hours: 1000}}
  optics: {allocation: {node_hours: 100}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [notify_organization_owners, request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
committed() { # committed ACCOUNT [FIELD]: of node_hours
    sluice_cli status "$1" -nP -o "component,${2:-committed}" | sed -n 's/^node_hours|//p'
}
submit() { as "$1" sbatch --parsable -o /dev/null "${@:2}"; }

ok 'scontrol gives partition aux a default time' scontrol update PartitionName=aux DefaultTime=30:00
ok 'scontrol gives partition main no time limit' scontrol update PartitionName=main MaxTime=UNLIMITED
must 'sluiced starts' eval 'sluiced_up < <(granted)'
is 'nothing is committed without queued jobs' "$(committed physics)" 0
full=$(submit mail -A chem -N4 --exclusive -t 10:00:00 --wrap 'sleep 3000')
eventually 'a job of chem fills the cluster' 20 job_is "$full" RUNNING
ok 'evaluation with a running job succeeds' evaluate_now
is 'a running job is not committed' "$(committed chem)" 0
standing=$(sluice_cli status -nP -o account,standing,percent | sort)

one=$(submit games -A physics -N2 -t 1:00:00 --wrap true)
array=$(submit games -A physics -N1 -t 30:00 --array=1-9:2%2 --wrap true)
below=$(submit man -A optics -N1 -t 50:00:00 --wrap true)
held=$(submit games -A physics -H -N1 -t 200:00:00 --wrap true)
default=$(submit games -A physics -p aux -N1 --wrap true)
none=$(submit games -A physics -p main -N1 --array=1-3 --wrap true)
ok 'six queued jobs are submitted' test -n "$one" -a -n "$array" -a -n "$below" -a -n "$held" -a -n "$default" -a -n "$none"
ok 'evaluation with queued jobs succeeds' evaluate_now
# 2 + 5 tasks of half an hour + 50 + 200 + half an hour of the partition
is 'committed hours of physics include arrays, held jobs and optics' "$(committed physics)" 255
is 'committed hours of optics are its own' "$(committed optics)" 50
is 'array tasks without any time limit are counted apart' "$(committed physics unlimited)" 3
is 'optics has no job without a time limit' "$(committed optics unlimited)" 0
is 'more than the allocation committed changes no standing' "$(sluice_cli status -nP -o account,standing,percent | sort)" "$standing"
is 'the user sees the figure in sluice balance' "$(as games "$(sluice_find sluice)" balance physics -nP -o component,committed | grep node)" 'node_hours|255'
like 'sluice explain has the figure' "$(sluice_cli explain physics)" 'node_hours: queued jobs may use up to 255 more'
like 'sluice explain names jobs without a time limit' "$(sluice_cli explain physics)" '3 queued jobs have no time limit'
unlike 'default table of sluice balance has no further column' "$(sluice_cli balance -u games)" 'Committed'

ok 'two tasks of the array are cancelled' as games scancel "${array}_1" "${array}_3"
ok 'time limit of the job in optics is reduced' scontrol update JobId="$below" TimeLimit=1:00:00
ok 'evaluation after the changes succeeds' evaluate_now
is 'cancelled tasks and a lower time limit are no longer committed' "$(committed physics)" 205

ok 'all jobs are cancelled' scancel "$one" "$array" "$below" "$held" "$default" "$none" "$full"
queue_is_empty() { [ -z "$(squeue -h)" ]; }
eventually 'the queue is empty' 30 queue_is_empty
ok 'evaluation with an empty queue succeeds' evaluate_now
is 'nothing is committed after the queue is empty' "$(committed physics)" 0
done_testing
