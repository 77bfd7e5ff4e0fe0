// Controlplane is a real Kubernetes control plane in one program: the tests and
// benchmarks of this project run against it, without containers or a VM.
//
// The first argument names what it becomes; all after it belongs to that program:
//
//	controlplane etcd --data-dir ...
//	controlplane kube-apiserver --etcd-servers ...
//	controlplane kube-controller-manager --kubeconfig ...
//	controlplane kubectl get pods -A
//	controlplane certs DIR                keys and certificates (certs.go)
//	controlplane wait --kubeconfig FILE   until the cluster can be used (wait.go)
//	controlplane load --kubeconfig FILE   objects from stdin into the cluster (load.go)
//
// Harness.sh knows the flags that make a cluster of these.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// Exit codes of the whole project: 100 is for good, 111 is worth another try.
const (
	exitUsage     = 100
	exitTemporary = 111
)

const usage = "usage: controlplane etcd|kube-apiserver|kube-controller-manager|kubectl|certs|wait|load ..."

func main() {
	if len(os.Args) < 2 {
		fail(exitUsage, usage)
	}
	// Each program finds its own name in os.Args[0], as if it stood alone.
	os.Args = os.Args[1:]
	dieWithParent()
	switch os.Args[0] {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "kubectl":
		os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	case "certs":
		certs(os.Args[1:])
	case "wait":
		wait(os.Args[1:])
	case "load":
		load(os.Args[1:])
	default:
		fail(exitUsage, usage)
	}
}

// dieWithParent ties a server to the shell named by CLUSTER_PARENT, so that a
// test which is killed with -9 leaves no server behind.
func dieWithParent() {
	parent, err := strconv.Atoi(os.Getenv("CLUSTER_PARENT"))
	if err != nil {
		return
	}
	// The kernel keeps the wish per thread: this one must not end first.
	runtime.LockOSThread()
	syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0)
	if os.Getppid() != parent {
		// It died before the wish was heard, or is not the shell but its child.
		fail(exitTemporary, "not started by the shell itself: no subshells, or CLUSTER_KEEP=1")
	}
}

// parseFlags ends the program when it was not told properly what to do.
func parseFlags(flags *flag.FlagSet, args []string) {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		os.Exit(exitUsage)
	}
}

func fail(code int, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "controlplane: fatal: "+format+"\n", args...)
	os.Exit(code)
}
