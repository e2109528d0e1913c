# SPDX-License-Identifier: GPL-2.0-or-later
# Debian roots of other releases and throw-away views of them. What runs in one has mount, pid, ipc, uts and network
# namespaces of its own: no process, mount or port is left, and the root itself is never changed.
# shellcheck shell=bash
# shellcheck disable=SC2016 # apt, dpkg and the inner shells expand what is in single quotes

# What runs under this ends when its caller does, in whatever way that one ends (unshare itself ignores SIGTERM).
CHROOT_OWN=(setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --propagation private)

# chroot_mirror: the Debian mirror that this host takes its own packages from
chroot_mirror() {
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
        awk -v codename="$codename" '$1 == codename { print $2; exit }'
}

# chroot_make SUITE ROOT: debootstraps into ROOT unless that was done. An interrupted one is begun anew.
chroot_make() {
    local suite=$1 root=$2 script='' mirror proxy=''
    [ ! -d "$root/usr/bin" ] || return 0
    mirror=$(chroot_mirror)
    [ -n "$mirror" ] || { echo 'apt on this host names no Debian mirror' >&2 && return 1; }
    # A release that this debootstrap does not know yet is made like sid.
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    rm -rf "$root.new"
    # debootstrap mounts /proc in the root, also when it is interrupted: in a namespace, so that rm finds no such thing.
    # shellcheck disable=SC2086 # no script is no argument
    http_proxy=${proxy:-${http_proxy:-}} "${CHROOT_OWN[@]}" debootstrap --variant=minbase "$suite" "$root.new" "$mirror" $script || {
        tail -n 20 "$root.new/debootstrap/debootstrap.log" >&2
        rm -rf "$root.new"
        return 1
    }
    mv "$root.new" "$root"
}

# chroot_install ROOT PACKAGE...: installs into ROOT for good what is missing of them; starts no service
chroot_install() {
    local root=$1 wanted
    shift
    wanted=$(chroot "$root" dpkg-query -W -f='${Package} ${db:Status-Status}\n' |
        awk -v names="$*" '$2 == "installed" { have[$1] = 1 }
            END { n = split(names, name, " "); for (i = 1; i <= n; i++) if (!(name[i] in have)) printf "%s ", name[i] }')
    [ -n "$wanted" ] || return 0
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    apt-config dump | grep -i '^Acquire::.*Proxy' >"$root/etc/apt/apt.conf.d/90host" || :
    # testing's index may be older than its lifetime, and this host's clock may be off: neither matters here
    # shellcheck disable=SC2086
    "${CHROOT_OWN[@]}" bash -c '
        root=$1; shift
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" || exit 1
        valid="-o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false"
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
        chroot "$root" dpkg --configure -a && # what an interrupted run left
        chroot "$root" apt-get $valid update -q &&
        chroot "$root" apt-get $valid install -qy --no-install-recommends "$@" &&
        chroot "$root" apt-get clean' - "$root" $wanted
}

# chroot_enter LOWER DIR COMMAND...: runs COMMAND in a throw-away view of the root LOWER ("/" is one too). Memory takes what
# is written, but for /tmp, which is DIR/tmp. Loopback is the only network.
chroot_enter() {
    local lower=$1 dir=$2
    shift 2
    mkdir -p "$dir"/{root,tmp} && chmod 1777 "$dir/tmp" || return 1
    "${CHROOT_OWN[@]}" --ipc --uts --net bash -c '
        lower=$1 dir=$2; shift 2
        layers=$dir/layers root=$dir/root
        # In memory: on disk the writable layer may lie within the other ("/"), or on a host that is itself an overlay.
        mkdir -p "$layers" && mount -t tmpfs tmpfs "$layers" && mkdir "$layers"/{upper,work} || exit 1
        mount -t overlay overlay -o "lowerdir=$lower,upperdir=$layers/upper,workdir=$layers/work" "$root" || exit 1
        mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp"
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
            mount -t sysfs -o ro sysfs "$root/sys" && mount -t tmpfs tmpfs "$root/run" &&
            mount --bind "$dir/tmp" "$root/tmp" || exit 1
        mkdir -m 1777 "$root/run/lock"
        echo matrix >/proc/sys/kernel/hostname
        printf "127.0.0.1 localhost\n127.0.0.1 matrix\n" >"$root/etc/hosts"
        # An address beside 127.0.0.1: without one glibc finds no IPv4 at all for a server that asks by AI_ADDRCONFIG.
        chroot "$root" ip link set lo up && chroot "$root" ip address add 198.51.100.1/32 dev lo || exit 1
        cd / && exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
            CI="${CI:-}" TERM="${TERM:-dumb}" chroot "$root" "$@"' - "$lower" "$dir" "$@"
}
