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

    def __init__(self, *args, **kwargs):
        self.p = subprocess.Popen([program, *args], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, **kwargs)
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
- {repo: acme/widget, with: agent, component: agent}
- {repo: acme/widget, component: server}
probe: {path: /api/version, port: http, json: build.version, component: server}
"""
signatures = record("SIGNATURES", {"source": "s"}, {"data": {"w.yaml": text}})
PODS = {"resource": "pods.v1."}


def pod(name, image, ready=True, ns="n", args=(), port=8080):
    return record("ADDED", PODS, {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": ns},
        "spec": {"containers": [{
            "name": "w", "image": image, "args": list(args), "ports": [
                {"name": "metrics", "containerPort": 9090},
                {"name": "http", "containerPort": port}]}]},
        "status": {"phase": "Running", "conditions": [
            {"type": "Initialized", "status": "True"},
            {"type": "Ready", "status": "True" if ready else "False"}]}})


def answer(request, status, body):
    return {"type": "ANSWER", "ms": {"cluster": "c1",
                                     "id": request["object"]["id"]},
            "object": {"command": "probe", "status": status, "body": body}}


def error(request, code, why):
    r = answer(request, 0, "")
    r["object"] = {"command": "probe", "error": why}
    if code:
        r["object"]["code"] = code
    return r


def asked(requests):
    """Whom, and how."""
    return ["%s:%s %s" % (r["object"]["pod"], r["object"]["port"],
                          r["object"].get("scheme", "http"))
            for r in requests]


IMAGE = "acme/widget@" + DIGEST
widget = pod("w-2", IMAGE)
other = pod("w-1", IMAGE)
tagged = pod("w-0", "acme/widget:1.0.0")
latest = pod("w-3", "acme/widget:latest")
tick = record("STATUS", {}, {"apiVersion": "meshsync.meshery.io/v1",
                             "kind": "Status"})

s = Stage()
ok(s.step(signatures, begin, ready, widget, tick) == [],
   "nobody is probed unless that is wanted")
s.end()

s = Stage("--probe")
got = s.step(signatures, begin, widget, other, tagged, latest, tick,
             pod("a-1", IMAGE, args=["agent"]), pod("w-00", IMAGE, False))
ok(got == [], "nor before all is known")
got = s.step(ready)
ok(len(got) == 1 and got[0]["object"] == {
    "command": "probe", "id": "probe/widget@" + DIGEST, "namespace": "n",
    "pod": "w-1", "port": "8080", "path": "/api/version"},
   "one of those whose version nothing else tells: the part that tells, and "
   "ready; by the number of its port %s" % got)
ok(len(got[0]["object"]["id"]) <= 128, "by an id that is not too long")
first = got[0]
ok(s.step(widget, other) == [], "once a digest")
got = s.step(answer(first, 503, "{}"))
ok(got == [], "who says no is not asked at once")
got = s.step(tick)
ok(asked(got) == ["w-2:8080 http"], "but with the next STATUS, another pod %s"
   % got)
got = s.step(error(first, 503, "error trying to reach service: EOF"))
ok(asked(got) == ["w-1:8080 https"],
   "who makes no sense is asked by https at once %s" % got)
for status, body in ((200, "2.0.0"), (200, '{"build":{"version":"latest"}}'),
                     (200, None), (200, '{"build":{"version":["2.0.0"]}}'),
                     (302, '{"build":{"version":"2.0.0"}}')):
    s.step(answer(first, status, body))
ok(s.prints("w-1")[0].get("version") is None, "what is no answer is none")
s.step(answer(first, 200, '{"build":{"version":"v2.0.1"}}'))
ok([s.prints(n)[0].get("version") for n in
    ("w-0", "w-1", "w-2", "w-3", "w-00", "a-1")] ==
   ["1.0.0", "2.0.1", "2.0.1", None, "2.0.1", "2.0.1"],
   "an answer holds for all of this image, and for no other")
ok(s.step(pod("w-4", "mirror.example/" + IMAGE), tick) == [] and
   s.prints("w-4")[0].get("version") == "2.0.1", "and for those that come")
s.step(answer({"object": {"id": "probe/widget@sha256:1"}}, 200,
              '{"build":{"version":"9.0.0"}}'))
ok(s.prints("w-4")[0].get("version") == "2.0.1", "not asked, not heard")
told = s.seen["widget.w-1"]
ok([c.get("versionFrom") for c in told["components"]] == ["probe"],
   "found infrastructure says who told %s" % told["components"])
told = [e for e in told["evidence"] if e["print"] == "probe"]
ok(len(told) == 1 and told[0].pop("object") in ("Pod/n/w-1", "Pod/n/w-2") and
   told[0] == {"path": ":8080/api/version", "value": "2.0.1",
               "print": "probe"}, "and that is evidence %s" % told)
ok(s.end() == 0, "it ends clean, probes and all")


def image(n):
    return "acme/widget@sha256:%064d" % n


def tells(probe, body):
    """The version that this probe finds there."""
    w = Stage("--probe")
    r = w.step(record("SIGNATURES", {"source": "s"}, {"data": {
        "w.yaml": "product: widget\nimages: [{repo: acme/widget}]\n"
                  "probe: {path: /x, port: \"80\", %s}\n" % probe}}),
        begin, widget, ready)
    w.step(answer(r[0], 200, body))
    w.end()
    return w.prints("w-2")[0].get("version")


metrics = """# HELP widget_build_info {version="8.8.8"}
widget_build_info_total{version="7.7.7"} 1
widget_build_info{go_version="go1.2.3",release="v3.2.1",version="v1.2.3"} 1
widget_build_info{version="9.9.9"} 1
"""
for probe, body, want in (
        ("metric: widget_build_info", metrics, "1.2.3"),
        ("metric: widget_build_info, label: release", metrics, "3.2.1"),
        ("metric: widget_build_info, label: other", metrics, None),
        ("metric: widget_build_info", "widget_build_info 1", None),
        ("metric: widget_build_info", 'widget_build_info{version="1.2', None),
        ("metric: widget_build_info", 'widget_build_info{version="', None),
        ("metric: widget_build_info", "widget_build_info{", None),
        ("metric: widget_build_info", "widget_build_info", None),
        ("json: a.b-c", '{"a":{"b-c":"v4.5.6-dev"}}', "4.5.6"),
        ("version: whole", "4.5\n", "4.5"),
        ("version: plain", "4.5.6.7\n", "4.5.6.7"),
        ("version: plain", "2.42.0+ds", "2.42.0"),
        ("version: flavor", "<html>4.5.6</html>", None)):
    got = tells(probe, body)
    ok(got == want, "%s of %.30r: %s" % (probe, body, got))

# Answers that nobody waits for do not count, however many come.
s = Stage("--probe")
got = s.step(signatures, begin, widget, ready)
first = got[0]
s.step(*[answer(first, 500, "")] * 300)
got = s.step(tick)
ok(asked(got) == ["w-2:8080 http"], "three hundred answers are one %s" %
   asked(got))
s.step(answer(first, 200, '{"build":{"version":"3.3.3"}}'))
ok(s.prints("w-2")[0].get("version") == "3.3.3", "a late one is one, too")
s.end()

# One that never tells, for as long as there are turns.
s = Stage("--probe")
got = s.step(signatures, begin, widget, ready)
times = 0
for turn in range(200):
    while got:
        times += len(got)
        got = s.step(error(got[0], 503, "connection refused"))
    got = s.step(tick)
ok(times == 12, "who never tells is asked twelve times, and not for ever %d"
   % times)
got = s.step(record("SIGNATURES", {"source": "s"},
                    {"data": {"w.yaml": text.replace("/version", "/about")}}))
ok([r["object"]["path"] for r in got] == ["/api/about"],
   "until a signature says where else")
s.end()

s = Stage("--probe")
got = s.step(signatures, begin, pod("w-1", IMAGE, False), ready, tick)
ok(got == [], "nobody is ready")
got = s.step(pod("w-1", IMAGE))
ok(asked(got) == ["w-1:8080 http"], "one becomes ready")
s.step(answer(got[0], 500, ""), pod("w-1", IMAGE, False))
got = s.step(pod("w-1", IMAGE))
ok(asked(got) == ["w-1:8080 http"], "and does so again, and is asked again")
s.step(*[tick] * 16)
got = s.step(*[tick] * 4)
ok(asked(got) == ["w-1:8080 http"], "a lost answer is not waited for")
s.end()

s = Stage("--probe")
got = s.step(signatures, begin, *[pod("w-%02d" % i, image(i))
                                  for i in range(20)], ready)
ok(asked(got) == ["w-00:8080 http"], "one is asked first %s" % asked(got))
total = {r["object"]["id"] for r in got}
got = s.step(answer(got[0], 200, '{"build":{"version":"1.1.1"}}'))
total |= {r["object"]["id"] for r in got}
ok(len(got) == 8, "then eight at a time %d" % len(got))
while got:
    got = s.step(*[answer(r, 200, '{"build":{"version":"1.1.1"}}')
                   for r in got])
    total |= {r["object"]["id"] for r in got}
ok(len(total) == 20 and all(
    s.prints("w-%02d" % i)[0].get("version") == "1.1.1" for i in range(20)),
   "then the others, as answers come")
s.end()

s = Stage("--probe", stderr=subprocess.PIPE)
got = s.step(signatures, begin, *[pod("w-%02d" % i, image(i))
                                  for i in range(20)], ready)
forbidden = "403: pods \"w-00\" is forbidden"
got = s.step(error(got[0], 403, forbidden))
ok(got == [], "a refusal holds for all of the namespace %s" % asked(got))
got = s.step(pod("free", image(0), ns="m"))
ok(asked(got) == ["free:8080 http"], "and for no other")
s.step(answer(got[0], 200, '{"build":{"version":"1.1.1"}}'))
ok(s.prints("w-00")[0].get("version") == "1.1.1",
   "which tells for the former, too")
ok(s.step(tick, tick, tick) == [], "it holds for some time")
got = s.step(tick)
ok(len(got) == 8, "then it is seen whether that has changed %s" % asked(got))
for r in got:
    ok(s.step(error(r, 403, forbidden)) == [], "no")
ok(s.step(*[tick] * 7) == [], "twice as long each time")
got = s.step(tick)
ok(len(got) == 1, "and by one alone %s" % asked(got))
s.end()
err = s.p.stderr.read().decode()
ok(err.count("pods/proxy") == 1 and forbidden in err,
   "and said once, with what it needs %s" % err)

done()
