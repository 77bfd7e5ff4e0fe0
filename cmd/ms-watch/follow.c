#include "follow.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "query.h"

#define SECONDS 300 /* that a watch is asked to last */
#define TIMEOUT 30L /* s, of a list */
#define GRACE 30000 /* ms that a watch may last longer */
#define SOON 50 /* ms after a change: more may come with it */
#define PACE 1000 /* ms from one list to the next at least */
#define BACKOFF 1000 /* ms after a failure, doubled up to ... */
#define BACKOFF_CAP 30000
#define TRIES 3 /* before it counts as not to be known */
#define POLL 30000 /* ms between looks at what cannot be watched */

enum asking { ASK_LIST, ASK_OBJECT, ASK_WATCH };

struct follow {
	struct http *http;
	struct resource *resource;
	char *ns, *name;
	char *rv; /* of the last list */
	follow_told *told;
	void *context;
	struct http_request *request;
	enum asking asking; /* what the request is, or is to be */
	int64_t due; /* ms: when to ask; or when a watch has to be over */
	int64_t listed; /* ms */
	int level; /* failures in a row */
	bool has_changed, is_settled;
};

static void
wait(struct follow *f, enum asking asking, int delay)
{
	f->asking = asking;
	f->due = clock_ms() + delay;
}

static void
fail(struct follow *f, const char *why)
{
	int delay = BACKOFF << (f->level < 5 ? f->level : 5);

	diag_info("%s %s/%s: %s", f->resource->id, f->ns, f->name, why);
	f->is_settled |= ++f->level >= TRIES;
	wait(f, ASK_LIST, delay < BACKOFF_CAP ? delay : BACKOFF_CAP);
}

/* ---- answers ---- */

static void
tell(struct follow *f, struct span object)
{
	f->level = 0;
	f->is_settled = true;
	f->told(f->context, object);
}

/* A list of one, or of none; then what happens next is watched. */
static bool
take_list(struct follow *f, struct span doc)
{
	struct span meta = scan_get(doc, "metadata"), one = {0}, rv = {0};
	struct span items = scan_get(doc, "items");
	struct scan_iter it;
	char buf[256];

	if (scan_type(meta) == SCAN_OBJECT)
		rv = scan_text(scan_get(meta, "resourceVersion"), buf,
		    sizeof(buf));
	if (!rv.n || scan_type(items) <= SCAN_NULL)
		return false;
	free(f->rv);
	f->rv = diag_strndup(rv.p, rv.n);
	if (scan_type(items) == SCAN_ARRAY) {
		scan_iter(&it, items);
		scan_element(&it, &one);
	}
	wait(f, ASK_WATCH, 0);
	tell(f, scan_type(one) == SCAN_OBJECT ? one : (struct span){0});
	return true;
}

static bool
is_object(const struct http_request *r, struct span *doc)
{
	*doc = http_object(r);
	return r->status == 200 && doc->n > 0;
}

static void
on_watch_end(struct follow *f, const struct http_request *r)
{
	int64_t since = clock_ms() - f->listed;

	if (r->status != 200 && !f->has_changed)
		fail(f, "it cannot be watched");
	else
		wait(f, ASK_LIST, since < PACE ? (int)(PACE - since) : SOON);
}

static void
on_done(void *context, struct http_request *r)
{
	struct follow *f = context;
	struct span doc;

	f->request = NULL;
	if (f->asking == ASK_WATCH) {
		on_watch_end(f, r);
	} else if (r->result != CURLE_OK) {
		fail(f, http_why(r));
	} else if (f->asking == ASK_LIST && r->status == 403) {
		wait(f, ASK_OBJECT, 0);
	} else if (r->status == 403) {
		f->is_settled = true;
		fail(f, "forbidden");
	} else if (r->status == 404) {
		wait(f, ASK_LIST, POLL);
		tell(f, (struct span){0});
	} else if (!is_object(r, &doc)) {
		fail(f, "the answer makes no sense");
	} else if (f->asking == ASK_OBJECT) {
		wait(f, ASK_LIST, POLL);
		tell(f, doc);
	} else if (!take_list(f, doc)) {
		fail(f, "the answer is no list");
	}
}

