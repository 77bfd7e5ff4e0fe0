#include "session.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "discovery.h"
#include "refusal.h"
#include "stop.h"
#include "watch.h"

#define SNAPSHOTS 8 /* at once */
#define READY_AFTER 60000 /* ms: then it names what is pending */
#define TRIES 3 /* of --once, to reach the server */
#define BACKOFF 800 /* ms, doubled up to ... */
#define BACKOFF_CAP 30000
#define WARN_EVERY 30000
#define POLL_EVERY 45000 /* ms between looks at what is served */
#define POLL_SPREAD 30000
#define DEBOUNCE 1000
#define HOLD 10 /* ms that lines wait to fill a block */
#define PACE 3 /* ms after a turn that brought something ... */
#define PACE_BYTES (256u << 10) /* ... but less than this */
#define DRAIN 30000 /* ms for what stdout has not taken yet */

/* After a CRD changed: it is served some seconds later, by one server of
 * several first. */
static const int follow_up[] = {DEBOUNCE, 2000, 7000, 10000};
#define FOLLOW_UPS (int)(sizeof(follow_up) / sizeof(*follow_up))

struct session {
	const struct settings *settings;
	const struct kubeconfig *config;
	struct credentials credentials;
	struct http http;
	struct queue queue;
	struct emit emit;
	struct watch_env env;
	struct discovery *discovery;
	struct http_request *identity; /* the question for the cluster's id */
	int stop;

	struct watch **watch; /* in the order of starting */
	size_t n;
	bool is_running; /* discovery has succeeded once */
	bool is_known; /* so has the question for the id */
	bool is_whole; /* discovery knew all groups */
	char *cluster; /* the id that was answered last */

	unsigned failures; /* of the start, in a row */
	bool was_refused; /* 401, and the token has been read again */
	int64_t retry_at; /* ms: when to start again; 0: not waiting */
	int64_t poll_at; /* ms: when to look at what is served */
	int next_follow_up;
	int64_t began, last_warning;
	bool is_busy, is_held; /* snapshots under way; lines not pushed yet */
	int64_t pushed_at;
	uint64_t bytes; /* that had come by the last turn */
	bool is_ready, was_pending;
	int exit_code; /* -1: go on */
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- the start ---- */

static void on_identity(void *context, struct http_request *r);

static void
ask_identity(struct session *s)
{
	struct http_ask ask = {.path = "/api/v1/namespaces/kube-system",
	    .accept = "application/json;as=PartialObjectMetadata;"
		      "g=meta.k8s.io;v=v1,application/json",
	    .timeout = 30,
	    .done = on_identity,
	    .context = s};

	s->identity = http_get(&s->http, &ask);
}

static void
start(struct session *s)
{
	s->retry_at = 0;
	if (!s->is_known)
		ask_identity(s);
	discovery_start(s->discovery);
}

/* The server does not answer as it should: later, or never. */
static void
fail_start(struct session *s, const struct failure *f,
    const struct http_request *r)
{
	unsigned level = s->failures < 6 ? s->failures : 6;
	int delay = BACKOFF << level;
	int64_t now = s->env.now;

	refusal_check(s->config, f, r, s->was_refused);
	s->failures++;
	if (f->class == IN_AUTH) {
		s->was_refused = true;
		credentials_refused(&s->credentials, r->started, now);
		s->retry_at = now;
		return;
	}
	if (s->settings->is_once && s->failures >= TRIES)
		diag_die(EXIT_TEMPORARY, "unable to reach %s: %s",
		    s->config->server, f->why);
	if (!s->last_warning || now - s->last_warning >= WARN_EVERY) {
		diag_warn("unable to reach %s: %s; trying again",
		    s->config->server, f->why);
		s->last_warning = now;
	}
	if (delay > BACKOFF_CAP)
		delay = BACKOFF_CAP;
	if (f->retry_after > (unsigned)delay)
		delay = (int)f->retry_after;
	s->retry_at = now + delay / 2 + clock_jitter((uint32_t)delay + 1);
}

/* An id that is the same each time, for who may not read the real one. */
static char *
make_identity(const struct session *s)
{
	const char *server = s->config->server;
	uint64_t a = table_hash(server, strlen(server), 1);
	uint64_t b = table_hash(server, strlen(server), 2);
	char text[40];

	snprintf(text, sizeof(text), "%08x-%04x-8%03x-8%03x-%012llx",
	    (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
	    (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0xfff),
	    (unsigned long long)(b & 0xffffffffffffull));
	return diag_strndup(text, strlen(text));
}

static char *
read_identity(struct http_request *r)
{
	struct span doc = {r->body.p, r->body.len}, uid;
	struct scan_error err;
	char buf[128];

	if (!doc.n || *doc.p != '{' ||
	    scan_find(NULL, doc.p, doc.n, NULL, &err) < 0)
		return NULL;
	uid = scan_get(doc, "metadata");
	if (scan_type(uid) != SCAN_OBJECT)
		return NULL;
	uid = scan_text(scan_get(uid, "uid"), buf, sizeof(buf));
	return uid.n ? diag_strndup(uid.p, uid.n) : NULL;
}

/* Takes uid. */
static void
know_cluster(struct session *s, char *uid)
{
	s->is_known = true;
	if (s->cluster && strcmp(s->cluster, uid) != 0)
		diag_die(EXIT_TEMPORARY,
		    "%s is another cluster now (its "
		    "kube-system is %s, it was %s): starting anew is the only "
		    "way on",
		    s->config->server, uid, s->cluster);
	if (s->cluster) {
		free(uid);
		return;
	}
	s->cluster = s->emit.cluster = uid;
}

static void begin_run(struct session *s);

static void
on_identity(void *context, struct http_request *r)
{
	struct session *s = context;
	struct failure f;
	char *uid;

	s->identity = NULL;
	if (r->result != CURLE_OK)
		failure_set(&f, IN_SERVER, "%s", http_why(r));
	else
		failure_of_answer(&f, r->status,
		    (struct span){r->body.p, r->body.len}, NULL, false);
	if (r->result == CURLE_OK && r->status == 200) {
		if ((uid = read_identity(r)))
			know_cluster(s, uid);
	} else if (!s->is_known &&
	    (f.class == IN_DENIED || f.class == IN_MISSING)) {
		uid = make_identity(s);
		diag_warn(
		    "the id of the cluster cannot be read (%s): %s, "
		    "made from the server's address, stands for it; allow get "
		    "on namespace kube-system",
		    f.why, uid);
		know_cluster(s, uid);
	} else if (!s->is_known && !s->retry_at) {
		fail_start(s, &f, r);
	}
	if (s->is_known)
		begin_run(s);
}

/* ---- what is watched ---- */

static void
add_watch(struct session *s, struct resource *r, const char *ns)
{
	s->watch = diag_alloc(s->watch, (s->n + 1) * sizeof(void *));
	s->watch[s->n++] = watch_new(&s->env, r, ns);
}

static bool
is_watched(const struct session *s, const struct resource *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->watch[i]->resource->id, r->id) == 0)
			return true;
	return false;
}

