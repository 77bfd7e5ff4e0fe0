#!/usr/bin/python3
"""ms-publish killed with -9 at random points, and its input played again."""
from chaos import *
from stream import Cluster
import random

ROUNDS = int(os.environ.get("ROUNDS", 100))    # make soak: 1000
HASTE = {"MS_PUBLISH_HURRY": "20"}    # the pause after a death, above all
rand = random.Random(4)
nats = Nats().up()
w = Consumer(nats.url()).ready()
store = path("killed.db")
c = Cluster(4, 150, pad=1500)
for i in range(ROUNDS):
    p = Publish(nats.url(), store=store, env=HASTE)
    while len(c.live) < 150:
        c.create(i % 3, "more%d" % c.rv)
    lines = list(c.sync())
    for _ in range(150):
        lines += c.change()
    # each start is a complete sync, cut off somewhere in the stream
    feeder = threading.Thread(target=p.feed, args=(lines,))
    feeder.start()
    time.sleep(rand.random() * 0.06)
    p.kill()
    feeder.join()
p = Publish(nats.url(), store=store, env=HASTE)
p.feed(c.sync())
ok(p.end() == 0, "the last start ends with 0")
ok(not [x for x in os.listdir(tmp) if "set-aside" in x or "doubt" in x],
   "the snapshot was sound all the time", os.listdir(tmp))
same_world(w, c, "after %d deaths the world is right" % ROUNDS)
ok(owed(store) == 0, "nothing is owed")

# Deaths while the end is drained, without new input.
for i in range(5):
    for _ in range(100):
        c.change()
    lines = list(c.sync())
    p = Publish(nats.url(), store=store, env=HASTE)
    p.feed(lines)
    time.sleep(rand.random() * 0.05)
    p.kill()
p = Publish(nats.url(), store=store, env=HASTE)
p.feed(c.sync())
p.end()
same_world(w, c, "and after deaths at the end")
done()
