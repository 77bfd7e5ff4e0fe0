package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"
)

// wait ends 0 once a cluster can be used: the API server is ready, and, with
// --controllers, the controllers made what every Pod needs (the default service
// account and its CA bundle). It ends 111 when that takes longer than --timeout.
func wait(args []string) {
	flags := flag.NewFlagSet("wait", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "the cluster")
	controllers := flags.Bool("controllers", false, "wait for kube-controller-manager, too")
	timeout := flags.Duration("timeout", time.Second, "give up after this time")
	parseFlags(flags, args)

	paths := []string{"/readyz", "/api/v1/namespaces/default", "/api/v1/namespaces/kube-system"}
	if *controllers {
		paths = append(paths,
			"/api/v1/namespaces/default/serviceaccounts/default",
			"/api/v1/namespaces/kube-system/serviceaccounts/default",
			"/api/v1/namespaces/default/configmaps/kube-root-ca.crt")
	}
	api := connect(*kubeconfig)
	api.client.Timeout = *timeout // one that takes requests and never answers is not ready
	deadline := time.Now().Add(*timeout)
	for _, path := range paths {
		for {
			answer, err := api.do(http.MethodGet, path, "", nil)
			if err == nil && answer.code == http.StatusOK {
				break
			}
			if time.Now().After(deadline) {
				if err == nil {
					err = fmt.Errorf("status %d", answer.code)
				}
				fail(exitTemporary, "not ready: %s: %v", path, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}
