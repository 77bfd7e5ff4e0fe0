#!/bin/sh
# Make demo.ndjson.gz anew: the stream of a real API server with the demo
# cluster in it (tests/cluster/demo.py), from its first sync through all its
# changes. Secrets are masked on the way. Needs Go.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/cluster/harness.sh
cluster_build || exit 1
cluster_scratch

cluster_start "$dir/cluster" && cluster_demo || exit 1
MESHSYNC_BIN=$BIN scripts/meshsync capture \
	--kubeconfig "$dir/cluster/kubeconfig" >"$dir/stream" &
pipe=$!
cluster_wait 60 grep -q '"phase":"ready"' "$dir/stream" || exit 1
for round in 1 2 3; do
	cluster_demo_changes $round || exit 1
done
cluster_kubectl create configmap -n default end-of-capture >/dev/null
cluster_wait 60 grep -q end-of-capture "$dir/stream" || exit 1
kill -TERM "$pipe"
wait "$pipe"
gzip -9n <"$dir/stream" >tests/data/demo.ndjson.gz
ls -l tests/data/demo.ndjson.gz
