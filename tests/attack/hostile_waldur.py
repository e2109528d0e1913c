# SPDX-License-Identifier: GPL-2.0-or-later
# A Waldur that was taken over: each request gets the next answer of a table. The port behind it, to which some answers
# lead, must never see a request.   usage: hostile_waldur.py PORT OTHER_PORT LOG
import gzip, os, socket, sys, threading

PORT, OTHER, LOG = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def answer(body, *headers, status="200 OK"):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def led_to(path):
    return f"Location: http://127.0.0.1:{OTHER}{path}"


ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["
ANSWERS = [
    ("301", answer("", led_to("/api/"), status="301 Moved")), ("302", answer("", led_to("/a"), status="302 Found")),
    ("307", answer("", led_to("/b"), status="307 Temporary Redirect")), ("308 to a file", answer("", "Location: file:///etc/passwd", status="308 Permanent")),
    ("300 MB as gzip", answer(gzip.compress(bytes(300 << 20), 1), "Content-Encoding: gzip")), ("endless", ENDLESS),
    ("depth", answer("[" * 100000)), ("depth of objects", answer('{"a":' * 100000)), ("HTML", answer("<html>", "Content-Type: text/html")),
    ("noise", os.urandom(5000)), ("noise as a body", answer(os.urandom(5000))), ("nothing", b""), ("an absurd status", b"HTTP/1.1 99999 x\r\n\r\n"),
    ("a header of 1 MB", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000000 + b"\r\n\r\n[]"), ("100,000 headers", answer("[]", *["X: y"] * 100000)),
    ("a wrong length", answer("[]").replace(b"Length: 2", b"Length: 2000000000000")), ("no UTF-8", answer(b'[{"uuid": "\xff\xfe"}]')),
    ("an object", answer('{"detail": "no list"}')), ("a number", answer("1e999")), ("a list of nothing", answer("[null, 1, \"x\", []]")),
    ("wrong kinds", answer('[{"uuid": 5, "backend_id": [], "limits": "x", "state": {}, "paused": "no"}]')), ("401", answer("{}", status="401 No")),
    ("an error with escapes", answer('{"detail": "\\u001b[31m\\u202e\\u009b\\nSLUICE-0001 level=error"}', status="400 Bad")), ("500", answer("x" * 100000, status="500 Oh")),
]


def serve(port, handle):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(64)
    while True:
        peer = server.accept()[0]
        threading.Thread(target=guarded, args=(handle, peer), daemon=True).start()


def guarded(handle, peer):
    try:
        handle(peer)
    except OSError:
        pass  # the other side has had enough
    finally:
        peer.close()


def note(line):
    with open(LOG, "a") as out:
        out.write(line + "\n")


turn, lock = [0], threading.Lock()


def hostile(peer):
    with lock:
        name, data = ANSWERS[turn[0] % len(ANSWERS)]
        turn[0] += 1
    peer.settimeout(10)
    peer.recv(65536)
    note(f"answer: {name}")
    peer.sendall(data)
    while data is ENDLESS:
        peer.sendall(b"1," * 30000)


def elsewhere(peer):
    note("elsewhere: " + repr(peer.recv(65536)))


threading.Thread(target=serve, args=(OTHER, elsewhere), daemon=True).start()
serve(PORT, hostile)
