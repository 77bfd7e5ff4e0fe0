#!/usr/bin/python3
"""fingerprint - what ms-fingerprint costs, with 10, with all, and with 1,000
signatures, beside cat in the same run.

Streams: a whole cluster of PODS / 10 workloads, as ms-watch tells of it
(whole.py); pods of which ten each are of one workload, as a server lists them;
and pods of which each is of a workload of its own, and Deployments, the worst
there is. Figures are CPU time, user and system, the best of ROUNDS (5), less
that of a start: noise only ever adds.
BIN: the programs; PODS: how many (20000).
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

here = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("BIN", here + "/../../build")
PODS = int(os.environ.get("PODS", 20000))
ROUNDS = int(os.environ.get("ROUNDS", 5))
SIGNATURES = here + "/../../cmd/ms-fingerprint/signatures/"
sys.path.insert(0, here + "/../cluster")
import generate  # noqa: E402
import whole  # noqa: E402


def records(kind, resource, count):
    """Objects that all differ; pods have no owner."""
    lines = subprocess.run([here + "/../cluster/generate.py", kind,
                            str(count)], capture_output=True, check=True)
    for line in lines.stdout.splitlines():
        r = {"type": "ADDED", "ms": {"cluster": "c", "resource": resource,
                                     "depth": "full"},
             "object": json.loads(line)}
        meta = r["object"]["metadata"]
        meta["uid"] = generate.uuid(meta["name"])
        yield r


def pods(workloads, each):
    """The pods of Deployments, in the order in which a server lists them."""
    number = 0
    for r in records("pods", "pods.v1.", workloads):
        meta = r["object"]["metadata"]
        labels = meta["labels"]
        labels["pod-template-hash"] = generate.digest(meta["name"])[:9]
        name = "%s-%s" % (labels["app.kubernetes.io/instance"],
                          labels["pod-template-hash"])
        meta["ownerReferences"] = [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name,
            "uid": generate.uuid(name), "controller": True,
            "blockOwnerDeletion": True}]
        for _ in range(each):
            number += 1
            meta["name"] = "%s-%05d" % (name, number % 100000)
            meta["uid"] = generate.uuid(meta["name"])
            yield r


def with_proxies(records):
    """The same, each with the same sidecar of a mesh."""
    names = ["ISTIO_META_%s" % n for n in "POD_PORTS APP_CONTAINERS OWNER "
             "CLUSTER_ID WORKLOAD_NAME MESH_ID INTERCEPTION_MODE".split()]
    for r in records:
        r["object"]["spec"]["containers"][1:] = [{
            "name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.22.3",
            "args": ["proxy", "sidecar", "--proxyLogLevel=warning"],
            "env": [{"name": n, "value": "x"} for n in names],
            "ports": [{"name": "http-envoy-prom", "containerPort": 15090}]}]
        yield r


def instances():
    """Deployments each of which is an instance of a product."""
    for r in records("deployments", "deployments.v1.apps", PODS):
        spec = r["object"]["spec"]["template"]["spec"]
        spec["containers"][0]["image"] = "redis:7.2.5"
        yield r


def write(path, records):
    with open(path, "w") as f:
        for r in records:
            f.write(json.dumps(r, separators=(",", ":")) + "\n")
    return path


def count(path):
    with open(path, "rb") as f:
        return sum(1 for _ in f)


def cost(command, path):
    """CPU seconds of one run."""
    with open(path, "rb") as f, open(os.devnull, "wb") as null:
        p = subprocess.Popen(command, stdin=f, stdout=null)
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = status
    if status:
        sys.exit("%s failed: %d" % (command[0], status))
    return used.ru_utime + used.ru_stime


def costs(commands, path, empty):
    """By name: the least CPU seconds of a stream, less those of a start, and
    the latter. All take turns, as a machine's speed drifts."""
    best = {n: [float("inf")] * 2 for n in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            for i, p in enumerate((path, empty)):
                best[name][i] = min(best[name][i], cost(command, p))
    return {n: (max(all - start, 1e-3), start)
            for n, (all, start) in best.items()}


def memory(command, path):
    """Bytes that the program had at most when all of the stream was through:
    it is asked while it waits for more."""
    p = subprocess.Popen(command, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)

    def feed():
        with open(path, "rb") as f:
            shutil.copyfileobj(f, p.stdin, 1 << 20)
        p.stdin.write(b'{"type":"MARK","ms":{"id":"through"}}\n')
        p.stdin.flush()

    feeder = threading.Thread(target=feed)
    feeder.start()
    for line in p.stdout:
        if line.startswith(b'{"type":"MARK"'):
            break
    feeder.join()
    with open("/proc/%d/status" % p.pid) as f:
        most = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) * 1024
    p.stdin.close()
    p.stdout.read()
    p.wait()
    return most


