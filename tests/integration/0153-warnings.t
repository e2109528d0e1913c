#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A warning comes once a day for each user and account, says what follows, and a refusal ends with a line for programs.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS: for physics
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    grace_ratio: 0.2
    actions: [request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
must 'sluiced starts' eval 'sluiced_up < <(granted 1000)'
ok 'sbatch on four nodes in physics is accepted' as games sbatch --parsable -A physics -N4 -t30 --wrap 'sleep 8'
job=$(grep -oxE '[0-9]+' <<<"$OUT")
eventually 'the job ends' 40 job_is "$job" COMPLETED
ok 'evaluation after the job succeeds' evaluate_now
used=$(status_field physics used)
ok 'physics gets a tenth more than it has used' eval \
    'sluiced_regrant < <(granted "$(awk -v u="$used" "BEGIN { printf \"%.6f\", u * 1.1 }")")'

submitted() { as games sbatch --parsable -H -A physics --wrap true; }
ok 'sbatch in warned physics is accepted' submitted
like 'first sbatch of the day has the figures' "$OUT" 'account physics: .* node_hours used'
like 'the warning says what follows' "$OUT" 'Jobs are slower from 100 % on.*Jobs are refused from 120 % on'
ok 'the second sbatch is accepted' submitted
unlike 'the second sbatch of the day has no warning' "$OUT" 'node_hours'
ok 'sbatch of another user is accepted' as lp sbatch --parsable -H -A physics --wrap true
like 'another user is warned' "$OUT" 'account physics: .* node_hours used'
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" 'WarnEvery=0'
warned_again() { submitted 2>&1 | grep -q 'node_hours used'; }
eventually 'WarnEvery=0 warns with each sbatch' 20 warned_again

ok 'sluiced pauses physics, which gets half of what it has used' eval \
    'sluiced_regrant < <(granted "$(awk -v u="$used" "BEGIN { printf \"%.6f\", u / 2 }")")'
fails 'sbatch in paused physics is refused' submitted
like 'the refusal ends with a line for programs' "$OUT" '\[sluice: paused account=physics until=20[0-9-]+T[0-9:]+Z\]'
sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" 'RefusalCode=no'
without_code() {
    local text
    if text=$(submitted 2>&1); then
        return 1
    fi
    ! grep -qF '[sluice:' <<<"$text"
}
eventually 'RefusalCode=no leaves that line out' 20 without_code
done_testing
