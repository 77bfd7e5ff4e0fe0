#!/usr/bin/python3
"""ms-fingerprint: what a made-up cluster comes to does not depend on what it
went through: objects that come, change, go and come back under another uid, in
lists that name them or no longer do, kinds that are gone, other signatures,
and owners after what they own. That goes for all that is told of each object,
also of those that make no product run: old revisions, Jobs and their pods, and
what has only a sidecar put into it."""
import json
import os
import random
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

program = os.path.join(os.environ.get("BIN", here + "/../../build"),
                       "ms-fingerprint")
DIGEST = "@sha256:" + "ab" * 32
IMAGES = ["redis:7.2.4", "redis:7.2.5", "bitnami/redis:7.4.0-debian-12-r2",
          "grafana/grafana:11.2.0", "grafana/grafana:latest",
          "grafana/grafana" + DIGEST, "quay.io/prometheus/prometheus:v2.53.1",
          "istio/pilot:1.23.0", "istio/proxyv2:1.23.0", "istio/proxyv2:1.22.0",
          "quay.io/jetstack/cert-manager-controller:v1.15.3",
          "quay.io/jetstack/cert-manager-webhook:v1.15.3",
          "corp.example/shop/web:1", "corp.example/shop/redis:1",
          "oliver006/redis_exporter:v1.62.0", "fluent/fluent-bit:3.1.4",
          "quay.io/argoproj/argocd:v2.12.3", "hashicorp/vault:1.17.2"]
CRDS = ["applications.argoproj.io", "certificates.cert-manager.io",
        "prometheuses.monitoring.coreos.com", "things.example.org",
        "virtualservices.networking.istio.io", "rollouts.argoproj.io"]
PLURAL = {"Deployment": "deployments.v1.apps", "Pod": "pods.v1.",
          "StatefulSet": "statefulsets.v1.apps", "Service": "services.v1.",
          "ReplicaSet": "replicasets.v1.apps", "Job": "jobs.v1.batch",
          "CronJob": "cronjobs.v1.batch",
          "ReplicationController": "replicationcontrollers.v1.",
          "Rollout": "rollouts.v1alpha1.argoproj.io",
          "CustomResourceDefinition":
          "customresourcedefinitions.v1.apiextensions.k8s.io",
          "IngressClass": "ingressclasses.v1.networking.k8s.io",
          "ValidatingWebhookConfiguration":
          "validatingwebhookconfigurations.v1.admissionregistration.k8s.io"}
KINDS = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicaSet", "Pod", "Pod",
         "Pod", "Pod", "Service", "Service", "Job", "CustomResourceDefinition",
         "IngressClass", "ValidatingWebhookConfiguration", "CronJob", "Rollout",
         "ReplicationController"]
RUNS = ["CronJob", "Deployment", "Job", "Pod", "ReplicaSet",
        "ReplicationController", "Rollout", "StatefulSet"]
PLACES = 6 * len(KINDS)
SIGNATURES = [{}, {"a": "product: web\nimages:\n- {repo: shop/web}\n"},
              {"a": "product: redis\nimages:\n"
                    "- {repo: library/redis, component: other}\n"},
              # sidecars are members, and their users are sidecars, told apart
              # by namespace; and by instance
              {"a": "product: mesh\nscope: namespace\nimages:\n"
                    "- {repo: istio/proxyv2, role: agent}\n"
                    "- {repo: linkerd/proxy, role: agent}\n"
                    "- {repo: shop/web, role: sidecar, component: 'a \"web\"'}"
                    "\n"},
              {"a": "product: istio\nimages:\n"
                    "- {repo: istio/pilot, role: control-plane}\n"
                    "- {repo: istio/proxyv2, role: sidecar}\n"}]
# what is put beside what its users run
SIDECARS = [("istio-proxy", "istio/proxyv2:1.22.0"),
            ("istio-proxy", "istio/proxyv2:1.23.0"),
            ("istio-proxy", "istio/proxyv2" + DIGEST),
            ("linkerd-proxy", "linkerd/proxy:edge-24.8.1"),
            ("vault-agent", "hashicorp/vault:1.17.2"),
            ("metrics", "oliver006/redis_exporter:v1.62.0")]


