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
	answer_plans_init(&env->plans);
}

struct watch *
watch_new(struct watch_env *env, struct resource *r, const struct scope *scope,
    const char *cause)
{
	struct watch *w = diag_alloc(NULL, sizeof(*w));

	*w = (struct watch){.env = env, .resource = r, .cause = cause};
	ledger_init(&w->ledger, env->emit, &env->names, r, scope);
	answer_init(&w->answer, &w->ledger, &env->plans);
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
	answer_drop(&w->answer);
}

void
watch_free(struct watch *w)
{
	end_request(w);
	take_off_dirty(w);
	answer_free(&w->answer);
	ledger_free(&w->ledger);
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
end(struct watch *w)
{
	ledger_end(&w->ledger, w->answer.rv);
	w->told = 0;
	w->cause = "expired";
}

static void
set_wait(struct watch *w, const struct machine_action *a)
{
	unsigned delay = a->delay;

	/* Spread over [d/2, 3d/2], so that not all come back at once. */
	delay = a->brief ? clock_jitter(delay + 1) :
			   delay / 2 + clock_jitter(delay + 1);
	if (w->answer.failure.retry_after > delay)
		delay = w->answer.failure.retry_after + clock_jitter(1000);
	w->answer.failure.retry_after = 0;
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
		emit_phase(e, w->resource, "denied", w->answer.failure.why);
	if (a.begin)
		ledger_begin(&w->ledger, w->cause, !w->machine.synced);
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

/* ---- answers ---- */

static bool
changes_what_is_served(const struct watch *w)
{
	return strcmp(w->resource->name, "customresourcedefinitions") == 0 ||
	    strcmp(w->resource->name, "apiservices") == 0;
}

static void
note_changes(struct watch *w)
{
	if (w->answer.has_changed)
		w->env->discover |= changes_what_is_served(w);
	w->answer.has_changed = false;
}

static void
decode(struct watch *w)
{
	while (answer_decode(&w->answer) == IN_END)
		step(w, IN_END);
	note_changes(w);
}

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
	if (w->answer.has_failed)
		return;
	answer_put(&w->answer, p, n);
	if (intake_size(&w->answer.intake) >= DECODE_AT)
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

static bool
is_page(const struct watch *w)
{
	return w->answer.form == ANSWER_PAGE;
}

static enum machine_input
finish(struct watch *w, const struct http_request *r)
{
	enum machine_input in = answer_finish(&w->answer);

	while (in == IN_END && !is_page(w)) {
		step(w, in);
		in = answer_finish(&w->answer);
	}
	note_changes(w);
	if (in != IN_EOF || w->answer.events > 0 ||
	    w->env->now - r->started >= LIVED)
		return in;
	return IN_SHORT;
}

/* What the end of a request means. */
static enum machine_input
outcome(struct watch *w, struct http_request *r)
{
	if (w->answer.has_failed)
		return w->answer.failure.class;
	if (r->result != CURLE_OK) {
		failure_set(&w->answer.failure, is_cut(r) ? IN_CUT : IN_SERVER,
		    "%s", http_why(r));
		return w->answer.failure.class;
	}
	if (r->status != 200) {
		failure_of_answer(&w->answer.failure, r->status,
		    (struct span){r->body.p, r->body.len},
		    http_header(r, "Retry-After"),
		    w->machine.state == MACHINE_STREAMING);
		return w->answer.failure.class;
	}
	return finish(w, r);
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
		tell_failure(w, &w->answer.failure);
	if (in == IN_AUTH)
		credentials_refused(w->env->credentials, started, w->env->now);
	if (!is_page(w) && w->is_open && w->env->now - started >= HEALTHY)
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
	conclude(w, r, w->answer.failure.class);
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
		if (w->answer.has_failed)
			break_off(w, http_cancel);
		else
			intake_shrink(&w->answer.intake);
	}
}

/* ---- questions ---- */

/* Where a snapshot must at least stand. */
static const char *
least_rv(const struct watch *w)
{
	return w->machine.from_rv ? w->answer.rv : NULL;
}

static void
put_query(struct watch *w, struct json *path)
{
	unsigned seconds = WATCH_LEAST + clock_jitter(WATCH_SPREAD);
	const struct answer *a = &w->answer;

	query_path(path, w->resource, &w->ledger.scope);
	if (a->form == ANSWER_PAGE)
		query_page(path, w->machine.no_pages ? 0 : PAGE, a->next,
		    least_rv(w));
	else if (a->form == ANSWER_STREAM)
		query_stream(path, seconds, least_rv(w));
	else
		query_watch(path, seconds, a->rv);
	w->deadline = w->env->now + (int64_t)seconds * 1000 + GRACE;
	json_raw(path, "", 1);
}

static enum answer_form
form_of(enum machine_do what)
{
	switch (what) {
	case DO_STREAM:
		return ANSWER_STREAM;
	case DO_WATCH:
		return ANSWER_WATCH;
	default:
		return ANSWER_PAGE;
	}
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
	answer_begin(&w->answer, form_of(what), what == DO_LIST);
	put_query(w, &path);
	ask.path = path.p;
	ask.timeout = is_page(w) ? PAGE_TIMEOUT : 0;
	if (w->ledger.scope.is_metadata && !w->machine.no_metadata)
		ask.accept = is_page(w) ? ACCEPT_LIST : ACCEPT_WATCH;
	w->is_open = false;
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

	if (!w->request || is_page(w) ||
	    w->env->now < patience(w, &class, &why))
		return;
	failure_set(&w->answer.failure, class, "%s", why);
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
	if (!w->request || is_page(w))
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
