#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The harness itself: a job runs from sbatch to sacct, daemons may be restarted, nothing stays behind.
. "$(dirname "$0")/lib/harness.sh"

started=${EPOCHREALTIME/./}
cluster_up
diag "cluster up in $(((${EPOCHREALTIME/./} - started) / 1000)) ms, slurm $(slurm_full_version), ports from $PORT_BASE"

is 'games has physics as default account' \
    "$(sacctmgr -n -P show user games format=defaultaccount)" physics
is 'QOS list is inherited from univ' "$(account_field optics qos)" blocked,normal,slowdown
is 'default QOS is normal' "$(account_field physics defaultqos)" normal

ok 'games submits a job' as games sbatch --parsable -n1 -t1 -o job.out --wrap 'id -un; sleep 1'
job=$OUT
eventually 'the job completes' 20 job_is "$job" COMPLETED
is 'it ran as games' "$(cat "$CLUSTER_DIR/jobs/job.out")" games
eventually 'sacct shows it under the default account' 10 \
    bash -c "sacct -X -n -P -j $job -o user,account,state | grep -qx 'games|physics|COMPLETED'"
ok 'srun runs in a named account' as games srun -A chem -n2 -N2 -t1 true
fails 'a user without an association is refused' as news sbatch --wrap true
fails 'an account of others is refused' as mail sbatch -A physics --wrap true

ok 'limits are visible in slurmctld at once' sacctmgr_do modify account where name=chem set GrpTRESMins=cpu=1000
is 'sacctmgr shows the limit' "$(account_field chem grptresmins)" cpu=1000
like 'scontrol shows the limit' "$(account_live chem GrpTRESMins)" 'cpu=1000\('

ctld=$(daemon_pid slurmctld)
ok 'slurmdbd stops and starts' slurmdbd_restart
ok 'MariaDB is killed and starts' eval 'mariadb_kill9 && mariadb_start'
eventually 'slurmdbd reads again' 20 test univ = "$(sacctmgr -n -P show account univ format=account)"
ok 'munged is killed and starts' eval 'munged_kill9 && munged_start'
ok 'jobs still run afterwards' as games srun -n1 -t1 true
is 'slurmctld was the same process all the time' "$(daemon_pid slurmctld)" "$ctld"
ok 'slurmctld restarts' slurmctld_restart
ok 'slurmctld is killed and starts in the foreground' eval 'slurmctld_kill9 && slurmctld_start -D'
eventually 'nodes are idle again' 30 cluster_idle

# A second cluster, started by a script of its own which is then killed without any chance to clean up.
cat >"$CLUSTER_DIR/second.sh" <<'END'
. "$1/harness.sh"
cluster_up
as games sbatch --export=NONE -o /dev/null --wrap 'sleep 600' >/dev/null
wait_until 10 eval 'squeue -h -t R -o %i | grep -q .'
echo "$CLUSTER_DIR" >"$2"
sleep 600
END
SLUICE_TEST_LOGS='' bash "$CLUSTER_DIR/second.sh" "$HARNESS_LIB" "$CLUSTER_DIR/run/second" >"$CLUSTER_DIR/log/second.out" 2>&1 &
second=$!
disown
eventually 'a second cluster comes up beside the first' 60 test -s "$CLUSTER_DIR/run/second"
other=$(cat "$CLUSTER_DIR/run/second")
isnt 'it has processes' "$(scratch_pids "$other")" ''
kill -KILL $second
eventually 'after SIGKILL of its script its directory is removed' 20 test ! -e "$other"
is 'and no process of it is left' "$(scratch_pids "$other")" ''
ok 'the first cluster is not touched' as games srun -n1 -t1 true

ok 'an orderly stop of all daemons' cluster_halt
left=$(scratch_pids "$CLUSTER_DIR")
[ -z "$left" ] || diag "$(for pid in $left; do echo "$pid $(tr "\0" " " <"/proc/$pid/cmdline")"; done)"
is 'leaves no process' "$left" ''
done_testing