# ---- objects ----

def labels(rng):
    made = {"app": rng.choice(["shop", "redis", "grafana"])}
    for key, values in {"instance": "xy", "version": ["7.2.4", "11.2.0"],
                        "name": ["redis", "grafana", "cert-manager"],
                        "part-of": ["argocd", "shop"]}.items():
        if rng.random() < 0.3:
            made["app.kubernetes.io/" + key] = rng.choice(values)
    return made


def containers(rng, n, **more):
    return [dict({"name": "c%d" % i, "image": rng.choice(IMAGES),
                  "args": rng.choice([["agent"], ["--config.file=x"], []])},
                 **more) for i in range(n)]


def injected(rng):
    return {"containers": [
        {"name": "web", "image": "corp.example/shop/web:%d" % rng.randrange(9)},
        *({"name": name, "image": image, "args": ["agent"]} for name, image in
          rng.sample(SIDECARS, rng.choice([1, 1, 2])))]}


def pod_spec(rng):
    if rng.random() < 0.3:
        return injected(rng)
    spec = {"containers": containers(rng, rng.choice([1, 1, 2, 3]))}
    if rng.random() < 0.3:
        spec["initContainers"] = containers(
            rng, 1, restartPolicy=rng.choice(["Always", ""]))
    return spec


OWNERS = [("apps/v1", "ReplicaSet", "n%d-5d"), ("apps/v1", "StatefulSet", "n%d"),
          ("batch/v1", "Job", "n%d"), ("v1", "Node", "node"),
          ("v1", "ReplicationController", "n%d"),
          ("example.org/v1", "Thing", "t%d"), None]
MAKERS = {"ReplicaSet": [("apps/v1", "Deployment", "n%d"),
                         ("argoproj.io/v1alpha1", "Rollout", "n%d"), None],
          "Pod": OWNERS, "Deployment": OWNERS[-2:], "StatefulSet": OWNERS[-2:],
          "ReplicationController": [
              ("apps.openshift.io/v1", "DeploymentConfig", "n%d"), None],
          "Job": [("batch/v1", "CronJob", "n%d"), None]}
API = {"ReplicationController": ["v1"], "Job": ["batch/v1"], "CronJob": ["batch/v1", "batch/v1beta1"],
       "Rollout": ["argoproj.io/v1alpha1"]}


def owner(rng, kind, n):
    made = rng.choice(MAKERS.get(kind, [None]))
    if not made:
        return []
    name = made[2] % n if "%" in made[2] else made[2]
    return [{"apiVersion": made[0], "kind": made[1], "name": name,
             "controller": True}]


