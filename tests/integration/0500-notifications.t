#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Notifications by mail (SMTP with STARTTLS and login, or a program) and by webhook: one for each account, period and level,
# kept while the servers are away or sluiced is killed; mail headers cannot be forged.
. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/sinks.sh"
sluice_cluster_up
sinks_needed
sink=$SINK

granted() { # granted PHYSICS CHEM [MAIL LINE...]
    local physics=$1 chem=$2
    shift 2
    cat <<END
contacts:
  physics: [pi@example.org, unknown@example.org]
notifications:
  mail:
    from: hpc@example.org
$(printf '    %s\n' "$@")
  webhook: {url: "http://127.0.0.1:$SINK_HOOK/hook", secret_file: $sink/secret}
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $physics}}
  chem: {allocation: {node_hours: $chem}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [notify_organization_owners, notify_external_user, request_slurm_resource_downscaling,
              request_slurm_resource_pausing]
    options: {notify_external_user: office@example.org}
END
}
ok 'sluiced starts without a mail server' eval 'sluiced_up < <(granted 0 100 "${SINK_MAIL[@]}")'
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused
ok 'sluiced is killed before any notification was sent' eval 'sluiced_kill9; true'
echo '451 try again' >"$sink/mail.answer"
echo 503 >"$sink/hook.answer"
ok 'mail server and webhook receiver start with temporary errors' sinks_start
ok 'sluiced starts with the mail server in error' sluiced_restart
ok 'sluiced.log reports the temporary error of the mail server' wait_for_line 30 "$(sluiced_log)" 'target=mail'
rm "$sink/mail.answer" "$sink/hook.answer"
eventually 'two mails arrive after the error' 60 sinks_have mail 2
eventually 'one webhook request arrives after the error' 60 sinks_have hook 1
ok 'a mail has the owner as recipient' mails_to pi@example.org
ok 'a mail has the external address as recipient' mails_to office@example.org
mail=$(cat "$(mails_to pi@example.org)")
like 'mail has the configured sender' "$mail" 'hpc@example.org -> pi@example.org'
like 'mail subject states that physics is paused' "$mail" 'Subject: Account physics on [a-z0-9]* is paused'
like 'mail text names the cause of the pause' "$mail" 'Cause: its own usage'
unlike 'mail text promises no next period that brings nothing' "$mail" 'Next period starts'
hook=$(cat "$sink"/hook.[0-9]*)
like 'webhook request names the event' "$hook" 'X-Sluice-Event: pause'
like 'webhook request names the account' "$hook" '"account": *"physics"'
ok 'webhook signature covers timestamp and body' python3 - "$sink"/hook.[0-9]* <<'END'
import hashlib, hmac, sys
head, body = open(sys.argv[1], 'rb').read().split(b'\n\n', 1)
headers = dict(line.split(': ', 1) for line in head.decode().split('\n') if line)
signed = headers['X-Sluice-Timestamp'].encode() + b'.' + body
mac = hmac.new(b'key of the hook', signed, hashlib.sha256).hexdigest()
sys.exit(headers['X-Sluice-Signature'] != 'sha256=' + mac)
END
like 'sluiced.log has the reason why the unknown recipient is parked' "$(cat "$(sluiced_log)")" \
    'replied 550'

ok 'evaluation of paused physics succeeds' evaluate_now
ok 'sluiced lifts the pause of physics' eval 'sluiced_regrant < <(granted 100 100 "${SINK_MAIL[@]}")'
eventually 'owner and external address learn that physics is open again' 30 sinks_have mail 4
eventually 'webhook request about the restore arrives' 30 sinks_have hook 2
is 'two mails state that physics is open again' "$(grep -l 'Subject: Account physics on .* is open again' "$sink"/mail.[0-9]* | wc -l)" 2
ok 'sluiced pauses physics a second time' eval 'sluiced_regrant < <(granted 0 100 "${SINK_MAIL[@]}")'
is 'sluice status shows physics as paused again' "$(status_field physics standing)" paused
ok 'sluiced pauses chem' eval 'sluiced_regrant < <(granted 0 0 "${SINK_MAIL[@]}")'
eventually 'mail about chem, which has no owner, goes to the external address only' 30 sinks_have mail 5
eventually 'webhook request about chem arrives' 30 sinks_have hook 3
is 'owner of physics receives one mail of each kind in the period' "$(mails_to pi@example.org | wc -l)" 2
ok 'sluiced stops before the mail program is configured' sluiced_stop

# A program instead of a server
cat >"$sink/sendmail" <<END
#!/bin/sh
printf '%s\n' "\$@" >"$sink/program.args"
cat >"$sink/program.text"
END
chmod 755 "$sink/sendmail"
rm -rf "$CLUSTER_DIR/journal"
ok 'sluiced starts with a mail program' eval 'sluiced_up < <(granted 100 0 "sendmail: $sink/sendmail")'
eventually 'mail program receives the mail' 30 test -s "$sink/program.text"
is 'mail program receives the fixed arguments' "$(tr '\n' ' ' <"$sink/program.args")" '-i -f hpc@example.org -- office@example.org '
like 'mail program receives the text' "$(cat "$sink/program.text")" 'Account chem on cluster [a-z0-9]* is paused'

mails=$(sinks_count mail)
like 'sluice notify --test prints the subject of a mail' "$(sluice_cli notify --test "$CLUSTER_DIR/etc/sluiced.yaml")" 'Subject: Account [a-z]+ .* is paused'
ok 'sluice notify --test sends no mail' sinks_have mail "$mails"

chmod 644 "$sink/secret"
ok 'sluiced stops before the secret is made readable' sluiced_stop
fails 'start of sluiced with a secret that all users may read is refused' sluiced_restart
like 'sluiced.log names the chmod command for the secret' "$(tail -n 3 "$(sluiced_log)")" 'chmod o='
done_testing
