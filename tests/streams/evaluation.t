#!/usr/bin/python3
"""ms-fingerprint, measured on what public repositories have: precision, recall
and exact versions against expectations that were written by reading.

tests/data/evaluation/README says what the files hold. -v lists each product,
and what was taken for what."""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

program = os.path.join(os.environ.get("BIN", here + "/../../build"),
                       "ms-fingerprint")
# What must hold on distributions that nobody has seen; and here, where all
# can be seen, with more to spare.
PRECISION, RECALL, VERSION = 0.995, 0.985, 0.985
# Images of users' own that have a product's name in theirs.
OWN = ["acme/%s-client", "acme/%s-worker", "acme/%s-api", "acme/%s-demo",
       "ghcr.io/acme/%s-example", "registry.corp.example/shop/my-%s",
       "registry.corp.example/shop/%s-consumer", "acme/prometheus-%s-rules",
       "123456789012.dkr.ecr.eu-west-1.amazonaws.com/%s-sync"]
API = {"Pod": "v1", "ReplicationController": "v1", "Job": "batch/v1",
       "CronJob": "batch/v1"}


# ---- the files ----

class Workload:
    def __init__(self, source, line):
        word = line.split()
        self.source, self.kind, self.name = source, word[0], word[1]
        self.labels = dict(w.split("=", 1) for w in word[2:])
        self.containers, self.inits, self.expected = [], [], {}
        self.why = None         # it is not found, or not in its version

    def add_container(self, line):
        name, image, *words = line.split()
        kind, _, name = name.rpartition(":")
        c = {"name": name}
        if image != "-":
            c["image"] = image
        c["command"] = [w[1:] for w in words if w[0] == "$"]
        c["ports"] = [{"containerPort": int(w[1:])} for w in words
                      if w[0] == ":"]
        c["env"] = [{"name": w[1:]} for w in words if w[0] == "%"]
        c["args"] = [w for w in words if w[0] not in "$:%"]
        if kind == "always":
            c["restartPolicy"] = "Always"
        (self.inits if kind else self.containers).append(c)

    def expect(self, line):
        if line != "nothing":
            self.expected = dict(w.split() for w in line.split(", "))


def read(path):
    found, source = [], None
    for line in open(path):
        line = line.rstrip("\n")
        if not line or line[0] == "#":
            continue
        if line[0] == "@":
            source = line[2:]
        elif line[0] != " ":
            found.append(Workload(source, line))
        elif line.startswith(" = "):
            found[-1].expect(line[3:])
        elif line.startswith(" ! "):
            found[-1].why = line[3:]
        else:
            found[-1].add_container(line[1:])
    return found


# ---- the objects ----

class Cluster:
    """Records, and what is expected of the object behind each uid."""

    def __init__(self):
        self.lines, self.asked = [], {}

    def add(self, what, expected, api, kind, ns, name, labels, spec,
            owner=None):
        uid = "uid-%d" % len(self.lines)
        meta = {"name": name, "namespace": ns, "uid": uid, "labels": labels}
        if owner:
            meta["ownerReferences"] = [dict(owner, controller=True)]
        self.asked[uid] = (what, expected)
        self.lines.append(json.dumps({"type": "ADDED", "object": {
            "apiVersion": api, "kind": kind, "metadata": meta,
            "spec": spec}}))
        return {"apiVersion": api, "kind": kind, "name": name, "uid": uid}

    def add_workload(self, n, w):
        ns, name = "ns-%d" % n, "%s-%d" % (w.name.strip("-."), n)
        pods = {k: v for k, v in w.labels.items() if k[0] != "^"}
        own = {k.lstrip("^"): v for k, v in w.labels.items()}
        pods["evaluation"] = own["evaluation"] = str(n)
        what = "%s: %s %s" % (w.source, w.kind, w.name)
        spec = {"containers": w.containers, "initContainers": w.inits}
        if w.kind == "Pod":
            self.add(what, w.expected, "v1", "Pod", ns, name, own, spec)
            return
        template = {"metadata": {"labels": pods}, "spec": spec}
        inner = {"template": template}
        if w.kind == "CronJob":
            inner = {"jobTemplate": {"spec": inner}}
        owner = self.add(what, w.expected, API.get(w.kind, "apps/v1"), w.kind,
                         ns, name, own, inner)
        if w.kind in ("Job", "CronJob"):
            return
        self.add_pod(what, w, ns, name, pods, template, owner)

    def add_pod(self, what, w, ns, name, labels, template, owner):
        """What controllers make of it, and a Service in front."""
        if w.kind == "Deployment":
            owner = self.add(what + " (ReplicaSet)", w.expected, "apps/v1",
                             "ReplicaSet", ns, name + "-5d8c7b9f6d",
                             dict(labels, **{"pod-template-hash":
                                             "5d8c7b9f6d"}),
                             {"template": template}, owner)
        self.add(what + " (Pod)", w.expected, "v1", "Pod", ns,
                 name + "-x7k2p", labels, template["spec"], owner)
        self.add(what + " (Service)", w.expected, "v1", "Service", ns, name,
                 {}, {"selector": {"evaluation": labels["evaluation"]},
                      "ports": [{"port": 80}]})

    def add_crd(self, name, product):
        """A CRD, and an object of it."""
        plural, group = name.split(".", 1)
        expected = {} if product == "nothing" else {product: "?"}
        self.add("CRD " + name, expected, "apiextensions.k8s.io/v1",
                 "CustomResourceDefinition", "", name, {},
                 {"group": group, "names": {"plural": plural}})
        self.add("an object of " + name, expected, group + "/v1", "Thing",
                 "default", "example", {}, {})
        r = json.loads(self.lines[-1])
        r["ms"] = {"resource": "%s.v1.%s" % (plural, group)}
        self.lines[-1] = json.dumps(r)

    def run(self):
        """The last prints of each object, by uid."""
        out = subprocess.run([program], stdout=subprocess.PIPE,
                             input="\n".join(self.lines + [""]).encode())
        found = {}
        for line in out.stdout.splitlines():
            r = json.loads(line)
            o = r.get("object", {})
            if r["type"] == "AMEND":
                found[r["ms"]["uid"]] = r["ms"]["prints"] or []
            elif o["kind"] != "Infrastructure":
                found[o["metadata"]["uid"]] = r.get("ms", {}).get("prints",
                                                                  [])
        return found


