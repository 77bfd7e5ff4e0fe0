#!/usr/bin/python3
"""Random objects as messages: each the same bytes as the plain reference has.

WIRE_OBJECTS: how many of each sort (1000); WIRE_SEED: the first's number. An
object that differs is printed, with the number that draws it again.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE + "/..", HERE + "/../fuzz"]
sys.dont_write_bytecode = True
import wire     # noqa: E402 - the path comes first
from tap import done, ok     # noqa: E402

BIN = os.environ.get("BIN", os.path.join(HERE, "..", "..", "build"))
COUNT = int(os.environ.get("WIRE_OBJECTS", "1000"))
SEED = int(os.environ.get("WIRE_SEED", "1"))
CLUSTER = "3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10"


def drawn(sort):
    for i in range(SEED, SEED + COUNT):
        r = wire.Random(i)
        yield i, r.of("ADDED", "MODIFIED", "DELETED"), getattr(r, sort)()


def published(objects, args):
    lines = b"".join(b'{"type":"%s","object":%s}\n' % (e.encode(), o)
                     for _, e, o in objects)
    return subprocess.run(
        [os.path.join(BIN, "ms-publish"), "--to", "-", "--dial", "0",
         "--cluster", CLUSTER, *args], input=lines, stdout=subprocess.PIPE,
        env={k: v for k, v in os.environ.items()
             if k != "MESHSYNC_REDACT_SECRETS"}).stdout.splitlines()


def first_difference(objects, got, redact):
    for (seed, event, o), line in zip(objects, got):
        want = wire.message(event, o, CLUSTER, redact)
        if line != want:
            return "WIRE_SEED=%d %s\ngot  %s\nwant %s" % (
                seed, o, line.decode(), want.decode())
    return None


def misfits():
    """Of those whose identity still is made of texts."""
    for v in wire.misfits():
        meta = v.get("metadata", {})
        if isinstance(meta, dict) and all(
                isinstance(meta.get(k, ""), str) for k in
                ("name", "namespace", "uid", "resourceVersion")):
            yield 0, "ADDED", json.dumps(
                {"apiVersion": "v1", "kind": "Service", **v,
                 "metadata": {"name": "s", **meta}}).encode()


def check(objects, redact, name):
    got = published(objects, [] if redact else ["--no-redact"])
    wrong = first_difference(objects, got, redact)
    if len(got) != len(objects):
        wrong = "%d of %d objects" % (len(got), len(objects))
    ok(not wrong, name, wrong)


check(list(drawn("record")), False, "5-17: %d objects" % COUNT)
check(list(drawn("record")), True, "17: %d objects, Secrets redacted" % COUNT)
check(list(drawn("service")), False, "18: %d Services" % COUNT)
check(list(misfits()), False, "18: Services of another shape, each way")
done()
