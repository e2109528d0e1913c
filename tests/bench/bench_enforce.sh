#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Setting QOS and limits of many accounts: Sluice's adapter in one process, and sacctmgr called as the Waldur site agent
# calls it, one process for each account and thing. Same cluster, one run. The agent's way is measured for some accounts
# and multiplied.
#   SLUICE_BUILD=build tests/bench/bench_enforce.sh [ACCOUNTS...]     default: 1000 10000
. "$(dirname "$0")/../integration/lib/harness.sh"
. "$HARNESS_LIB/slurm_probe.sh"
SAMPLE=${SAMPLE:-100} # accounts given to sacctmgr
cluster_up
PROBE_TIMEOUT=600
probe_start

names() { seq -f "bench%05g" -s, 1 "$1"; }
seconds() { awk "BEGIN { printf \"%.2f\", ($(date +%s%3N) - $1) / 1000 }"; }
probe_seconds() { sed -nE 's/.*"ms":([0-9.]+).*/\1/p' <<<"$ANSWER" | awk '{ printf "%.2f", $1 / 1000 }'; }
made=0
grow() { # grow NUMBER: accounts below univ
    local from=$((made + 1)) to
    while [ "$from" -le "$1" ]; do
        to=$((from + 999 < $1 ? from + 999 : $1))
        timeout 300 sacctmgr -i -Q add account "$(seq -f "bench%05g" -s, "$from" "$to")" parent=univ description=x \
            organization=x >/dev/null || bail 'sacctmgr add account'
        from=$((to + 1))
    done
    made=$1
}

for count in "${@:-1000 10000}"; do
    for number in $count; do
        grow "$number"
        all=$(names "$number")
        ask structure >/dev/null
        ask qos "$all" blocked blocked >/dev/null
        grep -q error <<<"$ANSWER" && bail "qos: $(grep -m1 error <<<"$ANSWER")"
        pause=$(probe_seconds)
        is "all $number have it" "$(sacctmgr -n -P show assoc user= format=account,qos | grep -c '^bench.*|blocked$')" "$number"
        ask qos "$all" - - >/dev/null
        back=$(probe_seconds)
        # limits differ from account to account, as they do in life: one call each
        started=$(date +%s%3N)
        ask spread "$all" >/dev/null
        grep -q error <<<"$ANSWER" && bail "limits: $(grep -m1 error <<<"$ANSWER")"
        limits=$(probe_seconds)
        echo "# Sluice, $number accounts: QOS and DefaultQOS $pause s, back to inherited $back s, GrpTRESMins of 4 TRES, all different, $limits s"
    done
done

# The agent: one sacctmgr for the QOS of an account, one for each TRES limit of it.
started=$(date +%s%3N)
for ((i = 1; i <= SAMPLE; i++)); do
    timeout 60 sacctmgr -i -Q modify account "$(printf 'bench%05d' "$i")" set qos=blocked defaultqos=blocked >/dev/null
done
qos=$(seconds "$started")
started=$(date +%s%3N)
for ((i = 1; i <= SAMPLE; i++)); do
    for tres in cpu mem node gres/gpu; do
        timeout 60 sacctmgr -i -Q modify account "$(printf 'bench%05d' "$i")" set "GrpTRESMins=$tres=$((1000 + i))" >/dev/null
    done
done
limits=$(seconds "$started")
echo "# sacctmgr, $SAMPLE accounts, measured: QOS $qos s, limits of 4 TRES $limits s"
for number in ${*:-1000 10000}; do
    awk -v q="$qos" -v l="$limits" -v n="$number" -v s="$SAMPLE" \
        'BEGIN { printf "# sacctmgr, %d accounts, extrapolated from %d: QOS %.0f s, limits %.0f s\n", n, s, q * n / s, l * n / s }'
done
probe_stop
done_testing
