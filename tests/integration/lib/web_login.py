# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways into the web page in a real browser, for 0140-web-login.t: web_login.py URL LINK PORTAL DIRECTORY BAD-PORTAL.

Output and DIRECTORY are those of web.py. LINK is a link of `sluice web` that is not opened before its end. PORTAL and BAD-PORTAL lead to
sluiced through authenticating proxies, the second with a wrong secret. The file DIRECTORY/link (of root) or link-games asks for a new link in
DIRECTORY/link.out, the file end ends the sessions of root.

web_login.py --proxy PORT TARGET USER SECRET: an authenticating proxy that has logged USER in; its pages below /sluice/ are those of the
port TARGET, /elsewhere is an empty page of another origin.
"""
import http.client
import http.server
import os
import sys
import time
import traceback

if sys.argv[1] == "--proxy":
    PORT, TARGET, USER, SECRET = sys.argv[2:6]

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            status, headers, text = 200, [("Content-Type", "text/html")], b"<!doctype html><title>elsewhere</title>"
            if self.path.startswith("/sluice/"):
                own = {"host", "connection", "x-remote-user", "x-sluice-secret"}
                sent = {key: value for key, value in self.headers.items() if key.lower() not in own}
                target = http.client.HTTPConnection("127.0.0.1", int(TARGET))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target.request(self.command, self.path[len("/sluice"):], body or None, {**sent, "X-Remote-User": USER, "X-Sluice-Secret": SECRET})
                response = target.getresponse()
                status, text = response.status, response.read()
                headers = [(key, value) for key, value in response.getheaders() if key.lower() not in ("connection", "content-length", "date")]
            self.send_response(status)
            for key, value in [*headers, ("Content-Length", str(len(text)))]:
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Proxy).serve_forever()

from web import DIRECTORY, READER as PORTAL, SOCKET_URL as BAD_PORTAL, STAFF as LINK, URL, Browser, check, order, until

STARTED = time.monotonic()


def code_of(link):
    return link[link.index("#"):].strip()


def new_code(word="link"):
    order(word)
    with open(os.path.join(DIRECTORY, "link.out"), encoding="utf-8") as file:
        return code_of(file.read())


def visit(browser, address):
    browser.driver.get("about:blank")  # a change behind the # alone loads nothing
    browser.driver.get(address)


def who(browser):
    return browser.text("#who")


def cookies(browser):
    return [each for each in browser.driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"] if each["name"] == "sluice_session"]


def first_visit(browser):
    visit(browser, URL)
    check("page without a login names sluice web", until(lambda: "sluice web" in browser.text("#login")), browser.text("body"))
    check("page without a login shows no figures", "physics" not in browser.text("body"))


def link(browser):
    code = new_code()
    visit(browser, URL + code)
    check("link opens the overview", until(lambda: "physics" in browser.text()), browser.text("body"))
    check("page shows who it is open for and until when", until(lambda: "root, staff, until 20" in who(browser)), browser.text("body"))
    check("code leaves the address of the page", "code" not in browser.run("return location.href"), browser.run("return location.href"))
    found = cookies(browser)
    check("cookie is HttpOnly, SameSite=Strict and for the API only",
          [(each["httpOnly"], each.get("sameSite"), each["path"]) for each in found] == [(True, "Strict", "/api/v1")], found)
    check("cookie ends within twelve hours", bool(found) and 0 < found[0]["expires"] - time.time() <= 12 * 3600 + 5, found)
    check("scripts of the page see neither cookie nor token", browser.run("return document.cookie + sessionStorage.length") == "0")
    visit(browser, URL + code)
    check("a link that was opened before is refused with the remedy", until(lambda: "used before" in browser.text("#fault")), browser.text("body"))
    check("a refused link does not end the open session", "root, staff" in who(browser))


def adjust(browser, reason):
    browser.open("account/chem")
    until(lambda: browser.all("#new-adjustment"))
    browser.one("#new-adjustment").click()
    browser.one("#field-amount").send_keys("5")
    browser.one("#field-reason").send_keys(reason)
    browser.one("#dry-run").click()
    until(lambda: browser.one("#apply").get_attribute("disabled") is None)


def apply(browser):
    browser.one("#apply").click()
    until(lambda: "evaluated" in browser.text("dialog .result") and "would" not in browser.text("dialog .result"))
    browser.one("#close").click()


def form(browser):
    adjust(browser, "by session")
    apply(browser)
    check("a session enters an adjustment", until(lambda: "by session" in browser.text()), browser.text())


def foreign(browser):
    browser.driver.get(PORTAL.replace("/sluice/", "/elsewhere"))
    outcome = browser.driver.execute_async_script("""
        const [url, done] = arguments;
        const send = (mode, type, extra) => fetch(url + 'api/v1/adjustments', {method: 'POST', mode, credentials: 'include',
            headers: {'Content-Type': type, ...extra}, body: JSON.stringify({account: 'chem', units: {cpu_minutes: 1}, reason: 'from elsewhere'})})
            .then((answer) => String(answer.status), () => 'blocked');
        Promise.all([send('no-cors', 'text/plain', {}), send('cors', 'application/json', {}), send('cors', 'application/json', {'X-Sluice-Request': '1'})])
            .then((all) => done(all.join()));""", URL)
    check("a browser blocks changes that a page of another origin sends", outcome == "0,blocked,blocked", outcome)
    visit(browser, URL + "#/account/chem")
    until(lambda: "by session" in browser.text())
    check("a page of another origin enters no adjustment", "from elsewhere" not in browser.text(), browser.text())


def ended(browser):
    adjust(browser, "typed before the end")
    order("end")
    browser.one("#dry-run").click()
    check("a form names the end of the session and the remedy",
          until(lambda: "session has ended" in browser.text("#form-fault") and "sluice web" in browser.text("#form-fault")), browser.text("dialog"))
    check("a form keeps what was typed when the session ends",
          [browser.one(f"#field-{name}").get_attribute("value") for name in ("amount", "reason")] == ["5", "typed before the end"])
    code, first = new_code(), browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.driver.get(URL + code)
    check("a link opens a session in another tab", until(lambda: "root, staff" in who(browser)), browser.text("body"))
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.one("#dry-run").click()
    until(lambda: browser.one("#apply").get_attribute("disabled") is None)
    apply(browser)
    check("the form goes on with the new session", until(lambda: "typed before the end" in browser.text()), browser.text())


def restart(browser):
    visit(browser, URL + new_code())
    until(lambda: "root" in who(browser))
    order("stop")
    order("start")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    check("a restart of sluiced ends the session, and the page names the remedy",
          until(lambda: "restarted" in browser.text("#login-fault") and "sluice web" in browser.text("#login-fault")), browser.text("body"))
    code = new_code()
    browser.run("location.hash = arguments[0]", code)
    check("a link opens in the tab of the page, too", until(lambda: "root, staff" in who(browser)), browser.text("body"))


def leave(browser):
    browser.one("#leave").click()
    check("End session leads to the login", until(lambda: browser.all("#login")), browser.text("body"))
    check("End session removes the cookie", until(lambda: cookies(browser) == []), cookies(browser))


def member(browser):
    visit(browser, URL + new_code("link-games"))
    check("a link of a user opens the page with the rights of the user",
          until(lambda: who(browser).startswith("games, until")) and not browser.all("#evaluate"), browser.text("body"))
    check("a session of a user shows the accounts of the user only", until(lambda: "physics" in browser.text("tbody") and "geo" not in browser.text()), browser.text())
    browser.one("#leave").click()
    until(lambda: browser.all("#login"))


def portal(browser):
    visit(browser, PORTAL)
    check("page behind a portal is open for the user of the portal", until(lambda: who(browser) == "games, by the proxy"), browser.text("body"))
    check("a portal gives no rights of staff", not browser.all("#evaluate") and not browser.all("#leave"))
    visit(browser, PORTAL + new_code())
    check("a link opens a session behind a portal", until(lambda: "root, staff" in who(browser)), browser.text("body"))
    check("cookie behind a portal is for the API below the prefix", [each["path"] for each in cookies(browser)] == ["/sluice/api/v1"], cookies(browser))
    adjust(browser, "through the portal")
    apply(browser)
    check("a session enters an adjustment through a portal", until(lambda: "through the portal" in browser.text()), browser.text())
    browser.one("#leave").click()
    visit(browser, PORTAL)
    check("page behind a portal returns to its user after the session", until(lambda: who(browser) == "games, by the proxy"), browser.text("body"))
    visit(browser, BAD_PORTAL)
    check("page behind a portal without the secret is not open", until(lambda: browser.all("#login")) and "physics" not in browser.text("body"), browser.text("body"))


def late(browser):
    time.sleep(max(0, STARTED + 61 - time.monotonic()))
    visit(browser, URL + code_of(LINK))
    check("a link is refused after 60 seconds", until(lambda: "older than 60 s" in browser.text("#login-fault")), browser.text("body"))


def run():
    browser = Browser()
    try:
        for step in (first_visit, link, form, foreign, ended, restart, leave, member, portal, late):
            try:
                step(browser)
            except Exception:
                check(f"the browser gets through {step.__name__}", False, traceback.format_exc().split("Stacktrace")[0][-500:])
        faults = [each for each in browser.faults() if "/elsewhere" not in each]
        check("no script of the page failed", faults == [], faults)
    finally:
        browser.driver.quit()


run()
