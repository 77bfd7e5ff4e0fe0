#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "query.h"

#define PAGE 500 /* objects */
#define PAGE_TIMEOUT 75L /* s: the server itself ends them after 60 */
#define WATCH_LEAST 300u /* s: a watch is asked to last from here ... */
#define WATCH_SPREAD 300u /* ... to less than that much more */
#define GRACE 30000 /* ms that the server may be late */
#define SILENCE 30000 /* ms without data: streaming lists fail here */
#define DEAD 150000 /* ms without a byte on the whole connection */
#define HEALTHY 120000 /* ms a stream has to live to be called so */
#define LIVED 5000 /* ms, or an event: no reason to slow down */
#define DECODE_AT (64u << 10) /* bytes: decode while they are in the cache */
#define WARN_EVERY 30000 /* ms */
#define PATIENCE 4 /* refusals in a row that are no news */
#define FAILING 3 /* failures in a row */

#define ACCEPT_LIST \
	"application/json;as=PartialObjectMetadataList;" \
	"g=meta.k8s.io;v=v1,application/json"
#define ACCEPT_WATCH \
	"application/json;as=PartialObjectMetadata;" \
	"g=meta.k8s.io;v=v1,application/json"

static void apply(struct watch *w, struct machine_action a);
static void send_request(struct watch *w, enum machine_do what);

void
watch_env_init(struct watch_env *env)
{
	intern_init(&env->names);
	object_plan_item(&env->item);
	object_plan_event(&env->event);
}

struct watch *
watch_new(struct watch_env *env, struct resource *r, const char *ns)
{
	struct watch *w = diag_alloc(NULL, sizeof(*w));

	*w = (struct watch){.env = env,
	    .resource = resource_hold(r),
	    .cause = "start"};
	w->ns = ns ? diag_strndup(ns, strlen(ns)) : NULL;
	index_init(&w->index, &env->names);
	return w;
}

static void
take_off_dirty(struct watch *w)
{
	struct watch **p = &w->env->dirty;

	if (!w->is_dirty)
		return;
	while (*p != w)
		p = &(*p)->next_dirty;
	*p = w->next_dirty;
	w->is_dirty = false;
}

static void
end_request(struct watch *w)
{
	if (w->request)
		http_cancel(w->request);
	w->request = NULL;
	intake_release(&w->intake);
	snapshot_release(&w->page);
}

void
watch_free(struct watch *w)
{
	end_request(w);
	take_off_dirty(w);
	index_free(&w->index);
	resource_drop(w->resource);
	free(w->ns);
	free(w->rv);
	free(w->next);
	free(w->page_rv);
	free(w);
}

/* ---- what is told ---- */

static void
tell_unreachable(struct watch *w, const struct failure *f)
{
	struct watch_env *env = w->env;

	if (env->last_warning && env->now - env->last_warning < WARN_EVERY)
		return;
	env->last_warning = env->now;
	diag_warn("%s: %s: %s; trying again", env->http->config->server,
	    w->resource->id, f->why);
}

/* What a long run is made of: streams end, history expires, and a server asks
 * for patience (an edit of a CRD makes it do so for each of its watches). */
static bool
is_usual(const struct watch *w, const struct failure *f)
{
	return f->class == IN_CUT || f->class == IN_EXPIRED ||
	    f->class == IN_TOO_LARGE || f->class == IN_UNSUPPORTED ||
	    (f->class == IN_THROTTLED && w->machine.level < PATIENCE);
}

/* Each class of failure once per watch, until that watch is well again. */
static void
tell_failure(struct watch *w, const struct failure *f)
{
	unsigned bit = 1u << f->class;

	if (f->class == IN_SERVER) {
		tell_unreachable(w, f);
		return;
	}
	if (is_usual(w, f) || w->told & bit) {
		diag_info("%s: %s", w->resource->id, f->why);
		return;
	}
	w->told |= bit;
	if (f->class == IN_DENIED)
		diag_warn("%s is not watched, all else is: %s; allow list and "
			  "watch on it",
		    w->resource->id, f->why);
	else
		diag_warn("%s: %s; trying again", w->resource->id, f->why);
}

