#!/usr/bin/python3
"""world - a consumer of MeshSync that keeps what Meshery Server would.

    world.py --url nats://[TOKEN@|USER:PASS@]HOST:PORT --out FILE

Subscribes to meshery.meshsync.core and keeps a table of objects by Server's
key: ADDED inserts or replaces, MODIFIED replaces what is there and is ignored
otherwise, DELETED deletes. Prints "ready" once the subscription stands. The
table goes to FILE, sorted, one JSON document a line ({"key":…,"object":…}),
atomically, on SIGUSR1 (answered by "written N" on stdout) and at the end: on
SIGTERM, SIGINT and when stdin ends, if --until-eof is given. When the broker
goes away it connects again for ever, as a subscriber that must not miss
anything would have to; messages of the meantime are lost, as on core NATS.
Counts go to FILE.counts as JSON.

  --subject NAME   another subject; wildcards are fine
  --until-eof      end when stdin ends
  --log FILE       every message as it comes: TYPE KEY
"""
import argparse
import json
import os
import select
import signal
import socket
import sys
import time
import urllib.parse


class Broker:
    """The part of the NATS protocol that a subscriber needs."""

    def __init__(self, url, subject):
        self.url = urllib.parse.urlsplit(url)
        self.subject = subject
        self.sock = None
        self.buf = b""

    def connect(self):
        u = self.url
        self.buf = b""
        self.sock = socket.create_connection((u.hostname, u.port or 4222), 5)
        options = {"verbose": False, "pedantic": False, "name": "world",
                   "lang": "python", "version": "1", "protocol": 1}
        if u.password is not None:
            options["user"] = urllib.parse.unquote(u.username)
            options["pass"] = urllib.parse.unquote(u.password)
        elif u.username:
            options["auth_token"] = urllib.parse.unquote(u.username)
        self.sock.sendall(b"CONNECT %s\r\nSUB %s 1\r\nPING\r\n" % (
            json.dumps(options).encode(), self.subject.encode()))
        while True:
            line = self.line()
            if line == b"PONG":
                break
            if line.startswith(b"-ERR"):
                raise OSError(line.decode())
        self.sock.setblocking(False)

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock = None

    def more(self):
        data = self.sock.recv(1 << 20)
        if not data:
            raise OSError("the broker closed the connection")
        self.buf += data

    def line(self):
        while b"\r\n" not in self.buf:
            self.more()
        line, _, self.buf = self.buf.partition(b"\r\n")
        return line

    def messages(self):
        """The payloads that are complete in the buffer, after one read."""
        try:
            self.more()
        except BlockingIOError:
            pass                # what came with the PONG may be in the buffer
        at = 0
        while True:
            end = self.buf.find(b"\r\n", at)
            if end < 0:
                break
            line = self.buf[at:end]
            if line.startswith(b"MSG "):
                n = int(line.rsplit(b" ", 1)[1])
                if len(self.buf) < end + 2 + n + 2:
                    break
                yield line.split(b" ")[1], self.buf[end + 2:end + 2 + n]
                at = end + 2 + n + 2
                continue
            if line == b"PING":
                self.sock.sendall(b"PONG\r\n")
            elif line.startswith(b"-ERR"):
                raise OSError(line.decode())
            at = end + 2
        self.buf = self.buf[at:]


class World:
    def __init__(self, out, log):
        self.out, self.log = out, log
        self.objects = {}
        self.counts = {"ADDED": 0, "MODIFIED": 0, "DELETED": 0,
                       "ignored": 0, "bad": 0, "lost": 0, "bytes": 0}

    def take(self, payload):
        self.counts["bytes"] += len(payload)
        try:
            message = json.loads(payload)
            kind, o = message["EventType"], message["Object"]
            meta = o["metadata"]
            key = ".".join((o["cluster_id"], o["kind"], o["apiVersion"],
                            meta.get("namespace", ""), meta["name"]))
        except (ValueError, KeyError, TypeError):
            self.counts["bad"] += 1
            return
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.log:
            print(kind, key, file=self.log, flush=True)
        if kind == "ADDED" or (kind == "MODIFIED" and key in self.objects):
            self.objects[key] = o
        elif kind == "DELETED":
            self.objects.pop(key, None)
        else:
            self.counts["ignored"] += 1

    def write(self):
        for name, text in ((self.out, self.lines()),
                           (self.out + ".counts", json.dumps(self.counts))):
            with open(name + ".new", "w", encoding="utf-8") as f:
                f.write(text)
            os.replace(name + ".new", name)

    def lines(self):
        return "".join(
            json.dumps({"key": k, "object": self.objects[k]}, sort_keys=True,
                       separators=(",", ":"), ensure_ascii=False) + "\n"
            for k in sorted(self.objects))


def parse():
    p = argparse.ArgumentParser(prog="world.py")
    p.add_argument("--url", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--subject", default="meshery.meshsync.core")
    p.add_argument("--until-eof", action="store_true")
    p.add_argument("--log")
    return p.parse_args()


def say(text):
    try:
        print(text, flush=True)
    except BrokenPipeError:
        pass


def main():
    args = parse()
    world = World(args.out, open(args.log, "w") if args.log else None)
    broker = Broker(args.url, args.subject)
    wanted, wake = [], socket.socketpair()
    for s in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda n, _: wanted.append(n))
    wake[1].setblocking(False)
    signal.set_wakeup_fd(wake[1].fileno(), warn_on_full_buffer=False)
    is_ready = False
    while True:
        while wanted:
            if wanted.pop(0) == signal.SIGUSR1:
                world.write()
                say("written %d" % len(world.objects))
            else:
                world.write()
                return
        watch = [wake[0]] + ([sys.stdin] if args.until_eof else [])
        if not broker.sock:
            try:
                broker.connect()
                if not is_ready:
                    say("ready")
                is_ready = True
                for _, payload in broker.messages():
                    world.take(payload)
            except OSError:
                broker.close()
                time.sleep(0.05)
        wait = [broker.sock] if broker.sock else []
        for fd in select.select(watch + wait, [], [], 0.2 if wait else 0)[0]:
            if fd is wake[0]:
                fd.recv(64)
            elif fd is sys.stdin:
                if not os.read(0, 4096):
                    world.write()
                    return
            else:
                try:
                    for _, payload in broker.messages():
                        world.take(payload)
                except OSError:
                    world.counts["lost"] += 1
                    broker.close()


if __name__ == "__main__":
    main()
