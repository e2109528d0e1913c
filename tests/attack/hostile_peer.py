# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile peers of the protocol between plugin and daemon (docs/wire-format.md): strangers at the daemon's port, a listener in
# the daemon's place, a neighbour between both. Prints "ok NAME" or "not ok NAME: what came instead".
#   hostile_peer.py knock DAEMON          strangers        user SOCKET   a user at the Unix socket
#   hostile_peer.py silent DAEMON COUNT   connections that send nothing
#   hostile_peer.py flood DAEMON SECONDS  as many connections as can be
#   hostile_peer.py catch PORT SECONDS    in the daemon's place: what does the plugin send before it knows who answers
#   hostile_peer.py relay PORT DAEMON     between both: frames changed, left out, repeated, of elsewhere
#   hostile_peer.py record PORT DAEMON FILE, replay DAEMON FILE, replay-to-plugin PORT FILE   a session of before
#   hostile_peer.py mutated DAEMON KEYFILE CLUSTER   right codes, wrong content
import hashlib, hmac, json, os, random, select, socket, struct, subprocess, sys, time


def connect(target, timeout=None):
    """HOST:PORT, or the path of a Unix socket."""
    if "/" not in target:
        host, port = target.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout)
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(target)
    return peer


def listen(port):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", int(port)))
    server.listen(16)
    server.settimeout(30)
    return server


def frame(credential):
    return struct.pack("<I", len(credential)) + credential


def print_result(name, wrong):
    print(f"not ok {name}: {wrong}" if wrong else f"ok {name}", flush=True)


class Stream:
    """One connection, read frame by frame."""

    def __init__(self, peer):
        self.peer, self.waiting, self.closed = peer, b"", False

    def read(self, seconds=0.0):
        if not self.closed and select.select([self.peer], [], [], seconds)[0]:
            try:
                piece = self.peer.recv(65536)
            except OSError:
                piece = b""
            self.closed = not piece
            self.waiting += piece

    def frames(self):
        out = []
        while len(self.waiting) >= 4 and len(self.waiting) - 4 >= (size := struct.unpack("<I", self.waiting[:4])[0]):
            out.append(self.waiting[4 : 4 + size])
            self.waiting = self.waiting[4 + size :]
        return out

    def send(self, data):
        try:
            self.peer.sendall(data)
        except OSError:
            self.closed = True

    def next_frames(self, seconds):
        """The frames that come first; none if the other side closes, or is silent for so long."""
        out, end = [], time.monotonic() + seconds
        while not out and not self.closed and time.monotonic() < end:
            self.read(0.2)
            out = self.frames()
        return out

    def until_closed(self, seconds):
        """Whole frames that came; the daemon or plugin has to end the connection within the time."""
        out, end = [], time.monotonic() + seconds
        while not self.closed and time.monotonic() < end:
            self.read(0.2)
            out += self.frames()
        return out


def munge(payload, *options):
    made = subprocess.run(["munge", "-S", os.environ["MUNGE_SOCKET"], "--string", payload, *options], capture_output=True, check=True)
    return made.stdout.strip()


# --- at the daemon's port
def refused(name, target, data, greetings=1):
    """Closed by the daemon, which sends its greeting at most."""
    stream = Stream(connect(target))
    stream.send(data)
    came = stream.until_closed(20)
    print_result(name, "not closed" if not stream.closed else f"{len(came)} frames came" if len(came) + bool(stream.waiting) > greetings else "")


def knock(target):
    text = munge("hello")
    for name, data in [
        ("noise", os.urandom(5000)), ("noise of a right length", frame(os.urandom(3000))), ("HTTP", b"GET / HTTP/1.0\r\n\r\n"),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500)), ("the PROXY protocol", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"),
        ("a length of 0", b"\0\0\0\0"), ("a length of 4 GiB", b"\xff" * 4 + b"\0" * 100000), ("a length of 2 GiB", b"\xff\xff\xff\x7f"),
        ("a greeting of 64 KiB", frame(b"MUNGE:" + b"A" * 65000 + b":")), ("half a credential", frame(b"MUNGE:AwQDAA:")),
        ("an empty credential", frame(b"MUNGE::")), ("a credential with a NUL", frame(text[:20] + b"\0" + text[20:])),
        ("a credential of root with another content", frame(text)), ("the same once more", frame(text)),
        ("one with nothing in it", frame(munge(""))), ("one for a user only", frame(munge("hello", "--restrict-uid=5"))),
        ("many in one write", frame(munge("a")) + frame(munge("b")) + frame(munge("c"))),
        ("a credential of a key", frame(b"KEY1:" + os.urandom(32) + b"SLCE")), ("a name of the protocol", frame(munge("sluice plugin-server v1\n"))),
        ("its name, and zeros", frame(munge("sluice plugin-server v1\n" + "\1" * 52))),
    ]:
        refused(f"at the plugin server, {name}: closed", target, data)
    user = os.environ.get("USER_CREDENTIAL", "").encode()
    refused("at the plugin server, a credential of a user: closed", target, frame(user))
    slow = Stream(connect(target))
    end = time.monotonic() + 25
    for byte in frame(munge("slow")) * 100:
        slow.send(bytes([byte]))
        slow.read(0.2)
        if slow.closed or time.monotonic() > end:
            break
    print_result("at the plugin server, a greeting byte by byte: closed", "" if slow.closed else "not closed within 25 s")


