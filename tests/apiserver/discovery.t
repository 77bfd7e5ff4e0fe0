#!/usr/bin/python3 -B
"""Discovery: what is watched, and what is done when that changes. Numbers are
those of the research's cases."""
import asyncio
import json
import time

from apiserver import CONFIGMAPS, DEPLOYMENTS, EVENTS, NODES, PODS, Resource, \
    Server, Watch, done, hurry, ok, same

CRDS = Resource("customresourcedefinitions", "CustomResourceDefinition",
                "apiextensions.k8s.io", namespaced=False, short=["crd"])
FOOS = Resource("foos", "Foo", "example.com", short=["fo"])
LEASES = Resource("leases", "Lease", "coordination.k8s.io")
NEW_EVENTS = Resource("events", "Event", "events.k8s.io")
REVIEWS = Resource("reviews", "Review", "authorization.k8s.io",
                   verbs=["create"])


def resources(w):
    return sorted(w.wait_ready()[0]["ms"]["resources"])


def test_default():
    with Server(PODS, NODES, DEPLOYMENTS, EVENTS, NEW_EVENTS, LEASES, REVIEWS,
                Resource("pods/status", "Pod")) as server:
        with Watch(server) as w:
            same(resources(w),
                 ["deployments.v1.apps", "nodes.v1.", "pods.v1."],
                 "all that can be watched, less events and leases")
            # Asked in this order; which answer comes first is the server's.
            same([r.path.split("/")[-1] for r in server.seen(watch="1")],
                 ["nodes", "deployments", "pods"],
                 "owners are started before what they own")


def test_profile():
    with Server(PODS, NODES, DEPLOYMENTS, FOOS, CRDS) as server:
        with Watch(server, "--profile", "meshsync-1") as w:
            same(resources(w),
                 ["deployments.v1.apps", "nodes.v1.", "pods.v1."],
                 "--profile meshsync-1 is upstream's set")


def test_names():
    newer = Resource("deployments", "Deployment", "apps", "v2")
    with Server(PODS, DEPLOYMENTS, newer, FOOS, EVENTS, CONFIGMAPS) as server:
        for names, want in (
                ("po", ["pods.v1."]), ("Pod", ["pods.v1."]),
                ("pods.v1.", ["pods.v1."]),
                ("deploy", ["deployments.v1.apps"]),
                ("deployments.apps", ["deployments.v1.apps"]),
                ("deployments.v2.apps", ["deployments.v2.apps"]),
                ("foos.example.com,fo", ["foos.v1.example.com"]),
                ("events,CM", ["configmaps.v1.", "events.v1."])):
            with Watch(server, "--once", "--resource", names) as w:
                same(resources(w), want, f"--resource {names}")


def test_words():
    strange = [Resource(name, kind, "x.io") for name, kind in
               (("ones", 'O"ne'), ("twos", "T" * 300), ("..", "Three"),
                ("f?x=y", "Four"))]
    strange += [Resource("sixes", "Six", group, version) for group, version in
                (('x"y', "v1"), ("x.io", 'v"1'), ("g" * 300, "v1"),
                 ("a/../b", "v1"))]
    fine = Resource("fives", "Five", "x.io")
    with Server(PODS, fine, *strange) as server:
        for r in [fine, *strange]:
            server.put(r.name, "a")
        for form in ("", " (old form)"):
            server.legacy = bool(form)
            with Watch(server, "--once", "--depth", "metadata") as w:
                same((resources(w), w.broken),
                     (["fives.v1.x.io", "pods.v1."], []),
                     "what is no name of Kubernetes is left out" + form)


def test_versions():
    old = Resource("foos", "Foo", "example.com", "v1beta1")
    bars = Resource("bars", "Bar", "example.com", "v1beta1")
    with Server(FOOS, old, bars) as server:
        for legacy in (False, True):
            server.legacy = legacy
            with Watch(server, "--once") as w:
                same(resources(w),
                     ["bars.v1beta1.example.com", "foos.v1.example.com"],
                     "18. the preferred version, else one that there is" +
                     (" (old form)" if legacy else ""))


def test_etag():
    with Server(PODS, CRDS) as server, Watch(server) as w:
        w.wait_ready()
        server.put("customresourcedefinitions", "x")
        server.wait(lambda: len(server.seen("/apis")) >= 2, "a second look")
        again = server.seen("/apis")[1]
        ok("if-none-match" in again.headers, "15. asked again with its ETag")
        same(len([r for r in server.requests if r.is_stream() or
                  "limit" in r.query]), 2,
             "15. unchanged: nothing is touched")


