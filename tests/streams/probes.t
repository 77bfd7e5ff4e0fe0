#!/usr/bin/python3
"""Where products tell their versions: each signature that is built in asks the
right part, and reads what that part answers. The answers are cut down to what
matters, as the products' sources and documentation have them; those of etcd,
NATS, Prometheus and its exporters were also seen on running ones."""
import json
import os
import signal
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

program = os.path.join(os.environ.get("BIN", here + "/../../build"),
                       "ms-fingerprint")


def metric(name, labels):
    return "# TYPE %s gauge\n%s{%s} 1\n" % (name, name, labels)


BUILD = 'goversion="go1.21.4",revision="7333465",version="%s"'
PROMETHEUS = '{"status":"success","data":{"version":"%s","goVersion":"go1"}}'

# image, its args, where, the answer, the version
PRODUCTS = [
    ("prom/prometheus", "", "http 9090 /api/v1/status/buildinfo",
     PROMETHEUS % "2.53.1", "2.53.1"),
    ("prom/alertmanager", "", "http 9093 /api/v2/status",
     '{"cluster":{},"versionInfo":{"goVersion":"go1","version":"0.27.0"}}',
     "0.27.0"),
    ("prom/pushgateway", "", "http 9091 /api/v1/status",
     '{"data":{"build_information":{"version":"1.9.0"}}}', "1.9.0"),
    ("prom/node-exporter", "", "http 9100 /metrics?collect[]=time",
     metric("node_exporter_build_info", BUILD % "1.8.2"), "1.8.2"),
    ("prom/blackbox-exporter", "", "http 9115 /metrics",
     metric("blackbox_exporter_build_info", BUILD % "0.25.0"), "0.25.0"),
    ("prometheus-operator/prometheus-operator", "", "http 8080 /metrics",
     metric("prometheus_operator_build_info", BUILD % "0.76.0"), "0.76.0"),
    ("oliver006/redis_exporter", "", "http 9121 /metrics",
     metric("redis_exporter_build_info",
            'commit_sha="x",golang_version="go1.17",version="v1.62.0"'),
     "1.62.0"),
    ("registry.k8s.io/kube-state-metrics/kube-state-metrics", "",
     "http 8081 /metrics",
     metric("kube_state_metrics_build_info", BUILD % "v2.13.0"), "2.13.0"),
    ("grafana/alloy", "", "http 12345 /metrics",
     metric("alloy_build_info", BUILD % "v1.3.1"), "1.3.1"),
    ("grafana/grafana", "", "http 3000 /api/health",
     '{"commit":"x","database":"ok","version":"11.2.0"}', "11.2.0"),
    ("grafana/loki", "", "http 3100 /loki/api/v1/status/buildinfo",
     '{"version":"3.1.1","revision":"x"}', "3.1.1"),
    ("grafana/tempo", "", "http 3200 /api/status/buildinfo",
     '{"version":"2.6.0","revision":"x"}', "2.6.0"),
    ("grafana/mimir", "", "http 8080 /api/v1/status/buildinfo",
     PROMETHEUS % "2.13.0", "2.13.0"),
    ("coredns/coredns", "", "http 9153 /metrics",
     metric("coredns_build_info", BUILD % "1.11.3"), "1.11.3"),
    ("registry.k8s.io/ingress-nginx/controller", "", "http 10254 /metrics",
     metric("nginx_ingress_controller_build_info",
            'build="a25",controller_pod="p",release="v1.11.2",repository="r"'),
     "1.11.2"),
    ("registry.k8s.io/external-dns/external-dns", "", "http 7979 /metrics",
     metric("external_dns_build_info", BUILD % "v0.15.0"), "0.15.0"),
    ("registry.k8s.io/kube-apiserver", "", "https 6443 /version",
     '{"major":"1","gitVersion":"v1.31.1","platform":"linux/amd64"}',
     "1.31.1"),
    ("quay.io/coreos/etcd", "", "http 2379 /version",
     '{"etcdserver":"3.5.15","etcdcluster":"3.5.0"}', "3.5.15"),
    ("library/nats", "", "http 8222 /varz",
     '{"server_id":"N","version":"2.10.20","proto":1}', "2.10.20"),
    ("istio/pilot", "", "http 15014 /version",
     "1.23.1-f4ea0a4-Clean", "1.23.1"),
    ("argoproj/argocd", "argocd-server", "https 8080 /api/version",
     '{"Version":"v2.12.3+6b9cd82"}', "2.12.3"),
    ("hashicorp/vault", "", "http 8200 /v1/sys/health?standbyok=true&"
     "perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200",
     '{"initialized":true,"sealed":false,"version":"1.17.5"}', "1.17.5"),
    ("library/elasticsearch", "", "http 9200 /",
     '{"name":"x","version":{"number":"8.15.1","lucene_version":"9.11.1"}}',
     "8.15.1"),
    ("opensearchproject/opensearch", "", "http 9200 /",
     '{"version":{"distribution":"opensearch","number":"2.16.0"}}', "2.16.0"),
    ("kibana/kibana", "", "http 5601 /api/status",
     '{"name":"x","version":{"number":"8.15.1","build_number":1}}', "8.15.1"),
    ("logstash/logstash", "", "http 9600 /",
     '{"host":"x","version":"8.15.1","http_address":"0.0.0.0:9600"}',
     "8.15.1"),
    ("fluent/fluent-bit", "", "http 2020 /",
     '{"fluent-bit":{"version":"3.1.7","edition":"Community"}}', "3.1.7"),
    ("library/influxdb", "", "http 8086 /health",
     '{"name":"influxdb","status":"pass","version":"v2.7.10"}', "2.7.10"),
    ("library/couchdb", "", "http 5984 /",
     '{"couchdb":"Welcome","version":"3.3.3","vendor":{"version":"1"}}',
     "3.3.3"),
    ("library/sonarqube", "", "http 9000 /api/server/version",
     "10.6.0.92116", "10.6.0.92116"),
    ("gitea/gitea", "", "http 3000 /api/v1/version",
     '{"version":"1.22.2"}', "1.22.2"),
    ("library/traefik", "", "http 8080 /api/version",
     '{"Version":"3.1.3","Codename":"comte"}', "3.1.3"),
    ("goharbor/harbor-core", "", "http 8080 /api/v2.0/systeminfo",
     '{"auth_mode":"db_auth","harbor_version":"v2.11.1-6b7ecba1"}',
     "2.11.1"),
    ("meshery/meshery", "", "http 8080 /api/system/version",
     '{"build":"v0.7.99","latest":"v0.7.100","outdated":true}', "0.7.99"),
]


