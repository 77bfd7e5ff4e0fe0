#!/usr/bin/python3
"""The consumer forgets everything and asks for a resync, while objects go on
changing: before the resync, and before it is through. What it then has is what
there is; a change of what it has not got yet must not come as MODIFIED."""
from chaos import *
from stream import Cluster

HASTE = {"MS_PUBLISH_HURRY": "20"}
nats = Nats().up()
broker = Proxy(nats).up()
store = path("flush.db")
c = Cluster(31, 3000, pad=300)
p = Publish(broker.url(), store=store, env=HASTE)
w = Consumer(nats.url()).ready()
p.feed(c.sync())
same_world(w, c, "a first sync")
def told(name):
    with open(name) as f:
        return f.read().count("ADDED")


for i in range(3):
    connected(nats, p)
    w.signal(signal.SIGTERM)        # its memory goes with it
    w.p.wait()
    log = path("log-%d" % i)
    w = Consumer(nats.url(), "--log", log).ready()
    for _ in range(50):
        p.feed(c.change())          # what it does not know, it ignores
    broker.lag = .02                # the road is slow, and some is on it
    resync(nats)
    until(lambda: told(log) > 60)
    for _ in range(600):            # while the rest waits for its turn
        p.feed(c.change())
    broker.lag = 0
    same_world(w, c, "flushed %d: the world is whole again" % (i + 1))
ok(p.end() == 0, "it ends with 0")
same_world(w, c, "and stays so")
ok(owed(store) == 0, "nothing is owed")
done()
