#include "known.h"

#include <string.h>

#include "diag.h"
#include "tap.h"

static struct signatures s;
static struct catalog c;

static const char *const how_name[] = {"none", "name", "copy", "packaged",
    "retagged", "repo", "helper"};

/* "HOW PRODUCT" */
static void
is(const char *ref, const char *want)
{
	const struct catalog_link *first;
	struct image image;
	enum known how;
	char got[128] = "refused";
	float weight;

	if (image_parse(span_of(ref), &image)) {
		how = known_image(&c, &image, &first, &weight);
		snprintf(got, sizeof(got), "%s%s%s", how_name[how],
		    first ? " " : "",
		    !first ? "" : s.product[first->print->product].id);
	}
	ok(strcmp(got, want) == 0, "%s: %s (wanted %s)", ref, got, want);
}

static void
crd(const char *plural, const char *group, const char *want)
{
	const struct catalog_link *k =
	    catalog_crd(&c, span_of(plural), span_of(group));
	const char *got = k ? s.product[k->print->product].id : "";

	ok(strcmp(got, want) == 0, "CRD %s.%s: %s (wanted %s)", plural, group,
	    got, want);
}

static void
longest_path_decides(void)
{
	is("redis:7", "repo redis");
	is("quay.io/prometheus/prometheus:v3.0.1", "repo prometheus");
	is("quay.io/prometheus/node-exporter", "repo node-exporter");
	is("registry.corp.example/mirror/library/redis:7", "repo redis");
	is("registry.corp.example:5000/quay.io/jetstack/cert-manager-webhook",
	    "repo cert-manager");
	is("public.ecr.aws/docker/library/redis:8", "repo redis");
	is("mirror.gcr.io/library/redis", "repo redis");
	is("arm64v8/redis", "repo redis");
	is("us.gcr.io/k8s-artifacts-prod/ingress-nginx/controller",
	    "repo ingress-nginx");
	is("k8s.gcr.io/kube-proxy:v1.20.0", "repo kube-proxy");
	is("registry.aliyuncs.com/google_containers/etcd:3.5.15-0",
	    "repo etcd");
	is("registry.aliyuncs.com/google_containers/coredns:v1.11.1",
	    "repo coredns");
	is("k8s.gcr.io/metrics-server-amd64:v0.3.6", "repo metrics-server");
	is("602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon-k8s-cni:v1",
	    "repo aws-vpc-cni");
	is("917951871879.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v1",
	    "repo aws-vpc-cni");
}

static void
names_that_share_a_word(void)
{
	is("nginx/nginx-ingress:5.6.0", "repo nginx-ingress-controller");
	is("bitnami/nginx-ingress-controller", "repo ingress-nginx");
	is("quay.io/kubernetes-ingress-controller/nginx-ingress-controller",
	    "repo ingress-nginx");
	is("haproxytech/kubernetes-ingress", "repo haproxy-ingress");
	is("ghcr.io/nginx/kubernetes-ingress", "repo nginx-ingress-controller");
	is("ghcr.io/zalando/postgres-operator",
	    "repo zalando-postgres-operator");
	is("registry.developers.crunchydata.com/crunchydata/postgres-operator",
	    "repo crunchy-postgres-operator");
	is("quay.io/spotahome/redis-operator", "repo redis-operator-spotahome");
	is("quay.io/opstree/redis-operator", "repo redis-operator-opstree");
	is("rook/ceph:v1.15.0", "repo rook");
	is("quay.io/ceph/ceph:v19.2.0", "repo ceph");
	is("kong/kuma-dp:2.9.0", "repo kong-mesh");
	is("kumahq/kuma-dp:2.9.0", "repo kuma");
	is("valkey/valkey:8", "repo valkey");
	is("eqalpha/keydb", "repo keydb");
	is("minio/operator:v6.0.4", "repo minio-operator");
	is("oliver006/redis_exporter:v1.66.0", "repo redis-exporter");
}

