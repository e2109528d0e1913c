#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Strangers at the plugin server: random bytes, wrong lengths, credentials of another uid, replayed credentials, silence. Each
# connection is closed and counted; the session of the plugin and sluiced are not disturbed.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
policy() {
    cat <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}
must 'sluiced starts' eval 'sluiced_up < <(policy)'
pid=$(daemon_pid sluiced)
rejected() { sluice_cli plugins --json | sed -nE 's/.*"rejected_frames": *([0-9]+).*/\1/p'; }
more_than() { [ "$(rejected)" -gt "$1" ]; }
since=$(plugin_field connected)
is 'sluice plugins --json shows no rejected frame at the start' "$(rejected)" 0

# framed FILE: the content with its length in front, little-endian, as on the wire
framed() {
    local n
    n=$(stat -c %s "$1")
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24)))" && cat "$1"
}
# knock FILE: sends the bytes, waits until the other side closes; 0 if it closed within 15 s
knock() { timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && cat "$2" >&3 && cat <&3 >/dev/null' - "$PORT_PLUGINS" "$1"; }
bytes=$CLUSTER_DIR/jobs/bytes
turned_away() { # turned_away NAME: the bytes in $bytes
    local seen
    seen=$(rejected)
    knock "$bytes" 2>/dev/null
    tap_point $(($? == 124)) "$1: connection is closed"
    eventually "$1: rejected frame is counted" 5 more_than "$seen"
    is "$1: sluiced keeps its pid" "$(daemon_alive sluiced && daemon_pid sluiced)" "$pid"
}
head -c 3000 /dev/urandom >"$CLUSTER_DIR/jobs/noise"
framed "$CLUSTER_DIR/jobs/noise" >"$bytes"
turned_away 'random bytes with a valid length'
printf 'GET / HTTP/1.0\r\n\r\n' >"$bytes"
turned_away 'an HTTP request'
{ printf '\377\377\377\377' && head -c 100000 /dev/zero; } >"$bytes"
turned_away 'a length of 4 GiB'
printf '\0\0\0\0' >"$bytes"
turned_away 'a length of 0'
printf '\0\0\1\0' >"$bytes"
turned_away 'a length of 64 KiB without content'
printf 'MUNGE:AwQDAA:' >"$CLUSTER_DIR/jobs/text" && framed "$CLUSTER_DIR/jobs/text" >"$bytes"
turned_away 'a truncated credential'

socket=$CLUSTER_DIR/run/munge.sock
as games munge --socket="$socket" --string=hello | tr -d '\n' >"$CLUSTER_DIR/jobs/text"
framed "$CLUSTER_DIR/jobs/text" >"$bytes"
turned_away 'a credential of games'
munge --socket="$socket" --string=hello | tr -d '\n' >"$CLUSTER_DIR/jobs/text"
framed "$CLUSTER_DIR/jobs/text" >"$bytes"
turned_away 'a credential of root for another content'
turned_away 'a replayed credential of root'

# A silent connection: sluiced closes it after a while, and other peers connect meanwhile.
for _ in {1..40}; do
    timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && cat <&3 >/dev/null' - "$PORT_PLUGINS" &
done
ok 'evaluation with forty silent connections succeeds' evaluate_now
fails 'sbatch in physics is refused during the silent connections' as games sbatch --wrap true
is 'plugin keeps its session during the silent connections' "$(plugin_field connected)" "$since"
is 'sluice plugins shows one plugin after the rejected frames' "$(sluice_cli plugins -Q -n -P --format=host | wc -l)" 1
silence_over() { ! jobs -r | grep -q .; }
eventually 'sluiced closes the forty silent connections' 30 silence_over
logged=$(grep -c 'SLUICE-0603' "$(sluiced_log)")
diag "$(grep 'SLUICE-0603' "$(sluiced_log)")"
ok 'sluiced.log has at most 12 lines about rejected frames' test "$logged" -le 12
is 'sluiced keeps its pid through all strangers' "$(daemon_pid sluiced)" "$pid"

# The other direction: the plugin accepts a sluiced of root only.
ok 'sluiced stops before a false daemon starts' sluiced_stop
connections() { grep -c 'connected to the daemon' "$(slurmctld_log)"; }
trusted=$(connections)
cat >"$CLUSTER_DIR/run/false.pl" <<'END'
use strict; $| = 1; use IO::Socket::INET;
my ($port, $noise) = @ARGV;
my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $listen->accept) { print "knocked\n"; syswrite $client, pack("V", length $noise) . $noise; sysread $client, my $answer, 65536; print "answered\n" if length $answer; close $client }
END
daemon_run false perl "$CLUSTER_DIR/run/false.pl" "$PORT_PLUGINS" "$(as games munge --socket="$socket" --string=welcome | tr -d '\n')"
eventually 'plugin connects to the false daemon of another uid' 20 eval '[ "$(grep -c knocked "$CLUSTER_DIR/log/false.out")" -ge 2 ]'
is 'plugin does not accept the false daemon' "$(connections)" "$trusted"
is 'plugin sends no byte to the false daemon' "$(grep -c answered "$CLUSTER_DIR/log/false.out")" 0
fails 'sbatch in physics is refused while the false daemon listens' as games sbatch --wrap true
like 'refusal names paused account physics while the false daemon listens' "$OUT" 'account physics is paused'
daemon_stop false
ok 'sluiced starts after the false daemon' sluiced_restart
eventually 'plugin connects to sluiced after the false daemon' 40 plugin_current

# Only root and the user of slurmctld may use the Unix socket.
at_socket() { # at_socket USER: bytes that the daemon sends to USER; 'refused' without a connection
    as "$1" perl -e 'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or do { print "refused"; exit };
        alarm 3; $SIG{ALRM} = sub { print 0; exit }; sysread $s, my $bytes, 65536; print length($bytes // "")' "$CLUSTER_DIR/run/plugins.sock"
}
must 'sluiced starts with a TCP port and a Unix socket' eval 'SLUICED_LISTEN="[\"unix:$CLUSTER_DIR/run/plugins.sock\", \"127.0.0.1:$PORT_PLUGINS\"]"; sluiced_stop; sluiced_settings < <(policy) && sluiced_restart'
seen=$(rejected)
is 'a plain user receives no byte at the Unix socket' "$(at_socket games)" 0
eventually 'connection of a plain user at the Unix socket is counted as rejected' 5 more_than "$seen"
ok 'sluiced.log names the uid of the plain user at the Unix socket' line_in "$(sluiced_log)" 'SLUICE-0603 frame-rejected peer="uid 5" why="not the user of slurmctld"'
isnt 'root receives a challenge at the Unix socket' "$(at_socket root)" 0
sluice_conf "Daemon=unix:$CLUSTER_DIR/run/plugins.sock"
by_socket() { [ "$(plugin_field address)" = unix ]; }
eventually 'plugin connects by the Unix socket' 20 by_socket
ok 'evaluation with the plugin at the Unix socket succeeds' evaluate_now
fails 'sbatch in physics is refused with the plugin at the Unix socket' as games sbatch --wrap true
ok 'sluiced stops with a Unix socket' sluiced_stop
ok 'sluiced removes the plugin socket when it ends' test ! -e "$CLUSTER_DIR/run/plugins.sock"
done_testing
