# SPDX-License-Identifier: GPL-2.0-or-later
"""The web page in a real browser, for 0135-web.t: web.py URL STAFF READER DIRECTORY SOCKET-URL [AXE].

Prints one line for each check: "ok" or "failed", a tab, its name, a tab, what was there instead. DIRECTORY gets the
screenshots. SOCKET-URL leads to the Unix socket, with the rights of games. To have sluiced stopped or started, or its tokens
removed, it makes the file DIRECTORY/stop, start or revoke and waits until it is gone.

web.py --forward PORT SOCKET: forwards connections to the Unix socket, as `ssh -L PORT:SOCKET` does.
"""
import json
import os
import socket
import sys
import threading
import time
import traceback
import urllib.request

if sys.argv[1] == "--forward":
    def copy(source, target):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", int(sys.argv[2]))) as server:
        while True:
            client, _ = server.accept()
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(sys.argv[3])
            for ends in ((client, daemon), (daemon, client)):
                threading.Thread(target=copy, args=ends, daemon=True).start()

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

URL, STAFF, READER, DIRECTORY, SOCKET_URL = sys.argv[1:6]
AXE = open(sys.argv[6], encoding="utf-8").read() if len(sys.argv) > 6 else ""
PATIENCE = float(os.environ.get("SLUICE_TEST_PATIENCE", "20"))
LONG = "a" * 110
VIEWS = {"overview": "", "account": "account/physics", "evaluations": "log/evaluations", "commands": "log/commands",
         "policies": "policies", "policy": "policy/monthly", "replay": "replay", "mine": "mine?user=games"}


# Views in docs/guide/web.md, and the size of their screenshots.
GUIDE = {"overview": (1280, 800), "account": (1280, 1000), "evaluations": (1280, 500), "commands": (1280, 700), "mine": (360, 800)}


def check(name, good, instead=""):
    print("ok" if good else "failed", name, " ".join(str(instead).split())[:600], sep="\t", flush=True)


