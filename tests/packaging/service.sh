# SPDX-License-Identifier: GPL-2.0-or-later
# The installed service as its unit starts it, without a systemd: for throw-away views of a host (chroot_enter), whose
# slurm.conf it writes. It uses tap.sh and wait.sh.
# shellcheck shell=bash

status_says() { /usr/bin/sluice status 2>&1 | grep -q -- "$1"; }
unit_line() { sed -n "s/^$1=//p" "$UNIT"; }

# policy_modes FILE: the modes that its policies are in, each once
policy_modes() { sed -n 's/^ *mode: *\([a-z]*\).*/\1/p' "$1" | sort -u | tr '\n' ' ' | sed 's/ $//'; }

# service_confined UNIT: what systemd 252 says of how far it opens the host to the daemon, 0 (closed) to 100. It says 22, and
# more without nearly any of the lines that close it.
service_confined() {
    ok 'the unit keeps the daemon from what it has no use for' systemd-analyze security --no-pager --offline=true --threshold=22 "$1"
}

# service_restarts UNIT FILE: a passing failure is tried again within limits, errors in the settings are not. FILE: for settings.
service_restarts() {
    UNIT=$1
    is 'the unit starts sluiced again after a failure' "$(unit_line Restart)" on-failure
    isnt 'the unit limits how often it starts sluiced' "$(unit_line StartLimitBurst)" ''
    echo 'no_such_key: 1' >"$2"
    /usr/sbin/sluiced -D -f "$2" >/dev/null 2>&1
    is 'errors in the settings end sluiced with the status that the unit does not restart' $? "$(unit_line RestartPreventExitStatus)"
}

# service_ready UNIT: no slurmdbd and no slurmctld are there: it is ready all the same, and says what is missing
service_ready() {
    local words heard=/run/heard pid listener
    UNIT=$1
    printf '%s\n' ClusterName=lab SlurmctldHost=localhost AccountingStorageType=accounting_storage/slurmdbd \
        AccountingStorageHost=localhost >/etc/slurm/slurm.conf
    mkdir -m "$(unit_line RuntimeDirectoryMode)" "/run/$(unit_line RuntimeDirectory)"
    is 'systemd is to be told' "$(unit_line Type)" notify
    python3 -uc 'import socket
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind("/run/notify")
while True: print(heard.recv(4096).decode())' >$heard &
    listener=$!
    wait_until 30 test -S /run/notify || diag 'nobody listens'
    words=$(unit_line ExecStart)
    words=${words//\$SLUICED_OPTIONS/}
    # With no more rights than the unit gives to root.
    # shellcheck disable=SC2086 # words, as systemd splits them
    (umask "$(unit_line UMask)" && NOTIFY_SOCKET=/run/notify exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \
        $words >/run/said 2>&1) &
    pid=$!
    ok 'the service becomes ready, with the configuration as installed and slurmdbd away' wait_until 60 grep -q 'READY=1' $heard
    ok 'it waits for slurmdbd' wait_until 60 grep -q 'source-down source=slurmdbd' /run/said
    ok 'the command line finds it' /usr/bin/sluice status
    ok 'and hears what is missing' wait_until 60 status_says 'slurmdbd does not answer'
    ok 'its journal is where the unit keeps state' test -f "/var/lib/$(unit_line StateDirectory)/sluice.db"
    is 'for nobody else' "$(stat -c '%a %U' "/var/lib/$(unit_line StateDirectory)/sluice.db")" '600 root'
    kill "$pid"
    wait "$pid"
    is 'it ends when it is told to' $? 0
    kill "$listener"
    wait "$listener" 2>/dev/null
    diag "$(cat /run/said)"
    echo 'ClusterName=lab' >/etc/slurm/slurm.conf
}