/* ---- the machine ---- */

static void
step(struct watch *w, enum machine_input in)
{
	apply(w, machine_next(&w->machine, in));
}

static void
on_gone(void *context, const struct index_key *key)
{
	struct watch *w = context;

	emit_deleted(w->env->emit, w->resource, w->env->settings->is_metadata,
	    key);
}

static void
begin(struct watch *w)
{
	w->is_complete = !w->machine.synced;
	w->count = 0;
	index_begin(&w->index);
	emit_begin(w->env->emit, w->resource, w->cause, w->is_complete, w->ns);
}

static void
end(struct watch *w)
{
	index_sweep(&w->index, on_gone, w);
	emit_end(w->env->emit, w->resource, w->rv, w->count);
	w->told = 0;
	w->cause = "expired";
	diag_info("%s%s%s: %llu objects", w->resource->id, w->ns ? " " : "",
	    w->ns ? w->ns : "", (unsigned long long)w->count);
}

static void
set_wait(struct watch *w, const struct machine_action *a)
{
	unsigned delay = a->delay;

	/* Spread over [d/2, 3d/2], so that not all come back at once. */
	delay = a->brief ? clock_jitter(delay + 1) :
			   delay / 2 + clock_jitter(delay + 1);
	if (w->failure.retry_after > delay)
		delay = w->failure.retry_after + clock_jitter(1000);
	w->failure.retry_after = 0;
	w->due = w->env->now + delay;
	diag_info("%s: again in %u.%03u s", w->resource->id, delay / 1000,
	    delay % 1000);
}

static void
apply(struct watch *w, struct machine_action a)
{
	struct emit *e = w->env->emit;

	if (a.abort)
		emit_phase(e, w->resource, "aborted", NULL);
	if (a.denied)
		emit_phase(e, w->resource, "denied", w->failure.why);
	if (a.begin)
		begin(w);
	if (a.end)
		end(w);
	w->env->discover |= a.discover;
	switch (a.what) {
	case DO_NOTHING:
		break;
	case DO_WAIT:
		set_wait(w, &a);
		break;
	case DO_STOP:
		end_request(w);
		w->due = 0;
		break;
	default:
		send_request(w, a.what);
		break;
	}
}

void
watch_input(struct watch *w, enum machine_input in)
{
	step(w, in);
}

/* ---- objects ---- */

static void
set_text(char **at, struct span text)
{
	size_t n = *at ? strlen(*at) : 0;

	/* Mostly as long as the one before: no allocation for an event. */
	if (!*at || n < text.n)
		*at = diag_alloc(*at, text.n + 1);
	memcpy(*at, text.p, text.n);
	(*at)[text.n] = '\0';
}

static void
emit_replaced(struct watch *w, const struct index_key *key,
    const struct index_seen *seen)
{
	struct index_key old = {key->ns, key->name, seen->old_uid,
	    seen->old_rv};

	emit_deleted(w->env->emit, w->resource, w->env->settings->is_metadata,
	    &old);
}

/* An object that exists, as a list or an event tells it. */
static void
take_present(struct watch *w, const struct index_key *key,
    const struct span *at, struct span object, bool is_complete)
{
	struct index_seen seen;
	const char *type = "ADDED";

	switch (index_put(&w->index, key, &seen)) {
	case INDEX_NEW:
		break;
	case INDEX_SAME:
		/* A page that is read again names the same twice. */
		if (!is_complete || seen.marked)
			return;
		break;
	case INDEX_CHANGED:
		type = "MODIFIED";
		break;
	case INDEX_REPLACED:
		emit_replaced(w, key, &seen);
		break;
	}
	emit_object(w->env->emit, type, w->resource, at, object);
	w->count++;
}

static void
take_deleted(struct watch *w, const struct index_key *key,
    const struct span *at, struct span object)
{
	index_remove(&w->index, key);
	emit_object(w->env->emit, "DELETED", w->resource, at, object);
}

