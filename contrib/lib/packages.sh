# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what contrib/demo.sh and contrib/test.sh need on Debian, and only what is missing. Starts no service.
# shellcheck shell=bash

packages_list() { # packages_list GROUP...
    local group list
    list=$(dirname "${BASH_SOURCE[0]}")/../packages-debian.txt
    for group; do awk -v group="$group" '$1 == group { print $2 }' "$list"; done
}

packages_missing() { # packages_missing GROUP...
    local name
    for name in $(packages_list "$@"); do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
    done
}

# packages_install GROUP...: 0 when all are there; names what is missing where it cannot install
packages_install() {
    local missing own_policy=0 rc
    command -v dpkg-query >/dev/null || { echo "no dpkg here: install what $(packages_list "$@" | tr '\n' ' ') have" && return 0; }
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "missing packages, run as root or install them: $missing"
        return 1
    fi
    echo "installing $missing"
    # The daemons' packages would start services; we only want the programs.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
        own_policy=1
    fi
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -q && apt-get install -qy --no-install-recommends "$@"' - $missing
    rc=$?
    [ $own_policy -eq 0 ] || rm -f /usr/sbin/policy-rc.d
    [ $rc -eq 0 ] && [ -z "$(packages_missing "$@")" ]
}
