#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guard: new rules that change the standing of too many accounts wait for a person, everything else goes on, and a new
# file can be compared with what is in force before.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted ACCOUNT:HOURS...
    echo 'guard: {accounts: 1, percent: 0}'
    echo 'components: {node_hours: {tres: node}}'
    echo 'accounts:'
    local one
    for one; do echo "  ${one%:*}: {allocation: {node_hours: ${one#*:}}}"; done
    cat <<END
policies:
  - name: quarterly
    mode: ${MODE:-enforce}
    period: quarter
    carryover: false
    actions: [request_slurm_resource_pausing]
END
}
file=$CLUSTER_DIR/etc/sluiced.yaml
PATH=$(dirname "$(sluice_find sluice)"):$PATH # of --plan
status_json() { sluice_cli status --json "$1" | python3 -c "import json, sys; print(json.load(sys.stdin)['accounts'][0]['$2'])"; }
metric_of() { curl -s --unix-socket "$SLUICE_SOCKET" http://localhost/metrics | grep "^sluice_accounts_held.*\"$1\"" | sed 's/.* //'; }

before=$(assoc_rows)
must 'sluiced starts' eval 'sluiced_up < <(granted univ:1000 chem:100 optics:100)'
is 'chem has a limit' "$(account_field chem grptresmins)" node=6000

# What a new file would do, before it is in force.
sluiced_settings < <(granted univ:2000 chem:0 optics:0)
ok 'sluiced --check --plan succeeds' "$(sluice_find sluiced)" --check --plan -f "$file"
like 'plan names chem' "$OUT" 'chem: held, stays normal: new rules would pause it'
like 'plan names optics' "$OUT" 'optics: held, stays normal: new rules would pause it'
like 'plan has the limit of univ' "$OUT" 'GrpTRESMins=node=120000'
like 'plan names the guard' "$OUT" 'more than guard allows'
ok 'sluice evaluate --dry-run --config succeeds' sluice_cli evaluate --dry-run --config="$file"
like 'dry run by a new file changes nothing' "$OUT" 'Nothing was changed'
is 'univ keeps its limit after the plan' "$(account_field univ grptresmins)" node=60000
fails 'an evaluation with --config and without --dry-run is refused' sluice_cli evaluate --config="$file"
cp "$file" /tmp/readable.$$ && chmod 644 /tmp/readable.$$
fails 'a dry run by a new file as user games is refused' as games "$(sluice_find sluice)" evaluate --dry-run --config=/tmp/readable.$$
rm -f /tmp/readable.$$
echo 'polices: []' >"$CLUSTER_DIR/etc/wrong.yaml"
fails 'a dry run by a file with a fault is refused' sluice_cli evaluate --dry-run --config="$CLUSTER_DIR/etc/wrong.yaml"
like 'refusal has the place of the fault' "$OUT" ':1:1: '

# The file in force: two accounts are held, univ goes on.
ok 'the new file is loaded' sluice_cli reload
ok 'evaluation with the new file succeeds' evaluate_now
is 'univ has its new limit' "$(account_field univ grptresmins)" node=120000
is 'chem is held' "$(status_field chem standing)" held
is 'optics is held' "$(status_field optics standing)" held
is 'JSON has the reason why chem is held' "$(status_json chem held)" guard
is 'JSON has the standing of chem' "$(status_json chem standing)" normal
is 'chem keeps its limit' "$(account_field chem grptresmins)" node=6000
ok 'srun in chem runs while chem is held' as games srun -t1 -A chem -n1 true
is 'metrics count the held accounts' "$(metric_of guard)" 2
fails 'sluice doctor fails while accounts are held' sluice_cli doctor
like 'sluice doctor names the accounts and the remedy' "$OUT" '2 accounts, more than guard allows.*chem, optics(.|
)*sluice reload --confirm'
like 'sluice explain names the guard' "$(sluice_cli explain chem)" 'The account is held: new rules would pause it'
ok 'sluiced restarts with held accounts' eval 'sluiced_stop; sluiced_restart && wait_until 15 evaluate_now'
is 'chem is held after a restart' "$(status_field chem standing)" held

# An override counts for a held account.
ok 'override of chem is set' sluice_cli override set chem paused --until=now+1hour --reason=test
ok 'evaluation with the override succeeds' evaluate_now
is 'override pauses chem, which is held' "$(account_field chem defaultqos)" blocked
fails 'sbatch in chem under the override is refused' as games sbatch -A chem --wrap true
ok 'override of chem is cleared' sluice_cli override clear chem --reason=test
ok 'srun in chem runs after the override' eval 'evaluate_now && as games srun -t1 -A chem -n1 true'

# A person confirms.
fails 'a confirmation without a reason is refused' sluice_cli reload --confirm
ok 'the new rules are confirmed' sluice_cli reload --confirm --reason='the projects have ended'
ok 'evaluation after the confirmation succeeds' evaluate_now
is 'chem is paused after the confirmation' "$(status_field chem standing) $(account_field chem defaultqos)" 'paused blocked'
is 'no account is held after the confirmation' "$(metric_of guard)" 0
like 'ledger has the confirmation' "$(curl -s --unix-socket "$SLUICE_SOCKET" 'http://localhost/api/v1/resets?account=chem')" 'the projects have ended'

# The other direction: a file that would open both, and its correction.
ok 'a file that opens two accounts is loaded' eval 'sluiced_regrant < <(granted univ:2000 chem:500 optics:500)'
is 'chem stays paused' "$(status_field chem standing) $(account_field chem defaultqos)" 'held blocked'
fails 'sbatch in chem, held as paused, is refused' as games sbatch -A chem --wrap true
ok 'the corrected file is loaded' eval 'sluiced_regrant < <(granted univ:2000 chem:500 optics:0)'
is 'chem is opened by a file that changes one account' "$(status_field chem standing)" normal
is 'optics is paused' "$(status_field optics standing)" paused

# A mode that is not written any more.
ok 'a file without mode is loaded' eval 'sluiced_regrant < <(granted univ:2000 chem:500 optics:0 | sed /mode:/d)'
is 'optics without mode stays paused' "$(status_field optics standing) $(account_field optics defaultqos)" 'held blocked'
is 'chem without mode keeps its limit' "$(account_field chem grptresmins)" node=30000
MODE=observe
granted univ:2000 chem:500 optics:0 | sluiced_settings
ok 'the end of enforcement is confirmed' sluice_cli reload --confirm --reason='end of the trial'
ok 'evaluation in observe mode succeeds' evaluate_now
is 'associations are restored' "$(assoc_rows)" "$before"
done_testing
