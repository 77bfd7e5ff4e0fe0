#!/usr/bin/python3 -B
"""How much of each object is asked for and told, and of which objects, while
that changes."""
import json

from apiserver import DEPLOYMENTS, NODES, PODS, Resource, Server, Watch, \
    done, ok, same

MESHSYNCS = Resource("meshsyncs", "MeshSync", "meshery.io", "v1alpha2")


def meshsync(server, text):
    obj = {"metadata": {"name": "meshery-meshsync", "namespace": "meshery",
                        "uid": "m"},
           "spec": {"watch-list": {"data": {"config": text}}}}
    server.run(server._put(("meshsyncs", "meshery", "meshery-meshsync"), obj,
                           False))


def change(w, server, text):
    n = len(w.find(lambda r: r["type"] == "CONFIG"))
    since = len(w.records)
    meshsync(server, text)
    w.wait(lambda r: r["type"] == "CONFIG", "a configuration", n + 1)
    return since


def fill(server):
    for ns in ("a", "b", "c"):
        for i in range(3):
            server.put("pods", obj={
                "metadata": {"name": f"p{i}", "namespace": ns,
                             "uid": f"{ns}{i}", "labels": {"n": str(i)},
                             "managedFields": [{"manager": "x"}]},
                "spec": {"nodeName": "n1"}})


def wait_ends(w, since, count=1):
    def ends():
        return [r for r in w.records[since:] if r["ms"].get("phase") == "end"
                and r["ms"]["resource"] == "pods.v1."]
    w.wait(lambda r: len(ends()) >= count, f"{count} ends")


def told(w, since, *types):
    return sorted(f"{r['object']['metadata'].get('namespace', '')}/"
                  f"{r['object']['metadata']['name']}"
                  for r in w.records[since:] if r["type"] in types and
                  r["ms"]["resource"] == "pods.v1.")


def test_metadata():
    async def no_form(r):
        if "PartialObjectMetadata" not in r.headers.get("accept", "") or \
                not r.path.endswith("/pods"):
            return False
        forms.append(r.headers["accept"])
        if not refuses:
            return False
        await r.fail(406, "NotAcceptable", "only application/json")
        return True

    for refuses in (False, True):
        for streams in (True, False):
            forms = []
            with Server(PODS, streams=streams) as server:
                fill(server)
                server.hook(no_form)
                with Watch(server, "--depth", "metadata", "--resource",
                           "pods") as w:
                    w.wait_ready()
                    server.put("pods", "later", namespace="a", spec={})
                    w.wait(lambda r: r["type"] == "ADDED" and
                           r["object"]["metadata"]["name"] == "later",
                           "a later one")
                    objects = w.find(lambda r: r["type"] == "ADDED")
                    what = ("406" if refuses else "full objects") + (
                        "" if streams else ", no streaming lists")
                    same({(r["ms"]["depth"], *r["object"]) for r in objects},
                         {("metadata", "kind", "apiVersion", "metadata")},
                         f"the server answers with {what}: metadata only")
                    same((len(objects), objects[0]["object"]["kind"],
                          [r for r in objects if "managedFields" in
                           r["object"]["metadata"]]), (10, "Pod", []),
                         "and it is a whole record")
                    ok(forms and all("application/json;as=Partial" in f
                                     for f in forms), "it was asked for so")


