#!/usr/bin/python3
"""Requests over the broker, marks, messages too large, addresses dialled."""
from chaos import *
from stream import Cluster, record

conf = "max_payload: 20000\n"
nats = Nats(conf).up()
ears = Ears(nats)
w = Consumer(nats.url()).ready()
store = path("asked.db")
c = Cluster(10, 12)
p = Publish(nats.url(), store=store)
p.feed(c.sync())
same_world(w, c, "twelve objects")

request(nats, "meshsync-meta")
ok(json.loads(ears.waits("meshsync-meta")[0])["Object"] == subprocess.run(
    [PUBLISH, "--version"], capture_output=True).stdout.split()[1].decode(),
   "meshsync-meta is answered with the version")
publish(nats, "meshery.meshsync.request", b"garbage")
publish(nats, "meshery.meshsync.request", b'{"Request":null}')
request(nats, "no-such-thing")
request(nats, "informer-store", {"reply": "here.it.comes"})
dump = [json.loads(x) for x in ears.waits("here.it.comes", 3)]
ok([len(x["Object"]) for x in dump] == [5, 5, 2],
   "the store comes in messages of five, after garbage too")
ok(all(list(x) == ["ObjectType", "EventType", "Request", "Object"] and
       x["ObjectType"] == x["EventType"] == "" and x["Request"] is None
       for x in dump), "in an empty envelope")
sent = {x["metadata"]["name"]: x for x in
        (json.loads(m)["Object"] for m in ears.on(CORE))}
ok({x["metadata"]["name"]: x for m in dump for x in m["Object"]} == sent,
   "with what was published")
before = len(ears.on(CORE))
resync(nats, times=2)
again = ears.waits(CORE, before + 12)[before:]
ok(len(again) == 12 and all(b'"EventType":"ADDED"' in x for x in again),
   "a resync publishes everything as ADDED")
p.signal(signal.SIGUSR1)
usr1 = ears.waits(CORE, before + 24)[before + 12:]
ok(len(usr1) == 12 and all(b'"EventType":"ADDED"' in x for x in usr1),
   "and so does SIGUSR1")
before += 12
p.feed([record("MARK", {"id": "m1"})])
ok(ears.waits("meshsync.check.m1"), "a mark is passed on")
ok(len(ears.on(CORE)) == before + 12, "two resyncs at once are one")
ok(not any(b"MARK" in x for x in ears.on(CORE)), "and never to the others")
p.feed([record("MARK", {"id": "no > subject"}), record("MARK", {}),
        record("MARK", {"id": "m2"})])
ok(ears.waits("meshsync.check.m2"), "marks without a usable id are dropped")

# An equal message is not sent again; an AMEND that nobody sees costs nothing.
key = next(iter(c.live))
before = len(ears.on(CORE))
p.feed([c.added(key)])
m = c.live[key]["metadata"]
p.feed([record("AMEND", {"apiVersion": c.live[key]["apiVersion"], "kind":
                         c.live[key]["kind"], "namespace": m["namespace"],
                         "name": m["name"],
                         "origin": {"class": "brownfield", "by": "helm"}}),
        record("MARK", {"id": "m3"})])
ears.waits("meshsync.check.m3")
ok(len(ears.on(CORE)) == before, "what is equal is not published again")
ok(sqlite3.connect(store).execute(
    "select class, made_by from origin").fetchall() ==
   [("brownfield", "helm")], "the amendment is in the snapshot")

# Larger than the broker takes.
big = c.create(0, "big")
big["spec"]["pad"] = "y" * 30000
p.feed([c.added((0, "big"))])
ok(p.says("more than the broker's max_payload"), "a message too large is told")
small = c.touch(key)
p.feed([record("MODIFIED", Cluster.ms(key[0]), small),
        record("MARK", {"id": "m4"})])
ok(ears.waits("meshsync.check.m4"), "it does not hold up what follows")
ok(until(lambda: owed(store) == 1), "it is kept")
nats.reload("max_payload: 60000\n")
nats.kill()
nats.up()
resynced = Consumer(nats.url()).ready()
ok(connected(nats, p), "the broker is back with a larger limit")
resync(nats)
same_world(resynced, c, "then it is published")
ok(until(lambda: owed(store) == 0), "and nothing is kept any more")
nats.kill()
nats.configure(conf)
nats.up()
w = Consumer(nats.url()).ready()
ears = connected(nats, p)
del c.live[0, "big"]
big["spec"]["pad"] = "z" * 30000
p.feed([record("DELETED", Cluster.ms(0), big)])
gone = ears.waits(CORE)
ok(b'"DELETED"' in gone[0] and b'"name":"big"' in gone[0] and
   len(gone[0]) < 1000, "a deletion too large tells at least who")


# Services: the address is dialled, and others do not wait for that.
def service(name, port, rv):
    return record("ADDED", {"resource": "services.v1."}, {
        "kind": "Service", "apiVersion": "v1", "metadata": {
            "name": name, "namespace": "n", "resourceVersion": rv},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": port}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}})


open_port = socket.create_server(("127.0.0.1", 0))
port = open_port.getsockname()[1]
p.feed([service("open", port, "1"), service("shut", free_port(), "2"),
        service("open", port, "3")])


def told(name):
    for x in reversed(ears.on(CORE)):
        o = json.loads(x)["Object"]
        if o["metadata"]["name"] == name:
            return o
    return None


ok(until(lambda: told("open")) and told("open")["component_metadata"] == {
    "capabilities": {"connection": True, "urls": [
        "http://127.0.0.1:%d" % port, "http://10.0.0.1:%d" % port]}},
   "an address that answers is told")
ok(until(lambda: told("shut")) and told("shut")["component_metadata"] is None,
   "one that does not is null")
kinds = [json.loads(x)["EventType"] for x in ears.on(CORE)
         if json.loads(x)["Object"]["metadata"]["name"] == "open"]
ok(kinds[0] == "ADDED", "what waited for its dial is ADDED")
ok(p.end() == 0, "it ends with 0")
ok(owed(store) == 0, "and nothing is owed")

# A dump by a process that has dialled nothing yet: it waits for the answers.
p = Publish(nats.url(), store=store)
p.feed([record("MARK", {"id": "m9"})])
ears.waits("meshsync.check.m9")
for _ in range(LIMIT):  # the broker may still think of the process before
    request(nats, "informer-store", {"Reply": "dialled"})
    if until(lambda: len(ears.on("dialled")) >= 3, 1):
        break
ok({o["metadata"]["name"]: o["component_metadata"]
    for m in ears.on("dialled") for o in json.loads(m)["Object"]
    if o["kind"] == "Service"} == {
    n: told(n)["component_metadata"] for n in ("open", "shut")},
   "18: a dump of the store has the addresses that answer")
ok(p.end() == 0, "it ends")
# Whatever their number, who reads the messages still sees the others.
c = Cluster(11, 0)
many = path("many.db")
for i in range(30):
    c.create(0, "big-%d" % i)["spec"]["pad"] = "y" * 30000
p = Publish(nats.url(), store=many)
p.feed(c.sync())
ok(until(lambda: owed(many) == 30) and p.says("more is not published"),
   "thirty messages too large are kept")
ok(p.end() == 0 and p.said().count("max_payload") == 10,
   "and ten are named") or note(p.said())
done()
