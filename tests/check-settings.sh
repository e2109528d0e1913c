#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every key that the reader of the settings asks for is in sluiced.yaml(5), and the example has no other keys, those in
# its commented lines included.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 2
page=docs/man/sluiced.yaml.5 example=contrib/sluiced.yaml
# import.cpp and unused_keys.cpp read another program's file.
keys=$(find common/settings -name '*.cpp' ! -name import.cpp ! -name unused_keys.cpp -exec cat {} + | tr '\n' ' ' |
    grep -oE '(\.(read|take|choose)\(|read_template\([a-z]+, *"[a-z]+",|(read_[a-z]+|read_own_match|stands_alone|switchable|local_time)\([a-z_]+,) *"[a-z_]+"' |
    sed 's/.*"\(.*\)"/\1/' | sort -u)
[ "$(echo "$keys" | wc -l)" -gt 60 ] || { echo "only these keys found, is this check broken? $keys" && exit 1; }
bad=0
words=$(sed 's/\\-/-/g' $page | grep -oE '[a-z_]+' | sort -u)
for key in $keys; do
    echo "$words" | grep -qx "$key" || { echo "not in $page: $key" && bad=1; }
done
# What stands directly under components and accounts are names of the site's own; comments begin with "# ".
for key in $(sed -E 's/^( *)#([a-z_]+:)/\1\2/; s/#.*//' $example |
    awk '/^[a-z]/ { names = /^(components|accounts|contacts):/ } names && /^ +[a-z]/ { sub(/^ +[a-z_]+: *[{]?/, ""); sub(/^allocation: .*/, "allocation:") } { print }' |
    grep -oE '(^|[ {,])[a-z_]+:( |$)' | tr -d ' {,:'); do
    echo "$keys" | grep -qx "$key" || { echo "$example: no such key: $key" && bad=1; }
done
[ $bad -eq 0 ] && echo "$(echo "$keys" | wc -l) keys are in $page"
exit $bad
