#!/usr/bin/python3
"""A disk that fails at random: writes, torn ones too, reads and syncs. What was
read is kept and done again, or done by the next life; the file is not given
up."""
import random

from chaos import *
from stream import Cluster

if "san" in BIN or not shutil.which("cc"):
    print("1..0 # SKIP it wants cc, and a program without sanitizers")
    sys.exit()
SEED = int(os.environ.get("SEED", random.randrange(10**6)))
note("SEED=%d" % SEED)
rand = random.Random(SEED)
subprocess.run(["cc", "-shared", "-fPIC", "-o", path("faulty.so"),
                os.path.join(HERE, "faulty.c"), "-ldl"], check=True)
nats = Nats().up()
w = Consumer(nats.url()).ready()
store = path("faulty.db")
flag = path("flag")
env = {"LD_PRELOAD": path("faulty.so"), "FAULTY_EVERY": "20",
       "FAULTY_WHILE": flag, "MS_PUBLISH_HURRY": "100"}
c = Cluster(51, 200, pad=2500)
p = Publish(nats.url(), store=store, env=env)
p.feed(c.sync())
same_world(w, c, "before the disk fails")
for i in range(4):
    open(flag, "w").close()
    lines = []
    for _ in range(200):
        lines += c.change()
    feeder = threading.Thread(target=p.feed, args=(lines,))
    feeder.start()
    until(lambda: False, .3 + rand.random() * .3)
    os.unlink(flag)
    feeder.join(LIMIT)
    ok(not feeder.is_alive(), "%d: all is read once the disk is well" % i)
    said = p.said()
    if p.p.poll() is not None:
        # as the supervisor does: a new life, a complete sync
        ok(p.status() == 111, "%d: it ends with 111, if it has to" % i) or \
            note("%s %s" % (p.status(), said))
        p = Publish(nats.url(), store=store, env=env)
        p.feed(c.sync())
    ok("set aside" not in said and "kept as" not in said,
       "%d: the file is not given up" % i) or note(said)
    same_world(w, c, "%d: nothing is lost (SEED=%d)" % (i, SEED))
ok(p.end() == 0, "it ends with 0") or note(p.said())
ok(sqlite3.connect(store).execute("pragma integrity_check").fetchone() ==
   ("ok",), "the snapshot is sound")
ok(owed(store) == 0, "nothing is owed")
done()
