#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile clients of the HTTP API over TCP: strangers, a stolen reader token, credentials made for another service, a browser
# misused by another site, cookies and links of the web page, headers of an authenticating proxy, malformed requests, clients that are slow or many.
. "$(dirname "$0")/lib.sh"
attack_prepare
SECRET=0123456789abcdef0123456789abcdef
(umask 077 && echo "$SECRET" >"$CLUSTER_DIR/etc/proxy.secret")
attack_up "http: {listen: \"127.0.0.1:$PORT_HTTP\", request_timeout: 4s, proxy: {addresses: 127.0.0.1, secret_file: $CLUSTER_DIR/etc/proxy.secret}}"
STAFF=$(sluice_cli -Q token add staff --role=staff) READER=$(sluice_cli -Q token add reader --role=reader)
export STAFF READER SECRET MUNGE_SOCKET=$CLUSTER_DIR/run/munge.sock
attack_begin
hostile() { attacks python3 "$ATTACK_DIR/hostile_http.py" "127.0.0.1:$PORT_HTTP" "$1"; }

hostile strangers
hostile reader
hostile credentials
hostile replays
hostile browser
CODE=$(sluice_cli -Q web) CODE=${CODE##*/}
export CODE
hostile sessions
hostile proxy
survived 'logins'
hostile paths
hostile smuggling
hostile bodies
survived 'parsers'
hostile slow
hostile crowd
survived 'slow and many clients'
attack_done
