#include "report.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "view.h"

#define SHOW_EVERY 200 /* ms between lines on a terminal */

static const char *const outcomes[IN_INPUTS] = {[IN_OPEN] = "ok",
    [IN_PAGE] = "ok",
    [IN_END] = "ok",
    [IN_EOF] = "eof",
    [IN_SHORT] = "eof",
    [IN_CUT] = "cut",
    [IN_EXPIRED] = "expired",
    [IN_TOO_LARGE] = "toolarge",
    [IN_THROTTLED] = "throttled",
    [IN_SERVER] = "server",
    [IN_AUTH] = "auth",
    [IN_DENIED] = "denied",
    [IN_MISSING] = "missing",
    [IN_METHOD] = "method",
    [IN_ACCEPT] = "accept",
    [IN_BAD] = "bad",
    [IN_UNSUPPORTED] = "unsupported",
    [IN_GARBLED] = "garbled",
    [IN_REGRESSED] = "regressed"};

/* ---- members ---- */

static void
put_text(struct json *j, const char *key, const char *text)
{
	if (text)
		json_member_text(j, key, span_of(text));
}

static void
put_flag(struct json *j, const char *key, bool is_so)
{
	json_member_span(j, key, span_of(is_so ? "true" : "false"));
}

static void
put_count(struct json *j, const char *key, uint64_t n)
{
	json_member_int(j, key, (int64_t)n);
}

static void
put_seconds(struct json *j, const char *key, int64_t ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld.%03lld", (long long)(ms / 1000),
	    (long long)(ms < 0 ? 0 : ms % 1000));
	json_member_span(j, key, span_of(ms < 0 ? "0.000" : text));
}

/* How long ago something was that may never have been. */
static void
put_since(struct json *j, const char *key, int64_t at, int64_t now)
{
	if (at)
		put_seconds(j, key, now - at);
}

static void
open_map(struct json *j, const char *key)
{
	json_key(j, key);
	json_open(j, '{');
}

/* ---- a resource ---- */

static void
put_events(struct json *j, const struct tally *t)
{
	static const char *const name[] = {"ADDED", "MODIFIED", "DELETED",
	    "BOOKMARK", "ERROR", "other"};

	open_map(j, "eventsTotal");
	for (size_t i = 0; i <= STREAM_UNKNOWN; i++)
		if (t->events[i])
			put_count(j, name[i], t->events[i]);
	json_close(j, '}');
}

/* Inputs with one name are one outcome, and stand beside each other. */
static void
put_form(struct json *j, const char *key, const uint32_t n[IN_INPUTS])
{
	open_map(j, key);
	for (size_t i = 0; i < IN_INPUTS; i++) {
		uint64_t sum = n[i];

		if (!outcomes[i])
			continue;
		while (i + 1 < IN_INPUTS && outcomes[i + 1] &&
		    strcmp(outcomes[i], outcomes[i + 1]) == 0)
			sum += n[++i];
		if (sum)
			put_count(j, outcomes[i], sum);
	}
	json_close(j, '}');
}

static void
put_requests(struct json *j, const struct tally *t)
{
	open_map(j, "requestsTotal");
	put_form(j, "list", t->outcomes[TALLY_LIST]);
	put_form(j, "watchlist", t->outcomes[TALLY_WATCHLIST]);
	put_form(j, "watch", t->outcomes[TALLY_WATCH]);
	json_close(j, '}');
	open_map(j, "relistsTotal");
	for (size_t i = 0; i < TALLY_CAUSES && t->relists[i].cause; i++)
		put_count(j, t->relists[i].cause, t->relists[i].n);
	json_close(j, '}');
}

