#!/bin/sh
# config.t - a real API server and a real MeshSync custom resource: created,
# edited, deleted, while the pipe runs; what is not concerned is not touched,
# by the server's own counters. Numbers with a C are the contract's cases.

# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
. tests/cluster/stream.sh
cluster_require

cluster_scratch
end() {
	stop_pipe
}

# ms-watch into a file, and from there into a consumer with a memory.
start_pipe() {
	mkfifo "$dir/control" "$dir/pipe"
	"$BIN/ms-watch" --kubeconfig "$dir/cluster/kubeconfig" \
		--control "$dir/control" >"$dir/pipe" 2>"$dir/err" &
	watcher=$!
	tee "$dir/stream" <"$dir/pipe" | "$BIN/ms-publish" --to - \
		--store "$dir/store.db" --format event >"$dir/told" 2>"$dir/perr" &
	consumer=$!
	until_told 1 '"phase":"ready"'
}

stop_pipe() {
	[ -n "${watcher:-}" ] || return 0
	kill "$watcher" 2>/dev/null
	wait "$watcher"
	wait "$consumer"
	watcher=
}

# The effective configuration, as it was told last.
config() {
	grep '"type":"CONFIG"' "$dir/stream" | tail -n 1 |
		jq -c ".object$1"
}

configs() {
	grep -c '"type":"CONFIG"' "$dir/stream"
}

# requests RESOURCE: lists and watches that the server has begun
requests() {
	cluster_kubectl get --raw /metrics | awk -v r="resource=\"$1\"" '
		/^apiserver_request_total/ && index($0, r) &&
			/verb="(LIST|WATCH)"/ { n += $NF }
		/^apiserver_longrunning_requests/ && index($0, r) { n += $NF }
		END { print n + 0 }'
}

# lists RESOURCE: snapshots that ms-watch has begun
lists() {
	grep '"phase":"begin"' "$dir/stream" | grep -c "\"resource\":\"$1\""
}

meshsync() {
	cluster_kubectl apply -f - >/dev/null
}

# latency WHAT: for people: how long after kubectl the last CONFIG came.
latency() {
	told=$(date -d "$(grep '"type":"CONFIG"' "$dir/stream" | tail -n 1 |
		jq -r .ms.time)" +%s%3N)
	echo "# $1: told $((told - returned)) ms after kubectl returned"
}

# A MeshSync with this watch-list, as JSON.
watch_list() {
	jq -n --argjson data "$1" '{apiVersion: "meshery.io/v1alpha1",
		kind: "MeshSync", metadata: {name: "meshery-meshsync",
		namespace: "meshery"}, spec: {size: 1, "watch-list": {data: $data}}}' |
		meshsync
	returned=$(date +%s%3N)
}

# crd GROUP VERSION...: as the operator's: watch-list is a ConfigMap's shape,
# and all that the schema does not know is pruned
crd() {
	group=$1
	shift
	for version; do
		jq -n --arg v "$version" --arg last "$*" '{name: $v, served: true,
			storage: ($last | endswith($v)),
			schema: {openAPIV3Schema: {type: "object", properties: {
			spec: {type: "object", properties: {
			size: {type: "integer"},
			"watch-list": {type: "object", properties: {data: {
				type: "object",
				additionalProperties: {type: "string"}}}},
			informer_config: {type: "object",
				"x-kubernetes-preserve-unknown-fields": true}}}}}}}'
	done | jq -s --arg g "$group" '{apiVersion: "apiextensions.k8s.io/v1",
		kind: "CustomResourceDefinition",
		metadata: {name: "meshsyncs.\($g)"},
		spec: {group: $g, scope: "Namespaced", versions: .,
			names: {kind: "MeshSync", plural: "meshsyncs",
			singular: "meshsync"}}}' | meshsync
	cluster_kubectl wait --for=condition=Established --timeout=60s \
		"crd/meshsyncs.$group" >/dev/null
}

cluster_start "$dir/cluster" || {
	ok "the cluster starts" false
	done_testing
	exit 1
}
cluster_generate namespaces 20 | cluster_load >/dev/null
cluster_generate deployments 10 | cluster_load >/dev/null
cluster_generate configmaps 50 | cluster_load >/dev/null
cluster_kubectl create namespace meshery >/dev/null
crd meshery.io v1alpha1 v1alpha2
crd meshery.layer5.io v1alpha1

# No custom resource

start_pipe
is "C25. no custom resource: the default" \
	"$(config | jq -c '[.sources, (.resources | [."pods.v1.",
		."serviceaccounts.v1.", ."events.v1.", ."meshsyncs.v1alpha1.meshery.layer5.io"]
		| map(.depth))]')" \
	'[[],["full","metadata","off","full"]]'
is "metadata is what the server is asked for" \
	"$(jq -c 'select(.type == "ADDED" and .ms.depth == "metadata").object | keys_unsorted | sort' \
		"$dir/stream" | sort -u)" '["apiVersion","kind","metadata"]'
is "and kinds are told as they are" \
	"$(grep -c PartialObjectMetadata "$dir/stream")" 0

# A whitelist

before=$(requests deployments)
seen=$(configs)
watch_list '{"whitelist":
	"[{\"Resource\":\"deployments.v1.apps\",\"Events\":[\"ADDED\",\"MODIFIED\",\"DELETED\"]},{\"Resource\":\"pods.v1.\",\"Events\":[\"ADDED\"]}]"}'
until_told $((seen + 1)) '"type":"CONFIG"'
latency created
is "C24. a custom resource is created: its whitelist, and CRDs' instances" \
	"$(config '.resources | with_entries(select(.value.depth != "off")) | keys')" \
	'["deployments.v1.apps","meshsyncs.v1alpha1.meshery.layer5.io","meshsyncs.v1alpha2.meshery.io","pods.v1."]'