# ---- the score ----

class Score:
    def __init__(self):
        self.right = collections.Counter()
        self.missed = collections.Counter()
        self.false = collections.Counter()
        self.same = collections.Counter()
        self.other = collections.Counter()
        self.notes = collections.Counter()
        self.taken = collections.Counter()

    def note(self, text, what):
        """One for a workload, with all that comes of it."""
        self.notes[text, what.split(" (")[0]] += 1

    def count(self, what, expected, prints):
        got = {}
        for p in prints:
            got.setdefault(p["product"], p.get("version", "-"))
        service = what.endswith("(Service)")
        for p in expected:
            if p in got:
                self.right[p] += 1
                self.compare(what, p, expected[p],
                             "?" if service else got[p])
            elif not service:
                self.missed[p] += 1
                self.note("missed " + p, what)
                self.taken[p, ", ".join(sorted(got)) or "nothing"] += 1
        for p in got:
            # a part of something else may say so, too
            if p not in expected and not self.is_part(prints, p, expected):
                self.false[p] += 1
                self.note("claimed " + p, what)
                if not set(expected) - set(got):
                    self.taken[", ".join(sorted(expected)) or "nothing",
                               p] += 1

    def is_part(self, prints, product, expected):
        return expected and any(p["product"] == product and
                                p["role"] == "helper" for p in prints)

    def compare(self, what, product, want, got):
        if "?" in (want, got):
            return
        if want == got:
            self.same[product] += 1
        else:
            self.other[product] += 1
            self.note("version %s, not %s, of %s" % (got, want, product),
                      what)

    def ratio(self, a, b):
        a, b = sum(a.values()), sum(b.values())
        return a / (a + b) if a + b else 1

    def tell_products(self):
        def share(a, b):
            return "%3d/%-3d %6.4f" % (a, a + b, a / (a + b)) if a + b else \
                "      -       "
        print("# %-30s %-14s %-14s %s" % ("product", "precision", "recall",
                                          "exact version"))
        for p in sorted(set(self.right) | set(self.missed) | set(self.false)):
            print("# %-30s %s %s %s" % (
                p, share(self.right[p], self.false[p]),
                share(self.right[p], self.missed[p]),
                share(self.same[p], self.other[p])))
        for (want, got), n in sorted(self.taken.items()):
            print("# taken: %-30s for %-30s %3d" % (want, got, n))

    def tell(self, verbose, why):
        """What was not as it should be, and why. False: of some nobody says."""
        known = True
        for (text, what), n in sorted(self.notes.items()):
            print("# %s in %s (%d objects): %s" % (
                text, what, n, why.get(what) or "NOT EXPLAINED"))
            known = known and bool(why.get(what))
        for what in sorted(set(why) - {what for _, what in self.notes}):
            print("# found, though there is a reason why not: " + what)
        if verbose:
            self.tell_products()
        return known


# ---- the signatures themselves ----

def run(*args):
    p = subprocess.run([program, *args], capture_output=True, text=True,
                       stdin=subprocess.DEVNULL)
    return p.returncode, p.stdout, p.stderr