static void
put_resource(struct json *j, const struct view *v, int64_t now)
{
	const struct tally *t = &v->tally;

	json_comma(j);
	json_string(j, v->resource->id, strlen(v->resource->id));
	json_puts(j, ":");
	json_open(j, '{');
	put_text(j, "state", v->state);
	put_flag(j, "synced", v->is_synced);
	put_text(j, "message", v->message);
	put_text(j, "depth", v->is_metadata ? "metadata" : "full");
	put_count(j, "objects", v->objects);
	put_text(j, "resourceVersion", v->rv);
	put_since(j, "lastByteSeconds", t->byte_at, now);
	put_since(j, "lastEventSeconds", t->event_at, now);
	put_since(j, "lastBookmarkSeconds", t->bookmark_at, now);
	put_events(j, t);
	put_count(j, "synthesizedTotal", t->synthesized);
	put_count(j, "suppressedTotal", t->suppressed);
	put_requests(j, t);
	put_seconds(j, "throttledSecondsTotal", t->throttled);
	put_count(j, "backoffLevel", v->level);
	put_count(j, "decodeErrorsTotal",
	    (uint64_t)t->outcomes[TALLY_LIST][IN_GARBLED] +
		t->outcomes[TALLY_WATCHLIST][IN_GARBLED] +
		t->outcomes[TALLY_WATCH][IN_GARBLED]);
	json_close(j, '}');
}

/* How many resources there are, and how many of them are settled. */
static size_t
put_resources(struct json *j, const struct report *r, int64_t now)
{
	const struct watches *ws = r->watches;
	size_t settled = 0;
	struct view v;

	for (size_t i = 0; i < ws->n_kinds; i++) {
		view_of(ws, i, &v);
		settled += view_is_settled(&v);
		if (j)
			put_resource(j, &v, now);
	}
	return settled;
}

/* ---- the process ---- */

static void
put_discovery(struct json *j, const struct report *r, int64_t now)
{
	open_map(j, "discovery");
	put_count(j, "generation", r->generation);
	put_flag(j, "complete", r->survey->catalog.stale.n == 0);
	put_since(j, "ageSeconds", r->generation_at, now);
	json_close(j, '}');
}

static void
put_credential(struct json *j, const struct report *r, int64_t now)
{
	const struct credentials *c = r->credentials;

	open_map(j, "credential");
	put_text(j, "source", credentials_source(c));
	put_since(j, "ageSeconds", c->read_at, now);
	if (c->expires_at != INT64_MAX)
		put_seconds(j, "expirySeconds", c->expires_at - now);
	put_count(j, "readsTotal", c->reads);
	put_count(j, "failuresTotal", c->failures);
	put_count(j, "refusedTotal", c->refusals);
	json_close(j, '}');
}

static void
put_network(struct json *j, const struct report *r)
{
	const struct links *l = &r->http->links;

	open_map(j, "connections");
	put_count(j, "h2", links_count(l, CURL_HTTP_VERSION_2_0));
	put_count(j, "http/1.1", links_count(l, CURL_HTTP_VERSION_1_1));
	json_close(j, '}');
	put_count(j, "streams", r->http->requests);
	put_count(j, "connectionsTotal", l->made);
	put_count(j, "goawaysTotal", r->http->leaves);
	put_count(j, "receivedBytesTotal", r->http->bytes);
}

static void
put_process(struct json *j, const struct report *r)
{
	struct mallinfo2 memory = mallinfo2();
	struct timespec t = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	put_seconds(j, "cpuSecondsTotal",
	    (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
	put_count(j, "heapBytes", memory.uordblks + memory.hblkhd);
	put_count(j, "recordsTotal", r->queue->lines);
	put_count(j, "queueBytes", queue_bytes(r->queue));
	put_seconds(j, "queueBlockedSecondsTotal", r->blocked);
}

static void
write_status(struct report *r, int64_t now)
{
	struct json *j = emit_status_open(r->emit);

	open_map(j, "ms-watch");
	put_text(j, "version", MS_VERSION);
	put_text(j, "startTime", r->started);
	put_text(j, "server", r->config->server);
	put_flag(j, "ready",
	    put_resources(NULL, r, now) == r->watches->n_kinds);
	open_map(j, "resources");
	put_resources(j, r, now);
	json_close(j, '}');
	put_discovery(j, r, now);
	put_credential(j, r, now);
	put_network(j, r);
	put_process(j, r);
	json_close(j, '}');
	emit_status_close(r->emit);
	r->next = now + r->every;
}

/* ---- a line on a terminal ---- */

/* Wiped by the next message, and by the last word. */
static void
wipe(void)
{
	static const char blank[] = "\r\033[K";

	if (write(2, blank, sizeof(blank) - 1) < 0)
		return; /* then there is nobody to see it */
}

static uint64_t
count_objects(const struct report *r)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->watches->n; i++)
		n += index_count(&r->watches->watch[i]->ledger.index);
	return n;
}

