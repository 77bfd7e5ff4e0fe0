# tap.sh - results of a test script as the Test Anything Protocol, for prove.
# shellcheck shell=sh disable=SC2154
#
# To be sourced; $dir must be a folder for the test's own files, with what a
# failure should show in $dir/err, if anything.

n=0

# ok TITLE COMMAND...: passes when the command does.
ok() {
	n=$((n + 1))
	title=$1
	shift
	if "$@" >"$dir/why" 2>&1; then
		echo "ok $n - $title"
	else
		echo "not ok $n - $title"
		cat "$dir/why" "$dir/err" 2>/dev/null | tail -n 30 | sed 's/^/# /'
	fi
}

# is TITLE GOT WANTED
is() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		printf 'not ok %d - %s\n# got: %s\n# wanted: %s\n' "$n" "$1" "$2" "$3"
		[ ! -s "$dir/err" ] || tail -n 5 "$dir/err" | sed 's/^/# /'
	fi
}

# The plan, last, so that a script that dies on the way shows.
done_testing() {
	echo "1..$n"
}
