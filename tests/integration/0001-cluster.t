#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test harness itself: a job runs from sbatch to sacct, daemons restart, and no process or file is left behind.
. "$(dirname "$0")/lib/harness.sh"

started=${EPOCHREALTIME/./}
cluster_up
diag "cluster up in $(((${EPOCHREALTIME/./} - started) / 1000)) ms, slurm $(slurm_full_version), ports from $PORT_BASE"

is 'games has physics as default account' \
    "$(sacctmgr -n -P show user games format=defaultaccount)" physics
is 'optics inherits the QOS list of univ' "$(account_field optics qos)" blocked,normal,slowdown
is 'the default QOS of physics is normal' "$(account_field physics defaultqos)" normal

ok 'games submits a job' as games sbatch --parsable -n1 -t1 -o job.out --wrap 'id -un; sleep 1'
job=$OUT
eventually 'the job of games completes' 20 job_is "$job" COMPLETED
is 'the job runs with the uid of games' "$(cat "$CLUSTER_DIR/jobs/job.out")" games
eventually 'sacct shows the job under the default account of games' 10 \
    bash -c "sacct -X -n -P -j $job -o user,account,state | grep -qx 'games|physics|COMPLETED'"
ok 'srun in account chem runs' as games srun -A chem -n2 -N2 -t1 true
fails 'sbatch by a user without an association is refused' as news sbatch --wrap true
fails 'sbatch by mail in account physics is refused' as mail sbatch -A physics --wrap true

ok 'sacctmgr sets GrpTRESMins of chem' sacctmgr_do modify account where name=chem set GrpTRESMins=cpu=1000
is 'sacctmgr shows GrpTRESMins of chem' "$(account_field chem grptresmins)" cpu=1000
like 'scontrol shows GrpTRESMins of chem' "$(account_live chem GrpTRESMins)" 'cpu=1000\('

ctld=$(daemon_pid slurmctld)
ok 'slurmdbd stops and starts' slurmdbd_restart
ok 'MariaDB is killed and starts' eval 'mariadb_kill9 && mariadb_start'
eventually 'slurmdbd answers sacctmgr after MariaDB restarted' 20 test univ = "$(sacctmgr -n -P show account univ format=account)"
ok 'munged is killed and starts' eval 'munged_kill9 && munged_start'
ok 'srun succeeds after slurmdbd, MariaDB and munged restarted' as games srun -n1 -t1 true
is 'slurmctld kept its pid while slurmdbd, MariaDB and munged restarted' "$(daemon_pid slurmctld)" "$ctld"
ok 'slurmctld restarts' slurmctld_restart
ok 'slurmctld is killed and starts in the foreground' eval 'slurmctld_kill9 && slurmctld_start -D'
eventually 'all nodes are idle after slurmctld restarted' 30 cluster_idle

# A second cluster. Its own script starts the cluster and is then killed with SIGKILL, so that it cannot clean up.
cat >"$CLUSTER_DIR/second.sh" <<'END'
. "$1/harness.sh"
cluster_up
as games env -u SLUICE_TEST_DIR sbatch -o /dev/null --wrap 'sleep 600' >/dev/null
wait_until 10 eval 'squeue -h -t R -o %i | grep -q .'
echo "$CLUSTER_DIR" >"$2"
sleep 600
END
SLUICE_TEST_LOGS='' bash "$CLUSTER_DIR/second.sh" "$HARNESS_LIB" "$CLUSTER_DIR/run/second" >"$CLUSTER_DIR/log/second.out" 2>&1 &
second=$!
disown
eventually 'a second cluster comes up beside the first' 120 test -s "$CLUSTER_DIR/run/second"
other=$(cat "$CLUSTER_DIR/run/second" 2>/dev/null)
[ -n "$other" ] || { diag "$(cat "$CLUSTER_DIR/log/second.out")" && bail 'there is no second cluster to end'; }
isnt 'the second cluster has processes' "$(scratch_pids "$other")" ''
kill -KILL $second
eventually 'the directory of the second cluster is removed after SIGKILL of its script' 20 test ! -e "$other"
is 'no process of the second cluster is left after SIGKILL of its script' "$(scratch_pids "$other")" ''
ok 'srun succeeds on the first cluster after the second ended' as games srun -n1 -t1 true

ok 'cluster_halt stops all daemons' cluster_halt
left=$(scratch_pids "$CLUSTER_DIR")
[ -z "$left" ] || diag "$(for pid in $left; do echo "$pid $(tr "\0" " " <"/proc/$pid/cmdline")"; done)"
is 'no process is left after cluster_halt' "$left" ''
done_testing
