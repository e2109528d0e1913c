# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile HTTP clients. Each row is one attack: who sends what, and the statuses that are right; 0: closed without an answer.
# usage: hostile_http.py DOOR TABLE...   DOOR: a path (Unix socket) or HOST:PORT
# Environment: STAFF, READER (tokens), MUNGE_SOCKET, CODE (of an unopened link of root), SECRET (of the proxy). Prints "ok NAME" or "not ok NAME: what came instead".
import base64, gzip, hashlib, os, re, socket, subprocess, sys, time

DOOR = sys.argv[1]
STAFF, READER = os.environ.get("STAFF", ""), os.environ.get("READER", "")
JSON = ["Content-Type: application/json"]
OPEN = '{"account": "physics", "standing": "normal", "until": "now+1day", "reason": "attack"}'
MAKE_TOKEN = '{"name": "mine", "role": "staff"}'
WALDUR = "/api/marketplace-slurm-periodic-usage-policies/"

# What changes something, or would.
CHANGES = [
    ("POST", "/api/v1/overrides", OPEN),
    ("POST", "/api/v1/adjustments", '{"account": "physics", "units": {"node_hours": 999}, "reason": "attack"}'),
    ("POST", "/api/v1/transfers", '{"from": "chem", "to": "physics", "units": {"node_hours": 1}, "reason": "attack"}'),
    ("POST", "/api/v1/resets", '{"accounts": ["physics"], "reason": "attack"}'),
    ("POST", "/api/v1/releases", '{"accounts": ["physics"], "reason": "attack"}'),
    ("POST", "/api/v1/reload", '{"confirm": true, "reason": "attack"}'),
    ("POST", "/api/v1/evaluate", '{"dry_run": true, "config": "accounts: {}"}'),
    ("POST", "/api/v1/evaluate", "{}"),
    ("POST", "/api/v1/cleanup", "{}"),
    ("POST", "/api/v1/outbox/1/drop", "{}"),
    ("POST", "/api/v1/outbox/test", '{"to": "attack@example.org"}'),
    ("POST", "/api/v1/replays", '{"from": "2026-01-01"}'),
    ("POST", "/api/v1/tokens", MAKE_TOKEN),
    ("POST", "/api/v1/sessions", "{}"),
    ("DELETE", "/api/v1/tokens/reader", ""),
    ("DELETE", "/api/v1/overrides/1", '{"reason": "attack"}'),
    ("DELETE", "/api/v1/adjustments/1?reason=attack", ""),
    ("POST", WALDUR + "preview_impact/", '{"allocation": 1}'),
    ("POST", WALDUR + "0" * 32 + "/force-period-reset/", "{}"),
    ("POST", WALDUR + "0" * 32 + "/evaluate/", '{"resource_uuid": null}'),
    ("PUT", WALDUR + "0" * 32 + "/", "{}"),
]
STAFF_READS = ["plugins", "cycles", "outbox", "controller", "tokens", "ondemand/balances.json", "balances?user=games", "replays/1"]


def connect():
    if "/" in DOOR:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(DOOR)
    else:
        host, port = DOOR.rsplit(":", 1)
        peer = socket.create_connection((host, int(port)))
    peer.settimeout(20)
    return peer


def talk(data, silence=20.0, half_close=False):
    """All bytes of the answer: until the daemon closes, or is silent for so long."""
    out = b""
    with connect() as peer:
        try:
            peer.sendall(data)
            if half_close:
                peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed early; what it answered may still be there
        peer.settimeout(silence)
        try:
            while piece := peer.recv(65536):
                out += piece
        except OSError:
            pass
    return out


def request(method, path, headers=(), body=b"", length=True, host="localhost"):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    if length and (body or method not in ("GET", "HEAD")):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def token(text):
    return f"Authorization: Token {text}"


def basic(text):
    return "Authorization: Basic " + base64.b64encode(b"x:" + text.encode()).decode()


def munge(payload=None, *options):
    """A credential of this process' uid."""
    what = ["--no-input"] if payload is None else ["--string", payload]
    made = subprocess.run(["munge", "-S", os.environ["MUNGE_SOCKET"], *what, *options], capture_output=True, check=True)
    return made.stdout.decode().strip()


def statuses(answer):
    return [int(s) for s in re.findall(rb"(?:^|\n|\})HTTP/1\.[01] (\d{3})", answer)]


