#!/usr/bin/python3
"""generate - Kubernetes objects in any number, one JSON document a line.

    generate.py KIND COUNT [START]

prints COUNT objects of KIND, numbered from START (default 0). The same number
always gives the same object, on any machine. A pod is about 7.2 KB when the API
server gives it back, as pods of real clusters are. Namespaced objects live in
the 20 namespaces that `generate.py namespaces 20` makes; load those first.
`generate.py kinds` names the kinds.
"""
import hashlib
import json
import random
import signal
import sys

NAMESPACES = 20
DOMAIN = "example.com"

APPS = ("cart", "catalog", "checkout", "currency", "delivery", "email", "fraud",
        "gateway", "identity", "inventory", "invoice", "ledger", "mailer",
        "orders", "payment", "pricing", "profile", "ranking", "recommendation",
        "returns", "search", "session", "shipping", "tax", "wallet", "warehouse")
TIERS = ("frontend", "backend", "worker", "cache")
# The letters of generated names: no vowels, so that no words appear.
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def suffix(number, length):
    """The number as a name's ending, of that length."""
    out = ""
    for _ in range(length):
        number, letter = divmod(number, len(LETTERS))
        out = LETTERS[letter] + out
    return out


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def uuid(text):
    h = digest(text)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


class Draw:
    """What is random about object number I of a kind, always the same."""

    def __init__(self, kind, i):
        self.r = random.Random(f"{kind} {i}")
        self.i = i
        self.app = APPS[i % len(APPS)]
        self.tier = self.r.choice(TIERS)
        self.namespace = namespace_name(i % NAMESPACES)
        self.version = f"{self.r.randint(1, 4)}.{self.r.randint(0, 30)}.{self.r.randint(0, 9)}"
        self.name = f"{self.app}-{i:05d}"

    def labels(self):
        return {
            "app": self.app,
            "app.kubernetes.io/component": self.tier,
            "app.kubernetes.io/instance": self.name,
            "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/name": self.app,
            "app.kubernetes.io/part-of": "storefront",
            "app.kubernetes.io/version": self.version,
            "helm.sh/chart": f"{self.app}-{self.version}",
        }

    def annotations(self):
        return {
            "meta.helm.sh/release-name": self.name,
            "meta.helm.sh/release-namespace": self.namespace,
        }

    def metadata(self, **more):
        return {"name": self.name, "namespace": self.namespace,
                "labels": self.labels(), "annotations": self.annotations(), **more}


def namespace_name(i):
    return f"team-{i:02d}"


# Pods and what makes pods

def pod_labels(d):
    return {
        "app": d.app,
        "app.kubernetes.io/component": d.tier,
        "app.kubernetes.io/instance": d.name,
        "app.kubernetes.io/name": d.app,
        "app.kubernetes.io/version": d.version,
    }


