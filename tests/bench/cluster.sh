#!/bin/bash
# The whole pipe on a real API server, beside curl reading the same pods, which
# is the limit: as one list into /dev/null, and as the streaming list that
# ms-watch asks for. BIN: the programs; PODS: how many (20000).
# Needs Go (tests/cluster).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
: "${PODS:=20000}"
. tests/cluster/harness.sh
cluster_build || exit 0
cluster_scratch
end() {
	[ -z "${nats:-}" ] || kill "$nats" 2>/dev/null
	[ -z "${pipe:-}" ] || { kill "$pipe" && wait "$pipe"; } 2>/dev/null
}
TIMEFORMAT='%R %U %S'

cluster_start "$dir/cluster" || exit 1
for kind in configmaps secrets services serviceaccounts deployments; do
	cluster_generate namespaces 20 | cluster_load >/dev/null 2>&1
	cluster_generate "$kind" 100 | cluster_load >/dev/null
done
cluster_load_pods "$PODS"
mkfifo "$dir/stream"
port=$(free_port)
nats-server -a 127.0.0.1 -p "$port" >/dev/null 2>&1 &
nats=$!

server=https://127.0.0.1:$(cluster_port kube-apiserver)
token=$(awk -F, '$2 == "admin" { print $1 }' "$dir/cluster/tokens.csv")

curl=(curl -sN --http2 --cacert "$dir/cluster/ca.crt" -A meshsync-bench
	-H "Authorization: Bearer $token")
pods=$server/api/v1/pods

# One list of pods at once: as many bytes, one request.
curl_list() {
	"${curl[@]}" "$pods"
}

# The same objects in the form that ms-watch reads. It never ends by itself:
# grep waits for the bookmark that is the end of the first sync.
curl_stream() {
	"${curl[@]}" "$pods?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan" \
		>"$dir/stream" &
	LC_ALL=C grep -qm1 'k8s.io/initial-events-end' "$dir/stream"
	kill $!
	wait $!
}

measure() {
	{ time "$@" >/dev/null 2>&1; } 2>&1
}

watch_pods() {
	"$BIN/ms-watch" --kubeconfig "$dir/cluster/kubeconfig" --once \
		--resource pods
}

pipe_once() {
	"$BIN/ms-watch" --kubeconfig "$dir/cluster/kubeconfig" --once |
		"$BIN/ms-classify" | "$BIN/ms-fingerprint" |
		"$BIN/ms-publish" --to "nats://127.0.0.1:$port" \
			--store "$dir/bench.db"
	rm -f "$dir"/bench.db*
}

row() {
	printf '%s\n' "$2 $3" | awk -v name="$1" '{
		printf "%-34s %6.2f s %6.2f x  cpu %6.2f s %6.2f x\n",
			name, $1, $1 / $4, $2 + $3, ($2 + $3) / ($5 + $6)
	}'
}

printf '%d pods on a real API server\n' "$PODS"
for _ in 1 2 3; do
	limit=$(measure curl_list)
	row 'curl, one list of all pods' "$limit" "$limit"
	row 'curl, a streaming list of them' "$(measure curl_stream)" "$limit"
	row 'ms-watch --once, pods' "$(measure watch_pods)" "$limit"
	row 'the whole pipe into nats-server' "$(measure pipe_once)" "$limit"
done

MESHSYNC_BIN=$BIN scripts/meshsync run --kubeconfig "$dir/cluster/kubeconfig" \
	--to "nats://127.0.0.1:$port" --store "$dir/memory.db" 2>/dev/null &
pipe=$!
rows() {
	[ "$(sqlite3 "$dir/memory.db" 'select count(*) from objects')" -ge "$PODS" ]
}
cluster_wait 60 rows
sleep 3
for name in watch classify fingerprint publish; do
	pid=$(pgrep -P "$pipe" "ms-$name")
	awk -v name="ms-$name" '/^Pss:/ {
		printf "%-34s %6.1f MB PSS\n", name, $2 / 1024
	}' "/proc/$pid/smaps_rollup"
done
