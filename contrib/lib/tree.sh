# SPDX-License-Identifier: GPL-2.0-or-later
# A copy of the source tree as it stands: with changes that are not committed, without what builds left in it.
# shellcheck shell=bash

tree_copy() { # tree_copy FROM TO
    local file
    mkdir -p "$2" || return 1
    (
        cd "$1" || exit 1
        if git -c safe.directory='*' rev-parse --git-dir >/dev/null 2>&1; then
            git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
                while IFS= read -r -d '' file; do
                    [ ! -e "$file" ] || printf '%s\0' "$file"
                done | tar -c --null -T - -f -
        else
            tar -c --exclude=./.git . # a release's tarball, unpacked
        fi
    ) | tar -x -C "$2" -f -
}