def pod_template(d):
    """A service with its settings."""
    port = 8080 + d.i % 10
    env = [
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "JAVA_TOOL_OPTIONS", "value": f"-XX:MaxRAMPercentage={d.r.randint(50, 80)}.0 -Duser.timezone=UTC"},
        {"name": "DATABASE_URL", "value": f"postgres://{d.app}@db.{d.namespace}.svc:5432/{d.app}?sslmode=require"},
        {"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": f"{d.app}-database", "key": "password"}}},
        {"name": "FEATURES", "value": json.dumps({f"{app}-v2": d.r.random() < 0.5 for app in APPS[::4]})},
    ]
    return {
        "metadata": {
            "labels": pod_labels(d),
            "annotations": {
                "checksum/config": digest(f"config {d.i}"),
                "prometheus.io/port": "9102",
                "prometheus.io/scrape": "true",
            },
        },
        "spec": {
            "serviceAccountName": "default",
            # Pods are bound to nodes without a kubelet: a deletion that has to
            # wait for one would never end.
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsNonRoot": True},
            "containers": [{
                "name": d.app,
                "image": f"registry.{DOMAIN}/storefront/{d.app}:{d.version}",
                "args": [f"--config=/etc/{d.app}/config.yaml", f"--listen=:{port}"],
                "env": env,
                "ports": [{"name": "http", "containerPort": port}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
                "resources": {"requests": {"cpu": f"{d.r.randrange(50, 500, 50)}m",
                                           "memory": f"{d.r.randrange(64, 512, 64)}Mi"}},
                "volumeMounts": [
                    {"name": "config", "mountPath": f"/etc/{d.app}", "readOnly": True},
                    {"name": "scratch", "mountPath": "/tmp"},
                ],
            }],
            "volumes": [
                {"name": "config", "configMap": {"name": f"{d.app}-config"}},
                {"name": "scratch", "emptyDir": {}},
            ],
        },
    }


def pods(d):
    template = pod_template(d)
    revision = suffix(int(digest(d.name)[:10], 16), 10)
    template["metadata"]["labels"]["pod-template-hash"] = revision
    template["metadata"] |= {"name": f"{d.app}-{revision}-{suffix(d.i, 5)}", "namespace": d.namespace}
    template["spec"]["nodeName"] = f"node-{d.i % 200:03d}"
    # As network plugins do: JSON within JSON.
    template["metadata"]["annotations"]["k8s.v1.cni.cncf.io/network-status"] = json.dumps(
        [{"name": "pods", "interface": "eth0", "ips": [pod_address(d.i)], "default": True, "dns": {}}], indent=4)
    return {"apiVersion": "v1", "kind": "Pod", **template, "status": pod_status(d, template["spec"])}


def pod_address(i):
    return f"10.{64 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"


def pod_status(d, spec):
    started = f"2026-11-{d.r.randint(1, 22):02d}T{d.r.randint(0, 23):02d}:{d.r.randint(0, 59):02d}"
    address = pod_address(d.i)
    host = f"192.168.{d.i % 200 // 100}.{d.i % 100 + 10}"
    return {
        "phase": "Running",
        "conditions": [
            {"type": t, "status": "True", "lastProbeTime": None, "lastTransitionTime": f"{started}:{second:02d}Z"}
            for t, second in (("PodReadyToStartContainers", 4), ("Initialized", 1), ("Ready", 9),
                              ("ContainersReady", 9), ("PodScheduled", 1))
        ],
        "containerStatuses": [
            {
                "name": c["name"], "image": c["image"], "ready": True, "started": True,
                "restartCount": d.r.randint(0, 3),
                "imageID": f"{c['image'].rsplit(':', 1)[0]}@sha256:{digest(c['image'])}",
                "containerID": f"containerd://{digest(c['name'] + str(d.i))}",
                "state": {"running": {"startedAt": f"{started}:03Z"}},
                "lastState": {},
            }
            for c in spec["containers"]
        ],
        "hostIP": host, "hostIPs": [{"ip": host}], "podIP": address, "podIPs": [{"ip": address}],
        "startTime": f"{started}:01Z", "qosClass": "Burstable",
    }


def workload(kind, d, **spec):
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": d.metadata(),
            "spec": {"selector": {"matchLabels": {"app.kubernetes.io/instance": d.name}},
                     "template": pod_template(d), **spec}}


def deployments(d):
    """Without replicas: thousands of them cost the controllers nothing."""
    return workload("Deployment", d, replicas=0)


def statefulsets(d):
    return workload("StatefulSet", d, replicas=0, serviceName=d.name)


def daemonsets(d):
    template = pod_template(d)
    template["spec"]["nodeSelector"] = {f"{DOMAIN}/never": "true"}
    return workload("DaemonSet", d, template=template)


def jobs(d):
    template = pod_template(d)
    template["spec"]["restartPolicy"] = "Never"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": d.metadata(),
            "spec": {"suspend": True, "backoffLimit": 2, "template": template}}


def cronjobs(d):
    job = jobs(d)["spec"] | {"suspend": False}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": d.metadata(),
            "spec": {"schedule": f"{d.i % 60} 3 * * *", "suspend": True, "jobTemplate": {"spec": job}}}


# Network, settings, rights

def services(d):
    ports = [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "metrics", "port": 9102}]
    spec = {"selector": {"app.kubernetes.io/instance": d.name}, "ports": ports}
    if d.i % 10 == 0:
        spec["clusterIP"] = "None"
    return {"apiVersion": "v1", "kind": "Service", "metadata": d.metadata(), "spec": spec}


def ingresses(d):
    host = f"{d.name}.{DOMAIN}"
    backend = {"service": {"name": d.name, "port": {"name": "http"}}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": d.metadata(),
            "spec": {"ingressClassName": "nginx", "tls": [{"hosts": [host], "secretName": f"{d.name}-tls"}],
                     "rules": [{"host": host, "http": {"paths": [
                         {"path": "/", "pathType": "Prefix", "backend": backend}]}}]}}


