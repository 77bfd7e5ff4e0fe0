package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// How long one object is tried again: its namespace, its CRD or its service
// account may be on their way.
const patience = 60 * time.Second

// What the server shall answer: no more than the identity, as nobody reads the rest.
const acceptIdentity = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

type loader struct {
	api    *api
	mode   string
	status bool

	done, already, failed atomic.Int64
}

// load takes Kubernetes objects from stdin, one JSON document a line, and
// creates (or replaces, patches, deletes) each. A line may also be a watch event,
// {"type":...,"object":...}: ADDED creates, MODIFIED patches, DELETED deletes.
// Lines that name the same object are done in order, all others in parallel.
// It ends 111 when an object failed.
func load(args []string) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "the cluster")
	workers := flags.Int("workers", 24, "how many requests run at once")
	rate := flags.Int("rate", 0, "at most so many objects a second (0: as fast as possible)")
	withStatus := flags.Bool("with-status", false, "create, then write the object's .status, too")
	modes := map[string]*bool{
		"replace": flags.Bool("replace", false, "replace existing objects (PUT)"),
		"patch":   flags.Bool("patch", false, "merge lines into existing objects; a line may be a part of an object"),
		"status":  flags.Bool("status", false, "merge the .status of lines into existing objects"),
		"delete":  flags.Bool("delete", false, "delete, at once (grace period 0)"),
	}
	parseFlags(flags, args)
	l := &loader{mode: "create", status: *withStatus}
	for mode, wanted := range modes {
		if !*wanted {
			continue
		}
		if l.mode != "create" {
			fail(exitUsage, "--%s and --%s exclude each other", l.mode, mode)
		}
		l.mode = mode
	}
	if *workers < 1 || flags.NArg() > 0 || (l.status && l.mode != "create") {
		fail(exitUsage, "usage: controlplane load [--replace|--patch|--status|--delete] [--with-status] < objects")
	}
	l.api = connect(*kubeconfig)

	begin := time.Now()
	l.run(os.Stdin, *workers, *rate)
	seconds := time.Since(begin).Seconds()
	fmt.Printf("%s: %d objects in %.1f s (%.0f/s), %d were so already, %d failed\n", l.mode,
		l.done.Load(), seconds, float64(l.done.Load())/seconds, l.already.Load(), l.failed.Load())
	if l.failed.Load() > 0 {
		os.Exit(exitTemporary)
	}
}

func (l *loader) run(in io.Reader, workers, rate int) {
	var all sync.WaitGroup
	queues := make([]chan *object, workers)
	for i := range queues {
		queue := make(chan *object, 64)
		queues[i] = queue
		all.Add(1)
		go func() {
			defer all.Done()
			l.work(queue)
		}()
	}
	begin, sent := time.Now(), 0
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if o, err := parse(line); err != nil {
				l.fail(err)
			} else {
				if rate > 0 {
					time.Sleep(time.Until(begin.Add(time.Duration(sent) * time.Second / time.Duration(rate))))
				}
				queues[o.hash()%uint32(workers)] <- o
				sent++
			}
		}
		if err == io.EOF {
			break
		}
		orDie(err)
	}
	for _, queue := range queues {
		close(queue)
	}
	all.Wait()
}

// work creates (or whatever the mode is) object by object. A status follows some
// objects later: had it come at once, the API server would have tried it on what
// its cache knows, lost to the newer version in etcd, and done it all again.
func (l *loader) work(queue <-chan *object) {
	var created []*object
	writeStatus := func() {
		if l.finish(created[0], l.putStatus(created[0])) {
			l.done.Add(1)
		}
		created = created[1:]
	}
	for o := range queue {
		ok := l.finish(o, l.apply(o))
		switch {
		case ok && l.status && o.Status != nil && (o.mode == "" || o.mode == "create"):
			created = append(created, o)
		case ok:
			l.done.Add(1)
		}
		if len(created) > 32 {
			writeStatus()
		}
	}
	for len(created) > 0 {
		writeStatus()
	}
}