def judge(name, right, data, never=b"", answers=1, **options):
    answer = talk(data, **options)
    got = statuses(answer) or [0]
    right = right | {403} if "/" in DOOR else right  # there the login comes before the content
    wrong = [s for s in got if s not in right] or (len(got) > answers and got)
    if never and never in answer.replace(b" ", b""):
        wrong = "what only others may see"
    print(f"not ok {name}: {wrong}" if wrong else f"ok {name}", flush=True)


def cut(text):
    text = str(text).encode("unicode_escape").decode()
    return text if len(text) < 60 else text[:57] + "..."


# --- who may what
def roles(who, headers, refused, never=b""):
    for method, path, body in CHANGES:
        judge(f"{who}: {method} {path} is refused", refused | {404, 405}, request(method, path, [*headers, *JSON], body))
    for path in STAFF_READS:
        judge(f"{who}: GET {path} is refused", refused, request("GET", "/api/v1/" + path, headers))


def users():
    """On the Unix socket, as a user who belongs to chem, or to nothing."""
    roles("user", [], {403})
    judge("user: GET /metrics is refused", {403}, request("GET", "/metrics"))
    for path in ["accounts/physics", "accounts/chem%2Cphysics", "accounts/physics/", "status?account=physics", "accounts?account=chem,physics",
                 "status?account=chem&account=physics", "balances?account=physics", "usage?account=physics&by_user=1",
                 "evaluations?account=physics", "commands?account=physics", "overrides?account=physics", "adjustments?account=*",
                 "resets?account=physics,physics", "commands?limit=10000", "evaluations?account=", "accounts?account=%25",
                 "accounts?fields=account,standing&page=1&page_size=100000", "accounts?account=PHYSICS", "accounts?cluster=lab"]:
        judge(f"user: {path} shows nothing of physics", {200, 400, 403, 404}, request("GET", "/api/v1/" + path), never=b'"account":"physics"')
    for account in ["physics", "PHYSICS", "optics", "physics\\u0000", "chem,physics"]:
        judge(f"user: a quote in {cut(account)} shows nothing of it", {400, 403, 404},
              request("POST", "/api/v1/quote", JSON, '{"account": "%s", "time_limit": 60}' % account), never=b'"costs":')
    for header in ["X-Remote-User: root", "X-Forwarded-User: root", "X-Forwarded-For: 127.0.0.1", "X-Slurm-User-Name: root",
                   "Authorization: Basic cm9vdDo=", token("x"), f"Authorization: Munge {munge()}", "Cookie: uid=0", "X-HTTP-Method-Override: POST"]:
        judge(f"user: {cut(header)} does not help", {403}, request("POST", "/api/v1/overrides", [header, *JSON], OPEN))


def reader():
    for method, path, body in CHANGES:
        judge(f"reader: {method} {path} is refused", {403, 404, 405}, request(method, path, [token(READER), *JSON], body))
    judge("reader: GET tokens is refused", {403}, request("GET", "/api/v1/tokens", [token(READER)]))
    judge("staff over TCP: GET tokens is refused", {403}, request("GET", "/api/v1/tokens", [token(STAFF)]))
    judge("staff over TCP: POST tokens is refused", {403}, request("POST", "/api/v1/tokens", [token(STAFF), *JSON], MAKE_TOKEN))


def strangers():
    for method, path, body in CHANGES:
        judge(f"no login: {method} {path} is refused", {401}, request(method, path, JSON, body))
    for path in ["status", "info", "accounts", "openapi.json", "nonsense", *STAFF_READS]:
        judge(f"no login: GET {path} is refused", {401}, request("GET", "/api/v1/" + path))
    for path in ["/", "/web/app.js"]:
        judge(f"no login: GET {path} has no figures", {200}, request("GET", path))
    for path in ["/web/", "/web/../tokens", "/web/%2e%2e/tokens", "/web//etc/passwd", "/web/" + "a" * 9000]:
        judge(f"no login: GET {cut(path)} finds no file", {400, 401, 404}, request("GET", path))
    for word in ["Token", "Token ", "Bearer", "Munge", "Munge :", "Munge MUNGE:AwQDAA:", "Digest x", "Basic", "Basic ====", "Basic \xff\xff",
                 "Basic " + "A" * 20000, "Token " + "a" * 20000, "Munge MUNGE:" + "A" * 20000 + ":", "Token " + STAFF[:-1], "Token " + STAFF + "0",
                 "Token " + STAFF.upper() if STAFF.upper() != STAFF else "Token 0", "Token ../tokens", "Token *"]:
        judge(f"login by {cut(word)} is refused", {400, 401, 413, 429, 431}, request("GET", "/api/v1/status", ["Authorization: " + word]))