def put(p, *records):
    for r in records:
        p.stdin.write(json.dumps(r).encode() + b"\n")


def pod(i, image, args):
    return {"type": "ADDED", "ms": {"cluster": "c", "resource": "pods.v1."},
            "object": {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p%d" % i, "namespace": "n"},
        "spec": {"containers": [{"name": "c", "args": args.split(),
                                 "image": "%s@sha256:%064d" % (image, i)}]},
        "status": {"phase": "Running", "conditions": [
            {"type": "Ready", "status": "True"}]}}}


def see(found, r):
    if r["type"] == "AMEND":
        found[int(r["ms"]["name"][1:])] = r["ms"]["prints"][0]


def run():
    """What was asked, and what was found, by pod."""
    p = subprocess.Popen([program, "--probe"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    signal.alarm(20)            # if one is never asked
    put(p, {"type": "SYNC", "ms": {"cluster": "c", "resource": "pods.v1.",
                                   "phase": "begin", "complete": True}})
    put(p, *[pod(i, x[0], x[1]) for i, x in enumerate(PRODUCTS)])
    put(p, {"type": "SYNC", "ms": {"cluster": "c", "phase": "ready",
                                   "complete": True, "resources": {}}})
    asked, found = {}, {}
    try:
        while len(asked) < len(PRODUCTS):
            p.stdin.flush()
            r = json.loads(p.stdout.readline())
            see(found, r)
            o = r.get("object", {})
            if r["type"] != "REQUEST" or o["command"] != "probe":
                continue
            i = int(o["pod"][1:])
            asked[i] = "%s %s %s" % (o.get("scheme", "http"), o["port"],
                                     o["path"])
            put(p, {"type": "ANSWER", "ms": {"cluster": "c", "id": o["id"]},
                    "object": {"command": "probe", "status": 200,
                               "body": PRODUCTS[i][3]}})
    except TimeoutError:
        pass
    p.stdin.close()
    for line in p.stdout:
        see(found, json.loads(line))
    p.wait()
    signal.alarm(0)
    return asked, found


def late(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, late)
asked, found = run()
for i, (image, args, where, body, version) in enumerate(PRODUCTS):
    got = found.get(i, {}).get("version")
    ok(asked.get(i) == where and got == version,
       "%s: %s %s" % (image, asked.get(i), got))
done()
