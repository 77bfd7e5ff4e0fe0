#!/usr/bin/python3
"""A snapshot that another program locks, or that may not be written, is not
taken for a broken one: it is waited for, that is said, and it stays in its
place with what it owes."""
from chaos import *


def lock(mode):
    db = sqlite3.connect(store, isolation_level=None)
    if mode == "all":       # readers, too
        db.execute("pragma locking_mode = exclusive")
    db.execute("begin immediate")
    db.execute("update state set value = value where name = 'confirmed'")
    return db


def check():
    return subprocess.run([PUBLISH, "--to", "-", "--check", "--store", store],
                          capture_output=True, text=True)


def pod(rv):
    return json.dumps({"type": "MODIFIED", "ms": {"cluster": "C"}, "object": {
        "apiVersion": "v1", "kind": "Pod", "metadata": {
            "name": "p", "namespace": "n", "uid": "u",
            "resourceVersion": rv}}})


store = path("s.db")
nats = Nats()
p = Publish(nats.url(), "--drain", "0", store=store)
p.feed([pod("1")])
ok(p.end() == 0 and owed(store) == 1, "a change is owed")

held = lock("all")
said = check()
ok(said.returncode == 111 and "locked" in said.stdout and
   "set aside" not in said.stdout, "--check says that it is locked") or \
    note(said.stdout)
p = Publish(nats.url(), "--drain", "0", store=store,
            env={"MS_PUBLISH_HURRY": "50"})
ok(p.says("is locked by another program: waiting"), "a lock is told about")
ok(p.status() == 111 and "database is locked" in p.said(),
   "one that stays ends the start") or note(p.said())
ok(not [x for x in os.listdir(tmp) if "set-aside" in x],
   "and nothing is set aside") or note(os.listdir(tmp))

p = Publish(nats.url(), "--drain", "0", store=store)
ok(p.says("waiting for it"), "it is waited for")
held.execute("commit")
held.close()
p.feed([pod("2")])
ok(p.end() == 0, "until it is free")
ok(owed(store) == 1, "and what it owes is there")

p = Publish(nats.url(), "--drain", "0", store=store)
p.feed([pod("3")])
until(lambda: sqlite3.connect(store).execute(
    "select rv from row").fetchone() == ("3",))
held = lock("writers")
p.feed([pod("4")])
ok(p.says("waiting for it"), "a writer in the middle of a run, too")
held.execute("commit")
held.close()
ok(p.end() == 0 and sqlite3.connect(store).execute(
    "select rv from row").fetchone() == ("4",), "and nothing is lost")

if os.getuid() == 0:        # who may write everywhere else
    os.chmod(tmp, 0o777)
    os.chmod(store, 0o444)
    os.chmod(store + ".lock", 0o666)
    said = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups",
                           PUBLISH, "--to", "-", "--store", store],
                          capture_output=True, text=True, input=pod("5"))
    ok(said.returncode == 100 and "may be read only" in said.stderr,
       "one that may not be written is told about at once") or \
        note(said.stderr)
done()