# --- what a credential proves
def credentials():
    """This process is root: each of these credentials is one of root, but made for something else."""
    for name, *payload in [("with nothing in it",), ("with another text", "hello"), ("for uid 0 only", "x", "--restrict-uid=0"),
                           ("for the plugin server", "sluice plugin-server v1\n" + "\1" * 52), ("with half a purpose", "sluice http v1\n"),
                           ("with the request, but no nonce", f"sluice http v1\nPOST /api/v1/overrides\n{OPEN}")]:
        for method, path, body in [("POST", "/api/v1/overrides", OPEN), ("GET", "/api/v1/status", "")]:
            judge(f"a munge credential of root {name}: no login by {method}", {400, 401, 429},
                  request(method, path, [f"Authorization: Munge {munge(*payload)}", *JSON], body))


def bound(method, path, body="", nonce=None):
    """Authorization for this request, and for no other (docs/http-api.md)."""
    nonce = nonce or re.search(rb'"nonce": ?"([0-9a-f]+)"', talk(request("GET", "/api/v1/nonce")) or b"")
    nonce = nonce if isinstance(nonce, str) else nonce[1].decode() if nonce else "0" * 64
    digest = hashlib.sha256(body.encode()).hexdigest()
    return nonce, "Authorization: Munge " + munge(f"sluice http v1\n{nonce}\n{method} {path}\n{digest}\n")


def replays():
    """This process is root, and logs in rightly; then the same credential, or one like it, comes again."""
    path, change = "/api/v1/status", "/api/v1/overrides"
    nonce, login = bound("GET", path)
    judge("a credential for this request: a login", {200}, request("GET", path, [login]))
    judge("the same credential once more: no login", {401, 429}, request("GET", path, [login]))
    judge("its nonce in a new credential: no login", {401, 429}, request("GET", path, [bound("GET", path, nonce=nonce)[1]]))
    judge("a nonce that the daemon has not made: no login", {401, 429}, request("GET", path, [bound("GET", path, nonce="ab" * 32)[1]]))
    for name, made, used in [
        ("for HEAD", ("HEAD", path, ""), ("GET", path, "")),
        ("for GET", ("GET", change, OPEN), ("POST", change, OPEN)),
        ("for another path", ("POST", "/api/v1/adjustments", OPEN), ("POST", change, OPEN)),
        ("for another query", ("GET", path + "?account=chem", ""), ("GET", path + "?account=physics", "")),
        ("for no query", ("GET", path, ""), ("GET", path + "?", "")),
        ("for another body", ("POST", change, OPEN.replace("normal", "paused")), ("POST", change, OPEN)),
        ("for a body with a line end", ("POST", change, OPEN + "\n"), ("POST", change, OPEN)),
        ("for the path in other letters", ("GET", "/api/v1/%73tatus", ""), ("GET", path, "")),
        ("for an absolute target", ("GET", "http://localhost" + path, ""), ("GET", path, "")),
    ]:
        judge(f"a credential {name}: no login for another request", {401, 429}, request(*used[:2], [bound(*made)[1], *JSON], used[2]))


def browser():
    """A page of another site makes the browser of a member of staff send these."""
    for name, headers, body in [
        ("a form", ["Content-Type: application/x-www-form-urlencoded"], OPEN),
        ("a form as text", ["Content-Type: text/plain"], OPEN[:-1] + ', "x": "="}'),
        ("a form in parts", ["Content-Type: multipart/form-data; boundary=x"], OPEN),
        ("no content type", [], OPEN),
        ("two content types", ["Content-Type: text/plain", *JSON], OPEN),
        ("a script, as JSON", JSON, OPEN),
    ]:
        for login, refused in [(basic(STAFF), {400, 401, 403, 415}), (token(STAFF), {400, 403, 415})]:
            for origin in [["Origin: http://evil.example"], ["Origin: null"], ["Sec-Fetch-Site: cross-site"], []]:
                if not origin and "JSON" in name and "Token" in login:
                    continue  # that is a right request
                judge(f"{name}, {login.split()[1]}, {' '.join(origin) or 'no Origin'}: refused", refused,
                      request("POST", "/api/v1/overrides", [login, *headers, *origin], body))
    evil = "evil.example:8080"
    judge("a page whose name resolves to the loopback address changes nothing", {403},
          request("POST", "/api/v1/overrides", [token(STAFF), *JSON, f"Origin: http://{evil}", "Sec-Fetch-Site: same-origin"], OPEN, host=evil))
    judge("Basic deletes nothing", {400, 401, 403, 415}, request("DELETE", "/api/v1/overrides/1?reason=x", [basic(STAFF)]))


