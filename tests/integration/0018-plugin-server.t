#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Others who knock at the plugin server: noise, absurd lengths, credentials of another uid, replayed ones, silence. Each is
# closed and counted, the plugin's own session and the daemon are not disturbed.
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
must 'sluiced is up' eval 'sluiced_up < <(policy)'
pid=$(daemon_pid sluiced)
rejected() { sluice_cli plugins --json | sed -nE 's/.*"rejected_frames": *([0-9]+).*/\1/p'; }
more_than() { [ "$(rejected)" -gt "$1" ]; }
since=$(gate_field connected)
is 'nothing rejected yet' "$(rejected)" 0

# framed FILE: with its length in front, little-endian, as on the wire
framed() {
    local n
    n=$(stat -c %s "$1")
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24)))" && cat "$1"
}
# knock FILE: sends the bytes, waits until the other side closes; 0 if it closed within 15 s
knock() { timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && cat "$2" >&3 && cat <&3 >/dev/null' - "$PORT_GATE" "$1"; }
bytes=$CLUSTER_DIR/jobs/bytes
turned_away() { # turned_away NAME: the bytes in $bytes
    local seen
    seen=$(rejected)
    knock "$bytes" 2>/dev/null
    tap_point $(($? == 124)) "$1: closed"
    eventually "$1: counted" 5 more_than "$seen"
    is "$1: the daemon lives" "$(daemon_alive sluiced && daemon_pid sluiced)" "$pid"
}
head -c 3000 /dev/urandom >"$CLUSTER_DIR/jobs/noise"
framed "$CLUSTER_DIR/jobs/noise" >"$bytes"
turned_away 'noise of a good length'
printf 'GET / HTTP/1.0\r\n\r\n' >"$bytes"
turned_away 'HTTP'
{ printf '\377\377\377\377' && head -c 100000 /dev/zero; } >"$bytes"
turned_away 'a length of 4 GiB'
printf '\0\0\0\0' >"$bytes"
turned_away 'a length of 0'
printf '\0\0\1\0' >"$bytes"
turned_away 'a greeting of 64 KiB'
printf 'MUNGE:AwQDAA:' >"$CLUSTER_DIR/jobs/text" && framed "$CLUSTER_DIR/jobs/text" >"$bytes"
turned_away 'half a credential'

socket=$CLUSTER_DIR/run/munge.sock
as games munge --socket="$socket" --string=hello | tr -d '\n' >"$CLUSTER_DIR/jobs/text"
framed "$CLUSTER_DIR/jobs/text" >"$bytes"
turned_away 'a credential of games'
munge --socket="$socket" --string=hello | tr -d '\n' >"$CLUSTER_DIR/jobs/text"
framed "$CLUSTER_DIR/jobs/text" >"$bytes"
turned_away 'a credential of root with another content'
turned_away 'the same once more'

# Silence costs nothing but a connection: the daemon ends it, and others get through meanwhile.
for _ in {1..40}; do
    timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && cat <&3 >/dev/null' - "$PORT_GATE" &
done
ok 'forty silent connections: an evaluation' evaluate_now
fails 'the plugin still refuses' as games sbatch --wrap true
is 'in the same session' "$(gate_field connected)" "$since"
is 'its own frames were all good' "$(sluice_cli plugins -Q -n -P --format=host | wc -l)" 1
silence_over() { ! jobs -r | grep -q .; }
eventually 'the daemon ends them' 30 silence_over
logged=$(grep -c 'SLUICE-0603' "$(sluiced_log)")
diag "$(grep 'SLUICE-0603' "$(sluiced_log)")"
ok 'the log is not flooded' test "$logged" -le 12
is 'the daemon was one process' "$(daemon_pid sluiced)" "$pid"

# The other way round: who answers for the daemon must be root.
ok 'sluiced stops' sluiced_stop
connections() { grep -c 'connected to the daemon' "$(slurmctld_log)"; }
trusted=$(connections)
cat >"$CLUSTER_DIR/run/false.pl" <<'END'
use strict; $| = 1; use IO::Socket::INET;
my ($port, $noise) = @ARGV;
my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $listen->accept) { print "knocked\n"; syswrite $client, pack("V", length $noise) . $noise; sysread $client, my $answer, 65536; print "answered\n" if length $answer; close $client }
END
daemon_run false perl "$CLUSTER_DIR/run/false.pl" "$PORT_GATE" "$(as games munge --socket="$socket" --string=welcome | tr -d '\n')"
eventually 'the plugin comes to a false daemon of another uid' 20 eval '[ "$(grep -c knocked "$CLUSTER_DIR/log/false.out")" -ge 2 ]'
is 'and does not trust it' "$(connections)" "$trusted"
is 'nor sends it a byte' "$(grep -c answered "$CLUSTER_DIR/log/false.out")" 0
fails 'it keeps its verdicts' as games sbatch --wrap true
like 'of before' "$OUT" 'account physics is paused'
daemon_stop false
ok 'the true one returns' sluiced_restart
eventually 'and is heard' 40 plugin_current

# Only slurmctld's user and root may use the socket.
at_socket() { # at_socket USER: bytes that the daemon sends to USER; 'refused' without a connection
    as "$1" perl -e 'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or do { print "refused"; exit };
        alarm 3; $SIG{ALRM} = sub { print 0; exit }; sysread $s, my $bytes, 65536; print length($bytes // "")' "$CLUSTER_DIR/run/plugins.sock"
}
must 'sluiced with a socket, too' eval 'SLUICED_LISTEN="[\"unix:$CLUSTER_DIR/run/plugins.sock\", \"127.0.0.1:$PORT_GATE\"]"; sluiced_stop; sluiced_settings < <(policy) && sluiced_restart'
seen=$(rejected)
is 'a plain user receives nothing at the socket' "$(at_socket games)" 0
eventually 'and is counted' 5 more_than "$seen"
ok 'by name in the log' line_in "$(sluiced_log)" 'SLUICE-0603 frame-rejected peer="uid 5" why="not the user of slurmctld"'
isnt 'root receives a challenge' "$(at_socket root)" 0
sluice_conf "Daemon=unix:$CLUSTER_DIR/run/plugins.sock"
by_socket() { [ "$(gate_field address)" = unix ]; }
eventually 'the plugin comes by the socket' 20 by_socket
ok 'an evaluation' evaluate_now
fails 'and refuses' as games sbatch --wrap true
ok 'sluiced stops' sluiced_stop
ok 'its socket is gone' test ! -e "$CLUSTER_DIR/run/plugins.sock"
done_testing