static void
packagers_and_mirrors(void)
{
	is("rancher/mirrored-library-nginx:1.24", "repo nginx");
	is("rancher/mirrored-coreos-prometheus-operator:v0.50",
	    "repo prometheus-operator");
	is("rancher/mirrored-prom-node-exporter:v1.0", "repo node-exporter");
	is("rancher/mirrored-metrics-server:v0.7.2", "repo metrics-server");
	is("rancher/mirrored-longhornio-csi-attacher:v4.6",
	    "repo csi-sidecars");
	is("rancher/mirrored-pause:3.6", "helper");
	is("rancher/rancher:v2.9.0", "repo rancher");
	is("cgr.dev/chainguard/redis:latest", "packaged redis");
	is("cgr.dev/acme.example/cert-manager-webhook",
	    "packaged cert-manager");
	is("rancher/hardened-calico:v3.28.1", "packaged calico");
	is("rancher/hardened-k8s-metrics-server:v0.7.1",
	    "packaged metrics-server");
	is("acme/dhi-redis:7.4.1", "packaged redis");
	is("dhi.io/redis:7.4", "packaged redis");
	is("mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.11.3-1",
	    "packaged coredns");
	is("gke.gcr.io/k8s-dns-kube-dns:1.23.0-gke.9", "packaged kube-dns");
	is("public.ecr.aws/eks-distro/kubernetes/kube-proxy:v1.30.0",
	    "packaged kube-proxy");
	is("bitnamilegacy/redis:7", "repo redis");
	is("registry.corp.example/docker-remote/redis:7", "copy redis");
	is("cgr.dev/acme.example/istio-pilot-fips:1.27", "packaged istio");
	is("cgr.dev/chainguard/prometheus-redis-exporter",
	    "packaged redis-exporter");
	is("docker.io/bitnami/fluxcd-notification-controller:1.4.0",
	    "packaged flux");
	is("registry1.dso.mil/ironbank/opensource/metrics-server:v0.7",
	    "packaged metrics-server");
	is("registry.redhat.io/openshift4/ose-prometheus-rhel9:v4.18",
	    "retagged prometheus");
	is("quay.io/openshift/origin-kube-state-metrics:4.18",
	    "retagged kube-state-metrics");
	is("gke.gcr.io/prometheus-engine/operator:v0.15", "none");
	is("registry.corp.example/quay.io_jetstack_cert-manager-webhook:v1.16",
	    "repo cert-manager");
	is("someone/google-containers.kube-proxy:v1.20.0", "repo kube-proxy");
	is("ko://knative.dev/serving/cmd/activator", "repo knative-serving");
	is("gcr.io/knative-releases/knative.dev/serving/cmd/unheard-of",
	    "repo knative-serving");
	is("busybox", "helper");
	is("registry.corp.example/mirror/library/busybox", "helper");
	is("curlimages/curl:8", "helper");
}

static void
nobodys(void)
{
	is("ghcr.io/open-telemetry/demo:3.0.0-kafka", "none");
	is("registry.istio.io/release/examples-bookinfo-mysqldb:1.20.2",
	    "none");
	is("weaveworksdemos/catalogue-db:0.3.5", "none");
	is("robotshop/rs-mongodb", "none");
	is("acme/controller", "none");
	is("acme/operator", "none");
	is("acme/speaker:1.0", "none");
	is("acme/gitjob:1.0", "none");
	is("acme/web:1.0", "none");
	is("acme/release/pilot", "name istio");
	is("someone/redis:7", "name redis");
	is("larribas/mlflow", "repo mlflow");
}

int
main(void)
{
	diag_prog = "catalog_test";
	signatures_init(&s);
	signatures_embedded(&s);
	catalog_build(&c, &s);
	longest_path_decides();
	names_that_share_a_word();
	packagers_and_mirrors();
	nobodys();
	crd("virtualservices", "networking.istio.io", "istio");
	crd("applications", "argoproj.io", "argo-cd");
	crd("workflows", "argoproj.io", "argo-workflows");
	crd("rollouts", "argoproj.io", "argo-rollouts");
	crd("sensors", "argoproj.io", "argo-events");
	crd("unheardof", "argoproj.io", "");
	crd("bundles", "trust.cert-manager.io", "trust-manager");
	crd("orders", "acme.cert-manager.io", "cert-manager");
	crd("experiments", "kubeflow.org", "katib");
	crd("kopfpeerings", "zalando.org", "mysql-operator");
	crd("postgresqls", "acid.zalan.do", "zalando-postgres-operator");
	crd("trafficsplits", "split.smi-spec.io", "");
	crd("gateways", "gateway.networking.k8s.io", "gateway-api");
	crd("sealedsecrets", "bitnami.com", "sealed-secrets");
	crd("tracingpolicies", "cilium.io", "tetragon");
	crd("ciliumnodes", "cilium.io", "cilium");
	crd("prometheuses", "monitoring.coreos.com", "prometheus-operator");
	catalog_free(&c);
	signatures_free(&s);
	return tap_done();
}
