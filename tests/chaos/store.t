#!/usr/bin/python3
"""The snapshot file: a second writer, files that are none, a full disk."""
from chaos import *
from stream import Cluster

nats = Nats().up()
w = Consumer(nats.url()).ready()
store = path("s.db")
c = Cluster(8, 60)
p = Publish(nats.url(), store=store)
p.feed(c.sync())
same_world(w, c, "the first writer publishes")
second = Publish(nats.url(), store=store)
ok(second.status() == 111, "a second writer ends with 111")
ok("process %d" % p.p.pid in second.said(), "and is told who the first is")
ok(sqlite3.connect(store).execute(
    "select count(*), count(distinct kind) from objects").fetchone() ==
   (60, 3), "a person can read meanwhile")
p.signal(signal.SIGTERM)
ok(p.status() == 0, "SIGTERM ends the first with 0")
shutil.copy(store, path("alone.db"))
ok(sqlite3.connect(path("alone.db")).execute(
    "select count(*) from objects").fetchone() == (60,),
   "the file alone is whole then")

for name, content in (("text", b"this is no database" * 100),
                      ("torn", open(store, "rb").read(20000)[100:])):
    file = path(name + ".db")
    with open(file, "wb") as f:
        f.write(content)
    p = Publish(nats.url(), store=file)
    p.feed(c.sync())
    ok(p.end() == 0, "%s: it runs" % name)
    ok("is kept as" in p.said(), "%s: the file is set aside" % name)
    kept = [x for x in os.listdir(tmp) if x.startswith(name + ".db.set")]
    ok(len(kept) == 1 and open(path(kept[0]), "rb").read() == content,
       "%s: with its content" % name)
twice = path("twice.db")
for content in ("one", "two"):
    if os.path.exists(twice + "-wal"):
        os.remove(twice + "-wal")
    with open(twice, "w") as f:
        f.write(content * 1000)
    subprocess.run([PUBLISH, "-q", "--to", "-", "--store", twice],
                   stdin=subprocess.DEVNULL, check=True)
ok(sum(x.startswith("twice.db.set") and not x.endswith("-wal")
       for x in os.listdir(tmp)) == 2,
   "two files in a second are two files")
foreign = path("foreign.db")
db = sqlite3.connect(foreign)
db.execute("create table precious (x)")
db.commit()
db.close()
p = Publish(nats.url(), store=foreign)
ok(p.end() == 0 and "another program" in p.said(),
   "another program's database is set aside")
newer = path("newer.db")
db = sqlite3.connect(store)
db.execute("vacuum into ?", (newer,))
db.close()
db = sqlite3.connect(newer)
db.execute("pragma user_version = 99")
db.close()
p = Publish(nats.url(), store=newer)
ok(p.end() == 0 and "of version 99" in p.said(),
   "so is one of another version")
p = Publish(nats.url(), store=tmp)
ok(p.end() == 100, "a folder is refused")
p = Publish(nats.url(), store=path("no/such/folder/x.db"))
ok(p.end() == 100, "and so is a folder that is not there")

# A temporary snapshot goes with its process, or with a later one.
folder = path("temporary")
os.mkdir(folder)


def age():
    """Make what is there look as if it had been for long."""
    for x in os.listdir(folder):
        os.utime(os.path.join(folder, x), (0, 0))
    return set(os.listdir(folder))


env = {"TMPDIR": folder}
alive = Publish(nats.url(), env=env)
until(lambda: sorted(x[17:] for x in os.listdir(folder)) ==
      ["", "-shm", "-wal", ".lock"])
kept = age()
dead = Publish(nats.url(), env=env)
until(lambda: len(os.listdir(folder)) >= len(kept) + 3)
dead.kill()
left = set(os.listdir(folder)) - kept
Publish(nats.url(), env=env).end()
ok(left and left <= set(os.listdir(folder)),
   "what may be a start's is left alone")
age()
Publish(nats.url(), env=env).end()
ok(set(os.listdir(folder)) == kept,
   "what a killed process left is removed, and nothing else",
   kept, os.listdir(folder))
alive.end()
ok(os.listdir(folder) == [], "and the rest goes with its own")

# A page in the middle overwritten: found when it is read.
db = sqlite3.connect(store)
db.execute("pragma wal_checkpoint(truncate)")
db.close()
with open(store, "r+b") as f:
    size = os.path.getsize(store)
    f.seek(16384)
    f.write(b"\xff" * (size - 16384))
p = Publish(nats.url(), store=store)
p.feed(c.sync())
code = p.end()
ok(code in (0, 111) and "is kept as" in p.said(),
   "a corrupt file is set aside") or note(code, p.said())
p = Publish(nats.url(), store=store)
p.feed(c.sync())
ok(p.end() == 0, "and the next start works")
same_world(w, c, "the world is right")

# No room for the snapshot: stdin waits, nothing is lost.
store = path("full.db")
p = Publish(nats.url(), store=store)
c = Cluster(9, 200, pad=3000)
p.feed(c.sync())
same_world(w, c, "before the disk is full")
subprocess.run(["prlimit", "--fsize=%d:" % os.path.getsize(store), "--pid",
                str(p.p.pid)], check=True)
lines = []
for _ in range(3000):
    lines += c.change()
feeder = threading.Thread(target=p.feed, args=(lines,))
feeder.start()
ok(p.says("trying again"), "a full disk is told")
ok(p.p.poll() is None, "it goes on")
subprocess.run(["prlimit", "--fsize=unlimited:", "--pid", str(p.p.pid)],
               check=True)
feeder.join(LIMIT)
ok(not feeder.is_alive(), "once there is room stdin is read again")
ok(p.end() == 0, "it ends with 0")
same_world(w, c, "and nothing was lost")
done()
