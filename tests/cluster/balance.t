#!/bin/sh
# balance.t - two real API servers behind a balancer, restarted in turn while
# objects change; then a network cut that outlasts the server's history.

# shellcheck source=tests/cluster/harness.sh
. tests/cluster/harness.sh
. tests/tap.sh
cluster_require

cluster_scratch

CLUSTER_CONTROLLERS=no cluster_start "$dir/cluster" || {
	echo "Bail out! no cluster"
	exit 1
}
/usr/bin/python3 -B tests/cluster/balance.py "$dir/cluster"
