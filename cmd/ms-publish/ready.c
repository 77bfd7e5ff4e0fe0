#include "ready.h"

#include <stdio.h>
#include <string.h>

#include "census.h"

#define LISTED 50 /* resources that are named; the rest are counted */
#define STATUS_LATE 300 /* s without a STATUS after which that is said */

/* "3 s", "12 min", "5 h", "9 days" */
static const char *
duration(double seconds, char buf[32])
{
	if (seconds < 120)
		snprintf(buf, 32, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(buf, 32, "%.0f min", seconds / 60);
	else if (seconds < 172800)
		snprintf(buf, 32, "%.0f h", seconds / 3600);
	else
		snprintf(buf, 32, "%.0f days", seconds / 86400);
	return buf;
}

static bool
tell_broker(struct json *out, struct pulse *p)
{
	char buf[32];
	const char *since = duration(difftime(time(NULL), p->since), buf);

	if (p->is_up)
		json_printf(out, "[+]broker ok: %s has been there for %s\n",
		    p->broker, since);
	else if (*p->broker)
		json_printf(out, "[-]broker failed: %s: %s (for %s)\n",
		    p->broker, p->why, since);
	else
		json_puts(out, "[-]broker failed: not tried yet\n");
	return p->is_up;
}

static bool
is_well(const char *state)
{
	return strcmp(state, "synced") == 0 || strcmp(state, "denied") == 0;
}

/* A member of an object, if that is one. */
static struct span
get(struct span object, const char *key)
{
	return scan_type(object) == SCAN_OBJECT ? scan_get(object, key) :
						  (struct span){0};
}

/* What ms-watch says of its resources, in the last STATUS. */
static struct span
watched(const struct pulse *p)
{
	struct span status = {p->status.p, p->status.len};

	return status.n ? get(get(status, "ms-watch"), "resources") : status;
}

/* Text of somebody else's, which must not end the line. */
static void
say_text(struct json *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		json_raw(out, (unsigned char)text.p[i] < ' ' ? " " : text.p + i,
		    1);
}

/* What the API server said of a resource: ": words", or nothing. */
static void
say_message(struct json *out, struct span one)
{
	char buf[256];
	struct span text = scan_text(get(one, "message"), buf, sizeof(buf));

	if (!text.n)
		return;
	json_puts(out, ": ");
	say_text(out, text);
}

static void
name_resources(struct json *out, struct pulse *p)
{
	size_t left = LISTED;

	for (size_t i = 0; i < p->n_resources; i++) {
		const struct pulse_resource *r = &p->resource[i];

		if (strcmp(r->state, "synced") == 0 || !left)
			continue;
		left--;
		json_printf(out, "[%c]resource ",
		    is_well(r->state) ? '!' : '-');
		say_text(out, span_of(r->name));
		json_printf(out, " is %s", r->state);
		say_message(out, get(watched(p), r->name));
		json_puts(out, "\n");
	}
}

static bool
tell_resources(struct json *out, struct pulse *p)
{
	size_t synced = 0, denied = 0;
	bool ok;

	for (size_t i = 0; i < p->n_resources; i++) {
		synced += strcmp(p->resource[i].state, "synced") == 0;
		denied += strcmp(p->resource[i].state, "denied") == 0;
	}
	ok = p->is_ready && synced + denied == p->n_resources;
	json_printf(out,
	    "[%c]resources %s: %zu synced, %zu denied, %zu not synced%s\n",
	    ok ? '+' : '-', ok ? "ok" : "failed", synced, denied,
	    p->n_resources - synced - denied,
	    !p->is_ready ? "; the first sync goes on" :
		!p->is_discovered ?
			   "; some API groups could not be discovered" :
			   "");
	name_resources(out, p);
	return ok;
}

/* What is synced may be out of reach since. */
static bool
tell_watches(struct json *out, struct pulse *p)
{
	struct span all = watched(p), key, one, last = {0};
	size_t n = 0, lost = 0;
	struct scan_iter it;

	if (scan_type(all) != SCAN_OBJECT)
		return true;
	scan_iter(&it, all);
	while (scan_member(&it, &key, &one)) {
		n++;
		if (!scan_eq(get(one, "state"), "backoff"))
			continue;
		lost++;
		last = one;
	}
	if (!lost) {
		json_printf(out, "[+]watches ok: %zu resources\n", n);
		return true;
	}
	json_printf(out,
	    "[%c]watches %s: %zu of %zu resources cannot be watched now",
	    lost == n ? '-' : '!', lost == n ? "failed" : "partly failed", lost,
	    n);
	say_message(out, last);
	json_puts(out, "\n");
	return lost < n;
}

static void
tell_status(struct json *out, struct pulse *p)
{
	double age = difftime(time(NULL), p->status_at);
	char buf[32];

	if (!p->status_at)
		return;
	json_printf(out,
	    "[%c]stages %s: all of them passed a status on %s ago\n",
	    age < STATUS_LATE ? '+' : '!', age < STATUS_LATE ? "ok" : "late",
	    duration(age, buf));
}

static bool
tell_store(struct json *out, const struct store *s, const struct census *c)
{
	if (!c->is_known) {
		json_printf(out, "[-]snapshot failed: %s cannot be read\n",
		    s->path);
		return false;
	}
	json_printf(out, "[+]snapshot ok: %lld objects in %s\n",
	    (long long)c->objects, s->path);
	if (c->oversized)
		json_printf(out,
		    "[!]larger than the broker takes: %lld of them\n",
		    (long long)c->oversized);
	return true;
}

/* A backlog is no fault: that the broker is away is, and has its own line. */
static void
tell_backlog(struct json *out, struct pulse *p, const struct census *c)
{
	char buf[32], words[CENSUS_WORDS];
	int64_t at = p->confirmed_at;

	if (c->waiting > c->oversized)
		json_printf(out, "[+]backlog: %s, the oldest for %s\n",
		    census_waiting(c->waiting - c->oversized, words),
		    duration(pulse_backlog_age(p), buf));
	else
		json_puts(out, "[+]backlog: none\n");
	if (at)
		json_printf(out, "[+]confirmed: change %lld, %s ago\n",
		    (long long)p->confirmed,
		    duration(difftime(time(NULL), (time_t)at), buf));
	else
		json_puts(out, "[+]confirmed: nothing yet in this run\n");
}

bool
ready_tell(struct json *out, struct pulse *p, struct store *s)
{
	struct census c;
	bool ok;

	pthread_mutex_lock(&p->lock);
	ok = tell_broker(out, p);
	ok = tell_resources(out, p) && ok;
	ok = tell_watches(out, p) && ok;
	tell_status(out, p);
	pthread_mutex_unlock(&p->lock);
	if (s) {
		c = census_take(s, NULL, NULL);
		ok = tell_store(out, s, &c) && ok;
		tell_backlog(out, p, &c);
	}
	json_printf(out, "readyz check %s\n", ok ? "passed" : "failed");
	return ok;
}
