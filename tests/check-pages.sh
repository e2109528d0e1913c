#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every manual page is clean for mandoc, and each page that one of them points to with one of our names exists.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top/docs/man" || exit 2
command -v mandoc >/dev/null || { echo 'no mandoc here' && exit 77; }
mandoc -T lint -W warning -- * || exit 1
bad=0
if command -v man >/dev/null && command -v groff >/dev/null; then
    for page in *; do
        said=$(MANROFFSEQ='' man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
        [ -z "$said" ] || { echo "man -l $page: $said" && bad=1; }
    done
fi
for page in $(sed -nE 's/^\.[BI]R (sluice[a-z.-]*|job_submit_sluice) \(([0-9])\).*/\1.\2/p' -- * | sed 's/\\//g' | sort -u); do
    [ -e "$page" ] || { echo "no such page: $page" && bad=1; }
done
[ $bad -eq 0 ] && echo "$(printf '%s\n' * | wc -l) pages are clean"
exit $bad
