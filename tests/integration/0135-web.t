#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web page in a real browser on a real cluster: each view at three widths, dark and in print, filters, keyboard, refresh, the
# dialogs of staff with good and bad input, hostile names, a daemon that restarts, a token that is removed, a user without a token. axe-core
# looks at each view where npm is installed.
. "$(dirname "$0")/lib/harness.sh"
python=/usr/bin/python3
for tool in chromium chromedriver "$python"; do
    command -v "$tool" >/dev/null || skip_all "no $tool here"
done
"$python" -c 'import selenium' 2>/dev/null || skip_all 'python3-selenium is not installed'
sluice_cluster_up

script='<script>alert(1)<' # slurmdbd takes any other character than a quotation mark
long=$(printf 'a%.0s' $(seq 110))
sacctmgr_do add account "$script,$long,geo" parent=univ description=x organization=x
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
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
axe=()
if command -v npm >/dev/null; then
    must 'axe-core comes from the npm registry' \
        eval '(cd "$CLUSTER_DIR" && npm pack --silent --cache "$CLUSTER_DIR/npm" axe-core@4.10.2 && tar -xf axe-core-4.10.2.tgz package/axe.min.js)'
    axe=("$CLUSTER_DIR/package/axe.min.js")
else
    diag 'no npm here: axe-core is not run'
fi

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
rm -f "$shots/done"
(HOME=$CLUSTER_DIR "$python" "$HARNESS_LIB/web.py" "http://127.0.0.1:$port/" "$staff" "$reader" "$shots" "http://127.0.0.1:$forward/" "${axe[@]}" >"$CLUSTER_DIR/log/web.out" 2>"$CLUSTER_DIR/log/web.err"; touch "$shots/done") &
serve
points=0
while IFS=$'\t' read -r result name instead; do
    points=$((points + 1))
    is "$name" "$result" ok
    [ "$result" = ok ] || diag "$instead"
done <"$CLUSTER_DIR/log/web.out"
ok 'the browser came to the end of its checks' test "$points" -gt 100 || diag "$(tail -n 5 "$CLUSTER_DIR/log/web.err")"
unlike 'sluiced.log has no fault of the API' "$(cat "$(sluiced_log)")" SLUICE-0501
unlike 'sluiced.log has no token' "$(cat "$(sluiced_log)")" "$staff"
done_testing
