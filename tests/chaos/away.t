#!/usr/bin/python3
"""A broker that is away while 20,000 objects change three times each, as in ten
minutes of outage: one row an object, no memory, nothing lost or phantom."""
from chaos import *
from stream import KINDS, record

N = 20000
HASTE = {"MS_PUBLISH_HURRY": "20"}
nats = Nats().up()
w = Consumer(nats.url()).ready()
broker = Proxy(nats).up()
store = path("away.db")
MS = {"resource": KINDS[1][2], "depth": "full"}


class Cluster:
    def __init__(self):
        self.live = {i: (0, i) for i in range(N)}   # name -> version, uid

    def object(self, i):
        version, uid = self.live[i]
        return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {
            "name": "c%d" % i, "namespace": "n%d" % (i % 7), "uid": "u%d" %
            uid, "resourceVersion": str(version * N + i + 1)},
            "data": {"value": "%d of %d" % (version, i)}}

    def put(self, i, kind="MODIFIED"):
        return record(kind, MS, self.object(i))

    def final(self):
        return [self.put(i, "ADDED") for i in self.live]


def sync(phase, **more):
    return record("SYNC", {"resource": KINDS[1][2], "phase": phase, **more})


def pss(pid):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return int(f.read().split("Pss:")[1].split()[0])


def count(sql):
    try:
        db = sqlite3.connect("file:%s?mode=ro" % store, uri=True)
        return db.execute(sql).fetchone()[0]
    except sqlite3.OperationalError:    # it is not there yet
        return -1


c = Cluster()
p = Publish(broker.url(), store=store, env=HASTE)
p.feed([sync("begin", cause="start", complete=True)] + c.final() +
       [sync("end", count=N)])
ok(until(lambda: count("select count(*) from sent") == N),
   "%d objects are published" % N)
broker.down()
p.says("wait for it")
before, size = pss(p.p.pid), 0
changed = 0
for version in (1, 2, 3):
    lines = []
    for i in sorted(c.live):
        c.live[i] = (version, c.live[i][1])
        lines.append(c.put(i))
        if i % 20 == version:           # gone, and most of them for good
            lines.append(c.put(i, "DELETED"))
            del c.live[i]
            if i % 100 == version:
                c.live[i] = (version, N * version + i)
                lines.append(c.put(i, "ADDED"))
        elif i % 200 == 10 + version:   # come and gone, known to nobody
            name = N + i
            c.live[name] = (version, name)
            lines += [c.put(name, "ADDED"), c.put(name, "DELETED")]
            del c.live[name]
    changed += len(lines)
    p.feed(lines)
ok(p.p.poll() is None, "%d changes are taken in" % changed)
again = sum(uid >= N for _, uid in c.live.values())
ok(until(lambda: count("select count(*) from outbox") == N + again),
   "one row for each object, and one more for each that came again") or \
    note(count("select count(*) from outbox"))
ok(count("select count(*) from row") == N + again,
   "what came and went left no trace")
# Caches that a burst fills are emptied when nothing is owed, so before is one
# or the other; what is held for each change would come on top of full ones.
after = pss(p.p.pid)
ok(after < 16000, "memory is what the caches may take")
note("PSS %d kB before, %d kB after" % (before, after))
broker.up()
ok(until(lambda: owed(store) == 0), "nothing is owed once it is back")
same_world(w, c, "and all is right")
said = w.counts()
note(said)
ok(said["ADDED"] + said["MODIFIED"] + said["DELETED"] < 2 * N + 2 * again +
   2000, "each object came once, whatever happened to it")
ok(p.end() == 0, "it ends with 0")
done()
