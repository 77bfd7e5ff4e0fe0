#include "machine.h"

#define BASE 800u /* ms, the first wait */
#define CAP 30000u
#define SLOW_CAP 60000u /* of what a person has to put right */
#define DENIED_BASE 60000u
#define DENIED_CAP 600000u
#define BRIEF 1000u
#define PAGE_TRIES 3
#define GARBLES 3
#define VOIDS 2 /* streaming lists that broke off */

static unsigned
doubled(unsigned base, unsigned times, unsigned cap)
{
	while (times-- > 0 && base < cap)
		base *= 2;
	return base < cap ? base : cap;
}

static void
count(unsigned char *n)
{
	if (*n < 255)
		(*n)++;
}

/* ---- what an action is made of ---- */

static void
give_up_snapshot(struct machine *m, struct machine_action *a)
{
	a->abort = m->begun;
	m->begun = false;
}

static void
wait_then(struct machine *m, struct machine_action *a, enum machine_then then,
    unsigned cap)
{
	if (then == THEN_QUEUE)
		give_up_snapshot(m, a);
	m->state = MACHINE_WAITING;
	m->then = then;
	a->what = DO_WAIT;
	a->delay = doubled(BASE, m->level, cap);
	count(&m->level);
}

static void
wait_briefly(struct machine *m, struct machine_action *a)
{
	m->state = MACHINE_WAITING;
	m->then = THEN_WATCH;
	a->what = DO_WAIT;
	a->delay = BRIEF;
	a->brief = true;
}

static void
queue(struct machine *m, struct machine_action *a)
{
	give_up_snapshot(m, a);
	m->state = MACHINE_QUEUED;
}

/* Whether what is asked for next is another snapshot than the one begun, as no
 * token binds it to that: what was named before might be gone by now, and
 * nothing would tell. */
static bool
is_anew(const struct machine *m)
{
	return m->begun && (m->state == MACHINE_STREAMING || m->on_first_page);
}

/* What the machine was doing, as something to do again. A page is tried again
 * with its token a few times, which is cheaper than a new list. */
static enum machine_then
again(struct machine *m)
{
	if (m->state == MACHINE_WATCHING)
		return THEN_WATCH;
	if (m->state == MACHINE_LISTING && !is_anew(m) &&
	    m->page_tries < PAGE_TRIES) {
		m->page_tries++;
		return THEN_PAGE;
	}
	return THEN_QUEUE;
}

static void
repeat_now(struct machine *m, struct machine_action *a)
{
	if (m->state != MACHINE_WATCHING && is_anew(m))
		give_up_snapshot(m, a);
	if (m->state == MACHINE_WATCHING)
		a->what = DO_WATCH;
	else if (m->state == MACHINE_LISTING)
		a->what = DO_PAGE;
	else
		a->what = DO_STREAM;
}

static void
start_snapshot(struct machine *m, struct machine_action *a)
{
	m->page_tries = 0;
	m->on_first_page = true;
	if (m->no_stream) {
		m->state = MACHINE_LISTING;
		a->what = DO_LIST;
	} else {
		m->state = MACHINE_STREAMING;
		a->what = DO_STREAM;
	}
}

/* ---- inputs ---- */

static void
on_timer(struct machine *m, struct machine_action *a)
{
	switch (m->then) {
	case THEN_QUEUE:
		m->state = MACHINE_QUEUED;
		break;
	case THEN_PAGE:
		m->state = MACHINE_LISTING;
		a->what = DO_PAGE;
		break;
	case THEN_WATCH:
		m->state = MACHINE_WATCHING;
		a->what = DO_WATCH;
		break;
	}
}

static void
on_open(struct machine *m, struct machine_action *a)
{
	m->is_denied = false;
	m->denials = 0;
	a->begin = m->state != MACHINE_WATCHING && !m->begun;
	m->begun |= a->begin;
}

