#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Slurm adapter survives what it must: no rights, slurmdbd, MariaDB, munged and slurmctld away and back. One process all
# the time (libslurm alone would end it at the first refused call: see daemon/slurm/missing_symbols.hpp).
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up

alive() { kill -0 "$pid" 2>/dev/null; }
reads() { ask assoc physics && [[ $ANSWER == *'"account":"physics"'* ]]; }

# --- no rights
probe_start games
pid=$PROBE_PID
ask qos physics,chem blocked blocked
like 'a change without rights is refused' "$ANSWER" 'physics: error refused .*denied'
like 'with the remedy' "$ANSWER" 'sacctmgr modify user games set adminlevel=operator'
like 'for each of them' "$ANSWER" 'chem: error refused'
ok 'the process is alive' alive
ok 'and its next call works' reads
ask limits grp_tres_mins physics cpu=5
like 'refused again' "$ANSWER" 'physics: error refused'
ask reset physics
like 'a usage reset is refused too' "$ANSWER" 'physics: error refused'
ask usage 1700000000 2000000000 0
like 'usage that may be incomplete is refused' "$ANSWER" '^error refused .*sacctmgr add user games account=root'
is 'nothing was changed' "$(account_field physics qos,grptresmins)" 'blocked,normal,slowdown|'
sacctmgr_do modify user where name=games set adminlevel=operator
ask limits grp_tres_mins physics cpu=5
like 'an operator may' "$ANSWER" 'physics: done'
is 'it is changed' "$(account_field physics grptresmins)" cpu=5
ask usage 1700000000 2000000000 0
unlike 'an operator sees all usage' "$ANSWER" error
ask limits grp_tres_mins physics cpu=-
ok 'the process is alive all the time' alive
probe_stop
is 'and ends in order' $? 0

# --- slurmdbd
probe_start
pid=$PROBE_PID
ok 'it reads' reads
ok 'slurmdbd restarts between two calls' slurmdbd_restart
eventually 'the connection is made anew' 5 reads
slurmdbd_stop
ask assoc physics
like 'slurmdbd away is said' "$ANSWER" '^error unavailable slurmdbd: '
ask qos physics,chem blocked blocked
like 'a change fails' "$ANSWER" 'physics: error unavailable .*chem: error unavailable'
ask raw
like 'slurmctld still answers' "$ANSWER" '"account":"physics"'
slurmdbd_start
ok 'slurmdbd back: the next call works' reads
ask qos physics blocked blocked
like 'changes too' "$ANSWER" 'physics: done'
slurmdbd_kill9
ask qos physics - -
like 'slurmdbd killed: the change fails' "$ANSWER" 'physics: error unavailable'
slurmdbd_start
is 'nothing half-done' "$(account_field physics qos)" blocked
ask qos physics - -
like 'and is done when asked again' "$ANSWER" 'physics: done'
ok 'the process is alive all the time' alive

# --- what is below and beside
mariadb_kill9
ask assoc physics
like 'MariaDB away is an error' "$ANSWER" '^error '
ask qos physics blocked blocked
like 'also for a change' "$ANSWER" 'physics: error '
mariadb_start
eventually 'MariaDB back: it reads again' 60 reads
munged_kill9
slurmdbd_kill9
ask assoc physics
like 'munged and slurmdbd away is an error' "$ANSWER" '^error '
ask raw
like 'slurmctld cannot be asked without munged' "$ANSWER" '^error unavailable slurmctld'
munged_start
slurmdbd_start
eventually 'all back: it reads again' 30 reads
slurmctld_stop
started=$EPOCHSECONDS
ask raw
like 'slurmctld away is said' "$ANSWER" '^error unavailable slurmctld'
diag "after $((EPOCHSECONDS - started)) s"
started=$EPOCHSECONDS
ask raw
like 'again' "$ANSWER" '^error unavailable slurmctld'
ok 'this time at once' test $((EPOCHSECONDS - started)) -le 5
ok 'slurmdbd still answers' reads
ask reset physics
like 'a usage reset fails' "$ANSWER" 'physics: error '
slurmctld_start
raw() { ask raw && [[ $ANSWER == *'"account":"physics"'* ]]; }
eventually 'slurmctld back: it answers' 10 raw
ok 'the process is alive all the time' alive
lines=$(wc -l <"$CLUSTER_DIR/log/probe.err")
is 'libslurm itself said nothing' "$lines" 0
[ "$lines" = 0 ] || diag "$(head "$CLUSTER_DIR/log/probe.err")"
probe_stop
is 'and ends in order' $? 0
done_testing
