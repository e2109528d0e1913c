#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile peers of the protocol between plugin and sluiced: strangers at the port of sluiced, a user who listens in its place
# while sluiced is down, an attacker on the network who changes and repeats the frames of both.
. "$(dirname "$0")/lib.sh"
attack_prepare
attack_up
export MUNGE_SOCKET=$CLUSTER_DIR/run/munge.sock
USER_CREDENTIAL=$(as games munge --socket="$MUNGE_SOCKET" --string=hello | tr -d '\n')
export USER_CREDENTIAL
cp "$ATTACK_DIR/hostile_peer.py" "$CLUSTER_DIR/jobs/"
daemon=127.0.0.1:$PORT_PLUGINS between=$PORT_SPARE
hostile() { attacks python3 "$ATTACK_DIR/hostile_peer.py" "$@"; }
plugin_asks() { sluice_conf "Daemon=127.0.0.1:$1" "${@:2}"; } # read again within 2 s

since=$(plugin_field connected)
hostile knock "$daemon"
hostile silent "$daemon" 500
is 'strangers do not end the session of the plugin' "$(plugin_field connected)" "$since"
survived 'strangers'

# munged forgets the decoded credentials when it restarts, like the munged of a host that has not seen the session
plugin_asks "$between"
hostile record "$between" "$daemon" "$CLUSTER_DIR/run/session"
plugin_asks "$PORT_PLUGINS"
hostile replay "$daemon" "$CLUSTER_DIR/run/session"
ok 'munged restarts before the replay' eval 'munged_stop && munged_start'
hostile replay "$daemon" "$CLUSTER_DIR/run/session"
ok 'munged restarts before the replay to the plugin' eval 'munged_stop && munged_start'
plugin_asks "$between"
hostile replay-to-plugin "$between" "$CLUSTER_DIR/run/session"
plugin_asks "$PORT_PLUGINS"
survived 'a recorded session'

# without munge, only the session itself refuses a repeated frame
key=$CLUSTER_DIR/etc/sluice.key
(umask 077 && head -c 64 /dev/urandom >"$key")
ok 'sluiced stops before its port is taken over' sluiced_stop
attacks as games python3 hostile_peer.py catch "$PORT_PLUGINS" 3
SLUICED_PLUGIN_SERVER=", key_file: $key"
attack_settings
must 'sluiced starts with a key file' sluiced_restart
plugin_asks "$between" "KeyFile=$key"
attack_begin
hostile relay "$between" "$daemon"
plugin_asks "$PORT_PLUGINS" "KeyFile=$key"
hostile mutated "$daemon" "$key" "$CLUSTER_NAME"
eventually 'plugin connects after the relay' 20 plugin_current
python3 "$ATTACK_DIR/hostile_peer.py" flood "$daemon" 15 >"$CLUSTER_DIR/log/flood" &
since=$(plugin_field connected)
connected_anew() { [ "$(plugin_field connected)" != "$since" ] && plugin_current; }
sluice_conf "Daemon=localhost:$PORT_PLUGINS" "KeyFile=$key" # another name of the same address
eventually 'plugin connects during a flood of connections' 12 connected_anew
wait $!
diag "$(cat "$CLUSTER_DIR/log/flood")"
survived 'an attacker on the network'
attack_done