static void
refuse_object(struct watch *w)
{
	unsigned bit = 1u << IN_NOTHING; /* no class of failure */

	if (!(w->told & bit))
		diag_warn("%s: an object lacks name, uid or resourceVersion: "
			  "such objects are left out",
		    w->resource->id);
	w->told |= bit;
}

static void
take_item(struct watch *w, const struct span *at, struct span object)
{
	struct index_key key;
	char buf[OBJECT_TEXT];

	if (object_key(at, &key, buf))
		take_present(w, &key, at, object, w->is_complete);
	else
		refuse_object(w);
}

/* ---- events ---- */

static bool
changes_what_is_served(const struct watch *w)
{
	return strcmp(w->resource->name, "customresourcedefinitions") == 0 ||
	    strcmp(w->resource->name, "apiservices") == 0;
}

static void
take_change(struct watch *w, const struct stream_event *event)
{
	bool is_initial = w->machine.state == MACHINE_STREAMING;
	struct span object = event->at[EVENT_OBJECT];
	struct index_key key;
	char buf[OBJECT_TEXT];

	if (!object_key(event->at, &key, buf)) {
		refuse_object(w);
		return;
	}
	if (event->type == STREAM_DELETED)
		take_deleted(w, &key, event->at, object);
	else
		take_present(w, &key, event->at, object,
		    is_initial && w->is_complete);
	/* Objects of a streaming list come in any order: only its mark says
	 * where to go on. */
	if (is_initial)
		return;
	set_text(&w->rv, key.rv);
	w->env->discover |= changes_what_is_served(w);
}

static void
take_bookmark(struct watch *w, const struct stream_event *event)
{
	char buf[256];
	struct span rv = scan_text(event->at[OBJECT_RV], buf, sizeof(buf));
	bool is_mark = stream_is_mark(event);

	if (rv.n && (is_mark || w->machine.state == MACHINE_WATCHING))
		set_text(&w->rv, rv);
	if (is_mark && w->machine.state == MACHINE_STREAMING && w->rv)
		step(w, IN_END);
}

static void
note_failure(struct watch *w)
{
	w->has_failed = true;
}

static void
take_event(struct watch *w, const struct stream_event *event)
{
	char buf[64];
	struct span type;

	w->events++;
	switch (event->type) {
	case STREAM_ADDED:
	case STREAM_MODIFIED:
	case STREAM_DELETED:
		take_change(w, event);
		break;
	case STREAM_BOOKMARK:
		take_bookmark(w, event);
		break;
	case STREAM_ERROR:
		failure_of_status(&w->failure, event->at[EVENT_OBJECT],
		    w->machine.state == MACHINE_STREAMING);
		note_failure(w);
		break;
	case STREAM_UNKNOWN:
		type = scan_text(event->at[EVENT_TYPE], buf, sizeof(buf));
		diag_info("%s: unknown event type %.*s", w->resource->id,
		    (int)type.n, type.n ? type.p : "");
		break;
	}
}

static void
garbled(struct watch *w, const struct scan_error *err)
{
	failure_set(&w->failure, IN_GARBLED, "the answer makes no sense: %s",
	    err->what);
	note_failure(w);
}

static void
decode_stream(struct watch *w)
{
	struct stream_event event;
	struct scan_error err;

	while (!w->has_failed)
		switch (stream_next(&w->intake, &w->env->event, &event, &err)) {
		case STREAM_EVENT:
			take_event(w, &event);
			break;
		case STREAM_BAD:
			garbled(w, &err);
			break;
		default:
			return;
		}
}

/* True: the page is whole. */
static bool
decode_page(struct watch *w)
{
	struct span item, at[OBJECT_SLOTS];
	struct scan_error err;

	while (!w->has_failed)
		switch (snapshot_next(&w->page, &w->intake, &w->env->item,
		    &item, at, &err)) {
		case SNAPSHOT_ONE:
			take_item(w, at, item);
			break;
		case SNAPSHOT_BAD:
			garbled(w, &err);
			break;
		case SNAPSHOT_MORE:
			return false;
		case SNAPSHOT_DONE:
			return true;
		}
	return false;
}