def rebinding():
    """As root, who forwarded the Unix socket to a port: a page whose name was made to resolve to 127.0.0.1 asks there."""
    for host in ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example", "[::1].evil.example", "sluice.evil.example:80"]:
        for path in ["/", "/metrics", "/api/v1/accounts", "/api/v1/tokens", "/healthz"]:
            judge(f"a page of {host} reads nothing at {path}", {403}, request("GET", path, host=host), never=b"physics")
    for host in ["evil.example:8080", "localhost.", "intranet", "intranet:8080", "127.0.0.2", "10.0.0.1:80", "[::2]", "", "localhost@evil.example"]:
        for origin in [f"http://{host}", f"https://{host}", "null", "http://localhost"]:
            for method, path, change in CHANGES:
                judge(f"a page of {host or 'no name'}, Origin {origin}: {method} {path} is refused", {403}, request(method, path, [*JSON, f"Origin: {origin}"], change, host=host))
    for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"]:
        judge(f"a page of {host} reads", {200}, request("GET", "/api/v1/status", [f"Origin: http://{host}"], host=host))
    judge("curl without a page reads", {200}, request("GET", "/api/v1/status", host="sluice"))


PAGE = "X-Sluice-Request: 1"


def sessions():
    """A link of root, and the cookie that it opens."""
    code, body = os.environ["CODE"], '{"code": "%s"}' % os.environ["CODE"]
    opens = lambda headers, what=body: request("POST", "/api/v1/session", headers, what)
    for name, headers, what in [
        ("without the header of the page", JSON, body),
        ("from another site", [*JSON, PAGE, "Origin: http://evil.example"], body),
        ("as a form", [PAGE, "Content-Type: application/x-www-form-urlencoded"], "code=" + code),
        ("cut off", [*JSON, PAGE], '{"code": "%s"}' % code[:-1]), ("made longer", [*JSON, PAGE], '{"code": "%s0"}' % code),
        ("as a list", [*JSON, PAGE], '{"code": ["%s"]}' % code), ("in capitals", [*JSON, PAGE], body.upper().replace("CODE", "code")),
        ("that is empty", [*JSON, PAGE], '{"code": ""}'), ("of 60,000 bytes", [*JSON, PAGE], '{"code": "%s"}' % ("a" * 60000)),
    ]:
        judge(f"a code {name} opens nothing", {400, 401, 403, 415, 429}, opens(headers, what), never=b"sluice_session")
    answer = talk(opens([*JSON, PAGE]))
    found = re.search(rb"Set-Cookie: (sluice_session=[0-9a-f]{64});", answer)
    print(f"{'' if found else 'not '}ok a code opens a session: {statuses(answer)}", flush=True)
    judge("a code opens no second session", {401, 429}, opens([*JSON, PAGE]), never=b"sluice_session=")
    pair = found[1].decode() if found else "sluice_session="
    cookie = "Cookie: " + pair
    judge("the cookie is a login", {200}, request("GET", "/api/v1/status", [cookie]))
    for name, headers in [
        ("twice in one header", [f"{cookie}; {pair}"]), ("in two headers", [cookie, cookie]), ("with a second value", [f"{cookie}; sluice_session=x"]),
        ("cut off", [cookie[:-1]]), ("made longer", [cookie + "0"]), ("in capitals", [cookie.upper().replace("COOKIE", "Cookie")]),
        ("in quotes", [cookie.replace("=", '="') + '"']), ("of 8-bit bytes", ["Cookie: sluice_session=" + "\xff" * 64]), ("that is empty", ["Cookie: sluice_session="]),
        ("of 20,000 bytes", ["Cookie: sluice_session=" + "a" * 20000]), ("among 9,000 others", ["Cookie: " + "a;" * 9000]),
        ("with another name", [cookie.replace("session", "session2")]), ("in the query", []), ("as a token", [token(pair[15:])]),
    ]:
        # libmicrohttpd 0.9.75 answers a Cookie that exhausts its memory twice, then closes.
        judge(f"a cookie {name} is no login", {400, 401, 429, 431}, request("GET", "/api/v1/status?" + pair, headers), never=b'"account"', answers=2)
    for method, path, change in CHANGES:
        judge(f"the cookie alone: {method} {path} is refused", {403, 404, 405}, request(method, path, [cookie, *JSON], change))
        judge(f"the cookie from another site: {method} {path} is refused", {403, 404, 405},
              request(method, path, [cookie, *JSON, PAGE, "Origin: http://evil.example"], change))
    for path, change in [("sessions", "{}"), ("tokens", MAKE_TOKEN)]:
        judge(f"a session makes no {path}", {403}, request("POST", "/api/v1/" + path, [cookie, *JSON, PAGE], change))


