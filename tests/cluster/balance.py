"""balance.py DIR - the cases 57 and 58 of the research, on the cluster in DIR.

SECONDS: how long the servers are restarted in turn (45).
"""
import asyncio
import http.client
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), ".."))
import tap     # noqa: E402 - the path comes first
from tap import ok     # noqa: E402

DIR = sys.argv[1]
BIN = os.environ.get("BIN", "build")
SECONDS = float(os.environ.get("SECONDS", "45"))
RATE = 50           # writes a second
NAMES = 300
PATIENCE = 120      # seconds that anything may take; never what decides
PATH = "/api/v1/namespaces/default/configmaps"


def read(name):
    with open(os.path.join(DIR, name)) as f:
        return f.read().strip()


TOKEN = next(line.split(",")[0] for line in read("tokens.csv").splitlines()
             if line.split(",")[1] == "admin")
TRUST = ssl.create_default_context(cafile=os.path.join(DIR, "ca.crt"))


def until(test, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.1)
    ok(False, f"waited for {what}")
    return False


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """An API server like the first one, on another port."""

    def __init__(self, like, port):
        self.port = port
        self.argv = [f"--secure-port={port}" if x.startswith("--secure-port=")
                     else x for x in like]
        self.process = None

    def start(self):
        self.log = open(os.path.join(DIR, f"kube-{self.port}.log"), "ab")
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, env={**os.environ, "GOGC": "200",
                                  "CLUSTER_PARENT": str(os.getpid())})

    def is_ready(self):
        try:
            return request(self.port, "GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def request(port, method, path, body=None, kind="application/json"):
    link = http.client.HTTPSConnection("127.0.0.1", port, timeout=10,
                                       context=TRUST)
    try:
        link.request(method, path, body, {"Authorization": "Bearer " + TOKEN,
                                          "Content-Type": kind})
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


class Balancer:
    """Gives each connection to the next server that takes it."""

    def __init__(self, servers):
        self.servers = servers
        self.is_cut = False
        self.next = 0
        self.pairs = set()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.port = self.run(self.listen())

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine,
                                                self.loop).result(PATIENCE)

    async def listen(self):
        listener = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return listener.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        back = None
        for _ in self.servers if not self.is_cut else ():
            self.next += 1
            server = self.servers[self.next % len(self.servers)]
            try:
                there, back = await asyncio.open_connection(
                    "127.0.0.1", server.port)
                break
            except OSError:
                continue
        if not back:
            return writer.close()
        self.pairs.add((writer, back))
        await asyncio.gather(self.copy(reader, back),
                             self.copy(there, writer))
        self.pairs.discard((writer, back))

    async def copy(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def cut(self, is_cut):
        async def cut():
            self.is_cut = is_cut
            for pair in list(self.pairs):
                for writer in pair:
                    writer.transport.abort()
        self.run(cut())


class Churn(threading.Thread):
    """Writes config maps through whichever server answers."""

    def __init__(self, servers):
        super().__init__(daemon=True)
        self.servers = servers
        self.is_over = False
        self.writes = 0
        self.random = random.Random(1)

    def write(self):
        name = f"churn-{self.random.randrange(NAMES)}"
        body = {"metadata": {"name": name},
                "data": {"n": str(self.random.random())}}
        what = self.random.random()
        port = self.random.choice(self.servers).port
        if what < 0.15:
            return request(port, "DELETE", f"{PATH}/{name}")
        status, _ = request(port, "PATCH", f"{PATH}/{name}", json.dumps(body),
                            "application/merge-patch+json")
        if status == 404:
            request(port, "POST", PATH, json.dumps(body))

    def run(self):
        due = time.monotonic()
        while not self.is_over:
            try:
                self.write()
                self.writes += 1
            except (OSError, http.client.HTTPException):
                pass
            due = max(due + 1 / RATE, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))


class Stream:
    """What ms-watch has written, replayed."""

    def __init__(self, path):
        self.path = path
        self.at = 0
        self.world = {}
        self.last = {}
        self.backwards = []
        self.lines = []

    def read(self):
        with open(self.path, "rb") as f:
            f.seek(self.at)
            text = f.read()
        text = text[:text.rfind(b"\n") + 1]
        self.at += len(text)
        for line in text.splitlines():
            self.take(json.loads(line))

    def take(self, r):
        if r["type"] == "SYNC":
            self.lines.append(f"{r['ms']['phase']} {r['ms'].get('cause')}")
        meta = r.get("object", {}).get("metadata", {})
        if r["type"] not in ("ADDED", "MODIFIED", "DELETED"):
            return
        key = (meta.get("namespace"), meta["name"])
        rv = int(meta["resourceVersion"])
        if rv < self.last.get(key, 0):
            self.backwards.append((key, self.last[key], rv))
        self.last[key] = rv
        self.lines.append(f"{r['type']} {meta['name']}")
        if r["type"] == "DELETED":
            self.world.pop(key, None)
        else:
            self.world[key] = rv

    def has(self, line):
        self.read()
        return line in self.lines


