#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs that must change nothing: observe mode, a dry run, an evaluation with unchanged usage. And limits: written, in force,
# repaired after a manual change, removed.
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
    is "$1: sacctmgr shows unchanged associations" "$(assoc_rows)" "$before"
    is "$1: slurmdbd records no transaction" "$(txn_count)" "$writes"
}

must 'sluiced starts in observe mode' eval 'sluiced_up < <(granted observe 10)'
is 'sluice status shows that observe mode would pause physics' "$(status_field physics standing,mode)" 'would be paused|observe'
ok 'sbatch in physics is accepted in observe mode' as games sbatch --parsable -H --wrap true
like 'sbatch in physics prints no warning in observe mode' "$OUT" '^[0-9]+$'
ok 'sluice evaluate in observe mode succeeds' sluice_cli evaluate
like 'sluice evaluate in observe mode shows the withheld commands' "$OUT" 'Withheld.*observe'
like 'sluice evaluate in observe mode shows sacctmgr lines for physics' "$OUT" 'sacctmgr .*physics'
is 'sluice commands is empty in observe mode' "$(sluice_cli commands -n -P)" ''
unchanged 'observe mode'

sluiced_settings < <(granted enforce 10)
ok 'sluiced --check accepts the same file with mode enforce' "$(sluice_find sluiced)" --check -f "$CLUSTER_DIR/etc/sluiced.yaml"
unchanged 'sluiced --check'

ok 'sluiced loads mode enforce and evaluates' eval 'sluiced_regrant < <(granted enforce 10)'
is 'QOS list of physics is blocked in mode enforce' "$(account_field physics qos)" blocked
is 'GrpTRESMins of chem is 10 hours plus the grace' "$(account_field chem grptresmins)" node=720
like 'slurmctld has GrpTRESMins of chem' "$(account_live chem GrpTRESMins)" 'node=720\('
is 'an allocation of 0 sets GrpTRESMins to 0, not to unlimited' "$(account_field physics grptresmins)" node=0
enforced=$(assoc_rows)

ok 'sacctmgr changes GrpTRESMins of chem by hand' sacctmgr_do modify account chem set GrpTRESMins=node=9999,cpu=77
ok 'sacctmgr changes the QOS of physics by hand' sacctmgr_do modify account physics set qos=normal,slowdown,blocked defaultqos=normal
before=$(assoc_rows) writes=$(txn_count)
ok 'sluice evaluate --dry-run succeeds' sluice_cli evaluate --dry-run
like 'sluice evaluate --dry-run prints that this is a dry run' "$OUT" '^Dry run'
like 'sluice evaluate --dry-run shows the limit that it would set' "$OUT" 'node=720'
like 'sluice evaluate --dry-run reports that nothing was changed' "$OUT" 'Nothing was changed'
commands=$(sluice_cli commands -n -P | wc -l) history=$(sluice_cli history -n -P | wc -l)
unchanged 'dry run'
ok 'sluice evaluate --dry-run --json succeeds' sluice_cli evaluate --dry-run --json
like 'sluice evaluate --dry-run --json shows the same command' "$OUT" 'node=720'
unchanged 'second dry run'
is 'dry runs leave no record in sluice commands and sluice history' "$(sluice_cli commands -n -P | wc -l) $(sluice_cli history -n -P | wc -l)" "$commands $history"
like 'slurmctld keeps the manual limit after the dry runs' "$(account_live chem GrpTRESMins)" 'node=9999\('

ok 'evaluation after the manual changes succeeds' evaluate_now
is 'evaluation repairs GrpTRESMins of chem' "$(account_field chem grptresmins)" cpu=77,node=720
is 'evaluation repairs the QOS of physics' "$(account_field physics defaultqos)" blocked
like 'sluice commands shows drift as the reason of the repair' "$(sluice_cli commands -n -P --format=reason)" '[Dd]rift'
writes=$(txn_count)
for _ in 1 2 3; do sluice_cli evaluate >/dev/null; done
is 'three more evaluations write nothing to slurmdbd' "$(txn_count)" "$writes"

ok 'sacctmgr clears the cpu limit, which Sluice does not manage' sacctmgr_do modify account chem set GrpTRESMins=cpu=-1
ok 'evaluation after the cpu limit was cleared succeeds' evaluate_now
is 'associations are the same as after the first enforcement' "$(assoc_rows)" "$enforced"
ok 'sluiced applies a larger allocation' eval 'sluiced_regrant < <(granted enforce 20)'
is 'GrpTRESMins of chem grows with the allocation' "$(account_field chem grptresmins)" node=1440
like 'slurmctld has the larger GrpTRESMins' "$(account_live chem GrpTRESMins)" 'node=1440\('

ok 'sluiced loads drift: report' eval 'sluiced_settings < <(granted enforce 20 "drift: report") && sluiced_reload'
ok 'sacctmgr changes GrpTRESMins of chem under drift: report' sacctmgr_do modify account chem set GrpTRESMins=node=5
ok 'evaluation under drift: report succeeds' evaluate_now
is 'evaluation under drift: report leaves the manual limit' "$(account_field chem grptresmins)" node=5
ok 'sluice evaluate under drift: report succeeds' sluice_cli evaluate
like 'sluice evaluate under drift: report shows the withheld repair' "$OUT" 'Withheld.*node=1440'
done_testing
