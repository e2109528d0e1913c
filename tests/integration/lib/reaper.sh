# SPDX-License-Identifier: GPL-2.0-or-later
# reaper.sh PID DIR: waits until the test PID has ended and then cleans DIR up. The test ends the reaper before its own
# clean-up, so the reaper acts only after a signal that no trap catches.
# shellcheck shell=bash
test_pid=$1 dir=$2
set --
trap '' INT HUP
tail --pid="$test_pid" -f /dev/null &
watch=$!
trap 'kill $watch; exit 0' TERM
echo $$ >"$dir/run/reaper.pid"
wait "$watch"
trap '' TERM
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"
scratch_clean "$dir"
