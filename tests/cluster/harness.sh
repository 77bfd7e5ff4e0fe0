# harness.sh - a real Kubernetes control plane for tests and benchmarks.
# shellcheck shell=sh
#
# A POSIX sh library, to be sourced from a script that runs in the top folder:
#
#	. tests/cluster/harness.sh
#	cluster_require				# a test: skipped without Go
#	cluster_scratch				# $dir, cleaned up at the end
#	cluster_start "$dir/cluster" || exit 1
#	cluster_load_pods 2000
#	cluster_kubectl get pods -A
#
# etcd, kube-apiserver and kube-controller-manager run on 127.0.0.1, on free
# ports. There is neither kubelet nor scheduler: Pods stay Pending until
# cluster_kubelet binds them and calls them Running.
# They die with the shell that started them, even if that was killed with -9,
# and so cluster_start must not run in a subshell. CLUSTER_KEEP=1 lets them live
# on, for a person at a prompt; cluster_stop DIR, from any shell, ends them.
#
# Below DIR: kubeconfig (system:masters, by token), kubeconfig-certificate (the
# same rights, by client certificate), kubeconfig-restricted (see
# cluster_grant), kubeconfig-none (no rights), ca.crt, stranger.crt (a CA that
# signed nothing here), *.log. CLUSTER_DIR is the DIR of the last start;
# functions that take none use it.
#
# Read from the environment:
#	CLUSTER_SRC		the folder of this file (tests/cluster)
#	CLUSTER_BIN		the program (build/controlplane)
#	CLUSTER_CONTROLLERS=no	no kube-controller-manager: nothing but what is loaded
#	CLUSTER_APISERVER_FLAGS, CLUSTER_CONTROLLER_FLAGS	more flags, by words
#	CLUSTER_TIMEOUT		seconds that each server may take to start (60)

: "${CLUSTER_SRC:=tests/cluster}"
: "${CLUSTER_BIN:=$CLUSTER_SRC/../../build/controlplane}"
: "${CLUSTER_TIMEOUT:=60}"
CLUSTER_DIR=${CLUSTER_DIR:-}

# What the servers say about themselves.
CLUSTER_VERSION=$(sed -n 's/^	k8s.io\/kubernetes //p' "$CLUSTER_SRC/go.mod" 2>/dev/null)

cluster_say() {
	echo "cluster: $*" >&2
}

# Building

# cluster_build: the program, if it is missing or older than its sources.
# 1, and why on stderr, when it cannot be built. Cold, it takes some 6 minutes.
cluster_build() {
	[ -f "$CLUSTER_SRC/go.mod" ] || {
		cluster_say "no $CLUSTER_SRC/go.mod: run this from the top folder, or set CLUSTER_SRC"
		return 1
	}
	cluster_is_built && return 0
	cluster_has_go || return 1
	mkdir -p "${CLUSTER_BIN%/*}" || return 1
	# Tests that run in parallel want one build, not two.
	(
		exec 9>"$CLUSTER_BIN.lock"
		flock 9
		cluster_is_built && exit 0
		case $CLUSTER_BIN in
		/*) out=$CLUSTER_BIN ;;
		*) out=$PWD/$CLUSTER_BIN ;;
		esac
		cd "$CLUSTER_SRC" || exit 1
		cluster_say "building ${out##*/}: minutes the first time, seconds after that"
		nice go build -trimpath -o "$out" -ldflags \
			"-s -w -X k8s.io/component-base/version.gitVersion=$CLUSTER_VERSION" . >&2
	)
}

cluster_is_built() {
	[ -x "$CLUSTER_BIN" ] && [ -z "$(find "$CLUSTER_SRC" -maxdepth 1 \
		\( -name '*.go' -o -name 'go.*' \) -newer "$CLUSTER_BIN")" ]
}

cluster_has_go() {
	command -v go >/dev/null || {
		cluster_say "no go in PATH: the real control plane needs Go 1.26 or newer"
		return 1
	}
	# Only the Go that is here: an old one would fetch the new one by itself.
	cluster_go=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null)
	case $cluster_go in
	go1.2[6-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
	*)
		cluster_say "${cluster_go:-this go} is too old: the real control plane needs Go 1.26 or newer"
		return 1
		;;
	esac
}

