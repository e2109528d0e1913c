#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What people read names the cause of a standing, says "would be" in mode observe, has the policies' time zone with its offset:
# sbatch, status, balance, explain, history, log, metrics and JSON.
. "$(dirname "$0")/lib/harness.sh"
SLUICED_ZONE=Asia/Kolkata # for the settings
sluice_cluster_up

granted() { # granted PHYSICS
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  optics: {allocation: {node_hours: 100}}
  chem: {allocation: {node_hours: 0}}
policies:
  - name: main
    mode: enforce
    accounts: [physics, optics]
    period: quarter
    grace_ratio: 1
    carryover: false
    limits: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
  - name: watch
    mode: observe
    accounts: [chem]
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
sluice_as() { as "$1" "$(sluice_find sluice)" "${@:2}"; } # sluice_as USER WORD...
json() { curl -s --unix-socket "$SLUICE_SOCKET" "http://localhost$1"; }

must 'sluiced starts' eval 'sluiced_up < <(granted 100)'

# --- observe: "would be", after all accounts that are enforced
is 'observed chem would be paused in sluice status' "$(status_field chem standing,mode,qos)" 'would be paused|observe|'
is 'observed accounts come last in sluice status' "$(sluice_cli status -nP -o account | tr '\n' ' ')" 'optics physics chem '
is 'observed accounts come last in sluice balance' "$(sluice_as games balance -nP -o account,mode,standing | tr '\n' ' ')" \
    'physics|enforce|normal chem|observe|would be paused '
like 'sluice explain says that observed chem would be paused' "$(sluice_cli explain chem)" \
    'would be paused by its own usage, but its policy only observes'
is 'sluice history says that observed chem would be paused' "$(sluice_cli history chem -nP -o from,to,mode | tail -n 1)" \
    'normal|would be paused|observe'
like 'sluiced.log says that observed chem would be paused' "$(cat "$(sluiced_log)")" 'to="?would be paused'
like 'JSON has normal as the standing of observed chem' "$(json '/api/v1/accounts/chem')" \
    '"standing": *"normal", *"held": *null, *"paused": *false, *"downscaled": *false, *"would_be": *\{"standing": *"paused"'
like 'metrics do not report observed chem as paused' "$(json /metrics)" 'sluice_account_paused\{account="chem",mode="observe"\} 0'
like 'metrics report that chem would be paused' "$(json /metrics)" 'sluice_account_would_be_paused\{account="chem"\} 1'
ok 'sbatch in observed chem is accepted' as games sbatch --parsable -H -A chem --wrap true
like 'sbatch in observed chem prints no warning' "$OUT" '^[0-9]+$'

# --- staff as the cause: who, until when in the policies' zone, and why only if the entry says so
ok 'override pauses physics' sluice_cli override set physics paused --until=2090-01-01T12:00 --reason='ticket 4711'
fails 'sbatch in optics below physics is refused' as man sbatch --wrap true
like 'refusal in optics names physics, staff and the end' "$OUT" \
    'account optics is paused with account physics by staff \(root\) until 2090-01-01T12:00:00\+05:30\.'
unlike 'refusal in optics has no reason' "$OUT" '4711'
is 'sluice balance of man names physics, staff and the end' "$(sluice_as man balance -nP optics -o cause)" \
    'parent physics (root, until 2090-01-01T12:00:00+05:30)'
OUT=$(sluice_as man explain optics; sluice_as games explain physics)
like 'sluice explain of optics names physics, staff and the end' "$OUT" \
    'because account physics above it is, by staff \(root\) until 2090-01-01T12:00:00\+05:30\.'
unlike 'sluice explain has no reason' "$OUT" '4711'
like 'sluice override list of root has the reason' "$(sluice_cli override list -nP)" 'ticket 4711'
unlike 'sluice override list of games has no reason' "$(sluice_as games override list -nP)" '4711'
is 'sluice override list has the end in the zone of the policies' "$(TZ=UTC sluice_cli override list -nP -o until)" \
    '2090-01-01T12:00:00+05:30'
like 'JSON has the end of the override in UTC' "$(json /api/v1/overrides)" '"until": *"2090-01-01T06:30:00Z"'
ok 'override is cleared' sluice_cli override clear physics --reason=done
ok 'override with a public reason pauses physics' sluice_cli override set physics paused --until=2090-01-01 \
    --reason='move to new nodes' --show-reason
fails 'sbatch in physics is refused' as games sbatch -A physics --wrap true
like 'refusal in physics has the public reason' "$OUT" 'by staff \(root\) until 2090-01-01: move to new nodes\.'
ok 'override with a public reason is cleared' sluice_cli override clear physics --reason=done
like 'sluice evaluate prints the instant with the offset of the policies' "$(sluice_cli evaluate)" \
    ' at 20[0-9-]+T[0-9:]+\+05:30 '

# --- usage of an account above as the cause
ok 'sbatch on four nodes in physics is accepted' as games sbatch --parsable -A physics -N4 -t30 --wrap 'sleep 8'
job=$(grep -oxE '[0-9]+' <<<"$OUT")
eventually 'the job on four nodes ends' 40 job_is "$job" COMPLETED
ok 'evaluation after the job succeeds' evaluate_now
used=$(status_field physics used)
ok 'physics gets a tenth more than it has used' eval \
    'sluiced_regrant < <(granted "$(awk -v u="$used" "BEGIN { printf \"%.6f\", u * 1.1 }")")'
is 'physics above 80 % is warned in sluice status' "$(status_field physics standing)" warned
is 'physics above 80 % is warned in sluice balance' "$(sluice_as games balance -nP physics -o standing)" warned
ok 'sbatch in warned physics is accepted' as games sbatch --parsable -H -A physics --wrap true
like 'sbatch in warned physics prints the figures' "$OUT" 'account physics: .* node_hours used in 20[0-9]+-Q[1-4] \(9[0-9]\.[0-9]{2} %'
ok 'physics gets two thirds of what it has used' eval \
    'sluiced_regrant < <(granted "$(awk -v u="$used" "BEGIN { printf \"%.6f\", u / 1.5 }")")'
is 'optics is downscaled with physics' "$(status_field optics standing,cause)" 'downscaled|parent physics'
ok 'sbatch in optics is accepted' as man sbatch --parsable -H --wrap true
like 'warning in optics has the figures of physics' "$OUT" \
    'account optics is slowed down with account physics: .* node_hours used in 20[0-9]+-Q[1-4] \(1[45][0-9]\.[0-9]{2} %'
like 'sluice explain of optics has the figures of physics' "$(sluice_cli explain optics)" \
    'The account is downscaled because account physics above it is: .* node_hours used'

# --- default account
default_of() { sluice_as games balance -nP -o account,default | grep yes; }
is 'sluice balance marks the default account' "$(default_of)" 'physics|yes'
like 'sluice explain names the default account of games' "$(sluice_as games explain physics)" 'It is your default account'
ok 'games gets another default account' sacctmgr_do modify user games set defaultaccount=chem
ok 'evaluation after the default account changed succeeds' evaluate_now
is 'sluice balance marks the new default account' "$(default_of)" 'chem|yes'

note() { printf '%s\n' "# --- $1"; sed 's/^/# /'; }
sluice_cli status | note status
sluice_as games balance | note balance
sluice_cli explain physics | note explain
sluice_cli history | note history
sluice_cli doctor 2>&1 | note doctor
sluice_cli commands | note commands
sluice_cli usage | note usage
grep SLUICE-04 "$(sluiced_log)" | note log
done_testing