def test_crd():
    with Server(PODS, CRDS) as server, Watch(server) as w:
        w.wait_ready()
        before = len(server.seen("/api/v1/pods"))
        server.resources.append(FOOS)
        server.put("foos", "a")
        server.put("customresourcedefinitions", "foos.example.com")
        w.wait(lambda r: r["type"] == "ADDED" and
               r["ms"]["resource"] == "foos.v1.example.com", "19. the object")
        begin = w.find(lambda r: r["ms"].get("resource") ==
                       "foos.v1.example.com")[0]["ms"]
        same((begin["phase"], begin["complete"]), ("begin", True),
             "19. a new kind is watched, complete")
        server.resources.remove(FOOS)
        server.delete("customresourcedefinitions", "foos.example.com")
        w.wait(lambda r: r["ms"].get("phase") == "gone", "20. gone")
        same([d for d in w.digests() if d.startswith("foos")][-1],
             "foos gone", "20. a kind that is gone: one line")
        server.wait(lambda: not [r for r in server.requests if r.is_open and
                                 r.path.endswith("/foos")],
                    "20. its watch is ended")
        same(len(server.seen("/api/v1/pods")), before,
             "19. others are not touched")


def test_storm():
    """Edits without a pause: what is served is looked at now and then."""
    with Server(PODS, CRDS) as server, Watch(server, env=hurry(10)) as w:
        w.wait_ready()
        server.put("customresourcedefinitions", "x")
        w.wait(lambda r: r["type"] == "ADDED", "it")
        looks = len(server.seen("/apis"))
        begun = time.monotonic()
        while len(server.seen("/apis")) < looks + 2 and \
                time.monotonic() - begun < 4:
            server.put("customresourcedefinitions", "x")
            time.sleep(0.02)
        ok(len(server.seen("/apis")) >= looks + 2, "22. a storm of edits is "
           "no reason not to look", time.monotonic() - begun)


def test_names_late():
    """A new CRD, whose name could not be read the first time."""
    wibbles = Resource("wibbles", "Wibble", "x.k8s.io")
    with Server(PODS, CRDS) as server, Watch(server, env=hurry(10)) as w:
        w.wait_ready()
        sick = [True]

        async def answer(r):
            if "includeObject" not in r.query or not sick.pop():
                return False
            sick.append(len(server.resources) == 2)
            return await r.fail(503, "Unavailable", "sick") or True
        server.hook(answer)
        server.resources.append(wibbles)
        server.put("wibbles", "a")
        server.put("customresourcedefinitions", "wibbles.x.k8s.io")
        server.wait(lambda: not sick, "a question for the names")
        server.unhook()
        ok(w.wait(lambda r: r["type"] == "ADDED" and r["ms"]["depth"] ==
                  "full" and r["ms"]["resource"] == "wibbles.v1.x.k8s.io",
                  "a in full"), "19. names that could not be read are asked "
           "for again")


def test_recreated():
    """Under one name something else, between two looks."""
    other = Resource("foos", "Other", "example.com", namespaced=False)
    with Server(PODS, CRDS, FOOS) as server:
        server.put("foos", "a")
        with Watch(server, "--depth", "metadata") as w:
            w.wait_ready()
            server.resources.remove(FOOS)
            server.resources.append(other)
            server.put("customresourcedefinitions", "foos.example.com")
            w.wait_synced("foos.v1.example.com", 2)
            said = [d for d in w.digests() if d.startswith("foos")]
            same(([d.split()[1] for d in said], w.find(
                lambda r: r["type"] == "ADDED" and r["ms"]["resource"] ==
                "foos.v1.example.com")[-1]["object"]["kind"]),
                (["begin", "ADDED", "end", "gone", "begin", "ADDED", "end"],
                 "Other"), "19. a CRD made anew with another kind or scope: "
                "the old one is gone, the new one comes")


def test_stale():
    with Server(PODS, CRDS, FOOS) as server:
        server.put("foos", "a")
        with Watch(server) as w:
            w.wait_ready()
            stale = []

            async def answer(r):
                if r.path != "/apis":
                    return False
                body = {"kind": "APIGroupDiscoveryList", "items": [
                    {"metadata": {"name": "example.com"}, "versions": [
                        {"version": "v1", "freshness": "Stale"}]},
                    {"metadata": {"name": CRDS.group}, "versions": [{
                        "version": "v1", "freshness": "Current", "resources": [
                            {"resource": CRDS.name, "scope": "Cluster",
                             "responseKind": {"kind": CRDS.kind},
                             "verbs": CRDS.verbs}]}]}]}
                r.link.headers(r, [(":status", "200"), ("content-type",
                               "application/json;g=apidiscovery.k8s.io;v=v2;"
                               "as=APIGroupDiscoveryList")])
                await r.send(json.dumps(body))
                await r.end()
                stale.append(r)
                return True
            server.hook(answer)
            server.put("customresourcedefinitions", "x")
            server.wait(lambda: len(stale) >= 2, "two looks")
            same([d for d in w.digests() if "gone" in d or "DELETED" in d],
                 [], "17. a stale group is not gone")
            server.put("foos", "b")
            ok(w.wait(lambda r: r["type"] == "ADDED" and r["object"][
                "metadata"]["name"] == "b", "b"), "17. its watch goes on")
        with Watch(server) as w:
            ready = w.wait_ready()[0]["ms"]
            same((ready["complete"], "foos.v1.example.com" in
                  ready["resources"]), (False, False),
                 "17. at the start, ready says what it does not know")