def proxy():
    """Headers of an authenticating proxy, from its host: root must not come of them."""
    secret = os.environ["SECRET"]
    good = "X-Sluice-Secret: " + secret
    judge("a proxy with its secret names a user", {200}, request("GET", "/api/v1/status", ["X-Remote-User: games", good]))
    user = "X-Remote-User: games"
    for name, headers in [
        ("without a secret", [user]), ("with an empty secret", [user, "X-Sluice-Secret:"]), ("with a part of the secret", [user, good[:-1]]),
        ("with a longer secret", [user, good + "0"]), ("with two secrets", [user, good, good]), ("with a wrong and a right secret", [user, "X-Sluice-Secret: x", good]),
        ("twice", [user, user, good]), ("twice in one line", [user + ",root", good]), ("and root", [user, "x-remote-user: root", good]),
        ("as root", ["X-Remote-User: root", good]), ("as uid 0", ["X-Remote-User: 0", good]), ("as nobody at all", ["X-Remote-User:", good]), ("by the secret alone", [good]),
        ("with a blank", ["X-Remote-User: games root", good]), ("of 8-bit bytes", ["X-Remote-User: \xff\xfe", good]), ("of 20,000 bytes", ["X-Remote-User: " + "a" * 20000, good]),
        ("with a path", ["X-Remote-User: ../root", good]), ("in a folded line", ["X-Remote-User: games\r\n root", good]), ("beside a token of staff", [user, token(STAFF)]),
    ]:
        judge(f"a user named {name} is refused", {400, 401, 403, 429, 431}, request("GET", "/api/v1/accounts", headers), never=b'"account"')
    for method, path, change in CHANGES:
        judge(f"a user of the proxy: {method} {path} is refused", {403, 404, 405}, request(method, path, [user, good, *JSON, PAGE], change))


# --- parsers, with the rights of staff: others do not get that far
def paths():
    for path in ["/api/v1/accounts/../gate", "/api/v1/accounts/%2e%2e/gate", "//api/v1/plugins", "/API/V1/GATE", "/api/v1/plugins%00", "/api/v1/plugins;/",
                 "/api/v1/./gate", "/api/v1/plugins%2f", "/api/v1//gate", "/%61pi/v1/gat%", "/api/v1/accounts/%00", "/api/v1/accounts/%ff%fe",
                 "/api/v1/accounts/physics%00chem", "/api/v1/accounts/x'%20or%20'1'='1", "/api/v1/accounts/" + "a" * 20000, "/" + "a/" * 15000,
                 "/api/v1/overrides/1;drop%20table", "/api/v1/overrides/99999999999999999999", "/api/v1/overrides/-1", "/../../../etc/passwd",
                 "/api/v1/status?" + "a=1&" * 8000, "/api/v1/status?" + "&" * 20000, "/api/v1/status?page=-1", "/api/v1/status?page=1e9",
                 "/api/v1/status?page_size=99999999999999999999&page=1", "/api/v1/commands?limit=-5", "/api/v1/commands?limit=0x10",
                 "/api/v1/status?cluster=../lab", "/api/v1/status?cluster=lab%00", "*", "api/v1/gate", "http://evil.example/api/v1/plugins", "/\x01", "/\xff"]:
        for method in ["GET", "DELETE"]:
            judge(f"path {method} {cut(path)}", {0, 200, 400, 403, 404, 405, 413, 414, 415, 431}, request(method, path, [token(STAFF)]), never=b"root:x:")
    for method in ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "FOO", "post", "P" * 5000, "GET\t/x", ""]:
        judge(f"method {cut(method)}", {0, 400, 403, 404, 405, 413, 414, 431, 501}, request(method, "/api/v1/overrides/1", [token(STAFF), *JSON], OPEN))
    for header in ["X" * 40000 + ": x", "X: " + "y" * 40000, "\r\n".join(f"X{i}: y" for i in range(5000)), "X: \x00", "X", ": x", " X: y", "Host: \x01",
                   "Content-Type: application/json; charset=utf-7", "Expect: 200-maybe", "Content-Encoding: gzip", "Connection: upgrade", "Upgrade: h2c"]:
        judge(f"header {cut(header)}", {0, 200, 400, 401, 413, 415, 417, 431}, request("GET", "/api/v1/info", [token(STAFF), header]), silence=10)


