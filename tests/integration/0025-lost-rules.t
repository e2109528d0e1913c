#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules that are gone open nothing: an empty file is refused at the start and at a reload; an account without rules keeps its
# pause and its limit, also after a restart, until sluice release.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted ACCOUNT-LINE...
    cat <<END
components:
  node_hours: {tres: node}
accounts:
END
    printf '  %s\n' "$@"
    cat <<END
policies:
  - name: quarterly
    mode: ${MODE:-enforce}
    period: ${PERIOD:-quarter}
    carryover: false
    limits: ${LIMITS:-true}
    budget_check: ${BUDGET_CHECK:-off}
    actions: [request_slurm_resource_pausing]
END
}
physics='physics: {allocation: {node_hours: 0}}'
chem='chem: {allocation: {node_hours: 100}}'
optics='optics: {allocation: {node_hours: 50}}'

before=$(assoc_rows)
must 'sluiced starts' eval 'sluiced_up < <(granted "$physics" "$chem")'
is 'physics is paused' "$(account_field physics defaultqos)" blocked
is 'chem has a limit' "$(account_field chem grptresmins)" node=6000

# Lines of the policy that are gone.
for key in mode actions period; do
    sluiced_settings < <(granted "$physics" "$chem" | sed "/^    $key:/d")
    ok "a reload without $key succeeds" sluiced_reload
    ok "evaluation without $key succeeds" evaluate_now
    is "physics stays paused without $key" "$(account_field physics defaultqos)" blocked
    fails "sbatch in physics is refused without $key" as games sbatch -A physics --wrap true
done
sluiced_settings < <(granted "$physics" "$chem")
ok 'a reload with all lines succeeds' sluiced_reload
ok 'evaluation with all lines succeeds' evaluate_now
is 'physics is paused with all lines' "$(status_field physics standing)" paused

# A file without rules.
: | sluiced_settings
fails 'a reload with an empty file is refused' sluiced_reload
like 'sluice status names the accounts under enforcement' "$(sluice_cli status 2>&1)" '2 accounts on cluster .* are under enforcement \(chem, physics\)'
ok 'evaluation with the old settings succeeds' evaluate_now
is 'physics stays paused after the empty file' "$(status_field physics standing) $(account_field physics defaultqos)" 'paused blocked'
sluiced_stop
fails 'start of sluiced with an empty file is refused' timeout 60 "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/etc/sluiced.yaml"
like 'refused start names the remedy' "$OUT" 'restore the file, or set mode: observe'
is 'physics stays paused after the refused start' "$(account_field physics defaultqos)" blocked

# Accounts that are gone from the file, over a restart.
sluiced_settings < <(granted "$optics")
ok 'sluiced starts with a file without physics and chem' sluiced_restart
ok 'evaluation without physics and chem succeeds' evaluate_now
text=$(sluice_cli status 2>&1)
like 'sluice status names physics with the remedy' "$text" 'sluice release physics --reason'
like 'sluice status names chem with the remedy' "$text" 'sluice release chem --reason'
is 'physics without rules stays paused' "$(account_field physics defaultqos)" blocked
is 'chem without rules keeps its limit' "$(account_field chem grptresmins)" node=6000
fails 'sbatch in physics is refused' as games sbatch -A physics --wrap true
like 'refusal names the account' "$OUT" 'account physics is paused'
fails 'sluice doctor fails while accounts have lost rules' sluice_cli doctor
like 'sluice doctor names the account with the remedy' "$OUT" 'sluice release physics'
like 'sluice explain names the loss' "$(sluice_cli explain physics)" 'no policy with an allocation covers it any more'

# A person accepts the loss.
fails 'a release without a reason is refused' sluice_cli release physics
fails 'a release of an account with rules is refused' sluice_cli release optics --reason=wrong
like 'refused release names the cause' "$OUT" 'has all its rules'
like 'dry run of a release shows the restored QOS' "$(sluice_cli release physics --dry-run --reason=left 2>&1)" 'QOS'
is 'a dry run releases nothing' "$(account_field physics defaultqos)" blocked
ok 'physics and chem are released' sluice_cli release physics chem --reason='the projects have ended'
ok 'evaluation after the release succeeds' evaluate_now
is 'chem has no limit after the release' "$(account_field chem grptresmins)" ''
ok 'srun in physics runs after the release' as games srun -A physics -n1 true
unlike 'sluice status no longer names a release of physics' "$(sluice_cli status 2>&1)" 'release physics'