static void
on_end(struct machine *m, struct machine_action *a)
{
	a->end = true;
	if (m->state == MACHINE_LISTING)
		a->what = DO_WATCH;
	m->state = MACHINE_WATCHING;
	m->begun = m->no_pages = false;
	m->synced = m->from_rv = true;
	m->voids = m->garbles = 0;
}

/* What we stand at is of no use: a new snapshot, so many times at once. A server
 * may find the next one of no use either, for ever. */
static void
renew(struct machine *m, struct machine_action *a, unsigned at_once,
    unsigned cap)
{
	if (m->renewals < at_once)
		queue(m, a);
	else
		wait_then(m, a, THEN_QUEUE, cap);
	count(&m->renewals);
}

/* The first time from a version that is not older; after that only the newest
 * version is safe to ask for. */
static void
on_expired(struct machine *m, struct machine_action *a)
{
	if (m->state == MACHINE_LISTING && !m->on_first_page)
		m->no_pages = true;
	else if (m->state != MACHINE_WATCHING)
		m->from_rv = false;
	if (m->renewals > 0)
		m->from_rv = false;
	renew(m, a, 2, CAP);
}

/* Whatever stands before the last version is another history. */
static void
on_regressed(struct machine *m, struct machine_action *a)
{
	m->from_rv = false;
	renew(m, a, 1, CAP);
}

static void
on_unsupported(struct machine *m, struct machine_action *a)
{
	if (m->no_stream)
		wait_then(m, a, THEN_QUEUE, CAP);
	else
		queue(m, a);
	m->no_stream = true;
}

static void
on_method(struct machine *m, struct machine_action *a)
{
	give_up_snapshot(m, a);
	m->state = MACHINE_OVER;
	a->what = DO_STOP;
}

/* What did not work may work now, with another server behind it. */
static void
on_served(struct machine *m)
{
	if (m->state != MACHINE_STREAMING && m->state != MACHINE_LISTING)
		m->no_stream = false;
	if (m->state == MACHINE_OVER)
		m->state = MACHINE_QUEUED;
}

/* Parked: what is known stays known, and others go on. */
static void
on_denied(struct machine *m, struct machine_action *a)
{
	a->denied = !m->is_denied;
	a->what = DO_WAIT;
	a->delay = doubled(DENIED_BASE, m->denials, DENIED_CAP);
	count(&m->denials);
	m->then = m->state == MACHINE_WATCHING ? THEN_WATCH : THEN_QUEUE;
	m->state = MACHINE_WAITING;
	m->is_denied = true;
	m->begun = false; /* "denied" says that as well */
}

static void
on_missing(struct machine *m, struct machine_action *a)
{
	enum machine_then then =
	    m->state == MACHINE_WATCHING ? THEN_WATCH : THEN_QUEUE;

	a->discover = true;
	wait_then(m, a, then, SLOW_CAP);
}

static void
on_accept(struct machine *m, struct machine_action *a)
{
	if (m->no_metadata) {
		wait_then(m, a, again(m), SLOW_CAP);
		return;
	}
	m->no_metadata = true;
	repeat_now(m, a);
}

static void
on_bad(struct machine *m, struct machine_action *a)
{
	bool is_of_place =
	    m->from_rv || (m->state == MACHINE_LISTING && !m->on_first_page);

	m->from_rv = false;
	renew(m, a, is_of_place ? 1 : 0, SLOW_CAP);
}

/* A streaming list that ended before its mark told nothing: it may be that
 * something between cannot carry one. */
static void
on_broken_stream(struct machine *m, struct machine_action *a)
{
	count(&m->voids);
	if (m->voids >= VOIDS)
		m->no_stream = true;
	wait_then(m, a, THEN_QUEUE, CAP);
}

