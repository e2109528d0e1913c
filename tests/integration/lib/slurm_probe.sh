# SPDX-License-Identifier: GPL-2.0-or-later
# One slurm_probe (the Slurm adapter of sluiced as a program of its own) that runs as long as the test and must survive
# all faults that the test causes.
# shellcheck shell=bash

probe_start() { # probe_start [USER]
    local program=${SLUICE_BUILD:-}/tests/daemon/slurm/slurm_probe
    [ -x "$program" ] || skip_all 'slurm_probe is not built (make integration-programs does)'
    # libtool may have put a wrapper there; plain users have no access to the build folder either.
    [ -e "$CLUSTER_DIR/jobs/slurm_probe" ] || { cp "$program" "$CLUSTER_DIR/jobs/" && chmod 755 "$CLUSTER_DIR/jobs/slurm_probe"; }
    if [ $# -gt 0 ]; then
        coproc PROBE { as "$1" ./slurm_probe 2>>"$CLUSTER_DIR/log/probe.err"; }
    else
        coproc PROBE { "$CLUSTER_DIR/jobs/slurm_probe" 2>>"$CLUSTER_DIR/log/probe.err"; }
    fi
}

# ask WORDS...: one request; sets ANSWER (and prints it as a diagnostic)
ask() {
    local line
    ANSWER=''
    echo "$*" >&"${PROBE[1]}" || return 1
    while IFS= read -r -t "${PROBE_TIMEOUT:-60}" line <&"${PROBE[0]}"; do
        if [ "$line" = . ]; then
            diag "probe> $*" "$(printf '\n%s' "$ANSWER" | head -n 12)"
            return 0
        fi
        ANSWER+=$line$'\n'
    done
    diag "probe> $*: no answer"
    return 1
}

probe_stop() {
    exec {PROBE[1]}>&-
    wait "${PROBE_PID:-}"
}

# figure ACCOUNT TRES FIELD [USER]: from the last answer to "usage"
figure() {
    local value
    value=$(sed -nE "s|.*\"account\":\"$1\",\"user\":\"${4:-}\",\"tres\":\"$2\".*\"$3\":(-?[0-9]+).*|\\1|p" <<<"$ANSWER")
    echo "${value:-0}"
}

# Repeated where InnoDB chose this side of a deadlock with slurmdbd, whose connections write at any time: a statement
# used here has the same effect when repeated, or is one transaction.
sql() {
    local try said
    for try in 1 2 3 4 5; do
        said=$(database_sql "use slurm_acct_db; $1" 2>&1) && break
        [[ $said =~ ERROR\ (1020|1205|1213) ]] && [ "$try" -lt 5 ] || { printf '%s\n' "$said" >&2 && return 1; }
        sleep 0.5
    done
    [ -z "$said" ] || printf '%s\n' "$said"
}

# truth ACCOUNTS TRES_ID BEGIN END NOW: TRES-seconds by the job table; CPUs do not count while suspended
truth() {
    local accounts=${1//,/\',\'} awake=0
    [ "$2" != 1 ] || awake="coalesce((select sum(greatest(0,
        least(if(s.time_end, s.time_end, $5), $4, if(j.time_end, j.time_end, $5)) - greatest(s.time_start, $3, j.time_start, j.time_eligible - j.time_eligible % 3600)))
        from ${CLUSTER_NAME}_suspend_table s where s.job_db_inx = j.job_db_inx), 0)"
    sql "select coalesce(sum((greatest(0, least(if(j.time_end, j.time_end, $5), $4, $5) - greatest(j.time_start, j.time_eligible - j.time_eligible % 3600, $3)) - $awake) *
            cast(replace(regexp_substr(concat(',', j.tres_alloc), ',$2=[0-9]+'), ',$2=', '') as unsigned)), 0)
         from ${CLUSTER_NAME}_job_table j join ${CLUSTER_NAME}_assoc_table a on a.id_assoc = j.id_assoc
         where a.acct in ('$accounts') and j.time_start > 0 and j.tres_alloc != ''"
}

same_as_truth() { # same_as_truth NAME BEGIN END NOW
    local got='' want='' tres
    for tres in cpu=1 mem=2 node=4 billing=5 gres/gpu="$gpu"; do
        got+="${tres%=*} $(figure physics "${tres%=*}" total) $(figure optics "${tres%=*}" total); "
        want+="${tres%=*} $(truth physics,optics "${tres#*=}" "$2" "$3" "$4") $(truth optics "${tres#*=}" "$2" "$3" "$4"); "
    done
    is "$1" "$got" "$want"
}
