#define _XOPEN_SOURCE 700 /* strptime */
#include "pulse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"

#define FIRST_GAP 100 /* ms between steps, doubled when they do not suffice */

void
pulse_init(struct pulse *p, bool has_broker)
{
	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->lock, NULL);
	p->gap = FIRST_GAP;
	p->has_broker = has_broker;
	p->started = p->since = time(NULL);
	p->status_lag = -1;
}

/* ---- resources ---- */

static size_t
find(struct pulse *p, struct span name)
{
	size_t i = 0;

	while (i < p->n_resources && !span_eq(name, p->resource[i].name))
		i++;
	return i;
}

/* state is a constant; NULL: there is no such resource any more. */
static void
set_state(struct pulse *p, struct span name, const char *state)
{
	size_t i = find(p, name);

	if (!state) {
		if (i == p->n_resources)
			return;
		free(p->resource[i].name);
		p->resource[i] = p->resource[--p->n_resources];
		return;
	}
	if (i == p->n_resources) {
		p->resource =
		    diag_alloc(p->resource, (i + 1) * sizeof(*p->resource));
		p->resource[i].name = diag_strndup(name.p, name.n);
		p->n_resources++;
	}
	p->resource[i].state = state;
}

static const char *
state_named(struct span text)
{
	static const char *const known[] = {"synced", "denied", "pending"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (scan_eq(text, known[i]))
			return known[i];
	return scan_eq(text, "off") ? NULL : "unknown";
}

static void
take_ready(struct pulse *p, const struct record *r)
{
	struct span all = scan_get(r->at[AT_MS], "resources"), key, state;
	struct scan_iter it;
	char name[256];

	p->is_ready = true;
	p->is_discovered = scan_type(r->at[AT_COMPLETE]) == SCAN_TRUE;
	if (scan_type(all) != SCAN_OBJECT)
		return;
	scan_iter(&it, all);
	while (scan_member(&it, &key, &state))
		if (key.n < sizeof(name))
			set_state(p,
			    (struct span){name,
				scan_decode(key.p, key.n, name)},
			    state_named(state));
}

/* Only a complete sync makes a resource wait that was synced: the others tell
 * differences of what is known. */
static void
take_phase(struct pulse *p, const struct record *r, struct span name)
{
	struct span phase = r->at[AT_PHASE];

	if (scan_eq(phase, "begin")) {
		if (scan_type(r->at[AT_COMPLETE]) == SCAN_TRUE ||
		    find(p, name) == p->n_resources)
			set_state(p, name, "syncing");
	} else if (scan_eq(phase, "end")) {
		set_state(p, name, "synced");
	} else if (scan_eq(phase, "aborted")) {
		set_state(p, name, "aborted");
	} else if (scan_eq(phase, "denied")) {
		set_state(p, name, "denied");
	} else if (scan_eq(phase, "gone")) {
		set_state(p, name, NULL);
	}
}

/* ---- records ---- */

/* Seconds since 1970 of "2026-11-22T10:00:00.000123Z"; < 0: it is none. */
static double
read_time(struct span text)
{
	char buf[64];
	struct span t = scan_text(text, buf, sizeof(buf) - 1);
	struct tm tm = {0};
	const char *seconds;

	if (!t.n || t.n >= sizeof(buf))
		return -1;
	memmove(buf, t.p, t.n);
	buf[t.n] = '\0';
	seconds = strptime(buf, "%Y-%m-%dT%H:%M:", &tm);
	if (!seconds)
		return -1;
	return (double)timegm(&tm) + strtod(seconds, NULL);
}

static void
take_status(struct pulse *p, const struct record *r)
{
	double written = read_time(scan_get(r->at[AT_MS], "time"));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_reset(&p->status);
	json_span(&p->status, r->at[AT_OBJECT]);
	p->status_at = now.tv_sec;
	p->status_lag =
	    written < 0 ? -1 : (double)now.tv_sec + now.tv_nsec / 1e9 - written;
	if (written >= 0 && p->status_lag < 0)
		p->status_lag = 0; /* the clock was set back */
}

void
pulse_record(struct pulse *p, const struct record *r)
{
	char buf[256];
	struct span name;

	if (r->type != RECORD_SYNC && r->type != RECORD_STATUS)
		return;
	pthread_mutex_lock(&p->lock);
	name = scan_text(r->at[AT_RESOURCE], buf, sizeof(buf));
	if (r->type == RECORD_STATUS)
		take_status(p, r);
	else if (scan_eq(r->at[AT_PHASE], "ready"))
		take_ready(p, r);
	else if (name.n)
		take_phase(p, r, name);
	pthread_mutex_unlock(&p->lock);
}

void
pulse_input(struct pulse *p, const struct records *rs)
{
	p->n[PULSE_IN] = rs->io.number;
	p->n[PULSE_DROPPED] = rs->refused + rs->io.dropped;
	p->n[PULSE_BYTES_IN] = rs->io.bytes_in;
}

/* ---- the backlog ---- */

static void
drop_confirmed(struct pulse *p)
{
	size_t n = 0;

	while (n < p->n_steps && p->step[n].change <= p->confirmed)
		n++;
	memmove(p->step, p->step + n, (p->n_steps - n) * sizeof(*p->step));
	p->n_steps -= n;
	if (p->n_steps == 0)
		p->gap = FIRST_GAP;
}

/* Two steps become one each, with the age of the older. */
static void
make_coarser(struct pulse *p)
{
	for (size_t i = 0; i < PULSE_STEPS / 2; i++)
		p->step[i] = (struct pulse_step){p->step[2 * i + 1].change,
		    p->step[2 * i].at};
	p->n_steps = PULSE_STEPS / 2;
	p->gap *= 2;
}

void
pulse_committed(struct pulse *p, int64_t change)
{
	int64_t now = clock_ms();

	p->committed = change;
	pthread_mutex_lock(&p->lock);
	drop_confirmed(p);
	if (p->n_steps && now - p->step[p->n_steps - 1].at < p->gap) {
		p->step[p->n_steps - 1].change = change;
	} else if (change > p->confirmed) {
		if (p->n_steps == PULSE_STEPS)
			make_coarser(p);
		p->step[p->n_steps++] = (struct pulse_step){change, now};
	}
	pthread_mutex_unlock(&p->lock);
}

void
pulse_confirmed(struct pulse *p, int64_t change)
{
	p->confirmed = change;
	p->confirmed_at = (int64_t)time(NULL);
}

double
pulse_backlog_age(struct pulse *p)
{
	int64_t age;

	pthread_mutex_lock(&p->lock);
	drop_confirmed(p);
	age = p->n_steps ? clock_ms() - p->step[0].at : 0;
	pthread_mutex_unlock(&p->lock);
	return (double)age / 1000;
}

/* ---- the broker ---- */

static void
set_broker(struct pulse *p, bool is_up, const char *name, const char *why)
{
	pthread_mutex_lock(&p->lock);
	if (p->is_up != is_up)
		p->since = time(NULL);
	p->is_up = is_up;
	snprintf(p->broker, sizeof(p->broker), "%s", name);
	snprintf(p->why, sizeof(p->why), "%s", why);
	pthread_mutex_unlock(&p->lock);
}

void
pulse_opened(struct pulse *p)
{
	p->was_up = true;
	pulse_count(p, PULSE_CONNECTED, 1);
}

void
pulse_up(struct pulse *p, const char *name)
{
	set_broker(p, true, name, "");
}

void
pulse_away(struct pulse *p, const char *name, const char *why)
{
	pulse_count(p, PULSE_FAILED, 1);
	set_broker(p, false, name, why);
}
