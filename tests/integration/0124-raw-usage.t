#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A libslurm that cannot reset raw usage: sluiced reports this and sets limits to raw usage plus the remaining allocation, with
# and without decay. A job within the remaining allocation starts, a larger one waits for the minutes of its account.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
no_usage_reset=$SLUICE_BUILD/.libs/no_usage_reset.so
must 'no_usage_reset.so is built' test -e "$no_usage_reset"
sluiced_restart() { LD_PRELOAD=$no_usage_reset sluiced_start "$CLUSTER_DIR/etc/sluiced.yaml"; }

granted() { # granted CPU_MINUTES
    cat <<END
components:
  cpu_minutes: {tres: cpu, unit_factor: 1}
accounts:
  physics: {allocation: {cpu_minutes: $1}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    grace_ratio: 0
    raw_usage_reset: true
    actions: [request_slurm_resource_pausing]
END
}
job() { as games sbatch --parsable -A physics -t1 -o /dev/null "$@" --wrap 'sleep 600'; }
job_reason() { scontrol show job "$1" | sed -nE 's/.*Reason=([^ ]+).*/\1/p'; }
# limit_of and raw_of: CPU minutes, as slurmctld shows and compares them: cpu=LIMIT(RAW)
limit_of() { account_live physics GrpTRESMins | sed -nE 's/.*cpu=([0-9]+)\(([0-9]+)\).*/\1/p'; }
raw_of() { account_live physics GrpTRESMins | sed -nE 's/.*cpu=([0-9N]+)\(([0-9]+)\).*/\2/p'; }
at_least() { [ "$1" -ge "$2" ]; }
# fits_and_not NAME CPUS_THAT_FIT CPUS_THAT_DO_NOT: jobs of one minute
fits_and_not() {
    local more fits
    more=$(job -n "$3")
    waits_for_minutes() { [ "$(job_reason "$more")" = AssocGrpCPUMinutesLimit ]; }
    eventually "$1: a job of $3 CPU minutes stays pending" 20 waits_for_minutes
    fits=$(job -n "$2")
    eventually "$1: a job of $2 CPU minutes runs" 20 job_is "$fits" RUNNING
    scancel "$more" "$fits"
    eventually "$1: both jobs have ended" 20 eval "[ -z \"\$(squeue -h -t PD,R,S,CG)\" ]"
}

# --- without decay: the 12 CPU minutes of the last quarter are still in raw usage
as games srun -A physics -n60 -t1 sleep 12
raw_is_there() { at_least "$(raw_of)" 11; }
account_limit() { sacctmgr_do modify account where name=physics set grptresmins=cpu="$1"; }
account_limit 999
eventually 'slurmctld has the raw usage of the job' 80 raw_is_there
account_limit -1
ended() { at_least "$(database_sql "select count(*) from slurm_acct_db.${CLUSTER_NAME}_job_table where time_end > 0 and time_start > 0 and tres_alloc != '' and job_name = 'sleep'")" "$1"; }
eventually 'slurmdbd has the end of the first job' 30 ended 1
slurmctld_stop
rm -f "$CLUSTER_DIR"/state/job_state* # slurmctld would still show the job
database_sql "use slurm_acct_db; update ${CLUSTER_NAME}_job_table set time_submit = time_submit - 8640000,
    time_eligible = time_eligible - 8640000, time_start = time_start - 8640000, time_end = time_end - 8640000"
ok 'slurmctld starts after the job was moved to the last quarter' slurmctld_start -i # 26.05 refuses to start without a job state otherwise
eventually 'all nodes are idle after slurmctld started' 30 cluster_idle
must 'sluiced starts' eval 'sluiced_up < <(granted 18)'
is 'usage of physics in this quarter is 0' "$(status_field physics used)" 0
is 'limit of physics is raw usage plus the allocation' "$(limit_of)" $(($(raw_of) + 18))
ok 'sluiced.log reports that raw usage cannot be reset' line_in "$(sluiced_log)" 'SLUICE-0431 problem .*policy quarterly asks for a reset of raw usage'
ok 'second evaluation without a raw usage reset succeeds' evaluate_now
is 'sluiced.log reports the missing reset once' "$(grep -c 'asks for a reset' "$(sluiced_log)")" 1
sluice_cli doctor >/dev/null
like 'sluice doctor reports that limits are based on raw usage' "$(sluice_cli doctor)" 'cannot do: .*limits are written as raw usage'
like 'sluice status reports what libslurm cannot do' "$(sluice_cli status)" 'cannot do: '
is 'sluice commands shows no reset of raw usage' "$(sluice_cli commands -Q -n -P --format=type physics | grep -c reset_usage)" 0
fits_and_not 'without decay' 16 20

# --- with decay: raw usage shrinks, usage of Sluice does not
sed -i 's/^PriorityDecayHalfLife=.*/PriorityDecayHalfLife=00:05:00/' "$CLUSTER_DIR/etc/slurm.conf"
ok 'slurmctld restarts with decay' slurmctld_restart
ok 'sluiced raises the allocation for a job of up to 60 CPU minutes' eval 'sluiced_regrant < <(granted 200)'
as games timeout 60 srun -A physics -n60 -t1 sleep 12
eventually 'slurmdbd has the end of the second job' 30 ended 2
ok 'evaluation after the second job succeeds' evaluate_now
used=$(sluice_cli usage physics -Q -n -P --format=used | head -n 1)
diag "used $used of 40"
ok 'sluiced applies an allocation of 40 CPU minutes' eval 'sluiced_regrant < <(granted 40)'
before=$(raw_of)
melted() { [ "$(raw_of)" -lt "$before" ]; }
eventually 'raw usage of physics decays' 90 melted
ok 'evaluation after the decay succeeds' evaluate_now
remains=$(awk -v u="$used" 'BEGIN { printf "%d", 40 - u }')
diag "limit $(limit_of), raw $(raw_of), remains $remains"
near() { [ $(($1 - $2)) -le 1 ] && [ $(($2 - $1)) -le 1 ]; }
ok 'limit of physics follows the decayed raw usage' near $(($(limit_of) - $(raw_of))) "$remains"
fits_and_not 'with decay' $((remains - 3)) $((remains + 5))
done_testing