// finish reports whether it went well, and otherwise says so.
func (l *loader) finish(o *object, err error) bool {
	if err != nil {
		l.fail(fmt.Errorf("%s %s/%s: %w", o.Kind, o.Metadata.Namespace, o.Metadata.Name, err))
	}
	return err == nil
}

func (l *loader) fail(err error) {
	if l.failed.Add(1) <= 10 { // the eleventh says nothing new
		fmt.Fprintf(os.Stderr, "controlplane: warning: %v\n", err)
	}
}

// An object as far as its address goes; the bytes are sent as they came.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"metadata"`
	Status json.RawMessage `json:"status"`
	Type   string          `json:"type"`   // of an event; a Secret has one, too
	Object json.RawMessage `json:"object"` // of an event
	line   []byte
	mode   string // of an event
}

var eventModes = map[string]string{"ADDED": "create", "MODIFIED": "patch", "DELETED": "delete"}

func parse(line []byte) (*object, error) {
	o := &object{line: line}
	if err := json.Unmarshal(line, o); err != nil {
		return nil, fmt.Errorf("not an object: %w", err)
	}
	if o.Object != nil {
		mode := eventModes[o.Type]
		if mode == "" {
			return nil, fmt.Errorf("an event of type %q", o.Type)
		}
		inner, err := parse(o.Object)
		if err == nil {
			inner.mode = mode
		}
		return inner, err
	}
	if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
		return nil, errors.New("a line without apiVersion, kind or metadata.name")
	}
	return o, nil
}

func (o *object) hash() uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s %s/%s", o.Kind, o.Metadata.Namespace, o.Metadata.Name)
	return h.Sum32()
}

func (l *loader) apply(o *object) error {
	deadline := time.Now().Add(patience)
	collection, err := l.api.collection(o, deadline)
	if err != nil {
		return err
	}
	path := collection + "/" + url.PathEscape(o.Metadata.Name)
	mode := l.mode
	if o.mode != "" {
		mode = o.mode
	}
	switch mode {
	case "replace":
		return l.replace(deadline, path, o)
	case "patch":
		return l.send(deadline, http.MethodPatch, path, "application/merge-patch+json", o.line)
	case "status":
		return l.putStatus(o)
	case "delete":
		return l.send(deadline, http.MethodDelete, path, "application/json",
			[]byte(`{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"propagationPolicy":"Background"}`))
	}
	return l.send(deadline, http.MethodPost, collection, "application/json", o.line)
}

// putStatus plays the kubelet or a controller: only they write .status.
func (l *loader) putStatus(o *object) error {
	if o.Status == nil {
		return errors.New("no .status")
	}
	deadline := time.Now().Add(patience)
	collection, err := l.api.collection(o, deadline)
	if err != nil {
		return err
	}
	path := collection + "/" + url.PathEscape(o.Metadata.Name) + "/status?fieldManager=kubelet"
	body := append(append([]byte(`{"status":`), o.Status...), '}')
	return l.send(deadline, http.MethodPatch, path, "application/merge-patch+json", body)
}

// replace puts the object in the place of its present version. Custom resources
// cannot be replaced without naming that version.
func (l *loader) replace(deadline time.Time, path string, o *object) error {
	for {
		answer, err := l.api.do(http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		if answer.code != http.StatusOK {
			return answer.err()
		}
		var present, next map[string]any
		if err := decode(answer.body, &present); err != nil {
			return err
		}
		if err := decode(o.line, &next); err != nil {
			return err
		}
		next["metadata"].(map[string]any)["resourceVersion"] = present["metadata"].(map[string]any)["resourceVersion"]
		body, err := json.Marshal(next)
		if err != nil {
			return err
		}
		err = l.send(deadline, http.MethodPut, path, "application/json", body)
		var conflict *answer409
		if !errors.As(err, &conflict) || time.Now().After(deadline) {
			return err
		}
	}
}

// decode keeps numbers as they are written.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

type answer409 struct{ error }

// send repeats a request for as long as the answer means "not yet".
func (l *loader) send(deadline time.Time, method, path, contentType string, body []byte) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		answer, err := l.api.do(method, path, contentType, body)
		switch {
		case err != nil:
		case answer.code < 300:
			return nil
		case method == http.MethodPost && answer.reason() == "AlreadyExists",
			method == http.MethodDelete && answer.code == http.StatusNotFound:
			l.already.Add(1)
			return nil
		case answer.code == http.StatusConflict && method == http.MethodPut:
			return &answer409{answer.err()}
		case !answer.worthRetry(method):
			return answer.err()
		default:
			err = answer.err()
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(pause)
	}
}

