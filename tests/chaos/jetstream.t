#!/usr/bin/python3
"""JetStream: the stream and its limits, acknowledgements, fall back to core
NATS, and a cluster of three that loses its leader."""
from chaos import *
from stream import Cluster, record
import stream_api as js
import world

# A cluster's nodes are slow to agree on a busy machine.
AGREE = 2 * LIMIT


def kept(port):
    """The world of somebody who reads the stream from its beginning."""
    w = world.World("", None)
    for _, payload in js.messages(port):
        w.take(payload)
    return w.lines()


def same_stream(port, cluster, name):
    want = expected(cluster)
    have = kept(port)
    if not ok(have == want, name):
        differs(have, want)


def single(name):
    return 'jetstream { store_dir: "%s" }' % path(name)


# One server: the stream is made, in its limits.
nats = Nats(single("js-one")).up()
store = path("js.db")
c = Cluster(21, 300)
p = Publish(nats.url(), "--jetstream", store=store)
p.feed(c.sync())
ok(p.end() == 0, "a sync is published") or note(p.said())
about = js.info(nats.port)
conf = about["config"]
ok(conf["subjects"] == ["meshery.meshsync.core"] and
   conf["retention"] == "limits" and conf["storage"] == "file" and
   conf["discard"] == "old" and conf["num_replicas"] == 1 and
   conf["max_age"] == 24 * 3600 * 10**9 and conf["max_bytes"] == 256 << 20 and
   conf["duplicate_window"] == 120 * 10**9, "the stream has its limits") or \
    note(conf)
ok(about["state"]["messages"] == 300, "it holds a message for each object")
name = sqlite3.connect(store).execute(
    "select value from state where name = 'id'").fetchone()[0]
ids = [i for i, _ in js.messages(nats.port)]
ok(ids == ["%s|%d" % (name, n) for n in range(1, 301)],
   "Nats-Msg-Id is the store's id and the change number")
same_stream(nats.port, c, "who reads it has the world")
ok(owed(store) == 0, "all is confirmed")
p = Publish(nats.url(), "--jetstream", store=store)
p.feed(c.sync())
p.end()
ok(js.info(nats.port)["state"]["messages"] == 300,
   "what has not changed does not come again")

# The server is killed while messages are on their way.
p = Publish(nats.url(), "--jetstream", store=store)
p.feed(c.sync())
for i in range(3):
    for _ in range(300):
        p.feed(c.change())
    nats.kill()
    for _ in range(100):
        p.feed(c.change())
    nats.up()
ok(p.end() == 0 and owed(store) == 0, "killed three times: all is confirmed")
same_stream(nats.port, c, "and who reads the stream has the world")

# ids are the server's to keep apart; a change under another one comes twice
ids = [i.split("|")[1] for i, _ in js.messages(nats.port)]
ok(len(set(ids)) == len(ids), "and the stream holds nothing twice")

# Somebody deletes the stream: it is made again.
p = Publish(nats.url(), "--jetstream", "--patience", "2", store=store)
p.feed(c.sync())
connected(nats, p)
js.ask(nats.port, "STREAM.DELETE.MESHSYNC_EVENTS")
# it answers before its files are gone, and then takes those of the next with
# them: that is not what is tested
until(lambda: not os.path.exists(path(
    "js-one/jetstream/$G/streams/MESHSYNC_EVENTS")))
p.feed(c.change())
for _ in range(20):
    p.feed(c.change())
ok(p.end() == 0 and owed(store) == 0 and js.info(nats.port),
   "a stream that is gone is made again") or note(p.said())

# A stream that is somebody else's decision.
js.ask(nats.port, "STREAM.DELETE.MESHSYNC_EVENTS")
js.ask(nats.port, "STREAM.CREATE.MESHSYNC_EVENTS", {
    "name": "MESHSYNC_EVENTS", "subjects": ["other.*.core"], "storage": "memory",
    "retention": "limits", "max_consumers": -1, "max_msgs": -1,
    "max_bytes": -1, "max_age": 0, "num_replicas": 1})
p = Publish(nats.url(), "--jetstream", store=store)
p.feed(c.sync())
p.feed([record("MODIFIED", c.ms(k[0]), c.touch(k)) for k in list(c.live)[:5]])
ok(p.says("does not take the subject: meshery.meshsync.core"),
   "a stream of that name without our subject is told") or note(p.said())