static void
show(struct report *r, int64_t now, const char *end)
{
	int64_t ms = now > r->began ? now - r->began : 1;
	char text[160];
	int n;

	n = snprintf(text, sizeof(text),
	    "\r\033[K%zu of %zu resources, %llu objects, %.1f MB/s%s",
	    put_resources(NULL, r, now), r->watches->n_kinds,
	    (unsigned long long)count_objects(r),
	    (double)r->http->bytes / 1000.0 / (double)ms, end);
	if (write(2, text, (size_t)n) < 0)
		r->shows_progress = false;
	r->shown_at = now;
}

/* ---- the whole ---- */

void
report_start(struct report *r, int64_t now)
{
	time_t wall = time(NULL);
	struct tm utc;

	r->began = now;
	gmtime_r(&wall, &utc);
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	r->http->counts_leaves = r->every > 0;
	/* records on the same terminal are progress enough */
	r->shows_progress = isatty(2) && !isatty(1) && diag_tells(DIAG_WARNING);
	if (r->shows_progress)
		diag_wipe = wipe;
}

void
report_discovered(struct report *r, int64_t now)
{
	r->generation++;
	r->generation_at = now;
}

void
report_tick(struct report *r, int64_t now)
{
	if (r->every && now >= r->next)
		write_status(r, now);
	if (r->shows_progress && now - r->shown_at >= SHOW_EVERY)
		show(r, now, "");
}

void
report_ready(struct report *r, int64_t now)
{
	if (r->every)
		write_status(r, now);
	if (r->shows_progress)
		show(r, now, "\n");
	r->shows_progress = false;
	diag_wipe = NULL;
}

void
report_stop(struct report *r)
{
	if (r->shows_progress)
		wipe();
	r->shows_progress = false;
	diag_wipe = NULL;
}

int64_t
report_due(const struct report *r)
{
	int64_t due = r->every ? r->next : INT64_MAX;
	int64_t shown =
	    r->shows_progress ? r->shown_at + SHOW_EVERY : INT64_MAX;

	return due < shown ? due : shown;
}

static void
tell_resource(const struct view *v, int64_t now)
{
	const struct tally *t = &v->tally;
	char heard[40] = "never heard";

	if (t->byte_at)
		snprintf(heard, sizeof(heard), "heard %.1f s ago",
		    (double)(now - t->byte_at) / 1000.0);
	diag_tell("%s: %s, %llu objects, %s, at %s, %llu events%s%s",
	    v->resource->id, v->state, (unsigned long long)v->objects, heard,
	    v->rv ? v->rv : "-", (unsigned long long)tally_events(t),
	    v->message ? ": " : "", v->message ? v->message : "");
}

void
report_tell(const struct report *r, int64_t now)
{
	const struct links *l = &r->http->links;
	struct view v;

	diag_tell("%s: %zu of %zu resources settled, %u requests on %u "
		  "connections, %.1f MB received, %zu bytes to write, "
		  "credentials: %s, %.0f s old",
	    r->config->server, put_resources(NULL, r, now), r->watches->n_kinds,
	    r->http->requests, links_count(l, 0), (double)r->http->bytes / 1e6,
	    queue_bytes(r->queue), credentials_source(r->credentials),
	    (double)(now - r->credentials->read_at) / 1000.0);
	for (size_t i = 0; i < r->watches->n_kinds; i++) {
		view_of(r->watches, i, &v);
		tell_resource(&v, now);
	}
}
