#!/usr/bin/python3
"""What was on its way when a connection broke may reach the broker after the
next connection stands: it must not overtake what is newer."""
from chaos import *
from stream import Cluster

nats = Nats().up()
w = Consumer(nats.url()).ready()
broker = Proxy(nats).up()
c = Cluster(2, 300, pad=500)
store = path("stale.db")
p = Publish(broker.url(), store=store)
p.feed(c.sync())
until(lambda: w.world() == expected(c))


def late(broken):
    """Some changes are on their way when the connection is broken, and more
    come before they arrive."""
    broker.lag = 0.5
    for _ in range(200):
        p.feed(c.change())
    until(lambda: broker.on_way > 50000)
    broker.lag = 0
    broken()


for _ in range(2):
    late(lambda: broker.cut(sides=1))
    for _ in range(200):
        p.feed(c.change())
    until(lambda: owed(store) == 0)
same_world(w, c, "what is old is not taken for new")

# Its own death breaks the connection in the same way.
late(p.kill)
for _ in range(200):
    c.change()
p = Publish(broker.url(), store=store)
p.feed(c.sync())
ok(p.end() == 0, "the drain ends with 0")
until(lambda: not broker.on_way)
time.sleep(0.1)     # to be told from what comes after the end
same_world(w, c, "nor after a death")
done()
