#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Dashboards, alert rules and docs/guide/monitoring.md use the metrics that sluiced has, and all of them are documented. Each alert
# has a summary and a section in the guide, each link into a page of the guide names one of its headings.
# tests/integration/0154-dashboards.t evaluates the expressions.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 2
page=docs/guide/monitoring.md rules=contrib/prometheus/sluice.rules.yml bad=0
known=$(grep -oE '"sluice_[a-z_]+"' daemon/http/views/metrics.cpp | tr -d '"' | sort -u)
[ "$(echo "$known" | wc -l)" -ge 30 ] || { echo "hardly any metric found, is this check broken? $known" && exit 1; }
for file in contrib/grafana/*.json $rules $page; do
    for name in $(grep -oE '\bsluice_[a-z_]+\b' "$file" | sort -u); do
        echo "$known" | grep -qx "$name" || { echo "$file: sluiced has no metric $name" && bad=1; }
    done
done
for name in $known; do
    grep -q "\`$name\`" $page || { echo "$page: metric $name is not described" && bad=1; }
done

headings() { # headings FILE: as GitHub makes anchors of them
    grep -E '^#+ ' "$1" | sed -E 's/^#+ +//' | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}
site=$(sed -nE 's/^AC_INIT\(.*\[(https:[^]]*)\]\)$/\1/p' configure.ac)
alerts=$(sed -nE 's/^ *- alert: *([A-Za-z]+)$/\1/p' $rules)
[ "$(echo "$alerts" | wc -l)" -ge 15 ] || { echo "$rules: hardly any alert found, is this check broken?" && exit 1; }
for alert in $alerts; do
    anchor=$(echo "$alert" | tr '[:upper:]' '[:lower:]')
    grep -qx " *runbook_url: $site/$page#$anchor" $rules || { echo "$rules: $alert has no runbook_url $site/$page#$anchor" && bad=1; }
    headings $page | grep -qx -- "$anchor" || { echo "$page: no section ### $alert" && bad=1; }
done
for key in 'summary' 'description' 'runbook_url'; do
    [ "$(grep -cE "^ *$key: " $rules)" -eq "$(echo "$alerts" | wc -l)" ] || { echo "$rules: an alert lacks $key" && bad=1; }
done
links=$(grep -HoE '\]\([a-zA-Z0-9_./-]*#[a-z0-9_-]+\)' ./*.md docs/*.md docs/guide/*.md | tr -d ')]' | sed 's/:(/ /')
while read -r from to; do
    target=${to%%#*}
    [ -n "$target" ] && target=$(dirname "$from")/$target || target=$from
    headings "$target" | grep -qx -- "${to#*#}" || { echo "$from: $target has no heading #${to#*#}" && bad=1; }
done <<END
$links
END
[ $bad -eq 0 ] && echo "$(echo "$known" | wc -l) metrics, $(echo "$alerts" | wc -l) alerts and $(echo "$links" | wc -l) links agree"
exit $bad
