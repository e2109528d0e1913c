#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Slurm adapter survives missing rights and the loss and return of slurmdbd, MariaDB, munged and slurmctld, all in one
# process (libslurm alone would end the process at the first refused call: see daemon/slurm/missing_symbols.hpp).
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up

alive() { kill -0 "$pid" 2>/dev/null; }
reads() { ask assoc physics && [[ $ANSWER == *'"account":"physics"'* ]]; }

# --- no rights
probe_start games
pid=$PROBE_PID
ask qos physics,chem blocked blocked
like 'a change without admin level is refused' "$ANSWER" 'physics: error refused .*denied'
like 'refusal names the sacctmgr command that sets the admin level' "$ANSWER" 'sacctmgr modify user games set adminlevel=operator'
like 'refusal is reported for each account of the call' "$ANSWER" 'chem: error refused'
ok 'adapter is alive after the refused change' alive
ok 'adapter reads associations after the refused change' reads
ask limits grp_tres_mins physics cpu=5
like 'a limit without admin level is refused' "$ANSWER" 'physics: error refused'
ask reset physics
like 'a usage reset without admin level is refused' "$ANSWER" 'physics: error refused'
ask usage 1700000000 2000000000 0
like 'usage that may be incomplete is refused with a remedy' "$ANSWER" '^error refused .*sacctmgr add user games account=root'
is 'associations are unchanged after the refused changes' "$(account_field physics qos,grptresmins)" 'blocked,normal,slowdown|'
sacctmgr_do modify user where name=games set adminlevel=operator
ask limits grp_tres_mins physics cpu=5
like 'a limit set by an operator is accepted' "$ANSWER" 'physics: done'
is 'sacctmgr shows the limit set by the operator' "$(account_field physics grptresmins)" cpu=5
ask usage 1700000000 2000000000 0
unlike 'usage read by an operator returns no error' "$ANSWER" error
ask limits grp_tres_mins physics cpu=-
ok 'adapter with admin level none and operator has one pid' alive
probe_stop
is 'adapter of user games ends with status 0' $? 0

# --- slurmdbd
probe_start
pid=$PROBE_PID
ok 'adapter reads associations from slurmdbd' reads
ok 'slurmdbd restarts between two calls' slurmdbd_restart
eventually 'adapter reconnects after slurmdbd restarted' 5 reads
slurmdbd_stop
ask assoc physics
like 'a read without slurmdbd fails as unavailable' "$ANSWER" '^error unavailable slurmdbd: '
ask qos physics,chem blocked blocked
like 'a change without slurmdbd fails for each account' "$ANSWER" 'physics: error unavailable .*chem: error unavailable'
ask raw
like 'slurmctld returns raw usage without slurmdbd' "$ANSWER" '"account":"physics"'
slurmdbd_start
ok 'slurmdbd back: adapter reads associations' reads
ask qos physics blocked blocked
like 'slurmdbd back: a QOS change succeeds' "$ANSWER" 'physics: done'
slurmdbd_kill9
ask qos physics - -
like 'slurmdbd killed: a QOS change fails' "$ANSWER" 'physics: error unavailable'
slurmdbd_start
is 'slurmdbd killed: QOS list is unchanged after the failed change' "$(account_field physics qos)" blocked
ask qos physics - -
like 'slurmdbd back after a kill: the repeated QOS change succeeds' "$ANSWER" 'physics: done'
ok 'adapter has one pid through all losses of slurmdbd' alive

# --- MariaDB, munged, slurmctld
mariadb_kill9
ask assoc physics
like 'a read without MariaDB fails' "$ANSWER" '^error '
ask qos physics blocked blocked
like 'a change without MariaDB fails' "$ANSWER" 'physics: error '
mariadb_start
eventually 'MariaDB back: adapter reads associations' 60 reads
munged_kill9
slurmdbd_kill9
ask assoc physics
like 'a read without munged and slurmdbd fails' "$ANSWER" '^error '
ask raw
like 'a request to slurmctld without munged fails as unavailable' "$ANSWER" '^error unavailable slurmctld'
munged_start
slurmdbd_start
eventually 'munged and slurmdbd back: adapter reads associations' 30 reads
slurmctld_stop
started=$EPOCHSECONDS
ask raw
like 'a request without slurmctld fails as unavailable' "$ANSWER" '^error unavailable slurmctld'
diag "after $((EPOCHSECONDS - started)) s"
started=$EPOCHSECONDS
ask raw
like 'a second request without slurmctld fails as unavailable' "$ANSWER" '^error unavailable slurmctld'
ok 'the second request without slurmctld fails at once' test $((EPOCHSECONDS - started)) -le 2
ok 'slurmdbd returns associations without slurmctld' reads
ask reset physics
like 'a usage reset without slurmctld fails' "$ANSWER" 'physics: error '
slurmctld_start
raw() { ask raw && [[ $ANSWER == *'"account":"physics"'* ]]; }
eventually 'slurmctld back: adapter reads raw usage' 10 raw
ok 'adapter has one pid through all losses of munged and slurmctld' alive
lines=$(wc -l <"$CLUSTER_DIR/log/probe.err")
is 'libslurm writes nothing to stderr' "$lines" 0
[ "$lines" = 0 ] || diag "$(head "$CLUSTER_DIR/log/probe.err")"
probe_stop
is 'adapter of root ends with status 0' $? 0
done_testing
