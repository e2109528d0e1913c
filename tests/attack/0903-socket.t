#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user with a shell on the host of sluiced, at the Unix socket: a member of one account, a user without account, and malformed
# requests by both. A page in the browser of root, who forwarded the socket.
. "$(dirname "$0")/lib.sh"
attack_prepare
SLUICED_LISTEN="[\"127.0.0.1:$PORT_PLUGINS\", \"unix:$CLUSTER_DIR/run/plugins.sock\"]"
attack_up
export MUNGE_SOCKET=$CLUSTER_DIR/run/munge.sock
cp "$ATTACK_DIR"/hostile_{http,peer}.py "$CLUSTER_DIR/jobs/"
hostile() { attacks as "$1" python3 hostile_http.py "$SLUICE_SOCKET" "${@:2}"; }

# mail belongs to chem, news to no account; physics and its sub-accounts are foreign to both
hostile mail users
hostile news users
attacks as games python3 hostile_peer.py user "$CLUSTER_DIR/run/plugins.sock"
attacks python3 "$ATTACK_DIR/hostile_http.py" "$SLUICE_SOCKET" rebinding
fails 'rm of the socket by a plain user is refused' as mail rm -f "$SLUICE_SOCKET"
fails 'cat of the journal by a plain user is refused' as mail cat "$CLUSTER_DIR/journal/sluice.db"
fails 'cat of the stored snapshot by a plain user is refused' as mail cat "$CLUSTER_DIR/state/sluice_snapshot"
survived 'users'
hostile mail smuggling bodies
hostile news slow crowd
survived 'malformed requests, slow and many clients'
attack_done
