#!/bin/sh
# smoke.t - the control plane of harness.sh does what the other tests rely on:
# it starts, makes Pods of Deployments, takes many objects of many kinds, forbids
# what it shall forbid, forgets nothing, and leaves nothing behind.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
cluster_require

cluster_scratch

# count KIND [SELECTOR]: as the genuine kubectl sees it
count() {
	cluster_kubectl get "$1" -A -l "${2-}" -o name | wc -l
}

# as USER ARG...: kubectl with the rights of that user
as() {
	user=$1
	shift
	KUBECACHEDIR="$dir/cluster/kubectl-cache" "$CLUSTER_BIN" kubectl --kubeconfig "$dir/cluster/kubeconfig-$user" "$@"
}

processes() {
	cat "$dir"/cluster/*.pid
}

# alive: which of the numbers on stdin
alive() {
	while read -r pid; do
		kill -0 "$pid" 2>/dev/null && echo "$pid"
	done
}

ok "the cluster starts" cluster_start "$dir/cluster"
is "three programs run" "$(processes | wc -l)" 3
is "the server says its version" \
	"$(cluster_kubectl version -o json | grep -c "\"gitVersion\": \"$CLUSTER_VERSION\"")" 2

# A Deployment becomes a ReplicaSet and Pods, which run and go.
cluster_kubectl create deployment web --image=registry.example.com/web:1.2.3 --replicas=3 >/dev/null
three_pods() {
	[ "$(cluster_kubectl get pods -l app=web -o name | wc -l)" = 3 ]
}
ok "a Deployment makes Pods" cluster_wait 30 three_pods
is "owned by its ReplicaSet" \
	"$(cluster_kubectl get pods -l app=web -o jsonpath='{.items[*].metadata.ownerReferences[0].kind}')" \
	"ReplicaSet ReplicaSet ReplicaSet"
ok "the played kubelets run them" cluster_kubelet
ok "the Deployment is available" \
	cluster_kubectl wait deployment/web --for=condition=Available --timeout=20s
cluster_kubectl delete deployment web >/dev/null
ok "its deletion is played, too" cluster_kubelet
is "and no Pod is left" "$(count pods)" 0

# 200 objects of ten kinds; namespaces come first.
cluster_generate namespaces 20 | cluster_load >/dev/null
for kind in configmaps deployments ingresses jobs pods roles secrets serviceaccounts services statefulsets; do
	cluster_generate $kind 20
done >"$dir/objects"
is "200 objects load" "$(cluster_load --with-status <"$dir/objects" | sed 's/ in .*)//')" \
	"create: 200 objects, 0 were so already, 0 failed"
for kind in configmaps deployments ingresses jobs pods roles secrets serviceaccounts services statefulsets; do
	is "20 $kind" "$(count $kind app.kubernetes.io/instance)" 20
done
is "loading them again changes nothing" "$(cluster_load <"$dir/objects" | sed 's/ in .*)//')" \
	"create: 200 objects, 200 were so already, 0 failed"
is "the pods run" "$(cluster_kubectl get pods -A --field-selector status.phase=Running -o name | wc -l)" 20
size=$(cluster_kubectl get --raw /api/v1/pods | wc -c)
ok "a pod has 6.5 to 8 KB ($((size / 20)) bytes)" test "$size" -gt 130000 -a "$size" -lt 160000

# A CRD and its instances in one go: the loader waits for the kind to appear.
{
	cluster_generate crds 1
	cluster_generate widgets 20
} >"$dir/objects"
is "a CRD and 20 instances load" "$(cluster_load <"$dir/objects" | sed 's/ in .*)//')" \
	"create: 21 objects, 0 were so already, 0 failed"
is "20 widgets" "$(count widgets.example.com)" 20

# The loader's other ways.
cluster_generate widgets 20 | sed 's/"colour":"[a-z]*"/"colour":"black"/' >"$dir/objects"
colours() {
	cluster_kubectl get widgets.example.com -A -o jsonpath="{range .items[*]}{.spec.$1}{'\n'}{end}" | sort | uniq -c | tr -s ' '
}
is "they are replaced" "$(cluster_load --replace <"$dir/objects" >/dev/null && colours colour)" " 20 black"
is "a part is patched" "$(sed 's/"spec":.*/"spec":{"colour":"white"}}/' "$dir/objects" |
	cluster_load --patch >/dev/null && colours colour)" " 20 white"
is "a status is written" "$(sed 's/"spec":.*/"status":{"phase":"Ready"}}/' "$dir/objects" |
	cluster_load --status >/dev/null && cluster_kubectl get widgets.example.com -A -o jsonpath='{.items[*].status.phase}' | wc -w)" 20
is "a number beyond 2^53 is kept" \
	"$(cluster_kubectl get widgets.example.com -n team-00 -o jsonpath='{.items[0].spec.size}')" 9007199254740993
is "they are deleted" "$(cluster_load --delete <"$dir/objects" | sed 's/ in .*)//')" \
	"delete: 20 objects, 0 were so already, 0 failed"
is "and are no more" "$(count widgets.example.com)" 0

# Rights.
forbidden() {
	as "$@" 2>&1 | grep -q '(Forbidden)'
}
ok "restricted may list pods" as restricted get pods -A
ok "restricted may list services of namespace default" as restricted get services -n default
ok "restricted may not list all services" forbidden restricted get services -A
ok "restricted may not list secrets" forbidden restricted get secrets -n default
ok "none may list no pods" forbidden none get pods -n default
ok "a client certificate opens the door, too" as certificate get secrets -A

# The API server goes and comes back; what was there is there.
cluster_stop_apiserver TERM
ok "the API server went away" test ! -e "$dir/cluster/kube-apiserver.pid"
ok "and comes back" cluster_start_apiserver
is "with all pods" "$(count pods)" 20

# The end.
pids=$(processes)
ok "the cluster stops" cluster_stop "$dir/cluster"
is "no program is left" "$(echo "$pids" | alive)" ""
ok "no file is left" test ! -e "$dir/cluster"
ok "stopping twice is fine" cluster_stop "$dir/cluster"

# A test that is killed with -9 cannot clean up: its servers notice.
CLUSTER_CONTROLLERS=no sh -c '. tests/cluster/harness.sh
	cluster_start "$1" && kill -9 $$' sh "$dir/cluster" 2>/dev/null
pids=$(processes)
none_alive() {
	[ -z "$(echo "$pids" | alive)" ]
}
ok "a killed test leaves no program" cluster_wait 10 none_alive
is "of two, without controllers" "$(echo "$pids" | wc -l)" 2

done_testing
