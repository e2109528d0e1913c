# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of the web page in a real browser. Sourced after harness.sh by the tests that need it, before sluice_cluster_up.
# shellcheck shell=bash

python=/usr/bin/python3
for web_tool in chromium chromedriver curl "$python"; do
    command -v "$web_tool" >/dev/null || skip_all "no $web_tool here"
done
unset web_tool
"$python" -c 'import selenium' 2>/dev/null || skip_all 'python3-selenium is not installed'

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The array axe: path of axe-core, or nothing where npm is not installed.
axe_core() {
    axe=()
    if ! command -v npm >/dev/null; then
        diag 'no npm here: axe-core is not run'
        return
    fi
    must 'axe-core comes from the npm registry' \
        eval '(cd "$CLUSTER_DIR" && npm pack --silent --cache "$CLUSTER_DIR/npm" axe-core@4.10.2 && tar -xf axe-core-4.10.2.tgz package/axe.min.js)'
    axe=("$CLUSTER_DIR/package/axe.min.js")
}

# browser_checks PROGRAM ARGUMENT...: a program of lib in the background; its checks are in web.out when DIRECTORY/done exists.
# $shots is the DIRECTORY of web.py.
browser_checks() {
    local program=$1
    shift
    rm -f "$shots/done"
    (HOME=$CLUSTER_DIR "$python" "$HARNESS_LIB/$program" "$@" >"$CLUSTER_DIR/log/web.out" 2>"$CLUSTER_DIR/log/web.err"; touch "$shots/done") &
}

# browser_points LEAST: the checks as points of this test; fewer than LEAST: the browser stopped early.
browser_points() {
    local points=0 result name instead
    while IFS=$'\t' read -r result name instead; do
        points=$((points + 1))
        is "$name" "$result" ok
        [ "$result" = ok ] || diag "$instead"
    done <"$CLUSTER_DIR/log/web.out"
    ok 'the browser came to the end of its checks' test "$points" -gt "$1" || diag "$(tail -n 5 "$CLUSTER_DIR/log/web.err")"
}
