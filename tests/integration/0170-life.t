#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Accounts with a begin and an end: refused before and after, ended by the plugin while sluiced is away, released at the end, and
# not opened by an end that is not given any more.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted LIFE: of physics, with a comma before it
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 100}$1}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    actions: [notify_organization_owners, request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
life() { sluiced_settings < <(granted "$1") && sluiced_reload; } # puts LIFE into force
admitted() { as games sbatch -A physics -H -N1 --wrap true; }
refused() { OUT=$(admitted 2>&1) && return 1; return 0; }
own=$(account_field physics qos,defaultqos)
restored() { [ "$(account_field physics qos,defaultqos)" = "$own" ]; }

must 'sluiced starts' eval "sluiced_up < <(granted ', until: 2099-03-31')"
ok 'a job of an account that has not ended is accepted' admitted
like 'sluice explain has the end of the account' "$(sluice_cli explain physics)" 'The account ends on 2099-04-01'
ok 'a begin in the future is put into force' life ', from: 2099-01-01, until: 2099-03-31'
eventually 'a job of an account that has not begun is refused' 30 refused
like 'refusal names the begin' "$OUT" 'account physics is paused: account physics begins on 2099-01-01'
eventually 'default QOS of the account becomes blocked' 30 account_is physics defaultqos blocked
# The QOS is set before its evaluation is shown.
eventually 'status names the cause' 20 eval '[[ $(status_field physics cause) = *"has not begun"* ]]'
fails 'an end before the begin is refused' life ', from: 2099-03-01, until: 2099-01-31'
like 'the log says what to give' "$(tail -n 20 "$(sluiced_log)")" 'the account ends before it begins; give an until after from'
ok 'the begin in the future is taken away' life ', from: 2020-01-01, until: 2099-03-31'
eventually 'QOS of the account that has begun is restored' 30 restored
eventually 'a job of an account that has begun is accepted' 30 admitted

ok 'an end in seconds is put into force' life ", until: '$(date -u -d '+20 seconds' +%FT%T)'"
ok 'evaluation with the end succeeds' evaluate_now
sluiced_stop
eventually 'without sluiced the plugin refuses jobs after the end' 60 refused
like 'refusal without sluiced names the end' "$OUT" 'account physics is paused: account physics ended on '
unlike 'refusal after the end promises no next period' "$OUT" 'Next period'
ok 'sluiced starts after the end' sluiced_restart
eventually 'default QOS of the ended account becomes blocked' 30 account_is physics defaultqos blocked
eventually 'sluice explain says that the account has ended' 20 eval '[[ $(sluice_cli explain physics) = *"The account is paused because it has ended"* ]]'
ok 'a reload without the end succeeds' life ''
ok 'evaluation without the end succeeds' evaluate_now
ok 'an account whose end is gone stays paused' refused
like 'status says what is gone' "$(sluice_cli explain physics)" 'its end \(until\) is not given any more'
sluiced_stop
ok 'sluiced starts again without the end' sluiced_restart
ok 'evaluation after the restart succeeds' evaluate_now
ok 'an account whose end is gone stays paused after a restart' refused
ok 'until: never opens the account' life ', until: never'
eventually 'a job of the account without an end is accepted' 30 admitted

ok 'an end with release is put into force' life ', until: 2020-12-31, then: release'
eventually 'a released account has its own QOS' 30 restored
eventually 'a job of a released account is accepted' 30 admitted
is 'a released account is not listed' "$(sluice_cli status -nP -o account physics 2>/dev/null)" ''
done_testing
