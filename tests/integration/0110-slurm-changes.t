#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sacctmgr shows and slurmctld obeys what the Slurm adapter writes; the adapter refuses an impossible change with a remedy.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
probe_start

try() { as games sbatch -A "$1" ${2:+--qos="$2"} --test-only --wrap true; }

ask local
like 'adapter reads cluster, SlurmUser and path from slurm.conf' "$ANSWER" "\"cluster\":\"$CLUSTER_NAME\",\"slurm_user\":0,\"conf\":\"$SLURM_CONF\""
ask assoc physics
like 'adapter reports no own QOS list for an account that inherits its list' "$ANSWER" '"qos":\[\],"default_qos":""'
ask assoc univ
like 'adapter reports the own QOS list and default of univ' "$ANSWER" '"qos":\["normal","slowdown","blocked"\],"default_qos":"normal"'

# --- a pause, and the return to the inherited list
ok 'slurmctld accepts QOS slowdown before the pause' try physics slowdown
ask qos physics blocked blocked
is 'sacctmgr shows the QOS list of the pause' "$(account_field physics qos)" blocked
is 'sacctmgr shows the default QOS of the pause' "$(account_field physics defaultqos)" blocked
is 'sub-account optics inherits the QOS list of the pause' "$(account_field optics qos man)" blocked
fails 'sbatch with the default QOS of the pause is refused' try physics
fails 'sbatch with another QOS than that of the pause is refused' try physics normal
ok 'sbatch in chem is accepted during the pause of physics' try chem
ask qos physics - -
ask assoc physics
like 'own QOS list of physics is empty after the pause' "$ANSWER" '"qos":\[\],"default_qos":""'
is 'sacctmgr shows the inherited QOS list after the pause' "$(account_field physics qos)" blocked,normal,slowdown
ok 'slurmctld accepts a QOS of the inherited list after the pause' try physics slowdown
ok 'slurmctld accepts the inherited default QOS after the pause' try physics

# --- slurmctld has the list of univ in the rows of its users only; a restart in between must not matter
ask qos univ blocked blocked
fails 'sbatch in physics is refused when parent univ is paused' try physics
ok 'slurmctld restarts while univ is paused' slurmctld_restart
wait_until 30 cluster_idle
fails 'sbatch in physics is refused after slurmctld restarted' try physics
ask qos univ normal,slowdown,blocked normal
ok 'slurmctld accepts the inherited list after the pause of univ' try physics slowdown
ask qos physics blocked blocked
ok 'slurmctld restarts while physics is paused' slurmctld_restart
wait_until 30 cluster_idle
ask qos physics - -
ok 'slurmctld accepts the inherited list after a restart during the pause' try physics slowdown
ok 'slurmctld accepts the inherited list for a user of optics' as man sbatch -A optics --qos=slowdown --test-only --wrap true

# --- what slurmdbd refuses for one account (since 23.11) stops no other account: games would have a default QOS outside the list
ok 'sacctmgr gives games a QOS list of its own' sacctmgr_do modify user where name=games account=physics set qos=normal
ask qos physics,chem blocked blocked
like 'the account beside the refused one is reported as changed' "$ANSWER" 'chem: done'
is 'sacctmgr shows the change of the account beside the refused one' "$(account_field chem qos)" blocked
[ "$(slurm_release)" -lt 2311 ] ||
    like 'the refused account is reported with the answer of slurmdbd' "$ANSWER" 'physics: error conflict .*default qos'
ask qos physics,chem - -
ok 'sacctmgr takes the list from games again' sacctmgr_do modify user where name=games account=physics set qos=

# --- lists that only modify the inherited list
sacctmgr_do modify account where name=physics set qos-=slowdown
ask assoc physics
like 'adapter reports a list that removes a QOS from the inherited list' "$ANSWER" '"qos":\["-slowdown"\]'
ask qos physics blocked blocked
ask qos physics -slowdown -
ask assoc physics
like 'adapter restores a list that removes a QOS from the inherited list' "$ANSWER" '"qos":\["-slowdown"\]'
fails 'sbatch with the removed QOS slowdown is refused' try physics slowdown
ok 'slurmctld accepts the other inherited QOS normal' try physics normal
ask qos physics - -

