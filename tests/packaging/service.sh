# SPDX-License-Identifier: GPL-2.0-or-later
# Starts the installed service by the ExecStart of its unit, without systemd: for throw-away views of a host (chroot_enter).
# Writes slurm.conf there. Uses tap.sh and wait.sh.
# shellcheck shell=bash

status_says() { /usr/bin/sluice status 2>&1 | grep -q -- "$1"; }
unit_line() { sed -n "s/^$1=//p" "$UNIT"; }

# policy_modes FILE: the modes of its policies, each once
policy_modes() { sed -n 's/^ *mode: *\([a-z]*\).*/\1/p' "$1" | sort -u | tr '\n' ' ' | sed 's/ $//'; }

# service_confined UNIT: the exposure that systemd 252 calculates for the unit, 0 (closed) to 100. The value is 22, and higher
# when nearly any of the lines that restrict the unit is missing.
service_confined() {
    ok 'systemd-analyze gives sluiced.service an exposure of at most 22' systemd-analyze security --no-pager --offline=true --threshold=22 "$1"
}

# service_restarts UNIT FILE: a temporary failure causes restarts within limits, wrong settings do not. FILE: for settings.
service_restarts() {
    UNIT=$1
    is 'unit restarts sluiced after a failure' "$(unit_line Restart)" on-failure
    isnt 'unit limits the number of restarts' "$(unit_line StartLimitBurst)" ''
    echo 'no_such_key: 1' >"$2"
    /usr/sbin/sluiced -D -f "$2" >/dev/null 2>&1
    is 'wrong settings end sluiced with the status that the unit does not restart' $? "$(unit_line RestartPreventExitStatus)"
}

# service_ready UNIT: without slurmdbd and slurmctld the service becomes ready all the same and reports what is missing
service_ready() {
    local words heard=/run/heard pid listener
    UNIT=$1
    printf '%s\n' ClusterName=lab SlurmctldHost=localhost AccountingStorageType=accounting_storage/slurmdbd \
        AccountingStorageHost=localhost >/etc/slurm/slurm.conf
    mkdir -m "$(unit_line RuntimeDirectoryMode)" "/run/$(unit_line RuntimeDirectory)"
    is 'unit has Type=notify' "$(unit_line Type)" notify
    python3 -uc 'import socket
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind("/run/notify")
while True: print(heard.recv(4096).decode())' >$heard &
    listener=$!
    wait_until 30 test -S /run/notify || diag 'the notify socket does not exist'
    words=$(unit_line ExecStart)
    words=${words//\$SLUICED_OPTIONS/}
    # With the rights that the unit gives to root, no more.
    # shellcheck disable=SC2086 # words, as systemd splits them
    (umask "$(unit_line UMask)" && NOTIFY_SOCKET=/run/notify exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \
        $words >/run/said 2>&1) &
    pid=$!
    ok 'service becomes ready with the installed settings and without slurmdbd' wait_until 60 grep -q 'READY=1' $heard
    ok 'service reports slurmdbd as away' wait_until 60 grep -q 'source-down source=slurmdbd' /run/said
    ok 'sluice status connects to the service' /usr/bin/sluice status
    ok 'sluice status reports that slurmdbd does not answer' wait_until 60 status_says 'slurmdbd does not answer'
    ok 'journal is in the StateDirectory of the unit' test -f "/var/lib/$(unit_line StateDirectory)/sluice.db"
    is 'journal has mode 0600 and owner root' "$(stat -c '%a %U' "/var/lib/$(unit_line StateDirectory)/sluice.db")" '600 root'
    kill "$pid"
    wait "$pid"
    is 'service ends with status 0 after SIGTERM' $? 0
    kill "$listener"
    wait "$listener" 2>/dev/null
    diag "$(cat /run/said)"
    echo 'ClusterName=lab' >/etc/slurm/slurm.conf
}
