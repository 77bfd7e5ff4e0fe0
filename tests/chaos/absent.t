#!/usr/bin/python3
"""A broker that is absent when ms-publish starts."""
from chaos import *
from stream import Cluster

nats = Nats().up()
w = Consumer(nats.url()).ready()
broker = Proxy(nats)
store = path("absent.db")
c = Cluster(1, 300)
p = Publish(broker.url(), store=store)
p.feed(c.sync())
for _ in range(500):
    p.feed(c.change())
ok(p.says("wait for it"), "the absence is told")
ok("back" not in p.said(), "nothing is said of a return")
broker.up()
same_world(w, c, "all arrives once the broker is there")
ok(until(lambda: "is back" in p.said()), "the return is told")
ok(all("wait for it" in line or "is back" in line
       for line in p.said().splitlines()), "and nothing else") or \
    note(p.said())
for _ in range(200):
    p.feed(c.change())
ok(p.end() == 0, "EOF ends it with 0")
same_world(w, c, "changes after that arrive")
ok(owed(store) == 0, "nothing is owed")

# The end of input while the broker is away: kept in the snapshot.
broker.down()
p = Publish(broker.url(), "--drain", "1", store=store)
p.feed(c.sync())
for _ in range(100):
    p.feed(c.change())
ok(p.end() == 0, "a drain in vain ends with 0 if the snapshot stays")
ok("will be sent" in p.said(), "and says how many changes remain")
ok(owed(store) > 0, "they are in the snapshot")
broker.up()
p = Publish(broker.url(), store=store)
p.feed(c.sync())
ok(p.end() == 0, "the next start drains")
ok(owed(store) == 0, "nothing is owed then")
same_world(w, c, "and the world is right")
# One that lets in and throws out at once: no hot loop, no end of messages.
p = Publish(broker.url(), store=store)
connected(nats, p)
begun, cuts = time.monotonic(), 0
while time.monotonic() < begun + 3:
    if broker.pairs:
        cuts += 1
        broker.cut()
    time.sleep(.005)
took = time.monotonic() - begun
ok(cuts > 1 and cuts <= 8 + took,
   "a broker that comes and goes is tried ever more slowly", cuts, took)
ok(p.said().count("\n") <= 21, "and told about ten times", p.said())
p.feed(c.change())
same_world(w, c, "until it stays")
ok(p.end() == 0, "it ends with 0")

broker.down()
p = Publish(broker.url(), "--drain", "1")
p.feed(c.sync())
ok(p.end() == 111, "with a temporary snapshot it ends with 111")
ok("--store" in p.said(), "and names the cure")
p = Publish(broker.url(), "--drain", "3600")
ok(p.end() == 0, "nobody waits for a broker with nothing to tell it")
done()
