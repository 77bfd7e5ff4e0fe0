"""applications - what the people of the demo cluster run, by the way it got there.

  Meshery      shop, loyalty: designs
  Helm         blog, ledger
  GitOps       payments (Argo CD), newsletter (Flux)
  kubectl      bookinfo with Istio's sidecars, emojivoto with Linkerd's, legacy
"""
import json

from .products import VERSIONS, linkerd_init, linkerd_proxy
from .kinds import (
    account, certificate, chart, configmap, container, cronjob, deployment, digest, ingress,
    namespace, obj, release_record, released, secret, service, statefulset, uuid)

DESIGNS = {"shop": uuid("design shop"), "loyalty": uuid("design loyalty")}
SHOP = ("cart", "catalog", "checkout", "currency", "email", "frontend", "orders", "payment", "ranking",
        "recommendation", "search", "session", "shipping", "tax", "wishlist")
LOYALTY = ("points", "rewards", "tiers", "vouchers")


def designed(app, part):
    """The marks of what Meshery deployed: which design, and which component of it."""
    return ({"resource.pattern.meshery.io/id": uuid(f"component {app} {part}")},
            {"designs.meshery.io": DESIGNS[app]})


def design_app(app, parts, replicas):
    yield namespace(app)
    for part in parts:
        mark, design = designed(app, part)
        labels = {"app": part} | mark
        yield design_workload(app, part, replicas, "2.4.0")
        yield service(app, part, {"app": part}, ("http:80",), labels=labels, annotations=design)
        yield configmap(app, f"{part}-config", {"config.yaml": f"listen: :8080\nname: {part}\n"}, labels, design)
        if part in ("cart", "checkout", "orders", "payment", "rewards"):
            yield secret(app, f"{part}-database", {"username": part, "password": "not-a-real-password"}, labels, design)
    for part in parts[:4]:
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
        yield obj("autoscaling/v2", "HorizontalPodAutoscaler", part, app, *designed(app, part), spec={
            "minReplicas": 1, "maxReplicas": 6, "metrics": [{"type": "Resource", "resource": cpu}],
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": part}})


def design_workload(app, part, replicas, tag):
    """The marks are on the Deployment, not in its template: its Pods have none."""
    mark, design = designed(app, part)
    out = deployment(app, part, {"app": part}, [container(
        part, f"registry.example.com/{app}/{part}:{tag}", args=("--config=/etc/config.yaml",), ports=("http:8080",),
        env={"LOG_LEVEL": "info", "CACHE": "redis.redis.svc:6379", "EVENTS": "nats://nats.nats.svc:4222"})],
        replicas=replicas)
    out["metadata"]["labels"] |= mark
    out["metadata"]["annotations"] = design
    return out


def shop():
    yield from design_app("shop", SHOP, 2)
    yield ingress("shop", "shop", "shop.example.com", "frontend", 80, *designed("shop", "ingress"))
    yield certificate("shop", "shop-tls", "shop.example.com")
    yield cronjob("shop", "reindex", "15 2 * * *", [container("reindex", "registry.example.com/shop/reindex:2.4.0")],
                  *designed("shop", "reindex"))
    yield from design_app("loyalty", LOYALTY, 1)


def bookinfo():
    """Istio's sidecar is in the Pods only, put there by a webhook. Nobody plays
    that webhook here, so the template carries what it would have added."""
    ns, version = "bookinfo", VERSIONS["istio"]
    yield namespace(ns, {"istio-injection": "enabled"})
    status = json.dumps({"initContainers": ["istio-init"], "containers": ["istio-proxy"], "revision": "default",
                         "volumes": ["istio-envoy", "istio-data", "istio-token", "istiod-ca-cert"]},
                        separators=(",", ":"))
    proxy = container("istio-proxy", f"docker.io/istio/proxyv2:{version}",
                      args=("proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"),
                      env={"PILOT_CERT_PROVIDER": "istiod", "CA_ADDR": "istiod.istio-system.svc:15012"},
                      ports=("http-envoy-prom:15090",))
    init = container("istio-init", f"docker.io/istio/proxyv2:{version}",
                     args=("istio-iptables", "-p", "15001", "-z", "15006"))
    for app, variant in (("details", "v1"), ("productpage", "v1"), ("ratings", "v1"),
                         ("reviews", "v1"), ("reviews", "v2"), ("reviews", "v3")):
        if variant == "v1":
            yield service(ns, app, {"app": app}, ("http:9080",), labels={"app": app, "service": app})
            yield account(ns, f"bookinfo-{app}", {"account": app})
        yield deployment(ns, f"{app}-{variant}", {"app": app, "version": variant}, [
            container(app, f"docker.io/istio/examples-bookinfo-{app}-{variant}:1.20.3", ports=(9080,)), proxy],
            account=f"bookinfo-{app}", initContainers=[init],
            pod_labels={"security.istio.io/tlsMode": "istio", "service.istio.io/canonical-name": app,
                        "service.istio.io/canonical-revision": variant},
            pod_annotations={"sidecar.istio.io/status": status, "kubectl.kubernetes.io/default-container": app})
    yield obj("networking.istio.io/v1", "Gateway", "bookinfo-gateway", ns, spec={
        "selector": {"istio": "ingressgateway"},
        "servers": [{"port": {"number": 8080, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]})
    yield obj("networking.istio.io/v1", "VirtualService", "bookinfo", ns, spec={
        "hosts": ["*"], "gateways": ["bookinfo-gateway"], "http": [
            {"match": [{"uri": {"exact": "/productpage"}}],
             "route": [{"destination": {"host": "productpage", "port": {"number": 9080}}}]}]})
    for app in ("details", "productpage", "ratings", "reviews"):
        yield obj("networking.istio.io/v1", "DestinationRule", app, ns, spec={
            "host": app, "subsets": [{"name": "v1", "labels": {"version": "v1"}}]})
    yield obj("security.istio.io/v1", "AuthorizationPolicy", "allow-productpage", ns, spec={
        "action": "ALLOW", "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]})


def emojivoto():
    ns, version = "emojivoto", VERSIONS["linkerd"]
    yield namespace(ns)
    for part, ports in (("emoji", ("grpc:8080",)), ("voting", ("grpc:8080",)), ("web", ("http:8080",)),
                        ("vote-bot", ())):
        image = "web" if part == "vote-bot" else f"{part}-svc"
        yield deployment(ns, part, {"app": f"{part}-svc"}, [
            container(f"{part}-svc", f"docker.l5d.io/buoyantio/emojivoto-{image}:v11", ports=ports), linkerd_proxy()],
            initContainers=[linkerd_init()],
            labels={"app.kubernetes.io/part-of": "emojivoto", "app.kubernetes.io/version": "v11"},
            pod_labels={"linkerd.io/control-plane-ns": "linkerd", "linkerd.io/proxy-deployment": part},
            pod_annotations={"linkerd.io/proxy-version": version, "linkerd.io/inject": "enabled"})
        if ports:
            yield service(ns, f"{part}-svc", {"app": f"{part}-svc"}, ports)
        yield account(ns, part)


def helm_apps():
    """Two releases of Helm: a blog with its database, and a ledger of many parts."""
    for app, image, parts in (
            ("blog", "docker.io/library/wordpress:6.8.3", ("web",)),
            ("ledger", "registry.example.com/finance/ledger:5.2.1", ("api", "audit", "export", "import", "reports"))):
        helm = released(app, app)
        yield namespace(app)
        yield release_record(app, app, 1)
        yield release_record(app, app, 2)
        for part in parts:
            selector = {"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app,
                        "app.kubernetes.io/component": part}
            labels = selector | chart(app, "24.1.0", image.rpartition(":")[2])
            yield account(app, f"{app}-{part}", labels, helm)
            note = {"example.com/note": 'quoted "text", a \\ and a line\nbreak'}
            yield deployment(app, f"{app}-{part}", selector, [container(part, image, ports=("http:8080",))],
                             labels=labels, annotations=helm | note, replicas=2)
            yield service(app, f"{app}-{part}", selector, ("http:80",), labels=labels, annotations=helm)
            yield configmap(app, f"{app}-{part}", {"settings": f"component={part}\n"}, labels, helm)
        database = {"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": app}
        labels = database | chart("postgresql", "18.1.2", "17.6") | {"app.kubernetes.io/instance": app}
        yield secret(app, f"{app}-postgresql", {"postgres-password": "not-a-real-password"}, labels, helm)
        yield statefulset(app, f"{app}-postgresql", database, [container(
            "postgresql", "docker.io/library/postgres:17.6", ports=("tcp-postgresql:5432",))],
            labels=labels, annotations=helm, service=f"{app}-postgresql-hl", claim="20Gi")
        yield service(app, f"{app}-postgresql", database, ("tcp-postgresql:5432",), labels=labels, annotations=helm)
        yield service(app, f"{app}-postgresql-hl", database, ("tcp-postgresql:5432",), labels=labels, annotations=helm,
                      headless=True)
        yield ingress(app, app, f"{app}.example.com", f"{app}-{parts[0]}", 80, labels, helm)
        yield certificate(app, f"{app}-tls", f"{app}.example.com")


def gitops_apps():
    """What Argo CD and Flux made says so by a tracking label."""
    for app, parts, mark in (
            ("payments", ("api", "fraud", "gateway", "settlement", "webhooks"),
             {"argocd.argoproj.io/instance": "payments"}),
            ("newsletter", ("editor", "sender", "tracker"),
             {"kustomize.toolkit.fluxcd.io/name": "newsletter",
              "kustomize.toolkit.fluxcd.io/namespace": "flux-system"})):
        yield namespace(app, mark)
        for part in parts:
            labels = {"app": part} | mark
            out = deployment(app, part, {"app": part}, [container(
                part, f"registry.example.com/{app}/{part}:1.{len(part)}.0", ports=("http:8080",))], replicas=2)
            out["metadata"]["labels"] = labels
            yield out
            yield service(app, part, {"app": part}, ("http:80",), labels=labels)
            yield configmap(app, part, {"feature.flags": '{"beta": true}'}, labels)
            yield account(app, part, labels)
            yield obj("networking.k8s.io/v1", "NetworkPolicy", part, app, labels, spec={
                "podSelector": {"matchLabels": {"app": part}}, "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"namespaceSelector": {}}]}]})


def legacy():
    """Applied by hand, years ago: no standard label anywhere, a fat annotation."""
    ns = "legacy"
    yield namespace(ns)
    for name, image in (("intranet", "docker.io/library/tomcat:9.0.104"),
                        ("mailhub", "registry.example.com:5000/mail/hub:3"),
                        ("reports", "docker.io/library/nginx:stable"), ("cache", "docker.io/valkey/valkey:8.1.4")):
        out = deployment(ns, name, {"run": name}, [container(name, image, ports=(8080,))])
        out["metadata"]["annotations"] = {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(out, separators=(",", ":")) + "\n"}
        yield out
        yield service(ns, name, {"run": name}, ("web:80",), kind="NodePort" if name == "intranet" else None)
    for i in range(30):
        page = f"<html><body>Caf\u00e9 no. {i} \u2014 \u6e2c\u8a66 & \"more\"</body></html>\n"
        yield configmap(ns, f"site-{i:02d}", {"index.html": page}, {"site": f"{i:02d}"})
    for i in range(10):
        yield secret(ns, f"mailbox-{i:02d}", {"user": f"box{i:02d}", "password": digest(f"mailbox {i}")[:16]})
    yield cronjob(ns, "backup", "30 1 * * *", [container("backup", "registry.example.com/ops/backup:latest")])


def platform():
    """What belongs to no product: storage, quotas, priorities, CoreDNS."""
    for size in ("fast", "standard"):
        yield obj("storage.k8s.io/v1", "StorageClass", size, provisioner="csi.example.com", parameters={"type": size},
                  **({"reclaimPolicy": "Retain"} if size == "fast" else {}))
    yield obj("scheduling.k8s.io/v1", "PriorityClass", "business-critical", value=100000,
              description="Shops come first")
    labels = {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}
    yield account("kube-system", "coredns", labels)
    yield configmap("kube-system", "coredns", {
        "Corefile": ".:53 {\n    errors\n    health\n    kubernetes cluster.local\n}\n"})
    yield deployment("kube-system", "coredns", {"k8s-app": "kube-dns"}, [container(
        "coredns", "registry.k8s.io/coredns/coredns:v1.12.4", args=("-conf", "/etc/coredns/Corefile"),
        ports=("dns-tcp:5353", "metrics:9153"))], labels=labels, account="coredns", replicas=2)
    yield service("kube-system", "kube-dns", {"k8s-app": "kube-dns"}, ("dns-tcp:53", "metrics:9153"), labels=labels)
    for ns in ("blog", "ledger", "loyalty", "newsletter", "payments", "shop"):
        yield obj("v1", "ResourceQuota", "team", ns, spec={"hard": {"pods": "100", "services": "50"}})
        yield obj("v1", "LimitRange", "defaults", ns, spec={"limits": [
            {"type": "Container", "default": {"memory": "256Mi"},
             "defaultRequest": {"cpu": "50m", "memory": "128Mi"}}]})
    for ns, host in (("shop", "shop"), ("blog", "blog"), ("ledger", "ledger"), ("monitoring", "grafana")):
        yield obj("cert-manager.io/v1", "Certificate", f"{host}-tls", ns, spec={
            "secretName": f"{host}-tls", "dnsNames": [f"{host}.example.com"],
            "issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"}})


ALL = (shop, bookinfo, emojivoto, helm_apps, gitops_apps, legacy, platform)
