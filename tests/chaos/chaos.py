"""chaos - what the fault tests share: a broker, a consumer, ms-publish, TAP.

Everything listens on loopback, is ended by its own pid, and every wait is for
a thing and bounded.
"""
import atexit
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from tap import done, note, ok     # noqa: E402,F401 - for the tests as well

BIN = os.environ.get("BIN", os.path.join(HERE, "..", "..", "build"))
PUBLISH = os.path.join(BIN, "ms-publish")
SERVER = shutil.which("nats-server") or "/usr/sbin/nats-server"
LIMIT = 60      # seconds that anything may take, on a busy machine

tmp = tempfile.mkdtemp(prefix="ms-chaos-")
started = []


def cleanup():
    for p in started:
        if p.poll() is None:
            p.send_signal(signal.SIGCONT)
            p.kill()
            p.wait()
    shutil.rmtree(tmp, ignore_errors=True)


atexit.register(cleanup)


def until(condition, seconds=LIMIT):
    """Wait for condition() to be true; what it said last."""
    end = time.monotonic() + seconds
    while True:
        said = condition()
        if said or time.monotonic() > end:
            return said
        time.sleep(0.02)


def path(name):
    return os.path.join(tmp, name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Process:
    def start(self, args, **kw):
        self.p = subprocess.Popen(args, **kw)
        started.append(self.p)

    def signal(self, n):
        self.p.send_signal(n)

    def kill(self):
        self.p.kill()
        self.p.wait()


class Nats(Process):
    """A nats-server; conf is text for its configuration file."""

    def __init__(self, conf="", port=None):
        self.port = port or free_port()
        self.conf = path("nats-%d.conf" % self.port)
        self.configure(conf)

    def configure(self, conf):
        with open(self.conf, "w") as f:
            f.write("listen: 127.0.0.1:%d\n%s\n" % (self.port, conf))

    def up(self):
        self.start([SERVER, "-c", self.conf, "-l", self.conf + ".log"])
        if not until(lambda: connects(self.port)):
            raise SystemExit("nats-server does not start")
        return self

    def reload(self, conf):
        self.configure(conf)
        self.signal(signal.SIGHUP)

    def log(self):
        with open(self.conf + ".log") as f:
            return f.read()

    def url(self, who=""):
        return "nats://%s127.0.0.1:%d" % (who, self.port)


class Consumer(Process):
    """world.py, subscribed."""

    def __init__(self, url, *more):
        self.out = path("world-%d" % len(started))
        self.start([sys.executable, os.path.join(HERE, "world.py"), "--url",
                    url, "--out", self.out, *more], stdout=subprocess.PIPE)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.p.stdout:
            self.lines.append(line.decode().strip())

    def ready(self):
        return until(lambda: "ready" in self.lines) and self

    def world(self):
        """What it has, by key, as of now."""
        n = len(self.lines)
        self.signal(signal.SIGUSR1)
        until(lambda: len(self.lines) > n)
        with open(self.out, encoding="utf-8") as f:
            return f.read()

    def counts(self):
        with open(self.out + ".counts") as f:
            return json.load(f)

    def becomes(self, expected):
        return until(lambda: self.world() == expected)


CORE = "meshery.meshsync.core"


class Ears:
    """All messages on all subjects, as they come."""

    def __init__(self, nats, who=""):
        self.got = []
        self.when = []      # they came, one for each
        self.s = socket.create_connection(("127.0.0.1", nats.port))
        self.s.sendall(b'CONNECT {"verbose":false%s}\r\nSUB > 1\r\nPING\r\n' %
                       who.encode())
        self.f = self.s.makefile("rb")
        while self.f.readline() != b"PONG\r\n":
            pass
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.f:
            if line.startswith(b"MSG "):
                parts = line.split()
                data = self.f.read(int(parts[-1]))
                self.f.readline()
                self.when.append(time.monotonic())
                self.got.append((parts[1].decode(), data))
            elif line.startswith(b"PING"):
                self.s.sendall(b"PONG\r\n")

    def on(self, subject):
        return [data for s, data in list(self.got) if s == subject]

    def waits(self, subject, n=1):
        until(lambda: len(self.on(subject)) >= n)
        return self.on(subject)


class Publish(Process):
    def __init__(self, url, *args, store=None, env=None):
        self.err = path("err-%d" % len(started))
        cmd = [PUBLISH, "--to", url, "--settle", "1", *args]
        if store:
            cmd += ["--store", store]
        self.start(cmd, stdin=subprocess.PIPE, stderr=open(self.err, "wb"),
                   env={**os.environ, **(env or {})})

    def feed(self, lines):
        try:
            for line in lines:
                self.p.stdin.write(line.encode() + b"\n")
            self.p.stdin.flush()
        except BrokenPipeError:
            pass

    def end(self):
        """EOF; the exit status, None if it goes on for too long."""
        try:
            self.p.stdin.close()
        except BrokenPipeError:
            pass
        return self.status()

    def status(self):
        try:
            return self.p.wait(LIMIT)
        except subprocess.TimeoutExpired:
            return None

    def said(self):
        with open(self.err, errors="replace") as f:
            return f.read()

    def says(self, text):
        return until(lambda: text in self.said())


class Proxy:
    """Between ms-publish and the broker, so that a broker can be absent for
    the one and be there for the consumer: what is published while no consumer
    is subscribed is gone on core NATS, which is not what is tested here."""

    def __init__(self, nats):
        self.to = nats.port
        self.port = free_port()
        self.listener = None
        self.pairs = []
        self.passed = 0
        self.lag = 0        # s that bytes are on their way to the broker
        self.on_way = 0
        self.flows = threading.Event()  # clear: what comes is not passed on
        self.flows.set()

    def up(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(self.listener,),
                         daemon=True).start()
        return self

    def down(self):
        """As when the broker's process ends."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def accept(self, listener):
        while True:
            try:
                a, _ = listener.accept()
            except OSError:
                return
            try:
                b = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                a.close()
                continue
            self.pairs.append((a, b))
            for ends in ((a, b, True), (b, a, False)):
                threading.Thread(target=self.copy, args=ends,
                                 daemon=True).start()

    def copy(self, x, y, is_up):
        try:
            while True:
                data = x.recv(65536)
                if not data:
                    break
                if is_up and self.lag:
                    self.on_way += len(data)
                    time.sleep(self.lag)
                    self.on_way -= len(data)
                self.flows.wait()
                y.sendall(data)
                self.passed += len(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, sides=2):
        """With one side only, the broker still gets what is on its way; what
        was held back is lost."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for s in pair[:sides]:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.flows.set()

    def url(self):
        return "nats://127.0.0.1:%d" % self.port


def connected(nats, p):
    """Wait until ms-publish talks to this server, and listens to it. What is
    said of an earlier death, or of none that was noticed, tells nothing."""
    ears = Ears(nats)
    mark = "m%d" % time.monotonic_ns()
    p.feed(['{"type":"MARK","ms":{"id":"%s"}}' % mark])
    return ears.waits("meshsync.check." + mark) and ears


def expected(cluster):
    """The world after cluster: its objects, converted without a snapshot."""
    out = subprocess.run([PUBLISH, "--to", "-"], check=True,
                         input="".join(line + "\n" for line in
                                       cluster.final()).encode(),
                         stdout=subprocess.PIPE).stdout
    import world
    w = world.World("", None)
    for line in out.splitlines():
        w.take(line)
    return w.lines()


def publish(nats, subject, *payloads):
    """Publish messages, one right behind the other, as another client of the
    broker."""
    with socket.create_connection(("127.0.0.1", nats.port)) as s:
        s.sendall(b'CONNECT {"verbose":false}\r\n' + b"".join(
            b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload)
            for payload in payloads) + b"PING\r\n")
        said = b""
        while b"PONG" not in said:
            said += s.recv(4096)


def request(nats, entity, payload=None, times=1):
    publish(nats, "meshery.meshsync.request", *times * [json.dumps(
        {"ObjectType": "", "EventType": "", "Object": None,
         "Request": {"Entity": entity, "Payload": payload}}).encode()])


def resync(nats, times=1):
    request(nats, "resync-discovery", times=times)


def owed(store):
    """How many changes wait; -1: nobody knows, as when it is just made."""
    try:
        db = sqlite3.connect("file:%s?mode=ro" % store, uri=True)
        try:
            return db.execute("select count(*) from waiting").fetchone()[0]
        finally:
            db.close()
    except sqlite3.OperationalError:
        return -1


def differs(have, want):
    """Say in what two worlds differ."""
    a, b = (dict((json.loads(x)["key"], x) for x in w.splitlines())
            for w in (have, want))
    note("%d objects, %d expected; missing %s; phantom %s; other %s" % (
        len(a), len(b), sorted(b.keys() - a.keys())[:5],
        sorted(a.keys() - b.keys())[:5],
        sorted(k for k in a.keys() & b.keys() if a[k] != b[k])[:5]))


def same_world(consumer, cluster, name):
    want = expected(cluster)
    if not ok(consumer.becomes(want), name):
        differs(consumer.world(), want)
