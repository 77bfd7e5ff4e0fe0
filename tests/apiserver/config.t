#!/usr/bin/python3 -B
"""What is watched, and what happens when that changes: profiles, --config, the
MeshSync custom resource. Numbers with a C are the contract's cases."""
import json
import os

from apiserver import CONFIGMAPS, DEPLOYMENTS, EVENTS, NODES, PODS, Resource, \
    Server, Watch, done, ok, same

CRDS = Resource("customresourcedefinitions", "CustomResourceDefinition",
                "apiextensions.k8s.io", namespaced=False, short=["crd"])
FOOS = Resource("foos", "Foo", "example.com", short=["fo"])
JOBS = Resource("jobs", "Job", "batch")
MESHSYNCS = Resource("meshsyncs", "MeshSync", "meshery.io", "v1alpha2")
OLD = Resource("meshsyncs", "MeshSync", "meshery.layer5.io", "v1alpha1")


def crd(server, resource):
    server.put("customresourcedefinitions",
               f"{resource.name}.{resource.group}")


def config(server, text, name="config.yaml"):
    path = os.path.join(server.folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def depths(record):
    return {k: v["depth"] for k, v in record["object"]["resources"].items()}


def configs(w):
    return w.find(lambda r: r["type"] == "CONFIG")


def whitelist(*names, **more):
    return {"watch-list": {"data": {"whitelist": json.dumps(
        [{"Resource": n, "Events": ["ADDED", "MODIFIED", "DELETED"]}
         for n in names]), **more}}}


def blacklist(*names, **more):
    return {"watch-list": {"data": {"blacklist": json.dumps(list(names)),
                                    **more}}}


def meshsync(server, spec, resource=MESHSYNCS):
    """Create it or change it."""
    obj = {"metadata": {"name": "meshery-meshsync", "namespace": "meshery",
                        "uid": "m"}, "spec": spec}
    key = (resource.name, "meshery", "meshery-meshsync")
    server.run(server._put(key, obj, False))


def test_default():
    with Server(PODS, NODES, DEPLOYMENTS, EVENTS, JOBS, CRDS, FOOS) as server:
        crd(server, FOOS)
        with Watch(server) as w:
            w.wait_ready()
            same(w.records[0]["type"], "CONFIG", "CONFIG is the first line")
            same(depths(w.records[0]),
                 {"pods.v1.": "full", "nodes.v1.": "full",
                  "deployments.v1.apps": "full", "foos.v1.example.com": "full",
                  "jobs.v1.batch": "metadata", "events.v1.": "off",
                  "customresourcedefinitions.v1.apiextensions.k8s.io":
                  "metadata"},
                 "C25. upstream's kinds and instances of CRDs in full, the "
                 "rest as metadata, events off")
            same(w.records[0]["object"]["sources"], [],
                 "which is nobody's configuration")


def test_flags():
    with Server(PODS, JOBS, EVENTS) as server:
        for args, want in (
                (["--depth", "full"], ("full", "full", "off")),
                (["--depth", "metadata"], ("metadata", "metadata", "off")),
                (["--resource", "jobs,events"], ("off", "full", "full")),
                (["--resource", "jobs", "--depth", "metadata"],
                 ("off", "metadata", "off")),
                (["--profile", "meshsync-1"], ("full", "off", "off"))):
            with Watch(server, "--once", *args) as w:
                w.end()
                got = depths(w.records[0])
                same((got.get("pods.v1."), got.get("jobs.v1.batch"),
                      got.get("events.v1.")), want, " ".join(args))


def test_file():
    text = """
profile: default
namespaces: [shop]
labelSelector: app=web
resources:
  jobs: full
  nodes: {depth: metadata}
  pods: {namespaces: [shop, web], fieldSelector: spec.nodeName=n1}
  "*.example.com": off
"""
    with Server(PODS, NODES, JOBS, FOOS, DEPLOYMENTS) as server:
        path = config(server, text)
        with Watch(server, "--once", "--config", path) as w:
            same(w.end(), 0, "--config")
            same(w.records[0]["object"], {
                "profile": "default", "sources": [path], "resources": {
                    "nodes.v1.": {"depth": "metadata",
                                  "labelSelector": "app=web"},
                    "deployments.v1.apps": {
                        "depth": "full", "namespaces": ["shop"],
                        "labelSelector": "app=web"},
                    "jobs.v1.batch": {
                        "depth": "full", "namespaces": ["shop"],
                        "labelSelector": "app=web"},
                    "pods.v1.": {
                        "depth": "full", "namespaces": ["shop", "web"],
                        "labelSelector": "app=web",
                        "fieldSelector": "spec.nodeName=n1"},
                    "foos.v1.example.com": {"depth": "off"}}},
                 "is the effective configuration")
            asked = {(r.path, r.query.get("labelSelector"),
                      r.query.get("fieldSelector")) for r in server.requests
                     if r.is_watch() or "limit" in r.query}
            same(asked, {
                ("/api/v1/nodes", "app=web", None),
                ("/apis/apps/v1/namespaces/shop/deployments", "app=web", None),
                ("/apis/batch/v1/namespaces/shop/jobs", "app=web", None),
                ("/api/v1/namespaces/shop/pods", "app=web",
                 "spec.nodeName=n1"),
                ("/api/v1/namespaces/web/pods", "app=web",
                 "spec.nodeName=n1")}, "and is what is asked for")
        with Watch(server, "--once", "--config", path, "-n", "other",
                   "--depth", "metadata", "-l", "x=y") as w:
            w.end()
            same(w.records[0]["object"]["resources"]["pods.v1."],
                 {"depth": "metadata", "namespaces": ["other"],
                  "labelSelector": "x=y", "fieldSelector": "spec.nodeName=n1"},
                 "flags are not overruled by it")
            same((w.records[0]["object"]["sources"],
                  depths(w.records[0])["foos.v1.example.com"]),
                 (["flags", path], "off"), "and what they do not say is its")


def test_bad_file():
    with Server(PODS) as server:
        for text, message in (
                ("depht: full\n", "1:1: there is no key 'depht' here"),
                ("depth: deep\n", "1:8: depth is off, metadata or full, not "
                                  "'deep'"),
                ("profile: big\n", "1:10: profile is default or meshsync-1"),
                ("resources:\n- pods\n", "2:1: resources is a map"),
                ("resources:\n  pods: {dpeth: off}\n", "2:10: there is no "
                 "key 'dpeth' here, only depth, namespaces"),
                ("namespaces: [a, {b: c}]\n", "1:17: namespaces is a list of "
                                              "names"),
                ("- a\n", "1:1: the configuration is a map"),
                ("signatures: x\n", "1:13: signatures is the NAMESPACE/NAME"),
                ("a: [\n", ":2:1: ")):
            with Watch(server, "--config", config(server, text)) as w:
                same((w.end(), w.lines), (100, []), f"bad file {text!r}: 100")
                ok(message in w.stderr(), "with file, line and column",
                   w.stderr())
        with Watch(server, "--config", "/nonexistent") as w:
            same(w.end(), 100, "no file: 100")
        path = config(server, "resources: {pods: off, widgets: full}\n")
        with Watch(server, "--once", "--config", path) as w:
            same(w.end(), 0, "nothing to watch is no error")
            same([r["type"] for r in w.records], ["CONFIG", "SYNC"],
                 "CONFIG and ready is all there is")
            ok(f"{path}: widgets: the server has no such resource" in
               w.stderr(), "a name that means nothing is warned about",
               w.stderr())


def change(w, server, spec, resource=MESHSYNCS):
    """Change the custom resource, and wait for the configuration."""
    n = len(configs(w))
    meshsync(server, spec, resource)
    w.wait(lambda r: r["type"] == "CONFIG", "a configuration", n + 1)
    return configs(w)[-1]


def lists_of(server, path):
    return len([r for r in server.requests if r.path == path and
                (r.is_stream() or not r.is_watch())])


def test_custom():
    with Server(PODS, NODES, DEPLOYMENTS, JOBS, CRDS, FOOS,
                MESHSYNCS) as server:
        for r in (FOOS, MESHSYNCS):
            crd(server, r)
        for r in ("pods", "deployments", "jobs", "foos"):
            server.put(r, "a")
        meshsync(server, whitelist("pods.v1.", "deployments.v1.apps",
                                   "widgets.v1."))
        with Watch(server) as w:
            w.wait_ready()
            first = w.records[0]
            same(first["object"]["sources"], ["meshery/meshery-meshsync"],
                 "C24. the custom resource is known before the first line")
            same({k: v for k, v in depths(first).items() if v != "off"},
                 {"pods.v1.": "full", "deployments.v1.apps": "full",
                  "foos.v1.example.com": "full",
                  "meshsyncs.v1alpha2.meshery.io": "full"},
                 "C24. a whitelist: what it lists, and instances of CRDs")
            ok("meshery/meshery-meshsync: widgets.v1.: the server has no" in
               w.stderr(), "C24. an unknown kind in it is ignored, and told",
               w.stderr())
            since = len(w.records)
            got = change(w, server, whitelist("deployments.v1.apps",
                                              "jobs.v1.batch"))
            w.wait_synced("jobs.v1.batch")
            same((depths(got)["pods.v1."], depths(got)["jobs.v1.batch"]),
                 ("off", "full"), "the whitelist is changed")
            digests = [d for d in w.digests(since)
                       if d.split()[0] in ("pods", "jobs", "deployments")]
            same([" ".join(d.split()[:3]) for d in digests],
                 ["pods gone", "jobs begin config", "jobs ADDED a",
                  f"jobs end {digests[-1].split()[2]}"],
                 "off is gone, new is a complete sync, for the cause config")
            ok(w.find(lambda r: r["ms"].get("cause") == "config")[0]["ms"]
               ["complete"], "which is complete")
            server.put("deployments", "b")  # something has to come
            server.wait(lambda: not [r for r in server.requests if r.is_open
                                     and r.path == "/api/v1/pods"],
                        "the end of the watch of pods")
            same((lists_of(server, "/apis/apps/v1/deployments"),
                  lists_of(server, "/apis/example.com/v1/foos")), (1, 1),
                 "and no other watch is touched")
            server.put("pods", "later")
            server.put("jobs", "later")
            w.wait(lambda r: r["type"] == "ADDED" and
                   r["object"]["metadata"]["name"] == "later", "a job")
            same(w.find(lambda r: r["type"] == "ADDED" and
                        r["ms"]["resource"] == "pods.v1."
                        and r["object"]["metadata"]["name"] == "later"), [],
                 "what is off is off")

            got = change(w, server, blacklist("jobs.v1.batch", "foos.v1."
                                              "example.com"))
            same({k: v for k, v in depths(got).items() if v != "full"},
                 {"jobs.v1.batch": "off", "foos.v1.example.com": "off",
                  "customresourcedefinitions.v1.apiextensions.k8s.io":
                  "metadata"},
                 "C25. a blacklist: all but what it lists")
            before = len(w.records)
            n = len(configs(w))
            server.delete("meshsyncs", "meshery-meshsync", "meshery")
            w.wait(lambda r: r["type"] == "CONFIG", "a configuration", n + 1)
            same((configs(w)[-1]["object"]["sources"],
                  depths(configs(w)[-1])["jobs.v1.batch"]), ([], "metadata"),
                 "without it, the default")
            w.wait(lambda r: r["type"] == "ADDED" and
                   r["ms"]["resource"] == "jobs.v1.batch" and
                   r["ms"]["depth"] == "metadata", "jobs")
            same(lists_of(server, "/apis/apps/v1/deployments"), 1,
                 "and deployments have never been listed again")


def test_lists():
    """Every way in which a watch-list can be wrong."""
    bad = (
        ({}, "its spec has no watch-list"),
        ({"watch-list": {}}, "neither a whitelist nor a blacklist"),
        ({"watch-list": {"data": None}}, "neither a whitelist"),
        ({"watch-list": {"data": {"whitelist": "", "blacklist": ""}}},
         "neither a whitelist"),
        ({"watch-list": {"data": {"whitelist": "[]", "blacklist": "[]"}}},
         "a whitelist and a blacklist"),
        ({"watch-list": {"data": {"whitelist": "[{"}}},
         "the whitelist is no JSON"),
        ({"watch-list": {"data": {"whitelist": '["pods.v1."]'}}},
         "the whitelist is not a list of objects"),
        ({"watch-list": {"data": {"whitelist": '{"a": 1}'}}},
         "the whitelist is not a list of objects"),
        ({"watch-list": {"data": {"blacklist": '[{"Resource": "a"}]'}}},
         "the blacklist is not a list of names"),
        ({"watch-list": {"data": {"whitelist":
                                  '[{"Resource":"pods.v1.","Events":1}]'}}},
         "the whitelist is not a list of objects"),
        ({"watch-list": {"data": {"config": "depth: deep"}}},
         "config:1:8: depth is off, metadata or full"),
        ("text", "it has no spec"),
    )
    with Server(PODS, JOBS, CRDS, MESHSYNCS) as server:
        crd(server, MESHSYNCS)
        default = None
        for spec, message in bad:
            meshsync(server, spec)
            with Watch(server, "--once") as w:
                w.end()
                default = default or {
                    "pods.v1.": "full", "jobs.v1.batch": "metadata",
                    "meshsyncs.v1alpha2.meshery.io": "full",
                    "customresourcedefinitions.v1.apiextensions.k8s.io":
                    "metadata"}
                same(depths(w.records[0]), default,
                     f"C24. {json.dumps(spec)}: the default")
                ok(message in w.stderr() and w.stderr().count("\n") == 1,
                   "C24. with one warning", w.stderr())
        for white, want, name in (
                ("[]", [], "C24. an empty whitelist: only instances of CRDs"),
                ('[{"resource":"pods.v1.","events":["ADDED"]}]', ["ADDED"],
                 "C22. keys of any case; events are passed on"),
                ('[{"Resource":"pods.v1.","Events":["ADD","added"]}]', [],
                 "C22. unknown events are none"),
                ('[{"Resource":"pods.v1."}]', [], "C22. no events, none"),
                ('[{"Resource":"pods.v1.","Events":["DELETED"]},'
                 '{"Resource":"pods.v1.","Events":["ADDED"]}]', ["DELETED"],
                 "the first of two counts")):
            meshsync(server, {"watch-list": {"data": {"whitelist": white}}})
            with Watch(server, "--once") as w:
                same(w.end(), 0, name)
                pods = w.records[0]["object"]["resources"]["pods.v1."]
                same(pods.get("events", "off" if pods["depth"] == "off"
                              else None), want if want or white != "[]"
                     else "off", "in the configuration")
                same(w.stderr(), "", "without a warning")


def test_meshsync_1():
    with Server(PODS, JOBS, DEPLOYMENTS, CRDS, FOOS, MESHSYNCS) as server:
        for r in (FOOS, MESHSYNCS):
            crd(server, r)
        for spec, want, name in (
                (None, ["deployments.v1.apps", "pods.v1."],
                 "without a custom resource: the 21 kinds"),
                (whitelist("pods.v1.", "jobs.v1.batch", "pod.v1."),
                 ["foos.v1.example.com", "meshsyncs.v1alpha2.meshery.io",
                  "pods.v1."],
                 "a whitelist: of the 21, and instances of CRDs"),
                (blacklist("pods.v1.", "foos.v1.example.com"),
                 ["deployments.v1.apps", "foos.v1.example.com",
                  "meshsyncs.v1alpha2.meshery.io"],
                 "a blacklist does not touch those")):
            if spec:
                meshsync(server, spec)
            with Watch(server, "--once", "--profile", "meshsync-1") as w:
                w.end()
                same(sorted(k for k, v in depths(w.records[0]).items()
                            if v == "full"), want, f"meshsync-1, {name}")


def test_old_group():
    with Server(PODS, JOBS, OLD) as server:
        old = blacklist("jobs.v1.batch")
        meshsync(server, {"informer_config": old["watch-list"]}, OLD)
        with Watch(server, "--once") as w:
            w.end()
            same(depths(w.records[0]),
                 {"pods.v1.": "full", "jobs.v1.batch": "off",
                  "meshsyncs.v1alpha1.meshery.layer5.io": "full"},
                 "the older group and its informer_config")
        with Watch(server, "--once", "--custom-resource", "none") as w:
            w.end()
            same(w.records[0]["object"]["sources"], [],
                 "--custom-resource none")
        with Watch(server, "--custom-resource", "x") as w:
            same(w.end(), 100, "--custom-resource x: 100")


def test_own_keys():
    own = """
resources:
  jobs: metadata
  nodes: off
namespaces: [shop]
"""
    with Server(PODS, JOBS, NODES, MESHSYNCS) as server:
        path = config(server, "resources: {jobs: full, pods: metadata}\n")
        meshsync(server, blacklist("pods.v1.", config=own))
        with Watch(server, "--once", "--config", path, "-l", "a=b") as w:
            w.end()
            got = w.records[0]["object"]
            same(got["sources"], ["flags", "meshery/meshery-meshsync", path],
                 "flags, custom resource and file take part, in this order")
            same([got["resources"][k] for k in
                  ("pods.v1.", "jobs.v1.batch", "nodes.v1.")],
                 [{"depth": "off"},
                  {"depth": "metadata", "namespaces": ["shop"],
                   "labelSelector": "a=b"}, {"depth": "off"}],
                 "our own keys stand beside the lists, and before the file")


def test_crd():
    with Server(PODS, CRDS) as server, Watch(server) as w:
        w.wait_ready()
        server.resources.append(FOOS)
        server.put("foos", "a")
        crd(server, FOOS)
        w.wait(lambda r: r["type"] == "ADDED" and
               r["ms"]["resource"] == "foos.v1.example.com", "the object")
        same(depths(configs(w)[-1]).get("foos.v1.example.com"), "full",
             "C26. a new CRD: its objects, in full, after a CONFIG that "
             "has it")
        n = len(configs(w))
        looks = len(server.seen("/apis"))
        for i in range(50):
            server.put("customresourcedefinitions", "foos.example.com",
                       generation=i)
        server.wait(lambda: len(server.seen("/apis")) > looks, "a look")
        same((len(configs(w)), lists_of(server, "/api/v1/pods")), (n, 1),
             "C26. a storm of edits changes nothing")


def test_forbidden():
    """Neither CRDs nor the custom resource may be read."""
    with Server(PODS, FOOS, CRDS, MESHSYNCS) as server:
        meshsync(server, blacklist("pods.v1."))

        async def answer(r):
            if "customresourcedefinitions" not in r.path and \
                    "meshsyncs" not in r.path:
                return False
            await r.fail(403, "Forbidden", "no")
            return True
        server.hook(answer)
        with Watch(server) as w:
            w.wait_ready()
            same((depths(w.records[0])["pods.v1."],
                  depths(w.records[0])["foos.v1.example.com"]),
                 ("full", "full"), "C27. CRDs and the resource are forbidden: "
                 "the default, CRDs guessed by their group")
            server.put("pods", "a")
            ok(w.wait(lambda r: r["type"] == "ADDED", "a pod"),
               "C27. and the rest is watched")

    with Server(PODS, MESHSYNCS) as server:
        async def get_only(r):
            if "meshsyncs" not in r.path:
                return False
            if not r.path.endswith("/meshery/meshsyncs/meshery-meshsync"):
                await r.fail(403, "Forbidden", "no")
            else:
                await r.reply(200, {"kind": "MeshSync", "metadata": {},
                                    "spec": blacklist("pods.v1.")})
            return True
        server.hook(get_only)
        with Watch(server, "--once") as w:
            w.end()
            same(depths(w.records[0])["pods.v1."], "off",
                 "who may only get the custom resource does so")


for test in (test_default, test_flags, test_file, test_bad_file, test_custom,
             test_lists, test_meshsync_1, test_old_group, test_own_keys, test_crd,
             test_forbidden):
    test()
done()
