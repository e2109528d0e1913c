#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an evaluation costs on a large cluster, and the same question put by sacct as the Waldur site agent puts it:
#   SLUICE_BUILD=$PWD/build tests/bench/bench_cycle.sh [ACCOUNTS [JOBS [RUNNING]]]     (10000 1000000 5000; as root)
# Accounts with 9 users each and the jobs of this month up to now are written into a private MariaDB, slurmdbd rolls them
# up itself (or, quicker, SQL does: BENCH_FAST_ROLLUP=1), RUNNING allocations are real ones of a real slurmctld. Prints a line for each measurement.
# BENCH_DATA=DIR: MariaDB's data lie in DIR, are made if they are not there, and stay (of the same ACCOUNTS and JOBS, and of today);
# BENCH_FILL_ONLY=1 with it: nothing else is done.
export CLUSTER_CPUS=4000 CLUSTER_ENFORCE=associations
. "$(dirname "$0")/../integration/lib/harness.sh"
accounts=${1:-10000}
jobs=${2:-1000000}
running=${3:-5000}
here=$(cd "$(dirname "$0")" && pwd)
ticks=$(getconf CLK_TCK)
DATABASE_FLAGS+=(--innodb-buffer-pool-size="${BENCH_BUFFER_POOL:-2G}" --innodb-log-file-size=512M)

sql() { database_sql "use slurm_acct_db; $1"; }
say() { printf '%(%T)T %s\n' -1 "$*"; }
seconds() { echo "$((EPOCHSECONDS - $1)) s"; }

