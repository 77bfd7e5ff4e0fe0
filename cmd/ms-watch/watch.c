#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "clock.h"
#include "complain.h"
#include "diag.h"
#include "query.h"
#include "silence.h"

#define HEALTHY 120000 /* ms a stream has to live to be called so */
#define LIVED 5000 /* ms, or an event: no reason to slow down */
#define DECODE_AT (64u << 10) /* bytes: decode while they are in the cache */
#define FAILING 3 /* failures in a row */

static void apply(struct watch *w, struct machine_action a);
static void send_request(struct watch *w, enum machine_do what);
static void on_probe(void *context, struct span rv);

void
watch_env_init(struct watch_env *env)
{
	intern_init(&env->names);
	answer_plans_init(&env->plans);
}

void
watch_env_free(struct watch_env *env)
{
	intern_free(&env->names);
	opts_list_free(&env->no_streams);
	pace_free(&env->pace);
}

struct watch *
watch_new(struct watch_env *env, struct resource *r, const struct scope *scope,
    const char *cause)
{
	struct watch *w = diag_alloc(NULL, sizeof(*w));

	*w = (struct watch){.env = env, .resource = r, .cause = cause};
	ledger_init(&w->ledger, env->emit, &env->names, &w->tally, r, scope);
	answer_init(&w->answer, &w->ledger, &env->plans);
	w->probe.done = on_probe;
	w->probe.context = w;
	pace_join(&env->pace);
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
	probe_free(&w->probe);
	take_off_dirty(w);
	pace_leave(&w->env->pace, w);
	answer_free(&w->answer);
	ledger_free(&w->ledger);
	free(w);
}

/* ---- the machine ---- */

/* What one resource of a group version cannot do, none of them can. */
static bool
is_without_streams(const struct watch *w)
{
	const struct opts_list *list = &w->env->no_streams;
	size_t i = 0;

	while (
	    i < list->n && strcmp(list->item[i], w->resource->api_version) != 0)
		i++;
	return i < list->n;
}

/* A list may come compressed, and a watch may not: of metadata that is a
 * fifteenth of the bytes. Whole objects are worth the time more. */
static bool
prefers_pages(const struct watch *w)
{
	return w->ledger.scope.is_metadata &&
	    !w->env->http->config->is_uncompressed;
}

static void
step(struct watch *w, enum machine_input in)
{
	if (in == IN_TURN && (is_without_streams(w) || prefers_pages(w)))
		w->machine.no_stream = true;
	apply(w, machine_next(&w->machine, in));
	if (w->machine.no_stream && !prefers_pages(w) && !is_without_streams(w))
		opts_append(&w->env->no_streams, w->resource->api_version);
}

static void
end(struct watch *w)
{
	ledger_end(&w->ledger, w->answer.rv);
	w->cause = "expired";
	if (!w->env->settings->is_once)
		probe_plan(&w->probe, w->env->now);
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
	if (w->answer.failure.class == IN_THROTTLED && !a->brief)
		w->tally.throttled += delay;
	w->due = w->env->now + delay;
	diag_info("%s: again in %u.%03u s", w->resource->id, delay / 1000,
	    delay % 1000);
}

static int64_t
leave_at(struct watch *w)
{
	struct watch_env *env = w->env;

	return pace_hold(&env->pace, w, w->level, env->now);
}

/* Whether to ask again now; if not, the wait is set. Who is held has no place:
 * all that are held while the server is away would otherwise come at once when
 * it is back. */
static bool
may_ask(struct watch *w)
{
	struct watch_env *env = w->env;
	int64_t at = w->place ? env->now : leave_at(w);

	if (!w->place && at <= env->now)
		w->place = pace_place(&env->pace, env->now);
	if (w->place > env->now)
		at = w->place;
	else if (w->place && (at = leave_at(w)) > env->now)
		w->place = 0;
	w->due = at > env->now ? at : 0;
	if (!w->due)
		w->place = 0;
	return !w->due;
}

bool
watch_may_begin(struct watch *w)
{
	if (w->due || (w->machine.synced && w->env->is_doubtful))
		return false;
	/* The first sync is not slowed down, unless the server asks for it. */
	if (!w->machine.synced)
		w->place = w->env->now;
	return may_ask(w);
}