def test_change():
    with Server(PODS, NODES, MESHSYNCS) as server:
        fill(server)
        server.put("nodes", "n1")
        with Watch(server, "--resource", "pods,nodes") as w:
            w.wait_ready()
            since = change(w, server, "resources: {pods: metadata}")
            wait_ends(w, since)
            begin = next(r["ms"] for r in w.records[since:]
                         if r["ms"].get("phase") == "begin")
            same((begin["cause"], begin["complete"], len(told(
                w, since, "ADDED"))), ("config", True, 9),
                "another depth: a complete sync")
            same({r["ms"]["depth"] for r in w.records[since:]
                  if r["type"] == "ADDED"}, {"metadata"}, "in that depth")

            since = change(w, server, "resources: {pods: {namespaces: [a, b], "
                                      "depth: metadata}}")
            wait_ends(w, since, 2)
            same(told(w, since, "DELETED"), ["c/p0", "c/p1", "c/p2"],
                 "only some namespaces: the others' objects are deleted")
            same([json.dumps(r["ms"]["scope"]) for r in w.records[since:]
                  if r["ms"].get("phase") == "begin"],
                 ['{"namespaces": ["a"]}', '{"namespaces": ["b"]}'],
                 "and a complete sync of each that is left")
            before = len([r for r in server.requests
                          if r.path == "/api/v1/namespaces/a/pods"])
            since = change(w, server, "resources: {pods: {namespaces: [a, c], "
                                      "depth: metadata}}")
            wait_ends(w, since)
            same((told(w, since, "ADDED"), told(w, since, "DELETED")),
                 (["c/p0", "c/p1", "c/p2"], ["b/p0", "b/p1", "b/p2"]),
                 "one namespace goes, another comes")
            same(len([r for r in server.requests
                      if r.path == "/api/v1/namespaces/a/pods"]), before,
                 "and the third is not touched")

            async def only_p1(r):
                if not r.query.get("labelSelector") == "n=1":
                    return False
                if r.is_watch():
                    await r.start()
                    await r.until_closed()
                    return True
                await r.reply(200, {
                    "kind": "PodList", "metadata": {
                        "resourceVersion": str(server.rv)},
                    "items": [o for o in server.select(PODS, None)
                              if o["metadata"]["name"] == "p1"]})
                return True
            server.hook(only_p1)
            since = change(w, server, "resources: {pods: {labelSelector: n=1, "
                                      "depth: metadata}}")
            wait_ends(w, since)
            same((told(w, since, "ADDED"), told(w, since, "DELETED")),
                 (["a/p1", "b/p1", "c/p1"],
                  ["a/p0", "a/p2", "c/p0", "c/p2"]),
                 "a selector: what it leaves is told, the rest deleted")
            since = change(w, server, "{}")
            wait_ends(w, since)
            same((len(told(w, since, "ADDED")), told(w, since, "DELETED"),
                  {r["ms"]["depth"] for r in w.records[since:]
                   if r["type"] == "ADDED"}), (9, [], {"full"}),
                 "everything again")
            same(len([r for r in server.requests
                      if r.path == "/api/v1/nodes"]), 1,
                 "all this time the watch of nodes has not been touched")


def test_unfinished():
    """The configuration changes while a list is under way."""
    with Server(PODS, MESHSYNCS) as server:
        fill(server)

        async def half(r):
            if r.path != "/api/v1/pods":
                return False
            await r.start()
            for ns in ("a", "b"):
                await r.send(server.event(PODS, "ADDED", server.objects[
                    "pods", ns, "p0"]))
            await r.until_closed()
            return True
        server.hook(half)
        with Watch(server, "--resource", "pods") as w:
            w.wait(lambda r: r["type"] == "ADDED", "half a list", 2)
            since = change(w, server, "namespaces: [a]")
            wait_ends(w, since)
            same(w.digests(since)[0], "pods aborted",
                 "a list under way is aborted")
            same((told(w, since, "ADDED"), told(w, since, "DELETED")),
                 (["a/p0", "a/p1", "a/p2"], ["b/p0"]),
                 "and what it had told out of scope is deleted")


def test_forbidden():
    """All namespaces are too much to ask for; some are named for that case."""
    async def forbid(r):
        if r.path not in ("/api/v1/pods", "/apis/apps/v1/deployments"):
            return False
        await r.fail(403, "Forbidden", "at the cluster scope")
        return True
    with Server(PODS, DEPLOYMENTS, NODES, MESHSYNCS) as server:
        fill(server)
        server.hook(forbid)
        meshsync(server, "namespacesIfForbidden: [a, b]")
        with Watch(server, "--resource", "pods,deploy,nodes") as w:
            ready = w.wait_ready()[0]["ms"]
            same(set(ready["resources"].values()), {"synced"},
                 "forbidden as a whole: the namespaces that are named")
            same((told(w, 0, "ADDED"), [r["ms"]["scope"] for r in w.find(
                lambda r: r["ms"].get("phase") == "begin" and
                r["ms"]["resource"] == "pods.v1.")]),
                ([f"{ns}/p{i}" for ns in "ab" for i in range(3)],
                 [{"namespaces": ["a"]}, {"namespaces": ["b"]}]),
                "each a sync of its own")
            asked = len([r for r in server.requests if "pods" in r.path])
            since = change(w, server, "{namespacesIfForbidden: [a, b], "
                                      "resources: {nodes: metadata}}")
            w.wait_synced("nodes.v1.", 2)
            same((asked, told(w, since, "ADDED")),
                 (len([r for r in server.requests if "pods" in r.path]), []),
                 "another change leaves them alone")


for test in (test_metadata, test_change, test_unfinished, test_forbidden):
    test()
done()
