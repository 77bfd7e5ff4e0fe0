#!/bin/sh
# Golden cases: tests/golden/STAGE/NAME.in is a case. Beside it, NAME.args has
# options, .out and .err what must be printed (.err absent: nothing), .rc the
# exit status (absent: 0), .env variables to set. All three are compared.
# UPDATE=1 rewrites what is expected, for a person to read in the diff.
set -u
cd "$(dirname "$0")" || exit 1
: "${BIN:=$PWD/../../build}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0

# An absent file stands for an empty one, or for the status 0.
differs() {
	if [ -e "$1" ]; then
		! cmp -s "$1" "$2"
	else
		! cmp -s "$3" "$2"
	fi
}

: >"$tmp/empty"
echo 0 >"$tmp/zero"
for case in */*.in; do
	name=${case%.in}
	stage=${name%%/*}
	args=$(cat "$name.args" 2>/dev/null)
	# shellcheck disable=SC2046 # a list of assignments
	(
		cd "$stage" || exit 1
		eval "exec env $(cat "${name#*/}.env" 2>/dev/null) \
			\"\$BIN/\$stage\" $args"
	) <"$case" >"$tmp/out" 2>"$tmp/err"
	echo $? >"$tmp/rc"
	if [ "${UPDATE:-}" = 1 ]; then
		cp "$tmp/out" "$name.out"
		rm -f "$name.err" "$name.rc"
		[ ! -s "$tmp/err" ] || cp "$tmp/err" "$name.err"
		[ "$(cat "$tmp/rc")" = 0 ] || cp "$tmp/rc" "$name.rc"
	fi
	n=$((n + 1))
	bad=
	for part in out err rc; do
		default=$tmp/empty
		[ "$part" != rc ] || default=$tmp/zero
		if differs "$name.$part" "$tmp/$part" "$default"; then
			bad="$bad $part"
			diff -u "$name.$part" "$tmp/$part" 2>&1 | cut -c1-500 |
				sed 's/^/# /'
		fi
	done
	if [ -z "$bad" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name:$bad differ"
	fi
done
echo "1..$n"