def user(target):
    """A user whom the kernel names at a Unix socket: not even the daemon's greeting."""
    for name, data in [("silent", b""), ("with noise", os.urandom(5000)), ("with a credential", frame(munge("hello")))]:
        try:
            refused(f"at the plugin server's Unix socket, a user {name}: closed without a byte", target, data, greetings=0)
        except PermissionError:
            print_result(f"at the plugin server's Unix socket, a user {name}: no connection", "")


def silent(target, count):
    peers = []
    for _ in range(int(count)):
        try:
            peers.append(Stream(connect(target, 5)))
        except OSError:
            pass
    end = time.monotonic() + 40
    while time.monotonic() < end and any(not one.closed for one in peers):
        for one in peers:
            one.read()
        time.sleep(0.1)
    left = sum(not one.closed for one in peers)
    print_result(f"{count} silent connections: closed", f"{left} are open" if left else "")


def flood(target, seconds):
    end, count = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        try:
            connect(target, 1).close()
            count += 1
        except OSError:
            pass
    print(f"{count} connections of a flood")


# --- in the daemon's place
def catch(port, seconds):
    server = listen(port)
    own = munge("welcome")
    for name, answer in [("is silent", b""), ("sends noise", frame(os.urandom(500))), ("sends a credential of its own", frame(own)),
                         ("sends HTTP", b"HTTP/1.1 200 OK\r\n\r\n")]:
        peer = Stream(server.accept()[0])
        peer.send(answer)
        end = time.monotonic() + float(seconds)
        while not peer.closed and time.monotonic() < end:
            peer.read(0.2)
        caught = peer.waiting
        print_result(f"a listener in the daemon's place that {name} catches nothing", f"{len(caught)} bytes: {caught[:12]!r}" if caught else "")
        peer.peer.close()


# --- between both
def pairs(server, target):
    """The next connection of the plugin, and one to the daemon for it: (name, from whom, to whom)."""
    plugin = Stream(server.accept()[0])
    daemon = Stream(connect(target))
    return {"daemon": (plugin, daemon), "plugin": (daemon, plugin)}


def pump(ways, seconds, change):
    """Passes frames on until one side ends or the time is over; all frames by who they are for, and whether one side ended."""
    seen = {"daemon": [], "plugin": []}
    end = time.monotonic() + seconds
    closed = False
    while not closed and time.monotonic() < end:
        for to, (source, sink) in ways.items():
            source.read(0.02)
            for one in source.frames():
                seen[to].append(one)
                for changed in change(to, seen, one):
                    sink.send(changed)
        closed = any(source.closed for source, _ in ways.values())
    for source, _ in ways.values():
        source.peer.close()
    return seen, closed


def as_it_is(to, seen, one):
    return [frame(one)]


def flipped(one):
    at = len(one) // 2
    return one[:at] + bytes([one[at] ^ 1]) + one[at + 1 :]


def relay(port, target):
    server = listen(port)
    before = pump(pairs(server, target), 6, as_it_is)[0]
    print_result("between both, nothing changed: a session", "" if min(map(len, before.values())) > 4 else "no session")

    def at(index, what):
        return lambda to, seen, one, mine: what(to, seen, one) if to == mine and len(seen[to]) == index + 1 else [frame(one)]

    kept = []

    def swapped(to, seen, one, mine):
        if to != mine or len(seen[to]) not in (4, 5):
            return [frame(one)]
        kept.append(one)
        return [] if len(seen[to]) == 4 else [frame(kept.pop()), frame(kept.pop())]

    rows = [
        ("a bit of the greeting is flipped", at(0, lambda to, seen, one: [frame(flipped(one))])),
        ("a bit of a later frame is flipped", at(3, lambda to, seen, one: [frame(flipped(one))])),
        ("a frame is cut", at(3, lambda to, seen, one: [frame(one[:-1])])),
        ("a frame has a byte more", at(3, lambda to, seen, one: [frame(one + b"x")])),
        ("a frame comes twice", at(3, lambda to, seen, one: [frame(one)] * 2)),
        ("a frame is left out", at(3, lambda to, seen, one: [])),
        ("two frames are swapped", swapped),
        ("a frame of the other direction", at(3, lambda to, seen, one: [frame(seen["plugin" if to == "daemon" else "daemon"][-1])])),
        ("the greeting of an earlier session", at(0, lambda to, seen, one: [frame(before[to][0])])),
        ("the second frame of an earlier session", at(1, lambda to, seen, one: [frame(before[to][1])])),
        ("a later frame of an earlier session", at(3, lambda to, seen, one: [frame(before[to][3])])),
        ("a length of 4 GiB", at(3, lambda to, seen, one: [b"\xff" * 4 + one])),
    ]
    for mine in ["daemon", "plugin"]:
        for name, change in rows:
            kept.clear()
            try:
                ways = pairs(server, target)
            except OSError as fault:
                print_result(f"to the {mine}, {name}: closed", f"the plugin did not come: {fault}")
                continue
            # the receiver ends it, or, where the nonces of a greeting do not come back, the other side
            closed = pump(ways, 20, lambda to, seen, one: change(to, seen, one, mine))[1]
            print_result(f"to the {mine}, {name}: closed", "" if closed else "not within 20 s")


