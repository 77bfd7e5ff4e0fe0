#!/usr/bin/python3
"""A snapshot file of an older version is brought up to this one, and what it
owes is sent; one of a newer version is kept and a new one begun."""
from chaos import *


ROWS = ("select r.id, uid, rv, ms, hash, body from row r join object using (id) "
        "where deleted = 0")
DATA = os.path.join(HERE, "..", "data", "snapshot-1.sql")
nats = Nats().up()
log = path("log")
w = Consumer(nats.url(), "--log", log).ready()
store = path("s.db")
db = sqlite3.connect(store)
with open(DATA, encoding="utf-8") as f:
    db.executescript(f.read())
store_id = db.execute("select value from state where name = 'id'").fetchone()
old = db.execute(ROWS).fetchall()
db.close()
p = Publish(nats.url(), store=store)
ok(p.end() == 0, "it runs on a file of version 1") or note(p.said())
ok("brought up to version 2" in p.said(), "and says so") or note(p.said())


def told():
    with open(log) as f:
        return sorted(line.split()[0] for line in f)


until(lambda: len(told()) >= 3)     # the broker has it before the consumer does
w.world()
said = told()
ok(said == ["ADDED", "DELETED", "MODIFIED"],
   "what was owed is sent, and nothing else") or note(said)
db = sqlite3.connect(store)
ok(db.execute("pragma user_version").fetchone() == (2,), "the version is ours")
ok(db.execute("select value from state where name = 'id'").fetchone() ==
   store_id, "the snapshot is the same")
ok(db.execute(ROWS).fetchall() == old, "with all its rows and objects")
ok(db.execute("pragma integrity_check").fetchone() == ("ok",), "it is sound")
ok(owed(store) == 0, "nothing is owed")
names = {x for x, in db.execute("select name from sqlite_schema")}
db.close()
new = path("new.db")
Publish(nats.url(), store=new).end()
ok(names == {x for x, in sqlite3.connect(new).execute(
    "select name from sqlite_schema")}, "it has what a new file has")
p = Publish(nats.url(), store=store)
ok(p.end() == 0 and "brought up" not in p.said(), "it is done once")

# From the future: nobody knows what it means.
db = sqlite3.connect(store)
db.execute("pragma user_version = 3")
db.close()
p = Publish(nats.url(), store=store)
ok(p.end() == 0 and "of version 3" in p.said() and "up to 2" in p.said() and
   "is kept as" in p.said(), "a newer version is set aside, and told")
kept = [x for x in os.listdir(tmp) if x.startswith("s.db.set-aside") and
        not x.endswith("-wal")]
ok(len(kept) == 1 and sqlite3.connect(path(kept[0])).execute(
    "select count(*) from row").fetchone() == (9,), "with what was in it")
done()