static void
decode(struct watch *w)
{
	if (w->is_page)
		decode_page(w);
	else
		decode_stream(w);
}

/* ---- answers ---- */

static void
on_open(void *context)
{
	struct watch *w = context;

	w->is_open = true;
	w->env->last_warning = 0;
	step(w, IN_OPEN);
}

static void
on_data(void *context, const char *p, size_t n)
{
	struct watch *w = context;

	w->env->bytes += n;
	if (w->has_failed)
		return;
	intake_put(&w->intake, p, n);
	if (intake_size(&w->intake) >= DECODE_AT)
		decode(w);
	if (!w->is_dirty) {
		w->is_dirty = true;
		w->next_dirty = w->env->dirty;
		w->env->dirty = w;
	}
}

static bool
is_cut(const struct http_request *r)
{
	switch (r->result) {
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return true;
	default:
		return r->status == 200;
	}
}

/* A page that has come to its end is whole or worth nothing. */
static enum machine_input
finish_page(struct watch *w)
{
	if (!decode_page(w))
		return w->failure.class;
	if (!w->page_rv)
		set_text(&w->page_rv, span_of(w->page.rv));
	free(w->next);
	w->next = w->page.next;
	w->page.next = NULL;
	if (w->next)
		return IN_PAGE;
	set_text(&w->rv, span_of(w->page_rv));
	return IN_END;
}

static enum machine_input
finish_stream(struct watch *w, const struct http_request *r)
{
	decode_stream(w);
	if (w->has_failed)
		return w->failure.class;
	return w->events > 0 || w->env->now - r->started >= LIVED ? IN_EOF :
								    IN_SHORT;
}

/* What the end of a request means. */
static enum machine_input
outcome(struct watch *w, struct http_request *r)
{
	if (w->has_failed)
		return w->failure.class;
	if (r->result != CURLE_OK) {
		failure_set(&w->failure, is_cut(r) ? IN_CUT : IN_SERVER, "%s",
		    http_why(r));
		return w->failure.class;
	}
	if (r->status != 200) {
		failure_of_answer(&w->failure, r->status,
		    (struct span){r->body.p, r->body.len},
		    http_header(r, "Retry-After"),
		    w->machine.state == MACHINE_STREAMING);
		return w->failure.class;
	}
	intake_finish(&w->intake);
	return w->is_page ? finish_page(w) : finish_stream(w, r);
}

static bool
is_failure(enum machine_input in)
{
	return in >= IN_CUT && in != IN_REMOVED;
}

/* The request is over, or must be: go on with what the machine says. */
static void
conclude(struct watch *w, struct http_request *r, enum machine_input in)
{
	int64_t started = r->started;

	if (is_failure(in))
		tell_failure(w, &w->failure);
	if (in == IN_AUTH)
		credentials_refused(w->env->credentials, started, w->env->now);
	if (!w->is_page && w->is_open && w->env->now - started >= HEALTHY)
		step(w, IN_HEALTHY);
	end_request(w);
	step(w, in);
}

static void
on_done(void *context, struct http_request *r)
{
	struct watch *w = context;
	enum machine_input in = outcome(w, r);

	w->request = NULL;
	conclude(w, r, in);
}

/* Break off a request for a reason found in its data, or in its silence. */
static void
break_off(struct watch *w, void (*end_it)(struct http_request *r))
{
	struct http_request *r = w->request;

	w->request = NULL;
	conclude(w, r, w->failure.class);
	end_it(r);
}

void
watch_settle_all(struct watch_env *env)
{
	struct watch *w;

	while ((w = env->dirty)) {
		env->dirty = w->next_dirty;
		w->is_dirty = false;
		if (!w->request)
			continue;
		decode(w);
		if (w->has_failed)
			break_off(w, http_cancel);
		else
			intake_shrink(&w->intake);
	}
}

/* ---- questions ---- */

static void
put_page(struct json *path, const struct watch *w)
{
	query_page(path, w->machine.no_pages ? 0 : PAGE, w->next,
	    w->machine.from_rv ? w->rv : NULL);
}

