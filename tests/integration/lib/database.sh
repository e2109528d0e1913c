# SPDX-License-Identifier: GPL-2.0-or-later
# MariaDB in the private directory, and a template of its data that contains the accounts, so that a suite of many
# clusters runs mariadb-install-db and sacctmgr once. SLUICE_TEST_CACHE holds the template (the
# runner creates one for its run); without that variable each cluster creates its own data.
# shellcheck shell=bash

DATABASE_FLAGS=(--no-defaults --user=root --innodb-log-file-size=16M --innodb-buffer-pool-size=64M
    --innodb-flush-log-at-trx-commit=0 --skip-log-bin --performance-schema=0)

mariadb_start() {
    local dir=$CLUSTER_DIR flags=()
    # slurmdbd 26.05 does not work with the new default of MariaDB 11; older servers do not know the option.
    if mariadbd --no-defaults --help --verbose 2>/dev/null | grep -q '^ *--innodb-snapshot-isolation'; then
        flags+=(--innodb-snapshot-isolation=OFF)
    fi
    daemon_run mariadb mariadbd "${DATABASE_FLAGS[@]}" "${flags[@]}" --datadir="$dir/mysql" --tmpdir="$dir/run" \
        --socket="$dir/run/mysql.sock" --port="$PORT_DB" --bind-address=127.0.0.1 --pid-file="$dir/run/mariadbd.pid" \
        --innodb-lock-wait-timeout=900 --max-allowed-packet=16M
    wait_until 30 database_sql 'select 1' || { tail -n 20 "$dir/log/mariadb.out" && return 1; }
}

mariadb_stop() { daemon_stop mariadb TERM 30; }
mariadb_kill9() { daemon_kill9 mariadb; }

# database_sql STATEMENTS: as the database's root
database_sql() {
    mariadb --no-defaults -uroot -S "$CLUSTER_DIR/run/mysql.sock" -N -B -e "$1"
}

# database_create: an empty data directory with the user slurm
database_create() {
    mariadb-install-db "${DATABASE_FLAGS[@]}" --datadir="$CLUSTER_DIR/mysql" --skip-test-db \
        --auth-root-authentication-method=normal >"$CLUSTER_DIR/log/mariadb-install.out" 2>&1 || return 1
    mariadb_start || return 1
    database_sql "create database slurm_acct_db;
        create user slurm@'127.0.0.1' identified by 'slurm'; grant all on slurm_acct_db.* to slurm@'127.0.0.1';
        create user slurm@'localhost' identified by 'slurm'; grant all on slurm_acct_db.* to slurm@'localhost'"
}

# database_key: changes when the data made by accounts_create or by these programs would
database_key() {
    { slurm_full_version; mariadbd --version; cat "$HARNESS_LIB"/{database,accounts}.sh; echo "$CLUSTER_NAME"; } |
        cksum | tr ' ' -
}

# database_ready: data with the accounts, and MariaDB running; slurmdbd runs, too, if the data had to be created.
database_ready() {
    local cached=''
    [ -z "${SLUICE_TEST_CACHE:-}" ] || cached=$SLUICE_TEST_CACHE/db-$(database_key)
    if [ -n "$cached" ] && [ -d "$cached" ]; then
        cp -a --sparse=always "$cached" "$CLUSTER_DIR/mysql" && mariadb_start
        return
    fi
    database_create && slurmdbd_start && accounts_create || return 1
    [ -n "$cached" ] || return 0
    # A copy of the files is valid only after the server was shut down.
    slurmdbd_kill9
    mariadb_stop
    mkdir -p "$SLUICE_TEST_CACHE"
    cp -a --sparse=always "$CLUSTER_DIR/mysql" "$cached.$$" && mv -T "$cached.$$" "$cached" 2>/dev/null
    rm -rf "$cached.$$" # another cluster created the template first
    mariadb_start
}
