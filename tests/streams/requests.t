#!/usr/bin/python3
"""ms-fingerprint asks for the kinds that a found product unlocks, and releases
them when it is gone; it asks running instances for versions that their images do not
tell, if the user wants that."""
import json
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

program = os.path.join(os.environ.get("BIN", here + "/../../build"),
                       "ms-fingerprint")


class Stage:
    """A run of the program, of which each step is seen by itself."""

    def __init__(self, *args):
        self.p = subprocess.Popen([program, *args], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.marks = 0
        self.seen = {}

    def step(self, *records):
        """Write records, and return what REQUESTs come of them. What follows
        from a line has been written when a mark behind its mark is back."""
        for r in records:
            self.p.stdin.write(json.dumps(r).encode() + b"\n")
        asked = []
        for _ in range(2):
            self.marks += 1
            self.p.stdin.write(json.dumps(
                {"type": "MARK", "ms": {"id": self.marks}}).encode() + b"\n")
            self.p.stdin.flush()
            while True:
                r = json.loads(self.p.stdout.readline())
                if r["type"] == "MARK" and r["ms"]["id"] == self.marks:
                    break
                if r["type"] == "REQUEST":
                    asked.append(r)
                elif r["type"] == "AMEND":
                    self.seen[r["ms"]["name"]] = r["ms"]["prints"]
                elif "metadata" in r.get("object", {}):
                    self.seen[r["object"]["metadata"]["name"]] = \
                        r["object"].get("spec") if r["object"]["kind"] == \
                        "Infrastructure" else r["ms"].get("prints")
        return asked

    def prints(self, name):
        """What is said of an object by now."""
        return self.seen.get(name) or [{}]

    def end(self):
        self.p.stdin.close()
        self.p.stdout.read()
        return self.p.wait()


def words(requests):
    return sorted("%(command)s %(resource)s %(by)s" % r["object"]
                  for r in requests)


def record(kind, ms, obj=None):
    r = {"type": kind, "ms": {"cluster": "c1", **ms}}
    if obj:
        r["object"] = obj
    return r


def crd(name):
    return {"apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition", "metadata": {"name": name}}


def deployment(name, image):
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "n"},
            "spec": {"template": {"spec": {"containers": [
                {"name": name, "image": image}]}}}}


CRDS = {"resource": "customresourcedefinitions.v1.apiextensions.k8s.io"}
DEPLOYMENTS = {"resource": "deployments.v1.apps"}
VIRTUAL = "virtualservices.networking.istio.io"
RULES = "destinationrules.networking.istio.io"
HOOKS = ["%swebhookconfigurations.admissionregistration.k8s.io" % kind
         for kind in ("mutating", "validating")]
istiod = deployment("istiod", "istio/pilot:1.27.1")
begin = record("SYNC", {**CRDS, "phase": "begin", "complete": True})
ready = record("SYNC", {"phase": "ready", "complete": True, "resources": {}})

s = Stage()
got = s.step(begin, record("ADDED", CRDS, crd(VIRTUAL)),
             record("ADDED", CRDS, crd("certificates.cert-manager.io")),
             record("ADDED", DEPLOYMENTS, istiod))
ok(got == [], "nothing is asked for before all is known")
got = s.step(ready)
ok(words(got) == ["watch %s istio" % r for r in HOOKS + [VIRTUAL]],
   "a product that runs unlocks its kinds %s" % words(got))
ok(got and got[0]["ms"] == {"cluster": "c1"}, "in its cluster")
got = s.step(record("ADDED", CRDS, crd(RULES)))
ok(words(got) == ["watch %s istio" % RULES], "a CRD that comes later")
ok(s.step(record("MODIFIED", CRDS, crd(RULES)),
          record("MODIFIED", DEPLOYMENTS, istiod)) == [], "once is enough")
got = s.step(record("DELETED", CRDS, crd(VIRTUAL)))
ok(words(got) == ["unwatch %s istio" % VIRTUAL], "a CRD that goes")
got = s.step(record("DELETED", DEPLOYMENTS, istiod))
ok(words(got) == sorted("unwatch %s istio" % r for r in HOOKS + [RULES]),
   "a product that goes")
