#!/usr/bin/python3
"""Any stream that ms-watch may write, against a plain model of the cluster.

Random steps, of one seed, which is printed: objects come, change, go and come
again under another uid, seen or unseen by the watch; syncs are complete, told
as differences, or aborted; resources change their depth and their version;
late knowledge comes as AMEND; ms-publish ends or is killed at any point, and
begins again with a complete sync; the broker is cut, goes and comes. In the
end the consumer's world is the model's: nothing lost, nothing phantom.

SEED and ROUNDS choose; `make soak` has more of them."""
import copy
import random

from chaos import *
from stream import CLUSTER, TIME, dump

SEED = int(os.environ.get("SEED", random.randrange(10**6)))
ROUNDS = int(os.environ.get("ROUNDS", 14))
STEPS = 120
HASTE = {"MS_PUBLISH_HURRY": "20"}    # the pauses, above all
rand = random.Random(SEED)
note("SEED=%d ROUNDS=%d" % (SEED, ROUNDS))


class Resource:
    def __init__(self, plural, kind, group, versions):
        self.plural, self.kind, self.group = plural, kind, group
        self.versions = versions
        self.version = versions[0]
        self.depth = "full"
        self.is_seen = False    # the watch is up: changes are told
        self.told = {}          # name -> object, as the watch knows it

    def name(self):
        return "%s.%s.%s" % (self.plural, self.version, self.group)

    def api_version(self):
        return "/".join(filter(None, (self.group, self.version)))


class Model:
    def __init__(self):
        self.resources = [
            Resource("pods", "Pod", "", ["v1"]),
            Resource("deployments", "Deployment", "apps", ["v1"]),
            Resource("widgets", "Widget", "example.com", ["v1", "v1beta1"]),
            Resource("services", "Service", "", ["v1"])]
        self.objects = [{} for _ in self.resources]     # name -> object
        self.rv = 100

    def record(self, kind, ms, obj=None):
        r = {"type": kind, "ms": {"cluster": CLUSTER, **ms, "time": TIME}}
        if obj is not None:
            r["object"] = obj
        return dump(r)

    def seen_as(self, r, o):
        """The object as the watch brings it."""
        o = {"kind": r.kind, "apiVersion": r.api_version(), **o}
        if r.depth == "metadata":
            o = {k: o[k] for k in ("kind", "apiVersion", "metadata")}
        return o

    def put(self, r, kind, o):
        return self.record(kind, {"resource": r.name(), "depth": r.depth},
                           self.seen_as(r, o))

    # what happens in the cluster

    def change(self, i):
        """The name that has changed, and how the watch would tell it."""
        objects = self.objects[i]
        name = "n%d" % rand.randrange(12)
        self.rv += 1
        o = objects.get(name)
        if o is None or rand.random() < .15:
            told = "MODIFIED" if o and rand.random() < .3 else "ADDED"
            gone = [("DELETED", o)] if o and told == "ADDED" and \
                rand.random() < .7 else []
            if o and not gone:
                told = "ADDED"      # another uid: the end was missed
            objects[name] = {"metadata": {
                "name": name, "namespace": "ns", "uid": "u%d" % self.rv,
                "resourceVersion": str(self.rv),
                "labels": {"a": str(rand.randrange(4))}},
                "spec": {"v": self.rv, "pad": "p" * rand.randrange(600)}}
            return gone + [("ADDED", objects[name])]
        if rand.random() < .25:
            return [("DELETED", objects.pop(name))]
        o = objects[name] = copy.deepcopy(o)
        o["metadata"]["resourceVersion"] = str(self.rv)
        if rand.random() < .8:
            o["spec"]["v"] = self.rv
        return [("MODIFIED", o)]

    def live(self, i):
        """A change, told if the watch is up."""
        r = self.resources[i]
        events = self.change(i)
        if not r.is_seen:
            return []
        r.told = dict(self.objects[i])
        out = []
        for kind, o in events:
            if kind == "DELETED" and rand.random() < .4:
                m = {k: o["metadata"][k] for k in
                     ("name", "namespace", "uid", "resourceVersion")}
                out.append(self.record(kind, {
                    "resource": r.name(), "depth": r.depth,
                    "synthetic": True}, {"kind": r.kind, "apiVersion":
                                         r.api_version(), "metadata": m}))
            else:
                out.append(self.put(r, kind, o))
        return out

    def amend(self, i):
        r = self.resources[i]
        if not r.told:
            return []
        o = r.told[rand.choice(sorted(r.told))]["metadata"]
        return [self.record("AMEND", {
            "resource": r.name(), "apiVersion": r.api_version(), "kind":
            r.kind, "namespace": o["namespace"], "name": o["name"], "uid":
            rand.choice((o["uid"], "another")), "origin": rand.choice((
                None, {"class": "brownfield", "by": "b%d" %
                       rand.randrange(3)}))})]

    # what ms-watch does

    def phase(self, r, phase, **ms):
        return self.record("SYNC", {"resource": r.name(), "phase": phase,
                                    **ms})

    def complete(self, i, abort=False):
        """A complete sync; what happens meanwhile may come in between."""
        r = self.resources[i]
        yield self.phase(r, "begin", cause="start", complete=True)
        names = sorted(self.objects[i])
        rand.shuffle(names)
        for name in names[:rand.randrange(len(names) + 1) if abort else None]:
            if name in self.objects[i]:
                yield self.put(r, "ADDED", self.objects[i][name])
            if rand.random() < .1:
                other = rand.randrange(len(self.resources))
                if other != i:
                    yield from self.live(other)
        if abort:
            r.is_seen = False
            yield self.phase(r, rand.choice(("aborted", "denied")))
            return
        r.is_seen = True
        r.told = dict(self.objects[i])
        yield self.phase(r, "end", rv=str(self.rv), count=len(names))

    def differences(self, i):
        """A relist after expired history: what differs from what was told."""
        r = self.resources[i]
        yield self.phase(r, "begin", cause="expired", complete=False)
        for name, o in list(r.told.items()):
            now = self.objects[i].get(name)
            if not now or now["metadata"]["uid"] != o["metadata"]["uid"]:
                yield self.record("DELETED", {
                    "resource": r.name(), "depth": r.depth, "synthetic":
                    True}, {"kind": r.kind, "apiVersion": r.api_version(),
                            "metadata": {k: o["metadata"][k] for k in
                                         ("name", "namespace", "uid")}})
        for name, o in list(self.objects[i].items()):
            if r.told.get(name) != o:
                yield self.put(r, rand.choice(("ADDED", "MODIFIED")), o)
        r.is_seen = True
        r.told = dict(self.objects[i])
        yield self.phase(r, "end", rv=str(self.rv), count=0)

    def start(self):
        """A new life of ms-watch: everything, and ready."""
        order = list(range(len(self.resources)))
        rand.shuffle(order)
        for i in order:
            self.resources[i].is_seen = False
        for i in order:
            if rand.random() < .2:
                yield from self.complete(i, abort=True)
            yield from self.complete(i)
        yield self.ready()

    def ready(self):
        return self.record("SYNC", {"phase": "ready", "complete": True,
                                    "resources": {r.name(): "synced" for r
                                                  in self.resources}})

    def step(self):
        i = rand.randrange(len(self.resources))
        r = self.resources[i]
        what = rand.random()
        if what < .75:
            yield from self.live(i)
        elif what < .82:
            yield from self.amend(i)
        elif what < .87:            # history is lost, things happen unseen
            r.is_seen = False
            for _ in range(rand.randrange(6)):
                self.live(i)
            yield from self.differences(i)
        elif what < .90:            # refused, and allowed again
            yield from self.complete(i, abort=True)
            for _ in range(rand.randrange(6)):
                self.live(i)
            yield from self.complete(i)
        elif what < .93:
            r.depth = "metadata" if r.depth == "full" else "full"
            yield from self.complete(i)
        elif what < .95 and len(r.versions) > 1:
            yield self.phase(r, "gone")
            r.version = r.versions[r.version == r.versions[0]]
            yield from self.complete(i)
        else:
            yield "garbage"

    def final(self):
        return [self.put(r, "ADDED", o) for i, r in enumerate(self.resources)
                for o in self.objects[i].values()]


