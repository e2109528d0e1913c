#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user with a shell on the daemon's host, at the Unix socket: a member of one account, a user of none, and what staff's
# own requests may not do to the parsers.
. "$(dirname "$0")/lib.sh"
attack_prepare
SLUICED_LISTEN="[\"127.0.0.1:$PORT_GATE\", \"unix:$CLUSTER_DIR/run/plugins.sock\"]"
attack_up
export MUNGE_SOCKET=$CLUSTER_DIR/run/munge.sock
cp "$ATTACK_DIR"/hostile_{http,peer}.py "$CLUSTER_DIR/jobs/"
hostile() { attacks as "$1" python3 hostile_http.py "$SLUICE_SOCKET" "${@:2}"; }

# mail belongs to chem, news to nothing; physics and what is below is not theirs
hostile mail users
hostile news users
attacks as games python3 hostile_peer.py user "$CLUSTER_DIR/run/plugins.sock"
fails 'a user removes the socket' as mail rm -f "$SLUICE_SOCKET"
fails 'a user reads the journal' as mail cat "$CLUSTER_DIR/journal/sluice.db"
fails 'a user reads the stored snapshot' as mail cat "$CLUSTER_DIR/state/sluice_snapshot"
survived 'users'
hostile mail smuggling bodies
hostile news slow crowd
survived 'parsers, time and number'
attack_done
