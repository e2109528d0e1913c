# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a Prometheus server for what dashboards and alert rules show: each expression must return series.

dashboards.py URL count EXPRESSION        number of series
dashboards.py URL panels FILE [$NAME=VALUE...]   each expression of a dashboard, `FILE: PANEL: EXPRESSION` where it has no series
dashboards.py URL rules [EXCEPT]          each selector of each loaded rule; EXCEPT: an expression of metrics left out
"""
import json
import re
import sys
import urllib.parse
import urllib.request

url = sys.argv[1]


def ask(path, **arguments):
    with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(arguments)}", timeout=20) as answer:
        return json.load(answer)["data"]


def series(expression):
    return ask("query", query=expression)["result"]


def panels(path, variables):
    with open(path, encoding="utf-8") as file:
        board = json.load(file)
    bad = []
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) != len(ids):
        bad.append(f"{path}: two panels have one id")
    known = {variable["name"] for variable in board["templating"]["list"]}
    count = 0
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        found = series(filled(metric, variables))
        if not any(label in one["metric"] for one in found):
            bad.append(f"{path}: variable {variable['name']}: no label {label} in {metric}")
    for panel in board["panels"]:
        for target in panel["targets"]:
            count += 1
            expression = target["expr"]
            for name in re.findall(r"\$(\w+)", expression):
                if name not in known:
                    bad.append(f"{path}: {panel['title']}: no variable {name}")
            if not series(filled(expression, variables)):
                bad.append(f"{path}: {panel['title']}: {expression}")
    return count, bad


def filled(expression, variables):
    for name, value in variables.items():
        expression = expression.replace(name, value)
    return expression


def rules(leave_out):
    bad = []
    count = 0
    for group in ask("rules")["groups"]:
        for rule in group["rules"]:
            for selector in re.findall(r"\b(?:sluice_\w+|up)(?:\{[^}]*\})?", rule["query"]):
                if leave_out and re.match(leave_out, selector):
                    continue
                count += 1
                if not series(selector):
                    bad.append(f"{rule['name']}: {selector}")
    return count, bad


kind = sys.argv[2]
if kind == "count":
    print(len(series(sys.argv[3])))
    sys.exit(0)
if kind == "panels":
    checked, missing = panels(sys.argv[3], dict(word.split("=", 1) for word in sys.argv[4:]))
else:
    checked, missing = rules(sys.argv[3] if len(sys.argv) > 3 else "")
for line in missing:
    print(line)
print(f"{checked} expressions")
sys.exit(1 if missing or checked == 0 else 0)
