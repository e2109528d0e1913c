# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the attacks: a cluster whose account physics is paused, and the checks after each attack.
# The programs come from SLUICE_BUILD as in tests/integration; sanitizer builds write log/report.*.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the harness and by tests

ATTACK_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/integration/lib/harness.sh
. "$ATTACK_DIR/../integration/lib/harness.sh"

ATTACK_RSS_KB=98304 # growth of one daemon during a test; the sanitizer keeps 16 MiB of freed memory
ATTACK_FDS=40       # open files more than before the attack

sanitized() { grep -q __asan_init "$1"; }

# slurmctld, built without the sanitizer, loads a plugin built with it: the runtime must be loaded before.
sanitizer_runtime() { # sanitizer_runtime PLUGIN
    local file
    file=$(ldd "$1" | awk '/lib(clang_rt\.)?asan/ { print $3 }')
    [ -e "$file" ] || file=$(clang-14 -print-file-name="libclang_rt.asan-$(uname -m).so" 2>/dev/null)
    [ -e "$file" ] && echo "$file"
}

# attack_prepare [LINE of sluice.conf...]: as sluice_cluster_up, but starts nothing.
attack_prepare() {
    local tool plugin common
    for tool in python3 curl; do command -v $tool >/dev/null || skip_all "$tool is not installed"; done
    sluice_needed
    cluster_prepare
    sluice_install "$@"
    plugin=$CLUSTER_DIR/plugins/job_submit_sluice.so
    # -: no leak check in Slurm's own programs
    common="log_path=$CLUSTER_DIR/log/report:quarantine_size_mb=16:allocator_release_to_os_interval_ms=500"
    export UBSAN_OPTIONS=log_path=$CLUSTER_DIR/log/report:print_stacktrace=1
    export LSAN_OPTIONS=suppressions=$ATTACK_DIR/../support/lsan.supp:print_suppressions=0
    export ASAN_OPTIONS=$common
    if sanitized "$plugin"; then
        CLUSTER_SLURMCTLD_ENV=(LD_PRELOAD="$(sanitizer_runtime "$plugin")" ASAN_OPTIONS="$common:detect_leaks=0")
    fi
    if sanitized "$(sluice_find sluiced)"; then
        tap_point 0 'sluiced is built with AddressSanitizer'
    else
        skip 'sluiced is built with AddressSanitizer' 'configure --enable-sanitize=address,undefined'
    fi
}

# attack_up [LINE of sluiced.yaml...]: cluster and daemon; physics has an allocation of 0, chem a large one.
attack_up() {
    cluster_start || cluster_failed
    attack_settings "$@"
    must 'sluiced starts' sluiced_restart
    must 'first evaluation succeeds' wait_until 20 evaluate_now
    attack_begin
}

attack_settings() { # attack_settings [LINE...]: sluiced.yaml
    sluiced_settings < <(
        [ $# -eq 0 ] || printf '%s\n' "$@"
        cat <<END
components:
  node_hours: {tres: node}
  cpu_hours: {tres: cpu}
  gpu_hours: {tres: gres/gpu}
accounts:
  physics: {allocation: {node_hours: 0, cpu_hours: 0, gpu_hours: 0}}
  chem: {allocation: {node_hours: 1000000, cpu_hours: 1000000, gpu_hours: 1000000}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    budget_check: refuse
    actions: [request_slurm_resource_pausing]
END
    )
}

# attack_begin: stores the state of the daemons that survived compares with.
attack_begin() {
    declare -gA ATTACK_PID ATTACK_RSS ATTACK_FD
    local name
    for name in sluiced slurmctld; do
        ATTACK_PID[$name]=$(daemon_pid $name)
        ATTACK_RSS[$name]=$(rss_of "${ATTACK_PID[$name]}")
        ATTACK_FD[$name]=$(fds_of "${ATTACK_PID[$name]}")
    done
    ATTACK_ENTRIES=$(entries)
    [ -n "$ATTACK_ENTRIES" ] || bail 'the entries cannot be read'
}
rss_of() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
fds_of() { ls "/proc/$1/fd" 2>/dev/null | wc -l; }
few_files() { [ $(($(fds_of "${ATTACK_PID[$1]}") - ATTACK_FD[$1])) -le $ATTACK_FDS ]; }

# entries: all entries of staff, and the associations in slurmdbd
entries() {
    local what
    for what in overrides adjustments resets; do
        curl -sS --max-time 10 --unix-socket "$SLUICE_SOCKET" "http://localhost/api/v1/$what" | grep -oE '"id": ?[0-9]+|"detail".*' | tr '\n' ' '
        echo "$what"
    done
    sluice_cli token list -n -P -o name,role && assoc_rows
}

reports() { find "$CLUSTER_DIR/log" -name 'report.*' -size +0; }

# attacks COMMAND...: a client that prints "ok NAME" or "not ok NAME" for each of its attacks
attacks() {
    local line count=0 out
    out=$(mktemp "$CLUSTER_DIR/log/attacks.XXXXXX")
    "$@" >"$out" 2>"$out.err"
    local rc=$?
    while IFS= read -r line; do
        case $line in
            'ok '*) tap_point 0 "${line#ok }" && count=$((count + 1)) ;;
            'not ok '*) tap_point 1 "${line#not ok }" && count=$((count + 1)) ;;
            *) diag "$line" ;;
        esac
    done <"$out"
    [ $rc -eq 0 ] || diag "$(tail -n 20 "$out.err")"
    is "${*##*/}: all $count attacks ran" "$rc $((count > 0))" '0 1'
}

# survived DOOR: both daemons have their pid and their size, no entry was made, valid requests are answered, physics is refused
survived() {
    local name growth
    for name in sluiced slurmctld; do
        is "$1: $name keeps its pid" "$(daemon_alive $name && daemon_pid $name)" "${ATTACK_PID[$name]}"
        growth=$(($(rss_of "${ATTACK_PID[$name]}" || echo 0) - ATTACK_RSS[$name]))
        diag "$name: $growth kB more, $(fds_of "${ATTACK_PID[$name]}") files"
        ok "$1: $name has grown by less than $ATTACK_RSS_KB kB" test "$growth" -lt $ATTACK_RSS_KB
        eventually "$1: $name has closed its files" 40 few_files $name
    done
    is "$1: the sanitizers report nothing" "$(reports)" ''
    [ -z "$(reports)" ] || diag "$(reports | head -n 1 | xargs head -n 40)"
    eventually "$1: sluice status succeeds" 20 timeout 5 "$(sluice_find sluice)" status
    is "$1: entries and associations are unchanged" "$(entries)" "$ATTACK_ENTRIES"
    eventually "$1: the plugin has the newest snapshot" 30 plugin_current
    fails "$1: sbatch in paused physics is refused" as games timeout 10 sbatch -A physics -o /dev/null --wrap true
    like "$1: refusal comes from the plugin" "$OUT" 'account physics is paused'
    ok "$1: sbatch in chem is accepted" as games timeout 10 sbatch -H -A chem -N1 -t 1 -o /dev/null --wrap true
}

# attack_done: sluiced stops in order, so that leaks are reported
attack_done() {
    ok 'sluiced stops after the attacks' sluiced_stop
    is 'the sanitizers report nothing after sluiced stopped' "$(reports)" ''
    [ -z "$(reports)" ] || diag "$(reports | head -n 1 | xargs head -n 60)"
    done_testing
}
