#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The associations are read again only when slurmdbd has a transaction on record, or slurmctld another tree: whatever sacctmgr or
# another program changes is found by the next evaluation, and one after nothing reads none.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
probe_start
table=${CLUSTER_NAME}_assoc_table
shares() { sed -nE 's/.*"shares":([0-9]+).*/\1/p' <<<"$ANSWER"; } # of the last answer

ask structure
like 'the tree is read' "$ANSWER" '"account":"optics","parent":"physics"'
# Written behind slurmdbd's back: whoever sees it has read the rows.
ok 'a mark in the database' sql "update $table set shares = 77 where acct = 'chem' and user = ''"
ask assoc chem
is 'a question after nothing reads no rows' "$(shares)" 1
ok 'a new account' sacctmgr_do add account fresh parent=chem description=x organization=x
ask assoc fresh
like 'is found by the next question' "$ANSWER" '"account":"fresh","parent":"chem"'
ask assoc chem
is 'which read all rows' "$(shares)" 77
sql "update $table set shares = 78 where acct = 'chem' and user = ''"
ask assoc chem
is 'the next one reads none' "$(shares)" 77

ok 'an account is moved' sacctmgr_do modify account where name=optics set parent=chem
# slurmdbd keeps no transaction for that; slurmctld, which is asked in each evaluation, shows it.
ask raw
ask assoc optics
like 'it is found there' "$ANSWER" '"parent":"chem"'
ok 'a user is added' sacctmgr_do add user news account=fresh
ask assoc fresh news
like 'and found' "$ANSWER" '"user":"news"'
ok 'a limit of a user' sacctmgr_do modify user where name=news account=fresh set grptresmins=cpu=5
ask assoc fresh news
like 'is found' "$ANSWER" '"cpu":5'
ok 'the user is deleted' sacctmgr_do delete user name=news
ask assoc fresh news
like 'and gone' "$ANSWER" null
ok 'the account too' sacctmgr_do delete account name=fresh
ask assoc fresh
like 'gone as well' "$ANSWER" null
ok 'the list of QOS of an account' sacctmgr_do modify account where name=chem set qos=normal
ask assoc chem
like 'is found too' "$ANSWER" '"qos":\["normal"\]'
ok 'a default account' sacctmgr_do modify user where name=games set defaultaccount=chem
ask structure
like 'and who has it' "$ANSWER" '"user":"games","default_account":"chem"'

# --- what we change ourselves
ask limits grp_tres_mins physics cpu=9
ask assoc physics
like 'our own changes are seen' "$ANSWER" '"cpu":9'

# --- slurmdbd and MariaDB away
sql "update $table set shares = 79 where acct = 'chem' and user = ''"
slurmdbd_stop
ask assoc chem
like 'slurmdbd away is an error, not the old tree' "$ANSWER" '^error unavailable'
slurmdbd_start
ask assoc chem
isnt 'slurmdbd back: it answers' "$(shares)" ''
ok 'one more change' sacctmgr_do modify account where name=chem set fairshare=80
ask assoc chem
is 'is found' "$(shares)" 80
probe_stop
done_testing