def smuggling():
    inner = request("POST", "/api/v1/overrides", [token(STAFF), *JSON], OPEN)
    head = f"POST /api/v1/evaluate HTTP/1.1\r\nHost: localhost\r\n{token(STAFF)}\r\nContent-Type: application/json\r\n".encode()
    size = f"Content-Length: {len(inner)}\r\n".encode()
    chunks = b"0\r\n\r\n" + inner
    for name, data in [
        ("two lengths", head + b"Content-Length: 0\r\n" + size + b"\r\n" + inner),
        ("two lengths, the other way", head + size + b"Content-Length: 0\r\n\r\n" + inner),
        ("a list of lengths", head + b"Content-Length: 0, %d\r\n\r\n" % len(inner) + inner),
        ("a length and chunks", head + size + b"Transfer-Encoding: chunked\r\n\r\n" + chunks),
        ("chunks and a length", head + b"Transfer-Encoding: chunked\r\n" + size + b"\r\n" + chunks),
        ("a negative length", head + b"Content-Length: -1\r\n\r\n" + inner),
        ("a length with a sign", head + b"Content-Length: +0\r\n\r\n" + inner),
        ("a length with letters", head + b"Content-Length: 0x10\r\n\r\n" + inner),
        ("a length beyond 64 bits", head + b"Content-Length: 18446744073709551616\r\n\r\n" + inner),
        ("a blank before the colon", head + b"Content-Length : 0\r\n" + size + b"\r\n" + inner),
        ("unknown coding", head + b"Transfer-Encoding: xchunked\r\n\r\n" + chunks),
        ("a chunk with a wrong size", head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + chunks),
        ("a chunk of 2^64", head + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" + inner),
        ("a chunk of 2^63", head + b"Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n" + inner),
        ("bare line feeds", head.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n" + inner),
        ("a folded header", head + b"X: y\r\n Content-Length: 0\r\n" + size + b"\r\n" + inner),
        ("a length with a NUL and more behind it", head + b"Content-Length: 0\0%d\r\n\r\n" % len(inner) + inner),
        ("a length with a NUL, not last", head + b"Content-Length: 0\0%d\r\nX: y\r\n\r\n" % len(inner) + inner),
        ("a length with a NUL at its end", head + b"Content-Length: 0\0\r\n\r\n" + inner),
        ("a name with a NUL", head + b"Content-Length\0: 5\r\n" + size + b"\r\n" + inner),
        ("no host", head.replace(b"Host: localhost\r\n", b"") + b"Content-Length: 0\r\n\r\n"),
        ("HTTP/9.9", head.replace(b"HTTP/1.1", b"HTTP/9.9") + b"Content-Length: 0\r\n\r\n"),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 100),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500)),
        ("noise", os.urandom(60000)),
        ("a credential of munge", b"MUNGE:" + b"A" * 200 + b":\n"),
        ("a megabyte without a line end", b"A" * 1000000),
    ]:
        judge(f"{name}: refused", {0, 400, 401, 411, 413, 414, 417, 431, 501, 505}, data, answers=2, silence=3)