def truth(port):
    _, body = request(port, "GET", "/api/v1/configmaps")
    return {(o["metadata"].get("namespace"), o["metadata"]["name"]):
            int(o["metadata"]["resourceVersion"])
            for o in json.loads(body)["items"]}


def is_true(stream, port):
    def test():
        stream.read()
        return stream.world == truth(port)
    return test


def compact(port):
    """Take its history from etcd, up to now."""
    def ask(path, body):
        return json.load(urllib.request.urlopen(
            f"http://127.0.0.1:{read('etcd.port')}{path}",
            json.dumps(body).encode()))
    now = ask("/v3/kv/range", {"key": "AA=="})["header"]["revision"]
    ask("/v3/kv/compaction", {"revision": now, "physical": True})


def restart_in_turn(servers, stream):
    end = time.monotonic() + SECONDS
    turns = 0
    while time.monotonic() < end or turns < 2:
        server = servers[turns % 2]
        server.stop()
        server.start()
        until(server.is_ready, "an API server")
        stream.read()
        turns += 1
    return turns


def test_restarts(servers, balancer, stream):
    churn = Churn(servers)
    churn.start()
    turns = restart_in_turn(servers, stream)
    churn.is_over = True
    churn.join()
    print(f"# {turns} restarts, {churn.writes} writes")
    ok(until(is_true(stream, servers[0].port), "the same world"),
       "57. servers restarted in turn: in the end the world is theirs")
    ok(not stream.backwards, "57. no object has gone backwards",
       stream.backwards[:5])


def test_compaction(servers, balancer, stream):
    port = servers[0].port
    for i in range(20):
        request(port, "POST", PATH, json.dumps(
            {"metadata": {"name": f"kept-{i}"}, "data": {"a": "b"}}))
    for name in ("changed", "lost"):
        request(port, "POST", PATH, json.dumps({"metadata": {"name": name}}))
    until(is_true(stream, port), "the same world")
    balancer.cut(True)
    before = len(stream.lines)
    request(port, "PATCH", f"{PATH}/changed", '{"data":{"c":"d"}}',
            "application/merge-patch+json")
    request(port, "DELETE", f"{PATH}/lost")
    request(port, "POST", PATH, '{"metadata":{"name":"new"}}')
    compact(port)
    for server in servers:      # what they remember themselves
        server.stop()
        server.start()
    for server in servers:
        until(server.is_ready, "an API server")
    balancer.cut(False)
    until(lambda: stream.has("begin expired") and
          stream.lines[-1].startswith("end"), "a new sync")
    ok(sorted(stream.lines[before:]) == sorted([
        "begin expired", "MODIFIED changed", "DELETED lost", "ADDED new",
        "end None"]), "58. history is gone: exactly the difference",
       stream.lines[before:])
    ok(until(is_true(stream, port), "the same world"),
       "58. and the world is theirs")


def main():
    with open(f"/proc/{read('kube-apiserver.pid')}/cmdline") as f:
        like = f.read().split("\0")[:-1]
    servers = [Server(like, free_port()), Server(like, free_port())]
    for server in servers:
        server.start()
    for server in servers:
        until(server.is_ready, "an API server")
    balancer = Balancer(servers)
    config = read("kubeconfig").replace(
        f"127.0.0.1:{read('kube-apiserver.port')}",
        f"127.0.0.1:{balancer.port}")
    path = os.path.join(DIR, "kubeconfig-balanced")
    with open(path, "w") as f:
        f.write(config)
    out = os.path.join(DIR, "stream.log")
    with open(out, "wb") as f, open(out + ".err", "wb") as err:
        watch = subprocess.Popen(
            [os.path.join(BIN, "ms-watch"), "--kubeconfig", path, "-v",
             "--resource", "configmaps"], stdout=f, stderr=err)
    stream = Stream(out)
    try:
        until(lambda: stream.has("ready None"), "ready")
        test_restarts(servers, balancer, stream)
        test_compaction(servers, balancer, stream)
    finally:
        watch.send_signal(signal.SIGTERM)
        watch.wait(30)
        if tap.failed:
            with open(out + ".err") as f:
                print("".join("# " + x for x in f.readlines()[-30:]))
        for server in servers:
            server.stop()
    for name in (path, out, out + ".err"):
        os.unlink(name)
    tap.done()


main()
