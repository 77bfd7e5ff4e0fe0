#!/usr/bin/python3
"""A broker that goes away in the middle of a burst, and one that dies."""
from chaos import *
from stream import Cluster

nats = Nats().up()
w = Consumer(nats.url()).ready()
broker = Proxy(nats).up()
c = Cluster(2, 500, pad=2000)
p = Publish(broker.url(), store=path("cut.db"))
p.feed(c.sync())
for i in range(6):
    before = broker.passed
    for _ in range(150):
        p.feed(c.change())
    until(lambda: broker.passed > before)
    if i % 3 == 2:
        broker.down()
        broker.up()
    else:
        broker.cut()
ok(p.end() == 0, "the drain ends with 0")
same_world(w, c, "nothing is lost in six cuts")

# The real thing: what the consumer has not read dies with the server, so it
# asks for everything again, as Meshery Server does.
p = Publish(nats.url(), store=path("dies.db"))
p.feed(c.sync())
for i in range(4):
    for _ in range(100):
        p.feed(c.change())
    nats.kill()
    for _ in range(100):
        p.feed(c.change())
    nats.up()
ok(connected(nats, p), "it comes back to a server that was killed")
w.signal(signal.SIGTERM)
w = Consumer(nats.url()).ready()
resync(nats)
same_world(w, c, "after a resync the world is right")
p.feed(c.change())
ok(p.end() == 0, "it ends with 0")
same_world(w, c, "and remains so")
done()
