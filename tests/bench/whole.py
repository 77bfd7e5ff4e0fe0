#!/usr/bin/python3
"""whole - a whole cluster as ms-watch streams it, of any number of workloads.

    whole.py [WORKLOADS]

The captured cluster (tests/data/demo.ndjson.gz) as it was at first, with the
namespaces of its users again and again under other names until there are so
many Deployments (2000). Large clusters differ from a small one in proportion:
a workload has six pods and three revisions, a node pulled fifty images, and
there are events and leases.
"""
import gzip
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/../cluster")
import generate  # noqa: E402

USERS = ("ledger", "loyalty", "newsletter", "payments", "shop")
PODS = 3  # for each that was captured
OLD = 2  # revisions beside the newest
NODE = {"images": 50, "pods": 60}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-"
                  "[0-9a-f]{12}")
WORKLOADS = ("Deployment", "StatefulSet")
CLUSTER = "da9828f4-e182-4b11-9c11-df44363fe67c"


def captured():
    """The records of the first sync: resource by resource, objects in it."""
    of = {}
    with gzip.open(here + "/../data/demo.ndjson.gz", "rt") as f:
        for line in f:
            r = json.loads(line)
            if r["ms"].get("phase") == "ready":
                return of, r
            if r["type"] == "ADDED":
                of.setdefault(r["ms"]["resource"], []).append(r)


def namespace(r):
    return r["object"]["metadata"].get("namespace")


def uids(text, number):
    """All objects under other uids, the owned and their owners alike."""
    return UUID.sub(lambda m: m[0] if m[0] == CLUSTER else
                    generate.uuid(m[0] + str(number)), text)


def addresses(text, number):
    """Pods with other addresses and containers."""
    text = re.sub(r"containerd://[0-9a-f]{64}", lambda m: "containerd://" +
                  generate.digest(m[0] + str(number)), text)
    return re.sub(r"10\.64\.\d+\.\d+", lambda m: generate.pod_address(
        int(generate.digest(m[0] + str(number))[:5], 16)), text)


def ending(name, number):
    """A name of a program's choice, as another run would have chosen it."""
    tail = name.rsplit("-", 1)[1]
    return "%s-%s" % (name[:-len(tail) - 1], generate.suffix(
        int(generate.digest(name + str(number))[:12], 16), len(tail)))


def renamed(r, number):
    r = json.loads(addresses(json.dumps(r), number))
    meta = r["object"]["metadata"]
    meta["name"] = ending(meta["name"], number)
    meta["uid"] = generate.uuid(meta["uid"] + str(number))
    return r


def more(r):
    """The object, and those like it that a larger cluster has beside it."""
    yield r
    if r["object"]["kind"] == "Pod":
        for i in range(1, PODS):
            yield renamed(r, i)
    if r["object"]["kind"] == "ReplicaSet":
        for i in range(OLD):
            old = renamed(r, i)
            old["object"]["spec"]["replicas"] = 0
            old["object"]["status"] = {"replicas": 0}
            yield old


def users(of):
    """What belongs to users, and by which words: names of their own."""
    theirs = {resource: [r for r in records if namespace(r) in USERS or
                         r["object"]["metadata"]["name"] in USERS]
              for resource, records in of.items()}
    words = {r["object"]["metadata"]["name"] for records in theirs.values()
             for r in records if r["object"]["kind"] in WORKLOADS}
    words = sorted(words | set(USERS), key=len, reverse=True)
    return theirs, re.compile(r"(?<![\w-])(%s)(?!\w|\":)" % "|".join(words))


def node(r):
    """As a real one: with the images that it has pulled."""
    name = r["object"]["metadata"]["name"]
    r["object"]["status"]["images"] = [
        {"names": ["registry.example.com/apps/app-%d@sha256:%s" %
                   (i, generate.digest("%s %d" % (name, i))),
                   "registry.example.com/apps/app-%d:1.%d.0" % (i, i)],
         "sizeBytes": 50000000 + i} for i in range(NODE["images"])]
    return r


def nodes(of, count):
    first = of["nodes.v1."][0]
    name = first["object"]["metadata"]["name"]
    for i in range(count):
        text = uids(json.dumps(first), i).replace(name, "node-%03d" % i)
        yield node(json.loads(text))


def record(resource, kind, version, metadata, **more):
    metadata = {"uid": generate.uuid(kind + metadata["name"]),
                "resourceVersion": "1000",
                "creationTimestamp": "2026-11-22T20:17:08Z", **metadata}
    return {"type": "ADDED", "ms": {"cluster": CLUSTER, "resource": resource,
                                    "depth": "full"},
            "object": {"kind": kind, "apiVersion": version,
                       "metadata": metadata, **more}}


def leases(count):
    for i in range(count):
        name = "node-%03d" % i
        yield record("leases.v1.coordination.k8s.io", "Lease",
                     "coordination.k8s.io/v1",
                     {"name": name, "namespace": "kube-node-lease"},
                     spec={"holderIdentity": name, "leaseDurationSeconds": 40,
                           "renewTime": "2026-11-22T20:17:08.000000Z"})


def events(pods):
    for r in pods:
        meta = r["object"]["metadata"]
        where = {"kind": "Pod", "apiVersion": "v1", "uid": meta["uid"],
                 "name": meta["name"], "namespace": meta["namespace"]}
        yield record("events.v1.", "Event", "v1",
                     {"name": meta["name"] + "." + meta["uid"][:16],
                      "namespace": meta["namespace"]},
                     involvedObject=where, reason="Scheduled",
                     message="Successfully assigned %s/%s to %s" % (
                         meta["namespace"], meta["name"],
                         r["object"]["spec"].get("nodeName")),
                     source={"component": "default-scheduler"},
                     firstTimestamp=None, lastTimestamp=None, type="Normal")


def place(r):
    return namespace(r) or "", r["object"]["metadata"]["name"]


def cluster(workloads):
    """All records, as lists of resources."""
    of, ready = captured()
    theirs, word = users(of)
    count = sum(r["object"]["kind"] in WORKLOADS
                for records in theirs.values() for r in records)
    for resource, records in theirs.items():
        texts = [json.dumps(m) for r in records for m in more(r)]
        for i in range(1, workloads // count):
            of[resource] += [json.loads(word.sub(
                r"\1-%d" % i, addresses(uids(t, i), i))) for t in texts]
    pods = of["pods.v1."]
    of["nodes.v1."] = list(nodes(of, len(pods) // NODE["pods"] + 1))
    of["leases.v1.coordination.k8s.io"] = list(leases(len(of["nodes.v1."])))
    of["events.v1."] = list(events(pods[::2]))
    for resource, records in of.items():
        ms = {"cluster": CLUSTER, "resource": resource}
        yield {"type": "SYNC", "ms": {**ms, "phase": "begin",
                                      "complete": True}}
        # an API server lists them by place
        yield from sorted(records, key=place)
        yield {"type": "SYNC", "ms": {**ms, "phase": "end"}}
    yield ready


def main():
    for r in cluster(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        print(json.dumps(r, separators=(",", ":")))


if __name__ == "__main__":
    main()
