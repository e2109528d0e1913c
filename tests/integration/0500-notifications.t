#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Notices by mail (SMTP with STARTTLS and login, or a program) and by webhook: once per account, period and level,
# kept while the servers are away or the daemon is killed, and no header can be forged.
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
ok 'sluiced starts while nobody takes a mail' eval 'sluiced_up < <(granted 0 100 "${SINK_MAIL[@]}")'
is 'physics is paused' "$(status_field physics standing)" paused
ok 'sluiced is killed before anything was sent' eval 'sluiced_kill9; true'
echo '451 try again' >"$sink/mail.answer"
echo 503 >"$sink/hook.answer"
ok 'the servers come, but cannot take it' sinks_start
ok 'sluiced comes back' sluiced_restart
ok 'the mail is refused for now, told once' wait_for_line 30 "$(sluiced_log)" 'target=mail'
rm "$sink/mail.answer" "$sink/hook.answer"
eventually 'mail and webhook arrive' 60 sinks_have mail 2
eventually 'the webhook, too' 60 sinks_have hook 1
ok 'a mail went to the owner' mails_to pi@example.org
ok 'and to the external address' mails_to office@example.org
mail=$(cat "$(mails_to pi@example.org)")
like 'from the configured sender' "$mail" 'hpc@example.org -> pi@example.org'
like 'with a subject that says it' "$mail" 'Subject: Account physics on [a-z0-9]* is paused'
like 'and figures' "$mail" 'Next period starts'
hook=$(cat "$sink"/hook.[0-9]*)
like 'the webhook names the event' "$hook" 'X-Sluice-Event: pause'
like 'and the account' "$hook" '"account": *"physics"'
ok 'its signature is that of time and body' python3 - "$sink"/hook.[0-9]* <<'END'
import hashlib, hmac, sys
head, body = open(sys.argv[1], 'rb').read().split(b'\n\n', 1)
headers = dict(line.split(': ', 1) for line in head.decode().split('\n') if line)
signed = headers['X-Sluice-Timestamp'].encode() + b'.' + body
mac = hmac.new(b'key of the hook', signed, hashlib.sha256).hexdigest()
sys.exit(headers['X-Sluice-Signature'] != 'sha256=' + mac)
END
like 'an address that the server does not know is parked with the reason' "$(cat "$(sluiced_log)")" \
    'replied 550'

ok 'more evaluations' evaluate_now
ok 'physics is let go' eval 'sluiced_regrant < <(granted 100 100 "${SINK_MAIL[@]}")'
ok 'and paused again' eval 'sluiced_regrant < <(granted 0 100 "${SINK_MAIL[@]}")'
is 'as status says' "$(status_field physics standing)" paused
ok 'chem is paused' eval 'sluiced_regrant < <(granted 0 0 "${SINK_MAIL[@]}")'
eventually 'chem has no owner: its mail goes to the external address only' 30 sinks_have mail 3
eventually 'and to the webhook' 30 sinks_have hook 2
is 'nobody was told of physics twice' "$(mails_to pi@example.org | wc -l)" 1
ok 'sluiced stops' sluiced_stop

# A program instead of a server
cat >"$sink/sendmail" <<END
#!/bin/sh
printf '%s\n' "\$@" >"$sink/program.args"
cat >"$sink/program.text"
END
chmod 755 "$sink/sendmail"
rm -rf "$CLUSTER_DIR/journal"
ok 'with a program for mails' eval 'sluiced_up < <(granted 100 0 "sendmail: $sink/sendmail")'
eventually 'it gets the mail' 30 test -s "$sink/program.text"
is 'with fixed arguments' "$(tr '\n' ' ' <"$sink/program.args")" '-i -f hpc@example.org -- office@example.org '
like 'and the text' "$(cat "$sink/program.text")" 'Account chem on cluster [a-z0-9]* is paused'

mails=$(sinks_count mail)
like 'the notices can be looked at before' "$(sluice_cli notify --test "$CLUSTER_DIR/etc/sluiced.yaml")" 'Subject: Account [a-z]+ .* is paused'
ok 'which sends none' sinks_have mail "$mails"

chmod 644 "$sink/secret"
ok 'sluiced stops' sluiced_stop
fails 'a secret that everybody may read is refused' sluiced_restart
like 'with the remedy' "$(tail -n 3 "$(sluiced_log)")" 'chmod o='
done_testing