static void
put_stream(struct json *path, struct watch *w, bool is_list)
{
	unsigned seconds = WATCH_LEAST + clock_jitter(WATCH_SPREAD);

	w->deadline = w->env->now + (int64_t)seconds * 1000 + GRACE;
	if (is_list)
		query_stream(path, seconds, w->machine.from_rv ? w->rv : NULL);
	else
		query_watch(path, seconds, w->rv);
}

static void
set_form(struct watch *w, enum machine_do what, struct json *path)
{
	if (what == DO_LIST) {
		free(w->next);
		free(w->page_rv);
		w->next = w->page_rv = NULL;
	}
	w->is_page = what == DO_LIST || what == DO_PAGE;
	query_path(path, w->resource, w->ns, w->env->settings->selector);
	if (w->is_page)
		put_page(path, w);
	else
		put_stream(path, w, what == DO_STREAM);
	json_raw(path, "", 1);
}

static void
send_request(struct watch *w, enum machine_do what)
{
	struct json path = {0};
	struct http_ask ask = {.open = on_open,
	    .data = on_data,
	    .done = on_done,
	    .context = w};

	if (w->env->settings->is_once && what == DO_WATCH)
		return;
	end_request(w);
	set_form(w, what, &path);
	ask.path = path.p;
	ask.timeout = w->is_page ? PAGE_TIMEOUT : 0;
	if (w->env->settings->is_metadata && !w->machine.no_metadata)
		ask.accept = w->is_page ? ACCEPT_LIST : ACCEPT_WATCH;
	w->is_open = w->has_failed = false;
	w->events = 0;
	w->due = 0;
	diag_info("%s", path.p);
	w->request = http_get(w->env->http, &ask);
	json_release(&path);
}

/* ---- time ---- */

/* Since when nothing has come, not counting the time that we did not read. */
static int64_t
quiet_since(const struct watch *w, int64_t heard)
{
	return heard > w->env->reading_since ? heard : w->env->reading_since;
}

/* When to give up a stream, and why. A server answers at once, and sends the
 * objects of a streaming list without pause. After that a watch may be silent
 * for a minute; but bookmarks of all watches together keep a connection busy,
 * and one that carries nothing is dead, whatever the kernel thinks of it. */
static int64_t
patience(const struct watch *w, enum machine_input *class, const char **why)
{
	int64_t dead;

	if (!w->is_open || w->machine.state == MACHINE_STREAMING) {
		*class = w->is_open ? IN_UNSUPPORTED : IN_SERVER;
		*why = "nothing has come for 30 s";
		return quiet_since(w, w->request->heard) + SILENCE;
	}
	*class = IN_CUT;
	dead = quiet_since(w, http_link_heard(w->request)) + DEAD;
	*why = dead < w->deadline ?
	    "the connection is dead" :
	    "the server has not ended the watch in time";
	return dead < w->deadline ? dead : w->deadline;
}

static void
check_silence(struct watch *w)
{
	enum machine_input class;
	const char *why;

	if (!w->request || w->is_page ||
	    w->env->now < patience(w, &class, &why))
		return;
	failure_set(&w->failure, class, "%s", why);
	break_off(w, class == IN_CUT ? http_abandon : http_cancel);
}

void
watch_tick(struct watch *w)
{
	if (w->due && w->env->now >= w->due) {
		w->due = 0;
		step(w, IN_TIMER);
	}
	check_silence(w);
}

int64_t
watch_due(const struct watch *w)
{
	enum machine_input class;
	const char *why;

	if (w->due)
		return w->due;
	if (!w->request || w->is_page)
		return INT64_MAX;
	return patience(w, &class, &why);
}

const char *
watch_state(const struct watch *w)
{
	const struct machine *m = &w->machine;

	/* What is not watchable keeps what is known of it, as if denied. */
	if (m->is_denied || m->state == MACHINE_OVER)
		return "denied";
	return m->synced ? "synced" : "pending";
}

bool
watch_is_failing(const struct watch *w)
{
	return !w->machine.synced && !w->machine.is_denied &&
	    w->machine.level >= FAILING;
}
