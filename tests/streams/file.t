#!/usr/bin/python3
"""47: --to file:PATH writes what upstream's file has, by upstream's rules. And
17: what is secret is neither in a file, nor in a snapshot, nor in a record."""
import datetime
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

BIN = os.path.abspath(os.environ.get("BIN", HERE + "/../../build"))
tmp = tempfile.mkdtemp(prefix="ms-file-")


def publish(lines, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MESHSYNC")}
    return subprocess.run([BIN + "/ms-publish", "--cluster", "C", *args],
                          input="".join(line + "\n" for line in lines).encode(),
                          capture_output=True, cwd=tmp, env=env)


def record(event, name, uid=None, kind="Pod", **more):
    meta = {"name": name, "namespace": "n", **({"uid": uid} if uid else {})}
    return json.dumps({"type": event, "object": {
        "apiVersion": "v1", "kind": kind, "metadata": meta, **more}})


def read(name):
    with open(os.path.join(tmp, name)) as f:
        return f.read()


def names(name):
    return [line[8:] for line in read(name).splitlines()
            if line.startswith("  name: ")]


SECRET = record("ADDED", "s", "4", "Secret", data={"b": "aHVzaA==", "a": "eA=="},
                type="Opaque")
DOCUMENT = """apiVersion: v1
cluster_id: C
component_metadata: null
data: '{"a":"[REDACTED]","b":"[REDACTED]"}'
id: ""
kind: Secret
metadata:
  cluster_id: ""
  id: ""
  name: s
  namespace: "n"
  uid: "4"
model: ""
pattern_resource: null
type: Opaque
---
"""

publish([SECRET], "--to", "file:one.yaml")
ok(read("one.yaml") == DOCUMENT, "47: a document, keys in order, and a line ---")
publish([record("ADDED", "a", "1"), record("MODIFIED", "a-again", "1"),
         record("DELETED", "a-gone", "1"), record("DELETED", "b-gone", "2"),
         record("ADDED", "b-back", "2"), record("ADDED", "c"),
         record("MODIFIED", "c-again")], "--to", "file:two")
ok(names("two") == ["a", "b-gone", "c", "c-again"],
   "47: of each uid what comes first, and all without one; a plain name stays")
publish([record("ADDED", "later", "1")], "--to", "file:two")
ok(names("two") == ["a", "b-gone", "c", "c-again", "later"],
   "47: it is added to, by a run that knows nothing of the last")
ok(publish([SECRET], "--to", "file:").returncode == 0 and
   publish([SECRET], "--to", "file:").returncode == 0, "47: without a name")
days = {datetime.date.today(), datetime.date.fromtimestamp(
    os.path.getmtime(os.path.join(tmp, "one.yaml")))}
ok(any(all(os.path.exists(os.path.join(
    tmp, "meshery-cluster-snapshot-%s-0%d.yaml" % (d.strftime("%Y%m%d"), i)))
    for i in (0, 1)) for d in days), "47: the next free one of the day is taken")
out = publish([record("ADDED", "a", "1"), record("ADDED", "x", "2")],
              "--to", "file:event", "--format", "event")
ok(read("event") == "ADDED    Pod                       n/a\n"
   "ADDED    Pod                       n/x\n",
   "a file of another format")
ok(publish([], "--to", "file:/none/x").returncode == 100,
   "a folder that is not there is told")
ok(publish([], "--to", "file:x", "--store", "s").returncode == 100,
   "a file has no snapshot")

# Secrets
out = publish([SECRET], "--to", "-", "--format", "record").stdout
ok(b"aHVz" not in out and b"[REDACTED]" in out, "17: no values in a record")
publish([SECRET], "--to", "-", "--store", "s.db")
kept = b"".join(open(os.path.join(tmp, f), "rb").read()
                for f in os.listdir(tmp) if f.startswith("s.db"))
ok(b"aHVz" not in kept and b"[REDACTED]" in kept, "17: nor in a snapshot")
publish([SECRET], "--to", "-", "--store", "plain.db", "--no-redact")


def plain():
    return any(b"aHVz" in open(os.path.join(tmp, f), "rb").read()
               for f in os.listdir(tmp) if f.startswith("plain.db"))


ok(plain(), "17: unless asked for")
out = publish([], "--to", "-", "--store", "plain.db").stdout
ok(not plain(), "17: a snapshot that has them is cleaned, every byte of it")
with sqlite3.connect(os.path.join(tmp, "plain.db")) as db:
    body, = db.execute("select body from object").fetchone()
ok(json.loads(body)["data"] == {"a": "[REDACTED]", "b": "[REDACTED]"},
   "17: and has the object still")
ok(b"REDACTED" in out, "17: which is told as it is kept now, at once")

# What is published follows the options, whatever an earlier run has told.
both = [record("ADDED", "a", "1"), record("ADDED", "b", "2", kind="Node")]


def told(lines, *args):
    return publish(lines, "--to", "-", "--store", "form.db", "--format",
                   "event", *args).stdout.decode().split("\n")[:-1]


ok(told(both, "--output-namespaces", "x") == [],
   "what is held back is not told")
ok(told([], "--output-namespaces", "x") == [], "nor later")
ok(len(told([])) == 2, "but when nothing holds it back any more")
ok(told(both) == [], "once")

ok(len(told(both, "--dial", "0")) == 2 and told([], "--dial", "0") == [] and
   len(told([])) == 2, "and all of it, when addresses are not tried, and are")

# Colour
terminal, inner = os.openpty()
subprocess.run([BIN + "/ms-publish", "--to", "-", "--format", "event"],
               input=(both[0] + "\n").encode(), stdout=inner,
               env={k: v for k, v in os.environ.items() if k != "NO_COLOR"})
ok(os.read(terminal, 99).startswith(b"\x1b[32mADDED   \x1b[0m Pod"),
   "an event has colour on a terminal")
subprocess.run([BIN + "/ms-publish", "--to", "-", "--format", "event"],
               input=(both[0] + "\n").encode(), stdout=inner,
               env={**os.environ, "NO_COLOR": "1"})
ok(os.read(terminal, 99).startswith(b"ADDED    Pod"), "unless NO_COLOR is set")
shutil.rmtree(tmp, ignore_errors=True)
done()
