#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon's life: one per journal, bad files, sources that go and come, its end, and a start after a crash.
. "$(dirname "$0")/lib/harness.sh"
sluice_needed
cluster_up
sluiced=$(sluice_find sluiced)
config=$CLUSTER_DIR/etc/sluiced.yaml
journal=$CLUSTER_DIR/state/sluice/sluice.db
log=$(sluiced_log)
export SLUICE_SOCKET=$CLUSTER_DIR/run/sluiced.sock

# write_config [EXTRA LINE...]
write_config() {
    cat >"$config" <<END
interval: 1s
timezone: UTC
contact: help@example.org
socket: $CLUSTER_DIR/run/sluiced.sock
journal: $journal
munge_socket: $CLUSTER_DIR/run/munge.sock
plugin_server: {listen: "127.0.0.1:$PORT_GATE"}
components:
  cpu_hours: {tres: cpu}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    grace_ratio: 0.2
    actions: [request_slurm_resource_pausing]
accounts:
  physics: {allocation: {cpu_hours: 1000}}
END
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$config"
}
count() { grep -c -- "$1" "$log"; }
reload() { kill -HUP "$(daemon_pid sluiced)"; }

# --- command line
ok 'it tells its version' "$sluiced" -V
like 'with its name' "$OUT" '^sluiced [0-9]'
fails 'an unknown option is refused' "$sluiced" --chek
is 'with status 2' "$RC" 2
write_config 'polices: []' 'interval: 5'
fails '--check refuses a bad file' "$sluiced" --check -f "$config"
like 'with file, line and column' "$OUT" "$config:[0-9]+:[0-9]+: "
write_config
ok '--check accepts a good one on the cluster' "$sluiced" --check -f "$config"
like 'and names the cluster' "$OUT" "$CLUSTER_NAME"
sed -i 's/tres: cpu/tres: gres\/fpga/' "$config"
fails '--check knows the TRES of the cluster' "$sluiced" --check -f "$config"
like 'and names the wrong one' "$OUT" 'gres/fpga'

# --- start
write_config
ok 'it starts' sluiced_start "$config"
like 'and says so' "$(cat "$log")" 'SLUICE-0101 daemon-started'
is 'the journal is private' "$(stat -c %a "$journal")" 600
is 'so is its folder' "$(stat -c %a "${journal%/*}")" 700
fails 'a second one on the same journal is refused' "$sluiced" -D -f "$config"
like 'and the first is named' "$OUT" "another sluiced .pid $(daemon_pid sluiced)."
eventually 'the limit is set' 20 eval 'test -n "$(account_field physics grptresmins)"'
fails 'nobody else may run it' as games "$sluiced" -D -f "$config"

# --- reload
write_config 'nonsense: 1'
reload
ok 'a bad new file is refused' wait_for_line 10 "$log" 'SLUICE-0201 settings-refused.*nonsense'
ok 'and the daemon goes on with the old one' sluice_cli status
sed -i '/^nonsense/d; s/cpu_hours: 1000/cpu_hours: 2000/' "$config"
reload
ok 'a good one is taken' wait_for_line 10 "$log" 'SLUICE-0202 settings-loaded'
eventually 'the limit follows' 20 account_is physics grptresmins cpu=144000

# --- sources go and come
# away NAME STOP START: one line when it goes, one when it is back
away() {
    local name=$1 down up mark
    mark=$(lines_of "$log")
    down=$(count "SLUICE-0301 source-down source=$name") up=$(count "SLUICE-0302 source-up source=$name")
    ok "$name stops" eval "$2"
    ok "the log says that $name is away" wait_for_line 30 "$log" "SLUICE-0301 source-down source=$name" "$mark"
    sleep 3 # some more evaluations: they must not repeat it
    is 'once' "$(count "SLUICE-0301 source-down source=$name")" $((down + 1))
    ok "$name starts" eval "$3"
    ok "the log says that $name is back" wait_for_line 60 "$log" "SLUICE-0302 source-up source=$name" "$mark"
    is 'once, too' "$(count "SLUICE-0302 source-up source=$name")" $((up + 1))
    is 'and nothing is away' "$(count_away)" 0
}
count_away() { echo $(($(count SLUICE-0301) - $(count SLUICE-0302))); }
pid=$(daemon_pid sluiced)
away slurmdbd slurmdbd_stop slurmdbd_start
away slurmctld slurmctld_stop slurmctld_start
away slurmdbd 'mariadb_kill9' 'mariadb_start'
away munge 'munged_kill9' 'munged_start'
is 'it was the same process all the time' "$(daemon_pid sluiced)" "$pid"

# --- end
# A zombie has ended; whoever inherited it may be slow to notice.
ended() { [ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }
# ends_soon NAME: SIGTERM, and the time until it is gone
ends_soon() {
    local pid began took
    pid=$(daemon_pid sluiced)
    began=${EPOCHREALTIME/./}
    kill -TERM "$pid"
    ok "$1" wait_until 5 ended "$pid"
    took=$(((${EPOCHREALTIME/./} - began) / 1000))
    ok "soon ($took ms)" test $took -le 10000 # two seconds, unless the machine is loaded
}
ends_soon 'SIGTERM ends it'
ok 'it starts again' sluiced_start "$config"
kill -STOP "$(daemon_pid slurmdbd)"
sleep 2
ends_soon 'SIGTERM ends it while slurmdbd hangs'
kill -CONT "$(daemon_pid slurmdbd)"
ok 'it starts after that' sluiced_start "$config"
sluiced_kill9
ok 'and after a kill -9' sluiced_start "$config"
sluiced_stop

# --- background
ok 'without -D the command returns when the daemon is ready' timeout 60 "$sluiced" -f "$config"
ok 'and it answers' sluice_cli status
pid=$(cat "$journal.lock")
kill -TERM "$pid"
ok 'and ends' wait_until 5 ended "$pid"
sed -i 's/^journal:.*/journal: \/proc\/none\/j.db/' "$config"
fails 'a start that fails is told to the person' timeout 60 "$sluiced" -f "$config"
like 'with the reason' "$OUT" 'sluiced: .*/proc/none'
done_testing
