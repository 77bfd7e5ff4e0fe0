#!/bin/sh
# watch.t - ms-watch against a real API server: what it tells is what kubectl
# tells, at the start, while things change, and after the server was away.

# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
. tests/cluster/stream.sh
cluster_require

cluster_scratch
watcher=
end() {
	stop_watcher
}

watch() {
	"$BIN/ms-watch" --kubeconfig "$dir/cluster/kubeconfig" "$@" 2>"$dir/err"
}

start_watcher() {
	"$BIN/ms-watch" --kubeconfig "$dir/cluster/kubeconfig" -v "$@" \
		>"$dir/stream" 2>"$dir/err" &
	watcher=$!
	until_told 1 '"phase":"ready"'
}

stop_watcher() {
	[ -n "$watcher" ] || return 0
	kill "$watcher" 2>/dev/null
	wait "$watcher"
	code=$?
	watcher=
	return $code
}

# world FILE: what a stream says there is: kind, namespace, name, version
world() {
	jq -rs 'reduce (.[] | select(.object.metadata)) as $r ({};
		($r.object | [.kind, .metadata.namespace // "", .metadata.name]
			| join(" ")) as $k
		| if $r.type == "DELETED" then del(.[$k])
		  else .[$k] = $r.object.metadata.resourceVersion end)
		| to_entries[] | "\(.key) \(.value)"' "$1" | sort
}

# truth KINDS: the same, as kubectl sees it
truth() {
	cluster_kubectl get "$1" -A -o json | jq -r '.items[] | [.kind,
		.metadata.namespace // "", .metadata.name, .metadata.resourceVersion]
		| join(" ")' | sort
}

same_world() {
	world "$dir/stream" >"$dir/world"
	truth "$@" >"$dir/truth"
	cmp -s "$dir/world" "$dir/truth"
}

# Its own controllers would go on changing things.
CLUSTER_CONTROLLERS=no cluster_start "$dir/cluster" || {
	echo "Bail out! no cluster"
	exit 1
}
cluster_generate namespaces 20 | cluster_load >/dev/null
cluster_generate configmaps 1253 | cluster_load >/dev/null
cluster_generate deployments 40 | cluster_load >/dev/null

# --once

watch --once --resource cm,deploy >"$dir/stream"
is "--once ends with 0" "$?" 0
is "24. 1,253 objects and more: the world is kubectl's" \
	"$(same_world configmaps,deployments && echo same)" same
is "no managedFields, unless asked for" \
	"$(grep -c managedFields "$dir/stream"; watch --once --resource cm \
		--managed-fields | grep -c managedFields)" \
	"$(printf '0\n%d' "$(truth configmaps | wc -l)")"
is "every object has kind and apiVersion, every line is one document" \
	"$(jq -c 'select(.object.metadata) | .object | select(.kind and .apiVersion)' \
		"$dir/stream" | wc -l)" "$(truth configmaps,deployments | wc -l)"
is "the objects are kubectl's, member for member" \
	"$(jq -sS 'map(.object | select(.kind == "Deployment"))
		| sort_by(.metadata | .namespace, .name)[]' "$dir/stream" | cksum)" \
	"$(cluster_kubectl get deploy -A -o json | jq -S '.items[]' | cksum)"

for name in deploy deployments.apps deployments.v1.apps Deployment; do
	is "--resource $name" "$(watch --once --resource $name |
		jq -r 'select(.object.metadata).object.kind' | sort -u)" Deployment
done
ns=$(cluster_kubectl get cm -A -o jsonpath='{.items[5].metadata.namespace}')
is "-n: only that namespace" \
	"$(watch --once --resource cm -n "$ns" |
		jq -r 'select(.object.metadata).object.metadata.namespace' | sort -u)" \
	"$ns"
is "-n: all of it" \
	"$(watch --once --resource cm -n "$ns" | grep -c '"type":"ADDED"')" \
	"$(cluster_kubectl get cm -n "$ns" -o name | wc -l)"
is "meshsync-1 has the 21 kinds" "$(watch --once --profile meshsync-1 |
	jq -r 'select(.ms.phase == "ready").ms.resources | length')" 21
is "--depth metadata has no spec" \
	"$(watch --once --resource deploy --depth metadata | jq -r \
		'select(.object.metadata) | [.ms.depth, .object.kind, .object.spec] | @csv' |
		sort -u)" '"metadata","Deployment",'

# Rights

"$BIN/ms-watch" --once --kubeconfig "$dir/cluster/kubeconfig-restricted" \
	>"$dir/stream" 2>"$dir/err"
is "47. with few rights --once ends with 0" "$?" 0
is "47. what may be read is read" \
	"$(jq -r 'select(.ms.phase == "ready").ms.resources | to_entries[]
		| select(.value == "synced").key' "$dir/stream" | sort | tr '\n' ' ')" \
	"deployments.v1.apps namespaces.v1. nodes.v1. pods.v1. "
is "47. each that may not is told" "$(told '"phase":"denied"')" \
	"$(jq -r 'select(.ms.phase == "ready").ms.resources | to_entries[]
		| select(.value == "denied").key' "$dir/stream" | wc -l)"
"$BIN/ms-watch" --once --kubeconfig "$dir/cluster/kubeconfig-restricted" \
	--resource cm -n default >"$dir/stream" 2>"$dir/err"