static void
add_resource(struct session *s, struct resource *r)
{
	const struct opts_list *ns = &s->settings->namespaces;

	if (!r->is_namespaced || !ns->n)
		add_watch(s, r, NULL);
	else
		for (size_t i = 0; i < ns->n; i++)
			add_watch(s, r, ns->item[i]);
}

static bool
is_in(struct resource **list, size_t n, const struct resource *r)
{
	while (n > 0 && strcmp(list[n - 1]->id, r->id) != 0)
		n--;
	return n > 0;
}

/* Resources that discovery names no longer. What may exist unseen stays. */
static void
remove_gone(struct session *s, const struct catalog *c, struct resource **list,
    size_t n)
{
	const struct resource *told = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct watch *w = s->watch[i];

		if (is_in(list, n, w->resource) ||
		    catalog_is_stale(c, w->resource)) {
			s->watch[kept++] = w;
			continue;
		}
		if (w->resource != told)
			emit_phase(&s->emit, w->resource, "gone", NULL);
		told = w->resource;
		watch_input(w, IN_REMOVED);
		diag_info("%s is no longer served", w->resource->id);
		watch_free(w);
	}
	s->n = kept;
}

static void
select_resources(struct session *s, struct catalog *c)
{
	char err[CATALOG_ERROR];
	struct resource **list;
	size_t n;

	if (catalog_select(c, &s->settings->resources, s->settings->profile,
		s->is_running, &list, &n, err) < 0)
		diag_die(c->stale.n ? EXIT_TEMPORARY : EXIT_PERMANENT, "%s",
		    err);
	remove_gone(s, c, list, n);
	for (size_t i = 0; i < n; i++)
		if (!is_watched(s, list[i]))
			add_resource(s, list[i]);
	free(list);
	s->is_whole = c->stale.n == 0;
	for (size_t i = 0; i < c->stale.n && !s->is_running; i++)
		diag_warn("%s: what it serves cannot be known now, as the "
			  "server behind it does not answer",
		    c->stale.item[i]);
}

static void
plan_poll(struct session *s)
{
	int delay = POLL_EVERY + (int)clock_jitter(POLL_SPREAD);

	if (s->next_follow_up < FOLLOW_UPS)
		delay = follow_up[s->next_follow_up++];
	s->poll_at = s->env.now + delay;
}

