#!/bin/sh
# The README's pipelines work as they stand: each is run, must end well, say
# nothing on stderr, and print something or leave a file behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${BIN:=$PWD/build}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# The one pipeline that begins with a cluster gets what kubectl would print of
# the captured one.
mkdir "$tmp/bin"
cat >"$tmp/bin/kubectl" <<'KUBECTL'
#!/bin/sh
zcat tests/data/demo.ndjson.gz |
	jq -s '{kind: "List", apiVersion: "v1", items: map(.object |
		select(.kind? == "Deployment"))}'
KUBECTL
chmod +x "$tmp/bin/kubectl"

awk '/^## Ten pipelines/ { on = 1 } /^## Where/ { on = 0 }
	on && /^```$/ { inside = 0 }
	inside && !/^export/ { print }
	on && /^```sh$/ { inside = 1 }' README.md >"$tmp/pipelines"

n=0
export PATH="$BIN:$tmp/bin:$PATH" C=tests/data/demo.ndjson.gz
while read -r line; do
	n=$((n + 1))
	line=$(printf '%s\n' "$line" | sed "s|/tmp/|$tmp/|g")
	rm -f "$tmp"/*.gz
	timeout 60 bash -o pipefail -c "$line" >"$tmp/out" 2>"$tmp/err" \
		</dev/null
	status=$?
	# head leaves before the rest: 141 is what that looks like
	[ "$status" != 141 ] || status=0
	if [ "$status" = 0 ] && [ ! -s "$tmp/err" ] &&
		[ "$(cat "$tmp/out" "$tmp"/*.gz 2>/dev/null | wc -c)" -gt 20 ]; then
		echo "ok $n - $line"
	else
		echo "not ok $n - $line"
		echo "# status $status"
		sed 's/^/# /' "$tmp/err"
	fi
done <"$tmp/pipelines"
[ "$n" = 10 ] || echo "not ok $((n += 1)) - the README has ten pipelines"
echo "1..$n"
