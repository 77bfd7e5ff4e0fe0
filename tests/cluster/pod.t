#!/bin/sh
# pod.t - ms-watch as a service account of a real API server: at an IPv6
# address, with a bound token that is renewed, one that is no longer taken, and
# with --check. Numbers are those of the research's cases.

# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
cluster_require

cluster_scratch
account=$dir/account
relay='' watcher=''
end() {
	{ kill $relay $watcher && wait $relay $watcher; } 2>/dev/null
}

CLUSTER_CONTROLLERS=no cluster_start "$dir/cluster" || {
	echo "Bail out! no cluster"
	exit 1
}

# The server is on 127.0.0.1; this makes it one that is on ::1 as well. What
# passes is TLS between the two.
cat >"$dir/relay.py" <<'PYTHON'
import asyncio, sys

async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()

async def serve(reader, writer):
    to = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(copy(reader, to[1]), copy(to[0], writer))

async def main():
    server = await asyncio.start_server(serve, "::1", int(sys.argv[2]))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
PYTHON

start_relay() {
	rm -f "$dir/port"
	/usr/bin/python3 "$dir/relay.py" "$(cluster_port kube-apiserver)" "$1" \
		>"$dir/port" &
	relay=$!
	cluster_wait 20 test -s "$dir/port"
}

start_relay 0

# renew: another token, as kubelet puts it there
renew() {
	cluster_kubectl create token meshsync -n shop --duration 1h >"$dir/token" &&
		mv "$dir/token" "$account/token"
}

allow() {
	cluster_kubectl create clusterrolebinding meshsync \
		--clusterrole "$1" --serviceaccount shop:meshsync >/dev/null
}

mkdir "$account"
cluster_kubectl create namespace shop >/dev/null
cluster_kubectl create serviceaccount meshsync -n shop >/dev/null
cluster_kubectl create clusterrole pods --resource pods,configmaps,namespaces \
	--verb get,list,watch >/dev/null
allow pods
cp "$dir/cluster/ca.crt" "$account/ca.crt"
printf shop >"$account/namespace"
renew

# In a subshell, of which ms-watch takes the place, so that its pid is known.
become_pod() {
	exec env -u KUBECONFIG HOME=/nonexistent KUBERNETES_SERVICE_HOST=::1 \
		KUBERNETES_SERVICE_PORT="$(cat "$dir/port")" \
		MESHSYNC_SERVICE_ACCOUNT="$account" "$BIN/ms-watch" "$@" 2>"$dir/err"
}

pod() {
	(become_pod "$@")
}

told() {
	grep -qe "$1" "$dir/stream"
}

pod --once --resource cm >"$dir/stream"
is "13. in a pod, dual stack: the server's IPv6 address" "$?" 0
ok "13. it is the real one" told '"kind":"ConfigMap"'
pod --check --resource pods,secrets,nodes >"$dir/check"
is "13. --check: as what, and in which namespace" \
	"$(sed -n 's/^credentials.*accepted: //p' "$dir/check")" \
	"tokenFile, namespace shop"
is "--check: the server, what is allowed and what is not" \
	"$(sed -E 's/ at the cluster scope//; s/: 403.*//' "$dir/check" |
		grep -E '^(server|yes|no|[0-9])' | sed -E 's/^server.*(\(v1.*\))/server \1/')" \
	"server ($CLUSTER_VERSION)
no     nodes.v1.
yes    pods.v1.
no     secrets.v1.
1 of 3 kinds can be read"

# A token that the server takes no longer: its account was made anew.
become_pod --resource cm >"$dir/stream" &
watcher=$!
ok "a watch runs" cluster_wait 30 told '"phase":"ready"'
cluster_kubectl delete serviceaccount meshsync -n shop >/dev/null
cluster_kubectl create serviceaccount meshsync -n shop >/dev/null
cluster_kubectl create configmap during -n shop >/dev/null
ok "5. a watch that runs outlives its token" \
	cluster_wait 30 told '"name":"during"'
renew
port=$(cat "$dir/port")
kill "$relay"
wait "$relay"
start_relay "$port"
cluster_kubectl create configmap after -n shop >/dev/null
ok "5. cut off, it comes back with the new token" \
	cluster_wait 60 told '"name":"after"'
is "5. without a word about the old one, and without a list" \
	"$(grep -c 401 "$dir/err") $(grep -c '"phase":"begin"' "$dir/stream")" "0 1"
done_testing
