# stream.sh - what a pipe that runs has told so far.
# shellcheck shell=sh disable=SC2154
#
# To be sourced after harness.sh and tap.sh. The records are in $stream, or else
# in $dir/stream; what the programs say to people is in $dir/err.

# told PATTERN...: how many lines match all of these
told() {
	cp "${stream:-$dir/stream}" "$dir/seen"
	for pattern in "$@"; do
		grep -e "$pattern" "$dir/seen" >"$dir/rest"
		mv "$dir/rest" "$dir/seen"
	done
	wc -l <"$dir/seen"
}

# enough COUNT PATTERN...: whether that many do
enough() {
	wanted=$1
	shift
	[ "$(told "$@")" -ge "$wanted" ]
}

# until_told COUNT PATTERN...: wait until they do; a failed test if they never do
until_told() {
	cluster_wait 60 enough "$@" && return 0
	tail -n 5 "$dir"/*err | sed 's/^/# /'
	ok "waited for $*" false
}
