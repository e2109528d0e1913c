#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong settings never take effect: sluiced keeps the settings that it has and reports all errors. sluiced reports an account
# or QOS that Slurm does not know, with the remedy, and continues with the other accounts.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
file=$CLUSTER_DIR/etc/sluiced.yaml
components='components: {node_hours: {tres: node}}'

granted() { # granted PHYSICS CHEM [ACCOUNT-LINE...]
    local physics=$1 chem=$2
    shift 2
    cat <<END
$components
accounts:
  physics: {allocation: {node_hours: $physics}}
  chem: {allocation: {node_hours: $chem}}
END
    [ $# -eq 0 ] || printf '  %s\n' "$@"
    cat <<END
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
    qos_paused: ${QOS_PAUSED:-blocked}
END
}

# At start, wrong settings end sluiced, and each error is reported with its place.
sluiced_settings <<END
$components
accounts:
  physics: {allocation: {node_hourss: 5}}
policies:
  - name: quarterly
    modee: enforce
    period: fortnight
    grace_ratio: -1
    actions: [request_slurm_resource_pause]
END
fails 'sluiced --check refuses a file with five errors' "$(sluice_find sluiced)" --check -f "$file"
like 'sluiced --check names the misspelt component and its place' "$OUT" "$file:[0-9]+:[0-9]+: .*node_hourss"
like 'sluiced --check suggests the right component' "$OUT" 'node_hours'
like 'sluiced --check names the misspelt key and suggests the right one' "$OUT" "$file:[0-9]+:[0-9]+: .*modee.*mode"
like 'sluiced --check names the unknown period' "$OUT" 'fortnight'
like 'sluiced --check names the negative ratio' "$OUT" 'grace_ratio'
like 'sluiced --check names the unknown action and suggests the right one' "$OUT" 'request_slurm_resource_pause.*request_slurm_resource_pausing'
is 'sluiced --check prints one line for each error' "$(grep -c "^$file:[0-9]*:[0-9]*: " <<<"$OUT")" 5
fails 'start of sluiced with the file of five errors is refused' timeout 60 "$(sluice_find sluiced)" -D -f "$file"
like 'start of sluiced with the file of five errors names the misspelt key' "$OUT" "modee"
fails 'start of sluiced with a missing file is refused' timeout 60 "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/nowhere.yaml"
like 'start of sluiced with a missing file names the file' "$OUT" 'nowhere\.yaml'
fails 'an unknown option of sluiced is refused' "$(sluice_find sluiced)" --frobnicate
ok 'sluiced --check accepts contrib/sluiced.yaml' "$(sluice_find sluiced)" --check -f "$(dirname "$0")/../../contrib/sluiced.yaml"

must 'sluiced starts with a correct file' eval 'sluiced_up < <(granted 0 100)'
log=$(sluiced_log)
is 'sluice status shows physics as paused' "$(status_field physics standing)" paused

# While sluiced runs.
bad() { # bad NAME ERE: the file on standard input is refused, the old settings stay in force
    local mark
    sluiced_settings
    mark=$(lines_of "$log")
    fails "$1: reload is refused" sluiced_reload
    ok "$1: sluiced.log names place and error" line_in "$log" "settings-refused.*sluiced\.yaml:[0-9]+:[0-9]+: .*$2" "$mark"
    ok "$1: evaluation with the old settings succeeds" evaluate_now
    is "$1: the old settings stay in force" "$(status_field physics standing)" paused
    like "$1: sluice status reports that the settings were refused" "$(sluice_cli status 2>&1)" 'settings were refused'
}
bad 'invalid YAML' '' <<<'accounts: [physics: {'
bad 'unknown key' 'policys' <<<'policys: []'
bad 'unknown component' 'gpu' < <(granted 0 100 | sed 's/node_hours: 0/gpu_hours: 0/')
bad 'unknown TRES' 'nodee' < <(granted 0 100 | sed 's/tres: node/tres: nodee/')
fails 'sbatch in physics is refused after the refused reloads' as games sbatch --wrap true
ok 'sluiced loads a correct file' eval 'sluiced_regrant < <(granted 50 100)'
unlike 'sluice status no longer reports refused settings' "$(sluice_cli status 2>&1)" 'refused'
ok 'srun in physics runs with the new settings' as games srun -n1 true

# A second sluiced does not start with the same journal.
fails 'a second sluiced with the same journal is refused' timeout 60 "$(sluice_find sluiced)" -D -f "$file"
like 'refusal of the second sluiced names the pid of the first' "$OUT" 'another sluiced \(pid [0-9]+\)'
ok 'the first sluiced responds after the second was refused' sluice_cli status

# Accounts and QOS that Slurm does not know.
before=$(assoc_rows)
ok 'sluiced loads settings with an account that slurmdbd does not know' eval 'sluiced_regrant < <(granted 50 0 "astro: {allocation: {node_hours: 10}}")'
text=$(sluice_cli status)
like 'sluice status reports the unknown account astro' "$text" 'astro'
like 'sluice status names the sacctmgr command that adds account astro' "$text" 'sacctmgr add account.* astro'
is 'account astro is unknown: chem is paused all the same' "$(status_field chem standing) $(account_field chem defaultqos)" 'paused blocked'
is 'account astro is unknown: standing of physics is normal' "$(status_field physics standing)" normal
mark=$(lines_of "$log")
ok 'two more evaluations with the unknown account succeed' eval 'evaluate_now && evaluate_now'
fails 'sluiced.log does not repeat the unknown account' line_in "$log" astro "$mark"
ok 'sacctmgr adds account astro' sacctmgr_do add account astro description=new organization=univ
eventually 'standing of astro is normal after sacctmgr added the account' 10 evaluation_makes astro normal
unlike 'sluice status no longer reports account astro' "$(sluice_cli status)" 'sacctmgr add account'
ok 'sluiced.log reports the end of the problem with account astro' line_in "$log" 'problem-over.*astro' "$mark"
ok 'sacctmgr removes account astro' sacctmgr_do remove account astro

# Slurm ignores the case of names.
ok 'sluiced loads settings with names in another case' eval "sluiced_regrant < <(granted 50 0 | sed 's/chem:/CHEM:/; s/node_hours: 50/Node_Hours: 50/; s/: blocked/: BLOCKED/')"
is 'account CHEM of the settings is chem, and paused' "$(status_field chem standing) $(account_field chem defaultqos)" 'paused blocked'
text=$(sluice_cli status)
unlike 'sluice status reports no unknown account or QOS in another case' "$text" 'sacctmgr add'
is 'sluice status lists chem once' "$(sluice_cli status -n -P --format=account | grep -ci chem)" 1
like 'sluice explain finds account Chem' "$(sluice_cli explain Chem)" 'chem'
ok 'sluice override pins account CHEM' sluice_cli override set CHEM normal --until=now+1hour --reason=case
is 'the override of CHEM opens chem' "$(status_field chem standing)" normal
like 'sluice override list CHEM shows the override' "$(sluice_cli override list CHEM)" 'chem'
ok 'sluice override ends the override of CHEM' sluice_cli override clear CHEM --reason=case
ok 'sluice adjust takes account and component in another case' sluice_cli adjust add Physics NODE_hours=1 --dry-run --reason=case
like 'sluice balance of user GAMES shows physics' "$(sluice_cli balance --user=GAMES)" 'physics'
is 'a query for accounts in another case is answered' "$(status_field CHEM account)" chem

QOS_PAUSED=closed
ok 'sluiced loads settings with a QOS that slurmdbd does not know' eval 'sluiced_regrant < <(granted 0 100)'
text=$(sluice_cli status)
like 'sluice status reports the unknown QOS closed' "$text" 'closed'
like 'sluice status names the sacctmgr command that adds QOS closed' "$text" 'sacctmgr add qos closed'
is 'QOS closed is unknown: physics keeps its QOS list' "$(account_field physics qos)" blocked,normal,slowdown
is 'QOS closed is unknown: chem is restored to normal' "$(status_field chem standing) $(account_field chem qos)" 'normal blocked,normal,slowdown'
fails 'QOS closed is unknown: sbatch in physics is refused by the plugin' as games sbatch --wrap true
like 'QOS closed is unknown: refusal names paused account physics' "$OUT" 'account physics is paused'
ok 'sacctmgr adds QOS closed' sacctmgr_do add qos closed GrpSubmitJobs=0
eventually 'default QOS of physics is closed after sacctmgr added the QOS' 10 eval 'evaluate_now && account_is physics defaultqos closed'
unlike 'sluice status no longer reports QOS closed' "$(sluice_cli status)" 'sacctmgr add qos'
ok 'sluiced applies the raised allocation of physics' eval 'sluiced_regrant < <(granted 50 100)'
is 'associations are restored after the raise' "$(assoc_rows)" "$before"

# An account is removed from Slurm while it is paused; a user changes accounts; the tree changes.
ok 'sluiced pauses physics again' eval 'sluiced_regrant < <(granted 0 100)'
ok 'sacctmgr moves optics from physics to chem' sacctmgr_do modify account optics set parent=chem
# slurmctld of 23.11 and later keeps what the users of optics inherited from physics
ok 'evaluation after optics moved succeeds' evaluate_now
ok 'srun in optics runs below chem' as man srun -n1 true
# newer releases refuse to remove an account that is the default account of a user
ok 'sacctmgr changes the default account of games to chem' sacctmgr_do modify user games set defaultaccount=chem
ok 'sacctmgr removes user lp' sacctmgr_do remove user lp
ok 'sacctmgr removes account physics' sacctmgr_do remove account physics
ok 'evaluation after physics was removed succeeds' evaluate_now
like 'sluice status reports the missing account physics' "$(sluice_cli status)" 'sacctmgr add account.* physics'
is 'standing of chem is normal after physics was removed' "$(status_field chem standing)" normal
ok 'sluice status succeeds after physics was removed' sluice_cli status
done_testing
