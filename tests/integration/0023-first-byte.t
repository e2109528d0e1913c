#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sluiced is away, and a plain user listens in its place, by TCP and at a Unix socket: the plugin sends not one byte. The
# first frame of the plugin would be a credential of the user of slurmctld.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up
cat >"$CLUSTER_DIR/run/listener.pl" <<'END'
# listener.pl ADDRESS: a port of loopback, or a path; one line for each connection with the number of received bytes
use strict; $| = 1; use IO::Socket::INET; use IO::Socket::UNIX; use IO::Select;
my ($where) = @ARGV;
my $listen = $where =~ m{^/}
    ? IO::Socket::UNIX->new(Local => $where, Listen => 5)
    : IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $where, Listen => 5, ReuseAddr => 1);
die "$where: $!" unless $listen;
chmod 0666, $where if $where =~ m{^/};
while (my $client = $listen->accept) {
    my $bytes = '';
    # longer than the plugin needs to send, shorter than the plugin waits
    sysread $client, $bytes, 65536 if IO::Select->new($client)->can_read(3);
    print "connection: ", length $bytes, " bytes\n";
    close $client;
}
END
listener=$CLUSTER_DIR/log/listener.out
came() { [ "$(grep -c '^connection: ' "$listener")" -ge "$1" ]; }
received() { sed -nE 's/^connection: ([0-9]+) bytes$/\1/p' "$listener" | awk '{ sum += $1 } END { print sum + 0 }'; }

as_games=(setpriv --reuid=games --regid="$(id -g games)" --clear-groups)
mkdir -p "$CLUSTER_DIR/run/games" && chown games "$CLUSTER_DIR/run/games" && chmod 755 "$CLUSTER_DIR" "$CLUSTER_DIR/run"
daemon_run listener "${as_games[@]}" perl "$CLUSTER_DIR/run/listener.pl" "$PORT_PLUGINS"
eventually 'plugin connects to the TCP port where a user listens' 30 came 2
is 'plugin sends no byte to the TCP port of a user' "$(received)" 0
like 'slurmctld.log reports that the daemon closed the connection' "$(cat "$(slurmctld_log)")" "no daemon: 127.0.0.1:$PORT_PLUGINS: connection closed by the daemon"
daemon_stop listener

: >"$listener"
daemon_run listener "${as_games[@]}" perl "$CLUSTER_DIR/run/listener.pl" "$CLUSTER_DIR/run/games/plugins.sock"
sluice_conf "Daemon=unix:$CLUSTER_DIR/run/games/plugins.sock"
eventually 'plugin connects to the Unix socket where a user listens' 30 came 2
is 'plugin sends no byte to the Unix socket of a user' "$(received)" 0
like 'slurmctld.log names the uid of the user at the Unix socket' "$(cat "$(slurmctld_log)")" "the socket belongs to a process of uid $(id -u games)"
daemon_stop listener
ok 'slurmctld responds after both false daemons' scontrol ping
done_testing
