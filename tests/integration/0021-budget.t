#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A job that asks for more than what is left is refused or warned with both numbers; a job of which that cannot be
# known is admitted.
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
ok 'sluiced is up' eval 'sluiced_up < <(granted refuse)'

admitted() { # admitted NAME SBATCH-ARGUMENT...
    local name=$1
    shift
    ok "$name: admitted" as games timeout 60 sbatch --parsable -H -o /dev/null "$@" --wrap true
    like "$name: without a word" "$OUT" '^[0-9]+$'
}
refused() { # refused NAME TEXT SBATCH-ARGUMENT...
    local name=$1 text=$2
    shift 2
    fails "$name: refused" as games timeout 60 sbatch --parsable -H -o /dev/null "$@" --wrap true
    like "$name: says why" "$OUT" "$text"
}
left='but account physics has 100 left'
admitted 'exactly what is left' -A physics -N1 -t 100:00:00
refused 'one minute more' "may use 100\.02 node_hours, $left" -A physics -N1 -t 100:01:00
refused 'two nodes' "may use 120 node_hours, $left" -A physics -N2 -t 60:00:00
refused 'an array' "may use 200 node_hours, $left" -A physics --array=1-20%2 -t 10:00:00
admitted 'a smaller array' -A physics --array=1-10 -t 10:00:00
admitted 'no time limit at all' -A physics -N2
refused 'GPUs of each node' 'may use 80 gpu_hours, but account physics has 50 left' -A physics -N2 --gres=gpu:2 -t 20:00:00
admitted 'fewer GPUs' -A physics -N2 --gres=gpu:1 -t 20:00:00
refused 'processes and their CPUs' 'may use 1280 cpu_hours, but account chem has 1000 left' -A chem -n4 -c4 -t 80:00:00
admitted 'fewer' -A chem -n2 -c4 -t 80:00:00

ok 'a partition gets limits and whole nodes' \
    scontrol update PartitionName=aux DefaultTime=100:00:00 MaxTime=200:00:00 OverSubscribe=EXCLUSIVE
ok 'an evaluation sees it' evaluate_now
refused 'all CPUs of the node for its default time' 'may use 1600 cpu_hours' -A chem -p aux -n1
admitted 'the least of two partitions' -A chem -p main,aux -n1 -t 100:00:00
admitted 'its nodes for a shorter time' -A chem -p aux -n1 -t 60:00:00
refused 'exclusive by choice' 'may use 1600 cpu_hours' -A chem -p main --exclusive -N1 -t 100:00:00

refused 'an array in brackets' "may use 200 node_hours, $left" -A physics '--array=[1-20]' -t 10:00:00
refused 'an array in no order' "may use 200 node_hours, $left" -A physics \
    --array=20,19,18,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1 -t 10:00:00

# A job that no client of Slurm sends: 15,000 items in each of its TRES strings
hostile=$CLUSTER_DIR/jobs/hostile_job
ok 'hostile_job is built' install -m 755 "$SLUICE_BUILD/tests/plugin/hostile_job" "$hostile"
milliseconds() { sed -n 's/ ms$//p' <<<"$OUT"; }
fails 'a job of 15,000 items in its TRES strings is refused' as games timeout 60 "$hostile" physics 15000
like 'by slurmctld, for the length of its strings' "$OUT" 'other parameter too long'
hostile_ms=$(milliseconds)
# One that walks the strings for each item takes 8 s.
ok "slurmctld answered it within 4 s ($hostile_ms ms)" test "${hostile_ms:-99999}" -lt 4000
like 'slurmctld says which string it refused' "$(<"$(slurmctld_log)")" 'strlen\(cpus_per_tres\) too big'
(for _ in {1..20}; do as games timeout 60 "$hostile" physics 15000; done) >/dev/null 2>&1 &
flood=$!
ok 'another user submits while 20 such jobs arrive' as mail timeout 30 sbatch --parsable -H -o /dev/null -A chem -t 1 --wrap true
wait "$flood"
# 1,024 bytes, which Slurm accepts, hold more items than the plugin reads
fails 'a job of 100 items in its TRES strings is refused' as games timeout 60 "$hostile" physics 100
like 'as more than can be counted' "$OUT" 'more than can be counted of gpu_hours|accounting/QOS policy'

# The default account as slurmctld has it at this moment, long before the next evaluation
default_account() { # default_account ACCOUNT: games makes it the default, slurmctld knows
    as games timeout 60 sacctmgr -i -Q modify user games set defaultaccount="$1" &&
        wait_until 20 eval "scontrol show assoc_mgr users=games flags=users | grep -q 'DefAccount=$1'"
}
ok 'chem is paused' sluice_cli override set chem paused --until=now+1days --reason=test
admitted 'a job without an account, physics being the default' -t 1
ok 'games makes chem the default' default_account chem
refused 'a job without an account, chem being the default now' 'account chem is paused' -t 1
ok 'games makes physics the default again' default_account physics
admitted 'a job without an account, physics being the default again' -t 1
ok 'the pause of chem ends' sluice_cli override clear 1 --reason=test

ok 'warn' eval 'sluiced_regrant < <(granted warn)'
ok 'the job is admitted' as games timeout 60 sbatch -H -o /dev/null -A physics -t 101:00:00 --wrap true
like 'with a warning' "$OUT" "may use 101 node_hours, $left"
ok 'off' eval 'sluiced_regrant < <(granted off)'
admitted 'the same job' -A physics -t 101:00:00
is 'no fault was counted' "$(gate_field faults)" 0
done_testing
