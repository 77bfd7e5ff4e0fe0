#!/bin/sh
# demo.t - the demo cluster comes up as demo.py means it, and its changes happen.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
cluster_require

cluster_scratch

# get KIND TEMPLATE [NAMESPACE]: a line an object, by a Go template of its fields
get() {
	if [ $# -eq 3 ]; then set -- "$1" "$2" -n "$3"; else set -- "$1" "$2" -A; fi
	kind=$1
	template=$2
	shift 2
	cluster_kubectl get "$kind" "$@" -o go-template="{{range .items}}$template{{\"\\n\"}}{{end}}"
}

# Pods that do not do what they shall; workloads with fewer than wanted.
idle() {
	get pods '{{.status.phase}} {{.metadata.namespace}}/{{.metadata.name}}' | grep -v -e '^Running ' -e '^Succeeded '
	get deployments,statefulsets '{{.spec.replicas}} {{or .status.availableReplicas 0}} {{.metadata.name}}' |
		while read -r wanted there name; do
			[ "$wanted" = "$there" ] || echo "$name has $there of $wanted"
		done
}

designed='{{index .metadata.annotations "designs.meshery.io"}}'
marked='{{with .metadata.annotations}}{{if index . "designs.meshery.io"}}x{{end}}{{end}}'
uid_of_tax() {
	cluster_kubectl get deployment tax -n shop -o jsonpath='{.metadata.uid}'
}

ok 'the cluster starts' cluster_start "$dir/cluster"

ok 'every object of the demo loads, and its pods run' cluster_demo
is 'all pods and workloads are up' "$(idle)" ''
is 'two designs' "$(get deployments "$designed" | grep -c -- '-4')" 19
is 'one design a namespace' "$(get deployments "$designed" shop | sort -u | wc -l)" 1
is 'no pod has its mark' "$(get pods "$marked" | grep -c x)" 0
is 'seven pods with an Istio proxy' \
	"$(get pods '{{range .spec.containers}}{{.name}} {{end}}' | grep -c istio-proxy)" 7
is 'one Pod of the DaemonSet a node' \
	"$(cluster_kubectl get pods -n monitoring -l app.kubernetes.io/name=node-exporter -o jsonpath='{.items[*].spec.nodeName}' |
		tr ' ' '\n' | sort | paste -s -d ' ')" 'node-000 node-001 node-002'

tax=$(uid_of_tax)
ok 'round 1 happens' cluster_demo_changes 1
is 'the cart is scaled and has its new image' \
	"$(cluster_kubectl get deployment cart -n shop -o jsonpath='{.status.availableReplicas} {.spec.template.spec.containers[0].image}')" \
	'4 registry.example.com/shop/cart:2.5.0'
ok 'round 2 happens' cluster_demo_changes 2
is 'Istio is newer' \
	"$(cluster_kubectl get pods -n istio-system -l app=istiod -o jsonpath='{.items[*].spec.containers[0].image}')" \
	'docker.io/istio/pilot:1.27.3 docker.io/istio/pilot:1.27.3'
is 'RabbitMQ came' "$(get pods x rabbitmq | wc -l)" 3
gone() {
	! cluster_kubectl get namespace linkerd-viz
}
ok 'Linkerd Viz went' cluster_wait 30 gone
ok 'round 3 happens' cluster_demo_changes 3
is 'the wishlist went' "$(cluster_kubectl get deployment wishlist -n shop -o name 2>/dev/null)" ''
ok 'tax is another one' test "$tax" -a "$tax" != "$(uid_of_tax)"
is 'all pods and workloads are up' "$(idle)" ''

done_testing
