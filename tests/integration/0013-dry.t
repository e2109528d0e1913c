#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What changes nothing: observe mode, a dry run, a second evaluation on the same facts. And limits: written, in force,
# repaired when somebody changes them by hand, taken away again.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted MODE CHEM [POLICY-LINE...]
    local mode=$1 chem=$2
    shift 2
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 0}}
  chem: {allocation: {node_hours: $chem}}
policies:
  - name: quarterly
    mode: $mode
    period: quarter
    grace_ratio: 0.2
    carryover: false
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
    [ $# -eq 0 ] || printf '    %s\n' "$@"
}
before=$(assoc_rows) writes=$(txn_count)
unchanged() { # unchanged NAME
    is "$1: sacctmgr shows the same" "$(assoc_rows)" "$before"
    is "$1: slurmdbd was asked for no change" "$(txn_count)" "$writes"
}

must 'sluiced is up, observing' eval 'sluiced_up < <(granted observe 10)'
is 'physics would be paused' "$(status_field physics standing,mode)" 'paused|observe'
ok 'its jobs are admitted' as games sbatch --parsable -H --wrap true
like 'without a word' "$OUT" '^[0-9]+$'
ok 'evaluate' sluice_cli evaluate
like 'shows what it would do' "$OUT" 'Withheld.*observe'
like 'as a line for sacctmgr' "$OUT" 'sacctmgr .*physics'
is 'no command is in the books' "$(sluice_cli commands -n -P)" ''
unchanged observe

sluiced_settings < <(granted enforce 10)
ok 'the same with enforce is good' "$(sluice_find sluiced)" --check -f "$CLUSTER_DIR/etc/sluiced.yaml"
unchanged 'sluiced --check'

ok 'enforced' eval 'sluiced_regrant < <(granted enforce 10)'
is 'physics is blocked' "$(account_field physics qos)" blocked
is 'chem may use 10 hours and the grace' "$(account_field chem grptresmins)" node=720
like 'slurmctld holds it' "$(account_live chem GrpTRESMins)" 'node=720\('
is 'the budget of 0 is 0, not unlimited' "$(account_field physics grptresmins)" node=0
enforced=$(assoc_rows)

ok 'somebody changes a limit by hand' sacctmgr_do modify account chem set GrpTRESMins=node=9999,cpu=77
ok 'and a QOS' sacctmgr_do modify account physics set qos=normal,slowdown,blocked defaultqos=normal
before=$(assoc_rows) writes=$(txn_count)
ok 'a dry run' sluice_cli evaluate --dry-run
like 'says that it is one' "$OUT" '^Dry run'
like 'says what it would set' "$OUT" 'node=720'
like 'and that nothing was changed' "$OUT" 'Nothing was changed'
commands=$(sluice_cli commands -n -P | wc -l) history=$(sluice_cli history -n -P | wc -l)
unchanged 'dry run'
ok 'once more, as JSON' sluice_cli evaluate --dry-run --json
like 'with the same command' "$OUT" 'node=720'
unchanged 'second dry run'
is 'no record of it' "$(sluice_cli commands -n -P | wc -l) $(sluice_cli history -n -P | wc -l)" "$commands $history"
like 'slurmctld has what was set by hand' "$(account_live chem GrpTRESMins)" 'node=9999\('

ok 'an evaluation' evaluate_now
is 'repairs the limit' "$(account_field chem grptresmins)" cpu=77,node=720
is 'and the QOS' "$(account_field physics defaultqos)" blocked
like 'the books say why' "$(sluice_cli commands -n -P --format=reason)" '[Dd]rift'
writes=$(txn_count)
for _ in 1 2 3; do sluice_cli evaluate >/dev/null; done
is 'three more evaluations write nothing' "$(txn_count)" "$writes"

ok 'the limit of others stays theirs' sacctmgr_do modify account chem set GrpTRESMins=cpu=-1
ok 'an evaluation' evaluate_now
is 'rows are what they were when first enforced' "$(assoc_rows)" "$enforced"
ok 'a larger allocation' eval 'sluiced_regrant < <(granted enforce 20)'
is 'a larger limit' "$(account_field chem grptresmins)" node=1440
like 'in slurmctld at once' "$(account_live chem GrpTRESMins)" 'node=1440\('

ok 'a drift that is only reported' eval 'sluiced_settings < <(granted enforce 20 "drift: report") && sluiced_reload'
ok 'somebody changes the limit' sacctmgr_do modify account chem set GrpTRESMins=node=5
ok 'an evaluation' evaluate_now
is 'leaves it' "$(account_field chem grptresmins)" node=5
ok 'and evaluate' sluice_cli evaluate
like 'shows it' "$OUT" 'Withheld.*node=1440'
done_testing
