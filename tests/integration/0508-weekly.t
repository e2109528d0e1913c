#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One mail a week to each recipient with all its accounts, also over a restart; of several notices in one mail only that is parked
# which the mail server refuses.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/sinks.sh"
sluice_cluster_up
sinks_needed
sink=$SINK
groups='g1 g2 g3 g4 g5 g6'
for group in $groups; do
    sacctmgr_do add account "$group" parent=univ description=group organization=univ qos=normal,slowdown,blocked defaultqos=normal ||
        bail "no account $group"
done
# Where it is not before eight on a Monday, and no Monday begins while the test runs.
SLUICED_ZONE=Asia/Tokyo
case $(date -u +%u%H) in 71[4-9] | 72[0-2]) SLUICED_ZONE=UTC ;; esac
export SLUICED_ZONE

granted() { # granted HOURS OWNER WEEKLY [TOP LINE...]
    local hours=$1 owner=$2 weekly=$3 group
    shift 3
    printf '%s\n' "contacts: {univ: $owner, physics: [dean@example.org]}" "$@"
    printf 'notifications:\n  weekly_summary: %s\n  mail:\n    from: hpc@example.org\n    hourly_limit: 1\n' "$weekly"
    printf '    %s\n' "${SINK_MAIL[@]}"
    printf 'components:\n  node_hours: {tres: node}\naccounts:\n  physics: {allocation: {node_hours: 70}}\n'
    for group in $groups; do
        printf '  %s: {allocation: {node_hours: %s}}\n' "$group" "$hours"
    done
    cat <<'END'
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [notify_organization_owners, request_slurm_resource_pausing]
END
}
mails_for() { mails_to "$1" | wc -l; }

ok 'mail server starts' sinks_start
fails 'weekly_summary with a week of retention is refused' eval 'sluiced_up < <(granted 100 pi@example.org true "retention_days: 7")'
like 'sluiced.log names the key and the remedy' "$(tail -n 3 "$(sluiced_log)")" 'weekly_summary: retention_days is 7.*set it to 8 or more'
ok 'sluiced starts with weekly_summary' eval 'sluiced_settings < <(granted 100 pi@example.org true) && sluiced_restart'
eventually 'both recipients receive a mail' 30 eval '[ "$(mails_for pi@example.org)$(mails_for dean@example.org)" = 11 ]'
week=$(TZ=$SLUICED_ZONE date +%G-W%V)
mail=$(cat "$(mails_to pi@example.org)")
like 'mail names the week and the number of accounts' "$mail" "Subject: Week $week: 6 accounts on lab"
for group in $groups; do
    like "mail has a line for $group" "$mail" "$group: normal\\. 0 of 100 node_hours used"
done
unlike 'mail has no account of another recipient' "$mail" 'physics:'
like 'the other recipient has its own account' "$(cat "$(mails_to dean@example.org)")" 'physics: normal\. 0 of 70 node_hours'
like 'sluiced.log counts the weekly mails' "$(cat "$(sluiced_log)")" "SLUICE-0852 weekly-mails cluster=lab week=$week mails=2"
ok 'evaluation in the same week succeeds' evaluate_now
ok 'sluiced is killed' eval 'sluiced_kill9; true'
ok 'sluiced starts again in the same week' eval 'sluiced_restart && evaluate_now'
is 'outbox has no weekly mail after the restart' "$(sluice_cli outbox list -nP -o kind | grep -c weekly)" 0
is 'recipients have one mail each after the restart' "$(mails_for pi@example.org)$(mails_for dean@example.org)" 11
ok 'dry run succeeds' sluice_cli evaluate --dry-run

# --- one bad notice among several
echo 'Account g4 on' >"$sink/mail.refused.answer"
echo '451 try again' >"$sink/mail.answer"
ok 'sluiced pauses six accounts of another owner' eval 'sluiced_regrant < <(granted 0 boss@example.org false)'
is 'outbox has a mail for each of the six accounts' "$(sluice_cli outbox list -nP -o key | grep -c boss@example.org)" 6
ok 'sluiced stops while the mail server is in error' sluiced_stop
rm "$sink/mail.answer"
ok 'sluiced starts again' sluiced_restart
waiting() { sluice_cli outbox list -nP -o state | sort | uniq -c | tr -s ' '; }
eventually 'only the refused notice stays in the outbox' 60 eval '[ "$(waiting)" = " 1 parked" ]'
like 'outbox has the answer of the mail server' "$(sluice_cli outbox list --json)" 'replied 554'
eventually 'the others arrive in two mails' 10 eval '[ "$(mails_for boss@example.org)" = 2 ]'
for group in g1 g2 g3 g5 g6; do
    ok "mails to the owner name the pause of $group" grep -q "Account $group on cluster .* is paused" "$sink"/mail.[0-9]*
done
ok 'no mail names the refused notice' eval '! grep -q "Account g4 on cluster" "$sink"/mail.[0-9]*'
rm "$sink/mail.refused.answer"
ok 'the refused notice is queued again' eval 'sluice_cli outbox retry $(sluice_cli outbox list -nP -o id)'
eventually 'outbox holds it until the hour is over' 30 eval 'sluice_cli outbox list -nP -o state,error | grep -q "^waiting|waits: boss@example.org"'
done_testing
