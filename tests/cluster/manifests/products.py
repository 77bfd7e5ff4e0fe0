"""products - infrastructure as its own charts and manifests install it: images,
labels, ports, names and arguments are theirs, all else is left out."""
import json

from .kinds import (
    account, chart, cluster_rights, configmap, container, crds, cronjob, daemonset, deployment,
    digest, ingress, job, namespace, obj, release_record, released, rights, secret, service,
    statefulset, webhook)

VERSIONS = {
    "istio": "1.27.1", "linkerd": "stable-2.14.10", "prometheus-operator": "v0.86.1", "prometheus": "v3.7.3",
    "alertmanager": "v0.28.1", "node-exporter": "v1.9.1", "kube-state-metrics": "v2.17.0", "grafana": "12.2.1",
    "cert-manager": "v1.18.2", "ingress-nginx": "v1.13.3", "argocd": "v3.1.9", "flux": "v2.7.3",
    "nats": "2.12.1-alpine", "redis": "8.2.2", "meshery": "stable-v0.8.150",
}


def istio():
    ns, version = "istio-system", VERSIONS["istio"]
    common = {"app.kubernetes.io/part-of": "istio", "app.kubernetes.io/managed-by": "Helm",
              "app.kubernetes.io/version": version, "helm.sh/chart": f"istiod-{version}",
              "install.operator.istio.io/owning-resource": "unknown", "istio.io/rev": "default"}
    pilot = common | {"app": "istiod", "app.kubernetes.io/name": "istiod", "operator.istio.io/component": "Pilot"}
    yield namespace(ns)
    base = {"app": "istio-pilot", "chart": "istio", "release": "istio-base"}
    yield from crds("networking.istio.io", "v1", (
        "DestinationRule destinationrules", "EnvoyFilter envoyfilters", "Gateway gateways",
        "ProxyConfig proxyconfigs", "ServiceEntry serviceentries", "Sidecar sidecars",
        "VirtualService virtualservices", "WorkloadEntry workloadentries", "WorkloadGroup workloadgroups"), base)
    yield from crds("security.istio.io", "v1", (
        "AuthorizationPolicy authorizationpolicies", "PeerAuthentication peerauthentications",
        "RequestAuthentication requestauthentications"), base)
    yield from crds("telemetry.istio.io", "v1", ("Telemetry telemetries",), base)
    yield from crds("extensions.istio.io", "v1alpha1", ("WasmPlugin wasmplugins",), base)
    yield account(ns, "istiod", pilot)
    yield account(ns, "istio-ingressgateway")
    yield from cluster_rights(ns, "istiod-clusterrole-istio-system", (
        "networking.istio.io/virtualservices,gateways:get,watch,list", "nodes,pods,services:get,watch,list"),
        pilot, account="istiod")
    yield from rights(ns, "istiod", pilot)
    yield configmap(ns, "istio", {
        "mesh": "defaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\nrootNamespace: istio-system\n",
        "meshNetworks": "networks: {}"}, pilot, released("istiod", ns))
    yield configmap(ns, "istio-sidecar-injector", {"values": json.dumps({"global": {"tag": version}})}, pilot)
    yield service(ns, "istiod", {"app": "istiod", "istio": "pilot"}, (
        "grpc-xds:15010", "https-dns:15012", "https-webhook:443", "http-monitoring:15014"), labels=pilot)
    yield deployment(ns, "istiod", {"app": "istiod", "istio": "pilot"}, [container(
        "discovery", f"docker.io/istio/pilot:{version}",
        args=("discovery", "--monitoringAddr=:15014", "--log_output_level=default:info", "--domain", "cluster.local"),
        env={"REVISION": "default", "PILOT_CERT_PROVIDER": "istiod", "CLUSTER_ID": "Kubernetes"},
        ports=("http-debug:8080", "grpc-xds:15010", "tls-xds:15012", "https-webhooks:15017", "http-monitoring:15014"))],
        labels=pilot, annotations=released("istiod", ns), account="istiod", replicas=2,
        pod_labels={"sidecar.istio.io/inject": "false", "istio.io/dataplane-mode": "none"},
        pod_annotations={"prometheus.io/port": "15014", "prometheus.io/scrape": "true",
                         "sidecar.istio.io/inject": "false"})
    gateway = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
    yield deployment(ns, "istio-ingressgateway", gateway, [container(
        "istio-proxy", f"docker.io/istio/proxyv2:{version}",
        args=("proxy", "router", "--domain", "$(POD_NAMESPACE).svc.cluster.local"),
        ports=("http-envoy-prom:15090", 8080, 8443))],
        labels={"operator.istio.io/component": "IngressGateways", "istio.io/rev": "default"},
        account="istio-ingressgateway", pod_annotations={"inject.istio.io/templates": "gateway"})
    yield service(ns, "istio-ingressgateway", gateway, ("status-port:15021", "http2:80", "https:443"),
                  kind="LoadBalancer")
    yield webhook("MutatingWebhookConfiguration", "istio-sidecar-injector", ns, "istiod", {"": ["pods"]}, pilot)
    yield webhook("ValidatingWebhookConfiguration", "istio-validator-istio-system", ns, "istiod",
                  {"networking.istio.io": ["*"], "security.istio.io": ["*"]}, pilot)
    yield obj("security.istio.io/v1", "PeerAuthentication", "default", ns, spec={"mtls": {"mode": "STRICT"}})
    yield obj("telemetry.istio.io/v1", "Telemetry", "mesh-default", ns,
              spec={"accessLogging": [{"providers": [{"name": "envoy"}]}]})


