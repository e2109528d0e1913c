#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests a second and latency of GET /api/v1/status, plain and TLS, whole, in pages and by fields; and of others while
# slow and half-open clients hold connections. The server is real, the accounts behind it are made up.
#   make tests/bench/bench_http && tests/bench/bench_http.py BUILD-FOLDER [--accounts N] [--seconds S] [--clients C]
import argparse
import gzip
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--accounts", type=int, default=10000)
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--clients", type=int, default=4)
parser.add_argument("--slow", type=int, default=200)
options = parser.parse_args()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port, tls):
    if tls:
        return http.client.HTTPSConnection("127.0.0.1", port, context=ssl._create_unverified_context(), timeout=60)
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def measure(name, port, tls, target, clients, token):
    """Keep-alive connections, one request after the other on each."""
    times, sizes, end = [], set(), 0.0
    lock = threading.Lock()

    def client():
        mine, connection = [], connect(port, tls)
        while time.monotonic() < end:
            begin = time.monotonic()
            connection.request("GET", target, headers={"Authorization": "Token " + token})
            answer = connection.getresponse()
            body = answer.read()
            mine.append(time.monotonic() - begin)
            if answer.status != 200:
                sys.exit(f"{target}: {answer.status}")
            sizes.add(len(body))
        connection.close()
        with lock:
            times.extend(mine)

    # The first answer after a turn is made, the others are copies of it.
    first, begin = connect(port, tls), time.monotonic()
    first.request("GET", target, headers={"Authorization": "Token " + token})
    first.getresponse().read()
    first_ms = (time.monotonic() - begin) * 1e3
    first.close()
    end = time.monotonic() + options.seconds
    threads = [threading.Thread(target=client) for _ in range(clients)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    times.sort()
    print(f"{name:34} {'TLS' if tls else 'plain':5} {len(times) / took:9.1f}/s  median {times[len(times) // 2] * 1e3:8.2f} ms"
          f"  p99 {times[int(len(times) * 0.99)] * 1e3:8.2f} ms  {max(sizes) / 1e6:7.3f} MB  first {first_ms:7.1f} ms")


def first_view(port, token):
    """What a browser requests until the first view of the web page is complete, one after the other."""
    connection, sent, rows = connect(port, False), 0, []

    def fetch(target, login):
        nonlocal sent
        begin = time.monotonic()
        connection.request("GET", target, headers={"Accept-Encoding": "gzip", **({"Authorization": "Token " + token} if login else {})})
        answer = connection.getresponse()
        body = answer.read()
        rows.append((time.monotonic() - begin, target))
        if answer.status != 200:
            sys.exit(f"{target}: {answer.status}")
        sent += len(body) + sum(len(key) + len(value) + 4 for key, value in answer.getheaders())
        return (gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body).decode()

    files, texts = ["/"], {}
    while files:
        name = files.pop()
        texts[name] = fetch(name, False)
        for found in re.findall(r"""(?:"web/|from './)([a-z]+\.(?:js|css|svg))""", texts[name]):
            if "/web/" + found not in [*texts, *files]:
                files.append("/web/" + found)
    fields = re.search("kFields = '([a-z_,]*)'", texts["/web/overview.js"]).group(1)
    fetch("/api/v1/info", True)
    fetch("/api/v1/overview", True)
    fetch(f"/api/v1/accounts?sort=-standing&fields={fields}&page=1&page_size=50", True)
    figures = sum(took for took, target in rows if target.startswith("/api"))
    print(f"first view of the page: {len(rows)} requests, {sent / 1e3:.1f} kB on the wire, server time {sum(took for took, _ in rows) * 1e3:.0f} ms, "
          f"{figures * 1e3:.0f} ms of these for figures")


with tempfile.TemporaryDirectory() as folder:
    plain, tls = free_port(), free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench",
                    "-keyout", folder + "/key", "-out", folder + "/cert"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(folder + "/key", 0o600)
    server = subprocess.Popen([options.build + "/tests/bench/bench_http", str(options.accounts), folder + "/run/s",
                               folder + "/tokens", f"127.0.0.1:{plain}", f"127.0.0.1:{tls}", folder + "/cert",
                               folder + "/key"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    word, token = server.stdout.readline().split()
    print(f"{options.accounts} accounts, {options.clients} clients, {options.seconds:g} s each")
    first_view(plain, token)
    first_view(plain, token)
    for encrypted, port in ((False, plain), (True, tls)):
        measure("/api/v1/status", port, encrypted, "/api/v1/status", options.clients, token)
        measure("... fields=account,standing", port, encrypted, "/api/v1/status?fields=account,standing",
                options.clients, token)
        measure("... page_size=100", port, encrypted, "/api/v1/status?page=3&page_size=100", options.clients, token)
        measure("... account=one", port, encrypted, "/api/v1/status?account=account000077", options.clients, token)
        slow = []
        for i in range(options.slow):
            held = socket.create_connection(("127.0.0.1", port))
            if i % 2:  # the others say nothing at all
                held.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            slow.append(held)
        measure(f"... one, {options.slow} slow clients beside", port, encrypted,
                "/api/v1/status?account=account000077", options.clients, token)
        for held in slow:
            held.close()
    with open(f"/proc/{server.pid}/status") as status:
        print(next(line.strip() for line in status if line.startswith("VmHWM")))
    server.stdin.close()
    server.wait()
