#!/bin/sh
# What the stages in the middle add to a STATUS record as it passes.
# shellcheck disable=SC2016 # jq's variables are not the shell's
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
: "${BIN:=$PWD/build}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

object() {
	printf '{"type":"ADDED","ms":{"cluster":"c","resource":"%s"},"object":%s}\n' "$1" "$2"
}

{
	object pods.v1. '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","uid":"u1","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"u2","controller":true}]},"spec":{"containers":[{"name":"c","image":"prom/prometheus:v2.50.0"}]},"status":{"phase":"Running"}}'
	object replicasets.v1.apps '{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"r","namespace":"n","uid":"u2","labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"x"}}}'
	object secrets.v1. '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"n","uid":"u3"},"data":{"a":"Yg=="}}'
	echo 'no record'
	echo '{"type":"STATUS","ms":{"cluster":"c"},"object":{"ms-watch":{"out":3}}}'
	echo '{"type":"MARK","ms":{"id":"after"}}'
} >"$dir/in"
"$BIN/ms-classify" <"$dir/in" 2>"$dir/err" >"$dir/classified"
"$BIN/ms-fingerprint" <"$dir/classified" >"$dir/out" 2>>"$dir/err"

# a sanitizer's allocator keeps no count
case $BIN in
*san) heap=0 ;;
*) heap=1000 ;;
esac

holds() {
	jq -es "map(select(.type == \"STATUS\"))[0].object | $1" "$dir/out"
}

ok 'what is there stays' holds '.["ms-watch"].out == 3'
ok 'ms-classify: records in, dropped, Secrets, objects, what was told late' \
	holds '.["ms-classify"] | .in == 5 and .dropped == 1 and
	.redacted == 1 and .objects == 3 and .amended == 1 and .out == 4'
ok 'its bytes, CPU time and memory' holds '.["ms-classify"] |
	.bytesIn > 500 and .bytesOut > 500 and .cpuMs >= 0 and .heap >= '$heap
ok 'ms-fingerprint: objects with evidence, and what they add up to' \
	holds '.["ms-fingerprint"] | .in == 5 and .objects >= 1 and
	has("infrastructures") and has("amended") and .heap >= '$heap
ok 'it keeps its place' sh -c "tail -n 1 $dir/out | grep -q MARK ||
	jq -r .type $dir/out | grep -A99 STATUS | grep -q MARK"
done_testing