def linkerd_proxy():
    return container("linkerd-proxy", f"cr.l5d.io/linkerd/proxy:{VERSIONS['linkerd']}",
                     env={"LINKERD2_PROXY_LOG": "warn,linkerd=info", "LINKERD2_PROXY_CORES": "1"},
                     ports=("linkerd-proxy:4143", "linkerd-admin:4191"))


def linkerd_init():
    return container("linkerd-init", "cr.l5d.io/linkerd/proxy-init:v2.2.3",
                     command=("/usr/lib/linkerd/linkerd2-proxy-init",), args=("--incoming-proxy-port", "4143"))


def linkerd():
    ns, version = "linkerd", VERSIONS["linkerd"]
    yield namespace(ns, {"linkerd.io/is-control-plane": "true"})
    plane = {"linkerd.io/control-plane-ns": ns}
    yield from crds("policy.linkerd.io", "v1beta1", (
        "AuthorizationPolicy authorizationpolicies", "HTTPRoute httproutes",
        "HTTPLocalRateLimitPolicy httplocalratelimitpolicies",
        "MeshTLSAuthentication meshtlsauthentications", "NetworkAuthentication networkauthentications",
        "Server servers", "ServerAuthorization serverauthorizations"), plane)
    yield from crds("linkerd.io", "v1alpha2", ("ServiceProfile serviceprofiles",), plane)
    yield from crds("workload.linkerd.io", "v1beta1", ("ExternalWorkload externalworkloads",), plane)
    yield configmap(ns, "linkerd-config", {
        "values": f"linkerdVersion: {version}\nclusterDomain: cluster.local\n"}, plane)
    yield configmap(ns, "linkerd-identity-trust-roots", {"ca-bundle.crt": digest("linkerd roots")}, plane)
    yield secret(ns, "linkerd-identity-issuer", {"crt.pem": digest("linkerd issuer"), "key.pem": digest("k")}, plane)
    parts = {  # containers, and Services with their port
        "destination": (
            {"destination": "dest-grpc:8086", "sp-validator": "sp-validator:8443", "policy": "policy-grpc:8090"},
            {"linkerd-dst": "grpc:8086", "linkerd-sp-validator": "sp-validator:443", "linkerd-policy": "grpc:8090"}),
        "identity": ({"identity": "ident-grpc:8080"}, {"linkerd-identity": "grpc:8080"}),
        "proxy-injector": ({"proxy-injector": "proxy-injector:8443"},
                           {"linkerd-proxy-injector": "proxy-injector:443"}),
    }
    for part, (containers, services) in parts.items():
        name = f"linkerd-{part}"
        labels = plane | {"app.kubernetes.io/name": part, "app.kubernetes.io/part-of": "Linkerd",
                          "app.kubernetes.io/version": version, "linkerd.io/control-plane-component": part}
        selector = plane | {"linkerd.io/control-plane-component": part, "linkerd.io/proxy-deployment": name}
        images = {"policy": f"cr.l5d.io/linkerd/policy-controller:{version}"}
        yield account(ns, name, plane)
        yield from cluster_rights(ns, f"linkerd-linkerd-{part}", ("pods,services,namespaces:list,get,watch",),
                                  plane, account=name)
        yield deployment(ns, name, selector, [linkerd_proxy()] + [container(
            c, images.get(c, f"cr.l5d.io/linkerd/controller:{version}"), ports=(p,),
            args=(c, "-log-level=info", f"-controller-namespace={ns}")) for c, p in containers.items()],
            labels=labels, annotations={"linkerd.io/created-by": f"linkerd/cli {version}"}, account=name,
            pod_labels={"linkerd.io/workload-ns": ns}, initContainers=[linkerd_init()],
            pod_annotations={"linkerd.io/created-by": f"linkerd/cli {version}", "linkerd.io/proxy-version": version,
                             "linkerd.io/trust-root-sha256": digest("linkerd roots")})
        for service_name, service_port in services.items():
            yield service(ns, service_name, selector, (service_port,), labels=labels)
    yield account(ns, "linkerd-heartbeat", plane)
    yield cronjob(ns, "linkerd-heartbeat", "0 8 * * *", [container(
        "heartbeat", f"cr.l5d.io/linkerd/controller:{version}", args=("heartbeat",))],
        plane | {"app.kubernetes.io/name": "heartbeat", "linkerd.io/control-plane-component": "heartbeat"},
        account="linkerd-heartbeat")
    yield webhook("MutatingWebhookConfiguration", "linkerd-proxy-injector-webhook-config", ns, "linkerd-proxy-injector",
                  {"": ["pods", "services"]}, plane)
    yield webhook("ValidatingWebhookConfiguration", "linkerd-sp-validator-webhook-config", ns, "linkerd-sp-validator",
                  {"linkerd.io": ["serviceprofiles"]}, plane)

    ns = "linkerd-viz"
    yield namespace(ns, {"linkerd.io/extension": "viz"})
    images = {"metrics-api": f"cr.l5d.io/linkerd/metrics-api:{version}", "tap": f"cr.l5d.io/linkerd/tap:{version}",
              "web": f"cr.l5d.io/linkerd/web:{version}", "prometheus": "docker.io/prom/prometheus:v2.55.1"}
    for part, image in images.items():
        selector = {"component": part, "linkerd.io/extension": "viz", "namespace": ns}
        labels = {"app.kubernetes.io/name": part, "app.kubernetes.io/part-of": "Linkerd",
                  "app.kubernetes.io/version": version}
        args = ("-log-level=info",)
        if part == "prometheus":
            args = ("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/data")
        yield account(ns, part, labels)
        yield deployment(ns, part, selector, [container(part, image, args=args, ports=("http:8085",)), linkerd_proxy()],
                         labels=labels, account=part, initContainers=[linkerd_init()],
                         pod_annotations={"linkerd.io/proxy-version": version, "linkerd.io/inject": "enabled"})
        yield service(ns, part, selector, ("http:8085",), labels=labels)
    yield obj("policy.linkerd.io/v1beta1", "Server", "metrics-api", ns, spec={
        "podSelector": {"matchLabels": {"component": "metrics-api"}}, "port": "http", "proxyProtocol": "HTTP/1"})


