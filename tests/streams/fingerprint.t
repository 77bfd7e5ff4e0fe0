#!/usr/bin/python3
"""ms-fingerprint: the same objects give the same verdicts, whatever the order
in which they come and whatever was before."""
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

program = os.path.join(os.environ.get("BIN", here + "/../../build"),
                       "ms-fingerprint")


def key(o):
    m = o["metadata"]
    return (o["apiVersion"], o["kind"], m.get("namespace", ""), m["name"])


def run(lines, one_by_one=False):
    """What is left at the end: Infrastructure objects, and prints of others.
    With one_by_one the program has told all about a line before the next."""
    p = subprocess.Popen([program, "-q"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    if one_by_one:
        out = b""
        for line in lines:
            p.stdin.write(line + b"\n")
            p.stdin.flush()
            # its own line ends what the program says of those before it
            while json.loads(got := p.stdout.readline()).get(
                    "object", {}).get("kind") == "Infrastructure" or \
                    json.loads(got)["type"] == "AMEND":
                out += got
            out += got
        p.stdin.close()
        out += p.stdout.read()
        p.wait()
    else:
        out = p.communicate(b"\n".join(lines) + b"\n")[0]
    if p.returncode != 0:
        return {"status": p.returncode}
    world = {}
    for line in out.splitlines():
        r = json.loads(line)
        if r["type"] in ("SIGNATURES", "SYNC", "REQUEST"):
            continue
        if r["type"] == "AMEND":
            ms = r["ms"]
            k = (ms["apiVersion"], ms["kind"], ms.get("namespace", ""),
                 ms["name"])
            world[k] = ms["prints"]
        elif r["type"] == "DELETED":
            world.pop(key(r["object"]), None)
        elif r["object"]["kind"] == "Infrastructure":
            world[key(r["object"])] = r["object"]
        else:
            world[key(r["object"])] = r["ms"].get("prints")
    return world


def difference(a, b):
    return sorted(str(k) for k in set(a) | set(b) if a.get(k) != b.get(k))


def renamed(line, prefix):
    """A namespace per case, as cases use the same names."""
    r = json.loads(line)
    m = r["object"]["metadata"]
    if "namespace" in m:
        m["namespace"] = prefix + m["namespace"]
    for hook in r["object"].get("webhooks", []):
        hook["clientConfig"]["service"]["namespace"] = \
            prefix + hook["clientConfig"]["service"]["namespace"]
    return r


def dump(r):
    return json.dumps(r, separators=(",", ":")).encode()


cases = ["istio", "linkerd", "prometheus", "grafana", "cert-manager",
         "ingress-nginx", "argo-cd", "nats", "redis", "meshery", "pitfalls",
         "rollout", "webhooks"]
records = []
for case in cases:
    with open(here + "/../golden/ms-fingerprint/%s.in" % case) as f:
        records += [renamed(line, case + "-") for line in f]
lines = [dump(r) for r in records]
want = run(lines)
found = [k for k in want if k[1] == "Infrastructure"]
ok(len(found) > 50, "the stream has infrastructure (%d)" % len(found))

for seed in range(20):
    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    d = difference(want, run(mixed))
    ok(not d, "shuffled by seed %d %s" % (seed, d[:3]))

for seed in range(3):
    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    d = difference(want, run(mixed, one_by_one=True))
    ok(not d, "shuffled by seed %d, line by line %s" % (seed, d[:3]))


def history(seed):
    """Each object comes as something else first, some go and come back, and
    others come that go again."""
    rng = random.Random(seed)
    past, rest = [], []
    for r in records:
        other = json.loads(json.dumps(r))
        text = json.dumps(other["object"])
        other["object"] = json.loads(text.replace(":v1.", ":v9.").replace(
            "redis", "valkey"))
        other["object"]["metadata"] = r["object"]["metadata"]
        choice = rng.randrange(4)
        if choice == 0:
            past.append(dump(other))
            rest.append(dump(dict(r, type="MODIFIED")))
        elif choice == 1:
            past.append(dump(r))
            past.append(dump(dict(r, type="DELETED")))
            rest.append(dump(r))
        elif choice == 2:
            other["object"] = json.loads(json.dumps(r["object"]))
            other["object"]["metadata"]["name"] += "-gone"
            past.append(dump(other))
            rest.append(dump(dict(other, type="DELETED")))
            rest.append(dump(r))
        else:
            rest.append(dump(r))
    rng.shuffle(rest)
    return past + rest


for seed in range(5):
    for step in (False, True):
        d = difference(want, run(history(seed), one_by_one=step))
        ok(not d, "another history, seed %d%s %s" %
           (seed, ", line by line" if step else "", d[:3]))

def sync(ms, phase, **more):
    return dump({"type": "SYNC", "ms": {**ms, "phase": phase, **more}})


def listed(rng, objects, ms, broken):
    """A complete list of one resource, which may break off."""
    out = [sync(ms, "begin", cause="start", complete=True)]
    out += [dump(r) for r in rng.sample(objects, len(objects))]
    return out + [sync(ms, "aborted" if broken else "end")]


def relisted(seed):
    """Each resource is listed, with objects that are gone by the next list;
    lists break off, and changes come in between."""
    rng = random.Random(seed)
    kinds = {}
    for r in records:
        ms = {k: r["ms"][k] for k in ("cluster", "resource") if k in r["ms"]}
        kinds.setdefault(dump(ms), []).append(r)
    first, second = [], []
    for ms, objects in rng.sample(sorted(kinds.items()), len(kinds)):
        ms = json.loads(ms)
        gone = [json.loads(json.dumps(r)) for r in objects[::3]]
        for r in gone:
            r["object"]["metadata"]["name"] += "-gone"
            r["object"]["metadata"]["uid"] = "gone"
        past = rng.sample(objects, len(objects) // 2) + gone
        first += listed(rng, past, ms, broken=rng.random() < 0.3)
        second += listed(rng, objects, ms, broken=False)
        if rng.random() < 0.3:
            second += [dump(dict(r, type="MODIFIED")) for r in objects[:5]]
    clusters = {r["ms"].get("cluster", "") for r in records}
    ready = [dump({"type": "SYNC", "ms": {
        "cluster": c, "phase": "ready", "complete": True, "resources": {}}})
        for c in sorted(clusters)]
    at = rng.choice([0, 1])
    return first + ready * at + second + ready


for seed in range(6):
    got = run(relisted(seed), one_by_one=False)
    got = {k: v for k, v in got.items() if not k[3].endswith("-gone") or
           k[1] == "Infrastructure"}
    d = difference(want, got)
    ok(not d, "listed and listed again, seed %d %s" % (seed, d[:3]))


def signatures(source, **products):
    """A SIGNATURES record with a file a product, each known by one image."""
    return dump({"type": "SIGNATURES", "ms": {"source": source}, "object": {
        "data": {p + ".yaml": "product: %s\nimages:\n- {repo: %s}\n" % (p, i)
                 for p, i in products.items()}}})


def held(world):
    """What verdicts are held of: all but custom resources."""
    return {k: v for k, v in world.items() if k[1] in (
        "Deployment", "StatefulSet", "DaemonSet", "Pod", "Service",
        "Infrastructure", "CustomResourceDefinition", "IngressClass")}


last = [signatures("a", redis="acme/cache", bloom="library/busybox"),
        signatures("b", grafana="acme/panels", widget="library/redis")]
new = held(run(last + lines))
ok(new != held(want), "other signatures, other verdicts")
for seed in range(6):
    rng = random.Random(seed)
    mixed = list(lines)
    rng.shuffle(mixed)
    for i in range(12):
        mixed.insert(rng.randrange(len(mixed)), rng.choice([
            signatures("a", redis="acme/other"), signatures("c"),
            signatures("b", istio="acme/mesh", nats="library/nginx"),
            signatures("b", wrong="no-owner"), signatures("a")]))
    rng.shuffle(last)
    for i in range(2):
        mixed.insert(len(mixed) - rng.randrange(1 + 30 * i), last[i])
        mixed.append(last[i])
    d = difference(new, held(run(mixed, one_by_one=False)))
    ok(not d, "replaced under way, seed %d %s" % (seed, d[:3]))
back = held(run(lines + last + [signatures("a"), signatures("b")]))
d = difference(held(want), back)
ok(not d, "taken away again %s" % d[:3])

everything = lines + [dump(dict(r, type="DELETED")) for r in records]
left = run(everything)
ok(left == {}, "what is deleted leaves nothing %s" % sorted(map(str, left))[:3])

VALUES = [None, True, 0, 1.5, -1, "", "x", "a=b", "redis:7", "\0", [], {}, [[]],
          [{}], {"a": 1}, "\ud800", "v" * 2000, "ready", "begin", "end", "gone"]


def bent(rng, value, p):
    """The same with members lost, doubled, or of another type."""
    if isinstance(value, dict):
        return {k: rng.choice(VALUES) if rng.random() < p else bent(rng, v, p)
                for k, v in value.items() if rng.random() >= p / 2}
    if isinstance(value, list):
        return [rng.choice(VALUES) if rng.random() < p else bent(rng, v, p)
                for v in value] * (3 if rng.random() < p else 1)
    return value


pool = []
for path in sorted(glob.glob(here + "/../golden/ms-fingerprint/*.in")):
    with open(path) as f:
        for line in f:
            try:
                pool.append(json.loads(line))
            except ValueError:
                pass
for seed in range(4):
    rng = random.Random(seed)
    lines = []
    for i in range(3000):
        r = bent(rng, rng.choice(pool), rng.choice([0, 0.01, 0.03, 0.1]))
        if rng.random() < 0.3:
            r["type"] = rng.choice(["ADDED", "MODIFIED", "DELETED", "SYNC",
                                    "AMEND"])
        lines.append(json.dumps(r))
    p = subprocess.run([program, "-q"], capture_output=True,
                       input=("\n".join(lines) + "\n").encode())
    try:
        out = [json.loads(line) for line in p.stdout.splitlines()]
    except ValueError:
        out = []
    ok(p.returncode == 0 and out, "bent records, seed %d: status %d, %d lines"
       % (seed, p.returncode, len(out)))



def deployment(kind, name, image):
    return dump({"type": kind, "ms": {"resource": "deployments.v1.apps"},
                 "object": {"apiVersion": "apps/v1", "kind": "Deployment",
                            "metadata": {"name": name, "namespace": "n"},
                            "spec": {"template": {"spec": {"containers": [
                                {"name": "c", "image": image}]}}}}})


# what is in a file anyway is not looked at anew with each piece that is read:
# the more is held, the more has to come before it is
with tempfile.TemporaryFile() as f:
    for i in range(6000):
        f.write(deployment("ADDED", "shop-%d" % i, "corp/shop:1") + b"\n")
    for i in range(8000):
        f.write(deployment("MODIFIED", "cache", "redis:7.2.%d" % i) + b"\n")
    f.seek(0)
    out = subprocess.run([program, "-q"], stdin=f, capture_output=True).stdout
told = [json.loads(line)["object"]["spec"]["version"]
        for line in out.splitlines() if b'"Infrastructure"' in line]
ok(1 < len(told) < 14 and told[-1] == "7.2.7999",
   "of 8,000 versions in a file %d are told, and the last one is %s" %
   (len(told), told[-1:]))

done()
