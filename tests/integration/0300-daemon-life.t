#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The life of sluiced: one process for each journal, wrong files, sources that fail and return, its end, a start after a crash.
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
plugin_server: {listen: "127.0.0.1:$PORT_PLUGINS"}
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
ok 'sluiced -V succeeds' "$sluiced" -V
like 'sluiced -V prints name and version' "$OUT" '^sluiced [0-9]'
fails 'an unknown option of sluiced is refused' "$sluiced" --chek
is 'an unknown option ends sluiced with status 2' "$RC" 2
write_config 'polices: []' 'interval: 5'
fails 'sluiced --check of a wrong file is refused' "$sluiced" --check -f "$config"
like 'sluiced --check names file, line and column' "$OUT" "$config:[0-9]+:[0-9]+: "
write_config
ok 'sluiced --check of a correct file succeeds' "$sluiced" --check -f "$config"
like 'sluiced --check names the cluster' "$OUT" "$CLUSTER_NAME"
sed -i 's/tres: cpu/tres: gres\/fpga/' "$config"
fails 'sluiced --check of a TRES that the cluster lacks is refused' "$sluiced" --check -f "$config"
like 'sluiced --check names the missing TRES' "$OUT" 'gres/fpga'

# --- start
write_config
ok 'sluiced starts' sluiced_start "$config"
like 'sluiced.log reports the start' "$(cat "$log")" 'SLUICE-0101 daemon-started'
is 'mode of the journal is 0600' "$(stat -c %a "$journal")" 600
is "mode of the journal's folder is 0700" "$(stat -c %a "${journal%/*}")" 700
fails 'a second sluiced with the same journal is refused' "$sluiced" -D -f "$config"
like 'refusal of the second sluiced names the pid of the first' "$OUT" "another sluiced .pid $(daemon_pid sluiced)."
eventually 'GrpTRESMins of physics is set' 20 eval 'test -n "$(account_field physics grptresmins)"'
fails 'start of sluiced by a plain user is refused' as games "$sluiced" -D -f "$config"

# --- reload
write_config 'nonsense: 1'
reload
ok 'a reload with a wrong file is refused' wait_for_line 10 "$log" 'SLUICE-0201 settings-refused.*nonsense'
ok 'sluiced responds after the refused reload' sluice_cli status
sed -i '/^nonsense/d; s/cpu_hours: 1000/cpu_hours: 2000/' "$config"
reload
ok 'a reload with a correct file succeeds' wait_for_line 10 "$log" 'SLUICE-0202 settings-loaded'
eventually 'GrpTRESMins of physics follows the reload' 20 account_is physics grptresmins cpu=144000

# --- sources fail and return
# away NAME STOP START: one log line when NAME fails, one when NAME is back
away() {
    local name=$1 down up mark
    mark=$(lines_of "$log")
    down=$(count "SLUICE-0301 source-down source=$name") up=$(count "SLUICE-0302 source-up source=$name")
    ok "$name stops" eval "$2"
    ok "sluiced.log reports that $name is away" wait_for_line 30 "$log" "SLUICE-0301 source-down source=$name" "$mark"
    sleep 3 # some more evaluations must not repeat the line
    is "sluiced.log has one more source-down line for $name" "$(count "SLUICE-0301 source-down source=$name")" $((down + 1))
    ok "$name starts" eval "$3"
    ok "sluiced.log reports that $name is back" wait_for_line 60 "$log" "SLUICE-0302 source-up source=$name" "$mark"
    is "sluiced.log has one more source-up line for $name" "$(count "SLUICE-0302 source-up source=$name")" $((up + 1))
    is "sluiced.log has as many source-up as source-down lines after $name is back" "$(count_away)" 0
}
count_away() { echo $(($(count SLUICE-0301) - $(count SLUICE-0302))); }
pid=$(daemon_pid sluiced)
away slurmdbd slurmdbd_stop slurmdbd_start
away slurmctld slurmctld_stop slurmctld_start
away slurmdbd 'mariadb_kill9' 'mariadb_start'
away munge 'munged_kill9' 'munged_start'
is 'sluiced kept its pid through all losses' "$(daemon_pid sluiced)" "$pid"

# --- end
# A zombie has ended; the process that inherited it may collect it late.
ended() { [ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }
# ends_soon NAME: sends SIGTERM and measures the time until the process has ended
ends_soon() {
    local pid began took
    pid=$(daemon_pid sluiced)
    began=${EPOCHREALTIME/./}
    kill -TERM "$pid"
    ok "$1" wait_until 5 ended "$pid"
    took=$(((${EPOCHREALTIME/./} - began) / 1000))
    ok "$1 soon ($took ms)" test $took -le 10000 # two seconds, unless the machine is loaded
}
ends_soon 'sluiced ends after SIGTERM'
ok 'sluiced starts after SIGTERM' sluiced_start "$config"
kill -STOP "$(daemon_pid slurmdbd)"
sleep 2
ends_soon 'sluiced ends after SIGTERM while slurmdbd hangs'
kill -CONT "$(daemon_pid slurmdbd)"
ok 'sluiced starts after slurmdbd hung' sluiced_start "$config"
sluiced_kill9
ok 'sluiced starts after kill -9' sluiced_start "$config"
sluiced_stop

# --- background
ok 'sluiced without -D returns when it is ready' timeout 60 "$sluiced" -f "$config"
ok 'sluiced without -D responds' sluice_cli status
pid=$(cat "$journal.lock")
kill -TERM "$pid"
ok 'sluiced without -D ends after SIGTERM' wait_until 5 ended "$pid"
sed -i 's/^journal:.*/journal: \/proc\/none\/j.db/' "$config"
fails 'start of sluiced without -D and with an impossible journal fails' timeout 60 "$sluiced" -f "$config"
like 'failed start of sluiced without -D prints the reason' "$OUT" 'sluiced: .*/proc/none'
done_testing