/* Both the cluster's id and what it serves are known: the first lines. */
static void
begin_run(struct session *s)
{
	if (s->is_running || !s->is_known || !s->n)
		return;
	s->is_running = true;
	s->began = s->env.now;
	emit_tick(&s->emit);
	emit_config(&s->emit);
	plan_poll(s);
}

static void
on_discovery(void *context, enum discovery_result result, struct catalog *c,
    const struct failure *f, struct http_request *r)
{
	struct session *s = context;

	if (result == DISCOVERY_FAILED && !s->is_running) {
		if (!s->retry_at)
			fail_start(s, f, r);
		return;
	}
	if (result == DISCOVERY_FAILED)
		diag_info("discovery: %s", f->why);
	if (result == DISCOVERY_FOUND) {
		select_resources(s, c);
		catalog_free(c);
		if (!s->n && !s->is_running)
			diag_die(EXIT_PERMANENT,
			    "%s serves nothing that can "
			    "be watched",
			    s->config->server);
	}
	if (s->is_running)
		plan_poll(s);
	else
		begin_run(s);
}

/* ---- turns ---- */

static bool
is_same_resource_busy(const struct session *s, const struct watch *w)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->watch[i]->resource == w->resource &&
		    machine_is_busy(&s->watch[i]->machine))
			return true;
	return false;
}

/* Snapshots are begun in order, and never two of the same resource: between
 * begin and end a resource has one scope. */
static void
give_turns(struct session *s)
{
	unsigned busy = 0;

	for (size_t i = 0; i < s->n; i++)
		busy += machine_is_busy(&s->watch[i]->machine);
	s->is_busy = busy > 0;
	for (size_t i = 0; i < s->n && busy < SNAPSHOTS; i++) {
		struct watch *w = s->watch[i];

		if (w->machine.state != MACHINE_QUEUED ||
		    is_same_resource_busy(s, w))
			continue;
		watch_input(w, IN_TURN);
		busy++;
	}
}

/* Of several watches of a resource, the one that has come least far. */
static const char *
state_of(const struct session *s, size_t i, size_t *after)
{
	const struct resource *r = s->watch[i]->resource;
	const char *state = "synced";

	for (; i < s->n && s->watch[i]->resource == r; i++) {
		const char *one = watch_state(s->watch[i]);

		if (strcmp(state, "pending") != 0 && strcmp(one, "synced") != 0)
			state = one;
	}
	*after = i;
	return state;
}

static void
write_ready(struct session *s)
{
	emit_ready_open(&s->emit, s->is_whole);
	for (size_t i = 0, after; i < s->n; i = after) {
		const char *state = state_of(s, i, &after);

		emit_ready_resource(&s->emit, s->watch[i]->resource, state);
	}
	emit_ready_close(&s->emit);
	/* What the first sync needed is needed no longer. */
	malloc_trim(0);
}

static bool
is_pending(const struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(watch_state(s->watch[i]), "pending") == 0)
			return true;
	return false;
}

/* ready is written when all is settled, or after a time; and once more when
 * what was pending then has settled, too. */
static void
check_ready(struct session *s)
{
	bool is_late = s->env.now - s->began >= READY_AFTER;
	bool pending;

	if (!s->is_running || (s->is_ready && !s->was_pending))
		return;
	pending = is_pending(s);
	if (pending && (s->is_ready || !is_late))
		return;
	write_ready(s);
	s->is_ready = true;
	s->was_pending = pending;
}

/* --once ends when nothing is under way, failed kinds being given up. */
static void
check_once(struct session *s)
{
	bool has_failed = false;

	if (!s->settings->is_once || !s->is_running)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(watch_state(s->watch[i]), "pending") != 0)
			continue;
		if (!watch_is_failing(s->watch[i]))
			return;
		has_failed = true;
	}
	if (!s->is_ready)
		write_ready(s);
	s->exit_code = has_failed ? EXIT_TEMPORARY : 0;
}

static void
look_again(struct session *s)
{
	if (s->env.discover) {
		s->env.discover = false;
		s->next_follow_up = 0;
		if (!discovery_is_busy(s->discovery))
			plan_poll(s);
	}
	if (!s->poll_at || s->env.now < s->poll_at ||
	    discovery_is_busy(s->discovery) || s->settings->is_once)
		return;
	s->poll_at = 0;
	if (!s->identity)
		ask_identity(s);
	discovery_start(s->discovery);
}

/* During a snapshot the writer gets blocks, not lines: waking it for each turn
 * would cost more than all the decoding. */
