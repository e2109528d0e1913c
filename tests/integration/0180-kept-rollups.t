#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The journal keeps the figures of rollups, so a restart does not read them again. A restart does read them again when the rollup has
# changed or gone back, an account has moved, or the figures are a day old, of the future, damaged or missing.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
cluster_up
journal=$CLUSTER_DIR/jobs/kept.db
hour=$((EPOCHSECONDS - EPOCHSECONDS % 3600)) begin=$((EPOCHSECONDS - EPOCHSECONDS % 3600 - 4 * 3600))
usage_rows=${CLUSTER_NAME}_assoc_usage_hour_table cluster_rows=${CLUSTER_NAME}_usage_hour_table
assoc() { sql "select id_assoc from ${CLUSTER_NAME}_assoc_table where acct = '$1' and user = '$2' and deleted = 0"; }
man=$(assoc optics man) mail=$(assoc chem mail)
journal_sql() {
    python3 -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); print(d.execute(sys.argv[2]).fetchone()); d.commit()' "$journal" "$1"
}
now=$((hour + 60)) # between two rollups, whatever time the test takes
usage() { ask usage "$begin" $((now + 86400)) "$now" "$@"; }
settled() { echo "$(figure physics cpu settled) $(figure chem cpu settled)"; }
# restart COMMAND...: the adapter ends, COMMAND runs, the adapter begins again with the same journal
restart() {
    probe_stop
    "$@"
    probe_start
    ask journal "$journal"
    usage physics chem
}

# Rows of four hours as a rollup writes them: optics used 100 CPU-seconds in each hour, chem 10.
ok 'the database receives the rollup of four hours' sql "
    delete from $usage_rows where time_start >= $begin; delete from $cluster_rows where time_start >= $begin;
    insert into $usage_rows (creation_time, mod_time, id, id_tres, time_start, alloc_secs)
        select $hour, $hour, a.id, 1, $begin + seq * 3600, a.s from seq_0_to_3, (select $man id, 100 s union select $mail, 10) a;
    insert into $cluster_rows (creation_time, mod_time, id_tres, time_start, count, alloc_secs)
        select $hour, $hour, 1, $begin + seq * 3600, 1, 110 from seq_0_to_3;
    update ${CLUSTER_NAME}_last_ran_table set hourly_rollup = $hour, daily_rollup = $hour, monthly_rollup = $hour"
probe_start
ask journal "$journal"
usage physics chem
is 'figures come from the rollup' "$(settled)" '400 40'

# A row that changes without the rows of the cluster: a question that returns the new value has read the account again.
ok 'rows of optics change without a rollup' sql "update $usage_rows set alloc_secs = 101 where id = $man and time_start >= $begin"
usage physics chem
is 'a question after the first one reads no account' "$(settled)" '400 40'
restart true
is 'a restart reads no account that the journal has' "$(settled)" '400 40'
usage physics chem optics
is 'an account that the journal does not have is read' "$(figure optics cpu settled) $(settled)" '404 400 40'
restart true
usage physics chem optics
is 'the next restart does not read it again' "$(figure optics cpu settled) $(settled)" '404 400 40'

restart journal_sql "update settled_range set read_at = read_at - 90000"
is 'figures that are older than a day are read again' "$(settled)" '404 40'
sql "update $usage_rows set alloc_secs = 102 where id = $man and time_start >= $begin"
restart journal_sql "update settled_range set read_at = read_at + 90000"
is 'figures of the future are read again' "$(settled)" '408 40'
sql "update $usage_rows set alloc_secs = 103 where id = $man and time_start >= $begin"
restart journal_sql "update settled_usage set sums = sums || ',x'"
is 'figures that cannot be read are read again from slurmdbd' "$(settled)" '412 40'

rolled_up_again() { sql "update $usage_rows set alloc_secs = 200 where id = $man and time_start = $begin; update $cluster_rows set alloc_secs = 210 where time_start = $begin"; }
restart rolled_up_again
is 'a rollup that changed while the adapter was away is read again' "$(settled)" '509 40'

moved() { sacctmgr_do modify account where name=optics set parent=chem; }
restart moved
is 'an account that moved while the adapter was away counts for its new parent' "$(settled)" '0 549'
ok 'sacctmgr moves account optics back' sacctmgr_do modify account where name=optics set parent=physics
back() { ask raw && usage physics chem && [ "$(settled)" = '509 40' ]; }
eventually 'an account that moves counts for its parent at the next questions' 20 back

ok 'rows of optics change once more without a rollup' sql "update $usage_rows set alloc_secs = 1 where id = $man and time_start = $begin"
ok 'sacctmgr adds an account below physics' sacctmgr_do add account fresh parent=physics description=x organization=x
usage physics chem fresh
is 'a new account causes no new read of the account above it' "$(figure fresh cpu settled) $(settled)" '0 509 40'
sql "update $usage_rows set alloc_secs = 200 where id = $man and time_start = $begin"

rewound() { sql "delete from $usage_rows where time_start = $hour - 3600; delete from $cluster_rows where time_start = $hour - 3600"; }
restart rewound
is 'a rollup that went back while the adapter was away has its hours no more' "$(settled)" '406 30'
sql "update $usage_rows set alloc_secs = 104 where id = $man and time_start = $begin + 3600"
emptied() { LEFT=$(journal_sql "select count(*) from settled_range where ends = $hour") && journal_sql 'delete from settled_usage'; }
restart emptied
is 'the journal forgets ranges that no question needs' "$LEFT" '(0,)'
is 'accounts that are missing in the journal are read' "$(settled)" '407 30'
probe_stop
done_testing