nats = Nats().up()
w = Consumer(nats.url()).ready()
broker = Proxy(nats).up()
is_up = True
store = path("model.db")
model = Model()
deaths = ends = 0
for i in range(ROUNDS):
    p = Publish(broker.url(), "-q", "--dial", "0", "--drain", "0", store=store,
                env=HASTE)
    p.feed(model.start())
    for _ in range(rand.randrange(STEPS)):
        p.feed(model.step())
        if rand.random() < .03:
            what = rand.choice(("cut", "hold", "down", "up"))
            if what == "cut" and is_up:
                broker.cut()
            elif what == "hold" and is_up:
                broker.flows.clear()    # until it is cut
            elif what == "down" and is_up:
                broker.down()
                is_up = False
            elif what == "up" and not is_up:
                broker.up()
                is_up = True
        if rand.random() < .02:
            until(lambda: False, rand.random() * .05)
    if not broker.flows.is_set() and rand.random() < .8:
        broker.cut()
    if rand.random() < .6:
        p.kill()
        deaths += 1
    else:
        ok(p.end() == 0, "round %d ends with 0" % i) or note(p.said())
        ends += 1
if is_up:
    broker.cut()
else:
    broker.up()
p = Publish(broker.url(), "--dial", "0", store=store, env=HASTE)
p.feed(model.start())
for i in range(len(model.resources)):   # now depth counts, not what was there
    p.feed(model.complete(i))
ok(p.end() == 0, "the last start ends with 0") or note(p.said())
same_world(w, model, "%d deaths, %d ends: the world is the model's (SEED=%d)"
           % (deaths, ends, SEED))
ok(owed(store) == 0, "nothing is owed")
ok(sqlite3.connect(store).execute("pragma integrity_check").fetchone() ==
   ("ok",), "the snapshot is sound")
done()