def test_legacy():
    groups = [Resource("foos", "Foo", f"g{i}.example.com") for i in range(5)]
    with Server(PODS, *groups) as server:
        server.legacy = True

        async def answer(r):
            if r.path != "/apis/g3.example.com/v1":
                return False
            await r.start(503, [("content-type", "text/plain")])
            await r.send("service unavailable")
            await r.end()
            return True
        server.hook(answer)
        with Watch(server) as w:
            ready = w.wait_ready()[0]["ms"]
            same(len(ready["resources"]), 5, "16. one group of six fails: the "
                 "others are watched")
            same(ready["complete"], False, "16. and ready says so")
            ok("g3.example.com/v1" in w.stderr(), "16. it is warned about",
               w.stderr())


def test_failing():
    with Server(PODS, CRDS) as server, Watch(server) as w:
        w.wait_ready()

        async def answer(r):
            if not r.path.startswith("/api") or r.path.count("/") > 1:
                return False
            await r.fail(500, "InternalError", "sad")
            return True
        server.hook(answer)
        server.put("customresourcedefinitions", "x")
        server.wait(lambda: len(server.seen("/apis")) >= 3, "two more looks")
        server.put("pods", "a")
        ok(w.wait(lambda r: r["type"] == "ADDED" and
                  r["ms"]["resource"] == "pods.v1.", "a"),
           "23. discovery fails: watches go on")


def test_other_cluster():
    with Server(PODS, CRDS) as server, Watch(server) as w:
        w.wait_ready()

        async def answer(r):
            if r.path != "/api/v1/namespaces/kube-system":
                return False
            await r.reply(200, {"kind": "Namespace", "metadata": {
                "name": "kube-system", "uid": "other"}})
            return True
        server.hook(answer)
        server.put("customresourcedefinitions", "x")
        same(w.end(), 111, "another cluster behind the address: 111")
        ok("is another cluster now" in w.stderr(), "which is told", w.stderr())


def test_doubt():
    """An answer that was on its way when another connection broke may be one
    of the server that is gone."""
    with Server(PODS, CONFIGMAPS, plain=True) as server, Watch(server) as w:
        w.wait_ready()
        gate, asked = asyncio.Event(), []

        def is_open(kind):
            return [r for r in server.seen("/api/v1/" + kind)
                    if r.is_watch() and r.is_open]

        async def answer(r):
            if r.path != "/api/v1/namespaces/kube-system":
                return False
            asked.append(r)
            if len(asked) == 1:
                await gate.wait()
                return False
            await r.reply(200, {"kind": "Namespace", "metadata": {
                "name": "kube-system", "uid": "other"}})
            return True
        server.wait(lambda: is_open("pods") and is_open("configmaps"),
                    "watches")
        server.hook(answer)

        async def cut(kind):
            await is_open(kind)[0].reset()
        server.run(cut("pods"))
        server.wait(lambda: asked, "a question")
        server.run(cut("configmaps"))
        server.wait(lambda: is_open("configmaps"), "it again")
        server.loop.call_soon_threadsafe(gate.set)
        ok(server.wait(lambda: len(asked) > 1, "another question", 20),
           "which cluster it is, is asked for again")
        same(w.end(), 111, "and it is another one: 111")


def test_identity():
    with Server(PODS) as server:
        async def answer(r):
            if r.path != "/api/v1/namespaces/kube-system":
                return False
            await r.fail(403, "Forbidden", "namespaces is forbidden")
            return True
        server.hook(answer)
        with Watch(server, "--once") as w:
            same(w.end(), 0, "who may not read kube-system can still watch")
            ok(len(w.records[0]["ms"]["cluster"]) == 36 and
               "kube-system" in w.stderr(), "under an id made up, with a "
               "warning", w.stderr())


test_default()
test_profile()
test_names()
test_words()
test_versions()
test_etag()
test_crd()
test_storm()
test_names_late()
test_recreated()
test_stale()
test_legacy()
test_failing()
test_other_cluster()
test_doubt()
test_identity()
done()
