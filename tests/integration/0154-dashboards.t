#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Dashboards and alert rules with a real Prometheus: every expression returns series, the alerts fire while a fault lasts and stop
# afterwards. A copy of the rules has `for: 2s`; the shipped rules wait for minutes. No Grafana shows the dashboards here.
. "$(dirname "$0")/lib/harness.sh"
for tool in prometheus promtool python3 curl; do
    command -v "$tool" >/dev/null || skip_all "no $tool here"
done
contrib=$(cd "$HARNESS_LIB/../../../contrib" && pwd)
SLUICED_INTERVAL=1s
sluice_cluster_up
dir=$CLUSTER_DIR/etc
granted() { # granted PHYSICS
    cat <<END
http: {listen: "127.0.0.1:$PORT_HTTP"}
notifications:
  webhook: {url: "http://127.0.0.1:9/"}
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: $1}}
  chem: {allocation: {node_hours: 10}}
policies:
  - name: quarterly
    mode: enforce
    carryover: false
    actions: [notify_organization_owners, request_slurm_resource_downscaling, request_slurm_resource_pausing]
END
}
must 'sluiced starts' eval 'sluiced_up < <(granted 0)'
eventually 'sluiced makes the daily backup' 20 test -e "$CLUSTER_DIR/journal/sluice.db.$(date -u +%F).bak"

# --- Prometheus with the shipped scrape configuration; only paths, target, scheme and times are others
(umask 077 && sluice_cli -Q token add prometheus --role=reader >"$dir/prometheus.token")
sed -E 's/^( *for:) .*/\1 2s/' "$contrib/prometheus/sluice.rules.yml" >"$dir/sluice.rules.yml"
{
    printf 'global: {scrape_interval: 1s, evaluation_interval: 1s}\n'
    sed -e "s|/etc/prometheus/sluice.token|$dir/prometheus.token|; s|/etc/prometheus/rules/|$dir/|; s|scheme: https|scheme: http|" \
        -e "s|dbhost.example.org:6831|127.0.0.1:$PORT_HTTP|" "$contrib/prometheus/prometheus.yml"
} >"$dir/prometheus.yml"
ok 'promtool accepts the shipped rules' promtool check rules "$contrib/prometheus/sluice.rules.yml"
ok 'promtool accepts the shipped scrape configuration' promtool check config "$dir/prometheus.yml"
fails 'shipped rules have no short for:' grep -Eq 'for: *[0-9]+s' "$contrib/prometheus/sluice.rules.yml"
daemon_run prometheus prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$CLUSTER_DIR/run/tsdb" \
    --web.listen-address="127.0.0.1:$PORT_SPARE" --log.level=warn
ask() { python3 "$HARNESS_LIB/dashboards.py" "http://127.0.0.1:$PORT_SPARE" "$@"; }
has_series() { [ "$(ask count "$1")" -gt 0 ]; }
eventually 'Prometheus scrapes sluiced with a reader token' 20 has_series 'up{job="sluice"} == 1'
eventually 'Prometheus has rates of submissions' 20 has_series 'rate(sluice_submissions_refused_total[5m])'
eventually 'Prometheus has deltas of usage' 20 has_series 'delta(sluice_account_used_tres_seconds[1h])'

for board in site account health; do
    eventually "every panel of dashboard $board has series" 10 ask panels "$contrib/grafana/sluice-$board.json" \$account=chem '$instance=.*'
    ask panels "$contrib/grafana/sluice-$board.json" \$account=chem '$instance=.*' | while read -r line; do diag "$line"; done
done
fails 'a panel without series is found' eval 'sed s/sluice_config_refused/sluice_misspelt/ "$contrib/grafana/sluice-health.json" >"$dir/bad.json" && ask panels "$dir/bad.json" \$instance=.*'
ok 'every selector of every alert rule has series (Waldur: not on this cluster)' ask rules sluice_waldur_

# --- alerts
fires() { has_series "ALERTS{alertname=\"$1\",alertstate=\"firing\"}"; }
quiet() { [ "$(ask count "ALERTS{alertname=\"$1\",alertstate=\"firing\"}")" = 0 ]; }
eventually 'SluiceAccountPaused fires for a paused account' 20 fires SluiceAccountPaused
ok 'physics gets an allocation' eval 'sluiced_regrant < <(granted 100)'
eventually 'SluiceAccountPaused stops when the account is restored' 20 quiet SluiceAccountPaused
for alert in SluiceDown SluiceFiguresOld SluiceEvaluationFailed SluiceSourceDown SluiceSettingsRefused SluiceClockNotTrusted SluiceBackupFailed \
    SluiceMessagesRefused SluiceMessagesWaiting SluiceNoPlugin SluicePluginStale SluiceSnapshotNotStored SluicePluginFaults SluiceAccountsHeld; do
    is "$alert is quiet on a healthy cluster" "$(ask count "ALERTS{alertname=\"$alert\",alertstate=\"firing\"}")" 0
done

echo 'intervall: 1' >>"$dir/sluiced.yaml"
run sluiced_reload
eventually 'SluiceSettingsRefused fires for a file with an error' 20 fires SluiceSettingsRefused
ok 'sluiced loads the corrected file' eval 'sluiced_regrant < <(granted 100)'
eventually 'SluiceSettingsRefused stops with the corrected file' 20 quiet SluiceSettingsRefused

ok 'slurmdbd stops' slurmdbd_stop
eventually 'SluiceSourceDown fires without slurmdbd' 40 fires SluiceSourceDown
eventually 'SluiceFiguresOld fires without slurmdbd' 60 fires SluiceFiguresOld
ok 'slurmdbd starts' slurmdbd_start
eventually 'SluiceSourceDown stops with slurmdbd' 40 quiet SluiceSourceDown
eventually 'SluiceFiguresOld stops with slurmdbd' 40 quiet SluiceFiguresOld

# slurmctld that stands still keeps its connection, but takes no snapshot.
kill -STOP "$(daemon_pid slurmctld)"
run eval 'sluiced_settings < <(granted 0); sluiced_reload'
eventually 'SluicePluginStale fires while slurmctld stands still' 40 fires SluicePluginStale
kill -CONT "$(daemon_pid slurmctld)"
eventually 'SluicePluginStale stops when slurmctld goes on' 40 quiet SluicePluginStale
ok 'slurmctld stops' slurmctld_stop
eventually 'SluiceNoPlugin fires without slurmctld' 40 fires SluiceNoPlugin
ok 'slurmctld starts' slurmctld_start
eventually 'SluiceNoPlugin stops with slurmctld' 40 quiet SluiceNoPlugin

ok 'sluiced is killed' eval 'sluiced_kill9; true'
eventually 'SluiceDown fires without sluiced' 20 fires SluiceDown
ok 'sluiced starts again' sluiced_restart
eventually 'SluiceDown stops with sluiced' 20 quiet SluiceDown
done_testing
