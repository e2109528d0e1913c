# SPDX-License-Identifier: GPL-2.0-or-later
# reaper.sh PID DIR: waits until the test PID is gone and then cleans DIR up. The test ends it before its own
# clean-up, so it acts only when the test was killed in a way that no trap sees.
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
