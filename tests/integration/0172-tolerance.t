#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# grace_days and min_dwell on a real cluster. The instants that the journal has are moved, instead of waiting for days: an account that
# stays above 100 % is paused below the grace limit, also by the plugin alone and across restarts of sluiced.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

settings() { # settings NODE_HOURS
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
policies:
  - name: p
    mode: enforce
    period: total
    limits: false
    grace_ratio: 9
    grace_days: 1
    min_dwell: 1h
    notify_at: 100
    actions: [request_slurm_resource_pausing]
END
}
# since SECONDS WHAT: sluiced stops, and WHAT in the journal began so many seconds ago
since() { sluiced_stop && sqlite3 "$CLUSTER_DIR/journal/sluice.db" "update account_amount set amount = $((EPOCHSECONDS - $1)) where kind = 'stands' and name = '$2'"; }
instants() { # of a copy, as sluiced locks its journal
    rm -f "$CLUSTER_DIR/run/copy.db"*
    cp "$CLUSTER_DIR/journal/sluice.db"* "$CLUSTER_DIR/run/"
    sqlite3 "$CLUSTER_DIR/run/sluice.db" "select name from account_amount where kind = 'stands' order by name" | paste -sd' '
}
submits() { as games sbatch -A physics -H --wrap true >/dev/null; }
refused() { ! submits; }
free() { standing_is physics warned && submits; }

must 'sluiced starts' eval 'sluiced_up < <(settings 0.001)'
as games srun -A physics -n1 -t1 sleep 5 # the allocation is 3.6 seconds, the grace limit is 36
above() { evaluate_now && sluice_cli explain physics | grep -q 'New jobs are refused from'; }
eventually 'sluice explain names the instant of the pause' 20 above
run sluice_cli explain physics
like 'sluice explain names since when usage is at 100 %' "$OUT" 'Usage is at 100 % or above since .*grace_days'
like 'the account in JSON has the instant' "$(sluice_cli status --json physics)" '"pauses_at":'
run as games sbatch -A physics -H --wrap true
like 'a submission is warned of the instant' "$OUT" 'New jobs are refused from [0-9T:+-]+ on, unless usage falls below 100 %'
is 'the journal has the instant' "$(instants)" full

# --- the day ends while sluiced is away
must 'sluiced stops, and the day ends in 30 seconds' since $((86400 - 30)) full
ok 'sluiced starts' sluiced_restart
ok 'the plugin has the instant' wait_until 20 plugin_current
ok 'sluiced stops before the end of the day' sluiced_stop
eventually 'the plugin refuses from the instant on while sluiced is away' 60 refused
run as games sbatch -A physics -H --wrap true
like 'the refusal says that the days are over' "$OUT" 'so that the grace in days is over'

# --- sluiced is back
ok 'sluiced starts after the end of the day' sluiced_restart
eventually 'physics is paused below its grace limit' 20 standing_is physics paused
in_slurm() { [[ $(account_field physics qos) = blocked ]]; }
eventually 'the QOS of physics is blocked' 20 in_slurm
run sluice_cli explain physics
like 'sluice explain names the grace in days' "$OUT" 'Usage was at 100 % or above from .* so that the grace in days is over'
is 'the journal has since when the pause stands' "$(instants)" 'full grace_days pause'
ok 'sluiced restarts' eval 'sluiced_stop && sluiced_restart'
ok 'physics stays paused after the restart' evaluation_makes physics paused

# --- a larger allocation clears the pause within min_dwell
must 'the allocation is raised' eval 'sluiced_regrant < <(settings 10)'
eventually 'the pause ends at once' 20 standing_is physics normal
eventually 'sbatch in physics is accepted' 20 submits
is 'the journal has no instant any more' "$(instants)" ''

# --- bad settings
settings 10 | sed /grace_ratio/d >"$CLUSTER_DIR/etc/bad.yaml"
fails 'grace_days without grace_ratio is refused' "$(sluice_find sluiced)" --check -f "$CLUSTER_DIR/etc/bad.yaml"
like 'the error names the place' "$OUT" 'bad.yaml:10:5: grace_days has no effect: without grace_ratio'

done_testing
