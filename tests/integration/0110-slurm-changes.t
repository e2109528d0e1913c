#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the Slurm adapter writes is what sacctmgr shows and what slurmctld obeys; what cannot be is refused with a remedy.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
probe_start

try() { as games sbatch -A "$1" ${2:+--qos="$2"} --test-only --wrap true; }

ask local
like 'cluster, SlurmUser and path come from slurm.conf' "$ANSWER" "\"cluster\":\"$CLUSTER_NAME\",\"slurm_user\":0,\"conf\":\"$SLURM_CONF\""
ask assoc physics
like 'an inherited list is not an own one' "$ANSWER" '"qos":\[\],"default_qos":""'
ask assoc univ
like 'an own list is' "$ANSWER" '"qos":\["normal","slowdown","blocked"\],"default_qos":"normal"'

# --- a pause, and back to inheriting
ok 'slowdown may be used before' try physics slowdown
ask qos physics blocked blocked
is 'sacctmgr shows the list' "$(account_field physics qos)" blocked
is 'and the default' "$(account_field physics defaultqos)" blocked
is 'sub-accounts inherit it' "$(account_field optics qos man)" blocked
fails 'slurmctld refuses the default' try physics
fails 'slurmctld refuses another' try physics normal
ok 'the other account goes on' try chem
ask qos physics - -
ask assoc physics
like 'the own list is empty again' "$ANSWER" '"qos":\[\],"default_qos":""'
is 'sacctmgr shows what is inherited' "$(account_field physics qos)" blocked,normal,slowdown
ok 'slurmctld has the inherited list' try physics slowdown
ok 'and the inherited default' try physics

# --- slurmctld learns a list of univ only by its users; a restart in between must not matter
ask qos univ blocked blocked
fails 'a paused parent pauses the subtree' try physics
ok 'slurmctld restarts meanwhile' slurmctld_restart
wait_until 30 cluster_idle
fails 'it is still paused' try physics
ask qos univ normal,slowdown,blocked normal
ok 'the subtree has the list of its parent again' try physics slowdown
ask qos physics blocked blocked
ok 'slurmctld restarts while physics is paused' slurmctld_restart
wait_until 30 cluster_idle
ask qos physics - -
ok 'the account inherits again' try physics slowdown
ok 'a user below it does' as man sbatch -A optics --qos=slowdown --test-only --wrap true

# --- lists that only change what is inherited
sacctmgr_do modify account where name=physics set qos-=slowdown
ask assoc physics
like 'a change to the inherited list is seen as such' "$ANSWER" '"qos":\["-slowdown"\]'
ask qos physics blocked blocked
ask qos physics -slowdown -
ask assoc physics
like 'and is restored as such' "$ANSWER" '"qos":\["-slowdown"\]'
fails 'nobody gets a QOS that they did not have' try physics slowdown
ok 'and keeps those that they had' try physics normal
ask qos physics - -

# --- rows of users
ask qos physics slowdown slowdown games
is "a user's own list" "$(account_field physics qos games)" slowdown
is 'does not touch the account' "$(account_field physics qos)" blocked,normal,slowdown
fails 'slurmctld obeys it' try physics normal
ask qos physics - - games
ok 'and the way back' try physics normal

# --- limits and shares
ask limits grp_tres_mins physics,chem cpu=100 gres/gpu=0
is 'several limits at once, on several accounts' "$(account_field chem grptresmins)" cpu=100,gres/gpu=0
like 'slurmctld shows them' "$(account_live physics GrpTRESMins)" 'cpu=100\('
ask limits grp_tres_mins physics,chem cpu=-
is 'one is cleared, the other kept' "$(account_field physics grptresmins)" gres/gpu=0
ask limits max_tres_mins physics cpu=50
ask limits grp_tres physics gres/gpu=2
is 'limits of one job and of the moment' "$(account_field physics maxtresmins,grptres)" 'cpu=50|gres/gpu=2'
ask limits max_tres_mins physics cpu=-
ask limits grp_tres physics gres/gpu=-
ask limits grp_tres_mins physics,chem gres/gpu=-
is 'all cleared' "$(account_field physics maxtresmins,grptres,grptresmins)" '||'
ask fairshare physics 77
is 'shares' "$(account_field physics fairshare)" 77

# --- what slurmdbd would swallow
ask qos physics nosuch -
like 'an unknown QOS is named with the remedy' "$ANSWER" 'physics: error not_found .*sacctmgr add qos nosuch'
ask qos physics normal blocked
like 'a default outside the list is refused' "$ANSWER" 'physics: error refused'
ask limits grp_tres_mins physics gres/tpu=5
like 'an unknown TRES is refused' "$ANSWER" 'physics: error not_found'
ask qos physics,nosuch,chem normal normal
like 'an unknown account is told' "$ANSWER" 'nosuch: error not_found .*sacctmgr add account nosuch'
like 'the others are changed' "$ANSWER" 'physics: done.*chem: done'
is 'indeed' "$(account_field chem qos)" normal
sacctmgr_do delete user lp account=physics
sacctmgr_do add account gone parent=univ description=x organization=x
ask structure
sacctmgr_do delete account gone
ask limits grp_tres_mins physics,gone,chem cpu=7
like 'an account deleted meanwhile is told' "$ANSWER" 'gone: error not_found'
like 'the others of its call are changed' "$ANSWER" 'physics: done'
is 'indeed, both' "$(account_field physics grptresmins)$(account_field chem grptresmins)" cpu=7cpu=7

# --- raw usage
ok 'a job runs' as games srun -A physics -n1 -t1 sleep 2
raw_is() { ask raw && sed -nE 's/.*"account":"physics","raw":\{"billing":([0-9]+),.*/\1/p' <<<"$ANSWER" | grep -qxE "$1"; }
eventually 'slurmctld has counted it' 70 raw_is '[1-9][0-9]*'
like 'it knows uids and default accounts' "$ANSWER" "\"user\":\"games\",\"uid\":$(id -u games),\"default_account\":\"physics\""
ask reset physics
like 'usage is reset' "$ANSWER" 'physics: done'
ok 'slurmctld shows none' raw_is 0

probe_stop
is 'the adapter ends in order' $? 0
done_testing
