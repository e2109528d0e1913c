#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Scenario files give exactly the bytes that stand beside them, twice; policies that sites may copy do what their
# scenario says. SLUICE_ACCEPT=1 writes the expectations anew: read the difference before committing it.
set -u
build=${SLUICE_BUILDDIR:-.}
source=${SLUICE_SRCDIR:-${srcdir:-.}}
sluice=$build/sluice
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
failures=0
count=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
# scenario FILE EXPECTED
scenario() {
    scenario=$1
    expected=$2
    count=$((count + 1))
    "$sluice" simulate "$scenario" --json >"$dir/first" 2>"$dir/err" || fail "$scenario: $(cat "$dir/err")"
    TZ=Asia/Tokyo "$sluice" simulate "$scenario" --json >"$dir/second" 2>/dev/null
    cmp -s "$dir/first" "$dir/second" || fail "$scenario depends on the host's time zone"
    [ -z "${SLUICE_ACCEPT:-}" ] || cp "$dir/first" "$expected"
    diff -u "$expected" "$dir/first" || fail "$scenario"
    "$sluice" simulate "$scenario" >"$dir/table" 2>/dev/null || fail "$scenario: no table"
}
for file in "$source"/tests/data/scenarios/*.yaml; do
    scenario "$file" "${file%.yaml}.jsonl"
done
# A policy to copy and the steps that try it make a scenario; on a cluster Slurm knows the parents.
for file in "$source"/contrib/policies/*.yaml; do
    name=$(basename "$file" .yaml)
    sed 's/^  \(optics\|lasers\): {/&parent: faculty, /' "$file" >"$dir/$name.yaml"
    cat "$source/tests/data/policies/$name.steps" >>"$dir/$name.yaml"
    scenario "$dir/$name.yaml" "$source/tests/data/policies/$name.jsonl"
done
# Alone, each policy runs over a made-up year: who would be slowed down or paused, and for how long.
for file in "$source"/contrib/policies/*.yaml; do
    name=$(basename "$file")
    "$sluice" simulate "$file" >"$dir/year" 2>"$dir/err" || fail "$name alone: $(cat "$dir/err")"
    grep -q ' has no steps: a made-up ' "$dir/year" || fail "$name alone: the output does not name the made-up year"
    grep -Eq '(warned|downscaled|paused) +20..-..-..' "$dir/year" || fail "$name alone: no standing begins in the year"
    "$sluice" simulate --json "$file" | grep -q '"standing": *"[a-z ]*", *"begin": *"20' || fail "$name alone: no JSON"
done
printf 'components: {node_hours: {tres: node}}\npolicies: [{name: a, actions: [request_slurm_resource_pausing]}]\n' >"$dir/bare.yaml"
"$sluice" simulate "$dir/bare.yaml" 2>&1 | grep -q 'bare.yaml: no account has an allocation; add' || fail "a policy without allocation passes"
[ "$count" -ge 15 ] || fail "only $count scenarios were found"

"$sluice" simulate "$dir/none.yaml" >/dev/null 2>"$dir/err" && fail "a missing file is no error"
grep -q 'none.yaml' "$dir/err" || fail "the error does not name the file"
"$sluice" simulate 2>&1 | grep -q 'no scenario given' || fail "a missing argument is no error"
preview=$("$sluice" preview --json --allocation 1000 --previous-usage 700 --current-usage 1040 --daily-rate 40)
for part in '"effective_allocation": 1300' '"carryover": 300' '"notification_threshold": 1040' '"status": "exceeded"' \
    '"days": 6' '"current_qos_status": "notification"' '"blocked_threshold": 1560'; do
    case $preview in *"$part"*) ;; *) fail "preview without $part" ;; esac
done
"$sluice" preview --allocation=10 --grace-ratio=0.1 --no-carryover --current-usage=11 | grep -q 'status blocked' ||
    fail "11 of 10 with 10 % of grace is not blocked"
printf 'contacts: {physics: pi@example.org}\nnotifications: {mail: {from: hpc@example.org}, subject: "[{cluster}] {event}"}\n' >"$dir/notify.yaml"
"$sluice" notify --test "$dir/notify.yaml" 2>&1 | grep -qFx 'Subject: [CLUSTER] is paused' || fail "a notice is not in the site's words"
"$sluice" preview --grace-ratio=-1 2>&1 | grep -q 'grace_ratio is out of range' || fail "a negative grace passes"
"$sluice" preview --allocation=x 2>&1 | grep -q -e "--allocation takes a number, not 'x'" || fail "x is a number"
[ "$failures" -eq 0 ] || exit 1
echo "$count scenarios give what is expected"