# cluster_require: for TAP tests. Skips the whole test when there is no Go;
# with CI=true that is a failure.
cluster_require() {
	cluster_why=$(cluster_build 2>&1) && return 0
	if [ "${CI:-}" = true ]; then
		printf '%s\n' "$cluster_why" >&2
		echo "Bail out! no control plane"
		exit 1
	fi
	echo "1..0 # SKIP $(printf '%s\n' "$cluster_why" | tail -n 1)"
	exit 0
}

# cluster_scratch: a folder of the script's own in $dir, with its cluster, once
# started, in $dir/cluster. However the script ends: its own end(), if it has
# one, and then both go. $BIN gets its default.
cluster_scratch() {
	: "${BIN:=$PWD/build}"
	dir=$(mktemp -d) || exit 1
	trap cluster_clean EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

cluster_clean() {
	! command -v end >/dev/null || end
	cluster_stop "$dir/cluster"
	rm -rf "$dir"
}

# Small tools

# free_port [N]: N distinct TCP ports, on one line, that were free on 127.0.0.1
# just now. They are below the range that the kernel takes for connections, so
# that only another free_port can come in between.
free_port() {
	/usr/bin/python3 - "${1:-1}" <<-'PYTHON'
		import random, socket, sys
		found = []
		for port in random.sample(range(10240, 30000), 2000):
		    if len(found) == int(sys.argv[1]):
		        break
		    with socket.socket() as s:
		        try:
		            s.bind(("127.0.0.1", port))
		        except OSError:
		            continue
		        found.append(str(port))
		print(*found)
	PYTHON
}

# cluster_wait SECONDS COMMAND...: until the command succeeds; 1 if it never did.
cluster_wait() {
	cluster_turns=$(($1 * 5))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$cluster_turns" -gt 0 ] || return 1
		cluster_turns=$((cluster_turns - 1))
		sleep 0.2
	done
}

# Start and stop

# cluster_start DIR: 0 once the cluster can be used. Otherwise 1, with the end
# of the log of what failed on stderr, and nothing is left running.
cluster_start() {
	CLUSTER_DIR=$1
	mkdir -p "$CLUSTER_DIR/pki" && chmod 700 "$CLUSTER_DIR" || return 1
	CLUSTER_DIR=$(cd "$CLUSTER_DIR" && pwd) || return 1
	[ ! -e "$CLUSTER_DIR/etcd.pid" ] || {
		cluster_say "$CLUSTER_DIR has a cluster already"
		return 1
	}
	# shellcheck disable=SC2046 # three words
	set -- $(free_port 3)
	echo "$1" >"$CLUSTER_DIR/etcd.port"
	echo "$2" >"$CLUSTER_DIR/etcd-peer.port"
	echo "$3" >"$CLUSTER_DIR/kube-apiserver.port"
	"$CLUSTER_BIN" certs "$CLUSTER_DIR/pki" &&
		cluster_write_credentials &&
		cluster_start_etcd &&
		cluster_start_apiserver &&
		cluster_start_controllers &&
		cluster_grant &&
		return 0
	cluster_stop_programs
	return 1
}

# cluster_stop [DIR]: ends what cluster_start began, and removes its files.
# Fine to call twice, after half a start, or on a folder without a cluster.
cluster_stop() {
	CLUSTER_DIR=${1:-$CLUSTER_DIR}
	[ -e "$CLUSTER_DIR/kube-apiserver.port" ] || return 0
	CLUSTER_DIR=$(cd "$CLUSTER_DIR" && pwd) || return 1
	cluster_stop_programs
	# Its own files by name: DIR may hold more than those.
	(
		cd "$CLUSTER_DIR" &&
			rm -rf etcd pki kubectl-cache kubeconfig* kubelet.* tokens.csv ./*.crt ./*.port etcd.log kube-*.log
	)
	rmdir "$CLUSTER_DIR" 2>/dev/null
	return 0
}

# Nothing of theirs is kept, so that they need not end in good order.
cluster_stop_programs() {
	for cluster_name in kube-controller-manager kube-apiserver etcd; do
		cluster_end "$cluster_name" KILL
	done
}

# An API server that goes away and comes back with the same port and data, for
# tests of what its clients do meanwhile. TERM lets it finish requests and say
# goodbye (some seconds); with KILL it is gone at once. Both work on CLUSTER_DIR.
cluster_stop_apiserver() {
	cluster_end kube-apiserver "${1:-TERM}"
}

cluster_start_apiserver() {
	set --
	# Nothing makes service accounts then: Pods must do without.
	[ "${CLUSTER_CONTROLLERS:-yes}" = yes ] ||
		set -- --disable-admission-plugins=ServiceAccount
	# There is no endpoint reconciler as an endpoint must not be on loopback.
	# Without a grace period, a server that shuts down waits a minute for watches.
	# shellcheck disable=SC2086 # flags are words
	cluster_spawn kube-apiserver "$@" \
		--etcd-servers="http://127.0.0.1:$(cluster_port etcd)" \
		--bind-address=127.0.0.1 --advertise-address=127.0.0.1 \
		--secure-port="$(cluster_port kube-apiserver)" \
		--endpoint-reconciler-type=none \
		--cert-dir="$CLUSTER_DIR/pki" \
		--tls-cert-file="$CLUSTER_DIR/pki/server.crt" \
		--tls-private-key-file="$CLUSTER_DIR/pki/server.key" \
		--client-ca-file="$CLUSTER_DIR/pki/ca.crt" \
		--token-auth-file="$CLUSTER_DIR/tokens.csv" \
		--service-account-issuer=https://kubernetes.default.svc \
		--service-account-key-file="$CLUSTER_DIR/pki/sa.pub" \
		--service-account-signing-key-file="$CLUSTER_DIR/pki/sa.key" \
		--service-cluster-ip-range=10.0.0.0/16 \
		--authorization-mode=RBAC \
		--allow-privileged=true \
		--shutdown-watch-termination-grace-period=2s \
		--profiling=false \
		${CLUSTER_APISERVER_FLAGS:-} &&
		cluster_until_ready kube-apiserver
}

cluster_start_etcd() {
	cluster_spawn etcd \
		--data-dir="$CLUSTER_DIR/etcd" \
		--listen-client-urls="http://127.0.0.1:$(cluster_port etcd)" \
		--advertise-client-urls="http://127.0.0.1:$(cluster_port etcd)" \
		--listen-peer-urls="http://127.0.0.1:$(cluster_port etcd-peer)" \
		--initial-advertise-peer-urls="http://127.0.0.1:$(cluster_port etcd-peer)" \
		--initial-cluster="default=http://127.0.0.1:$(cluster_port etcd-peer)" \
		--quota-backend-bytes=8589934592 --unsafe-no-fsync --log-level=warn
}

# Off are the controllers that would delete the Pods of nodes which nobody runs.
cluster_start_controllers() {
	[ "${CLUSTER_CONTROLLERS:-yes}" = yes ] || return 0
	# shellcheck disable=SC2086 # flags are words
	cluster_spawn kube-controller-manager \
		--kubeconfig="$CLUSTER_DIR/kubeconfig" \
		--controllers='*,-node-lifecycle-controller,-taint-eviction-controller,-pod-garbage-collector-controller' \
		--service-account-private-key-file="$CLUSTER_DIR/pki/sa.key" \
		--root-ca-file="$CLUSTER_DIR/pki/ca.crt" \
		--leader-elect=false --secure-port=0 --profiling=false \
		--kube-api-qps=2000 --kube-api-burst=4000 \
		${CLUSTER_CONTROLLER_FLAGS:-} &&
		cluster_until_ready kube-controller-manager --controllers
}

# cluster_spawn NAME FLAG...: in the background, with NAME.pid and NAME.log.
cluster_spawn() {
	cluster_parent=$$
	[ "${CLUSTER_KEEP:-}" = 1 ] && cluster_parent=
	# Memory is cheaper here than the processor, which tests share with it.
	GOGC=${GOGC:-200} CLUSTER_PARENT=$cluster_parent "$CLUSTER_BIN" "$@" \
		</dev/null >>"$CLUSTER_DIR/$1.log" 2>&1 &
	echo $! >"$CLUSTER_DIR/$1.pid"
}

# cluster_until_ready NAME [FLAG]: until the cluster answers, or NAME is dead.
cluster_until_ready() {
	cluster_name=$1
	shift
	cluster_turns=$CLUSTER_TIMEOUT
	until "$CLUSTER_BIN" wait --kubeconfig "$CLUSTER_DIR/kubeconfig" "$@" 2>"$CLUSTER_DIR/kube-wait.log"; do
		cluster_turns=$((cluster_turns - 1))
		if [ "$cluster_turns" -le 0 ] || ! cluster_runs "$cluster_name"; then
			cluster_say "$cluster_name does not get ready: $(tail -n 1 "$CLUSTER_DIR/kube-wait.log")"
			tail -n 5 "$CLUSTER_DIR/etcd.log" "$CLUSTER_DIR/$cluster_name.log" >&2
			return 1
		fi
	done
}

# cluster_runs NAME: does it? The command line is looked at as well, because
# another program may have got the number of one that is long gone.
cluster_runs() {
	[ -r "$CLUSTER_DIR/$1.pid" ] &&
		tr '\0' '\n' 2>/dev/null <"/proc/$(cat "$CLUSTER_DIR/$1.pid")/cmdline" |
		grep -q -F -e "=$CLUSTER_DIR/"
}

# cluster_end NAME SIGNAL: until it is gone. One that takes more than 20 s is killed.
cluster_end() {
	if cluster_runs "$1"; then
		cluster_pid=$(cat "$CLUSTER_DIR/$1.pid")
		kill -s "$2" "$cluster_pid" 2>/dev/null
		cluster_turns=200
		while cluster_runs "$1" && [ "$cluster_turns" -gt -50 ]; do
			[ "$cluster_turns" -ne 0 ] || kill -s KILL "$cluster_pid" 2>/dev/null
			cluster_turns=$((cluster_turns - 1))
			sleep 0.1
		done
		wait "$cluster_pid" 2>/dev/null
	fi
	rm -f "$CLUSTER_DIR/$1.pid"
}

cluster_port() {
	cat "$CLUSTER_DIR/$1.port"
}

# Credentials

cluster_write_credentials() (
	umask 077
	cd "$CLUSTER_DIR" || exit 1
	cp pki/ca.crt ca.crt
	cp pki/stranger.crt stranger.crt
	: >tokens.csv
	for user in admin restricted none; do
		token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
		group=testers
		[ $user = admin ] && group=system:masters
		echo "$token,$user,$user,$group" >>tokens.csv
		file=kubeconfig-$user
		[ $user = admin ] && file=kubeconfig
		cluster_kubeconfig $user "    token: $token" >$file
	done
	cluster_kubeconfig admin-by-certificate \
		"    client-certificate-data: $(base64 -w 0 <pki/admin.crt)" \
		"    client-key-data: $(base64 -w 0 <pki/admin.key)" >kubeconfig-certificate
)

# cluster_kubeconfig USER LINE...: the lines are those of the user's entry.
cluster_kubeconfig() {
	cat <<-EOF
		apiVersion: v1
		kind: Config
		current-context: test
		contexts:
		- name: test
		  context:
		    cluster: test
		    user: $1
		clusters:
		- name: test
		  cluster:
		    server: https://127.0.0.1:$(cluster_port kube-apiserver)
		    certificate-authority-data: $(base64 -w 0 <"$CLUSTER_DIR/ca.crt")
		users:
		- name: $1
		  user:
	EOF
	shift
	printf '%s\n' "$@"
}

# cluster_grant: the rights of user "restricted". Namespaces, nodes, pods and
# deployments everywhere; config maps and services in namespace default only;
# all else is forbidden, as with a cautious administrator.
cluster_grant() {
	cluster_load >/dev/null <<-'EOF'
		{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"restricted"},"rules":[{"apiGroups":[""],"resources":["namespaces","nodes","pods"],"verbs":["get","list","watch"]},{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","list","watch"]}]}
		{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"restricted"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"restricted"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"restricted"}]}
		{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"restricted","namespace":"default"},"rules":[{"apiGroups":[""],"resources":["configmaps","services"],"verbs":["get","list","watch"]}]}
		{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"restricted","namespace":"default"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"restricted"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"restricted"}]}
	EOF
}

# Working with the cluster

# cluster_kubectl ARG...: the genuine one, as administrator. It keeps what it
# learns about the server below DIR, not in the home of whoever runs the test.
cluster_kubectl() {
	KUBECACHEDIR="$CLUSTER_DIR/kubectl-cache" KUBECONFIG="$CLUSTER_DIR/kubeconfig" "$CLUSTER_BIN" kubectl "$@"
}

# cluster_load [FLAG...]: objects from stdin, one a line, into the cluster; or
# with --replace, --patch, --status, --delete. --rate N for a steady stream.
cluster_load() {
	"$CLUSTER_BIN" load --kubeconfig "$CLUSTER_DIR/kubeconfig" "$@"
}

# cluster_generate KIND COUNT [START]: prints objects (generate.py).
cluster_generate() {
	/usr/bin/python3 "$CLUSTER_SRC/generate.py" "$@"
}

# cluster_load_pods N [START]: N running pods of about 7.2 KB in 20 namespaces.
# With CLUSTER_POD_STATUS=no they stay Pending, which takes a third of the time.
cluster_load_pods() {
	set -- pods "$@"
	cluster_generate namespaces 20 | cluster_load >/dev/null || return 1
	if [ "${CLUSTER_POD_STATUS:-yes}" = yes ]; then
		cluster_generate "$@" | cluster_load --with-status
	else
		cluster_generate "$@" | cluster_load
	fi
}

# cluster_demo: the cluster of demo.py, about 1,000 objects, on three nodes.
cluster_demo() {
	cluster_generate nodes 3 | cluster_load --with-status >/dev/null &&
		cluster_untaint &&
		/usr/bin/python3 "$CLUSTER_SRC/demo.py" | cluster_load &&
		cluster_kubelet
}

# cluster_demo_changes N: what happens to it in round N of 1 to 3.
cluster_demo_changes() {
	/usr/bin/python3 "$CLUSTER_SRC/demo.py" --changes "$1" | cluster_load &&
		cluster_kubelet
}

# Admission takes a new Node for one that is not ready, for ever as it seems, as
# no controller looks after it here.
cluster_untaint() {
	cluster_generate nodes 3 | sed 's/"spec":.*/"spec":{"taints":null}}/' | cluster_load --patch >/dev/null
}

# cluster_kubelet: plays scheduler and kubelets until nothing is left to do: new
# Pods are bound and run (those of Jobs succeed), and Pods that are to go are
# gone. 1 if there was still something to do after 60 rounds.
cluster_kubelet() {
	cluster_rounds=60
	cluster_quiet=0
	while [ "$cluster_rounds" -gt 0 ]; do
		cluster_rounds=$((cluster_rounds - 1))
		cluster_kubelet_round
		if [ -s "$CLUSTER_DIR/kubelet.todo" ]; then
			cluster_quiet=0
		else
			# The controllers need a moment for what they do about it.
			cluster_quiet=$((cluster_quiet + 1))
			[ "$cluster_quiet" -lt 5 ] || return 0
			sleep 0.2
		fi
	done
	return 1
}

cluster_kubelet_round() {
	cluster_kubectl get --raw /api/v1/pods >"$CLUSTER_DIR/kubelet.pods"
	: >"$CLUSTER_DIR/kubelet.todo"
	for cluster_task in bind status delete; do
		/usr/bin/python3 "$CLUSTER_SRC/kubelet.py" $cluster_task <"$CLUSTER_DIR/kubelet.pods" >"$CLUSTER_DIR/kubelet.now"
		cat "$CLUSTER_DIR/kubelet.now" >>"$CLUSTER_DIR/kubelet.todo"
		case $cluster_task in
		bind) set -- ;;
		*) set -- --$cluster_task ;;
		esac
		# A Pod may be gone by now: the next round sees.
		[ ! -s "$CLUSTER_DIR/kubelet.now" ] || cluster_load "$@" <"$CLUSTER_DIR/kubelet.now" >/dev/null 2>&1
	done
}