def monitoring():
    """Prometheus by its operator, with what it scrapes. The operator would make
    the StatefulSets of the Prometheus and Alertmanager objects: done by hand here."""
    ns = "monitoring"
    stack = {"app.kubernetes.io/part-of": "kube-prometheus", "app.kubernetes.io/instance": "k8s"}
    yield namespace(ns)
    yield from crds("monitoring.coreos.com", "v1", (
        "Alertmanager alertmanagers", "PodMonitor podmonitors", "Probe probes", "Prometheus prometheuses",
        "PrometheusRule prometheusrules", "ServiceMonitor servicemonitors", "ThanosRuler thanosrulers"),
        annotations={"operator.prometheus.io/version": VERSIONS["prometheus-operator"].lstrip("v")})
    yield from crds("monitoring.coreos.com", "v1alpha1", (
        "AlertmanagerConfig alertmanagerconfigs", "PrometheusAgent prometheusagents", "ScrapeConfig scrapeconfigs"),
        annotations={"operator.prometheus.io/version": VERSIONS["prometheus-operator"].lstrip("v")})

    def labels(name, component, version):
        return stack | {"app.kubernetes.io/name": name, "app.kubernetes.io/component": component,
                        "app.kubernetes.io/version": VERSIONS[version].lstrip("v")}

    def selector(name):
        return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "kube-prometheus"}

    version = VERSIONS["prometheus-operator"]
    operator = labels("prometheus-operator", "controller", "prometheus-operator")
    yield account(ns, "prometheus-operator", operator)
    yield from cluster_rights(ns, "prometheus-operator", ("monitoring.coreos.com/*:*", "apps/statefulsets:*"), operator)
    yield deployment(ns, "prometheus-operator", selector("prometheus-operator"), [
        container("prometheus-operator", f"quay.io/prometheus-operator/prometheus-operator:{version}",
                  args=("--kubelet-service=kube-system/kubelet", "--prometheus-config-reloader="
                        f"quay.io/prometheus-operator/prometheus-config-reloader:{version}"),
                  ports=("http:8080",)),
        container("kube-rbac-proxy", "quay.io/brancz/kube-rbac-proxy:v0.20.0", ports=("https:8443",))],
        labels=operator, account="prometheus-operator")
    yield service(ns, "prometheus-operator", selector("prometheus-operator"), ("https:8443",), labels=operator,
                  headless=True)

    server = labels("prometheus", "prometheus", "prometheus")
    yield account(ns, "prometheus-k8s", server)
    yield from cluster_rights(ns, "prometheus-k8s", ("nodes:get", "services,endpoints,pods:get,list,watch"), server)
    yield obj("monitoring.coreos.com/v1", "Prometheus", "k8s", ns, server, spec={
        "version": VERSIONS["prometheus"].lstrip("v"), "replicas": 2, "serviceAccountName": "prometheus-k8s",
        "image": f"quay.io/prometheus/prometheus:{VERSIONS['prometheus']}"})
    reloader = container("config-reloader", "quay.io/prometheus-operator/prometheus-config-reloader:"
                         + VERSIONS["prometheus-operator"], ports=("reloader-web:8080",))
    operated = {"app.kubernetes.io/managed-by": "prometheus-operator", "operator.prometheus.io/name": "k8s"}
    yield statefulset(ns, "prometheus-k8s", selector("prometheus") | {"prometheus": "k8s"}, [container(
        "prometheus", f"quay.io/prometheus/prometheus:{VERSIONS['prometheus']}",
        args=("--config.file=/etc/prometheus/config_out/prometheus.env.yaml", "--storage.tsdb.path=/prometheus",
              "--storage.tsdb.retention.time=24h", "--web.enable-lifecycle"), ports=("web:9090",)), reloader],
        labels=server | operated, replicas=2, service="prometheus-operated", account="prometheus-k8s")
    yield service(ns, "prometheus-k8s", selector("prometheus"), ("web:9090", "reloader-web:8080"), labels=server)
    yield service(ns, "prometheus-operated", selector("prometheus"), ("web:9090",),
                  labels={"operated-prometheus": "true"}, headless=True)

    alerts = labels("alertmanager", "alert-router", "alertmanager") | {"app.kubernetes.io/instance": "main"}
    yield account(ns, "alertmanager-main", alerts)
    yield obj("monitoring.coreos.com/v1", "Alertmanager", "main", ns, alerts,
              spec={"version": VERSIONS["alertmanager"].lstrip("v"), "replicas": 3})
    yield secret(ns, "alertmanager-main", {
        "alertmanager.yaml": "route:\n  receiver: Default\nreceivers:\n- name: Default\n"}, alerts)
    yield statefulset(ns, "alertmanager-main", selector("alertmanager"), [container(
        "alertmanager", f"quay.io/prometheus/alertmanager:{VERSIONS['alertmanager']}",
        args=("--config.file=/etc/alertmanager/config_out/alertmanager.env.yaml", "--storage.path=/alertmanager"),
        ports=("web:9093", "mesh-tcp:9094")), reloader], labels=alerts | operated, replicas=3,
        service="alertmanager-operated", account="alertmanager-main")
    yield service(ns, "alertmanager-main", selector("alertmanager"), ("web:9093",), labels=alerts)

    node = labels("node-exporter", "exporter", "node-exporter")
    yield account(ns, "node-exporter", node)
    yield daemonset(ns, "node-exporter", selector("node-exporter"), [container(
        "node-exporter", f"quay.io/prometheus/node-exporter:{VERSIONS['node-exporter']}",
        args=("--web.listen-address=127.0.0.1:9100", "--path.sysfs=/host/sys", "--path.rootfs=/host/root"),
        ports=("http:9100",))], labels=node, account="node-exporter")
    yield service(ns, "node-exporter", selector("node-exporter"), ("https:9100",), labels=node, headless=True)
    state = labels("kube-state-metrics", "exporter", "kube-state-metrics")
    yield account(ns, "kube-state-metrics", state)
    yield from cluster_rights(ns, "kube-state-metrics", (
        "pods,nodes,services:list,watch", "apps/deployments:list,watch"), state)
    yield deployment(ns, "kube-state-metrics", selector("kube-state-metrics"), [container(
        "kube-state-metrics", f"registry.k8s.io/kube-state-metrics/kube-state-metrics:{VERSIONS['kube-state-metrics']}",
        ports=("http-metrics:8080", "telemetry:8081"))], labels=state, account="kube-state-metrics")
    yield service(ns, "kube-state-metrics", selector("kube-state-metrics"), ("http-metrics:8080", "telemetry:8081"),
                  labels=state, headless=True)
    for name in ("alertmanager-main", "coredns", "grafana", "kube-apiserver", "kube-state-metrics", "kubelet",
                 "node-exporter", "prometheus-k8s", "prometheus-operator"):
        yield obj("monitoring.coreos.com/v1", "ServiceMonitor", name, ns, stack, spec={
            "endpoints": [{"port": "web", "interval": "30s"}],
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}}})
    for name in ("general", "kubernetes-apps", "kubernetes-resources", "kubernetes-system", "node"):
        rule = {"alert": "TargetDown", "for": "10m", "labels": {"severity": "warning"},
                "expr": "100 * (count(up == 0) by (job) / count(up) by (job)) > 10",
                "annotations": {"summary": "{{ $value }}% of {{ $labels.job }} are down"}}
        yield obj("monitoring.coreos.com/v1", "PrometheusRule", f"{name}-rules", ns, stack | {"role": "alert-rules"},
                  spec={"groups": [{"name": name, "rules": [rule]}]})


