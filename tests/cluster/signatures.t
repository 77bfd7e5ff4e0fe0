#!/bin/sh
# Signatures that come while a real cluster is watched, from a ConfigMap and from
# `meshsync signatures`: a product of one's own is found without a list, asks
# for its kinds, and goes with what describes it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/cluster/harness.sh
. tests/tap.sh
. tests/cluster/stream.sh
cluster_require
cluster_scratch
# shellcheck disable=SC2034 # for stream.sh
stream=$dir/out
export MESHSYNC_DIR="$dir/home" MESHSYNC_BIN="$BIN" TMPDIR="$dir"

end() {
	[ -z "${supervisor:-}" ] || kill "$supervisor" 2>/dev/null
	[ -z "${supervisor:-}" ] || wait "$supervisor" 2>/dev/null
}

# A signature; its argument is the repository.
gizmo() {
	cat <<-TEXT
		product: gizmo
		scope: namespace
		images:
		- {repo: $1, component: broker, role: server}
		crds: [gizmo.acme.example]
		webhooks: [queues.gizmo.acme.example]
		examples:
		- {image: "$1:1.2.3", version: 1.2.3}
		- {image: "acme/other:1.2.3", is: nothing}
	TEXT
}

# configmap FILE...
configmap() {
	for file; do
		set -- "$@" "--from-file=$file"
		shift
	done
	cluster_kubectl -n shop create configmap signatures "$@" \
		--dry-run=client -o json |
		cluster_kubectl apply --server-side --force-conflicts -f - >/dev/null
}

# found: what is there of the product, by name and version, as told last
found() {
	jq -r 'select(.object.kind == "Infrastructure" and
		.object.spec.product == "gizmo") |
		"\(.type) \(.object.spec.version)"' "$dir/out" | tail -n 1
}

is_found() {
	[ "$(found)" = "$*" ]
}

CLUSTER_CONTROLLERS=no cluster_start "$dir/cluster" || exit 1
cluster_kubectl create namespace shop >/dev/null
cluster_kubectl -n shop create deployment queue \
	--image=registry.example.com/acme/gizmo-broker:2.3.4 >/dev/null
echo "signatures: shop/signatures" >"$dir/config.yaml"
cluster_kubectl create -f - >/dev/null <<'TEXT'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: gizmo}
webhooks:
- name: queues.gizmo.acme.example
  clientConfig: {service: {namespace: shop, name: queue}}
  failurePolicy: Ignore
  sideEffects: None
  admissionReviewVersions: [v1]
TEXT

scripts/meshsync run --kubeconfig "$dir/cluster/kubeconfig" \
	--config "$dir/config.yaml" --to - --format record \
	>"$dir/out" 2>"$dir/err" &
supervisor=$!
until_told 1 '"phase":"ready"'
is "nobody knows the product" "$(found)" ""

# The ConfigMap.
gizmo acme/gizmo-broker >"$dir/gizmo.yaml"
configmap "$dir/gizmo.yaml"
ok "a ConfigMap is made, and the product is found" \
	cluster_wait 20 is_found ADDED 2.3.4
ok "what it unlocks is read in full" cluster_wait 30 enough 1 '"name":"gizmo"' \
	'"resource":"validatingwebhookconfigurations' '"depth":"full"' '"clientConfig"'
sed 's/^product/prodct/' "$dir/gizmo.yaml" >"$dir/bad.yaml"
configmap "$dir/gizmo.yaml" "$dir/bad.yaml"
ok "one of its files is wrong: that is told, with its place" cluster_wait 20 \
	grep -q 'shop/signatures are wrong, and the old ones stay: bad.yaml:1:1' \
	"$dir/err"
is "and what was found stays" "$(found)" "ADDED 2.3.4"
cluster_kubectl -n shop delete configmap signatures >/dev/null
ok "it goes, and the product with it" cluster_wait 20 is_found DELETED 2.3.4
ok "which releases what it unlocked" cluster_wait 30 enough 1 '"command":"unwatch"' \
	'"by":"gizmo"'

# A file.
mkdir "$dir/mine"
cp "$dir/gizmo.yaml" "$dir/mine"
ok "a folder is given to the run" \
	scripts/meshsync signatures "$dir/mine" 2>/dev/null
ok "and the product is there again" cluster_wait 20 is_found ADDED 2.3.4
cp "$dir/bad.yaml" "$dir/mine"
said=$(scripts/meshsync signatures "$dir/mine" 2>&1)
is "one that is wrong is refused" "$?" 100
ok "with the file and the line" expr "$said" : '.*bad.yaml:1:1: '
rm "$dir/mine/bad.yaml"
is "nothing was listed again" \
	"$(told '"resource":"deployments.v1.apps"' '"phase":"begin"')" 1

# It holds over the death of a stage.
kill -KILL "$(pgrep -P "$supervisor" ms-fingerprint)"
ok "the stages start again, and find it" cluster_wait 30 enough 3 '"type":"ADDED"' \
	'"kind":"Infrastructure"' '"product":"gizmo"'
rm "$dir/mine/gizmo.yaml"
ok "the folder is empty" scripts/meshsync signatures "$dir/mine" 2>/dev/null
ok "and the product goes" cluster_wait 20 is_found DELETED 2.3.4
done_testing
