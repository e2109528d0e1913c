#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each test that SECURITY.md names exists, and each test of tests/attack is named there.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 2
named=$(grep -oE '`tests/[A-Za-z0-9_./-]+`' SECURITY.md | tr -d '`' | sort -u)
bad=0
for file in $named; do
    [ -e "$file" ] || { echo "SECURITY.md names $file, which does not exist" && bad=1; }
done
for file in tests/attack/*.t; do
    echo "$named" | grep -qx "$file" || { echo "SECURITY.md does not name $file" && bad=1; }
done
[ $bad -eq 0 ] && echo "SECURITY.md names $(echo "$named" | grep -c .) tests"
exit $bad