# Without limits budget_check alone bounds a job: it goes on while chem is held.
LIMITS=false BUDGET_CHECK=refuse
ok 'sluiced loads budget_check: refuse without limits' eval 'sluiced_regrant < <(granted "$chem" "$optics")'
fails 'a job above the rest of chem is refused' as games sbatch -A chem -N1 -t 200:00:00 --wrap true
BUDGET_CHECK=off
ok 'sluiced loads a file without chem and budget_check' eval 'sluiced_regrant < <(granted "$optics")'
is 'chem is held without its rules' "$(status_field chem standing)" held
fails 'a job above the rest of the held chem is refused' as games sbatch -A chem -N1 -t 200:00:00 --wrap true
like 'refusal has the figures of the last rules' "$OUT" 'may use 200 node_hours, but account chem has 1[0-9.]+ left'
ok 'a job within the rest of the held chem is admitted' as games sbatch -H -A chem -N1 -t 1:00:00 --wrap true
unset BUDGET_CHECK

# A healthy account without rules and limits is paused by its last rules, also after a restart.
small='chem: {allocation: {node_hours: 0.005}}'
LIMITS=false
ok 'sluiced loads a small allocation of chem' eval 'sluiced_regrant < <(granted "$small" "$optics")'
is 'chem is normal' "$(status_field chem standing)" normal
ok 'sluiced loads a file without chem' eval 'sluiced_regrant < <(granted "$optics")'
is 'chem without rules is held' "$(status_field chem standing)" held
unlike 'chem without rules is not paused' "$(account_field chem defaultqos)" blocked
ok 'srun in chem uses up its last allocation' as games srun -t1 -A chem -n1 sleep 20
ok 'sluiced restarts with chem held' eval 'sluiced_stop; sluiced_restart && wait_until 15 evaluate_now'
is 'chem is paused by its last rules' "$(status_field chem standing) $(account_field chem defaultqos)" 'held blocked'
fails 'sbatch in chem is refused by its last rules' as games sbatch -A chem --wrap true
like 'refusal by the last rules has the usage' "$OUT" 'account chem is paused: .*node_hours'
like 'sluice explain has the usage by the last rules' "$(sluice_cli explain chem)" 'the rules of its last evaluation count(.|
)*The account is paused by its own usage'
like 'history of chem has the pause' "$(sluice_cli history chem)" 'pause'
ok 'chem is released again' sluice_cli release chem --reason='the project has ended'
ok 'srun in chem runs after its release' eval 'evaluate_now && as games srun -t1 -A chem -n1 true'
unset LIMITS

# The rules come back, and enforcement ends on purpose.
ok 'sluiced loads the rules of physics again' eval 'sluiced_regrant < <(granted "$physics" "$optics")'
is 'physics is paused again' "$(account_field physics defaultqos)" blocked

# A label that is added to the periods would lose what the journal has by label.
PERIOD='{custom: {months: 12, anchor: 2026-01-01}}'
ok 'sluiced loads periods of twelve months' eval 'sluiced_regrant < <(granted "$physics" "$optics")'
is 'physics is paused in the longer period' "$(status_field physics standing) $(account_field physics defaultqos)" 'paused blocked'
PERIOD='{custom: {months: 12, anchor: 2026-01-01, label: "FY{YY}"}}'
ok 'sluiced loads a label for the same periods' eval 'sluiced_regrant < <(granted "$physics" "$optics")'
is 'physics is held and stays paused' "$(status_field physics standing) $(account_field physics defaultqos)" 'held blocked'
like 'sluice status names the new label' "$(sluice_cli status physics 2>&1)" 'would be called FY[0-9][0-9]'
ok 'physics is released to the new label' sluice_cli release physics --reason='the label is wanted'
like 'physics is evaluated under the new label' "$(status_field physics period)" '^FY[0-9][0-9]$'
is 'physics is paused under the new label' "$(account_field physics defaultqos)" blocked
PERIOD=week
ok 'sluiced loads weeks' eval 'sluiced_regrant < <(granted "$physics" "$optics")'
like 'physics is evaluated by weeks' "$(status_field physics period)" '^20[0-9][0-9]-W[0-5][0-9]$'
unset PERIOD
ok 'sluiced loads quarters again' eval 'sluiced_regrant < <(granted "$physics" "$optics")'
MODE=observe
ok 'sluiced loads mode: observe' eval 'sluiced_regrant < <(granted "$physics" "$optics")'
: | sluiced_settings
ok 'an empty file is loaded when no account is under enforcement' sluiced_reload
is 'associations are restored' "$(assoc_rows)" "$before"
done_testing
