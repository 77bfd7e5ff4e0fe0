#!/bin/sh
# probe.t - versions that only running products tell: NATS and etcd as they are,
# and servers that are no help, asked through the proxy of a real API server.
#
# That one does not proxy to loopback addresses, so this runs in a network of
# its own, which goes when the test does.

# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
. tests/cluster/stream.sh
if [ "${PROBE_NETWORK:-}" != yes ]; then
	cluster_require
	command -v nats-server >/dev/null || {
		echo "1..0 # SKIP no nats-server"
		exit 0
	}
	unshare -rn true 2>/dev/null || {
		echo "1..0 # SKIP no network of its own: unshare -rn is refused"
		exit 0
	}
	PROBE_NETWORK=yes exec unshare -rn "$0" "$@"
fi

cluster_scratch
# shellcheck disable=SC2034 # for stream.sh
stream=$dir/told
servers=
end() {
	stop_pipe
	kill $servers 2>/dev/null
}

odd() {
	/usr/bin/python3 "$CLUSTER_SRC/odd.py" "$@"
}

odd network || {
	echo "1..0 # SKIP no address but loopback's can be had"
	exit 0
}

# digest TEXT: an image's, as far as anybody here knows
digest() {
	printf 'sha256:%s' "$(printf %s "$1" | sha256sum | cut -d ' ' -f 1)"
}

# pod NS NAME REPOSITORY CONTENT ADDRESS [no]
pod() {
	odd pod "$1" "$2" "$3@$(digest "$4")" "$5" ${6:-} |
		cluster_load --with-status >/dev/null
}

# ready NS NAME REPOSITORY CONTENT ADDRESS [no]: says so of one that is there
ready() {
	odd pod "$1" "$2" "$3@$(digest "$4")" "$5" ${6:-} |
		cluster_load --status >/dev/null
}

# gone NS NAME
gone() {
	odd pod "$1" "$2" "" "" | cluster_load --delete >/dev/null
}

# start_pipe KUBECONFIG OPTION...: options are those of ms-fingerprint
start_pipe() {
	rm -f "$dir/control" "$dir/in" "$dir/out"
	mkfifo "$dir/control" "$dir/in" "$dir/out"
	: >"$dir/stream"
	: >"$dir/told"
	"$BIN/ms-watch" --kubeconfig "$dir/cluster/$1" --status 1 \
		--resource pods,services,namespaces \
		--control "$dir/control" >"$dir/in" 2>"$dir/err" &
	watcher=$!
	shift
	tee "$dir/stream" <"$dir/in" |
		"$BIN/ms-fingerprint" "$@" 2>"$dir/ferr" | tee "$dir/told" |
		"$BIN/ms-publish" --to - --format record \
			--control "$dir/control" >/dev/null 2>"$dir/perr" &
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

# requests [ID]: how many probes there were
requests() {
	grep '"type":"REQUEST"' "$dir/told" | grep -c "\"id\":\"probe/${1:-}"
}

# version NAME: what is said of a pod by now
version() {
	jq -r --arg name "$1" 'if .type == "AMEND" then .ms else
		{name: .object.metadata?.name?, kind: .object.kind?,
			prints: .ms.prints} end |
		select(.name == $name and .kind == "Pod") |
		.prints[0].version // "none"' \
		"$dir/told" | tail -n 1
}

says() {
	[ "$(version "$1")" = "$2" ]
}

# infra PRODUCT FILTER: of what was found, as it was told last
infra() {
	jq -c --arg p "$1" 'select(.object.kind? == "Infrastructure" and
		.object.spec.product == $p).object.spec | '"$2" "$dir/told" |
		tail -n 1
}

# calm: all that was said before this has been carried out, ticks and all
calm() {
	until_told $(($(told '"type":"STATUS"') + ${1:-2})) '"type":"STATUS"'
}

CLUSTER_CONTROLLERS=no cluster_start "$dir/cluster" || {
	echo "Bail out! no cluster"
	exit 1
}
for ns in messaging store odd many; do
	cluster_kubectl create namespace $ns >/dev/null
done

nats-server -a 198.18.1.1 -p 4222 -m 8222 >"$dir/nats.log" 2>&1 &
servers=$!
"$CLUSTER_BIN" etcd --data-dir="$dir/etcd" --log-level=warn --unsafe-no-fsync \
	--listen-client-urls=http://198.18.1.2:2379 \
	--advertise-client-urls=http://198.18.1.2:2379 \
	--listen-peer-urls=http://127.0.0.1:0 >"$dir/etcd.log" 2>&1 &
servers="$servers $!"
: >"$dir/asked"
# Not by odd: $! would be a shell's, and the server outlive it.
/usr/bin/python3 "$CLUSTER_SRC/odd.py" serve 198.18.2.1 "$dir/asked" &
servers="$servers $!"
/usr/bin/python3 "$CLUSTER_SRC/odd.py" serve 198.18.2.1 "$dir/asked" \
	"$dir/cluster/pki/server.crt" "$dir/cluster/pki/server.key" &
servers="$servers $!"
mkdir "$dir/signatures"
odd signatures | while read -r line; do
	echo "$line" >"$dir/signatures/$(printf %s "$line" | jq -r .product).yaml"
done
nats_version=$(nats-server --version | sed 's/.* v//')
etcd_version=$("$CLUSTER_BIN" etcd --version | sed -n 's/^etcd Version: //p')

pod messaging nats-0 nats nats 198.18.1.1
pod store etcd-0 quay.io/coreos/etcd etcd 198.18.1.2

