# SPDX-License-Identifier: GPL-2.0-or-later
# The accounts, users and QOS of every test cluster, and short functions to read them from slurmdbd and slurmctld.
#   univ > physics > optics ; univ > chem       QOS normal, slowdown (2 CPUs per user), blocked (no submission)
#   games: physics (default), chem    man: optics    mail: chem    lp: physics    (news has no association)
# Users are system accounts of every distribution, so that the host needs no new users.
# shellcheck shell=bash

sacctmgr_do() { timeout 30 sacctmgr -i -Q "$@" >>"$CLUSTER_DIR/log/sacctmgr.out" 2>&1; }

accounts_create() {
    sacctmgr_do add cluster "$CLUSTER_NAME" &&
        sacctmgr_do modify qos normal set priority=100 &&
        sacctmgr_do add qos slowdown priority=1 MaxTRESPerUser=cpu=2 &&
        sacctmgr_do add qos blocked GrpSubmitJobs=0 &&
        sacctmgr_do add account univ description=univ organization=univ qos=normal,slowdown,blocked defaultqos=normal &&
        sacctmgr_do add account physics,chem parent=univ description=faculty organization=univ &&
        sacctmgr_do add account optics parent=physics description=group organization=univ &&
        sacctmgr_do add user games account=physics,chem defaultaccount=physics &&
        sacctmgr_do add user man account=optics &&
        sacctmgr_do add user mail account=chem &&
        sacctmgr_do add user lp account=physics
}

# as USER COMMAND...: runs it with the user's ids in the world-writable work folder
as() {
    local user=$1
    shift
    (cd "$CLUSTER_DIR/jobs" && exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@")
}

# account_field ACCOUNT FIELDS [USER]: fields that sacctmgr shows for the account's own association (or the user's)
account_field() {
    timeout 30 sacctmgr -n -P show assoc where account="$1" cluster="$CLUSTER_NAME" format="user,$2" |
        awk -F'|' -v user="${3:-}" '$1 == user { sub(/^[^|]*\|/, ""); print; exit }'
}

# account_is ACCOUNT FIELD VALUE: for eventually
account_is() { [ "$(account_field "$1" "$2")" = "$3" ]; }

# account_live ACCOUNT KEY: KEY=value of the account's own association as slurmctld holds it, such as GrpTRESMins
account_live() {
    timeout 30 scontrol show assoc_mgr accounts="$1" flags=assoc |
        awk -v account="$1" -v key="$2" '
            /ClusterName=/ { mine = index($0 " ", "Account=" account " ") && /UserName= / }
            mine { for (i = 1; i <= NF; i++) if (index($i, key "=") == 1) { print substr($i, length(key) + 2); exit } }'
}

# assoc_rows: all fields that Sluice may change, as stored by slurmdbd, one line for each association. Equal text: equal rows.
assoc_rows() {
    database_sql "select acct, user, qos, delta_qos, def_qos_id, grp_tres_mins, max_tres_mins_pj, grp_tres, shares
        from slurm_acct_db.${CLUSTER_NAME}_assoc_table where deleted = 0 order by id_assoc"
}

# txn_count: number of transactions in slurmdbd, which records every change, also a change to the same value
txn_count() { database_sql 'select count(*) from slurm_acct_db.txn_table'; }
