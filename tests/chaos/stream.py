#!/usr/bin/python3
"""stream - records as ms-watch would write them, of a cluster that lives.

    stream.py [--seed N] [--objects N] [--changes N] [--final FILE]

Prints a complete sync of N objects, then N changes (new states, deletions,
names that come again under another uid, late knowledge). FILE gets what is left
at the end, as ADDED records. Tests use the class Cluster instead.
"""
import argparse
import json
import random
import sys
import zlib

CLUSTER = "3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10"
KINDS = [("Pod", "v1", "pods.v1."), ("ConfigMap", "v1", "configmaps.v1."),
         ("Deployment", "apps/v1", "deployments.v1.apps")]
TIME = "2026-11-22T10:00:00.000123Z"


def dump(o):
    return json.dumps(o, separators=(",", ":"), ensure_ascii=False)


def record(kind, ms, obj=None):
    r = {"type": kind, "ms": {"cluster": CLUSTER, **ms, "time": TIME}}
    if obj is not None:
        r["object"] = obj
    return dump(r)


class Cluster:
    def __init__(self, seed, objects, pad=200):
        self.random = random.Random(seed)
        self.rv = 1000
        self.pad = pad
        self.live = {}          # (kind index, name) -> object
        for i in range(objects):
            self.create(i % len(KINDS), "o%d" % i)

    def create(self, k, name):
        kind, version, _ = KINDS[k]
        self.rv += 1
        o = {"kind": kind, "apiVersion": version, "metadata": {
            "name": name, "namespace": "ns%d" % (zlib.crc32(name.encode()) % 3),
            "uid": "%08x-%04x" % (self.rv, self.random.getrandbits(16)),
            "resourceVersion": str(self.rv),
            "labels": {"app": name, "n": str(self.rv)}},
            "spec": {"value": self.rv, "pad": "x" * self.pad}}
        self.live[k, name] = o
        return o

    def touch(self, key):
        o = self.live[key]
        self.rv += 1
        o["metadata"]["resourceVersion"] = str(self.rv)
        o["metadata"]["labels"]["n"] = str(self.rv)
        o["spec"]["value"] = self.rv
        return o

    @staticmethod
    def ms(k):
        return {"resource": KINDS[k][2], "depth": "full"}

    def added(self, key):
        return record("ADDED", self.ms(key[0]), self.live[key])

    def sync(self, cause="start"):
        """A complete sync of everything, and ready."""
        for k, (_, _, resource) in enumerate(KINDS):
            mine = [key for key in self.live if key[0] == k]
            yield record("SYNC", {"resource": resource, "phase": "begin",
                                  "cause": cause, "complete": True})
            for key in mine:
                yield self.added(key)
            yield record("SYNC", {"resource": resource, "phase": "end",
                                  "rv": str(self.rv), "count": len(mine)})
        yield record("SYNC", {"phase": "ready", "complete": True, "resources":
                              {r: "synced" for _, _, r in KINDS}})

    def change(self):
        """One change of some object, as records."""
        keys = list(self.live)
        key = self.random.choice(keys)
        k, name = key
        what = self.random.random()
        if what < .7:
            return [record("MODIFIED", self.ms(k), self.touch(key))]
        if what < .8:
            o = self.live.pop(key)
            return [self.deleted(k, o)]
        if what < .9:
            o = self.live.pop(key)
            records = [self.deleted(k, o)] if self.random.random() < .5 else []
            new = self.create(k, name)
            return records + [record("ADDED", self.ms(k), new)]
        if what < .95:
            m = self.live[key]["metadata"]
            return [record("AMEND", {
                "resource": KINDS[k][2], "apiVersion": KINDS[k][1],
                "kind": KINDS[k][0], "namespace": m["namespace"],
                "name": name, "uid": m["uid"],
                "origin": {"class": "brownfield", "by": "helm"}})]
        new = self.create(k, "new%d" % self.rv)
        return [record("ADDED", self.ms(k), new)]

    def deleted(self, k, o):
        if self.random.random() < .5:
            return record("DELETED", self.ms(k), o)
        m = {x: o["metadata"][x] for x in
             ("name", "namespace", "uid", "resourceVersion")}
        return record("DELETED", {**self.ms(k), "synthetic": True}, {
            "kind": o["kind"], "apiVersion": o["apiVersion"], "metadata": m})

    def final(self):
        return [self.added(key) for key in self.live]


def main():
    p = argparse.ArgumentParser(prog="stream.py")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--objects", type=int, default=300)
    p.add_argument("--changes", type=int, default=1000)
    p.add_argument("--pad", type=int, default=200)
    p.add_argument("--final")
    args = p.parse_args()
    c = Cluster(args.seed, args.objects, args.pad)
    for line in c.sync():
        print(line)
    for _ in range(args.changes):
        for line in c.change():
            print(line)
    if args.final:
        with open(args.final, "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in c.final())


if __name__ == "__main__":
    sys.exit(main())
