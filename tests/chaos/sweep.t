#!/usr/bin/python3
"""What was deleted while nothing ran, and what must not be taken for it."""
from chaos import *
from stream import Cluster, KINDS, CLUSTER, record

nats = Nats().up()
w = Consumer(nats.url()).ready()
store = path("sweep.db")


def play(lines):
    p = Publish(nats.url(), store=store)
    p.feed(lines)
    if p.end() != 0:
        note(p.p.returncode)
        note(p.said())
        ok(False, "it ends with 0")


def count(k, ns=None):
    return sum(key[0] == k and ns in (None, o["metadata"]["namespace"])
               for key, o in c.live.items())


def sync(resource, phase, **more):
    return record("SYNC", {"resource": resource, "phase": phase, **more})


def begin(resource, **more):
    return sync(resource, "begin", cause="start", complete=True, **more)


c = Cluster(5, 90)
play(c.sync())
same_world(w, c, "the first sync")
for key in list(c.live)[::4]:
    del c.live[key]
deleted = w.counts()["DELETED"]
play(c.sync())
same_world(w, c, "the second sync lacks a quarter: they are deleted")
ok(w.counts()["DELETED"] == deleted + 23, "one message each")
ok(w.counts()["ADDED"] == 90, "what is equal is not sent again")

pods, maps = KINDS[0][2], KINDS[1][2]
ok(count(0) > count(0, "ns1") > 0 and count(1) > 1 and count(2),
   "there is something to sweep in what follows")
play([begin(pods), sync(pods, "aborted")])
same_world(w, c, "after aborted nothing is swept")
play([begin(pods), sync(pods, "aborted"), sync(pods, "end", count=0)])
same_world(w, c, "nor when an end follows it")
play([begin(pods), sync(pods, "denied")])
same_world(w, c, "nor after denied")
play([sync(pods, "begin", cause="expired", complete=False),
      sync(pods, "end", count=0)])
same_world(w, c, "nor at the end of a sync that is not complete")
play([sync(pods, "end", count=0)])
same_world(w, c, "nor at an end without a begin")
play([begin(pods)])
same_world(w, c, "nor without an end")
play([line.replace(CLUSTER, "another") for line in
      (begin(pods), sync(pods, "end", count=0))])
same_world(w, c, "nor for another cluster")

# A scope: only what lies in it may go.
play([begin(pods, scope={"namespaces": ["ns1"]}), sync(pods, "end", count=0)])
for key in list(c.live):
    if key[0] == 0 and c.live[key]["metadata"]["namespace"] == "ns1":
        del c.live[key]
same_world(w, c, "a sync of one namespace sweeps that one")
victim = next(key for key in c.live if key[0] == 1)
play([begin(maps, scope={"labelSelector": "app in (%s),n" % victim[1]}),
      sync(maps, "end", count=0)])
del c.live[victim]
same_world(w, c, "a sync with a selector sweeps what it selects")

victim = next(key for key in c.live if key[0] == 1)
play([begin(maps, scope={"fieldSelector": "metadata.name=%s" % victim[1]}),
      sync(maps, "end", count=0)])
del c.live[victim]
same_world(w, c, "and so does one with a selector of fields")
play([begin(maps, scope={"somethingNew": "x"}), sync(maps, "end", count=0)])
same_world(w, c, "a scope that is not understood sweeps nothing")

# ready: what is off or no longer served goes, denied and pending stay.
resources = {KINDS[0][2]: "denied", KINDS[1][2]: "pending"}
ready = {"phase": "ready", "complete": True, "resources": resources}
play([record("SYNC", {**ready, "complete": False})])
same_world(w, c, "ready without a complete discovery sweeps nothing")
play([record("SYNC", ready)])
for key in list(c.live):
    if key[0] == 2:
        del c.live[key]
same_world(w, c, "ready deletes what is not served any more")
play([record("SYNC", {**ready, "resources": {**resources,
                                             KINDS[1][2]: "off"}})])
for key in list(c.live):
    if key[0] == 1:
        del c.live[key]
same_world(w, c, "and what is off")
play([sync(pods, "gone")])
c.live.clear()
same_world(w, c, "gone deletes a resource's objects")

# The names are what counts: another uid, late news of the old one.
a = c.create(0, "same")
play([c.added((0, "same"))])
old = dict(a, metadata=dict(a["metadata"]))
del c.live[0, "same"]
c.create(0, "same")
play([c.added((0, "same")), record("DELETED", Cluster.ms(0), old)])
same_world(w, c, "the deletion of an old uid leaves the new object alone")
# A synthetic deletion brings the last known object.
log = path("deleted.log")
raw = Consumer(nats.url(), "--log", log).ready()
got = []
with socket.create_connection(("127.0.0.1", nats.port)) as s:
    s.sendall(b'CONNECT {"verbose":false}\r\nSUB meshery.meshsync.core 1\r\n'
              b'PING\r\n')
    while b"PONG" not in b"".join(got):
        got.append(s.recv(65536))
    o = c.live.pop((0, "same"))
    c.random.seed(1)
    play([record("DELETED", {**Cluster.ms(0), "synthetic": True}, {
        "kind": "Pod", "apiVersion": "v1", "metadata": {
            "name": "same", "namespace": o["metadata"]["namespace"]}})])
    s.settimeout(LIMIT)
    while b"}}\r\n" not in b"".join(got).split(b"MSG", 1)[-1]:
        got.append(s.recv(65536))
text = b"".join(got)
ok(b'"EventType":"DELETED"' in text and b"pad" in text,
   "a synthetic deletion is completed from the snapshot")
same_world(w, c, "and deletes")
done()
