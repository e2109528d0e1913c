#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The program reads every yaml block of the guides: sluiced --check the settings, sluice simulate the scenarios. A block that
# shows a part of a file is put into a whole file. Texts that docs/guide/symptoms.md quotes exist in the source, and so do
# pages that a page links.
# tests/integration/0330-guides.t runs the commands of the guides.
set -u
build=$(cd "${SLUICE_BUILDDIR:-.}" && pwd)
cd "${SLUICE_SRCDIR:-$(dirname "$0")/..}" || exit 2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
SLURM_CONF=/nonexistent # what a cluster at hand has is not asked
export SLURM_CONF

# One file for each block, named by where it begins, without the indentation of a block within a list.
awk -v dir="$dir" '
    /^ *```/ { if (out) close(out); out = ""; if (/^ *```yaml$/) { indent = index($0, "`"); name = FILENAME
        gsub("/", ":", name); out = dir "/" name ":" FNR ".block" } ; next }
    out { print substr($0, indent) > out }' README.md docs/*.md docs/guide/*.md
[ "$(find "$dir" -name '*.block' | wc -l)" -ge 8 ] || { echo 'hardly any block found: is this check broken?' && exit 1; }

whole() { # whole BLOCK: a file that has all that the program asks for
    case $(head -n 1 "$1") in
        mode:* | actions:*) # keys of one policy
            printf '%s\n' 'components: {node_hours: {tres: node}}' 'policies:' '  - name: quarterly'
            sed 's/^/    /' "$1" ;;
        waldur:*) # a part of the block that waldur.md begins with
            sed '1a\
  waldur_api_url: https://waldur.example.org/api/\
  waldur_offering_uuid: 2a3b4c5d-6e7f-4081-8283-848586878889\
  waldur_api_token_file: /etc/sluice/waldur.token' "$1" ;;
        *) cat "$1" ;;
    esac
}

bad=0 count=0
for block in "$dir"/*.block; do
    count=$((count + 1))
    whole "$block" >"$dir/whole.yaml"
    if grep -q '^steps:' "$block"; then
        "$build/sluice" simulate "$dir/whole.yaml" >"$dir/said" 2>&1
    else
        "$build/sluiced" --check -f "$dir/whole.yaml" >"$dir/said" 2>&1
    fi
    [ $? -eq 0 ] || { bad=1 && echo "$(basename "$block" .block): refused:" && cat "$dir/said" "$dir/whole.yaml"; }
done

# The literals of the source, adjacent ones joined; what a text has between its parts is "..." in the guide.
find common daemon plugin cli waldur -name '*.[ch]pp' -exec cat {} + 2>/dev/null | tr '\n' ' ' | sed 's/" *"//g' >"$dir/texts"
quoted=0
while read -r part; do
    quoted=$((quoted + 1))
    grep -qF -- "$part" "$dir/texts" || { bad=1 && echo "docs/guide/symptoms.md: no such text in the source: $part"; }
done <<EOF
$(grep '^|' docs/guide/symptoms.md | cut -d '|' -f 2 | grep -oE '"[^"]+"' | tr -d '"' | sed 's/\.\.\.[:;]*/\n/g' |
    sed -E 's/^[ ,:]+//; s/ +$//' | grep -E '[a-z]{3}')
EOF
for link in $(grep -oE '\]\([a-zA-Z0-9_./-]+' ./*.md docs/*.md docs/guide/*.md | sed 's/:](/:/' | sort -u); do
    [ -e "$(dirname "${link%%:*}")/${link#*:}" ] || { bad=1 && echo "${link%%:*}: no such page: ${link#*:}"; }
done
[ $quoted -ge 40 ] || { bad=1 && echo "only $quoted quoted texts found: is this check broken?"; }
[ $bad -eq 0 ] && echo "$count blocks are valid, $quoted quoted texts exist"
exit $bad
