#!/usr/bin/python3
"""What Meshery Server may rely on over the broker, by the numbers of the
compatibility contract: 23, 28 to 42."""
import urllib.request

from chaos import *
from stream import Cluster, record

SESSIONS = "active_sessions.exec"


def mark(p, ears, name):
    """All that was fed before is told now, or never will be."""
    p.feed([record("MARK", {"id": name})])
    return ears.waits("meshsync.check." + name)


def types(messages):
    return [json.loads(m)["EventType"] for m in messages]


nats = Nats("http: 127.0.0.1:%d\n" % (monitor := free_port())).up()
ears = Ears(nats)
c = Cluster(1, 1)
p = Publish(nats.url(), store=path("first.db"))
p.feed(c.sync())
mark(p, ears, "m0")
asked_at = time.monotonic()
request(nats, "active-exec", times=2)   # the list comes later: see 33

# 23: content that is told once
key, obj = next(iter(c.live.items()))
p.feed([c.added(key), c.added(key)])
mark(p, ears, "m1")
ok(len(ears.on(CORE)) == 1, "23: what is listed again is not told again")
ms = Cluster.ms(key[0])
p.feed([record("DELETED", ms, obj), record("MARK", {"id": "m2"}),
        c.added(key)])
mark(p, ears, "m3")
ok(types(ears.on(CORE)) == ["ADDED", "DELETED", "ADDED"],
   "23: a deletion is, and so is what comes back equal")
anonymous = {"apiVersion": "v1", "kind": "ConfigMap",
             "metadata": {"name": "anonymous", "namespace": "n"}}
p.feed([record("ADDED", {"resource": "configmaps.v1."}, anonymous)] * 2)
mark(p, ears, "m4")
ok(len(ears.on(CORE)) == 4, "23: without a uid its key says what it is")
p.feed([record("DELETED", {"resource": "configmaps.v1."}, anonymous)])
mark(p, ears, "m5")

# 28, 29: resync
before = len(ears.on(CORE))
resync(nats, times=2)
ears.waits(CORE, before + 1)
mark(p, ears, "m6")
ok(types(ears.on(CORE)[before:]) == ["ADDED"],
   "28: two requests for a resync are one, all comes as ADDED")
p.feed(Cluster(1, 11).sync())
mark(p, ears, "m7")
before = len(ears.on(CORE))
resync(nats)
ears.waits(CORE, before + 11)
mark(p, ears, "m8")
names = [json.loads(m)["Object"]["metadata"]["name"]
         for m in ears.on(CORE)[before:]]
ok(len(names) == len(set(names)) == 11 and
   set(types(ears.on(CORE)[before:])) == {"ADDED"},
   "29: who forgot everything gets all of it, past every deduplication")

# 30, 31, 32: the store, what is no request, the version
p.feed([record("ADDED", {"resource": "configmaps.v1."}, anonymous)])
mark(p, ears, "m9")
for bad in (b"", b"garbage", b"[]", b'{"Request":null}', b'{"Request":5}',
            b'{"Request":{"Entity":"no-such-thing"}}',
            b'{"Request":{"Entity":"informer-store"}}',
            b'{"Request":{"Entity":"informer-store","Payload":{"Reply":""}}}',
            b'{"Request":{"Entity":"informer-store","Payload":{"Reply":"a b"'
            b'}}}', b'{"Request":{"Entity":"exec-request","Payload":[1]}}',
            b'{"Request":{"Entity":"\xff"}}', b"\x00" * 100):
    publish(nats, "meshery.meshsync.request", bad)
heard = len(ears.got)
request(nats, "informer-store", {"reply": "the.store"})
dump = ears.waits("the.store", 3)
ok(all(s.startswith("$") or s in ("the.store", "meshery.meshsync.request") or
       (s == SESSIONS and b'"Object":[]}' in m)    # that of 33
       for s, m in ears.got[heard:]), "31: what is no request has no answer")
ok([len(json.loads(m)["Object"]) for m in dump] == [5, 5, 2] and all(
    m.startswith(b'{"ObjectType":"","EventType":"","Request":null,"Object":[{')
    for m in dump), "30: twelve objects are 5, 5 and 2, in an empty envelope")
request(nats, "meshsync-meta")
version = subprocess.run([PUBLISH, "--version"], capture_output=True
                         ).stdout.split()[1].decode()
ok(ears.waits("meshsync-meta") == [
    b'{"ObjectType":"","EventType":"","Request":null,"Object":"%s"}' %
    version.encode()], "32: meshsync-meta, byte for byte")

# 33: the list of sessions, one ticker for all who asked
first = ears.waits(SESSIONS)[0]
ok(first == b'{"ObjectType":"active-exec","EventType":"","Request":null,'
   b'"Object":[]}', "33: an empty list")
ears.waits(SESSIONS, 2)
waited = [t - asked_at for (s, _), t in zip(list(ears.got), ears.when)
          if s == SESSIONS]
ok(all(t >= 2 * (i + 1) for i, t in enumerate(waited)),
   "33: none before its time, and one ticker, however often it was asked for") \
    or note(waited)

