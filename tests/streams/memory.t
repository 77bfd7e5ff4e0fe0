#!/usr/bin/python3
"""ms-fingerprint: what it holds of an object, that it holds nothing of most, and
that nothing is left of what came and went.

Memory is what the kernel has given to the process alone, asked for while it
waits for more; the limits are those of its manual, or leave ample room."""
import os
import re
import subprocess
import sys
import threading
import zlib

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

BIN = os.environ.get("BIN", here + "/../../build")
MANY = 20000
if BIN.endswith("san"):
    print("1..0 # SKIP a sanitizer's memory says nothing")
    sys.exit(0)


class Program:
    """It is fed; what it says is only waited for."""

    def __init__(self):
        self.p = subprocess.Popen([BIN + "/ms-fingerprint", "-q"],
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.through = threading.Semaphore(0)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.p.stdout:
            if line.startswith(b'{"type":"MARK"'):
                self.through.release()

    def memory(self, lines=()):
        """Bytes, when these lines are through, and those after them too."""
        for line in lines:
            self.p.stdin.write(line.encode() + b"\n")
        # a second mark is read when all has been told that was before the first
        for _ in range(2):
            self.p.stdin.write(b'{"type":"MARK","ms":{"id":"m"}}\n')
            self.p.stdin.flush()
            self.through.acquire()
        with open("/proc/%d/smaps_rollup" % self.p.pid) as f:
            return int(re.search(r"Anonymous: +(\d+)", f.read())[1]) * 1024

    def end(self):
        self.p.stdin.close()
        self.reader.join()
        self.p.wait()


def record(kind, resource, meta, rest, change="ADDED", api="v1"):
    uid = "%08x-0000-4000-8000-%012x" % (zlib.crc32(kind.encode()),
                                         zlib.crc32(meta.encode()))
    return ('{"type":"%s","ms":{"cluster":"c","resource":"%s","depth":"full"},'
            '"object":{"apiVersion":"%s","kind":"%s","metadata":{"uid":"%s",%s}'
            '%s}}' % (change, resource, api, kind, uid, meta, rest))


def meta_of(name, ns, more=""):
    return '"name":"%s","namespace":"%s"%s' % (name, ns, more)


def owner(kind, name, api="apps/v1"):
    return (',"ownerReferences":[{"apiVersion":"%s","kind":"%s","name":"%s",'
            '"uid":"u","controller":true}]' % (api, kind, name))


def spec(image):
    return ('"spec":{"containers":[{"name":"main","image":"%s","args":'
            '["--listen=:8080"],"env":[{"name":"DATABASE_URL","value":"x"}],'
            '"ports":[{"name":"http","containerPort":8080}]}]}' % image)


def pod(app, number, owned, image=None, ns=None, change="ADDED"):
    """A pod of application app; owned by it, as the letters say."""
    labels = ',"labels":{"app":"app-%06d","tier":"web"%s}' % (
        app, ',"pod-template-hash":"5d8%06x"' % app if owned == "hash" else "")
    of = {"hash": owner("ReplicaSet", "app-%06d-5d8%06x" % (app, app)),
          "set": owner("ReplicaSet", "app-%06d" % app),
          "job": owner("Job", "app-%06d" % app, "batch/v1"), "": ""}[owned]
    name = "app-%06d" % app + {
        "hash": "-5d8%06x-%05x" % (app, number), "set": "-%05x" % number,
        "job": "-%05x" % number, "": ""}[owned]
    return record("Pod", "pods.v1.", meta_of(
        name, ns or "team-%d" % (app % 20), labels + of), "," + spec(
            image or "registry.example.com/shop/app-%06d:1.%d" % (app, app % 9)
        ) + ',"status":{"phase":"Running"}', change)


def workload(kind, app, image=None, ns=None, change="ADDED", more=""):
    return record(kind, kind.lower() + "s.v1.apps", meta_of(
        "app-%06d" % app, ns or "team-%d" % (app % 20), more),
        ',"spec":{"template":{"metadata":{"labels":{"app":"app-%06d"}},%s}}' %
        (app, spec(image or "registry.example.com/shop/app-%06d:1.%d" %
                   (app, app % 9))), change, "apps/v1")


def revision(app, number, image=None, ns=None, change="ADDED"):
    """A ReplicaSet that Deployment app made."""
    mark = "%x%06x" % (number, app)
    labels = ',"labels":{"app":"app-%06d","pod-template-hash":"%s"}' % (
        app, mark)
    return record("ReplicaSet", "replicasets.v1.apps", meta_of(
        "app-%06d-%s" % (app, mark), ns or "team-%d" % (app % 20),
        labels + owner("Deployment", "app-%06d" % app)),
        ',"spec":{"replicas":0,"template":{"metadata":{"labels":{"app":'
        '"app-%06d","pod-template-hash":"%s"}},%s}}' % (app, mark, spec(
            image or "registry.example.com/shop/app-%06d:0.%d" %
            (app, number))), change, "apps/v1")


def others(i):
    """What carries no evidence, each in a namespace of its own."""
    meta = meta_of("o-%d" % i, "ns-%d" % i)
    yield record("ConfigMap", "configmaps.v1.", meta, ',"data":{"a":"b"}')
    yield record("Secret", "secrets.v1.", meta, ',"data":{"a":"Yg=="}')
    yield record("Event", "events.v1.", meta, ',"reason":"Pulled"')
    yield record("ServiceAccount", "serviceaccounts.v1.", meta, "")
    yield record("VirtualService", "virtualservices.v1.networking.istio.io",
                 meta, ',"spec":{}', api="networking.istio.io/v1")
    yield record("Pod", "pods.v1.", meta, "").replace('"full"', '"metadata"')


def each(title, most, lines):
    """That many bytes an object at most."""
    program = Program()
    # what is taken once, whatever comes
    before = program.memory(line for i in range(200) for line in others(-i))
    taken = (program.memory(lines) - before) / MANY
    program.end()
    ok(taken <= most, "%s: %d bytes each" % (title, taken))


each("pods of workloads that are not there, one each", 200,
     (pod(i, 0, "hash") for i in range(MANY)))
each("pods of ReplicaSets that are not there, one each", 200,
     (pod(i, 0, "set") for i in range(MANY)))
each("pods of their own", 200, (pod(i, 0, "") for i in range(MANY)))
PROXY = ('{"name":"istio-proxy","image":"docker.io/istio/proxyv2:1.27.1",'
         '"args":["proxy","sidecar"]},')
each("pods with a sidecar, of workloads that are not there, one each", 200,
     (pod(i, 0, "hash").replace('"containers":[', '"containers":[' + PROXY, 1)
      for i in range(MANY)))
each("pods of Jobs, one each", 200, (pod(i, 0, "job") for i in range(MANY)))
each("pods that have come to their end", 200, (
    pod(i, 0, "").replace("Running", "Succeeded") for i in range(MANY)))
each("Deployments", 200, (workload("Deployment", i) for i in range(MANY)))
each("old revisions, one each", 200, (revision(i, 0) for i in range(MANY)))
each("Deployments with two old revisions each", 140, (
    line for i in range(MANY // 3) for line in (
        workload("Deployment", i), revision(i, 0), revision(i, 1))))
each("instances of a product, with what runs them", 700,
     (workload("StatefulSet", i, "redis:7.2.%d" % (i % 9))
      for i in range(MANY)))


each("six objects without evidence", 20,
     (line for i in range(MANY) for line in others(i)))

SIDECAR = ('{"name":"istio-proxy","image":"docker.io/istio/proxyv2:1.27.1",'
           '"env":[%s]},' % ",".join('{"name":"ISTIO_META_NUMBER_%02d"}' % i
                                     for i in range(30)))


def peak(program):
    with open("/proc/%d/status" % program.p.pid) as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) * 1024