def check_signatures():
    folder = here + "/../../cmd/ms-fingerprint/signatures"
    status, out, err = run("--check", folder)
    ok(status == 0 and not err and " 0 doubtful" in out,
       "each signature is valid, and can be reached")
    print("# " + out.strip().replace(folder, "signatures"))
    status, out, err = run("--test", folder)
    ok(status == 0 and " 0 failed" in out, "their examples hold")
    ok(run("--test", "built-in")[1] == out.replace(folder, "built-in"),
       "and those built in are the same")


def check_manual():
    """The worked example of ms-signatures.5 is a signature that works."""
    manual = open(here + "/../../cmd/ms-fingerprint/ms-signatures.5").read()
    example = manual.split("\n.Bd -literal -offset indent\n")[-1]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(example.split("\n.Ed\n")[0] + "\n")
        f.flush()
        status, out, err = run("--check", f.name)
        ok(status == 0 and not err, "the manual's example is valid")
        status, out, err = run("--test", f.name)
        ok(status == 0 and " 2 examples, 0 failed" in out,
           "the manual's examples hold")


def check_names():
    """What users call after a product, with a word more, is their own."""
    names, flat, cluster, n = set(), set(), Cluster(), 0
    folder = here + "/../../cmd/ms-fingerprint/signatures/"
    for path in glob.glob(folder + "[a-z]*.yaml"):
        text = open(path).read().split("\nimages:")[1]
        names.add(os.path.basename(path)[:-len(".yaml")])
        names |= set(re.findall(r"/([a-z0-9][\w.-]*)",
                                re.split(r"\n[a-z]", text)[0]))
        flat |= {"-".join(path) for path in
                 re.findall(r"([a-z0-9][\w.-]*)/([a-z0-9][\w.-]*)", text)}
    for name in sorted(names):
        for form in OWN:
            image = form % name
            last = image.split("/")[-1]
            if last in flat:    # a copy of a product's image, OWNER-NAME
                continue
            n += 1
            labels = {"app": last, "app.kubernetes.io/name": last}
            cluster.add(image, {}, "v1", "Pod", "ns-%d" % n, "own", labels,
                        {"containers": [{"name": last,
                                         "image": image + ":1.4.0"}]})
    found = cluster.run()
    claimed = [what for uid, (what, _) in cluster.asked.items()
               if found.get(uid)]
    for what in claimed:
        print("# claimed a product in " + what)
    ok(len(found) == n and not claimed,
       "none of %d images of users' own, called after products" % n)


def main():
    cluster, n = Cluster(), 0
    check_signatures()
    check_manual()
    check_names()
    workloads = {}
    for path in sorted(glob.glob(here + "/../data/evaluation/*.txt")):
        workloads[os.path.basename(path)] = read(path)
        for w in workloads[os.path.basename(path)]:
            n += 1
            cluster.add_workload(n, w)
    for line in open(here + "/../data/evaluation/crds.list"):
        cluster.add_crd(*line.split())
    found = cluster.run()
    score = Score()
    users = [w for w in workloads["users.txt"]]
    for uid, (what, expected) in cluster.asked.items():
        score.count(what, expected, found.get(uid, []))
    explained = score.tell("-v" in sys.argv, {
        "%s: %s %s" % (w.source, w.kind, w.name): w.why
        for ws in workloads.values() for w in ws if w.why})
    precision = score.ratio(score.right, score.false)
    recall = score.ratio(score.right, score.missed)
    version = score.ratio(score.same, score.other)
    print("# %d distributions, %d workloads, %d objects, %d products" % (
        len({w.source for ws in workloads.values() for w in ws}), n,
        len(found), len(set(score.right) | set(score.missed))))
    print("# precision %.4f (%d of %d), recall %.4f (of %d), exact version "
          "%.4f (of %d)" % (precision, sum(score.right.values()),
                            sum((score.right + score.false).values()), recall,
                            sum((score.right + score.missed).values()),
                            version,
                            sum((score.same + score.other).values())))
    ok(len(found) == len(cluster.asked), "every object came through")
    ok(precision >= PRECISION, "precision at least %s" % PRECISION)
    ok(recall >= RECALL, "recall at least %s" % RECALL)
    ok(explained, "each miss is explained where it is expected (\" ! WHY\")")
    ok(version >= VERSION, "exact version at least %s" % VERSION)
    ok(len({w.source for w in users}) >= 60,
       "at least 60 sets of users' own workloads")
    ok(not any(found.get(uid) for uid, (what, e) in cluster.asked.items()
               if not e and any(what.startswith(w.source + ":")
                                for w in users)),
       "no product in a user's own workload")
    ok(len(set(score.right)) >= 200, "at least 200 products were found")
    done()


main()
