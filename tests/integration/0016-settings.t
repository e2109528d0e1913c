#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bad configuration never takes force: the daemon keeps what it has and says all that is wrong. An account or a
# QOS that Slurm does not know is reported with the remedy, and the other accounts go on.
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

# At start a bad file is the end, with every fault at its place.
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
fails 'sluiced --check refuses it' "$(sluice_find sluiced)" --check -f "$file"
like 'the misspelt component' "$OUT" "$file:[0-9]+:[0-9]+: .*node_hourss"
like 'with the one that was meant' "$OUT" 'node_hours'
like 'the misspelt key' "$OUT" "$file:[0-9]+:[0-9]+: .*modee.*mode"
like 'the unknown period' "$OUT" 'fortnight'
like 'the negative ratio' "$OUT" 'grace_ratio'
like 'the unknown action' "$OUT" 'request_slurm_resource_pause.*request_slurm_resource_pausing'
is 'one line for each' "$(grep -c "^$file:[0-9]*:[0-9]*: " <<<"$OUT")" 5
fails 'and does not start with it' timeout 60 "$(sluice_find sluiced)" -D -f "$file"
like 'for the same reasons' "$OUT" "modee"
fails 'a file that is not there' timeout 60 "$(sluice_find sluiced)" -D -f "$CLUSTER_DIR/nowhere.yaml"
like 'is named' "$OUT" 'nowhere\.yaml'
fails 'an unknown option' "$(sluice_find sluiced)" --frobnicate
ok 'the example is good' "$(sluice_find sluiced)" --check -f "$(dirname "$0")/../../contrib/sluiced.yaml"

must 'sluiced starts with a good file' eval 'sluiced_up < <(granted 0 100)'
log=$(sluiced_log)
is 'physics is paused' "$(status_field physics standing)" paused

# While running.
bad() { # bad NAME ERE: the file on standard input is refused, the old settings go on
    local mark
    sluiced_settings
    mark=$(lines_of "$log")
    fails "$1: refused" sluiced_reload
    ok "$1: the log says where and why" line_in "$log" "settings-refused.*sluiced\.yaml:[0-9]+:[0-9]+: .*$2" "$mark"
    ok "$1: an evaluation" evaluate_now
    is "$1: the old settings go on" "$(status_field physics standing)" paused
    like "$1: status says so" "$(sluice_cli status 2>&1)" 'settings were refused'
}
bad 'no YAML' '' <<<'accounts: [physics: {'
bad 'unknown key' 'policys' <<<'policys: []'
bad 'unknown component' 'gpu' < <(granted 0 100 | sed 's/node_hours: 0/gpu_hours: 0/')
bad 'unknown TRES' 'nodee' < <(granted 0 100 | sed 's/tres: node/tres: nodee/')
fails 'physics is refused all the time' as games sbatch --wrap true
ok 'a good file' eval 'sluiced_regrant < <(granted 50 100)'
unlike 'ends the complaint' "$(sluice_cli status 2>&1)" 'refused'
ok 'and takes effect' as games srun -n1 true

# The daemon does not start twice on one journal.
fails 'a second daemon' timeout 60 "$(sluice_find sluiced)" -D -f "$file"
like 'is told of the first' "$OUT" 'another sluiced \(pid [0-9]+\)'
ok 'which goes on' sluice_cli status

# What Slurm does not know.
before=$(assoc_rows)
ok 'an account that slurmdbd does not know' eval 'sluiced_regrant < <(granted 50 0 "astro: {allocation: {node_hours: 10}}")'
text=$(sluice_cli status)
like 'is reported' "$text" 'astro'
like 'with the remedy' "$text" 'sacctmgr add account.* astro'
is 'chem goes on: paused' "$(status_field chem standing) $(account_field chem defaultqos)" 'paused blocked'
is 'physics goes on: normal' "$(status_field physics standing)" normal
mark=$(lines_of "$log")
ok 'more evaluations' eval 'evaluate_now && evaluate_now'
fails 'do not repeat it in the log' line_in "$log" astro "$mark"
ok 'the remedy' sacctmgr_do add account astro description=new organization=univ
eventually 'helps' 10 turn_makes astro normal
unlike 'and ends the report' "$(sluice_cli status)" 'sacctmgr add account'
ok 'the log says that it is over' line_in "$log" 'problem-over.*astro' "$mark"
ok 'the account is removed again' sacctmgr_do remove account astro

QOS_PAUSED=closed
ok 'a QOS that does not exist' eval 'sluiced_regrant < <(granted 0 100)'
text=$(sluice_cli status)
like 'is reported' "$text" 'closed'
like 'with the remedy' "$text" 'sacctmgr add qos closed'
is 'nothing half done: physics keeps its QOS' "$(account_field physics qos)" blocked,normal,slowdown
is 'chem goes back to normal' "$(status_field chem standing) $(account_field chem qos)" 'normal blocked,normal,slowdown'
fails 'the plugin refuses physics all the same' as games sbatch --wrap true
like 'with its text' "$OUT" 'account physics is paused'
ok 'the remedy' sacctmgr_do add qos closed GrpSubmitJobs=0
eventually 'helps' 10 eval 'evaluate_now && account_is physics defaultqos closed'
unlike 'and ends the report' "$(sluice_cli status)" 'sacctmgr add qos'
ok 'the allocation is raised' eval 'sluiced_regrant < <(granted 50 100)'
is 'every association is as before' "$(assoc_rows)" "$before"

# An account is removed from Slurm while it is paused; a user moves; the tree changes.
ok 'physics is paused again' eval 'sluiced_regrant < <(granted 0 100)'
ok 'optics moves to chem' sacctmgr_do modify account optics set parent=chem
ok 'an evaluation' evaluate_now
if [ "$(slurm_release)" -ge 2411 ]; then
    # this slurmctld keeps the default QOS that the users of a moved account had inherited, until it reads all anew
    ok 'slurmctld reads them anew' scontrol reconfigure
    must 'and answers' wait_until 20 slurmctld_answers
fi
ok 'its users run now' as man srun -n1 true
# newer releases keep an account that is somebody's default
ok 'games has another default' sacctmgr_do modify user games set defaultaccount=chem
ok 'lp leaves' sacctmgr_do remove user lp
ok 'and physics is removed' sacctmgr_do remove account physics
ok 'an evaluation' evaluate_now
like 'says that it is missing' "$(sluice_cli status)" 'sacctmgr add account.* physics'
is 'and chem goes on' "$(status_field chem standing)" normal
ok 'the daemon is well' sluice_cli status
done_testing
