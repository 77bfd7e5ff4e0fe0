#!/usr/bin/python3
"""The rules of the snapshot, seen on stdout: what is sent again, and as what."""
from chaos import *
from stream import record

store = path("rules.db")
RES = "pods.v1."


def pod(uid="u1", rv="1", **more):
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {
        "name": "x", "namespace": "n", "uid": uid, "resourceVersion": rv},
        **more}


def play(*lines):
    """What comes out: (type, record) pairs."""
    p = subprocess.run([PUBLISH, "--to", "-", "--format", "record", "--store",
                        store], input="".join(x + "\n" for x in lines),
                       capture_output=True, text=True, timeout=LIMIT)
    if p.returncode or p.stderr:
        note("%d %s" % (p.returncode, p.stderr))
    return [(json.loads(x)["type"], json.loads(x))
            for x in p.stdout.splitlines()]


def types(*lines):
    return [t for t, _ in play(*lines)]


def added(o, kind="ADDED", **ms):
    return record(kind, {"resource": RES, **ms}, o)


def ready():
    return record("SYNC", {"phase": "ready", "complete": False})


full = {"depth": "full"}
meta = {"depth": "metadata"}
ok(types(added(pod(spec={"a": 1}), **full)) == ["ADDED"], "new: ADDED")
ok(types(added(pod(spec={"a": 1}), **full)) == [], "equal: nothing")
ok(types(added(pod(spec={"a": 1}), **full).replace("T10:", "T11:")) == [],
   "another time only: nothing")
ok(types(added(pod(spec={"a": 2}), **full)) == ["MODIFIED"],
   "other bytes under one resourceVersion: MODIFIED")
ok(types(added(pod(), **meta)) == [],
   "metadata of the same version does not replace a full object")
ok(types(added(pod(rv="2"), **meta)) == ["MODIFIED"], "a newer one does")
ok(types(added(pod(rv="2", spec={"a": 3}), **full)) == ["MODIFIED"],
   "a full object replaces metadata")
ok(types(ready(), added(pod(rv="2"), **meta)) == ["MODIFIED"],
   "after ready metadata does so too")
play(added(pod(rv="3", spec={"a": 4}), **full))
ok(types(added(pod(rv="4"), truncated=True, **full)) == [],
   "a truncated record leaves the stored object alone")
out = play(record("AMEND", {"apiVersion": "v1", "kind": "Pod", "namespace":
                            "n", "name": "x", "uid": "u1",
                            "origin": {"class": "brownfield"}}))
ok([t for t, _ in out] == ["MODIFIED"] and out[0][1]["ms"]["origin"] ==
   {"class": "brownfield"} and out[0][1]["object"]["spec"] == {"a": 4},
   "an amendment joins the stored object")
ok(types(record("AMEND", {"apiVersion": "v1", "kind": "Pod", "namespace": "n",
                          "name": "x", "uid": "u0", "origin": None})) == [],
   "one for another uid does not")
ok(types(record("AMEND", {"apiVersion": "v1", "kind": "Pod", "namespace": "n",
                          "name": "y", "origin": None})) == [],
   "nor one for what is not there")
out = play(added(pod(uid="u2", rv="9"), **full))
ok([(t, r["object"]["metadata"]["uid"]) for t, r in out] ==
   [("DELETED", "u1"), ("ADDED", "u2")],
   "another uid: the old one's end comes first")
ok(types(added(pod(uid="u1"), "DELETED")) == [],
   "late news of the old one is no news")
ok(types(added(pod(uid="u2"), "DELETED"), added(pod(uid="u2"), "DELETED")) ==
   ["DELETED"], "a deletion told twice is sent once")
ok(types(added(pod(uid="u5"), "DELETED")) == ["DELETED"],
   "a deletion of what is unknown is passed on")
ok(types('{"type":"ADDED","object":{"kind":"Pod"}}', "garbage") == [],
   "what is no record is dropped")

# A line for a person tells that something happened, not all of what there is.
for i in range(3):
    events = subprocess.run(
        [PUBLISH, "--to", "-", "--format", "event", "--store",
         path("events.db")], input=added(pod(rv=str(i), spec={"a": i})) + "\n",
        capture_output=True, text=True, timeout=LIMIT).stdout.split()
    ok(events[:2] == ["MODIFIED" if i else "ADDED", "Pod"],
       "event %d is told" % i) or note(events)

# A supervisor asks for a resync by SIGUSR1, also of one that keeps nothing.
p = subprocess.Popen([PUBLISH, "--to", "-"], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, text=True)
started.append(p)
for i in range(2):
    p.stdin.write(added(pod(rv=str(i))) + "\n")
    p.stdin.flush()
    told = p.stdout.readline()
    p.send_signal(signal.SIGUSR1)
p.stdin.close()
ok(told and p.wait(LIMIT) == 0, "without a snapshot SIGUSR1 does nothing",
   p.returncode)

# What nobody was told of leaves no trace.
port = free_port()
p = Publish("nats://127.0.0.1:%d" % port, "--drain", "0",
            store=path("trace.db"))
p.feed([added(pod(uid="u%d" % i), t) for i in range(500)
        for t in ("ADDED", "DELETED")])
p.end()
db = sqlite3.connect(path("trace.db"))
ok(db.execute("select (select count(*) from row), (select count(*) from "
              "object)").fetchone() == (0, 0),
   "what is born and dies in an outage leaves no trace")
done()