def ten(folder):
    for path in sorted(glob.glob(SIGNATURES + "[a-z]*.yaml"))[:10] + \
            glob.glob(SIGNATURES + "_*.yaml"):
        with open(path) as f, open(folder + os.path.basename(path), "w") as t:
            t.write(f.read())
    return ["--no-built-in", "--signatures", folder]


def thousand(folder):
    """All there are, and copies of them under other names up to 1,000."""
    paths = sorted(glob.glob(SIGNATURES + "[a-z]*.yaml"))
    for i in range(1000 - len(paths)):
        with open(paths[i % len(paths)]) as f:
            text = f.read()
        tail = "-%d" % (i // len(paths) + 2)
        text = re.sub(r"(?m)^product: *(\S+)", r"product: \1" + tail, text)
        text = re.sub(r"([a-z0-9]/[a-z0-9._-]*[a-z0-9])", r"\1" + tail, text)
        text = text.split("\nexamples:")[0] + "\n"
        name = "%04d.yaml" % i
        with open(folder + name, "w") as t:
            t.write(text)
    return ["--signatures", folder]


def main():
    program = BIN + "/ms-fingerprint"
    with tempfile.TemporaryDirectory() as tmp:
        sets = {"10": [], "all": [], "1,000": []}
        for name, fill in (("10", ten), ("1,000", thousand)):
            folder = "%s/%s/" % (tmp, name.replace(",", ""))
            os.mkdir(folder)
            sets[name] = fill(folder)
        streams = {
            "a whole cluster": write(tmp + "/whole",
                                     whole.cluster(PODS // 10)),
            "10 pods a workload": write(tmp + "/shared",
                                        pods(PODS // 10, 10)),
            "1 pod a workload": write(tmp + "/lone",
                                      records("pods", "pods.v1.", PODS)),
            "Deployments": write(tmp + "/deployments",
                                 records("deployments", "deployments.v1.apps",
                                         PODS))}
        empty = write(tmp + "/empty", [])
        commands = {n: [program] + a for n, a in sets.items()}
        commands["cat"] = ["cat"]
        for title, path in streams.items():
            size = os.path.getsize(path)
            seconds = costs(commands, path, empty)
            print("%d records, %d MB, %s" %
                  (count(path), size / 1e6, title))
            print("  cat                  %6.2f GB/s" %
                  (size / seconds["cat"][0] / 1e9))
            for name in ("all", "10", "1,000"):
                print("  %5s signatures     %6.2f GB/s %6.2f x all" %
                      (name, size / seconds[name][0] / 1e9,
                       seconds[name][0] / seconds["all"][0]))
        for name in sets:
            print("%5s signatures: start %.0f ms of CPU, %.1f MB" %
                  (name, seconds[name][1] * 1e3,
                   memory(commands[name], empty) / 1e6))
        least = memory([program], empty)
        # as of ms-watch pods alone; and what is found is held too
        streams["1 pod a ReplicaSet that is not there"] = \
            write(tmp + "/owned", pods(PODS, 1))
        streams["the same with a sidecar"] = \
            write(tmp + "/mesh", with_proxies(pods(PODS, 1)))
        streams["instances of Redis"] = write(tmp + "/found", instances())
        for title, path in streams.items():
            most = memory([program], path)
            print("%s: %.1f MB, %d bytes a record" %
                  (title, most / 1e6, (most - least) / count(path)))
        # what a large cluster comes to, whatever PODS says
        many = write(tmp + "/many", pods(2000, 50))
        print("100,000 pods of 2,000 workloads: %.1f MB" %
              (memory([program], many) / 1e6))


if __name__ == "__main__":
    main()
