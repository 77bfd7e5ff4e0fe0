"""kinds - builders of Kubernetes objects: what their API demands, and no more."""
import base64
import hashlib


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def uuid(text):
    h = digest(text)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def obj(api, kind, name, namespace=None, labels=None, annotations=None, **body):
    metadata = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}


def namespace(name, labels=None):
    return obj("v1", "Namespace", name, labels=labels)


def container(name, image, *, ports=(), args=None, env=None, command=None, **more):
    """ports: "http:8080" or 8080; env: a mapping."""
    out = {"name": name, "image": image, **more}
    if command:
        out["command"] = list(command)
    if args:
        out["args"] = list(args)
    if env:
        out["env"] = [{"name": k, "value": v} for k, v in env.items()]
    if ports:
        out["ports"] = [port(p, "containerPort") for p in ports]
    return out


def port(spec, key):
    if isinstance(spec, int):
        return {key: spec}
    name, _, number = spec.partition(":")
    return {"name": name, key: int(number)}


def template(labels, containers, annotations=None, account=None, **spec):
    metadata = {"labels": dict(labels)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    if account:
        spec["serviceAccountName"] = account
    return {"metadata": metadata, "spec": {"containers": containers, **spec}}


def deployment(ns, name, selector, containers, *, labels=None, annotations=None, pod_labels=None,
               pod_annotations=None, account=None, replicas=1, **spec):
    """The selector is on the pods; labels are the Deployment's and theirs; pod_labels theirs alone."""
    labels = selector | (labels or {})
    return obj("apps/v1", "Deployment", name, ns, labels, annotations, spec={
        "replicas": replicas, "selector": {"matchLabels": selector},
        "template": template(labels | (pod_labels or {}), containers, pod_annotations, account, **spec)})


def statefulset(ns, name, selector, containers, *, service=None, claim=None, **more):
    out = deployment(ns, name, selector, containers, **more) | {"kind": "StatefulSet"}
    out["spec"] |= {"serviceName": service or name, "podManagementPolicy": "Parallel"}
    if claim:
        out["spec"]["volumeClaimTemplates"] = [
            {"metadata": {"name": "data"}, "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": claim}}}}]
    return out


def daemonset(ns, name, selector, containers, **more):
    out = deployment(ns, name, selector, containers, **more) | {"kind": "DaemonSet"}
    del out["spec"]["replicas"]
    return out


def job(ns, name, containers, labels=None, annotations=None):
    pod = template(labels or {"job": name}, containers, restartPolicy="Never")
    return obj("batch/v1", "Job", name, ns, labels, annotations, spec={"template": pod})


def cronjob(ns, name, schedule, containers, labels=None, annotations=None, account=None):
    pod = template(labels or {"job": name}, containers, account=account, restartPolicy="Never")
    return obj("batch/v1", "CronJob", name, ns, labels, annotations, spec={
        "schedule": schedule, "jobTemplate": {"spec": {"template": pod}}})


def service(ns, name, selector, ports, *, labels=None, annotations=None, kind=None, headless=False):
    spec = {"selector": selector, "ports": [port(p, "port") for p in ports]}
    if headless:
        spec["clusterIP"] = "None"
    if kind:
        spec["type"] = kind
    return obj("v1", "Service", name, ns, labels or selector, annotations, spec=spec)


def configmap(ns, name, data, labels=None, annotations=None):
    return obj("v1", "ConfigMap", name, ns, labels, annotations, data=data)


def secret(ns, name, data, labels=None, annotations=None, kind="Opaque"):
    encoded = {k: base64.b64encode(v.encode()).decode() for k, v in data.items()}
    return obj("v1", "Secret", name, ns, labels, annotations, type=kind, data=encoded)


def account(ns, name, labels=None, annotations=None):
    return obj("v1", "ServiceAccount", name, ns, labels, annotations)


RBAC = "rbac.authorization.k8s.io"