# --- a session of before, on a host where munged has not seen it
def record(port, target, file):
    seen = pump(pairs(listen(port), target), 6, as_it_is)[0]
    with open(file, "w") as out:
        json.dump({to: [one.hex() for one in frames] for to, frames in seen.items()}, out)
    print_result("between both, a session is recorded", "" if min(map(len, seen.values())) > 3 else "no session")


def recorded(file, to):
    with open(file) as text:
        return [bytes.fromhex(one) for one in json.load(text)[to]]


def replay(target, file):
    ours, theirs = recorded(file, "daemon"), recorded(file, "plugin")
    for name, frames in [("its greeting", ours[:1]), ("all of it", ours), ("without its greeting", ours[1:]), ("what the daemon sent", theirs)]:
        refused(f"at the plugin server, a recorded session, {name}: closed", target, b"".join(map(frame, frames)))


def replay_to_plugin(port, file):
    server = listen(port)
    ours, theirs = recorded(file, "daemon"), recorded(file, "plugin")
    for name, frames in [("all of it", theirs), ("its greeting", theirs[:1]), ("without its greeting", theirs[1:]), ("what the plugin sent", ours)]:
        peer = Stream(server.accept()[0])
        peer.send(b"".join(map(frame, frames)))
        came = peer.until_closed(20)
        print_result(f"to the plugin, a recorded session, {name}: closed",
                     "not closed" if not peer.closed else f"{len(came)} frames came" if len(came) > 1 else "")
        peer.peer.close()


# --- who has the key, and sends what no plugin would
PURPOSE = b"sluice plugin-server v1\n"
NONCES = len(PURPOSE) + 4


def sealed(key, payload):
    return frame(b"KEY1:" + hmac.new(key, b"KEY1:" + payload, hashlib.sha256).digest() + payload)


def payload_of(kind, nonces, count, body, version=1):
    return PURPOSE + bytes([version, kind, 1, 0]) + nonces + struct.pack("<QI", count, len(body)) + body


def text(value):
    return struct.pack("<H", len(value)) + value


def mutated(target, key_file, cluster, rounds=150):
    with open(key_file, "rb") as file:
        key = file.read()
    chance, answered, left = random.Random(13), 0, 0
    right = bytes([1]) + text(cluster.encode()) + text(b"host") + text(b"22.05.8") + text(b"0.1.0") + struct.pack("<Q", 0)
    for turn in range(rounds):
        stream = Stream(connect(target))
        came = stream.next_frames(5)
        if not came:
            print_result("the daemon sends its challenge", "nothing came")
            return
        nonces = os.urandom(16) + came[0][37:][NONCES + 16 : NONCES + 32]
        body = bytearray(right)
        for _ in range(chance.randrange(0, 4) if turn else 0):
            body[chance.randrange(len(body))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        if turn % 5 == 4:
            body = body[: chance.randrange(len(body))] + os.urandom(chance.choice([0, 1, 9000]))
        stream.send(sealed(key, payload_of(2, nonces, 0, bytes(body))))
        # A daemon that closes with bytes unread takes its answer back: wait for it first, and count only then.
        if turn % 5 != 3:
            answered += bool(stream.next_frames(5))
        # then what only a session takes: other kinds, counts and sizes
        for count in range(1, 4):
            kind = chance.choice([9, 9, 9, chance.randrange(256)])
            stream.send(sealed(key, payload_of(kind, nonces, count, os.urandom(chance.choice([0, 56, 56, 5000])), chance.choice([1, 1, 2]))))
        stream.read(0.3)
        stream.frames()
        end = time.monotonic() + 10
        while not stream.closed and time.monotonic() < end and turn % 10 == 0:
            stream.read(0.2)
            stream.frames()
        left += turn % 10 == 0 and not stream.closed and not stream.frames()
        stream.peer.close()
    print_result(f"{rounds} greetings with a right code and a wrong content, {answered} answered", "" if answered > rounds / 30 else "too few reached the session")


globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