static void
push(struct session *s)
{
	s->is_held =
	    s->is_busy && s->env.now - s->pushed_at < HOLD && s->queue.line.len;
	if (s->is_held)
		return;
	queue_push(&s->queue);
	s->pushed_at = s->env.now;
}

static void
turn(struct session *s)
{
	emit_tick(&s->emit);
	http_turn(&s->http);
	s->env.now = clock_ms();
	watch_settle_all(&s->env);
	if (s->retry_at && s->env.now >= s->retry_at &&
	    !discovery_is_busy(s->discovery) && !s->identity)
		start(s);
	if (s->is_running) {
		for (size_t i = 0; i < s->n; i++)
			watch_tick(s->watch[i]);
		give_turns(s);
		look_again(s);
	}
	check_ready(s);
	check_once(s);
	push(s);
}

static int
time_left(const struct session *s)
{
	int64_t due = INT64_MAX, left;

	if (s->is_held)
		due = s->pushed_at + HOLD;
	if (s->retry_at)
		due = earlier(due, s->retry_at);
	if (s->is_running && s->poll_at)
		due = earlier(due, s->poll_at);
	if (s->is_running && !s->is_ready)
		due = earlier(due, s->began + READY_AFTER);
	for (size_t i = 0; i < s->n && s->is_running; i++)
		due = earlier(due, watch_due(s->watch[i]));
	left = due - clock_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* A signal that came ends the run; whole lines still go out. */
static void
check_stop(struct session *s, bool has_come)
{
	if (has_come && stop_read(s->stop))
		s->exit_code = 0;
}

static void
wait_for_room(struct session *s)
{
	struct pollfd fd[2] = {{.fd = s->stop, .events = POLLIN},
	    {.fd = s->queue.wake, .events = POLLIN}};

	poll(fd, 2, 1000);
	s->env.reading_since = clock_ms();
	check_stop(s, fd[0].revents);
}

/* A turn of libcurl costs as much with little data as with a lot: it looks at
 * every request. What comes alone is told at once, but after that some more may
 * gather in the socket. */
static bool
wait_for_gathering(struct session *s)
{
	struct pollfd fd = {.fd = s->stop, .events = POLLIN};
	uint64_t came = s->env.bytes - s->bytes;

	s->bytes = s->env.bytes;
	if (came == 0 || came >= PACE_BYTES)
		return false;
	poll(&fd, 1, PACE);
	check_stop(s, fd.revents);
	return true;
}

static void
wait_for_more(struct session *s)
{
	struct pollfd fd[2] = {{.fd = s->stop, .events = POLLIN},
	    {.fd = s->queue.wake, .events = POLLIN}};

	http_wait(&s->http, fd, 2, time_left(s));
	check_stop(s, fd[0].revents);
}

/* ---- the whole ---- */

static void
open_session(struct session *s)
{
	char err[CONFIG_ERROR];

	s->env.now = clock_ms();
	if (credentials_init(&s->credentials, s->config, s->env.now, err) < 0)
		diag_die(EXIT_PERMANENT, "%s", err);
	s->stop = stop_open();
	queue_open(&s->queue, 1);
	http_init(&s->http, s->config, &s->credentials);
	s->emit.queue = &s->queue;
	s->emit.settings = s->settings;
	s->env.settings = s->settings;
	s->env.http = &s->http;
	s->env.credentials = &s->credentials;
	s->env.emit = &s->emit;
	watch_env_init(&s->env);
	s->discovery = discovery_new(&s->http, on_discovery, s);
	s->next_follow_up = FOLLOW_UPS;
	s->exit_code = -1;
}

/* What is in the queue are whole lines: they go out, if anybody reads. */
static void
drain(struct session *s)
{
	int64_t until = clock_ms() + DRAIN;

	while (!queue_close(&s->queue, 100))
		if (stop_read(s->stop) || clock_ms() >= until)
			diag_die(EXIT_TEMPORARY,
			    "stopped before all was "
			    "written, as stdout is not read");
}

static void
close_session(struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		watch_free(s->watch[i]);
	free(s->watch);
	discovery_free(s->discovery);
	if (s->identity)
		http_cancel(s->identity);
	http_free(&s->http);
	drain(s);
	intern_free(&s->env.names);
	credentials_free(&s->credentials);
	json_release(&s->emit.stamp);
	free(s->cluster);
}

int
session_run(const struct settings *settings, const struct kubeconfig *config)
{
	struct session s = {.settings = settings, .config = config};

	open_session(&s);
	start(&s);
	while (s.exit_code < 0) {
		if (queue_is_full(&s.queue)) {
			wait_for_room(&s);
			continue;
		}
		turn(&s);
		if (s.exit_code < 0 && !wait_for_gathering(&s))
			wait_for_more(&s);
	}
	close_session(&s);
	return s.exit_code;
}
