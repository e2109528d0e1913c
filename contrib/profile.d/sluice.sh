# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# One line at login when an account of the user is warned, downscaled or paused. To switch it on:
#   ln -s /usr/share/sluice/profile.d/sluice.sh /etc/profile.d/sluice.sh
# Interactive shells only. It takes less than 50 ms, also when sluiced does not answer: then it prints nothing.
case $- in
*i*)
    if [ -t 1 ] && command -v sluice >/dev/null 2>&1; then
        sluice balance --login 2>/dev/null
    fi
    ;;
esac