# --- rows of users
ask qos physics slowdown slowdown games
is 'sacctmgr shows the own QOS list of user games' "$(account_field physics qos games)" slowdown
is 'QOS list of a user leaves the QOS list of the account unchanged' "$(account_field physics qos)" blocked,normal,slowdown
fails "sbatch with a QOS outside the user's own list is refused" try physics normal
ask qos physics - - games
ok "slurmctld accepts the inherited list after the user's own list is cleared" try physics normal

# --- limits and shares
ask limits grp_tres_mins physics,chem cpu=100 gres/gpu=0
is 'one call sets several limits on several accounts' "$(account_field chem grptresmins)" cpu=100,gres/gpu=0
like 'slurmctld shows the limits set by one call' "$(account_live physics GrpTRESMins)" 'cpu=100\('
ask limits grp_tres_mins physics,chem cpu=-
is 'clearing the cpu limit keeps the gres/gpu limit' "$(account_field physics grptresmins)" gres/gpu=0
ask limits max_tres_mins physics cpu=50
ask limits grp_tres physics gres/gpu=2
is 'sacctmgr shows MaxTRESMins and GrpTRES' "$(account_field physics maxtresmins,grptres)" 'cpu=50|gres/gpu=2'
ask limits max_tres_mins physics cpu=-
ask limits grp_tres physics gres/gpu=-
ask limits grp_tres_mins physics,chem gres/gpu=-
is 'sacctmgr shows no limit after all are cleared' "$(account_field physics maxtresmins,grptres,grptresmins)" '||'
ask fairshare physics 77
is 'sacctmgr shows the fairshare' "$(account_field physics fairshare)" 77

# --- errors that slurmdbd would ignore silently
ask qos physics nosuch -
like 'an unknown QOS is refused with the sacctmgr command that adds the QOS' "$ANSWER" 'physics: error not_found .*sacctmgr add qos nosuch'
ask qos physics normal blocked
like 'a default QOS outside the list is refused' "$ANSWER" 'physics: error refused'
ask limits grp_tres_mins physics gres/tpu=5
like 'an unknown TRES is refused' "$ANSWER" 'physics: error not_found'
ask qos physics,nosuch,chem normal normal
like 'an unknown account is reported with the sacctmgr command that adds the account' "$ANSWER" 'nosuch: error not_found .*sacctmgr add account nosuch'
like 'accounts beside the unknown account are changed' "$ANSWER" 'physics: done.*chem: done'
is 'sacctmgr shows the change of the account beside the unknown account' "$(account_field chem qos)" normal
sacctmgr_do delete user lp account=physics
sacctmgr_do add account gone parent=univ description=x organization=x
ask structure
sacctmgr_do delete account gone
ask limits grp_tres_mins physics,gone,chem cpu=7
like 'an account deleted after the last read is reported' "$ANSWER" 'gone: error not_found'
like 'accounts beside the deleted account are reported as changed' "$ANSWER" 'physics: done'
is 'sacctmgr shows the change of both accounts beside the deleted account' "$(account_field physics grptresmins)$(account_field chem grptresmins)" cpu=7cpu=7

# --- raw usage
ok 'srun in physics runs' as games srun -A physics -n1 -t1 sleep 2
raw_is() { ask raw && sed -nE 's/.*"account":"physics","raw":\{"billing":([0-9]+),.*/\1/p' <<<"$ANSWER" | grep -qxE "$1"; }
eventually 'raw usage of physics grows after the job' 70 raw_is '[1-9][0-9]*'
like 'raw usage comes with uids and default accounts' "$ANSWER" "\"user\":\"games\",\"uid\":$(id -u games),\"default_account\":\"physics\""
ask reset physics
like 'reset of raw usage is reported as done' "$ANSWER" 'physics: done'
ok 'slurmctld shows raw usage 0 after the reset' raw_is 0

probe_stop
is 'adapter ends with status 0' $? 0
done_testing