def grafana():
    ns = "monitoring"
    labels = chart("grafana", "10.1.4", VERSIONS["grafana"], **{"app.kubernetes.io/name": "grafana"})
    helm = released("grafana", ns)
    selector = {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "grafana"}
    yield release_record(ns, "grafana", 4)
    yield account(ns, "grafana", labels, helm)
    yield secret(ns, "grafana", {"admin-user": "admin", "admin-password": "not-a-real-password"}, labels, helm)
    yield configmap(ns, "grafana", {
        "grafana.ini": "[analytics]\ncheck_for_updates = false\n[server]\ndomain = 'grafana.example.com'\n",
        "datasources.yaml": "datasources:\n- name: Prometheus\n  url: http://prometheus-k8s.monitoring.svc:9090\n"},
        labels, helm)
    for board in ("apiserver", "cluster-total", "namespace-by-pod", "nodes", "workload-total"):
        panels = [{"id": i, "type": "graph", "targets": [{"expr": f'rate(x_total{{panel="{i}"}}[5m])'}]}
                  for i in range(12)]
        yield configmap(ns, f"grafana-dashboard-{board}", {
            f"{board}.json": json.dumps({"title": board, "panels": panels}, indent=2)}, {"grafana_dashboard": "1"}, helm)
    yield deployment(ns, "grafana", selector, [
        container("grafana-sc-dashboard", "quay.io/kiwigrid/k8s-sidecar:1.30.11", env={"LABEL": "grafana_dashboard"}),
        container("grafana", f"docker.io/grafana/grafana:{VERSIONS['grafana']}", ports=("grafana:3000",))],
        labels=labels, annotations=helm, account="grafana", pod_annotations={"checksum/config": digest("grafana")})
    yield service(ns, "grafana", selector, ("service:80",), labels=labels, annotations=helm)
    yield ingress(ns, "grafana", "grafana.example.com", "grafana", 80, labels, helm)