# each is of a product then, and all of one instance
program = Program()
program.memory(others(1))
before = peak(program)
program.memory(pod(i, 0, "hash").replace('"containers":[', '"containers":[' +
                                         SIDECAR, 1) for i in range(MANY))
taken = (peak(program) - before) / MANY
program.end()
ok(taken < 600, "pods of a mesh: %d bytes each while they are looked at" %
   taken)

program = Program()
program.memory(workload("Deployment", i) for i in range(2000))
program.memory(revision(i % 2000, i // 2000) for i in range(6000))
most = program.memory(pod(i // 50, i, "hash") for i in range(100000))
program.end()
ok(most < 16e6, "100,000 pods of 2,000 workloads, each with three revisions: "
   "%.1f MB" % (most / 1e6))


def generation(g, change):
    """All objects of a cluster that is made anew each time."""
    for i in range(g * 1000, g * 1000 + 1000):
        ns = "build-%d" % (i // 5)
        image = "redis:7.%d" % i if i % 10 == 0 else None
        yield workload("Deployment", i, image, ns, change)
        yield pod(i, g, "hash", image, ns, change)
        yield pod(i, g, "set", image, ns, change)
        yield pod(i, g, "job", image, ns, change)
        yield revision(i, g, image, ns, change)
        yield record("Service", "services.v1.", meta_of("app-%06d" % i, ns),
                     ',"spec":{"selector":{"app":"app-%06d"},"ports":[{"name":'
                     '"http","port":80}]}' % i, change)


program = Program()
held = []
for g in range(16):
    held.append(program.memory(generation(g, "ADDED")))
    program.memory(generation(g, "DELETED"))
program.end()
# what else is there, such as room for output that waits, only ever adds
early, late = max(held[2:8]), min(held[-6:])
ok(late < early + 150000, "the same live set after %d others: %.2f MB, %.2f "
   "before" % (len(held), late / 1e6, early / 1e6))
done()