def cluster_rights(ns, name, rules, labels=None, account=None):
    """A ClusterRole, and that the service account has it. rules: "group/resource,resource:verb,verb"."""
    parsed = []
    for rule in rules:
        what, _, verbs = rule.partition(":")
        group, _, resources = what.rpartition("/")
        parsed.append({"apiGroups": [group], "resources": resources.split(","), "verbs": verbs.split(",")})
    yield obj(f"{RBAC}/v1", "ClusterRole", name, labels=labels, rules=parsed)
    yield obj(f"{RBAC}/v1", "ClusterRoleBinding", name, labels=labels,
              roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
              subjects=[{"kind": "ServiceAccount", "name": account or name, "namespace": ns}])


def rights(ns, name, labels=None, account=None):
    """A Role for leader election, as every controller has one."""
    yield obj(f"{RBAC}/v1", "Role", name, ns, labels, rules=[
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]}])
    yield obj(f"{RBAC}/v1", "RoleBinding", name, ns, labels,
              roleRef={"apiGroup": RBAC, "kind": "Role", "name": name},
              subjects=[{"kind": "ServiceAccount", "name": account or name, "namespace": ns}])


def crds(group, version, kinds, labels=None, annotations=None):
    """kinds: "Kind plural", with * behind the plural for a cluster-wide one."""
    for line in kinds:
        kind, plural = line.rstrip("*").split()
        yield obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}",
                  labels=labels, annotations=annotations, spec={
                      "group": group, "scope": "Cluster" if line.endswith("*") else "Namespaced",
                      "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": kind + "List"},
                      "versions": [{"name": version, "served": True, "storage": True, "subresources": {"status": {}},
                                    "schema": {"openAPIV3Schema": {
                                        "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]})


def webhook(kind, name, ns, target, rules, labels=None):
    """An admission webhook as products have them. Here its selector matches no
    object, because nobody would answer."""
    return obj("admissionregistration.k8s.io/v1", kind, name, labels=labels, webhooks=[{
        "name": f"{name}.{ns}.svc".replace("_", "-"), "failurePolicy": "Ignore", "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "objectSelector": {"matchLabels": {"demo.example.com/never": "true"}},
        "clientConfig": {"service": {"name": target, "namespace": ns, "path": "/admit"}},
        "rules": [{"apiGroups": [g], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": r}
                  for g, r in rules.items()]}])


def ingress(ns, name, host, target, number, labels=None, annotations=None):
    backend = {"service": {"name": target, "port": {"number": number}}}
    return obj("networking.k8s.io/v1", "Ingress", name, ns, labels, annotations, spec={
        "ingressClassName": "nginx", "tls": [{"hosts": [host], "secretName": f"{name}-tls"}],
        "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]})


def chart(name, version, app_version, **more):
    """The labels that most Helm charts put on everything."""
    return {"app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/version": app_version, "helm.sh/chart": f"{name}-{version}", **more}


def released(name, ns):
    """The annotations that Helm itself puts on everything."""
    return {"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": ns}


def release_record(ns, name, revision):
    """What Helm keeps about a release: a Secret, packed."""
    labels = {"name": name, "owner": "helm", "status": "deployed", "version": str(revision)}
    return secret(ns, f"sh.helm.release.v1.{name}.v{revision}", {"release": digest(name) * 8}, labels,
                  kind="helm.sh/release.v1")


def certificate(ns, name, host):
    """A TLS secret as cert-manager fills it, with letters for bytes."""
    body = "-----BEGIN CERTIFICATE-----\n" + digest(host) + "\n-----END CERTIFICATE-----\n"
    return secret(ns, name, {"tls.crt": body, "tls.key": body.replace("CERTIFICATE", "PRIVATE KEY")},
                  {"controller.cert-manager.io/fao": "true"},
                  {"cert-manager.io/alt-names": host, "cert-manager.io/issuer-kind": "ClusterIssuer",
                   "cert-manager.io/issuer-name": "letsencrypt"}, kind="kubernetes.io/tls")
