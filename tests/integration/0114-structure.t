#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The adapter reads the associations again only after slurmdbd recorded a transaction or slurmctld has another tree: the next
# evaluation finds each change by sacctmgr or another program, and an evaluation without a change reads no rows.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
probe_start
table=${CLUSTER_NAME}_assoc_table
shares() { sed -nE 's/.*"shares":([0-9]+).*/\1/p' <<<"$ANSWER"; } # of ANSWER

ask structure
like 'adapter reads the account tree' "$ANSWER" '"account":"optics","parent":"physics"'
# Written without slurmdbd: a request that returns this value has read the rows.
ok 'fairshare of chem is changed in the database without slurmdbd' sql "update $table set shares = 77 where acct = 'chem' and user = ''"
ask assoc chem
is 'a request without a transaction reads no rows' "$(shares)" 1
ok 'sacctmgr adds account fresh' sacctmgr_do add account fresh parent=chem description=x organization=x
ask assoc fresh
like 'the next request finds account fresh' "$ANSWER" '"account":"fresh","parent":"chem"'
ask assoc chem
is 'a request after a transaction reads all rows' "$(shares)" 77
sql "update $table set shares = 78 where acct = 'chem' and user = ''"
ask assoc chem
is 'the second request after a transaction reads no rows' "$(shares)" 77

ok 'sacctmgr moves account optics to chem' sacctmgr_do modify account where name=optics set parent=chem
# slurmdbd records no transaction for the move; slurmctld, which each evaluation asks, has the new tree.
ask raw
ask assoc optics
like 'a request after the move finds optics below chem' "$ANSWER" '"parent":"chem"'
ok 'sacctmgr adds user news to account fresh' sacctmgr_do add user news account=fresh
ask assoc fresh news
like 'a request finds user news in account fresh' "$ANSWER" '"user":"news"'
ok 'sacctmgr sets a limit of user news' sacctmgr_do modify user where name=news account=fresh set grptresmins=cpu=5
ask assoc fresh news
like 'a request finds the limit of user news' "$ANSWER" '"cpu":5'
ok 'sacctmgr deletes user news' sacctmgr_do delete user name=news
ask assoc fresh news
like 'a request no longer finds user news' "$ANSWER" null
ok 'sacctmgr deletes account fresh' sacctmgr_do delete account name=fresh
ask assoc fresh
like 'a request no longer finds account fresh' "$ANSWER" null
ok 'sacctmgr sets the QOS list of chem' sacctmgr_do modify account where name=chem set qos=normal
ask assoc chem
like 'a request finds the QOS list of chem' "$ANSWER" '"qos":\["normal"\]'
ok 'sacctmgr changes the default account of games' sacctmgr_do modify user where name=games set defaultaccount=chem
ask structure
like 'a request finds the default account of games' "$ANSWER" '"user":"games","default_account":"chem"'

# --- users of slurmctld: asked for until it shows what slurmdbd has, then only after a change
default_is() { ask structure && ask raw && [[ $ANSWER == *"\"user\":\"games\",\"uid\":$(id -u games),\"default_account\":\"$1\""* ]]; }
eventually 'a request finds the default account of games in slurmctld' 10 default_is chem
ask raw
like 'a request without a transaction returns the users of the one before' "$ANSWER" "\"user\":\"games\",\"uid\":$(id -u games),\"default_account\":\"chem\""
ok 'sacctmgr gives games its default account back' sacctmgr_do modify user where name=games set defaultaccount=physics
eventually 'a request after the transaction finds the default account of games in slurmctld' 10 default_is physics
ok 'sacctmgr adds user news to account chem' sacctmgr_do add user news account=chem
knows_news() { ask structure && ask raw && [[ $ANSWER == *"\"user\":\"news\",\"uid\":$(id -u news)"* ]]; }
eventually 'a request after the transaction finds the uid of news in slurmctld' 10 knows_news
ok 'sacctmgr deletes user news of account chem' sacctmgr_do delete user name=news
slurmctld_stop
ask raw
slurmctld_start
users_back() { ask raw && [[ $ANSWER == *'"user":"games"'* && $ANSWER == *'"account":"physics"'* ]]; }
eventually 'slurmctld back: a request returns accounts and users' 20 users_back

# --- changes of the adapter itself
ask limits grp_tres_mins physics cpu=9
ask assoc physics
like 'a request finds a limit that the adapter set' "$ANSWER" '"cpu":9'

# --- slurmdbd and MariaDB away
sql "update $table set shares = 79 where acct = 'chem' and user = ''"
slurmdbd_stop
ask assoc chem
like 'slurmdbd away: a request fails and returns no old tree' "$ANSWER" '^error unavailable'
slurmdbd_start
ask assoc chem
isnt 'slurmdbd back: a request returns chem' "$(shares)" ''
ok 'sacctmgr sets the fairshare of chem' sacctmgr_do modify account where name=chem set fairshare=80
ask assoc chem
is 'slurmdbd back: a request finds the new fairshare of chem' "$(shares)" 80
probe_stop
done_testing