def bodies():
    many = '{"account": "physics", "standing": "normal", "until": "now+1day", "reason": "%s"}'
    for name, body in [
        ("nothing", ""), ("100,000 open brackets", "[" * 60000), ("a deep object", '{"a":' * 10000), ("a key twice", OPEN[:-1] + ', "account": "chem"}'),
        ("no UTF-8", b'{"account": "\xff\xfe"}'), ("half a pair of UTF-16", '{"account": "\\ud800"}'), ("a NUL in a name", '{"account": "physics\\u0000"}'),
        ("a number beyond all", '{"account": 1e999}'), ("NaN", '{"account": NaN}'), ("garbage behind", OPEN + "x"), ("two values", OPEN + OPEN),
        ("a list", "[" + OPEN + "]"), ("a text", '"physics"'), ("a byte order mark", b"\xef\xbb\xbf" + OPEN.encode()),
        ("UTF-16", OPEN.encode("utf-16")), ("a comment", "/**/" + OPEN), ("65 KiB", many % ("x" * 66000)), ("2 MB", many % ("x" * 2000000)),
        ("a reason of 501 bytes", many % ("x" * 501)), ("a reason with an escape", many % "\\u001b[31m"), ("a reason with a line end", many % "a\\nb"),
        ("a reason with a C1 control", many % "\\u009b31m"), ("a reason that runs from right to left", many % "\\u202e"), ("no reason", many % ""),
        ("an unknown key", OPEN[:-1] + ', "force": true}'), ("dry_run as a text", OPEN[:-1] + ', "dry_run": "false"}'),
        ("an account of 10 kB", OPEN.replace("physics", "p" * 10000)), ("an account with SQL", OPEN.replace("physics", "x' or '1'='1")),
        ("an account with an option", OPEN.replace("physics", "-i")), ("an unknown standing", OPEN.replace("normal", "open")),
        ("an end before now", OPEN.replace("now+1day", "2001-01-01")), ("an end in the year 10^9", OPEN.replace("now+1day", "1000000000-01-01")),
        ("an end beyond 64 bits", OPEN.replace("now+1day", "now+99999999999999999999days")), ("gzip", gzip.compress(OPEN.encode())),
    ]:
        coding = ["Content-Encoding: gzip"] if name == "gzip" else []
        judge(f"body of {name}: refused", {0, 400, 404, 409, 413, 415}, request("POST", "/api/v1/overrides", [token(STAFF), *JSON, *coding], body))
    for units in ['{"node_hours": "1e30"}', '{"node_hours": 1e30}', '{"node_hours": "0x10"}', '{"nodes": 1}', '{"node_hours": "' + "9" * 5000 + '"}',
                  '{"node_hours": null}', '{"node_hours": "-"}', "[]", "{}"]:
        judge(f"adjustment by {cut(units)}: refused", {400, 404, 409},
              request("POST", "/api/v1/adjustments", [token(STAFF), *JSON], '{"account": "physics", "units": %s, "reason": "attack"}' % units))
    staff = lambda path, body: request("POST", "/api/v1/" + path, [token(STAFF), *JSON], body)
    move = '{"from": "%s", "to": "%s", "units": %s, "reason": "attack", "dry_run": true}'
    for name, giver, taker, units in [
        ("to itself", "chem", "chem", '{"node_hours": 1}'), ("to itself in capitals", "chem", "CHEM", '{"node_hours": 1}'), ("below 0", "physics", "chem", '{"node_hours": -1}'),
        ("of 0", "chem", "physics", '{"node_hours": 0}'), ("of a millionth", "chem", "physics", '{"node_hours": "0.000001"}'), ("of too many digits", "chem", "physics", '{"node_hours": "%s"}' % ("9" * 5000)),
        ("of 2^63", "chem", "physics", '{"node_hours": 9223372036854775807}'), ("of one component twice", "chem", "physics", '{"node_hours": 1, "NODE_HOURS": 1}'), ("of no unit", "chem", "physics", "{}"),
        ("of a list", "chem", "physics", "[]"), ("of an unknown component", "chem", "physics", '{"nodes": 1}'), ("of more than there is", "chem", "physics", '{"node_hours": 1000001}'),
        ("from an unknown account", "x' or '1'='1", "chem", '{"node_hours": 1}'), ("to an unknown account", "chem", "root", '{"node_hours": 1}'), ("to nobody", "chem", "", '{"node_hours": 1}'),
    ]:
        judge(f"transfer {name}: refused", {400, 404, 409}, staff("transfers", move % (giver, taker, units)))
    for name, body in [
        ("no day", "{}"), ("a day that is none", '{"from": "2026-02-31"}'), ("a time beyond 64 bits", '{"from": "now-99999999999999999999days"}'), ("the year 1", '{"from": "0001-01-01"}'),
        ("a day to come", '{"from": "now+1day"}'), ("an end before the begin", '{"from": "now-2days", "until": "now-9days"}'), ("a file name as a file", '{"from": "now-9days", "config": "/etc/shadow"}'),
        ("a file that nests", '{"from": "now-9days", "config": "%s"}' % ("[" * 60000)), ("a file of anchors", '{"from": "now-9days", "config": "a: &a [x,x]\\nb: &b [*a,*a]\\nc: [*b,*b]"}'),
        ("an empty file", '{"from": "now-9days", "config": ""}'), ("a file that is a number", '{"from": "now-9days", "config": 1}'), ("an unknown key", '{"from": "now-9days", "dry_run": false}'),
    ]:
        judge(f"replay of {name}: refused", {400, 403, 409, 413}, staff("replays", body), never=b"root:")
    for number in ["0", "-1", "99999999999999999999", "1%00", "1'", "x"]:
        judge(f"replay {number}: not found", {400, 404}, request("GET", "/api/v1/replays/" + number, [token(STAFF)]))
    for name, body in [
        ("tasks below 0", '{"account": "chem", "tasks": -1}'), ("tasks beyond 32 bits", '{"account": "chem", "tasks": 4294967295}'), ("tasks as a text", '{"account": "chem", "tasks": "8"}'),
        ("tasks of 1e999", '{"account": "chem", "tasks": 1e999}'), ("a partition of 10 kB", '{"account": "chem", "partition": "%s"}' % ("p" * 10000)), ("an array of 10 kB", '{"account": "chem", "array": "%s"}' % ("1," * 5000)),
        ("two kinds of memory", '{"account": "chem", "memory_per_cpu": 1, "memory_per_node": 1}'), ("an unknown key", '{"account": "chem", "script": "rm"}'), ("an unknown account", '{"account": "chem;"}'), ("a list", "[]"),
    ]:
        judge(f"quote of {name}: refused", {400, 404}, staff("quote", body))
    for name, body in [
        ("arrays without end", '{"account": "chem", "array": "0-4294967295%1"}'), ("the greatest figures", '{"account": "chem", "tasks": 4294967294, "cpus_per_task": 4294967294, "minimum_nodes": 4294967294, "time_limit": 4294967294}'),
        ("a list of hosts that grows", '{"account": "chem", "required_nodes": "n[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"}'), ("TRES that are none", '{"account": "chem", "tres_per_job": "gres/gpu:::=-1,,=,cpu=1e9"}'),
    ]:
        judge(f"quote of {name}: answered", {200, 400}, staff("quote", body))
    for to in ["", "nobody", "a@b@c", "a@example.org\\r\\nBcc: b@example.org", "a@example.org,b@example.org", "-oQ/tmp@example.org", "a b@example.org", "a@" + "x" * 5000, "a@exam\\u0000ple.org", "\\\"a\\\"@example.org"]:
        judge(f"test mail to {cut(to)}: refused", {400, 409}, staff("outbox/test", '{"to": "%s"}' % to))
    announced = [token(STAFF), *JSON, "Content-Length: 1000000000000"]
    judge("a body of 1 TB announced: refused", {0, 400, 413}, request("POST", "/api/v1/overrides", announced, b"{", length=False), silence=10)


