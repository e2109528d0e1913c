#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An account that cannot be evaluated (here: its period has the label of an earlier one) keeps its budgets, also over a restart
# of sluiced, and an override of staff acts on it at once.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
export TZ=UTC
rules() { # rules DAYS: period P1 began so many days ago
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: 10}}
policies:
  - name: p
    mode: enforce
    period: {custom: {days: 20, anchor: $(date -d "-$1 days" +%F), label: "P{N}"}}
    carryover: false
    limits: false
    grace_ratio: 0
    budget_check: refuse
    actions: [request_slurm_resource_pausing]
END
}
submit() { as games timeout 60 sbatch -A physics -H -N1 -t "$1:00:00" -o /dev/null --wrap true; } # submit HOURS
is_refused() { ! submit "$1"; }
qos_is() { [ "$(account_field physics qos)" = "$1" ]; }
is_not_evaluated() { sluice_cli explain physics | grep -q 'could not be evaluated: period P1 has the label'; }
checks() { # checks NAME: the account is not evaluated, and its jobs are checked
    ok "$1: the account cannot be evaluated" is_not_evaluated
    ok "$1: a job within the budget is admitted" submit 9
    fails "$1: a job above the budget is refused" submit 11
    like "$1: the refusal has both numbers" "$OUT" 'may use 11 node_hours, but account physics has 10 left'
}
own=$(account_field physics qos)
must 'sluiced starts' eval 'sluiced_up < <(rules 1)'
ok 'a job within the budget is admitted' submit 9
fails 'a job above the budget is refused' submit 11

ok 'a period of the same label that began earlier is read' sluiced_regrant < <(rules 6)
checks 'label of another period'
sluiced_stop
ok 'sluiced restarts' sluiced_restart
eventually 'evaluation after the restart is published' 20 evaluate_now
checks 'after the restart'

# --- overrides
ok 'override to paused is accepted' sluice_cli override set physics paused --until=now+1days --reason=abuse
eventually 'override to paused: a job is refused' 15 is_refused 1
eventually 'override to paused: Slurm has the QOS of a pause' 15 qos_is blocked
ok 'override to paused: the account cannot be evaluated' is_not_evaluated
like 'override to paused: explain names it' "$(sluice_cli explain physics)" 'Override [0-9]+ sets the account to paused'
sluiced_stop
ok 'sluiced restarts under the override' sluiced_restart
eventually 'override to paused after the restart: evaluation is published' 20 evaluate_now
ok 'override to paused after the restart: a job is refused' is_refused 1
ok 'override to paused is cleared' sluice_cli override clear physics --reason=solved
eventually 'override cleared: Slurm has the own QOS again' 15 qos_is "$own"
eventually 'override cleared: a job within the budget is admitted' 15 submit 9
checks 'override cleared'
ok 'override to normal is accepted' sluice_cli override set physics normal --until=now+1days --reason=deadline
eventually 'override to normal: a job of any size is admitted' 15 submit 11
done_testing