# cpu_ms NAME: user and system time of a daemon so far
cpu_ms() {
    local stat
    stat=$(<"/proc/$(daemon_pid "$1")/stat")
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    echo $(((${12} + ${13}) * 1000 / ticks))
}
rss_mib() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$(daemon_pid "$1")/status"; }
peak_mib() { awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$(daemon_pid "$1")/status"; }
rows_read() { database_sql "show global status like 'Handler_read%'" | awk '{ sum += $2 } END { print sum }'; }

# measured LABEL COMMAND...: wall time, CPU of everybody, rows that MariaDB handled
measured() {
    local label=$1 begin name rows
    local -A before=()
    shift
    for name in sluiced slurmdbd mariadb slurmctld; do before[$name]=$(cpu_ms $name 2>/dev/null || echo 0); done
    rows=$(rows_read)
    begin=${EPOCHREALTIME/./}
    "$@" >"$CLUSTER_DIR/jobs/out" 2>&1 || say "$label: exit $?: $(tail -n 2 "$CLUSTER_DIR/jobs/out")"
    printf '%-36s %8d ms;' "$label" $(((${EPOCHREALTIME/./} - begin) / 1000))
    for name in sluiced slurmdbd mariadb slurmctld; do printf ' %s %d ms' $name $(($(cpu_ms $name) - before[$name])); done
    printf ', rows read %d; sluiced %d MiB\n' $(($(rows_read) - rows)) "$(rss_mib sluiced)"
}

# One after the other takes many times as long: every index would be sorted in anew for each row.
without_indexes() { # without_indexes COMMAND...
    local table=${CLUSTER_NAME}_job_table drop add
    drop=$(sql "select group_concat(distinct 'drop key ', index_name) from information_schema.statistics
        where table_schema = 'slurm_acct_db' and table_name = '$table' and index_name <> 'PRIMARY'")
    add=$(sql "set group_concat_max_len = 100000; select group_concat('add ', kind, 'key ', name, ' (', columns, ')') from
        (select index_name name, if(max(non_unique), '', 'unique ') kind,
            group_concat('\`', column_name, '\`', coalesce(concat('(', sub_part, ')'), '') order by seq_in_index) columns
        from information_schema.statistics where table_schema = 'slurm_acct_db' and table_name = '$table'
            and index_name <> 'PRIMARY' group by index_name) k")
    sql "alter table $table $drop" && "$@" && sql "alter table $table $add"
}

synthetic() { # synthetic FILE
    local begin
    begin=$(date -d "$(date +%Y-%m-01)" +%s)
    sed "s/CLUSTER_/${CLUSTER_NAME}_/g" "$here/$1" |
        cat <(echo "use slurm_acct_db; set @accounts = $accounts, @jobs = $jobs, @begin = $begin, @now = $EPOCHSECONDS;") - |
        mariadb --no-defaults -uroot -S "$CLUSTER_DIR/run/mysql.sock" || bail 'synthetic data'
}

# Allocations without a step: no slurmd has to run anything.
allocate() {
    seq 0 $((running - 1)) | awk -v n="$accounts" '{ printf "b%06d\n", ($1 * 7) % n }' |
        as games xargs -P 12 -I ACCOUNT salloc -Q --no-shell -A ACCOUNT -n1 --mem=1 -t 600 >/dev/null 2>"$CLUSTER_DIR/log/salloc.err"
}

settings() {
    cat <<END
components:
  cpu_hours: {tres: cpu}
  billing_hours: {tres: billing}
policies:
  - name: bench
    mode: observe
    period: month
    allocation: {cpu_hours: 100000, billing_hours: 100000}
END
}

# ended COUNT: so many jobs that ended in this minute
ended() {
    sql "insert into ${CLUSTER_NAME}_job_table (mod_time, account, cpus_req, job_name, id_assoc, id_job, id_qos, id_resv, id_wckey,
            id_user, id_group, het_job_id, het_job_offset, state_reason_prev, mem_req, nodelist, nodes_alloc, node_inx, \`partition\`,
            priority, state, timelimit, time_submit, time_eligible, time_start, time_end, work_dir, submit_line, tres_alloc, tres_req, flags)
        select unix_timestamp(), account, cpus_req, 'ended', id_assoc, id_job + 500000000, 1, 0, 0, id_user, id_group, 0, 4294967294, 0,
            mem_req, nodelist, 1, node_inx, \`partition\`, 1000, 3, 1440, unix_timestamp() - 600, unix_timestamp() - 600,
            unix_timestamp() - 600, unix_timestamp() - 5, work_dir, submit_line, tres_alloc, tres_req, 20
        from ${CLUSTER_NAME}_job_table where job_name = 'synth' limit $1"
}

evaluation() { sluice_cli evaluate "$@"; }

# As uw-site-agent asks: all accounts in one call here (it makes one call an account).
sacct_all() {
    sacct --parsable2 --noheader --noconvert --truncate --allocations --allusers --starttime="$(date +%Y-%m-01T00:00:00)" \
        --endtime="$(date -d "$(date +%Y-%m-01) +1 month -1 day" +%FT23:59:59)" --accounts="$1" --format=Account,ReqTRES,Elapsed,User
}

sluice_needed
cluster_prepare
sed -i 's/^SlurmctldDebug=.*/SlurmctldDebug=error\nMaxJobCount=100000/' "$CLUSTER_DIR/etc/slurm.conf"
munged_start && database_ready && slurmdbd_start && slurmctld_start && slurmd_start && cluster_wait_idle || cluster_failed
say "Slurm $(slurm_full_version), $accounts accounts, $jobs jobs, $running running"
slurmctld_stop
slurmdbd_stop
if [ -n "${BENCH_DATA:-}" ] && [ -e "$BENCH_DATA/mysql/filled" ]; then
    mariadb_stop
    rm -rf "$CLUSTER_DIR/mysql"
    ln -s "$BENCH_DATA/mysql" "$CLUSTER_DIR/mysql"
    mariadb_start || bail 'the kept data'
    sql "delete from ${CLUSTER_NAME}_job_table where job_name <> 'synth'"
    slurmdbd_start || cluster_failed
    say "kept data: $(<"$BENCH_DATA/mysql/filled")"
    sacctmgr -i roll >/dev/null 2>&1 || bail 'no rollup'
else
    t=$EPOCHSECONDS
    without_indexes synthetic bench_cycle.sql || bail 'synthetic data'
    say "rows written in $(seconds "$t"); associations $(sql "select count(*) from ${CLUSTER_NAME}_assoc_table")"
    t=$EPOCHSECONDS
    # slurmdbd begins to roll up as soon as it is up.
    [ -z "${BENCH_FAST_ROLLUP:-}" ] || synthetic bench_cycle_rollup.sql >/dev/null
    slurmdbd_start || cluster_failed
    [ -n "${BENCH_FAST_ROLLUP:-}" ] || sacctmgr -i roll >/dev/null 2>&1 || bail 'no rollup'
    say "rolled up in $(seconds "$t"); rows by hour $(sql "select count(*) from ${CLUSTER_NAME}_assoc_usage_hour_table"), by day $(
        sql "select count(*) from ${CLUSTER_NAME}_assoc_usage_day_table")"
    if [ -n "${BENCH_DATA:-}" ]; then
        slurmdbd_stop
        mariadb_stop
        mkdir -p "$BENCH_DATA"
        mv "$CLUSTER_DIR/mysql" "$BENCH_DATA/mysql"
        echo "$accounts accounts, $jobs jobs, $(date)" >"$BENCH_DATA/mysql/filled"
        [ -z "${BENCH_FILL_ONLY:-}" ] || exit 0
        ln -s "$BENCH_DATA/mysql" "$CLUSTER_DIR/mysql"
        mariadb_start && slurmdbd_start || cluster_failed
    fi
fi
t=$EPOCHSECONDS
slurmctld_start || wait_until 300 slurmctld_answers || cluster_failed
wait_until 300 cluster_idle || cluster_failed
allocate
say "$(squeue -h -t R | wc -l) running in $(seconds "$t")"
if [ -n "${BENCH_KEEP:-}" ]; then
    scratch_keep
    say "kept: $CLUSTER_DIR"
    exit 0
fi
settings | sluiced_settings
t=${EPOCHREALTIME/./}
sluiced_restart >/dev/null 2>&1 || bail 'sluiced did not start'
measured 'first evaluation after start' wait_until 1800 evaluation
say "from start to the first answer $(((${EPOCHREALTIME/./} - t) / 1000)) ms, peak $(peak_mib sluiced) MiB"
for _ in 1 2 3; do measured 'idle evaluation' evaluation; done
ended 1000
measured 'evaluation after 1,000 jobs ended' evaluation
measured 'idle evaluation' evaluation
sluice_cli evaluate b000000 >/dev/null
ulimit -v unlimited
measured 'sacct, one account' sacct_all b000000
measured 'sacct, 100 accounts' sacct_all "$(seq -f 'b%06g' -s, 0 99)"
[ -n "${BENCH_NO_SACCT:-}" ] || measured 'sacct, all accounts in one call' sacct_all "$(seq -f 'b%06g' -s, 0 $((accounts - 1)))"
say "sacct printed $(wc -l <"$CLUSTER_DIR/jobs/out") lines"
