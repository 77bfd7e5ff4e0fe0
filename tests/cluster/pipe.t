#!/bin/sh
# The whole pipe on a real cluster, into a real nats-server with a real
# subscriber: at the end the subscriber's world is what kubectl shows, also
# when objects change meanwhile, and when the pipe was killed while some went.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/cluster/harness.sh
. tests/tap.sh
cluster_require
cluster_scratch

end() {
	for name in pipe world nats; do
		[ ! -s "$dir/$name.pid" ] ||
			kill "$(cat "$dir/$name.pid")" 2>/dev/null
	done
	[ -z "${pid_pipe:-}" ] || wait "$pid_pipe" 2>/dev/null
}

# The pipe by its supervisor, and the pids of its stages.
start_pipe() {
	MESHSYNC_BIN=$BIN scripts/meshsync run \
		--kubeconfig "$dir/cluster/kubeconfig" --depth full \
		--to "nats://127.0.0.1:$port" --store "$dir/snapshot.db" \
		2>>"$dir/pipe.log" &
	pid_pipe=$!
	echo "$pid_pipe" >"$dir/pipe.pid"
}

# As a power cut for processes: nothing gets to say goodbye.
kill_pipe() {
	kill -9 "$pid_pipe" $(pgrep -P "$pid_pipe")
	wait "$pid_pipe" 2>/dev/null
	rm -f "$dir/pipe.pid"
	cluster_wait 10 no_stages
}

no_stages() {
	! pgrep -f "$dir/snapshot.db"
}

# What kubectl shows of everything that is watched, as messages.
expect() {
	cluster_kubectl api-resources --verbs=list,watch -o name |
		grep -v -x -e events -e events.events.k8s.io \
			-e leases.coordination.k8s.io >"$dir/resources"
	: >"$dir/expected"
	while read -r resource; do
		cluster_kubectl get "$resource" -A -o json </dev/null
	done <"$dir/resources" |
		"$BIN/ms-classify" --cluster "$cluster" |
		"$BIN/ms-publish" --to - --format meshery >"$dir/expected"
}

# The world as it is now, beside the cluster as it is now.
same() {
	expect || return 1
	rm -f "$dir/world"
	kill -USR1 "$(cat "$dir/world.pid")" || return 1
	cluster_wait 10 test -s "$dir/world" || return 1
	tests/cluster/compare.py "$dir/world" "$dir/expected"
}

stale() {
	! same
}

# Objects that change, go and come again.
churn() {
	for round in 1 2 3; do
		cluster_generate pods 200 $((round * 100)) |
			sed 's/"labels":{/&"round":"'$round'",/' |
			cluster_load --patch
		cluster_generate configmaps 50 | sed 's/workers/round'$round/ |
			cluster_load --replace
		cluster_generate widgets 20 | cluster_load --delete
		cluster_generate services 10 $((round * 10)) |
			cluster_load --delete
		cluster_generate widgets 20 | cluster_load
	done
}

cluster_start "$dir/cluster" || exit 1
port=$(free_port)
nats-server -a 127.0.0.1 -p "$port" >"$dir/nats.log" 2>&1 &
echo $! >"$dir/nats.pid"
tests/chaos/world.py --url "nats://127.0.0.1:$port" --out "$dir/world" \
	>"$dir/world.log" 2>&1 &
echo $! >"$dir/world.pid"
cluster=$(cluster_kubectl get namespace kube-system \
	-o 'jsonpath={.metadata.uid}')

fill() {
	cluster_generate crds 1 | cluster_load
	cluster_generate namespaces 20 | cluster_load
	for kind in deployments statefulsets daemonsets services configmaps \
		secrets serviceaccounts roles ingresses jobs; do
		cluster_generate "$kind" 50 | cluster_load
	done
	cluster_generate widgets 40 | cluster_load
	cluster_load_pods 2000
}

fill >"$dir/load.log" 2>&1
ok 'the subscriber is there' cluster_wait 10 grep -q ready "$dir/world.log"
start_pipe
churn >"$dir/churn.log" 2>&1
ok 'after a sync under change the world is what kubectl shows' \
	cluster_wait 6 same
churn >"$dir/churn.log" 2>&1
ok 'and after changes to what is synced' cluster_wait 6 same

lose_some() {
	cluster_generate pods 300 | cluster_load --delete
	cluster_generate configmaps 25 | cluster_load --delete
	cluster_generate configmaps 5 | cluster_load
	cluster_generate widgets 40 | cluster_load --delete
}

kill_pipe
lose_some >"$dir/churn.log" 2>&1
ok 'the world is stale while nothing runs' stale
start_pipe
ok 'after kill -9 of all, deletions meanwhile, and a new start' \
	cluster_wait 6 same

kill -TERM "$pid_pipe"
wait "$pid_pipe"
status=$?
rm -f "$dir/pipe.pid"
ok 'SIGTERM stops it from the left, with 0' test "$status" -eq 0
ok 'and no stage is left' cluster_wait 5 no_stages
sed 's/^/# /' "$dir/pipe.log"
done_testing
