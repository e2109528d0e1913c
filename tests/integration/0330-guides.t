#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each command of the guide, in order: from a cluster without Sluice to a cluster within its allocations.
# shellcheck disable=SC2034
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/guides.sh"
docs=$(cd "$HARNESS_LIB/../../../docs/guide" && pwd)
sluice_needed
command -v journalctl >/dev/null || skip_all 'no journalctl here'
cluster_prepare
cp "$(sluice_find job_submit_sluice.so)" "$CLUSTER_DIR/plugins/" || bail 'no plugin' # what dnf install does
cluster_start || cluster_failed
cd "$CLUSTER_DIR/jobs" || bail 'no place for files'

# The editor of the guides, and the files that the guides assume.
granted() {
    cat <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 100}}
  chem: {allocation: {node_hours: 100}}
policies:
  - name: quarterly
    mode: $1
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
vi() { sluiced_settings < <(granted observe); }
cat >"$CLUSTER_DIR/etc/waldur-site-agent-config.yaml" <<'END'
offerings:
  - name: lab
    backend_type: slurm
    backend_settings:
      periodic_limits: {enabled: true, limit_type: GrpTRESMins, tres_billing_enabled: false}
    backend_components:
      node_hours: {limit: 10, measured_unit: hours, unit_factor: 60, accounting_type: limit, label: Node}
END
cat >"$CLUSTER_DIR/etc/scenario.yaml" <<'END'
timezone: UTC
components: {node_hours: {tres: node}}
accounts: {physics: {allocation: {node_hours: 100}}}
policies: [{name: p, mode: enforce}]
steps:
  - {at: 2026-01-01, evaluate: true}
END

# left COMMAND: why the command cannot run here; 1: the command can run
left() {
    case $1 in
        dnf\ * | rpmbuild\ * | mock\ *) echo 'of an EL host: tests/packaging/rpm.sh' ;;
        crontab\ *) echo "looks at the site's own crontab" ;;
        *' NUMBER'* | *'NAME'* | *' ...'*) echo 'a form, not a command' ;;
        'sluice outbox retry' | 'scontrol update job' | 'scontrol update job=ID '* | 'sacctmgr add user') echo 'a form, not a command' ;;
        'sluice release '*) echo 'for an account that has lost its rules: 0025-lost-rules.t' ;;
        'sluiced -D -v') echo 'runs until it is ended' ;;
        'sluice notify --test') echo "reads the site's own file" ;;
        *) return 1 ;;
    esac
}
# expected COMMAND: why the command may fail, as a pattern of its output
expected() {
    case $1 in
        'sacctmgr -i add qos slowdown,blocked') echo 'lready exist|Nothing new added' ;; # the harness has added them
        'sluice waldur' | 'sluice waldur '* | 'sluice evaluate --sync'*) echo 'no block waldur' ;; # this cluster has no Waldur
        'sluice web' | 'sluice web '*) echo 'Set http.listen in sluiced.yaml|cannot reach sluiced' ;; # no page over TCP here, and sluiced may be stopped
        'sacctmgr -i add user root'*) echo "lready exist|Nothing new added|lready existing|didn't affect anything" ;; # the harness has added root
        'sluice notify --send-test'*) echo 'sluiced sends no mail|cannot reach sluiced' ;; # no mail server here
        'sluice evaluate --dry-run') echo 'cannot reach sluiced' ;;                        # sluiced may be stopped
        'sluice simulate --from'*) echo 'no rolled-up usage since' ;; # this cluster is some minutes old: 0157-replay.t
        *) return 1 ;;
    esac
}

guide() { # guide FILE [FIRST [LAST]]: the commands of these lines
    local number command reason
    while IFS=$'\t' read -r number command; do
        [ "$number" -ge "${2:-1}" ] && [ "$number" -le "${3:-100000}" ] || continue
        if reason=$(left "$command"); then
            diag "$1:$number: left: $reason: $command"
            continue
        fi
        run eval "$(guide_here "$command")" </dev/null
        if reason=$(expected "$command") && [ "$RC" -ne 0 ]; then
            like "$1:$number: $command" "$OUT" "$reason"
        elif [[ $command =~ ^sluice\ doctor ]] && [ -n "${doctor_may:-}" ]; then
            is "$1:$number: $command: nothing but the ${doctor_may}" "$(grep -c FAULT <<<"$(grep -v "FAULT *$doctor_may" <<<"$OUT")")" 0
        else
            tap_point $((RC != 0)) "$1:$number: $command"
        fi
        unlike "$1:$number: command prints no usage error" "$OUT" 'unrecognized option|nvalid option|nknown option|nknown (condition|field)|sage: sluice|command not found'
    done < <(guide_commands "$docs/$1")
}
line_of() { grep -n -m 1 -- "$2" "$docs/$1" | cut -d: -f1; } # line_of FILE PATTERN

plugin_section=$(line_of install.md '^## 4')
policy_section=$(line_of install.md '^## 5')
enforce_section=$(line_of install.md '^\*\*Enforce')
doctor_may=plugin
guide install.md 1 "$plugin_section"
doctor_may=''
guide install.md "$plugin_section" "$policy_section"
must 'plugin connects after install.md' wait_until 20 plugin_current
ok 'sluice doctor succeeds after install.md' sluice doctor

# Days later: sluiced has counted usage and shall now enforce.
ok 'srun runs before enforcement' as games srun -n1 -t1 true
guide install.md "$policy_section" "$enforce_section"
must 'settings with mode enforce are written' sluiced_settings < <(granted enforce)
guide install.md "$enforce_section"

guide monitoring.md
guide operation.md
must 'sluiced starts after operation.md' guide_started # operation.md ends with a stop of sluiced
must 'plugin connects after operation.md' wait_until 20 plugin_current
guide symptoms.md
if sluiced_has_waldur; then guide waldur.md; else skip waldur.md 'this sluiced was built without Waldur support'; fi
for page in install monitoring operation symptoms waldur; do
    isnt "$page.md has commands" "$(guide_commands "$docs/$page.md" | wc -l)" 0
done
done_testing