is "a namespace that may be read" "$(told '"phase":"end"')" 1
"$BIN/ms-watch" --once --kubeconfig "$dir/cluster/kubeconfig-certificate" \
	--resource ns >"$dir/stream" 2>"$dir/err"
is "a client certificate" "$(told '"type":"ADDED"' '"Namespace"')" \
	"$(truth namespaces | wc -l)"

# Changes

start_watcher
crd='{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"foos.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"foos","singular":"foo","kind":"Foo"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}'
echo "$crd" | cluster_load >/dev/null
foos=1000
for i in $(seq $foos); do
	echo '{"apiVersion":"example.com/v1","kind":"Foo","metadata":{"namespace":"default","name":"foo-'"$i"'"}}'
done | cluster_load >/dev/null
until_told $foos '"type":"ADDED"' '"resource":"foos'
is "19. a new CRD's objects" "$(told '"type":"ADDED"' '"resource":"foos')" $foos
is "19. others were not listed again" "$(told '"phase":"begin"' '"configmaps')" 1

before=$(told '"resource":"foos')
for i in $(seq 10); do
	cluster_kubectl patch crd foos.example.com --type merge -p \
		'{"spec":{"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","description":"'"$i"'","x-kubernetes-preserve-unknown-fields":true}}}]}}' >/dev/null
done
cluster_kubectl annotate -n default foo/foo-1 edited=yes >/dev/null
until_told 1 '"type":"MODIFIED"' '"foo-1"' '"edited":"yes"'
is "22. after ten edits of the CRD its watch is alive" \
	"$(told '"type":"MODIFIED"' '"foo-1"' '"edited":"yes"')" 1
is "22. and nothing unchanged was told again" \
	"$(told '"resource":"foos' '"type":"\(ADDED\|MODIFIED\|DELETED\)"')" \
	"$((before - 2 + 1))"

cluster_kubectl delete crd foos.example.com >/dev/null
until_told 1 '"resource":"foos' '"phase":"gone"'
is "20. a CRD that goes: its objects, then gone" \
	"$(told '"resource":"foos' '"type":"DELETED"') $(told '"phase":"gone"')" "$foos 1"

# A CRD goes over to another version.
schema='"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}'
echo '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"bars.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"bars","singular":"bar","kind":"Bar"},"versions":[{"name":"v1beta1","served":true,"storage":true,'"$schema"'}]}}' | cluster_load >/dev/null
for i in $(seq 20); do
	echo '{"apiVersion":"example.com/v1beta1","kind":"Bar","metadata":{"namespace":"default","name":"bar-'"$i"'"}}'
done | cluster_load >/dev/null
until_told 20 '"type":"ADDED"' '"resource":"bars.v1beta1'
cluster_kubectl patch crd bars.example.com --type merge -p \
	'{"spec":{"versions":[{"name":"v1","served":true,"storage":true,'"$schema"'},{"name":"v1beta1","served":false,"storage":false,'"$schema"'}]}}' >/dev/null
until_told 1 '"phase":"gone"' '"resource":"bars.v1beta1'
is "21. a CRD that changes its version: each object once under the new one" \
	"$(told '"type":"ADDED"' '"resource":"bars.v1\.')" 20
is "21. the old one is gone after that, and nothing is deleted" \
	"$(grep '"resource":"bars' "$dir/stream" | grep '"SYNC"' | tail -n 2 |
		jq -r '.ms.resource + " " + .ms.phase' | tr '\n' ' ')$(
		told '"type":"DELETED"' '"resource":"bars')" \
	"bars.v1.example.com end bars.v1beta1.example.com gone 0"

# The server goes away, the world changes, the server comes back.
cluster_generate configmaps 60 2000 | cluster_load >/dev/null
cluster_kubectl delete -n "$ns" cm --all >/dev/null
# shellcheck disable=SC2119
cluster_stop_apiserver
# shellcheck disable=SC2119
cluster_start_apiserver
cluster_generate configmaps 60 3000 | cluster_load >/dev/null
cluster_kubectl delete ns "$ns" --wait=false >/dev/null
tells_all() {
	grep -E '"resource":"(configmaps|deployments|namespaces|services)\.v1\.' \
		"$dir/stream" >"$dir/part"
	world "$dir/part" >"$dir/world"
	truth configmaps,deployments,namespaces,services >"$dir/truth"
	cmp -s "$dir/world" "$dir/truth"
}
is "after the server was away the world is kubectl's" \
	"$(cluster_wait 60 tells_all && echo same)" same
is "and nothing was listed again but by need" \
	"$(told '"phase":"begin"' '"complete":true' '"configmaps')" 1
stop_watcher
is "SIGTERM: 0" "$?" 0
is "and the last line is whole" "$(tail -c 1 "$dir/stream" | od -An -c | tr -d ' ')" '\n'

# Labels

labelled() {
	cluster_kubectl label -n default configmap/labelled "$@" --overwrite >/dev/null
}
cluster_kubectl create -n default configmap labelled >/dev/null
labelled tier=gold
start_watcher --resource cm -l tier=gold
is "56. only what the selector names" "$(told '"type":"ADDED"')" 1
labelled tier=tin
until_told 1 '"type":"DELETED"' labelled
labelled tier=gold
until_told 2 '"type":"ADDED"' labelled
is "56. no longer named: DELETED, and named again: ADDED" \
	"$(told '"type":"DELETED"') $(told '"type":"ADDED"')" "1 2"
stop_watcher

done_testing
