# SPDX-License-Identifier: GPL-2.0-or-later
"""Transfers in a real browser, for 0165-web-transfer.t: web_transfer.py URL - - DIRECTORY STAFF-URL MEMBER-URL [AXE].

Output and DIRECTORY are those of web.py. The three addresses lead to the Unix socket, with the rights of a coordinator, of staff and of a
member of optics.
"""
import json
import sys
import traceback

MEMBER_URL = sys.argv.pop(6)  # web.py reads the others

import web
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from web import SOCKET_URL as STAFF_URL, URL, Browser, check, until


def visit(browser, address):
    browser.driver.get("about:blank")  # a change behind the # alone loads nothing
    browser.driver.get(address)
    return until(lambda: browser.all("#adjustments"))


def press(browser, *keys):
    webdriver.ActionChains(browser.driver).send_keys(*keys).perform()


def clear(browser):
    webdriver.ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(Keys.DELETE).perform()


def focused(browser):
    return browser.run("return document.activeElement.id")


def reach(browser, name):
    """By the tab key alone."""
    for _ in range(80):
        if focused(browser) == name:
            return True
        press(browser, Keys.TAB)
    return False


def fault(browser):
    return browser.text("#form-fault")


def tried(browser):
    return until(lambda: browser.one("#apply").get_attribute("disabled") is None)


def applied(browser):
    return until(lambda: "evaluated" in browser.text("dialog .result") and "would" not in browser.text("dialog .result"))


def refused(browser, name, field, text, reason):
    """Types text into a field in place of what it has, tries, and looks at the error."""
    check(f"{name}: the tab key reaches the field", reach(browser, f"field-{field}"))
    clear(browser)
    press(browser, text, Keys.ENTER)
    check(f"{name} is refused with the reason", until(lambda: reason in fault(browser)), browser.text("dialog"))
    check(f"{name} keeps what was typed and marks the field", focused(browser) == f"field-{field}"
          and browser.one(f"#field-{field}").get_attribute("value") == text
          and browser.one(f"#field-{field}").get_attribute("aria-invalid") == "true", focused(browser))


def coordinator(browser):
    visit(browser, URL + "#/account/dyes")
    check("a coordinator is offered no transfer where the policy has no coordinators: move", not browser.all("#new-transfer"), browser.text())
    visit(browser, URL + "#/account/physics")
    check("a coordinator is offered no transfer of the coordinated account itself", not browser.all("#new-transfer"), browser.text())
    visit(browser, URL + "#/account/optics")
    check("a coordinator is offered a transfer and nothing of staff", browser.all("#new-transfer") != []
          and not browser.all("#new-adjustment") and not browser.all("#new-override"), browser.text())
    check("the tab key reaches Move allocation", reach(browser, "new-transfer"))
    press(browser, Keys.ENTER)
    until(lambda: browser.all("dialog[open]"))
    check("the dialog begins at the account that receives", until(lambda: focused(browser) == "field-to"), focused(browser))
    press(browser, Keys.ENTER)
    check("a transfer without an account names the field", until(lambda: "To account is missing" in fault(browser)), browser.text("dialog"))
    press(browser, "dyes")
    reach(browser, "field-reason")
    press(browser, "series of May")
    refused(browser, "an amount that is no number", "amount", "many", "not 'many'")
    reach(browser, "field-amount")
    clear(browser)
    press(browser, "41")
    refused(browser, "an account whose policy does not allow it", "to", "dyes", "policy watched of account dyes does not let coordinators move")
    refused(browser, "an account out of the subtree", "to", "univ", "account univ is not below an account that you coordinate")
    refused(browser, "a transfer to the account itself", "to", "optics", "both accounts are optics")
    reach(browser, "field-to")
    clear(browser)
    press(browser, "Lasers")
    refused(browser, "an amount below 0", "amount", "-5", "name the accounts the other way round")
    refused(browser, "an amount above what is left", "amount", "41", "at most 40 can move")
    browser.shot("transfer-refused")
    browser.emulate(1280, 900)
    clear(browser)
    press(browser, "15", Keys.ENTER)
    check("a dry run of a transfer shows what both accounts would have", tried(browser) and all(words in browser.text("dialog .result") for words in ("0 / 25 node_hours", "0 / 45 node_hours")), browser.text("dialog"))
    for name, width, scheme in (("transfer", 1280, "light"), ("transfer-dark", 1280, "dark"), ("transfer-phone", 360, "light")):
        browser.emulate(width, 900, prefers_color_scheme=scheme)
        check(f"the dialog fits a width of {width} pixels, {scheme}", browser.run("return document.querySelector('dialog').scrollWidth <= innerWidth"))
        if web.AXE:
            found = browser.violations()
            check(f"axe-core finds nothing in the dialog of a transfer, {width} pixels, {scheme}", found == [], found)
        browser.shot(name, width)
    browser.emulate(1280, 900)
    check("the tab key reaches Move allocation of the dialog", reach(browser, "apply"))
    press(browser, Keys.ENTER)
    check("allocation is moved", applied(browser), browser.text("dialog"))
    press(browser, Keys.ESCAPE)
    check("the escape key closes the dialog", until(lambda: not browser.all("dialog")))
    check("the account shows the transfer with the other entry", until(lambda: "-15 node_hours" in browser.text() and "transfer with 2" in browser.text()), browser.text())
    check("a coordinator is not offered to take it back", not browser.all("button[id^=back-]"))


def staff(browser):
    visit(browser, STAFF_URL + "#/account/lasers")
    check("the other account shows the transfer", until(lambda: "+15 node_hours" in browser.text() and "transfer with 1" in browser.text()), browser.text())
    check("staff are offered a transfer and an adjustment", browser.all("#new-transfer") and browser.all("#new-adjustment"))
    browser.shot("transfer-account")
    browser.emulate(1280, 900)
    browser.one("#back-2").click()
    check("the dialog names both entries of the transfer", until(lambda: "Take back transfer 2, 1" in browser.text("dialog h2")), browser.text("dialog"))
    browser.one("#dry-run").click()
    check("taking back without a reason names the field", until(lambda: "Reason is missing" in fault(browser)), browser.text("dialog"))
    browser.one("#field-reason").send_keys("wrong group")
    browser.one("#dry-run").click()
    tried(browser)
    browser.one("#apply").click()
    check("a transfer is taken back", applied(browser), browser.text("dialog"))
    browser.one("#close").click()
    check("the account shows what takes the transfer back", until(lambda: "transfer with 1, taken back by 3" in browser.text() and "takes back 2" in browser.text()), browser.text())
    check("an entry that is taken back has no button", not browser.all("button[id^=back-]"))
    browser.open("policy/quarterly")
    check("a policy shows what coordinators may do", until(lambda: "move allocation between the accounts below theirs" in browser.text()), browser.text())


def member(browser):
    visit(browser, MEMBER_URL + "#/account/optics")
    check("a member reads the entries of the account", until(lambda: "series of May" in browser.text()), browser.text())
    check("a member is offered no transfer", not browser.all("#new-transfer"))


def main():
    browser = Browser()
    try:
        for step in (coordinator, staff, member):
            try:
                step(browser)
            except Exception:
                check(f"the browser gets through {step.__name__}", False, traceback.format_exc().split("Stacktrace")[0][-500:])
        faults = browser.faults()
        check("no script failed, and the Content-Security-Policy refused nothing", faults == [], json.dumps(faults))
    finally:
        browser.driver.quit()


main()
