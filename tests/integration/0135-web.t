#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web page in a real browser on a real cluster: each view at three widths, dark and in print, filters, keyboard, refresh, the
# dialogs of staff with good and bad input, hostile names, a daemon that restarts, a token that is removed, a user without a token. axe-core
# looks at each view where npm is installed.
. "$(dirname "$0")/lib/harness.sh"
. "$HARNESS_LIB/web.sh"
sluice_cluster_up

script='<script>alert(1)<' # slurmdbd takes any other character than a quotation mark
long=$(printf 'a%.0s' $(seq 110))
sacctmgr_do add account "$script,$long,geo" parent=univ description=x organization=x
port=$(free_port)
must 'sluiced starts' eval 'sluiced_up' <<END
http: {listen: "127.0.0.1:$port"}
components:
  cpu_minutes: {tres: cpu, unit_factor: 1}
accounts:
  physics: {allocation: {cpu_minutes: 1}}
  optics: {allocation: {cpu_minutes: 500}}
  chem: {allocation: {cpu_minutes: 100000}}
  geo: {allocation: {cpu_minutes: 0}}
  nowhere: {allocation: {cpu_minutes: 1}}
  "$script": {allocation: {cpu_minutes: 10}}
  $long: {allocation: {cpu_minutes: 10}}
policies:
  - name: monthly
    mode: enforce
    accounts: [physics, optics, chem, "$script", $long]
    period: month
    limits: false
    grace_ratio: 0.2
    actions: [notify_organization_owners, request_slurm_resource_downscaling, request_slurm_resource_pausing]
  - name: watch
    mode: observe
    accounts: [geo]
    period: quarter
    actions: [request_slurm_resource_pausing]
END
waits() { evaluate_now && sluice_cli explain physics | grep -qE 'queued job waits|holds 1 queued job'; }
ok 'a job in physics uses more than its allocation' as games timeout 120 srun -A physics -n8 sleep 12
must 'a job waits in physics' as games sbatch -A physics -o /dev/null --begin=now+2hours --wrap true
ok 'physics becomes paused' wait_until 60 evaluation_makes physics paused
ok 'the job waits because of the pause' wait_until 30 waits

staff=$(sluice_cli -Q token add page --role=staff) reader=$(sluice_cli -Q token add reader --role=reader)
shots=${SLUICE_TEST_SHOTS:-$CLUSTER_DIR/shots}
mkdir -p "$shots"
axe_core

forward=$(free_port)
as games "$python" "$HARNESS_LIB/web.py" --forward "$forward" "$SLUICE_SOCKET" &

# The browser asks for a restart by files: see web.py.
serve() {
    while [ ! -e "$shots/done" ]; do
        [ ! -e "$shots/stop" ] || { sluiced_stop && rm -f "$shots/stop"; }
        [ ! -e "$shots/start" ] || { sluiced_restart && rm -f "$shots/start"; }
        [ ! -e "$shots/revoke" ] || { sluice_cli token remove page && rm -f "$shots/revoke"; }
        sleep 0.2
    done
}
browser_checks web.py "http://127.0.0.1:$port/" "$staff" "$reader" "$shots" "http://127.0.0.1:$forward/" "${axe[@]}"
serve
browser_points 100
unlike 'sluiced.log has no fault of the API' "$(cat "$(sluiced_log)")" SLUICE-0501
unlike 'sluiced.log has no token' "$(cat "$(sluiced_log)")" "$staff"
done_testing
