#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Usage of a deleted sub-account stays with the accounts above it, before slurmdbd rolls it up as after: no pause is lifted by a
# deletion. Accounts that are deleted one below the other, and a restart of sluiced, change nothing.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

settings() {
    cat <<'END'
components: {cpu_minutes: {tres: cpu, unit_factor: 1}}
accounts:
  physics: {allocation: {cpu_minutes: 0.2}}
policies:
  - {name: monthly, mode: enforce, period: month, carryover: false, limits: false, actions: [request_slurm_resource_pausing]}
END
}
must 'account laser is added below optics' sacctmgr_do add account laser parent=optics description=x organization=x
must 'user man is added to laser' sacctmgr_do add user man account=laser
must 'job of optics runs' as man sbatch -A optics -n2 --wait --wrap 'sleep 4'
must 'job of laser runs' as man sbatch -A laser -n2 --wait --wrap 'sleep 4'
must 'sluiced starts' eval 'sluiced_up < <(settings)'
eventually 'physics is paused by jobs of the accounts below' 30 evaluation_makes physics paused
used=$(status_field physics used)
ok 'sacctmgr deletes account laser' sacctmgr_do delete account name=laser
ok 'evaluation after the first deletion succeeds' evaluate_now
is 'usage of physics is the same after laser is deleted' "$(status_field physics used)" "$used"
ok 'sacctmgr deletes account optics' sacctmgr_do delete account name=optics
ok 'evaluation after the second deletion succeeds' evaluate_now
is 'usage of physics is the same after optics is deleted' "$(status_field physics used)" "$used"
is 'physics stays paused after both deletions' "$(status_field physics standing)" paused
fails 'sbatch in physics is refused after both deletions' as games sbatch -A physics --test-only --wrap true
sluiced_stop
ok 'sluiced restarts after both deletions' sluiced_restart
ok 'evaluation after the restart succeeds' wait_until 15 evaluate_now
is 'usage of physics is the same after the restart' "$(status_field physics used)" "$used"
done_testing