def cert_manager():
    ns, version = "cert-manager", VERSIONS["cert-manager"]
    common = chart("cert-manager", version, version)
    helm = released("cert-manager", ns)
    yield namespace(ns)
    yield release_record(ns, "cert-manager", 1)
    crd = {"app": "cert-manager", "app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/version": version,
           "app.kubernetes.io/instance": "cert-manager"}
    yield from crds("cert-manager.io", "v1", ("Certificate certificates", "CertificateRequest certificaterequests",
                                              "ClusterIssuer clusterissuers*", "Issuer issuers"), crd)
    yield from crds("acme.cert-manager.io", "v1", ("Challenge challenges", "Order orders"), crd)
    for name, app, component, ports in (
            ("cert-manager", "cert-manager", "controller", ("http-metrics:9402", "http-healthz:9403")),
            ("cert-manager-cainjector", "cainjector", "cainjector", ("http-metrics:9402",)),
            ("cert-manager-webhook", "webhook", "webhook", ("https:10250", "healthcheck:6080", "http-metrics:9402"))):
        labels = common | {"app": app, "app.kubernetes.io/name": app, "app.kubernetes.io/component": component}
        selector = {"app.kubernetes.io/name": app, "app.kubernetes.io/instance": "cert-manager",
                    "app.kubernetes.io/component": component}
        yield account(ns, name, labels, helm)
        yield from rights(ns, f"{name}:leaderelection", labels, account=name)
        yield deployment(ns, name, selector, [container(
            f"cert-manager-{component}", f"quay.io/jetstack/cert-manager-{component}:{version}",
            args=("--v=2", "--leader-election-namespace=kube-system"), ports=ports)], labels=labels, annotations=helm,
            account=name, pod_annotations={"prometheus.io/path": "/metrics", "prometheus.io/port": "9402",
                                           "prometheus.io/scrape": "true"})
        own = "https:443" if app == "webhook" else "tcp-prometheus-servicemonitor:9402"
        yield service(ns, name, selector, (own,), labels=labels, annotations=helm)
    for part in ("issuers", "clusterissuers", "certificates", "orders", "challenges", "ingress-shim"):
        rule = "cert-manager.io/certificates,issuers,clusterissuers:get,list,watch,update"
        yield from cluster_rights(ns, f"cert-manager-controller-{part}", (rule,), common, account="cert-manager")
    yield job(ns, "cert-manager-startupapicheck", [container(
        "cert-manager-startupapicheck", f"quay.io/jetstack/cert-manager-startupapicheck:{version}",
        args=("check", "api", "--wait=1m"))], common | {"app": "startupapicheck"}, {"helm.sh/hook": "post-install"})
    yield webhook("ValidatingWebhookConfiguration", "cert-manager-webhook", ns, "cert-manager-webhook",
                  {"cert-manager.io": ["*/*"], "acme.cert-manager.io": ["*/*"]}, common)
    for name, server in (("letsencrypt", "acme-v02"), ("letsencrypt-staging", "acme-staging-v02")):
        yield obj("cert-manager.io/v1", "ClusterIssuer", name, spec={"acme": {
            "server": f"https://{server}.api.letsencrypt.org/directory", "email": "ops@example.com",
            "privateKeySecretRef": {"name": name},
            "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}]}})


def ingress_nginx():
    ns, version = "ingress-nginx", VERSIONS["ingress-nginx"]
    labels = chart("ingress-nginx", "4.13.3", version.lstrip("v"), **{
        "app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/part-of": "ingress-nginx",
        "app.kubernetes.io/component": "controller"})
    helm = released("ingress-nginx", ns)
    selector = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/instance": "ingress-nginx",
                "app.kubernetes.io/component": "controller"}
    yield namespace(ns)
    yield release_record(ns, "ingress-nginx", 2)
    yield account(ns, "ingress-nginx", labels, helm)
    yield from cluster_rights(ns, "ingress-nginx", ("networking.k8s.io/ingresses:get,list,watch",
                                                    "services,secrets,configmaps:list,watch"), labels)
    yield from rights(ns, "ingress-nginx", labels)
    yield configmap(ns, "ingress-nginx-controller", {"allow-snippet-annotations": "false"}, labels, helm)
    # A digest behind the tag, as this product pins its image.
    yield deployment(ns, "ingress-nginx-controller", selector, [container(
        "controller", f"registry.k8s.io/ingress-nginx/controller:{version}@sha256:{digest('ingress-nginx')}",
        args=("/nginx-ingress-controller", "--publish-service=$(POD_NAMESPACE)/ingress-nginx-controller",
              "--election-id=ingress-nginx-leader", "--controller-class=k8s.io/ingress-nginx", "--ingress-class=nginx",
              "--configmap=$(POD_NAMESPACE)/ingress-nginx-controller", "--validating-webhook=:8443"),
        env={"LD_PRELOAD": "/usr/local/lib/libmimalloc.so"}, ports=("http:80", "https:443", "webhook:8443"))],
        labels=labels, annotations=helm, account="ingress-nginx", replicas=2)
    yield service(ns, "ingress-nginx-controller", selector, ("http:80", "https:443"), labels=labels, annotations=helm,
                  kind="LoadBalancer")
    yield service(ns, "ingress-nginx-controller-admission", selector, ("https-webhook:443",), labels=labels,
                  annotations=helm)
    yield job(ns, "ingress-nginx-admission-create", [container(
        "create", "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.3", args=("create", f"--namespace={ns}"))],
        labels | {"app.kubernetes.io/component": "admission-webhook"}, {"helm.sh/hook": "pre-install,pre-upgrade"})
    yield obj("networking.k8s.io/v1", "IngressClass", "nginx", labels=labels, annotations=helm,
              spec={"controller": "k8s.io/ingress-nginx"})
    yield webhook("ValidatingWebhookConfiguration", "ingress-nginx-admission", ns, "ingress-nginx-controller-admission",
                  {"networking.k8s.io": ["ingresses"]}, labels)


def argocd():
    ns, version = "argocd", VERSIONS["argocd"]
    yield namespace(ns)
    yield from crds("argoproj.io", "v1alpha1", ("Application applications", "ApplicationSet applicationsets",
                                                "AppProject appprojects"), {"app.kubernetes.io/part-of": "argocd"})
    image = f"quay.io/argoproj/argocd:{version}"
    parts = {  # name: component, image, service ports, more
        "argocd-applicationset-controller": ("applicationset-controller", image, ("webhook:7000", "metrics:8080")),
        "argocd-dex-server": ("dex-server", "ghcr.io/dexidp/dex:v2.43.1", ("http:5556", "grpc:5557")),
        "argocd-notifications-controller": ("notifications-controller", image, ("metrics:9001",)),
        "argocd-redis": ("redis", "public.ecr.aws/docker/library/redis:7.2.11-alpine", ("tcp-redis:6379",)),
        "argocd-repo-server": ("repo-server", image, ("server:8081", "metrics:8084")),
        "argocd-server": ("server", image, ("http:80", "https:443")),
        "argocd-application-controller": ("application-controller", image, ("metrics:8082",)),
    }
    for name, (component, picture, ports) in parts.items():
        labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd",
                  "app.kubernetes.io/component": component}
        selector = {"app.kubernetes.io/name": name}
        make = statefulset if component == "application-controller" else deployment
        args = ("--save", "", "--appendonly", "no") if component == "redis" else (f"/usr/local/bin/argocd-{component}",)
        yield account(ns, name, labels)
        yield from rights(ns, name, labels)
        inner = tuple(p.partition(":")[0] + f":{8080 + i}" for i, p in enumerate(ports))
        yield make(ns, name, selector, [container(component, picture, args=args, ports=inner)], labels=labels,
                   account=name)
        yield service(ns, name, selector, ports, labels=labels)
    part_of = {"app.kubernetes.io/part-of": "argocd"}
    yield from cluster_rights(ns, "argocd-application-controller", ("*/*:*",), part_of)
    yield from cluster_rights(ns, "argocd-server", (
        "*/*:delete,get,patch", "argoproj.io/applications:get,list,watch"), part_of)
    for name, data in (("argocd-cm", {"url": "https://argocd.example.com",
                                      "application.instanceLabelKey": "argocd.argoproj.io/instance"}),
                       ("argocd-cmd-params-cm", {}), ("argocd-gpg-keys-cm", {}), ("argocd-notifications-cm", {}),
                       ("argocd-rbac-cm", {"policy.default": "role:readonly"}), ("argocd-ssh-known-hosts-cm", {}),
                       ("argocd-tls-certs-cm", {})):
        yield configmap(ns, name, data, part_of | {"app.kubernetes.io/name": name})
    yield secret(ns, "argocd-secret", {"admin.password": digest("argocd"), "server.secretkey": digest("key")}, part_of)
    yield secret(ns, "argocd-initial-admin-secret", {"password": "not-a-real-password"})
    yield obj("argoproj.io/v1alpha1", "AppProject", "default", ns, spec={
        "sourceRepos": ["*"], "destinations": [{"namespace": "*", "server": "*"}]})
    for app in ("payments", "platform"):
        yield obj("argoproj.io/v1alpha1", "Application", app, ns, spec={
            "project": "default", "syncPolicy": {"automated": {"prune": True}},
            "source": {"repoURL": f"https://git.example.com/{app}.git", "path": "deploy", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": app}})


def flux():
    ns = "flux-system"
    common = {"app.kubernetes.io/instance": ns, "app.kubernetes.io/part-of": "flux",
              "app.kubernetes.io/version": VERSIONS["flux"]}
    yield namespace(ns, {"app.kubernetes.io/instance": ns, "app.kubernetes.io/part-of": "flux"})
    yield from crds("source.toolkit.fluxcd.io", "v1", (
        "GitRepository gitrepositories", "HelmRepository helmrepositories", "HelmChart helmcharts",
        "OCIRepository ocirepositories", "Bucket buckets"), common)
    yield from crds("kustomize.toolkit.fluxcd.io", "v1", ("Kustomization kustomizations",), common)
    yield from crds("helm.toolkit.fluxcd.io", "v2", ("HelmRelease helmreleases",), common)
    yield from crds("notification.toolkit.fluxcd.io", "v1beta3", ("Alert alerts", "Provider providers"), common)
    # The parts count their versions on their own; the label has the whole's.
    for name, version in (("source-controller", "v1.7.3"), ("kustomize-controller", "v1.7.2"),
                          ("helm-controller", "v1.4.3"), ("notification-controller", "v1.7.4")):
        labels = common | {"app.kubernetes.io/component": name, "control-plane": "controller"}
        yield account(ns, name, labels)
        yield deployment(ns, name, {"app": name}, [container(
            "manager", f"ghcr.io/fluxcd/{name}:{version}", args=("--log-level=info", "--enable-leader-election"),
            env={"RUNTIME_NAMESPACE": ns}, ports=("http-prom:8080", "healthz:9440"))], labels=labels, account=name,
            pod_annotations={"prometheus.io/port": "8080", "prometheus.io/scrape": "true"})
        yield service(ns, name, {"app": name}, ("http:80",), labels=labels)
    yield from cluster_rights(ns, "cluster-reconciler-flux-system", ("*/*:*",), common, account="kustomize-controller")
    yield obj("source.toolkit.fluxcd.io/v1", "GitRepository", ns, ns, spec={
        "interval": "1m0s", "url": "https://git.example.com/fleet.git", "ref": {"branch": "main"}})
    for app in ("newsletter", "flux-system"):
        yield obj("kustomize.toolkit.fluxcd.io/v1", "Kustomization", app, ns, spec={
            "interval": "10m0s", "path": f"./{app}", "prune": True, "sourceRef": {"kind": "GitRepository", "name": ns}})


def nats():
    ns = "nats"
    labels = chart("nats", "2.12.1", VERSIONS["nats"].partition("-")[0], **{"app.kubernetes.io/name": "nats"})
    helm = released("nats", ns)
    selector = {"app.kubernetes.io/name": "nats", "app.kubernetes.io/instance": "nats",
                "app.kubernetes.io/component": "nats"}
    yield namespace(ns)
    yield release_record(ns, "nats", 1)
    yield configmap(ns, "nats-config", {
        "nats.conf": "port: 4222\nhttp_port: 8222\njetstream { store_dir: /data }\n"}, labels, helm)
    yield statefulset(ns, "nats", selector, [
        container("nats", f"docker.io/library/nats:{VERSIONS['nats']}", args=("--config", "/etc/nats-config/nats.conf"),
                  env={"SERVER_NAME": "$(POD_NAME)"}, ports=("nats:4222", "cluster:6222", "monitor:8222")),
        container("reloader", "docker.io/natsio/nats-server-config-reloader:0.20.1",
                  args=("-pid", "/var/run/nats/nats.pid"))],
        labels=labels, annotations=helm, replicas=3, service="nats-headless", claim="10Gi")
    yield service(ns, "nats", selector, ("nats:4222",), labels=labels, annotations=helm)
    yield service(ns, "nats-headless", selector, ("nats:4222", "cluster:6222", "monitor:8222"), labels=labels,
                  annotations=helm, headless=True)
    yield deployment(ns, "nats-box", {"app.kubernetes.io/component": "nats-box", "app.kubernetes.io/instance": "nats"}, [
        container("nats-box", "docker.io/natsio/nats-box:0.19.0", args=("sh", "-ec", "sleep infinity"))],
        labels=labels, annotations=helm)
    yield obj("policy/v1", "PodDisruptionBudget", "nats", ns, labels, helm, spec={
        "maxUnavailable": 1, "selector": {"matchLabels": selector}})


def redis():
    ns = "redis"
    labels = chart("redis", "1.4.5", VERSIONS["redis"], **{"app.kubernetes.io/name": "redis"})
    helm = released("redis", ns)
    selector = {"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": "redis"}
    yield namespace(ns)
    yield release_record(ns, "redis", 1)
    yield secret(ns, "redis", {"password": "not-a-real-password"}, labels, helm)
    yield configmap(ns, "redis-config", {"redis.conf": "maxmemory 256mb\nmaxmemory-policy allkeys-lru\n"}, labels, helm)
    yield statefulset(ns, "redis", selector, [
        container("redis", f"docker.io/library/redis:{VERSIONS['redis']}", command=("redis-server",),
                  args=("/etc/redis/redis.conf",), ports=("redis:6379",)),
        container("metrics", "docker.io/oliver006/redis_exporter:v1.78.0", ports=("metrics:9121",))],
        labels=labels, annotations=helm, replicas=3, service="redis-headless", claim="5Gi")
    yield service(ns, "redis", selector, ("redis:6379",), labels=labels, annotations=helm)
    yield service(ns, "redis-headless", selector, ("redis:6379",), labels=labels, annotations=helm, headless=True)


def meshery():
    ns, version = "meshery", VERSIONS["meshery"]
    yield namespace(ns)
    yield from crds("meshery.io", "v1alpha1", ("Broker brokers", "MeshSync meshsyncs"))
    labels = chart("meshery", "0.8.150", version, **{"app.kubernetes.io/name": "meshery"})
    helm = released("meshery", ns)
    selector = {"app.kubernetes.io/name": "meshery", "app.kubernetes.io/instance": "meshery"}
    yield release_record(ns, "meshery", 1)
    yield account(ns, "meshery-server", labels, helm)
    yield from cluster_rights(ns, "meshery-server", ("*/*:*",), labels)
    yield deployment(ns, "meshery", selector, [container(
        "meshery", f"docker.io/meshery/meshery:{version}", ports=("http:8080",),
        env={"EVENT": "mesheryLocal", "PROVIDER_BASE_URLS": "https://cloud.example.com", "PLAYGROUND": "false"})],
        labels=labels, annotations=helm, account="meshery-server")
    yield service(ns, "meshery", selector, ("http:9081",), labels=labels, annotations=helm, kind="NodePort")
    operator = {"app": "meshery", "component": "operator"}
    yield account(ns, "meshery-operator", operator)
    yield from cluster_rights(ns, "meshery-operator-role", (
        "meshery.io/brokers,meshsyncs:*", "apps/deployments,statefulsets:*"), operator, account="meshery-operator")
    yield deployment(ns, "meshery-operator", operator, [container(
        "manager", f"docker.io/meshery/meshery-operator:{version}", command=("/manager",),
        args=("--enable-leader-election",), ports=("server:9443",))], account="meshery-operator")
    yield obj("meshery.io/v1alpha1", "Broker", "meshery-broker", ns, spec={"size": 1})
    yield obj("meshery.io/v1alpha1", "MeshSync", "meshery-meshsync", ns, spec={
        "size": 1, "broker": {"native": {"name": "meshery-broker", "namespace": ns}}})
    yield statefulset(ns, "meshery-broker", {"app": "meshery", "component": "broker"}, [
        container("nats", "docker.io/library/nats:2.10.22-alpine3.20", args=("-c", "/etc/nats-config/nats.conf"),
                  ports=("client:4222", "monitor:8222")),
        container("reloader", "docker.io/natsio/nats-server-config-reloader:0.16.0")])
    yield service(ns, "meshery-broker", {"app": "meshery", "component": "broker"}, ("client:4222", "monitor:8222"),
                  kind="LoadBalancer")
    yield configmap(ns, "meshery-nats-config", {"nats.conf": "port: 4222\nmonitor_port: 8222\n"})
    yield deployment(ns, "meshery-meshsync", {"app": "meshery", "component": "meshsync"}, [container(
        "meshsync", f"docker.io/meshery/meshsync:{version}", args=("--broker-url", "$(BROKER_URL)"),
        env={"BROKER_URL": "meshery-broker.meshery.svc:4222"}, ports=("health:11000",))], account="meshery-operator")


def rabbitmq():
    """Not there at the beginning: it comes with the changes."""
    ns = "rabbitmq"
    labels = chart("rabbitmq", "16.0.14", "4.1.4", **{"app.kubernetes.io/name": "rabbitmq"})
    selector = {"app.kubernetes.io/name": "rabbitmq", "app.kubernetes.io/instance": "rabbitmq"}
    helm = released("rabbitmq", ns)
    yield namespace(ns)
    yield release_record(ns, "rabbitmq", 1)
    yield secret(ns, "rabbitmq", {"rabbitmq-password": "not-a-real-password"}, labels, helm)
    yield statefulset(ns, "rabbitmq", selector, [container(
        "rabbitmq", "docker.io/library/rabbitmq:4.1.4-management", ports=("amqp:5672", "http-stats:15672"))],
        labels=labels, annotations=helm, replicas=3, service="rabbitmq-headless")
    yield service(ns, "rabbitmq", selector, ("amqp:5672", "http-stats:15672"), labels=labels, annotations=helm)
    yield service(ns, "rabbitmq-headless", selector, ("amqp:5672",), labels=labels, annotations=helm, headless=True)


ALL = (istio, linkerd, monitoring, grafana, cert_manager, ingress_nginx, argocd, flux, nats, redis, meshery)