# 34, 35: sessions that cannot be opened
session = {"id": "7", "namespace": "shop", "name": "web-0", "container": "c"}
request(nats, "log-stream", {"x": {**session, "follow": True}})
request(nats, "exec-request", {"x": session})
name = "exec.shop.web-0.c.7"
said = json.loads(ears.waits(name)[0])
ok(list(said.items())[:3] == [("ObjectType", "error"), ("EventType", ""),
                              ("Request", None)] and said["Object"],
   "35: a terminal session ends with an error on its subject")
ok([m for m in ears.on(SESSIONS) if b"[]" not in m] == [
    b'{"ObjectType":"active-exec","EventType":"","Request":null,'
    b'"Object":["%s"]}' % name.encode()], "35: after a list with its id")
request(nats, "exec-request", {"x": {**session, "stop": True}})
request(nats, "exec-request", {"x": {"id": "a b>"}})
request(nats, "meshsync-meta")
ears.waits("meshsync-meta", 2)
ok(len(ears.on(name)) == 1, "35: what is to stop does not run")
ok(not ears.on("meshery.meshsync.logs"),
   "34: a log that cannot be opened is silent")

# 36: one of several answers
q = Publish(nats.url(), store=path("second.db"))
q.feed(Cluster(1, 3).sync())
mark(q, ears, "m10")
for i in range(10):
    request(nats, "informer-store", {"Reply": "once.%d" % i})
    request(nats, "meshsync-meta")
ears.waits("meshsync-meta", 12)
ok(until(lambda: all(sum(len(json.loads(m)["Object"])
                         for m in ears.on("once.%d" % i)) in (3, 12)
                     for i in range(10))) and
   len(ears.on("meshsync-meta")) == 12,
   "36: of two each request is answered by one")

# 37: what Server looks for
page = json.load(urllib.request.urlopen("http://127.0.0.1:%d/connz" % monitor))
ok([x.get("name") for x in page["connections"]].count("meshsync") == 2,
   "37: connections called meshsync in /connz")
ok(q.end() == 0 and p.end() == 0, "both end")
nats.kill()

# 38, 39: credentials in the URL
for conf, who, connect in (
        ("authorization { token: \"t/o k%\" }", "t%2Fo%20k%25@",
         ',"auth_token":"t/o k%"'),
        ("authorization { user: u, password: \"p@:\" }", "u:p%40%3A@",
         ',"user":"u","pass":"p@:"')):
    nats = Nats(conf).up()
    ears = Ears(nats, connect)
    p = Publish(nats.url(who), store=path("third.db"))
    p.feed([c.added(key)])
    ok(ears.waits(CORE), "38: %s" % conf.split()[2])
    ok(p.end() == 0 and not any(
        secret in p.said() for secret in ("t/o k", "t%2Fo", "p@:", "p%40")),
       "38: and no word of it in a message")
    os.remove(path("third.db"))
    nats.kill()
bad = subprocess.run([PUBLISH], env={**os.environ, "BROKER_URL": "nats://"},
                     stdin=subprocess.DEVNULL, capture_output=True)
ok(bad.returncode == 100 and b"host" in bad.stderr,
   "39: a BROKER_URL without a host ends the run") or note(bad.stderr)

# 40, 41: a broker that comes late, and goes; no probe of :8222 is needed
late = free_port()
p = Publish("nats://127.0.0.1:%d" % late, store=path("late.db"))
p.feed([c.added(key)])
ok(p.says("wait"), "40: a broker that is not there yet is waited for")
p.signal(signal.SIGSTOP)        # a listener first: who comes late hears nothing
nats = Nats("max_payload: 20000\n", port=late).up()
ears = Ears(nats)
p.signal(signal.SIGCONT)
ok(ears.waits(CORE), "40: without asking its monitoring port")
nats.kill()
changed = c.touch(key)
p.feed([record("MODIFIED", ms, changed)])
p.signal(signal.SIGSTOP)
nats.up()
ears = Ears(nats)
p.signal(signal.SIGCONT)
ok(types(ears.waits(CORE)) == ["MODIFIED"], "41: what came meanwhile follows")
request(nats, "meshsync-meta")
ok(ears.waits("meshsync-meta"), "41: requests are heard again")

# 42: too large
big = {"apiVersion": "v1", "kind": "ConfigMap",
       "metadata": {"name": "big", "namespace": "n", "uid": "9"},
       "data": {"x": "y" * 30000}}
before = len(ears.on(CORE))
p.feed([record("ADDED", {"resource": "configmaps.v1."}, big),
        record("ADDED", {"resource": "configmaps.v1."}, anonymous)])
mark(p, ears, "m11")
ok([json.loads(m)["Object"]["metadata"]["name"]
    for m in ears.on(CORE)[before:]] == ["anonymous"] and
   p.says("more than the broker's max_payload"),
   "42: a message too large is told, and later ones flow")
request(nats, "informer-store", {"Reply": "small"})
ears.waits("small")
ok(p.says("left out"), "42: also in a dump of the store")
p.end()
done()