is "C22. with the events of each" "$(config '.resources."pods.v1.".events')" \
	'["ADDED"]'
until_told 1 '"resource":"configmaps.v1.","phase":"gone"'
all_gone() {
	[ "$(grep DELETED "$dir/told" | grep -c ConfigMap)" -ge 50 ]
}
ok "what is off is gone" cluster_wait 30 all_gone
is "what is off is deleted for the consumer" \
	"$(grep DELETED "$dir/told" | grep -c ConfigMap)" \
	"$(grep ADDED "$dir/told" | grep -c ConfigMap)"
is "and nothing else is" "$(grep DELETED "$dir/told" | grep -c Deployment)" 0

# A blacklist

seen=$(configs)
watch_list '{"blacklist": "[\"secrets.v1.\"]"}'
until_told $((seen + 1)) '"type":"CONFIG"'
latency edited
is "C25. a blacklist discovers all the rest" \
	"$(config '.resources | [."secrets.v1.", ."configmaps.v1.", ."jobs.v1.batch"] | map(.depth)')" \
	'["off","full","metadata"]'
until_told 2 '"resource":"configmaps.v1.","phase":"end"'
is "which is a complete sync, for its cause" \
	"$(grep '"resource":"configmaps.v1.","phase":"begin"' "$dir/stream" |
		tail -n 1 | jq -c '[.ms.cause, .ms.complete]')" '["config",true]'

# Errors

seen=$(configs)
watch_list '{"whitelist": "[]", "blacklist": "[\"pods.v1.\"]"}'
until_told $((seen + 1)) '"type":"CONFIG"'
is "C24. both lists: the default" "$(config '.resources."secrets.v1.".depth')" \
	'"full"'
is "C24. with a warning" "$(grep -c 'a whitelist and a blacklist' "$dir/err")" 1
seen=$(configs)
watch_list '{"config": "resources: {configmaps: {depth: full, namespaces: [meshery]}}"}'
until_told $((seen + 1)) '"type":"CONFIG"'
is "our own keys survive the CRD's schema" \
	"$(config '.resources."configmaps.v1."')" \
	'{"depth":"full","namespaces":["meshery"]}'
until_told 1 '"resource":"configmaps.v1.","phase":"begin".*"namespaces":."meshery"'

# The older group

cluster_kubectl delete meshsyncs.meshery.io -n meshery meshery-meshsync >/dev/null
seen=$(configs)
echo '{"apiVersion":"meshery.layer5.io/v1alpha1","kind":"MeshSync",
	"metadata":{"name":"meshery-meshsync","namespace":"meshery"},
	"spec":{"informer_config":{"data":{"blacklist":"[\"nodes.v1.\"]"}}}}' |
	meshsync
off() {
	[ "$(config ".resources.\"$1\".depth")" = '"off"' ]
}
ok "the older group counts where there is none of the newer" \
	cluster_wait 30 off nodes.v1.
watch_list '{"blacklist": "[\"secrets.v1.\"]"}'
ok "the newer one comes first" cluster_wait 30 off secrets.v1.
is "and then alone" "$(config '.resources."nodes.v1.".depth')" '"full"'
cluster_kubectl delete meshsyncs.meshery.layer5.io,meshsyncs.meshery.io \
	-n meshery meshery-meshsync >/dev/null
default() {
	[ "$(config .sources)" = '[]' ]
}
ok "without either, the default again" cluster_wait 30 default
is "all this time deployments were listed once" "$(lists deployments.v1.apps)" 1
is "and not asked for again, by the server's count" \
	"$(($(requests deployments) - before))" 0

# Commands

seen=$(lists configmaps.v1.)
echo '{"command":"resync","resource":"cm","id":"r"}' >"$dir/control"
until_told $((seen + 1)) '"resource":"configmaps.v1.","phase":"end"'
is "resync: differences, of which there are none" \
	"$(grep '"resource":"configmaps.v1.","phase":"end"' "$dir/stream" |
		tail -n 1 | jq .ms.count)" 0
echo '{"command":"watch","resource":"serviceaccounts","by":"t"}' >"$dir/control"
until_told 2 '"resource":"serviceaccounts.v1.","phase":"end"'
is "watch: service accounts in full" \
	"$(config '.resources."serviceaccounts.v1.".depth')" '"full"'
cluster_kubectl create service clusterip nobody --tcp=80 -n meshery >/dev/null
printf '%s\n' '{"command":"probe","id":"p","namespace":"meshery","service":"nobody","port":80,"path":"/"}' \
	'{"command":"mark","id":"end"}' >"$dir/control"
until_told 1 '"type":"ANSWER".*"id":"p"'
is "probe: what the API server says about nobody" \
	"$(grep '"id":"p"' "$dir/stream" | jq -r .object.error | grep -c endpoints)" 1
until_told 1 '"type":"MARK"'
stop_pipe

# Rights

echo 'namespacesIfForbidden: [default]' >"$dir/config.yaml"
"$BIN/ms-watch" --kubeconfig "$dir/cluster/kubeconfig-restricted" --once \
	--resource cm,services,pods --config "$dir/config.yaml" \
	>"$dir/stream" 2>"$dir/err"
is "who may read some namespaces only reads those" \
	"$(jq -c 'select(.ms.phase == "begin") | [.ms.resource, .ms.scope.namespaces]' \
		"$dir/stream" | sort | tr '\n' ' ')" \
	'["configmaps.v1.",["default"]] ["pods.v1.",null] ["services.v1.",["default"]] '
is "and all is synced" "$(jq -c 'select(.ms.phase == "ready").ms.resources | map_values(. == "synced") | all' \
	"$dir/stream")" true
done_testing
