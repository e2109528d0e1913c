#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the site itself had set is saved before sluiced changes it, shown in the dry run, and exactly restored when sluiced lets go:
# every field of an association that a command can write (common/model/command.hpp), and what is left of it when others delete a
# QOS or rename a user meanwhile.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

sacctmgr_do add qos private,second priority=5
own=(qos=normal,private,second fairshare=7 grptresmins=cpu=900000,node=500000 maxtresmins=cpu=900000,node=500000 grptres=cpu=90000,node=80000)
for account in physics optics; do
    must "fields of $account are set by hand" sacctmgr_do modify account where name=$account set "${own[@]}" defaultqos=private
done
must 'fields of user lp are set by hand' sacctmgr_do modify user where name=lp account=physics set qos=normal,private,second defaultqos=second \
    fairshare=3 grptresmins=node=400000 maxtresmins=node=300000 grptres=node=70000
must 'changes to the inherited list of chem and a default of them are set by hand' eval 'sacctmgr_do modify account where name=chem set qos+=private &&
    sacctmgr_do modify account where name=chem set defaultqos=private'

# settings MODE LIMIT_TYPE NODE_HOURS [FAIRSHARE]
settings() {
    cat <<END
components:
  node_hours: {tres: node}
  cpu_hours: {tres: cpu}
accounts:
  physics: {allocation: {node_hours: $3, cpu_hours: 2000}}
  chem: {allocation: {node_hours: $3, cpu_hours: 60}}
policies:
  - name: quarterly
    mode: $1
    period: quarter
    carryover: false
    limits: {type: $2}
    fairshare: {enabled: ${4:-true}}
    actions: [request_slurm_resource_pausing]
END
}
before=$(assoc_rows)
must 'sluiced starts in observe mode' eval 'sluiced_up < <(settings observe GrpTRESMins 0)'
is 'observe mode changes no field' "$(assoc_rows)" "$before"
ok 'sluice evaluate --dry-run succeeds' sluice_cli evaluate --dry-run
like 'sluice evaluate --dry-run shows the limits that physics has' "$OUT" 'GrpTRESMins of account physics to cpu [0-9]+ \(was 900000\), node 0 \(was 500000\)'
like 'sluice evaluate --dry-run shows the shares that physics has' "$OUT" 'fairshare of account physics to [0-9]+ \(was 7'

# --- enforce, restart, observe: every field is as before
field() { tr A-Z a-z <<<"$1"; }
for type in GrpTRESMins MaxTRESMins GrpTRES; do
    ok "sluiced enforces $type" eval "sluiced_regrant < <(settings enforce $type 0)"
    like "$type of physics is Sluice's" "$(account_field physics "$(field $type)")" 'node=0$'
    is "QOS list, default QOS and fairshare of physics are Sluice's beside $type" "$(account_field physics qos,defaultqos,fairshare)" 'blocked|blocked|666'
    is "QOS list of user lp is Sluice's beside $type" "$(account_field physics qos,defaultqos lp)" 'blocked|blocked'
    sluiced_stop
    ok "sluiced restarts while $type is in force" sluiced_restart
    ok "sluiced observes after $type" eval "sluiced_regrant < <(settings observe $type 0)"
    is "every field is restored after $type" "$(assoc_rows)" "$before"
done
like 'slurmctld has the restored GrpTRESMins of physics' "$(account_live physics GrpTRESMins)" 'node=500000\('
like 'slurmctld has the restored fairshare of physics' "$(account_live physics SharesRaw/Norm/Level/Factor)" '^7/'

# --- a stricter limit of the site's own stays
ok 'sacctmgr sets a stricter limit of chem' sacctmgr_do modify account where name=chem set grptresmins=node=5
before=$(assoc_rows)
ok 'sluiced enforces with a stricter limit in Slurm' eval 'sluiced_regrant < <(settings enforce GrpTRESMins 100)'
like 'stricter limit of chem stays' "$(account_field chem grptresmins)" 'node=5$'
like 'sluice status names the stricter limit of chem' "$(sluice_cli status chem; echo "$OUT")" "GrpTRESMins node=5 is the site's own"
ok 'sluiced turns fairshare off' eval 'sluiced_regrant < <(settings enforce GrpTRESMins 100 false)'
is 'fairshare of physics is restored when fairshare is off' "$(account_field physics fairshare)" 7
ok 'sluiced observes after the stricter limit' eval 'sluiced_regrant < <(settings observe GrpTRESMins 100)'
is 'every field is restored after the stricter limit' "$(assoc_rows)" "$before"

# --- a QOS is deleted and a user renamed during a pause
ok 'sluiced pauses physics' eval 'sluiced_regrant < <(settings enforce GrpTRESMins 0)'
ok 'sacctmgr deletes QOS second during the pause' sacctmgr_do delete qos second
ok 'sacctmgr renames user lp during the pause' sacctmgr_do modify user where name=lp set newname=news
ok 'evaluation after the deletion succeeds' evaluate_now
like 'sluice status names the deleted QOS' "$(sluice_cli status physics; echo "$OUT")" 'QOS second, which account physics had, was deleted'
is 'pause of physics holds after the deletion' "$(account_field physics qos,defaultqos)" 'blocked|blocked'
ok 'sluiced lifts the pause' eval 'sluiced_regrant < <(settings enforce GrpTRESMins 100)'
is 'physics has the rest of its QOS list' "$(account_field physics qos,defaultqos)" 'normal,private|private'
is 'the renamed user has the rest of the QOS list' "$(account_field physics qos news)" 'normal,private'
like 'sluice commands names the deleted QOS' "$(sluice_cli commands -Q -n -P --format=reason physics; echo "$OUT")" 'without QOS second, which was deleted'
eventually 'sbatch by games in physics is accepted after the pause' 10 as games sbatch -A physics --test-only --wrap true
ok 'sluice doctor reports no fault of QOS second' eval '! sluice_cli doctor | grep -q "QOS second"'

# --- the list of the parent loses the default QOS during a pause
ok 'sacctmgr gives physics a default QOS of the list of univ' eval 'sacctmgr_do modify account where name=univ set qos=normal,slowdown,blocked,private &&
    sacctmgr_do modify account where name=physics set qos= defaultqos=private'
ok 'sluiced pauses physics with a default QOS of its own' eval 'sluiced_regrant < <(settings enforce GrpTRESMins 0)'
is 'physics is paused with a default QOS of its own' "$(account_field physics defaultqos)" blocked
ok 'sacctmgr takes QOS private from univ during the pause' sacctmgr_do modify account where name=univ set qos=normal,slowdown,blocked
ok 'sluiced lifts the pause after univ lost QOS private' eval 'sluiced_regrant < <(settings enforce GrpTRESMins 100)'
unlike 'physics is not left with QOS blocked' "$(account_field physics qos,defaultqos)" 'private|\|blocked$'
is 'sluice commands has no failed command of physics' "$(sluice_cli commands -Q -n -P --failed --format=reason physics)" ''
done_testing
