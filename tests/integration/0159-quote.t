#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A quote has the figures and the words of the plugin: what it refuses sbatch refuses, with the same text, and what it accepts
# sbatch accepts.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted CHECK LIMITS: to physics nodes and GPUs, to chem CPUs
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
    limits: $2
    budget_check: $1
    grace_ratio: 0
    actions: [request_slurm_resource_pausing]
END
}
must 'sluiced starts with budget_check: refuse' eval 'sluiced_up < <(granted refuse false)'

quote() { as games timeout 60 "$(sluice_find sluice)" quote "$@"; }
of_json() { python3 -c 'import json, sys; a = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; } # of_json EXPRESSION: of `a`
field() { quote "$@" --json | of_json "$FIELD"; }
same() { # same NAME SBATCH-ARGUMENT...: sbatch and sluice quote agree
    local name=$1 result text
    shift
    result=$(quote "$@" --json | of_json 'a["result"]')
    text=$(quote "$@" --json | of_json 'a["text"]')
    if as games timeout 60 sbatch --parsable -H -o /dev/null "$@" --wrap true >"$CLUSTER_DIR/sbatch.out" 2>&1; then
        is "quote of $name: sbatch accepts what the quote accepts" "$result" accepted
    else
        is "quote of $name: sbatch refuses what the quote refuses" "$result" refused
        diag "$(<"$CLUSTER_DIR/sbatch.out")"
        unlike "quote of $name: a refusal has a text" "$text" '^$'
        ok "quote of $name: sbatch refuses with the text of the quote" grep -qF -- "${text%%. Request*}" "$CLUSTER_DIR/sbatch.out"
    fi
}
same 'exactly the remaining allocation' -A physics -N1 -t 100:00:00
same 'one minute more than the remaining allocation' -A physics -N1 -t 100:01:00
same 'an array above the remaining allocation' -A physics --array=1-20%2 -t 10:00:00
same 'an array of exactly the remaining allocation' -A physics --array=1-10 -t 10:00:00
same 'GPUs above the remaining allocation' -A physics -N2 --gres=gpu:2 -t 20:00:00
same 'GPUs within the remaining allocation' -A physics -N2 --gpus-per-node=1 -t 20:00:00
same 'tasks with several CPUs above the remaining allocation' -A chem -n4 -c4 -t 80:00:00
same 'tasks with several CPUs within the remaining allocation' -A chem -n2 -c4 -t 80:00:00
same 'CPUs of a task on each of several nodes above the remaining allocation' -A chem -N2 -c4 -t 130:00:00
same 'a job without a time limit' -A physics -N2

FIELD='[[c["wants"], c["left"], c["after"]] for c in a["costs"] if c["component"] == "node_hours"]'
is 'quote has what the job wants, what is left and what stays' "$(field -A physics -N2 -t 10:00:00)" '[[20, 100, 80]]'
FIELD='a["longest_time"]'
is 'quote has the longest time limit that fits' "$(field -A physics -N2 -t 90:00:00)" '2-02:00'
FIELD='",".join(t["account"] + " " + t["threshold"] for t in a["thresholds"])'
like 'quote names the threshold that a job of the whole allocation reaches' "$(field -A physics -N1 -t 100:00:00)" 'physics pause'
is 'quote names no threshold for a small job' "$(field -A physics -N1 -t 1)" ''

ok 'scontrol gives partition aux default time, maximum time and whole nodes' \
    scontrol update PartitionName=aux DefaultTime=100:00:00 MaxTime=200:00:00 OverSubscribe=EXCLUSIVE
ok 'evaluation after the partition changed succeeds' evaluate_now
same 'one task in a partition of whole nodes, with its default time,' -A chem -p aux -n1
FIELD='a["time_limit_from"] + " " + a["time_limit"]'
is 'quote without --time has the default time of the partition' "$(field -A chem -p aux -n1)" 'partition 4-04:00'
FIELD='a["longest_time"]'
is 'longest time of a small job is the maximum time of its partition' "$(field -A physics -p main,aux -N1 -t 1)" "$(field -A physics -p main -N1 -t 1)"
ok 'scontrol gives partition aux a shorter maximum time' scontrol update PartitionName=aux DefaultTime=1:00:00 MaxTime=10:00:00
ok 'evaluation after the maximum time changed succeeds' evaluate_now
is 'longest time is bounded by the maximum time of the partition' "$(field -A physics -p aux -N1 -t 1)" '10:00:00'
is 'longest time of two partitions is that of the longer one' "$(field -A physics -p main,aux -N1 -t 1)" "$(field -A physics -p main -N1 -t 1)"
ok 'scontrol gives partition aux its longer times again' \
    scontrol update PartitionName=aux DefaultTime=100:00:00 MaxTime=200:00:00
ok 'evaluation with the longer times succeeds' evaluate_now

# `sluice quote` reads a script as sbatch does.
script=$CLUSTER_DIR/jobs/quoted.sh
cat >"$script" <<'END'
#!/bin/bash
#SBATCH --account=physics
#SBATCH -N 2 --time=60:00:00   # comment
#SBATCH --constraint=fast
true
#SBATCH -N 4
END
chmod 755 "$script"
ok 'quote of a script succeeds' quote "$script"
like 'quote of a script has its #SBATCH lines' "$OUT" 'slurmctld would refuse the job: this job may use 120 node_hours, but account physics has 100 left'
like 'quote of a script names the option that it does not read' "$OUT" 'not read.*--constraint'
ok 'quote of a script from standard input succeeds' eval 'quote -N 1 - <"$script"'
like 'an option of the command line comes before the script' "$OUT" 'The job would be accepted'
ok 'the table of a quote fits 80 columns' eval '! quote "$script" 2>/dev/null | head -4 | grep -qE ".{81}"'
fails 'quote of a script with a bad line fails' quote - <<<'#SBATCH --mem=lots'
like 'quote names the bad line of a script' "$OUT" "standard input:1: --mem: 'lots' is no amount of memory"

fails 'a user gets no quote of an account of others' as man timeout 60 "$(sluice_find sluice)" quote -A chem -t 10
like 'quote of an account of others has no figures' "$OUT" "account 'chem' does not exist, or you do not belong to it"
ok 'staff get a quote of every account' sluice_cli quote -A chem -t 10

ok 'sluiced takes a policy without budget_check, with limits' eval 'sluiced_regrant < <(granted off true)'
FIELD='a["result"] + " " + str(len(a["costs"]))'
is 'quote without budget_check has the costs and knows that limits keep the job waiting' "$(field -A physics -N1 -t 101:00:00)" 'waits 2'
ok 'sluiced takes a policy without budget_check and limits' eval 'sluiced_regrant < <(granted off false)'
is 'quote without budget_check and limits accepts the job' "$(field -A physics -N1 -t 101:00:00)" 'accepted 2'
# Jobs of a QOS with a UsageFactor want that many times as much, where usage counts the factor.
ok 'sacctmgr adds QOS double and free' eval 'sacctmgr -i add qos double set UsageFactor=2 && sacctmgr -i add qos free set UsageFactor=0'
ok 'physics may use them' sacctmgr_do modify account physics set qos=normal,double,free defaultqos=normal
allowed() { as games timeout 20 sbatch -A physics -q double -N1 -t1 --test-only --wrap true; }
eventually 'slurmctld lets games use QOS double in physics' 30 allowed
must 'sluiced takes the policy with budget_check: refuse' eval 'sluiced_regrant < <(granted refuse false)'
same 'twice the time in QOS double, exactly what is left,' -A physics -q double -N1 -t 50:00:00
same 'more than half of what is left in QOS double' -A physics -q double -N1 -t 51:00:00
same 'more than is left in QOS free' -A physics -q free -N4 -t 100:00:00
FIELD='[c["wants"] for c in a["costs"] if c["component"] == "node_hours"]'
is 'a job in QOS double wants twice as much' "$(field -A physics -q double -N1 -t 51:00:00)" '[102]'
is 'a job in QOS free wants nothing' "$(field -A physics -q free -N1 -t 51:00:00)" '[0]'
ok 'sluiced takes usage_factor: ignore' eval 'sluiced_regrant < <(granted refuse false; echo "usage_factor: ignore")'
is 'usage_factor: ignore leaves the factor out' "$(field -A physics -q double -N1 -t 51:00:00)" '[51]'
same 'a job in QOS double with usage_factor: ignore' -A physics -q double -N1 -t 51:00:00

ok 'sluice override pauses physics' sluice_cli override set physics paused --until=now+1hour --reason=test
same 'a job in a paused account' -A physics -N1 -t 1
done_testing
