#!/usr/bin/python3
"""ms-fingerprint asks for the kinds that a found product unlocks, and releases
them when it is gone."""
import json
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
program = os.path.join(os.environ.get("BIN", here + "/../../build"),
                       "ms-fingerprint")
tests = failed = 0


def ok(true, what):
    global tests, failed
    tests += 1
    failed += not true
    print("%sok %d - %s" % ("" if true else "not ", tests, what), flush=True)


class Stage:
    """A run of the program, of which each step is seen by itself."""

    def __init__(self, *args):
        self.p = subprocess.Popen([program, *args], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.marks = 0

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
        return asked

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
istiod = deployment("istiod", "istio/pilot:1.27.1")
begin = record("SYNC", {**CRDS, "phase": "begin", "complete": True})
ready = record("SYNC", {"phase": "ready", "complete": True, "resources": {}})

s = Stage()
got = s.step(begin, record("ADDED", CRDS, crd(VIRTUAL)),
             record("ADDED", CRDS, crd("certificates.cert-manager.io")),
             record("ADDED", DEPLOYMENTS, istiod))
ok(got == [], "nothing is asked for before all is known")
got = s.step(ready)
ok(words(got) == ["watch %s istio" % VIRTUAL],
   "a product that runs unlocks its kinds %s" % words(got))
ok(got and got[0]["ms"] == {"cluster": "c1"}, "in its cluster")
got = s.step(record("ADDED", CRDS, crd(RULES)))
ok(words(got) == ["watch %s istio" % RULES], "a CRD that comes later")
ok(s.step(record("MODIFIED", CRDS, crd(RULES)),
          record("MODIFIED", DEPLOYMENTS, istiod)) == [], "once is enough")
got = s.step(record("DELETED", CRDS, crd(VIRTUAL)))
ok(words(got) == ["unwatch %s istio" % VIRTUAL], "a CRD that goes")
got = s.step(record("DELETED", DEPLOYMENTS, istiod))
ok(words(got) == ["unwatch %s istio" % RULES], "a product that goes")
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

print("1..%d" % tests)
sys.exit(failed > 0)
