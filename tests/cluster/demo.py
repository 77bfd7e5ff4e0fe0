#!/usr/bin/python3
"""demo - a cluster as people have it: products, their own applications, changes.

    demo.py                 prints the objects, one a line, for `controlplane load`
    demo.py --changes N     prints what happens in round N of 1 to 3, as watch
                            events (ADDED, MODIFIED with the changed part, DELETED)

Harness.sh's cluster_demo and cluster_demo_changes load them. With what the API
server and the controllers add (ReplicaSets, Pods, EndpointSlices, ...) these
are about 1,200 objects. In it:

  products      Istio, Linkerd and its Viz, Prometheus with its operator, Grafana,
                cert-manager, ingress-nginx, Argo CD, Flux, NATS, Redis, Meshery;
                images, labels and ports are those of their own manifests
  greenfield    shop and loyalty: designs of Meshery. What Meshery applied has the
                marks; ReplicaSets get the annotation from the Deployment
                controller; Pods have none, and inherit by ownership
  brownfield    Helm (blog, ledger), Argo CD (payments), Flux (newsletter), an
                operator (Prometheus' StatefulSets), kubectl alone (bookinfo with
                Istio's sidecars, emojivoto with Linkerd's, legacy)

Every name, secret and certificate in it is made up.
"""
import base64
import json
import signal
import sys

sys.dont_write_bytecode = True  # nothing of ours stays in the source tree
from manifests import applications, products
from manifests.kinds import configmap, uuid

# What others need comes before them; quotas and limits, too: Pods must find
# them there.
FIRST = ("Namespace", "CustomResourceDefinition", "ResourceQuota", "LimitRange",
         "ServiceAccount", "PriorityClass", "StorageClass")


def everything():
    objects = [o for group in products.ALL + applications.ALL for o in group()]
    return sorted(objects, key=lambda o: FIRST.index(o["kind"]) if o["kind"] in FIRST else len(FIRST))


# Changes

def event(kind, o, **part):
    """MODIFIED with only what is other; DELETED with the identity alone."""
    metadata = {k: v for k, v in o["metadata"].items() if k in ("name", "namespace")}
    if kind == "ADDED":
        return {"type": kind, "object": o}
    metadata |= part.pop("metadata", {})
    return {"type": kind, "object": {"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": metadata, **part}}


def scaled(o, replicas):
    return event("MODIFIED", o, spec={"replicas": replicas})


def upgraded(o, old, new):
    """Every image tag and version label of the object from old to new."""
    def change(x):
        if isinstance(x, dict):
            return {k: change(v) for k, v in x.items()}
        if isinstance(x, list):
            return [change(v) for v in x]
        return x.replace(old, new) if isinstance(x, str) else x
    spec = {"template": change(o["spec"]["template"])}
    return event("MODIFIED", o, spec=spec, metadata={"labels": change(o["metadata"].get("labels", {}))})


def changes(round_number):
    known = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in everything()}

    def get(kind, ns, name):
        return known[kind, ns, name]

    def deploy(ns, name):
        return get("Deployment", ns, name)

    if round_number == 1:  # A busy day: traffic, releases, settings
        for part in ("cart", "checkout", "frontend"):
            yield scaled(deploy("shop", part), 4)
        yield scaled(deploy("payments", "gateway"), 3)
        yield scaled(deploy("legacy", "reports"), 0)
        for part in ("cart", "catalog", "orders", "search"):
            yield upgraded(deploy("shop", part), "2.4.0", "2.5.0")
        yield upgraded(get("Deployment", "ledger", "ledger-api"), "5.2.1", "5.3.0")
        for i in range(10):
            yield event("MODIFIED", get("ConfigMap", "legacy", f"site-{i:02d}"), data={"index.html": "<p>moved</p>\n"})
        rotated = {"password": base64.b64encode(b"rotated").decode()}
        yield event("MODIFIED", get("Secret", "redis", "redis"), data=rotated)
        yield event("MODIFIED", get("Service", "legacy", "intranet"), metadata={"labels": {"owner": "facilities"}})
        for part in ("points", "tiers"):  # a design is published anew
            again = {"designs.meshery.io": uuid("design loyalty 2")}
            yield event("MODIFIED", deploy("loyalty", part), metadata={"annotations": again})
    elif round_number == 2:  # Products: one is upgraded, one arrives, one leaves
        yield upgraded(deploy("istio-system", "istiod"), "1.27.1", "1.27.3")
        yield upgraded(deploy("istio-system", "istio-ingressgateway"), "1.27.1", "1.27.3")
        for part in ("cert-manager", "cert-manager-cainjector", "cert-manager-webhook"):
            yield upgraded(deploy("cert-manager", part), "v1.18.2", "v1.19.1")
        yield upgraded(deploy("monitoring", "grafana"), "12.2.1", "12.3.0")
        for o in products.rabbitmq():
            yield event("ADDED", o)
        for o in everything():
            if o["metadata"].get("namespace") == "linkerd-viz":
                yield event("DELETED", o)
        yield event("DELETED", get("Namespace", None, "linkerd-viz"))
    elif round_number == 3:  # Deletions, and the same names again
        for part in ("wishlist", "ranking"):
            for kind in ("Deployment", "Service"):
                yield event("DELETED", get(kind, "shop", part))
            yield event("DELETED", get("ConfigMap", "shop", f"{part}-config"))
        for i in range(20, 30):
            yield event("DELETED", get("ConfigMap", "legacy", f"site-{i:02d}"))
        for i in range(20, 23):
            yield event("ADDED", configmap("legacy", f"site-{i:02d}", {"index.html": "<p>again</p>\n"}))
        for ns, name, kind in (("shop", "tax", "Deployment"), ("redis", "redis", "StatefulSet"),
                               ("blog", "blog-web", "Service")):
            yield event("DELETED", get(kind, ns, name))
            yield event("ADDED", get(kind, ns, name))
        # The design's mark goes: from now on nobody's.
        yield event("MODIFIED", deploy("shop", "email"), metadata={
            "annotations": {"designs.meshery.io": None}, "labels": {"resource.pattern.meshery.io/id": None}})
        yield event("DELETED", deploy("legacy", "cache"))
        yield scaled(deploy("shop", "frontend"), 2)
    else:
        print("demo.py: there are rounds 1 to 3", file=sys.stderr)
        sys.exit(100)


def main():
    if not sys.argv[1:]:
        lines = everything()
    elif len(sys.argv) == 3 and sys.argv[1] == "--changes" and sys.argv[2].isdigit():
        lines = changes(int(sys.argv[2]))
    else:
        print("usage: demo.py [--changes N]", file=sys.stderr)
        sys.exit(100)
    for line in lines:
        print(json.dumps(line, separators=(",", ":"), ensure_ascii=False))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    main()