static void
apply(struct watch *w, struct machine_action a)
{
	struct emit *e = w->env->emit;

	if (a.abort)
		emit_phase(e, w->resource, "aborted", NULL);
	if (a.denied)
		emit_phase(e, w->resource, "denied", w->answer.failure.why);
	if (a.begin && w->machine.synced)
		tally_relist(&w->tally, w->cause);
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
		w->is_held = false;
		break;
	case DO_WATCH:
		/* What goes on after a list is not a new start. */
		w->is_held = !a.end && !may_ask(w);
		if (!w->is_held)
			send_request(w, a.what);
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

/* How a request went, or began to go. */
static void
count_outcome(struct watch *w, enum answer_form form, enum machine_input in)
{
	static const enum tally_form as[] = {[ANSWER_PAGE] = TALLY_LIST,
	    [ANSWER_STREAM] = TALLY_WATCHLIST,
	    [ANSWER_WATCH] = TALLY_WATCH};

	w->tally.outcomes[as[form]][in]++;
}

static void
decode(struct watch *w)
{
	struct tally *t = &w->tally;
	uint64_t events = tally_events(t);
	uint64_t bookmarks = t->events[STREAM_BOOKMARK];

	while (answer_decode(&w->answer) == IN_END) {
		count_outcome(w, ANSWER_STREAM, IN_END);
		step(w, IN_END);
	}
	tally_note(t, events, bookmarks, w->env->now);
	note_changes(w);
}

static void
note_level(struct watch *w, struct http_request *r)
{
	const char *level = http_header(r, "X-Kubernetes-PF-PriorityLevel-UID");

	if (level)
		w->level = intern_put(&w->env->names, span_of(level));
}

static void
on_open(void *context)
{
	struct watch *w = context;

	w->is_open = true;
	w->env->last_warning = 0;
	note_level(w, w->request);
	pace_answered(&w->env->pace, w, w->env->now);
	if (w->answer.form == ANSWER_WATCH)
		count_outcome(w, ANSWER_WATCH, IN_OPEN);
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
		count_outcome(w, ANSWER_STREAM, in);
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
	return in >= IN_CUT;
}

/* Let others know how the server is. */
static void
tell_pace(struct watch *w, enum machine_input in)
{
	struct pace *p = &w->env->pace;

	if (in != IN_CUT && in != IN_SERVER)
		pace_answered(p, w, w->env->now);
	else if (!w->env->settings->is_once)
		pace_failed(p, w, w->env->now);
	if (in == IN_THROTTLED && w->answer.failure.is_by_flow_control &&
	    w->level)
		pace_refused(p, w->level, w->answer.failure.retry_after,
		    w->env->now);
}

/* A stream that has lived for long makes up for what went wrong before. */
static void
forgive(struct watch *w, const struct http_request *r)
{
	if (is_page(w) || !w->is_open || w->env->now - r->started < HEALTHY)
		return;
	w->told = 0;
	step(w, IN_HEALTHY);
}

/* The request is over, or must be: go on with what the machine says. */
static void
conclude(struct watch *w, struct http_request *r, enum machine_input in)
{
	count_outcome(w, w->answer.form, in);
	forgive(w, r);
	if (is_failure(in))
		complain(w, &w->answer.failure);
	if (in == IN_REGRESSED)
		w->cause = "regressed";
	end_request(w);
	tell_pace(w, in);
	step(w, in);
}

static void
on_done(void *context, struct http_request *r)
{
	struct watch *w = context;
	enum machine_input in = outcome(w, r);

	note_level(w, r);
	w->env->is_cut |= r->result != CURLE_OK;
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
watch_resync(struct watch *w)
{
	if (w->machine.synced)
		w->cause = "request";
	step(w, IN_RESYNC);
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
		w->probe.spoken = env->now;
		decode(w);
		if (w->answer.has_failed)
			break_off(w, http_cancel);
		else
			intake_shrink(&w->answer.intake);
	}
}

/* ---- questions ---- */

static void
send_request(struct watch *w, enum machine_do what)
{
	static const struct http_ask callbacks = {.open = on_open,
	    .data = on_data,
	    .done = on_done};

	if (w->env->settings->is_once && what == DO_WATCH)
		return;
	end_request(w);
	answer_begin(&w->answer, asking_form(what), what == DO_LIST);
	w->is_open = w->is_held = false;
	w->due = 0;
	w->request = asking_send(w, &callbacks);
}

/* ---- time ---- */

static void
check_silence(struct watch *w)
{
	enum machine_input class;
	const char *why;
	bool is_dead;

	if (!w->request || is_page(w) ||
	    w->env->now < silence_until(w, &class, &why))
		return;
	failure_set(&w->answer.failure, class, "%s", why);
	is_dead = silence_is_of_link(w);
	w->env->is_cut |= is_dead;
	break_off(w, is_dead ? http_break : http_cancel);
}

static bool
is_following(const struct watch *w)
{
	return w->machine.state == MACHINE_WATCHING && w->request && w->is_open;
}

static void
check_place(struct watch *w)
{
	struct json path = {0};

	if (!is_following(w) ||
	    w->env->now < probe_due(&w->probe, w->answer.has_bookmarks))
		return;
	query_path(&path, w->resource, &w->ledger.scope);
	query_page(&path, 1, NULL, NULL);
	json_raw(&path, "", 1);
	probe_ask(&w->probe, w->env->http, path.p, w->env->now);
	json_release(&path);
}

static void
on_probe(void *context, struct span rv)
{
	struct watch *w = context;

	if (!is_following(w) || !probe_is_earlier(rv, span_of(w->answer.rv)))
		return;
	answer_regressed(&w->answer, rv);
	break_off(w, http_cancel);
}

void
watch_tick(struct watch *w)
{
	if (w->due && w->env->now >= w->due) {
		w->due = 0;
		if (!w->is_held)
			step(w, IN_TIMER);
		else if (may_ask(w))
			send_request(w, DO_WATCH);
	}
	check_silence(w);
	check_place(w);
}

int64_t
watch_due(const struct watch *w)
{
	enum machine_input class;
	const char *why;
	int64_t due, look;

	if (w->due)
		return w->due;
	if (!w->request || is_page(w))
		return INT64_MAX;
	due = silence_until(w, &class, &why);
	look = is_following(w) ? probe_due(&w->probe, w->answer.has_bookmarks) :
				 INT64_MAX;
	return look < due ? look : due;
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
