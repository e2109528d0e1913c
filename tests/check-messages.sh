#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every number that a log::event() uses is explained in docs/messages.md with the same word, and no number has two words.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 2
used=$(find common daemon waldur cli plugin \( -name '*.cpp' -o -name '*.hpp' \) -exec cat {} + | tr '\n' ' ' |
    grep -oE '"SLUICE-[0-9]{4}",[[:space:]]*"[a-z-]+"' | tr -d '",' | tr -s ' ' | sort -u)
[ -n "$used" ] || { echo "no message found: is this check broken?" && exit 1; }
bad=0
twice=$(echo "$used" | cut -d' ' -f1 | uniq -d)
[ -z "$twice" ] || { echo "two words for one number: $twice" && bad=1; }
while read -r number word; do
    grep -qF "**$number $word**" docs/messages.md || { echo "not in docs/messages.md: $number $word" && bad=1; }
done <<END
$used
END
[ $bad -eq 0 ] && echo "$(echo "$used" | wc -l) messages are explained"
exit $bad
