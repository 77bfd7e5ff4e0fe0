#!/bin/sh
# The supervisor on a real cluster: it starts the pipe again when any stage
# dies, gives up on what no restart can mend, names the records that kill a
# stage twice, and takes no stage's death for its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/cluster/harness.sh
. tests/tap.sh
cluster_require
cluster_scratch

end() {
	[ -z "${supervisor:-}" ] || kill "$supervisor" 2>/dev/null
	[ -z "${supervisor:-}" ] || wait "$supervisor" 2>/dev/null
	[ -z "${nats:-}" ] || kill "$nats" 2>/dev/null
}

pid_of() {
	pgrep -P "$supervisor" "ms-$1"
}

begin() {
	: >"$dir/err"
	: >"$dir/out"
	TMPDIR=$dir MESHSYNC_BIN=$BIN scripts/meshsync run \
		--kubeconfig "$dir/cluster/kubeconfig" \
		--to - --format event >"$dir/out" 2>"$dir/err" &
	supervisor=$!
	cluster_wait 20 grep -q kube-system "$dir/out"
}

finish() {
	kill -TERM "$supervisor"
	wait "$supervisor"
	status=$?
	supervisor=
}

is_replaced() {
	new=$(pid_of "$1") && [ "$new" != "$2" ]
}

shows() {
	cluster_kubectl create namespace "$1" &&
		cluster_wait 20 grep -q "Namespace.*$1" "$dir/out"
}

nobody_left() {
	! pgrep -f "$dir/cluster/kubeconfig" -l | grep -q ms-watch &&
		[ -z "$(ls -d "$dir"/meshsync.?????? 2>/dev/null)" ]
}

cluster_start "$dir/cluster" || exit 1

ok 'run shows a cluster to a person' begin
for stage in watch classify fingerprint publish; do
	old=$(pid_of $stage)
	kill -KILL "$old"
	ok "ms-$stage killed: it is started again" \
		cluster_wait 30 is_replaced $stage "$old"
	ok "and changes arrive" shows "after-$stage"
done
ok 'each death was told' test \
	"$(grep -c 'all stages start again' "$dir/err")" -eq 4
finish
ok 'SIGTERM ends it with 0' test "$status" -eq 0
ok 'and leaves nothing' cluster_wait 5 nobody_left

begin
for _ in 1 2; do
	old=$(pid_of classify)
	kill -SEGV "$old"
	cluster_wait 30 is_replaced classify "$old" || break
	shows "poison-$_" >/dev/null 2>&1
done
ok 'a stage that dies of the same signal twice: its last records are kept' \
	cluster_wait 10 sh -c \
	"grep -q 'the last records it read are in $dir/meshsync-classify' $dir/err"
ok 'and they are records' sh -c \
	"tail -n 1 $dir/meshsync-classify-*.ndjson | jq -e .type"
ok 'and the pause is long' grep -q 'start again in 300 s' "$dir/err"
finish
ok 'SIGTERM cuts the pause short' test "$status" -ne 0
ok 'and leaves nothing' cluster_wait 5 nobody_left

begin
kill -KILL "$supervisor"
wait "$supervisor" 2>/dev/null
supervisor=
ok 'killed with -9, it takes its stages along' cluster_wait 10 \
	sh -c "! pgrep -f $dir/cluster/kubeconfig -l | grep ms-watch"

# Into a broker, in the place of the Go MeshSync, and what is asked of it.
read -r port listen <<EOT
$(free_port 2)
EOT
place="TMPDIR=$dir MESHSYNC_DIR=$dir/home MESHSYNC_BIN=$BIN
	MESHSYNC_LISTEN=127.0.0.1:$listen KUBECONFIG=$dir/cluster/kubeconfig
	BROKER_URL=nats://127.0.0.1:$port"
meshsync() {
	# shellcheck disable=SC2086 # words
	env $place scripts/meshsync "$@"
}
nats-server -a 127.0.0.1 -p "$port" >/dev/null 2>&1 &
nats=$!
: >"$dir/err"
# shellcheck disable=SC2086 # words; not by the function: TERM is for its pid
env $place scripts/meshery-meshsync >"$dir/out" 2>"$dir/err" &
supervisor=$!
ok 'into a broker: status says that all is well' cluster_wait 30 \
	meshsync status
meshsync status --metrics >"$dir/metrics"
ok 'and its metrics know the cluster' \
	grep -q 'meshsync_objects{resource="namespaces.v1."} [1-9]' "$dir/metrics"
ok 'check: all kinds, the broker, and a mark through all stages' \
	meshsync check
ok 'resync' meshsync resync
kill -TERM "$supervisor"
wait "$supervisor"
ok '44: SIGTERM ends it with 0' test $? -eq 0
supervisor=

MESHSYNC_BIN=$BIN scripts/meshsync run --kubeconfig "$dir/none" \
	>"$dir/out" 2>"$dir/err"
status=$?
ok 'what no restart can mend ends it with 100' test "$status" -eq 100
ok 'and is told once' test "$(wc -l <"$dir/err")" -eq 1

cluster_kubectl create secret generic hidden --from-literal=word=hunter2 \
	>/dev/null
MESHSYNC_BIN=$BIN timeout 60 scripts/meshsync capture --once \
	--kubeconfig "$dir/cluster/kubeconfig" >"$dir/out" 2>"$dir/err"
ok 'capture --once ends with 0' test $? -eq 0
ok 'and holds a whole sync, Secrets masked' sh -c \
	"grep -q '\"phase\":\"ready\"' $dir/out &&
	grep -q 'REDACTED' $dir/out && ! grep aHVudGVyMg $dir/out"
MESHSYNC_BIN=$BIN timeout 60 scripts/meshsync replay "$dir/out" \
	>"$dir/replayed" 2>"$dir/err"
ok 'replay shows it' grep -q kube-system "$dir/replayed"
done_testing