js.ask(nats.port, "STREAM.DELETE.MESHSYNC_EVENTS")
js.ask(nats.port, "STREAM.CREATE.MESHSYNC_EVENTS", {
    "name": "MESHSYNC_EVENTS", "subjects": ["other", "meshery.*.core"],
    "storage": "memory", "retention": "limits", "max_consumers": -1,
    "max_msgs": -1, "max_bytes": -1, "max_age": 0, "num_replicas": 1,
    "max_msg_size": 100000})
ok(p.says("is back") and until(lambda: owed(store) == 0),
   "one with it is taken as it is")
big = c.live[next(iter(c.live))]
big["spec"]["pad"] = "x" * 150000
p.feed([record("MODIFIED", c.ms(0), big)])
ok(p.says("more than the broker's max_payload of 99"),
   "its limit for a message is ours") or note(p.said())
# one is refused and one behind it taken: what comes again is told anew
until(lambda: owed(store) == 1)
conf = js.info(nats.port)["config"]
conf["max_msg_size"] = 2000
js.ask(nats.port, "STREAM.UPDATE.MESHSYNC_EVENTS", conf)
keys = [k for k in list(c.live)[:40] if c.live[k] is not big]
for i, k in enumerate(keys):
    c.touch(k)["spec"]["pad"] = "y" * (3000 if i == 3 else 100)
p.feed([record("MODIFIED", c.ms(k[0]), c.live[k]) for k in keys])
ok(p.says("max_payload of 1744") and until(lambda: owed(store) == 2),
   "a stream that takes less than it did: only that one waits") or \
    note(p.said())
numbers = [i.split("|")[1:] for i, _ in js.messages(nats.port)]
again = [x[0] for x in numbers if len(x) == 2]
ok(again and set(again) & {x[0] for x in numbers if len(x) == 1},
   "and what had got past it comes again behind it, under new ids") or \
    note(numbers)
ok(p.end() == 0, "it holds up nothing")
nats.kill()

# Without JetStream: core NATS, said once.
core = Nats().up()
w = Consumer(core.url()).ready()
c = Cluster(22, 100)
store = path("core.db")
p = Publish(core.url(), "--jetstream", store=store)
p.feed(c.sync())
same_world(w, c, "a server without JetStream: core NATS, and all arrives")
core.kill()
core.up()
for _ in range(50):
    p.feed(c.change())
ok(p.end() == 0, "over a restart too")
ok(p.said().count("has no JetStream") == 1, "it is said once") or \
    note(p.said())
core.kill()

# Three nodes; the stream has three copies, and its leader is killed.
route = [free_port() for _ in range(3)]
nodes = [Nats() for _ in range(3)]
for i, n in enumerate(nodes):
    n.text = (
        'server_name: n%d\njetstream { store_dir: "%s" }\n'
        'cluster { name: c, listen: "127.0.0.1:%d", routes: [%s] }\n' % (
            i, path("js-%d" % i), route[i],
            ", ".join('"nats://127.0.0.1:%d"' % r for r in route)))
    n.configure(n.text)
    n.up()
ok(until(lambda: (js.ask(nodes[0].port, "INFO") or {}).get("tier") or
         "memory" in (js.ask(nodes[0].port, "INFO") or {}), AGREE),
   "three nodes are a cluster")
c = Cluster(23, 500)
store = path("three.db")
p = Publish(nodes[0].url(), "--jetstream=3", store=store)
p.feed(c.sync())
ok(p.end() == 0 and owed(store) == 0, "a sync is published") or \
    note(p.said())
about = js.info(nodes[0].port)
ok(about["config"]["num_replicas"] == 3, "in three copies")
leader = nodes[int(about["cluster"]["leader"][1])]
p = Publish(leader.url(), "--jetstream=3", "--patience", "5", store=store)
p.feed(c.sync())
for i in range(400):
    p.feed(c.change())
    if i == 200:
        leader.kill()
until(lambda: owed(store) == 0, AGREE)     # an election may take long
ok(p.end() == 0 and owed(store) == 0, "its leader, which is the node that we "
   "are connected to, is killed: all is confirmed") or note(p.said())
alive = nodes[nodes[0] is leader]
ok(until(lambda: js.info(alive.port), AGREE), "the stream lives")
same_stream(alive.port, c, "and who reads it has the world: nothing lost, "
            "nothing phantom")
done()