start_pipe kubeconfig
is "nobody is asked unless that is wanted" "$(requests)" 0
is "so no version is known" "$(version nats-0) $(infra nats .version)" "none null"
stop_pipe

gone messaging nats-0
start_pipe kubeconfig --probe
cluster_wait 30 says etcd-0 "$etcd_version"
is "etcd tells what etcd --version prints" "$(version etcd-0)" "$etcd_version"
is "and so does what was found, by a probe" \
	"$(infra etcd '[.version, .components[0].versionFrom]')" \
	"[\"$etcd_version\",\"probe\"]"
is "whose answer is evidence" \
	"$(infra etcd '.evidence[] | select(.print == "probe") | [.object, .path, .value]')" \
	"[\"Pod/store/etcd-0\",\":2379/version\",\"$etcd_version\"]"

# One that starts

pod messaging nats-0 nats nats 198.18.1.1 no
calm
is "a pod that is not ready is left alone" "$(requests nats@)" 0
ready messaging nats-0 nats nats 198.18.1.1
cluster_wait 30 says nats-0 "$nats_version"
is "as it is ready, NATS tells what nats-server --version prints" \
	"$(version nats-0)" "$nats_version"
pod messaging nats-1 registry.example/mirror/library/nats nats 198.18.1.99
cluster_wait 30 says nats-1 "$nats_version"
is "what it said is known of all pods of this image" \
	"$(version nats-1)" "$nats_version"
calm
is "which are not asked again" "$(requests)" 2

# Another image

gone messaging nats-0
gone messaging nats-1
pod messaging nats-0 nats newer 198.18.1.99
calm
is "another digest is asked about anew, and who does not answer has no version" \
	"$(version nats-0)" none
ready messaging nats-0 nats newer 198.18.1.1
cluster_wait 60 says nats-0 "$nats_version"
is "later again, as it may answer then" "$(version nats-0)" "$nats_version"

# The service proxy, which reaches only what the endpoints call a pod

cluster_load >/dev/null <<'JSON'
{"apiVersion":"v1","kind":"Service","metadata":{"name":"nats","namespace":"messaging"},"spec":{"ports":[{"name":"monitor","port":80,"targetPort":8222}]}}
{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"nats","namespace":"messaging"},"subsets":[{"addresses":[{"ip":"198.18.1.1","targetRef":{"kind":"Pod","namespace":"messaging","name":"nats-0"}}],"ports":[{"name":"monitor","port":8222}]}]}
JSON
echo '{"command":"probe","id":"service","namespace":"messaging","service":"nats","port":"monitor","path":"/varz"}' >"$dir/control"
until_told 1 '"id":"service"'
is "a service can be asked, too" "$(grep '"id":"service"' "$dir/told" |
	jq -r '.object | .error // (.body | fromjson.version)')" "$nats_version"
stop_pipe
"$BIN/ms-fingerprint" --probe <"$dir/stream" >"$dir/told" 2>"$dir/ferr"
is "a captured stream says the same again" \
	"$(version etcd-0) $(version nats-0) $(infra nats .version)" \
	"$etcd_version $nats_version \"$nats_version\""

start_pipe kubeconfig --probe
cluster_wait 30 says nats-0 "$nats_version"
is "after a new start all is asked once more" "$(requests)" 2
stop_pipe

# Those that are no help

names=$(odd signatures | jq -r '.product | ltrimstr("odd-")')
for name in $names; do
	odd pod odd "$name" "odd/$name@$(digest "$name")" 198.18.2.1
done | cluster_load --with-status >/dev/null
start_pipe kubeconfig --probe --signatures "$dir/signatures"
cluster_wait 60 says late 4.5.6
is "who cannot answer yet is asked later" "$(version late)" 4.5.6
cluster_wait 60 says tls 4.5.6
is "who speaks TLS is asked so" "$(version tls)" 4.5.6
is "a port is called by its name in the pod" "$(version named)" 4.5.6
silent() {
	[ "$(grep -c '"id":"probe/odd-trickle.*"error"' "$dir/told")" -ge 1 ]
}
ok "who is too slow is given up" cluster_wait 30 silent
is "none of the others tells a version" "$(for name in $names; do
	echo "$name $(version "$name")"
done | grep -v none | tr '\n' ' ')" "late 4.5.6 tls 4.5.6 named 4.5.6 "
is "a redirect is not followed" "$(grep -c there "$dir/asked")" 0
is "nobody is asked in a loop" \
	"$(sort "$dir/asked" | uniq -c | awk '$1 > 12' | wc -l)" 0
cluster_kubectl create namespace after >/dev/null
ok "and the stream goes on" cluster_wait 20 enough 1 '"name":"after"'
stop_pipe

# More than can wait

for i in $(seq 90); do
	odd pod many "many-$i" "odd/named@$(digest "many $i")" 198.18.2.1
done | cluster_load --with-status >/dev/null
start_pipe kubeconfig --probe --signatures "$dir/signatures"
all_tell() {
	[ "$(jq -r 'select(.type == "AMEND" and .ms.namespace == "many").ms |
		select(.prints[0].version == "4.5.6").name' "$dir/told" |
		sort -u | wc -l)" = 90 ]
}
ok "ninety images are asked about, all of them" cluster_wait 60 all_tell
stop_pipe

# Rights

start_pipe kubeconfig-restricted --probe --signatures "$dir/signatures"
calm 4
is "who may not ask is told so once" \
	"$(grep -c 'pods/proxy' "$dir/ferr")" 1
ok "and asks few" test "$(requests)" -le 12
is "without a version" "$(version many-1)" none
stop_pipe
done_testing
