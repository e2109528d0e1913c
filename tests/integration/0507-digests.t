#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A test mail on request; a dry run names recipients; many notices for one recipient arrive in a few mails, and none is lost
# while the mail server is in error or sluiced is killed; the address of a webhook in a file stays secret.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/sinks.sh"
sluice_cluster_up
sinks_needed
sink=$SINK
groups='g1 g2 g3 g4 g5 g6 g7 g8'
for group in $groups; do
    sacctmgr_do add account "$group" parent=univ description=group organization=univ qos=normal,slowdown,blocked defaultqos=normal ||
        bail "no account $group"
done

granted() { # granted HOURS CHEM_HOURS [MAIL LINE...]
    local hours=$1 chem=$2 group
    shift 2
    echo 'contacts: {univ: pi@example.org}'
    [ $# -eq 0 ] || printf 'notifications:\n  mail:\n    from: hpc@example.org\n    hourly_limit: 3\n'
    printf '    %s\n' "$@"
    printf 'components:\n  node_hours: {tres: node}\naccounts:\n  chem: {allocation: {node_hours: %s}}\n' "$chem"
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
pi_has() { [ "$(mails_for pi@example.org)" -eq "$1" ]; }

ok 'sluiced starts without mail' eval 'sluiced_up < <(granted 100 100)'
fails 'test mail without notifications.mail is refused' sluice_cli notify --send-test pi@example.org
like 'refusal of the test mail names the missing key' "$(sluice_cli notify --send-test pi@example.org 2>&1)" 'notifications\.mail'
ok 'sluiced stops before mail is configured' sluiced_stop
ok 'sluiced starts with mail' eval 'sluiced_up < <(granted 100 100 "${SINK_MAIL[@]}")'
fails 'test mail without a mail server fails' sluice_cli notify --send-test pi@example.org
ok 'mail server starts' sinks_start
fails 'test mail to no address is refused' sluice_cli notify --send-test 'pi example'
like 'test mail to pi@example.org is accepted' "$(sluice_cli notify --send-test pi@example.org 2>&1)" \
    'accepted the test mail to pi@example.org'
is 'test mail is delivered before the command returns' "$(mails_for pi@example.org)" 1
like 'test mail says that no account has changed' "$(cat "$(mails_to pi@example.org)")" 'No account has changed'
like 'test mail to an unknown recipient shows the answer of the mail server' \
    "$(sluice_cli notify --send-test unknown@example.org 2>&1)" '550'
fails 'test mail by a user who is not staff is refused' as games "$(sluice_find sluice)" notify --send-test pi@example.org
is 'test mails leave nothing in the outbox' "$(sluice_cli outbox list -nP)" ''

granted 0 100 "${SINK_MAIL[@]}" >"$CLUSTER_DIR/etc/next.yaml"
dry=$(sluice_cli evaluate --dry-run --config="$CLUSTER_DIR/etc/next.yaml" 2>&1)
like 'dry run has a section of notices' "$dry" 'Notices that would be sent:'
for group in $groups; do
    like "dry run names the recipient for $group" "$dry" "$group, pause: mail to pi@example\\.org"
done
ok 'dry run sends no mail' pi_has 1

echo '451 try again' >"$sink/mail.answer"
ok 'sluiced pauses eight accounts of one owner' eval 'sluiced_regrant < <(granted 0 100 "${SINK_MAIL[@]}")'
is 'outbox has a mail for each account' "$(sluice_cli outbox list -nP -o key | grep -c pi@example.org)" 8
ok 'sluiced is killed while the mail server is in error' eval 'sluiced_kill9; true'
rm "$sink/mail.answer"
ok 'sluiced starts again' sluiced_restart
eventually 'owner receives three mails within the hour' 60 pi_has 4
eventually 'outbox is empty after the third mail' 30 eval '[ -z "$(sluice_cli outbox list -nP)" ]'
is 'one mail has all notices over the limit' "$(grep -l 'Subject: 6 notices of Sluice' "$sink"/mail.[0-9]* | wc -l)" 1
for group in $groups; do
    ok "mails to the owner name the pause of $group" grep -q "Account $group on cluster .* is paused" "$sink"/mail.[0-9]*
done
eventually 'sluiced.log reports the mail with six notices' 10 grep -q 'SLUICE-0851.*messages=6' "$(sluiced_log)"

ok 'sluiced pauses a ninth account' eval 'sluiced_regrant < <(granted 0 0 "${SINK_MAIL[@]}")'
eventually 'outbox states why the ninth notice waits' 30 eval 'sluice_cli outbox list -nP -o error | grep -q "got 3 within an hour"'
ok 'sluiced stops within the hour' sluiced_stop
ok 'sluiced starts again within the hour' sluiced_restart
eventually 'ninth notice still waits after the restart' 30 eval 'sluice_cli outbox list -nP -o state,error | grep -q "^waiting|waits: pi@example.org"'
ok 'owner has received no fourth mail' pi_has 4
ok 'test mail is accepted while the ninth notice waits' sluice_cli notify --send-test office@example.org

# The address of a webhook as a secret
hooked() { granted "$1" 0 "${SINK_MAIL[@]}" | sed "s|^notifications:|&\n  webhook: {url_file: $sink/url, format: slack}|"; }
path=services/T0/wBbz51Pq
ok 'sluiced stops before the webhook is configured' sluiced_stop
(umask 077 && echo "hooks.example.org/$path" >"$sink/url")
fails 'start of sluiced with a file that holds no webhook address is refused' eval 'sluiced_settings < <(hooked 0) && sluiced_restart'
like 'sluiced.log names the file without an address' "$(tail -n 3 "$(sluiced_log)")" "$sink/url: the file holds no webhook address"
echo "http://127.0.0.1:$SINK_HOOK/$path" >"$sink/url"
chmod 644 "$sink/url"
fails 'start of sluiced with an address that all users may read is refused' sluiced_restart
chmod 600 "$sink/url"
echo 404 >"$sink/hook.answer"
ok 'sluiced starts with the address of the webhook in a file' sluiced_restart
ok 'sluiced lifts the pauses' eval 'sluiced_regrant < <(hooked 100)'
eventually 'outbox has the status that the webhook receiver responded' 30 \
    eval 'sluice_cli outbox list -nP -o target,error | grep -qFx "webhook|http://127.0.0.1:$SINK_HOOK/... responded 404"'
unlike 'outbox does not show the address of the webhook' "$(sluice_cli outbox list --json)" 'wBbz51Pq'
unlike 'sluiced.log does not show the address of the webhook' "$(cat "$(sluiced_log)")" 'wBbz51Pq'
rm "$sink/hook.answer"
ok 'parked webhook requests are queued again' eval 'sluice_cli outbox retry $(sluice_cli outbox list -nP -o id,target | sed -n "s/|webhook$//p")'
eventually 'webhook receiver has the request for each account' 30 sinks_have hook 8
done_testing