/* Any byte is news: no bookmarks are asked for. */
static void
on_data(void *context, const char *p, size_t n)
{
	struct follow *f = context;

	(void)p;
	if (n && !f->has_changed) {
		f->has_changed = true;
		f->due = clock_ms() + SOON;
	}
}

/* ---- questions ---- */

static void
put_selector(struct follow *f, struct json *path)
{
	struct json selector = {0};
	struct scope scope = {.ns = f->ns};

	json_puts(&selector, "metadata.name=");
	json_puts(&selector, f->name);
	json_raw(&selector, "", 1);
	scope.fields = selector.p;
	query_path(path, f->resource, &scope);
	json_release(&selector);
}

static void
put_path(struct follow *f, struct json *path)
{
	struct scope scope = {.ns = f->ns};

	if (f->asking == ASK_OBJECT) {
		query_path(path, f->resource, &scope);
		json_puts(path, "/");
		query_escape(path, f->name);
	} else {
		put_selector(f, path);
	}
	if (f->asking == ASK_WATCH)
		query_changes(path, SECONDS, f->rv);
	json_raw(path, "", 1);
}

static void
ask(struct follow *f)
{
	bool is_watch = f->asking == ASK_WATCH;
	struct http_ask question = {.timeout = is_watch ? 0 : TIMEOUT,
	    .data = is_watch ? on_data : NULL,
	    .done = on_done,
	    .context = f};
	struct json path = {0};

	put_path(f, &path);
	question.path = path.p;
	f->has_changed = false;
	f->due = clock_ms() + SECONDS * 1000 + GRACE;
	if (f->asking == ASK_LIST)
		f->listed = clock_ms();
	f->request = http_get(f->http, &question);
	json_release(&path);
}

/* ---- the interface ---- */

struct follow *
follow_new(struct http *http, struct resource *r, const char *ns,
    const char *name, follow_told *told, void *context)
{
	struct follow *f = diag_alloc(NULL, sizeof(*f));

	memset(f, 0, sizeof(*f));
	f->http = http;
	f->resource = resource_hold(r);
	f->ns = text_copy(ns);
	f->name = text_copy(name);
	f->told = told;
	f->context = context;
	ask(f);
	return f;
}

void
follow_free(struct follow *f)
{
	if (f->request)
		http_cancel(f->request);
	resource_drop(f->resource);
	free(f->ns);
	free(f->name);
	free(f->rv);
	free(f);
}

/* When to ask, or when the request has to be over. A watch that nobody edits
 * is silent, but its connection is not if others are on it; and if there are
 * none, to list one object anew every few minutes is the cheapest way to know
 * that the server is still there. */
static int64_t
patience(const struct follow *f)
{
	int64_t dead;

	if (!f->request || f->asking != ASK_WATCH || f->has_changed)
		return f->due;
	dead = f->request->status ?
	    http_link_heard(f->request) + f->http->links.dead_after :
	    f->request->heard + HTTP_SILENCE;
	return dead < f->due ? dead : f->due;
}

/* Whether nothing at all comes from the server: a new request is to travel on
 * another connection. */
static bool
is_link_dead(const struct follow *f, int64_t now)
{
	if (f->asking != ASK_WATCH || f->has_changed)
		return false;
	if (!f->request->status)
		return http_is_unheard(f->request);
	return now >= http_link_heard(f->request) + f->http->links.dead_after;
}

void
follow_tick(struct follow *f, int64_t now)
{
	if (now < patience(f))
		return;
	if (f->request) {
		bool is_dead = is_link_dead(f, now);

		(is_dead ? http_break : http_cancel)(f->request);
		f->request = NULL;
		/* one turn, in which libcurl notices what is broken */
		wait(f, ASK_LIST, is_dead ? SOON : 0);
		if (now - f->listed < PACE)
			f->due = f->listed + PACE;
		if (now < f->due)
			return;
	}
	ask(f);
}

int64_t
follow_due(const struct follow *f)
{
	return patience(f);
}

bool
follow_is_settled(const struct follow *f)
{
	return f->is_settled;
}
