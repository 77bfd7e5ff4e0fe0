#!/bin/bash
# How fast the filters are, beside cat: what moving the bytes costs alone. All
# figures of one run belong together; on a shared machine only the ratios mean
# something. BIN: the programs; PODS: how many (20000).
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${BIN:=$PWD/build}" "${PODS:=20000}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
TIMEFORMAT=%R

tests/cluster/generate.py pods "$PODS" | "$BIN/ms-classify" >"$tmp/stream"
bytes=$(stat -c %s "$tmp/stream")

# The best of three, in seconds: noise only ever adds.
best() {
	for _ in 1 2 3; do
		{ time bash -c "$1" <"$tmp/stream" >/dev/null; } 2>&1
	done | sort -n | head -n 1
}

row() {
	awk -v name="$1" -v s="$2" -v base="$3" -v b="$bytes" 'BEGIN {
		printf "%-44s %6.2f GB/s %6.2f x\n", name, b / s / 1e9, base / s
	}'
}

export PATH="$BIN:$PATH"
cat=$(best 'cat | cat >/dev/null')
cats=$(best 'cat | cat | cat | cat >/dev/null')
printf '%d pods, %d MB\n' "$PODS" $((bytes / 1000000))
row 'cat | cat' "$cat" "$cat"
row 'ms-classify' "$(best 'ms-classify | cat >/dev/null')" "$cat"
row 'ms-fingerprint' "$(best 'ms-fingerprint | cat >/dev/null')" "$cat"
row 'ms-publish --format meshery' "$(best \
	'ms-publish --to - --format meshery | cat >/dev/null')" "$cat"
row 'four cats' "$cats" "$cats"
row 'classify, fingerprint, publish (beside 4 cats)' "$(best \
	'ms-classify | ms-fingerprint |
	ms-publish --to - --format meshery | cat >/dev/null')" "$cats"