// An api is a connection to one API server.
type api struct {
	client  *http.Client
	server  string
	mutex   sync.Mutex // of all below
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	mapping map[schema.GroupVersionKind]*meta.RESTMapping
	asked   time.Time // discovery
}

func connect(kubeconfig string) *api {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	orDie(err)
	config.UserAgent = "controlplane-load"
	config.Timeout = 30 * time.Second
	config.QPS = -1 // the server has its own brakes
	client, err := rest.HTTPClientFor(config)
	orDie(err)
	finder, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	orDie(err)
	return &api{
		client:  client,
		server:  strings.TrimSuffix(config.Host, "/"),
		mapper:  restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(finder)),
		mapping: map[schema.GroupVersionKind]*meta.RESTMapping{},
	}
}

// collection is the path that an object is created under, from discovery. A CRD
// takes a moment to appear there.
func (a *api) collection(o *object, deadline time.Time) (string, error) {
	gv, err := schema.ParseGroupVersion(o.APIVersion)
	if err != nil {
		return "", err
	}
	mapping, err := a.lookUp(gv.WithKind(o.Kind), time.Time{})
	for meta.IsNoMatchError(err) && time.Now().Before(deadline) {
		asked := time.Now()
		time.Sleep(200 * time.Millisecond)
		mapping, err = a.lookUp(gv.WithKind(o.Kind), asked)
	}
	if err != nil {
		return "", err
	}
	path := "/apis/" + gv.String()
	if gv.Group == "" {
		path = "/api/" + gv.Version
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace := o.Metadata.Namespace
		if namespace == "" {
			namespace = "default"
		}
		path += "/namespaces/" + url.PathEscape(namespace)
	}
	return path + "/" + mapping.Resource.Resource, nil
}

// lookUp forgets what discovery said before the time "since".
func (a *api) lookUp(gvk schema.GroupVersionKind, since time.Time) (*meta.RESTMapping, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if m := a.mapping[gvk]; m != nil {
		return m, nil
	}
	if a.asked.Before(since) { // else another worker has asked again already
		a.asked = time.Now()
		a.mapper.Reset()
	}
	m, err := a.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err == nil {
		a.mapping[gvk] = m
	}
	return m, err
}

type answer struct {
	code int
	body []byte
}

func (a *api) do(method, path, contentType string, body []byte) (*answer, error) {
	request, err := http.NewRequest(method, a.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method != http.MethodGet {
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Accept", acceptIdentity)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return &answer{response.StatusCode, text}, err
}

// status reads the reason and message of a refusal, a Status object.
func (a *answer) status() (reason, message string) {
	var s struct{ Reason, Message string }
	if json.Unmarshal(a.body, &s) != nil {
		return "", string(a.body)
	}
	return s.Reason, s.Message
}

func (a *answer) reason() string {
	reason, _ := a.status()
	return reason
}

func (a *answer) err() error {
	_, message := a.status()
	return fmt.Errorf("%d: %s", a.code, message)
}

func (a *answer) worthRetry(method string) bool {
	_, message := a.status()
	switch {
	case a.code == http.StatusTooManyRequests, a.code >= 500:
		return true
	case a.code == http.StatusNotFound: // the namespace or the CRD of a new object
		return method == http.MethodPost
	case a.code == http.StatusForbidden: // admission, which looks for what controllers make
		return method == http.MethodPost && strings.Contains(message, "service account")
	case a.code == http.StatusConflict: // a patch that met a controller
		return true
	}
	return false
}
