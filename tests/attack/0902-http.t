#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile clients of the HTTP API over TCP: strangers, a stolen reader token, credentials made for another service, a browser
# misused by another site, malformed requests, clients that are slow or many.
. "$(dirname "$0")/lib.sh"
attack_prepare
attack_up "http: {listen: \"127.0.0.1:$PORT_HTTP\", request_timeout: 4s}"
STAFF=$(sluice_cli -Q token add staff --role=staff) READER=$(sluice_cli -Q token add reader --role=reader)
export STAFF READER MUNGE_SOCKET=$CLUSTER_DIR/run/munge.sock
attack_begin
hostile() { attacks python3 "$ATTACK_DIR/hostile_http.py" "127.0.0.1:$PORT_HTTP" "$1"; }

hostile strangers
hostile reader
hostile credentials
hostile replays
hostile browser
survived 'logins'
hostile paths
hostile smuggling
hostile bodies
survived 'parsers'
hostile slow
hostile crowd
survived 'slow and many clients'
attack_done