s.step(record("ADDED", DEPLOYMENTS, deployment("w", "acme/widget:1.0.0")))
text = "product: widget\nimages:\n- {repo: acme/widget}\n"
watch = "watch: [widgets.acme.example]\n"
got = s.step(record("SIGNATURES", {"source": "s"},
                    {"data": {"w.yaml": text + watch}}))
ok(words(got) == ["watch widgets.acme.example widget"], "what a signature lists")
got = s.step(record("SIGNATURES", {"source": "s"}, {"data": {"w.yaml": text}}))
ok(words(got) == ["unwatch widgets.acme.example widget"],
   "and no longer lists")
ok(s.end() == 0, "it ends clean")

s = Stage()
got = s.step(record("ADDED", CRDS, crd(VIRTUAL)),
             record("ADDED", DEPLOYMENTS, istiod))
ok(got == [], "a stream without syncs asks nobody")
s.end()

# ---- probes ----

DIGEST = "sha256:" + "0123456789abcdef" * 4
text = """product: widget
images:
- {repo: acme/widget, component: server}
probe: {path: /api/version, port: http, json: build.version}
"""
signatures = record("SIGNATURES", {"source": "s"}, {"data": {"w.yaml": text}})
PODS = {"resource": "pods.v1."}


def pod(name, image):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "n"},
            "spec": {"containers": [{"name": "w", "image": image}]}}


def answer(request, status, body):
    return {"type": "ANSWER", "ms": {"cluster": "c1",
                                     "id": request["object"]["id"]},
            "object": {"command": "probe", "status": status, "body": body}}


widget = record("ADDED", PODS, pod("w-2", "acme/widget@" + DIGEST))
other = record("ADDED", PODS, pod("w-1", "acme/widget@" + DIGEST))
tagged = record("ADDED", PODS, pod("w-0", "acme/widget:1.0.0"))
latest = record("ADDED", PODS, pod("w-3", "acme/widget:latest"))

s = Stage()
ok(s.step(signatures, begin, ready, widget) == [],
   "nobody is probed unless that is wanted")
s.end()

s = Stage("--probe")
got = s.step(signatures, begin, widget, other, tagged, latest)
ok(got == [], "nor before all is known")
got = s.step(ready)
ok(len(got) == 1 and got[0]["object"] == {
    "command": "probe", "id": "probe/widget@" + DIGEST, "namespace": "n",
    "pod": "w-1", "port": "http", "path": "/api/version"},
   "one of those whose version nothing else tells %s" % got)
ok(len(got[0]["object"]["id"]) <= 128, "by an id that is not too long")
asked = got[0]
ok(s.step(widget) == [], "once a digest")
for status, body in ((503, '{"build":{"version":"2.0.0"}}'), (200, "2.0.0"),
                     (200, '{"build":{"version":"latest"}}'), (200, None),
                     (200, '{"build":{"version":["2.0.0"]}}')):
    s.step(answer(asked, status, body))
ok(s.prints("w-1")[0].get("version") is None, "what is no answer is none")
s.step(answer(asked, 200, '{"build":{"version":"v2.0.1"}}'))
ok([s.prints("w-%d" % i)[0].get("version") for i in range(4)] ==
   ["1.0.0", "2.0.1", "2.0.1", None],
   "an answer holds for all of this image, and for no other")
ok(s.step(record("ADDED", PODS, pod("w-4", "mirror.example/acme/widget@" +
                                    DIGEST))) == [] and
   s.prints("w-4")[0].get("version") == "2.0.1", "and for those that come")
s.step(answer({"object": {"id": "probe/widget@sha256:1"}}, 200,
              '{"build":{"version":"9.0.0"}}'))
ok(s.prints("w-4")[0].get("version") == "2.0.1", "not asked, not heard")
told = s.seen["widget.w-1"]["components"]
ok([c.get("versionFrom") for c in told] == ["probe"],
   "found infrastructure says who told %s" % told)
ok(s.end() == 0, "it ends clean, probes and all")

done()
