#!/usr/bin/python3
"""kubelet - what the kubelets of a cluster would do next, for a cluster without.

    kubectl get pods -A -o json | kubelet.py bind     Bindings of new Pods to nodes
    kubectl get pods -A -o json | kubelet.py status   Pods that are bound: they run
    kubectl get pods -A -o json | kubelet.py delete   Pods that are to go: they are gone

prints objects for `controlplane load`, `load --status` and `load --delete`.
Pods of Jobs succeed. Harness.sh's cluster_kubelet does all three.
"""
import datetime
import hashlib
import json
import sys

NODES = 3


def node_name(i):
    return f"node-{i:03d}"


def identity(pod, kind="Pod"):
    meta = pod["metadata"]
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": meta["name"], "namespace": meta["namespace"]}}


def wanted_node(pod, i):
    """A DaemonSet's Pod names its node; others are spread."""
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    for term in required.get("nodeSelectorTerms", []):
        for field in term.get("matchFields", []):
            if field["key"] == "metadata.name":
                return field["values"][0]
    return node_name(i % NODES)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def container_status(pod, container, state):
    repository = container["image"].partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    return {
        "name": container["name"], "image": container["image"], "restartCount": 0,
        "ready": "running" in state or container.get("restartPolicy") is None and state["terminated"]["exitCode"] == 0,
        "started": "running" in state,
        "imageID": f"{repository}@sha256:{digest(container['image'])}",
        "containerID": "containerd://" + digest(pod["metadata"]["uid"] + container["name"]),
        "state": state,
    }


def status(pod, address, now):
    succeeded = any(o["kind"] == "Job" for o in pod["metadata"].get("ownerReferences", []))
    running = {"running": {"startedAt": now}}
    over = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
    ready = "False" if succeeded else "True"
    host = f"192.168.0.{10 + int(pod['spec']['nodeName'][-3:])}"
    out = {
        "phase": "Succeeded" if succeeded else "Running",
        "conditions": [{"type": kind, "status": value, "lastProbeTime": None, "lastTransitionTime": now}
                       for kind, value in (("PodReadyToStartContainers", ready), ("Initialized", "True"),
                                           ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", "True"))],
        "containerStatuses": [container_status(pod, c, over if succeeded else running)
                              for c in pod["spec"]["containers"]],
        "hostIP": host, "hostIPs": [{"ip": host}], "podIP": address, "podIPs": [{"ip": address}], "startTime": now,
    }
    if "initContainers" in pod["spec"]:
        # One that restarts always is a sidecar: it goes on running.
        out["initContainerStatuses"] = [
            container_status(pod, c, running if c.get("restartPolicy") == "Always" and not succeeded else over)
            for c in pod["spec"]["initContainers"]]
    return out


def addresses(pods):
    """Pod addresses that nobody has."""
    taken = {p["status"].get("podIP") for p in pods}
    for i in range(256, 1 << 20):
        address = f"10.{64 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"
        if address not in taken:
            yield address


def main(what, pods):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    free = addresses(pods)
    for i, pod in enumerate(pods):
        leaving = "deletionTimestamp" in pod["metadata"]
        bound = "nodeName" in pod["spec"]
        if what == "delete" and leaving:
            yield identity(pod)
        elif what == "bind" and not bound and not leaving:
            target = {"apiVersion": "v1", "kind": "Node", "name": wanted_node(pod, i)}
            yield identity(pod, "Binding") | {"target": target}
        elif what == "status" and bound and not leaving and pod["status"].get("phase", "Pending") == "Pending":
            yield identity(pod) | {"status": status(pod, next(free), now)}


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("bind", "status", "delete"):
        print("usage: kubelet.py bind|status|delete < pods.json", file=sys.stderr)
        sys.exit(100)
    for line in main(sys.argv[1], json.load(sys.stdin)["items"]):
        print(json.dumps(line, separators=(",", ":")))