static void
on_garbled(struct machine *m, struct machine_action *a)
{
	if (m->state == MACHINE_STREAMING) {
		m->no_stream = true;
		wait_then(m, a, THEN_QUEUE, CAP);
	} else if (m->state == MACHINE_WATCHING && ++m->garbles >= GARBLES) {
		m->garbles = 0;
		wait_then(m, a, THEN_QUEUE, CAP);
	} else {
		wait_then(m, a, again(m), CAP);
	}
}

static void
on_cut(struct machine *m, struct machine_action *a)
{
	if (m->state == MACHINE_STREAMING) {
		on_broken_stream(m, a);
	} else if (m->state == MACHINE_WATCHING && m->level == 0) {
		count(&m->level);
		wait_briefly(m, a);
	} else {
		wait_then(m, a, again(m), CAP);
	}
}

/* A list under way serves as well. The next one is to be of now, whatever the
 * server's caches hold. */
static void
on_resync(struct machine *m, struct machine_action *a)
{
	bool is_following = m->state == MACHINE_WATCHING ||
	    (m->state == MACHINE_WAITING && m->then == THEN_WATCH);

	if (!is_following)
		return;
	m->from_rv = false;
	queue(m, a);
	a->what = DO_STOP;
}

static void
forget_failures(struct machine *m)
{
	m->level = m->renewals = m->garbles = 0;
}

static void
on_answer(struct machine *m, enum machine_input in, struct machine_action *a)
{
	switch (in) {
	case IN_OPEN:
		on_open(m, a);
		break;
	case IN_PAGE:
		m->page_tries = 0;
		m->on_first_page = false;
		a->what = DO_PAGE;
		break;
	case IN_END:
		on_end(m, a);
		break;
	case IN_HEALTHY:
		forget_failures(m);
		break;
	case IN_EOF:
		if (m->state == MACHINE_WATCHING)
			wait_briefly(m, a);
		else
			on_cut(m, a);
		break;
	case IN_SHORT:
		if (m->state == MACHINE_WATCHING)
			wait_then(m, a, THEN_WATCH, CAP);
		else
			on_cut(m, a);
		break;
	case IN_CUT:
		on_cut(m, a);
		break;
	case IN_EXPIRED:
		on_expired(m, a);
		break;
	case IN_TOO_LARGE:
		m->from_rv = false;
		on_expired(m, a);
		break;
	case IN_THROTTLED:
	case IN_SERVER:
		wait_then(m, a, again(m), CAP);
		break;
	case IN_AUTH:
		wait_then(m, a, again(m), SLOW_CAP);
		break;
	case IN_DENIED:
		on_denied(m, a);
		break;
	case IN_MISSING:
		on_missing(m, a);
		break;
	case IN_ACCEPT:
		on_accept(m, a);
		break;
	case IN_BAD:
		on_bad(m, a);
		break;
	case IN_UNSUPPORTED:
		on_unsupported(m, a);
		break;
	case IN_GARBLED:
		on_garbled(m, a);
		break;
	case IN_REGRESSED:
		on_regressed(m, a);
		break;
	default:
		break;
	}
}

struct machine_action
machine_next(struct machine *m, enum machine_input in)
{
	struct machine_action a = {0};

	if (in == IN_SERVED) {
		on_served(m);
	} else if (m->state == MACHINE_OVER) {
		/* nothing follows */
	} else if (in == IN_METHOD) {
		on_method(m, &a);
	} else if (in == IN_RESYNC) {
		on_resync(m, &a);
	} else if (m->state == MACHINE_QUEUED) {
		if (in == IN_TURN)
			start_snapshot(m, &a);
	} else if (m->state == MACHINE_WAITING) {
		if (in == IN_TIMER)
			on_timer(m, &a);
	} else {
		on_answer(m, in, &a);
	}
	return a;
}

bool
machine_is_busy(const struct machine *m)
{
	return m->state == MACHINE_LISTING || m->state == MACHINE_STREAMING ||
	    (m->state == MACHINE_WAITING && m->then == THEN_PAGE);
}