def until(condition, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        try:
            found = condition()
        except Exception:  # the element is not there yet, or was replaced
            found = False
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


class Browser:
    def __init__(self, width=1280, height=900):
        options = Options()
        for option in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={width},{height}"]:
            options.add_argument(option)
        options.add_experimental_option("prefs", {"download.default_directory": DIRECTORY})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector="main"):
        return self.driver.find_element(By.CSS_SELECTOR, selector).text

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def emulate(self, width, height, **features):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": features.pop("media", ""), "features": [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()]})

    def open(self, path):
        self.run("location.hash = arguments[0]", "#/" + path)
        return until(lambda: self.run(
            "return location.hash === arguments[0] && !document.querySelector('#main[aria-busy]') && !!document.querySelector('main h1')",
            "#/" + path)) and until(lambda: self.run("return document.title") not in ("Sluice", ""))

    def login(self, token):
        self.driver.get(URL)
        until(lambda: self.one("#token").is_displayed())
        self.one("#token").send_keys(token + Keys.ENTER)

    def shot(self, name, width=1280):
        height = self.run("return document.documentElement.scrollHeight")
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": min(max(height, 700), 4000), "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.save_screenshot(os.path.join(DIRECTORY, name + ".png"))

    def guide(self, name, width=1280, height=800):
        """A screenshot for docs/guide/shots: the upper part of the view."""
        self.emulate(width, height)
        self.run("scrollTo(0, 0)")
        self.driver.save_screenshot(os.path.join(DIRECTORY, f"guide-{name}.png"))
        self.emulate(1280, 900)

    def faults(self):  # of scripts and of the Content-Security-Policy; refused requests are not among them
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "Failed to load resource" not in entry["message"]]

    def violations(self):
        self.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        self.run(AXE)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
            ".then((result) => done(result.violations), (error) => done(String(error)));")
        return found if isinstance(found, str) else [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def logging_in(browser):
    browser.login("wrong")
    check("page reports a wrong token", until(lambda: "Invalid token" in browser.text("#login-fault")), browser.text())
    check("page keeps the focus on the token after a wrong one", browser.run("return document.activeElement.id") == "token")
    browser.shot("login")
    browser.login(READER)
    check("page shows the overview after the login of a reader", until(lambda: "physics" in browser.text()), browser.text())
    check("page offers no evaluation to a reader", not browser.all("#evaluate"))
    browser.one("#leave").click()
    check("page asks for the token after Log out", until(lambda: browser.all("#token")))
    check("page keeps no token after Log out", browser.run("return sessionStorage.length") == 0)
    browser.login(STAFF)
    check("page offers Evaluate to staff", until(lambda: browser.all("#evaluate")), browser.text("body"))


def views(browser):
    wanted = {
        "overview": ["Last evaluation", "slurmctld", "paused", "physics", "chem", "would be paused", "geo"],
        "account": ["physics", "paused", "Usage over the period", "Usage by day as a table", "Period", "cpu_minutes", "optics", "Set an override", "All commands"],
        "evaluations": ["Evaluation history", "physics", "pause", "normal", "confirmed"],
        "commands": ["sacctmgr", "physics", "production", "confirmed"],
        "policies": ["monthly", "enforce", "watch", "observe"],
        "policy": ["How it works", "120 %", "1,000"],
        "replay": ["Replay", "From", "Until", "Another sluiced.yaml"],
        "mine": ["Accounts of games", "physics", "chem", "Left"],
    }
    for name, path in VIEWS.items():
        browser.emulate(1280, 900)
        browser.open(path)
        shown = until(lambda: all(word in browser.text() for word in wanted[name]), 15)
        text = browser.text()
        check(f"view {name} shows its figures", shown, [word for word in wanted[name] if word not in text] or text)
        for width in (360, 1280, 1600):
            browser.emulate(width, 900)
            if name == "account":
                check(f"the chart is drawn for a width of {width} pixels",
                      until(lambda: browser.one(".chart svg").get_dom_attribute("viewBox").startswith("0 0 400" if width < 640 else "0 0 900")))
            check(f"view {name} fits a width of {width} pixels", browser.run("return document.documentElement.scrollWidth <= innerWidth"),
                  browser.run("return [document.documentElement.scrollWidth, innerWidth]"))
            browser.shot(f"{name}-{width}", width)
        if name in GUIDE:
            browser.guide(name, *GUIDE[name])
        browser.emulate(1280, 900, prefers_color_scheme="dark")
        check(f"view {name} is dark where the reader prefers it", browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 23)")
        browser.shot(f"{name}-dark")
        if AXE:
            for scheme in ("dark", "light"):
                browser.emulate(1280, 900, prefers_color_scheme=scheme)
                found = browser.violations()
                check(f"axe-core finds nothing in view {name}, {scheme}", found == [], found)
    browser.emulate(1280, 900, media="print")
    check("print leaves out navigation and buttons", browser.run("return getComputedStyle(document.querySelector('.top')).display") == "none")
    browser.emulate(1280, 900)


def filters(browser):
    browser.open("")
    browser.one("#search").send_keys("OPT")
    check("search reduces the accounts to those with the text in their name",
          until(lambda: [each.text for each in browser.all("tbody td:first-child a.name")] == ["optics"]), browser.text())
    check("search is part of the address", until(lambda: "search=OPT" in browser.run("return location.hash")), browser.run("return location.hash"))
    check("search keeps the focus while the list changes", browser.run("return document.activeElement.id") == "search")
    browser.open("?standing=paused")
    check("an address with a filter shows the filtered list", until(lambda: "physics" in browser.text("tbody") and "chem" not in browser.text("tbody")), browser.text())
    browser.open("?standing=stopped")
    check("a wrong filter in the address is reported with the known words", until(lambda: "overridden" in browser.text("body")), browser.text("body"))
    browser.open("account/phisics")
    check("an unknown account is reported with the nearest name", until(lambda: "did you mean 'physics'" in browser.text()), browser.text())
    browser.open("nowhere")
    check("an unknown address is reported", until(lambda: "has no view" in browser.text()), browser.text())
    browser.open("?sort=account")
    names = lambda: [each.text for each in browser.all("tbody td:first-child a.name")]
    until(lambda: len(names()) > 1)
    first = names()
    browser.one("button[data-key=sort-account]").click()
    check("a second click on a heading reverses the order", until(lambda: names() == first[::-1]), names())
    check("the heading tells the order to a screen reader", until(lambda: browser.one("th[aria-sort]").get_attribute("aria-sort") == "descending"))
    browser.emulate(360, 800)
    browser.one("button[data-key=sort-account]").click()
    check("a phone sorts the list, too", until(lambda: names() == first), names())
    browser.emulate(1280, 900)
    browser.open("")
    browser.one("#csv").click()
    path = os.path.join(DIRECTORY, "sluice-accounts.csv")
    check("the list is saved as CSV", until(lambda: os.path.exists(path) and "physics,monthly,enforce,paused" in open(path, encoding="utf-8").read()),
          os.path.exists(path) and open(path, encoding="utf-8").read())
    browser.open("log/evaluations?account=physics&only=changed")
    check("the log shows changes of standing of one account", until(lambda: "physics" in browser.text("tbody") and "unchanged" not in browser.text("tbody")), browser.text())


def keyboard(browser):
    browser.open("policies")
    browser.open("")
    browser.run("document.querySelector('#skip').focus()")
    keys = webdriver.ActionChains
    keys(browser.driver).send_keys(Keys.TAB).perform()
    seen, dead = [], 0
    for _ in range(60):
        focused = browser.run("""const it = document.activeElement; if (it === document.body) return null; const style = getComputedStyle(it);
            return [it.id || it.textContent.trim().slice(0, 30), style.outlineStyle !== 'none' && style.outlineWidth !== '0px' || it.matches('input, select')]""")
        if focused is None:
            break
        seen.append(focused[0])
        dead += not focused[1]
        keys(browser.driver).send_keys(Keys.TAB).perform()
    check("the tab key reaches navigation, buttons, filters and accounts",
          all(word in seen for word in ["Overview", "refresh", "evaluate", "search", "csv", "physics"]), seen)
    check("the focus is visible on everything that the tab key reaches", dead == 0, seen)
    browser.one("#evaluate").send_keys(Keys.ENTER)
    check("the enter key opens the Evaluate dialog", until(lambda: browser.all("dialog[open]")))
    check("the focus moves into the dialog", until(lambda: browser.run("return !!document.activeElement.closest('dialog')")))
    keys(browser.driver).send_keys(Keys.ESCAPE).perform()
    check("the escape key closes the dialog", until(lambda: not browser.all("dialog")))
    check("the focus returns to Evaluate", until(lambda: browser.run("return document.activeElement.id") == "evaluate"))


def refresh(browser):
    browser.emulate(1280, 400)
    browser.open("")
    browser.run("scrollTo(0, 300); document.querySelector('#parent').focus({preventScroll: true}); document.querySelector('#parent').value = 'uni'")
    row = browser.one("tbody tr")
    mark = browser.run("return window.scrollY")
    before = browser.text("#updated")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    check("a refresh updates the time", until(lambda: browser.run("return document.querySelector('#updated').textContent") != before), before)
    check("a refresh keeps rows, scroll, focus and typed text", browser.run(
        "return [arguments[0].isConnected, window.scrollY, document.activeElement.id, document.querySelector('#parent').value]", row) == [True, mark, "parent", "uni"],
        browser.run("return [arguments[0].isConnected, window.scrollY, document.activeElement.id, document.querySelector('#parent').value]", row))
    browser.emulate(1280, 900)
    browser.one("#refresh").click()
    check("the refresh can be stopped", until(lambda: browser.one("#refresh").get_attribute("aria-pressed") == "true"))
    before = browser.text("#updated")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    time.sleep(1.5)
    check("a stopped page reads nothing", browser.text("#updated") == before)
    browser.one("#refresh").click()
    until(lambda: browser.one("#refresh").get_attribute("aria-pressed") == "false")


def forms(browser):
    browser.open("")
    browser.one("#evaluate").click()
    until(lambda: browser.all("#dry-run"))
    browser.one("#dry-run").click()
    check("a dry run shows what an evaluation would do", until(lambda: "would change" in browser.text("dialog .result")), browser.text("dialog"))
    browser.one("#field-account").send_keys("phisics")
    browser.one("#apply").click()
    check("Evaluate of an unknown account names the nearest one", until(lambda: "did you mean 'physics'" in browser.text("#form-fault")), browser.text("dialog"))
    check("the dialog keeps what was typed", browser.one("#field-account").get_attribute("value") == "phisics")
    browser.one("#field-account").clear()
    browser.one("#field-account").send_keys("physics")
    browser.one("#apply").click()
    check("Evaluate now shows the accounts before and after", until(lambda: "Actions taken" in browser.text("dialog .result")), browser.text("dialog"))
    check("the result has used and effective units", " / 1 cpu_minutes" in browser.text("dialog .result"), browser.text("dialog"))
    if AXE:
        found = browser.violations()
        check("axe-core finds nothing in the Evaluate dialog", found == [], found)
    browser.shot("evaluate")
    browser.guide("evaluate")
    browser.emulate(1280, 900)
    browser.one("#close").click()

    browser.open("account/physics")
    browser.one("#new-override").click()
    check("an override cannot be set before its dry run", browser.one("#apply").get_attribute("disabled") is not None)
    browser.one("#dry-run").click()
    check("a form without an end names the field", until(lambda: "Until is missing" in browser.text("#form-fault")), browser.text("dialog"))
    check("the field at fault has the focus and is marked", browser.run("return document.activeElement.id") == "field-until"
          and browser.one("#field-until").get_attribute("aria-invalid") == "true")
    check("the reason of an override is hidden from users unless asked for", not browser.one("#field-show_reason").is_selected())
    browser.one("#field-until").send_keys("yesterday")
    browser.one("#field-reason").send_keys("<b>\"Tom's\"</b> \u05e9\u05dc\u05d5\u05dd")
    browser.one("#dry-run").click()
    check("an end that sluiced refuses is reported with its remedy", until(lambda: "yesterday" in browser.text("#form-fault")), browser.text("dialog"))
    browser.one("#field-until").clear()
    browser.one("#field-until").send_keys("now+1day")
    browser.one("#dry-run").click()
    check("the dry run of an override shows the standing after it", until(lambda: "normal" in browser.text("dialog .result")), browser.text("dialog"))
    browser.shot("override")
    browser.guide("override")
    browser.emulate(1280, 900)
    browser.one("#field-until").send_keys("s")
    check("a change after the dry run needs another dry run", browser.one("#apply").get_attribute("disabled") is not None)
    browser.one("#dry-run").click()
    until(lambda: browser.one("#apply").get_attribute("disabled") is None)
    browser.one("#apply").click()
    check("an override is set", until(lambda: "evaluated" in browser.text("dialog .result") and "would" not in browser.text("dialog .result")), browser.text("dialog"))
    browser.one("#close").click()
    check("the account shows the override with its reason as text",
          until(lambda: "<b>\"Tom's\"</b>" in browser.text() and "in force" in browser.text()), browser.text())
    check("the account is kept open by the override", until(lambda: "staff (token page) until" in browser.text()), browser.text())
    browser.open("?standing=overridden")
    check("the filter overridden shows the account", until(lambda: "physics" in browser.text("tbody")), browser.text())
    browser.open("account/physics")
    until(lambda: browser.all("button[id^=end-]"))
    browser.one("button[id^=end-]").click()
    browser.one("#field-reason").send_keys("over")
    browser.one("#dry-run").click()
    until(lambda: browser.one("#apply").get_attribute("disabled") is None)
    browser.one("#apply").click()
    until(lambda: "evaluated" in browser.text("dialog .result") and "would" not in browser.text("dialog .result"))
    browser.one("#close").click()
    check("an override is ended", until(lambda: "ended" in browser.text()), browser.text())

    browser.open("account/chem")
    browser.one("#new-adjustment").click()
    browser.one("#field-amount").send_keys("many")
    browser.one("#field-reason").send_keys("node failure")
    browser.one("#dry-run").click()
    check("an amount that is no number names the field and what was typed", until(lambda: "not 'many'" in browser.text("#form-fault")), browser.text("dialog"))
    browser.one("#field-amount").clear()
    browser.one("#field-amount").send_keys("12.5")
    browser.one("#dry-run").click()
    until(lambda: browser.one("#apply").get_attribute("disabled") is None)
    browser.one("#apply").click()
    until(lambda: "evaluated" in browser.text("dialog .result") and "would" not in browser.text("dialog .result"))
    browser.one("#close").click()
    check("an adjustment is added", until(lambda: "+12.5 cpu_minutes" in browser.text()), browser.text())


def policies(browser):
    def tried():
        browser.one("#dry-run").click()
        return until(lambda: browser.one("#apply").get_attribute("disabled") is None)

    def applied():
        browser.one("#apply").click()
        return until(lambda: "evaluated" in browser.text("dialog .result") and "would" not in browser.text("dialog .result"))

    def typed(field, text):
        browser.one(field).clear()
        browser.one(field).send_keys(text)

    browser.open("policy/monthly")
    check("a policy of the file names its source and has no button", until(lambda: "sluiced.yaml" in browser.text()) and not browser.all("#change-policy"), browser.text())
    typed("#impact-account", "phisics")
    browser.one("#show-impact").click()
    check("a preview of an unknown account is refused", until(lambda: "phisics" in browser.text("#impact")), browser.text("#impact"))
    typed("#impact-account", "chem")
    typed("#impact-current_usage", "90000")
    browser.one("#show-impact").click()
    check("a preview has thresholds with amounts", until(lambda: "notify" in browser.text("#impact") and "60 %" in browser.text("#impact")), browser.text("#impact"))
    check("a preview has an address of its own", "account=chem" in browser.run("return location.hash"), browser.run("return location.hash"))
    browser.open("policy/monthly?allocation=many")
    check("a figure that is no number is named", until(lambda: "allocation must be a number, not 'many'" in browser.text("#impact")), browser.text("#impact"))
    check("the figure that was typed is kept", browser.one("#impact-allocation").get_attribute("value") == "many")
    browser.open("policies")
    until(lambda: browser.all("#to-replay"))
    browser.one("#to-replay").click()
    until(lambda: browser.all("#replay-from"))
    typed("#replay-from", "never")
    browser.one("#begin-replay").click()
    check("a replay from a bad time names the field", until(lambda: browser.text("#replay").startswith("from: ")), browser.text("#replay"))
    typed("#replay-from", "now-7days")
    browser.one("#begin-replay").click()
    check("a replay ends with its summary or names the missing rollups",
          until(lambda: "accounts stay normal" in browser.text("#replay") or "no rolled-up usage since" in browser.text("#replay")), browser.text("#replay"))
    check("a replay has an address of its own", "id=" in browser.run("return location.hash"), browser.run("return location.hash"))
    browser.open("policies")
    until(lambda: browser.all("#new-policy"))
    browser.one("#new-policy").click()
    until(lambda: browser.all("#field-yaml"))
    browser.one("#dry-run").click()
    check("a new policy without a name names the field", until(lambda: "Name is missing" in browser.text("#form-fault")), browser.text("dialog"))
    typed("#field-name", "extra")
    typed("#field-yaml", "accounts: [univ]\nperiod: yeer\nallocation: {cpu_minutes: 5}\n")
    typed("#field-reason", "<i>trial</i>")
    browser.one("#dry-run").click()
    check("a wrong period of a new policy has its place", until(lambda: "journal:2:9" in browser.text("#form-fault")), browser.text("dialog"))
    check("the keys that were typed are kept and have the focus", "yeer" in browser.one("#field-yaml").get_attribute("value")
          and browser.run("return document.activeElement.id") == "field-yaml")
    if AXE:
        found = browser.violations()
        check("axe-core finds nothing in the dialog of a policy", found == [], found)
    typed("#field-yaml", "accounts: [univ]\nperiod: year\nallocation: {cpu_minutes: 5}\n")
    check("a dry run of a new policy succeeds", tried(), browser.text("dialog"))
    browser.shot("new-policy")
    browser.guide("policy", 1280, 900)
    check("a new policy is set", applied(), browser.text("dialog"))
    browser.one("#close").click()
    browser.open("policy/extra")
    check("the policy has its source, version and reason as text", until(lambda: "journal, version 1" in browser.text() and "<i>trial</i>" in browser.text()), browser.text())
    browser.one("#change-policy").click()
    until(lambda: "period: year" in browser.one("#field-yaml").get_attribute("value"))
    typed("#field-yaml", "accounts: [univ]\nperiod: quarter\n")
    typed("#field-reason", "another")
    tried()
    request = urllib.request.Request(URL + "api/v1/policies/extra", method="PATCH", data=json.dumps({"version": 1, "policy": {"grace_ratio": 0.5}, "reason": "x"}).encode(),
                                     headers={"Authorization": "Token " + STAFF, "Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).read()
    browser.one("#apply").click()
    check("who changes a policy after another person is told, and the text is kept", until(lambda: "version" in browser.text("#form-fault"))
          and "quarter" in browser.one("#field-yaml").get_attribute("value"), browser.text("dialog"))
    browser.one("#close").click()
    browser.open("policies")
    browser.open("policy/extra")
    until(lambda: "version 2" in browser.text())
    browser.one("#remove-policy").click()
    typed("#field-reason", "end of the trial")
    tried()
    check("a policy is removed", applied(), browser.text("dialog"))
    browser.one("#close").click()
    browser.open("policies")
    check("the list has the removed policy no more", until(lambda: "monthly" in browser.text() and "extra" not in browser.text()), browser.text())


def periods(browser):
    browser.open("account/physics")
    until(lambda: browser.all("#period option"))
    label = browser.run("return document.querySelectorAll('#period option')[1].value")
    browser.run("const choice = document.querySelector('#period'); choice.value = arguments[0]; choice.dispatchEvent(new Event('change'))", label)
    check("an earlier period has an address of its own", until(lambda: browser.run("return location.hash") == "#/account/physics?period=" + label), browser.run("return location.hash"))
    check("an earlier period without usage is reported", until(lambda: "No usage of this period" in browser.text("#course ~ *:last-child") or "Usage reached" in browser.text()), browser.text())
    check("the choice of the period shows what is drawn", browser.run("return document.querySelector('#period').value") == label)
    browser.open("account/physics?period=1999")
    check("a wrong period is reported with the known ones, and the rest of the view stands",
          until(lambda: "period must be one of" in browser.text() and "Set an override" in browser.text()), browser.text())
    browser.open("account/physics")
    until(lambda: browser.all(".chart details"))
    browser.one(".chart details summary").click()
    check("the table says what the chart draws", until(lambda: "Since the begin" in browser.text(".chart details")), browser.text(".chart"))


def jobs(browser):
    browser.open("account/physics")
    check("the account lists the job that waits with what releases it",
          until(lambda: "InvalidQOS" in browser.text("#waiting ~ *") or "is open again" in browser.text("section[aria-labelledby=waiting]"), 40), browser.text("section[aria-labelledby=waiting]"))
    browser.open("mine?user=games")
    check("the view Mine lists the job that waits", until(lambda: "is open again" in browser.text()), browser.text())
    browser.open("account/physics")
    until(lambda: browser.all("section[aria-labelledby=evaluations] a[href*='evaluation=']"))
    browser.one("section[aria-labelledby=evaluations] a[href*='evaluation=']").click()
    check("an evaluation leads to its commands", until(lambda: "log/commands?evaluation=" in browser.run("return location.hash") and "sacctmgr" in browser.text("tbody")), browser.text())
    browser.one("tbody a[href*='log/evaluations']").click()
    check("a command leads to its evaluation", until(lambda: "log/evaluations?evaluation=" in browser.run("return location.hash") and len(browser.all("tbody tr")) == 1), browser.text())
    browser.one("#log-all").click()
    check("the log can show all again", until(lambda: len(browser.all("tbody tr")) > 1), browser.text())


def hostile(browser):
    browser.open("?search=script")
    check("an account named like a script is shown as text", until(lambda: "<script>alert(1)<" in browser.text("tbody").replace("\\u003c", "<")), browser.text())
    browser.open("?search=" + LONG)
    check("an account with a long name is found", until(lambda: LONG in browser.text("tbody").replace("\n", "")), browser.text())
    for width in (360, 1280):
        browser.emulate(width, 900)
        check(f"a long name fits a width of {width} pixels", browser.run("return document.documentElement.scrollWidth <= innerWidth"))
        browser.shot(f"hostile-{width}", width)
    browser.emulate(1280, 900)
    browser.open("")
    until(lambda: "script" in browser.text("tbody"))
    browser.run("[...document.querySelectorAll('tbody a.name')].find((link) => link.textContent.includes('script')).click()")
    check("an account named like a script has a view of its own", until(lambda: "Usage over the period" in browser.text()), browser.text())
    check("no script of a name was run", not browser.run("return window.hacked === true || document.querySelectorAll('main script, main img').length > 0"))


def order(word):
    path = os.path.join(DIRECTORY, word)
    open(path, "w", encoding="utf-8").close()
    until(lambda: not os.path.exists(path))


def attention(browser):
    browser.open("")
    check("the overview names a problem once with its remedy",
          until(lambda: "nowhere" in browser.text("#attention ~ ul") and "sacctmgr add account nowhere" in browser.text("#attention ~ ul")), browser.text())
    browser.one("#attention ~ ul button").click()
    check("the button Copy reports what it did", until(lambda: browser.run("return document.querySelector('#said').textContent") != ""))


def back(browser):
    browser.open("?search=chem")
    until(lambda: "physics" not in browser.text("tbody"))
    browser.open("?search=physics&policy=monthly")
    until(lambda: "chem" not in browser.text("tbody"))
    browser.driver.back()
    check("Back returns to the list and the filter before it", until(lambda: "chem" in browser.text("tbody")
          and browser.one("#search").get_attribute("value") == "chem" and browser.one("#policy").get_attribute("value") == ""), browser.text())
    browser.open("policies")
    check("a new view begins with its heading for a screen reader", until(lambda: browser.run("return document.activeElement.textContent") == "Policies"))


def session(browser):
    browser.open("")
    order("revoke")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    check("a token that is removed meanwhile leads to the login", until(lambda: "Invalid token" in browser.text("#login-fault")), browser.text("body"))


def member(browser):
    browser.driver.get(SOCKET_URL + "#/mine")
    check("a user of the Unix socket sees the own accounts without a token",
          until(lambda: "My accounts" in browser.text() and "physics" in browser.text() and "chem" in browser.text()), browser.text("body"))
    check("a user of the Unix socket is offered nothing of staff", not browser.all("#evaluate") and not browser.all("#user"))
    check("the view Mine shows what is left, until when, and the waiting jobs",
          until(lambda: all(word in browser.text() for word in ["Left", "Resets", "Waiting jobs", "paused"])), browser.text())
    browser.shot("member")
    browser.emulate(1280, 900)
    browser.open("")
    check("the overview of a user has the accounts of the user only", until(lambda: "physics" in browser.text("tbody") and "geo" not in browser.text()), browser.text())
    browser.open("account/physics")
    check("a user sees no forms on an account", until(lambda: "Usage over the period" in browser.text()) and not browser.all("#new-override"), browser.text())
    browser.open("account/geo")
    check("a user learns nothing of other accounts", until(lambda: "does not exist, or you do not belong to it" in browser.text()), browser.text())


def restart(browser):
    browser.open("")
    order("stop")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    check("the page reports that sluiced does not answer", until(lambda: "does not answer" in browser.text("#fault")), browser.text("body"))
    check("the page keeps the last figures while sluiced is away", "physics" in browser.text())
    order("start")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    check("the page goes on when sluiced is back", until(lambda: browser.text("#fault") == ""), browser.text("body"))


def main():
    browser = Browser()
    try:
        for step in (logging_in, views, attention, filters, back, keyboard, refresh, periods, jobs, forms, policies, hostile, restart, session, member):
            try:
                step(browser)
            except Exception:
                check(f"the browser gets through {step.__name__}", False, traceback.format_exc().split("Stacktrace")[0][-500:])
        faults = browser.faults()
        check("no script failed, and the Content-Security-Policy refused nothing", faults == [], json.dumps(faults))
    finally:
        browser.driver.quit()


if __name__ == "__main__":
    main()
