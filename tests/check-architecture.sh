#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every class of the table "Who is who" in docs/architecture.md is declared in the file that the table names, and every path
# that the page, CONTRIBUTING.md or a comment of the code names exists.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 2
bad=0
rows=$(sed -nE 's/^\| `([A-Za-z]+)` \| `([a-z_/.]+)` \|.*/\1 \2/p' docs/architecture.md)
count=$(printf '%s\n' "$rows" | grep -c .)
[ "$count" -ge 12 ] || { echo "docs/architecture.md: only $count classes found, is this check broken?" && exit 1; }
while read -r class file; do
    [ -f "$file" ] || { echo "docs/architecture.md: no such file: $file" && bad=1 && continue; }
    grep -qE "^(class|struct) $class( |\$)" "$file" || { echo "docs/architecture.md: $file declares no class $class" && bad=1; }
done <<END
$rows
END
paths=$(grep -rhoE '(^|[^A-Za-z0-9_./-])(common|plugin|daemon|waldur|cli|tests|contrib)/[a-z0-9_/-]+\.(cpp|hpp|sh|md|t|py|yaml)' \
    --include='*.?pp' docs/architecture.md docs/policy.md docs/wire-format.md CONTRIBUTING.md SECURITY.md README.md \
    common plugin daemon waldur cli | grep -oE '(common|plugin|daemon|waldur|cli|tests|contrib)/.*' | sort -u)
for path in $paths; do
    [ -e "$path" ] || { echo "no such file: $path, named in:" && grep -rlF "$path" docs common plugin daemon waldur cli ./*.md && bad=1; }
done
[ $bad -eq 0 ] && echo "$count classes and $(echo "$paths" | wc -l) paths exist"
exit $bad