# --- time and number
def slow():
    quiet = [connect() for _ in range(150)]
    dribble = [connect() for _ in range(40)]
    end = time.monotonic() + 60
    text, sent, gone = request("GET", "/api/v1/status"), 0, 0
    while dribble and time.monotonic() < end:
        for peer in list(dribble):
            try:
                peer.sendall(text[sent : sent + 1])
            except OSError:
                dribble.remove(peer)
                gone += 1
        sent += 1
        time.sleep(0.25)
    print(f"{'not ' * bool(dribble)}ok a header that comes byte by byte ends at request_timeout: {gone} of 40", flush=True)
    open_still = 0
    for peer in quiet:
        peer.settimeout(max(0.1, end - time.monotonic()))
        try:
            while peer.recv(4096):
                pass
        except ConnectionError:
            pass
        except OSError:
            open_still += 1
    print(f"{'not ' * bool(open_still)}ok silent connections are closed: {open_still} of 150 left", flush=True)


def crowd():
    """Many connections that ask, and then do not read."""
    peers = []
    for _ in range(700):
        try:
            peer = connect()
            peer.sendall(request("GET", "/api/v1/status", [token(READER)]).replace(b"Connection: close\r\n", b"") * 20)
            peers.append(peer)
        except OSError:
            pass
    print(f"{'not ' * (len(peers) < 100)}ok 700 connections at the same time: {len(peers)} taken", flush=True)


for table in sys.argv[2:]:
    globals()[table]()