def networkpolicies(d):
    peer = [{"podSelector": {"matchLabels": {"app": "gateway"}}}]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": d.metadata(),
            "spec": {"podSelector": {"matchLabels": pod_labels(d)}, "policyTypes": ["Ingress"],
                     "ingress": [{"from": peer, "ports": [{"port": 8080, "protocol": "TCP"}]}]}}


def configmaps(d):
    text = "".join(f"{key}: {d.r.randint(1, 9999)}\n" for key in
                   ("cache.size", "queue.depth", "retry.limit", "timeout.ms", "workers"))
    # Text that a scanner of JSON has to take as it is: escapes, braces, other scripts.
    note = 'a "quoted" {brace}, a tab\t, a path C:\\temp, caf\u00e9, \u6d4b\u8bd5, \U0001f680'
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": d.metadata(),
            "data": {"config.yaml": text, "note.txt": note}}


def secrets(d):
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": d.metadata(),
            "stringData": {"username": d.app, "password": digest(f"password {d.i}")[:20]}}


def serviceaccounts(d):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": d.metadata()}


def roles(d):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": d.metadata(),
            "rules": [{"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list", "watch"]}]}


def rolebindings(d):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": d.metadata(),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": d.name},
            "subjects": [{"kind": "ServiceAccount", "name": d.name, "namespace": d.namespace}]}


def persistentvolumeclaims(d):
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": d.metadata(),
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard",
                     "resources": {"requests": {"storage": f"{d.r.randint(1, 64)}Gi"}}}}


# Cluster-wide

def namespaces(d):
    return {"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace_name(d.i), "labels": {"team": f"{d.i:02d}"}}}


def nodes(d):
    name = f"node-{d.i:03d}"
    size = {"cpu": "16", "memory": "65536Mi", "pods": "250", "ephemeral-storage": "200Gi"}
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {
                "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                "topology.kubernetes.io/zone": f"zone-{'abc'[d.i % 3]}"}},
            "spec": {"podCIDR": f"10.{64 + (d.i >> 8)}.{d.i & 255}.0/24"},
            "status": {"capacity": size, "allocatable": size,
                       "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady",
                                       "lastHeartbeatTime": "2026-11-22T10:00:00Z",
                                       "lastTransitionTime": "2026-11-22T10:00:00Z"}],
                       "nodeInfo": {"architecture": "amd64", "bootID": uuid(f"boot {d.i}"),
                                    "containerRuntimeVersion": "containerd://2.1.4",
                                    "kernelVersion": "6.1.0-40-amd64", "kubeProxyVersion": "",
                                    "kubeletVersion": "v1.36.3", "machineID": digest(f"machine {d.i}")[:32],
                                    "operatingSystem": "linux", "osImage": "Debian GNU/Linux 12 (bookworm)",
                                    "systemUUID": uuid(f"system {d.i}")}}}


def crds(d):
    """Number 0 is the kind of which `widgets` are; others are alike, and empty."""
    kind = "Widget" if d.i == 0 else f"Widget{d.i}"
    plural = kind.lower() + "s"
    schema = {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
            "size": {"type": "integer"}, "colour": {"type": "string"},
            "settings": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{DOMAIN}"},
            "spec": {"group": DOMAIN, "scope": "Namespaced",
                     "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                     "versions": [{"name": "v1", "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}]}}


def widgets(d):
    # 2^53 + 1: what a JSON library that knows doubles only changes.
    return {"apiVersion": f"{DOMAIN}/v1", "kind": "Widget", "metadata": d.metadata(),
            "spec": {"size": 9007199254740993 + d.i, "colour": d.r.choice(("red", "green", "blue")),
                     "settings": {"nested": [[1, 1.5], {"deep": {"deeper": [None, True]}}]}}}


KINDS = {f.__name__: f for f in (
    namespaces, nodes, crds, widgets, pods, deployments, statefulsets, daemonsets, jobs, cronjobs, services,
    ingresses, networkpolicies, configmaps, secrets, serviceaccounts, roles, rolebindings, persistentvolumeclaims)}


def main():
    if sys.argv[1:] == ["kinds"]:
        print(*KINDS)
        return
    try:
        make, count = KINDS[sys.argv[1]], int(sys.argv[2])
        start = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    except (IndexError, KeyError, ValueError):
        print("usage: generate.py KIND COUNT [START]", file=sys.stderr)
        sys.exit(100)
    for i in range(start, start + count):
        print(json.dumps(make(Draw(make.__name__, i)), separators=(",", ":"), ensure_ascii=False))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    main()