def body(rng, kind, place):
    """apiVersion and what stands beside the metadata."""
    if kind == "Pod":
        return "v1", {"spec": pod_spec(rng), "status": {"phase": rng.choice(
            ["Running", "Running", "Pending", "Succeeded", "Failed"])}}
    if kind == "Service":
        wanted = {"app": rng.choice(["shop", "redis"])}
        return "v1", {"spec": {"ports": [{"port": 80}], "selector":
                               rng.choice([{}, wanted, wanted])}}
    if kind == "CustomResourceDefinition":
        plural, group = CRDS[place // len(KINDS)].split(".", 1)
        return "apiextensions.k8s.io/v1", {"spec": {
            "group": group, "names": {"plural": plural}}}
    if kind == "IngressClass":
        return "networking.k8s.io/v1", {"spec": {"controller": rng.choice(
            ["k8s.io/ingress-nginx", "istio.io/ingress-controller"])}}
    if kind == "ValidatingWebhookConfiguration":
        return "admissionregistration.k8s.io/v1", {"webhooks": [
            {"name": "webhook.cert-manager.io", "clientConfig": {"service": {
                "namespace": rng.choice("ab"), "name": "n0-8"}}}]}
    spec = {"template": {"metadata": {"labels": labels(rng)},
                         "spec": pod_spec(rng)}}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    return rng.choice(API.get(kind, ["apps/v1"])), {"spec": spec}


def thing(rng, place):
    kind, n = KINDS[place % len(KINDS)], place // len(KINDS)
    api, rest = body(rng, kind, place)
    name = "n%d" % (n // 2)
    meta = {"uid": "%08d-0000-4000-8000-%012d" % (place, rng.randrange(2)),
            "labels": labels(rng), "ownerReferences": owner(rng, kind, n // 2)}
    if kind == "CustomResourceDefinition":
        name = CRDS[n]
    elif kind == "ReplicaSet":
        name += rng.choice(["-5d", "-6e"])
    elif kind in ("Pod", "Service") or kind not in RUNS:
        name += "-%d" % (place % len(KINDS))
    if "admission" not in api and "." not in name and kind != "IngressClass":
        meta["namespace"] = "ab"[n % 2]
    return dict({"apiVersion": api, "kind": kind,
                 "metadata": dict(meta, name=name)}, **rest)


def key(o):
    m = o["metadata"]
    return (o["kind"], m.get("namespace", ""), m["name"])


# ---- records ----

def record(kind, o, **more):
    return {"type": kind, "ms": dict(
        {"cluster": "c", "resource": PLURAL[o["kind"]]}, **more), "object": o}


def named(kind, o, **more):
    """A record that says no more of it than its name."""
    names = {k: o["metadata"][k] for k in ("name", "namespace", "uid")
             if k in o["metadata"]}
    return record(kind, dict({k: o[k] for k in ("apiVersion", "kind")},
                             metadata=names), **more)


def sync(phase, **more):
    return {"type": "SYNC", "ms": dict({"cluster": "c", "phase": phase}, **more)}


def signatures(n):
    return {"type": "SIGNATURES", "ms": {"cluster": "c", "source": "s"},
            "object": {"data": SIGNATURES[n]}}


READY = sync("ready", complete=True,
             resources={r: "synced" for r in PLURAL.values()})


class History:
    def __init__(self, seed):
        self.rng, self.live, self.lines = random.Random(seed), {}, []
        self.known = 0
        self.lines.append(signatures(0))
        for _ in range(250):
            self.step(self.rng.random())
        self.lines.append(READY)

    def step(self, x):
        if x < 0.05:
            self.list(self.rng.choice(sorted(PLURAL)))
        elif x < 0.06:
            kind = self.rng.choice(sorted(PLURAL))
            self.lines.append(sync("gone", resource=PLURAL[kind]))
            self.forget(lambda o: o["kind"] == kind)
        elif x < 0.07:
            self.lines.append(READY)
        elif x < 0.09:
            self.known = self.rng.randrange(len(SIGNATURES))
            self.lines.append(signatures(self.known))
        else:
            self.change(thing(self.rng, self.rng.randrange(PLACES)))

    def forget(self, which):
        self.live = {k: o for k, o in self.live.items() if not which(o)}

    def list(self, kind):
        """All of a kind is named anew, and what is not is gone; or the list
        breaks off, and nothing follows from it."""
        ids = [k for k in self.live if k[0] == kind]
        chosen = self.rng.sample(ids, len(ids) * 3 // 4)
        self.lines.append(sync("begin", resource=PLURAL[kind], cause="start",
                               complete=True))
        for k in chosen:
            self.lines.append(
                named("ADDED", self.live[k], depth="metadata")
                if k[0] in RUNS and self.rng.random() < 0.2 else
                record("ADDED", self.live[k]))
        if self.rng.random() < 0.2:
            self.lines.append(sync("aborted", resource=PLURAL[kind]))
            return
        self.lines.append(sync("end", resource=PLURAL[kind], rv="1",
                               count=len(chosen)))
        self.forget(lambda o: o["kind"] == kind and key(o) not in chosen)

    def change(self, o):
        old, x = self.live.get(key(o)), self.rng.random()
        if not old or x < 0.6:
            # as another object of the same name comes, too
            self.lines.append(record("MODIFIED" if old and x < 0.4 else
                                     "ADDED", o))
            self.live[key(o)] = o
            return
        if x < 0.8:
            self.lines.append(record("DELETED", old))
        else:
            self.lines.append(named("DELETED", old, synthetic=True))
        del self.live[key(o)]


def run(lines, *options):
    """What it has told of each object last."""
    text = "".join(json.dumps(r) + "\n" for r in lines)
    p = subprocess.run([program, "-q", *options], input=text,
                       capture_output=True, text=True)
    world = {"status": p.returncode}
    for r in map(json.loads, p.stdout.splitlines()):
        ms, o = r["ms"], r.get("object", {})
        if r["type"] == "AMEND":
            world[(ms["kind"], ms.get("namespace", ""), ms["name"])] = \
                ms["prints"] or []
        elif r["type"] == "DELETED":
            world.pop(key(o), None)
        elif o.get("kind") == "Infrastructure":
            world[key(o)] = o
        elif "metadata" in o:
            world[key(o)] = ms.get("prints", [])
    return world


def test(seed):
    h = History(seed)
    was = run(h.lines)
    now = [record("ADDED", o) for o in h.live.values()]
    h.rng.shuffle(now)
    now.insert(h.rng.randrange(len(now) + 1), signatures(h.known))
    fresh = run(now + [READY])
    bad = [k for k in sorted(set(was) | set(fresh), key=str)
           if was.get(k) != fresh.get(k) and
           (k[0] == "Infrastructure" or k in h.live)]
    ok(len(fresh) > 20 and not bad and was["status"] == 0,
       "history %d: %d objects, as if it were new" % (seed, len(h.live)),
       *["%s\nwas %s\nnew %s" % (k, was.get(k), fresh.get(k))
         for k in bad[:3]])


def proxies():
    """A StatefulSet of a proxy, one of whose pods runs it beside something
    else, as a pod elsewhere does: which of those came first is no matter."""
    def running(kind, name, *images, **meta):
        spec = {"containers": [{"name": "c%d" % i, "image": image}
                               for i, image in enumerate(images)]}
        api = "v1" if kind == "Pod" else "apps/v1"
        return record("ADDED", {
            "apiVersion": api, "kind": kind,
            "metadata": dict(meta, name=name, namespace="a"),
            "spec": spec if kind == "Pod" else {"template": {"spec": spec}}})

    istiod = running("Deployment", "istiod", "istio/pilot:1.23.0")
    web = running("Pod", "web", "shop/web:1", "istio/proxyv2:1.22.0")
    proxy = [running("StatefulSet", "proxy", "istio/proxyv2:1.23.0"),
             running("Pod", "proxy-0", "shop/web:1", "istio/proxyv2:1.22.0",
                     ownerReferences=[{"apiVersion": "apps/v1",
                                       "kind": "StatefulSet", "name": "proxy",
                                       "controller": True}])]
    worlds = [run([istiod, web] + proxy), run([istiod] + proxy + [web])]
    ok(len(worlds[0]) == 6 and worlds[0] == worlds[1],
       "which proxy came first is no matter", *worlds)


def tellers():
    """One sidecar's tag says its version, another's digest was answered for:
    both are told, whichever came first."""
    def pod(name, image, *args):
        return record("ADDED", {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "a"},
            "spec": {"containers": [
                {"name": "web", "image": "shop/web:1"},
                {"name": "v", "image": image, "args": list(args)}]},
            "status": {"phase": "Running"}})

    answer = {"type": "ANSWER", "ms": {
        "cluster": "c", "id": "probe/vault@" + DIGEST[1:]}, "object": {
            "status": 200, "body": '{"version":"1.17.2"}', "namespace": "a",
            "pod": "p", "port": "8200", "path": "/v1/sys/health"}}
    pods = [pod("server", "hashicorp/vault:1.17.2"),
            pod("x", "hashicorp/vault:1.17.2", "agent"),
            pod("y", "hashicorp/vault" + DIGEST, "agent")]
    worlds = [run([answer] + pods, "--probe"),
              run([answer] + pods[::-1], "--probe")]
    spec = worlds[0][("Infrastructure", "a", "vault")]["spec"]
    ok("probe" in [e["print"] for e in spec["evidence"]] and
       worlds[0] == worlds[1],
       "who tells a sidecar's version does not depend on who came first",
       *worlds)


def phases():
    """Pods of which all that is told is a sidecar: what runs, what waits, and
    what has ended. Each change is told of at once, as an answer settles."""
    answer = {"type": "ANSWER", "ms": {"cluster": "c"}, "object": {}}

    def pod(name, version, phase):
        return [record("ADDED", {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "a"},
            "spec": {"containers": [
                {"name": "web", "image": "shop/web:1"},
                {"name": "p", "image": "istio/proxyv2:" + version}]},
            "status": {"phase": phase}}), answer]

    def told(lines):
        spec = run(lines)[("Infrastructure", "a", "istio")]["spec"]
        return [(c["version"], c.get("versions")) for c in spec["components"]
                if c["name"] == "proxy"]

    both = ["1.22.0", "1.23.0"]
    steps = [(pod("x", "1.23.0", "Running"), [("1.23.0", None)]),
             (pod("y", "1.22.0", "Pending"), [("1.23.0", None)]),
             (pod("y", "1.22.0", "Running"), [("1.23.0", both)]),
             (pod("z", "1.22.0", "Pending"), [("1.22.0", both)]),
             (pod("z", "1.22.0", "Failed"), [("1.23.0", both)]),
             (pod("y", "1.22.0", "Succeeded"), [("1.23.0", None)]),
             (pod("x", "1.23.0", "Succeeded"), []),
             (pod("z", "1.22.0", "Pending"), [("1.22.0", None)]),
             (pod("z", "1.23.0", "Running"), [("1.23.0", None)])]
    lines = [record("ADDED", {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "istiod", "namespace": "a"},
        "spec": {"template": {"spec": {"containers": [
            {"name": "d", "image": "istio/pilot:1.23.0"}]}}}}), answer]
    bad = []
    for step, wanted in steps:
        lines += step
        got = told(lines)
        if got != wanted:
            bad.append("%s: %s, not %s" % (step[0], got, wanted))
    ok(not bad, "of sidecars it is told what runs, or waits", *bad)


def beside(lines):
    """The same with a sidecar in each pod, less what is told of that."""
    made = []
    for line in lines:
        line = json.loads(json.dumps(line))
        spec = line.get("object", {}).get("spec", {})
        if line.get("object", {}).get("kind") == "Pod" and spec:
            spec["containers"].append({"name": "istio-proxy",
                                       "image": "istio/proxyv2:1.23.0"})
        made.append(line)
    return {k: o for k, o in run(made).items()
            if k[0] == "Infrastructure" and k[2] != "istio"}


def rollouts():
    """What is told of a product is the same whether or not there is a mesh:
    templates whose pods do not show it yet, owners that are not there."""
    def workload(name, image, n):
        spec = {"containers": [{"name": "main", "image": image}]}
        return record("ADDED", {
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "namespace": "a", "labels": {}},
            "spec": {"template": {"metadata": {"labels": {
                "app.kubernetes.io/instance": "x"}}, "spec": spec}}})

    def pod(of, n, image, origin):
        return record("ADDED", {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "%s-%d" % (of, n), "namespace": "a",
                         "labels": {"app.kubernetes.io/instance": "x"},
                         "ownerReferences": [{
                             "apiVersion": "apps/v1", "kind": "StatefulSet",
                             "name": of, "controller": True}]},
            "spec": {"containers": [{"name": "main", "image": image}]},
            "status": {"phase": "Running"}}, origin={"class": origin})

    lines = [workload("old", "redis:7.2.4", 0),
             pod("old", 0, "redis:7.2.4", "brownfield"),
             workload("new", "redis:7.2.5", 0),
             pod("new", 0, "corp.example/shop/web:1", "brownfield"),
             pod("gone", 0, "grafana/grafana:11.2.0", "greenfield"),
             pod("gone", 1, "corp.example/shop/web:1", "brownfield")]
    was = {k: o for k, o in run(lines).items() if k[0] == "Infrastructure"}
    ok(len(was) == 2 and was == beside(lines),
       "a sidecar beside it changes nothing that is told of a product",
       was, beside(lines))


proxies()
tellers()
phases()
rollouts()
for number in range(12):
    test(number)
done()
