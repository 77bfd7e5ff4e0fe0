#!/usr/bin/python3
"""A broker that freezes (SIGSTOP), for less and for more than our patience."""
from chaos import *
from stream import Cluster

nats = Nats().up()
w = Consumer(nats.url()).ready()
for patience in ("30", "1"):
    c = Cluster(3, 300, pad=6000)
    name = path("frozen-%s.db" % patience)
    p = Publish(nats.url(), "-v", "--patience", patience, store=name)
    p.feed(c.sync())
    same_world(w, c, "patience %s: before it freezes" % patience)
    nats.signal(signal.SIGSTOP)
    # more than the sockets' buffers take, read without a pause
    for _ in range(1500):
        p.feed(c.change())
    ok(until(lambda: owed(name) > 0), "stdin is read while it is frozen")
    if patience == "1":
        ok(p.says("wait for it"), "a silence longer than that is told")
    else:
        ok(p.says("silent for 5 s"), "a silence is borne")
    nats.signal(signal.SIGCONT)
    same_world(w, c, "patience %s: after it all is as it should be" % patience)
    ok(p.end() == 0, "it ends with 0")
    # what the frozen server had in its ears must not come after the rest
    same_world(w, c, "patience %s: and stays so" % patience)
    ok(owed(name) == 0, "nothing is owed")
    if patience == "30":
        ok("wait for it" not in p.said(), "the connection was kept")
    # the next round begins with an empty snapshot: what there was must go
    c.live.clear()
    p = Publish(nats.url(), store=name)
    p.feed(c.sync())
    ok(p.end() == 0, "emptied")
    same_world(w, c, "a complete sync of nothing empties the world")
done()
