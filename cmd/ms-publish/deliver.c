#include "deliver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "census.h"
#include "clock.h"
#include "diag.h"
#include "marks.h"
#include "outbox.h"
#include "ration.h"

#define FLIGHT_MS 100 /* that a message may go without being confirmed */
#define FIRST_WAIT 100 /* ms after the first failure, doubled then */
#define LAST_WAIT 5000
#define LASTED 1000 /* ms that a connection must, or the next waits longer */
#define SETTLE 1000 /* ms until a server has read what it was sent before */
#define WARN_EVERY 60000 /* ms */
#define BURST 4096 /* changes that leave memory behind */

struct deliver {
	struct store *store;
	struct format *format;
	struct sink *sink;
	struct requests *requests;
	struct pulse *pulse;
	struct outbox outbox;
	struct marks marks;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_woken, is_draining;
	int ended; /* eventfd */
	bool is_answered; /* a dial was: held rows may go on */

	int64_t rested; /* the last change, when memory was given back */
	int64_t since; /* when the first in flight was sent */
	bool is_open;
	bool is_unsettled; /* something may still be on its way */
	bool is_well; /* it takes messages */
	unsigned wait;
	int64_t opened; /* ms */
	int64_t warned; /* ms; 0: all is well */
	bool is_told; /* that it is away */
	struct ration outages, denied;
};

struct deliver *
deliver_new(struct store *store, struct format *format, struct sink *sink,
    struct requests *requests, struct pulse *pulse)
{
	struct deliver *d = diag_alloc(NULL, sizeof(*d));

	memset(d, 0, sizeof(*d));
	d->store = store;
	d->format = format;
	d->sink = sink;
	d->requests = requests;
	d->pulse = pulse;
	outbox_init(&d->outbox, store, format);
	marks_init(&d->marks);
	d->outages = (struct ration){.more = "the broker comes and goes"};
	d->denied = (struct ration){.more = "more is dropped for that"};
	d->is_answered = true; /* of an earlier life, there will be none */
	d->is_unsettled =
	    store->confirmed < store->committed; /* of that, too */
	d->ended = eventfd(0, EFD_CLOEXEC);
	if (d->ended < 0)
		diag_die(EXIT_TEMPORARY, "unable to create an eventfd: %m");
	pthread_mutex_init(&d->lock, NULL);
	clock_cond_init(&d->wake);
	return d;
}

/* ---- waiting ---- */

void
deliver_wake(void *deliver)
{
	struct deliver *d = deliver;

	pthread_mutex_lock(&d->lock);
	d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

void
deliver_answered(void *deliver)
{
	struct deliver *d = deliver;

	pthread_mutex_lock(&d->lock);
	d->is_answered = d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

/* In how many ms something has to be done without news; -1: nothing has. */
static int
due_in(struct deliver *d)
{
	int due = requests_due(d->requests), left;

	if (!d->outbox.n)
		return due;
	left = (int)(d->since + FLIGHT_MS - clock_ms());
	left = left < 0 ? 0 : left;
	return due < 0 || left < due ? left : due;
}

static void
wait_for_news(struct deliver *d)
{
	int due = due_in(d);
	struct timespec until = clock_after(due);
	int err = 0;

	pthread_mutex_lock(&d->lock);
	while (!d->is_woken && !err)
		err = due < 0 ?
		    pthread_cond_wait(&d->wake, &d->lock) :
		    pthread_cond_timedwait(&d->wake, &d->lock, &until);
	d->is_woken = false;
	pthread_mutex_unlock(&d->lock);
}

static void
pause_ms(unsigned ms)
{
	struct timespec until = clock_after(ms);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* ---- the sink's ups and downs ---- */

static void
say_lost(struct deliver *d)
{
	char words[CENSUS_WORDS];
	int64_t now = clock_ms();

	d->is_well = false;
	pulse_away(d->pulse, d->sink->name, d->sink->why);
	if (d->warned && now - d->warned < WARN_EVERY)
		return;
	d->warned = now;
	d->is_told =
	    ration_warn(&d->outages, "broker %s: %s; %s for it", d->sink->name,
		d->sink->why, census_waiting(store_owed(d->store), words));
}

/* Only when it takes messages is it back: it may let us in and deny them. */
static void
say_back(struct deliver *d)
{
	if (d->warned && d->is_told)
		diag_warn("broker %s is back", d->sink->name);
	if (!d->is_well)
		pulse_up(d->pulse, d->sink->name);
	d->is_well = true;
	d->warned = 0;
	if (clock_ms() - d->opened >= LASTED)
		d->wait = FIRST_WAIT;
}

static void
lose(struct deliver *d, enum sink_status why)
{
	say_lost(d);
	d->sink->close(d->sink);
	d->is_open = false;
	/* what was sent on the old connection the server may read after what
	 * comes on the next: it has to have done so before newer states are
	 * sent, or the consumer takes the old for the new */
	d->is_unsettled |=
	    why == SINK_STALLED || (why == SINK_AWAY && d->outbox.n > 0);
	outbox_lost(&d->outbox);
}

/* Something other than a change was denied: it is dropped, and holds up nothing.
 * libnats remembers that for as long as the connection lasts, so that is made
 * anew; nothing is in flight on it. */
static void
drop_denied(struct deliver *d, const char *what)
{
	ration_warn(&d->denied, "%s is dropped: %s", what, d->sink->why);
	d->sink->close(d->sink);
	d->is_open = false;
}

/* Jitter, so that many clients do not come back in step. News makes no
 * difference here. */
static void
back_off(struct deliver *d)
{
	unsigned half = d->wait / 2;

	pause_ms(half + clock_jitter(half + 1));
	d->wait = d->wait * 2 > LAST_WAIT ? LAST_WAIT : d->wait * 2;
}

/* Until the disk has it: nobody would think of these rows again. */
static void
release(struct deliver *d, int64_t low, int64_t high)
{
	while (!outbox_release(&d->outbox, low, high))
		pause_ms(1000);
}

static bool
open_sink(struct deliver *d)
{
	enum sink_status status = d->sink->open(d->sink);

	if (status != SINK_OK) {
		say_lost(d);
		back_off(d);
		return false;
	}
	if (d->is_unsettled) {
		pause_ms(SETTLE);
		d->is_unsettled = false;
	}
	if (!d->warned)
		diag_info("publishing to %s", d->sink->name);
	d->is_open = true;
	d->opened = clock_ms();
	pulse_opened(d->pulse);
	release(d, 1,
	    d->sink->max > INT64_MAX ? INT64_MAX : (int64_t)d->sink->max);
	return true;
}

/* ---- changes ---- */

/* What has been taken, for those who count. */
static void
count(struct deliver *d, int64_t taken)
{
	for (size_t i = 0; i < d->outbox.n; i++) {
		const struct outbox_item *it = &d->outbox.flight[i];

		if (it->change > taken)
			break;
		if (it->is_equal)
			pulse_count(d->pulse, PULSE_EQUAL, 1);
		if (!it->n_bytes)
			continue;
		pulse_count(d->pulse, PULSE_ADDED + it->type, 1);
		pulse_count(d->pulse, PULSE_BYTES_OUT, it->n_bytes);
	}
}

/* Until the disk has it: what the consumer has must not be sent for ever. */
static void
confirm(struct deliver *d, int64_t taken)
{
	count(d, taken);
	while (!outbox_confirm(&d->outbox, taken))
		pause_ms(1000);
	pulse_confirmed(d->pulse, d->store->confirmed);
}

/* Have all that is in flight confirmed; false: the sink was lost. */
static bool
settle(struct deliver *d)
{
	enum sink_status status;

	if (!d->outbox.n)
		return true;
	d->sink->taken = 0;
	status = d->sink->flush(d->sink);
	confirm(d, status == SINK_OK ? INT64_MAX : d->sink->taken);
	if (status != SINK_OK) {
		lose(d, status);
		return false;
	}
	say_back(d);
	return true;
}

/* Send what is owed until nothing more is, or as much as may be is in flight.
 * A lone change so goes out at once, and is confirmed with those that follow
 * soon. False: the sink was lost. */
static bool
send_owed(struct deliver *d)
{
	enum outbox_status status;

	do {
		if (!d->outbox.n)
			d->since = clock_ms();
		status = outbox_send(&d->outbox, d->sink);
	} while (status == OUTBOX_SOME);
	if (status == OUTBOX_DISK) {
		pause_ms(1000);
		deliver_wake(d);
	}
	return status != OUTBOX_SINK || settle(d);
}

/* Whether somebody waits for what is in flight to be confirmed. */
static bool
is_settling_due(struct deliver *d)
{
	bool is_draining;

	pthread_mutex_lock(&d->lock);
	is_draining = d->is_draining;
	pthread_mutex_unlock(&d->lock);
	return is_draining || d->warned || outbox_is_full(&d->outbox) ||
	    marks_count(&d->marks) || requests_due(d->requests) == 0 ||
	    clock_ms() >= d->since + FLIGHT_MS;
}

/* ---- marks ---- */

void
deliver_mark(struct deliver *d, int64_t change, struct span id,
    struct span line)
{
	marks_put(&d->marks, change, id, line);
	deliver_wake(d);
}

/* False: the sink was lost meanwhile. */
static bool
send_marks(struct deliver *d)
{
	enum sink_status status;
	struct mark m;

	while (marks_next(&d->marks, d->store->confirmed, &m)) {
		d->sink->send(d->sink, m.subject, (struct span){m.line, m.n});
		status = d->sink->flush(d->sink);
		if (status == SINK_AWAY || status == SINK_STALLED) {
			lose(d, status);
			return false;
		}
		marks_drop(&d->marks);
		if (status == SINK_OK)
			pulse_count(d->pulse, PULSE_MARKS, 1);
		if (status == SINK_REFUSED) {
			drop_denied(d, "a mark");
			return false;
		}
	}
	return true;
}

/* Answer what is asked; true if that may have made something owed. */
static bool
answer(struct deliver *d)
{
	enum sink_status status;

	if (requests_due(d->requests) != 0)
		return false;
	/* a resync begins with nothing in flight (outbox.c) */
	if (!settle(d))
		return true;
	requests_answer(d->requests, d->store, d->format, d->sink);
	pulse_committed(d->pulse, d->store->committed);
	status = d->sink->flush(d->sink);
	if (status == SINK_REFUSED)
		drop_denied(d, "an answer");
	else if (status != SINK_OK)
		lose(d, status);
	return true;
}

/* ---- the thread ---- */

static bool
has_ended(struct deliver *d)
{
	bool is_draining;

	pthread_mutex_lock(&d->lock);
	is_draining = d->is_draining;
	pthread_mutex_unlock(&d->lock);
	if (!is_draining || marks_count(&d->marks) ||
	    d->store->confirmed < d->store->committed)
		return false;
	return outbox_held(&d->outbox, OUTBOX_DIAL) == 0;
}

static bool
take_answered(struct deliver *d)
{
	bool is_answered;

	pthread_mutex_lock(&d->lock);
	is_answered = d->is_answered;
	d->is_answered = false;
	pthread_mutex_unlock(&d->lock);
	return is_answered;
}

/* What waited for an address may go on. Those that were told to wait must be
 * written down as such first. */
static bool
release_answered(struct deliver *d)
{
	if (!take_answered(d))
		return true;
	if (!settle(d))
		return false;
	release(d, OUTBOX_DIAL, OUTBOX_DIAL);
	return true;
}

/* Send all that is owed, and have it confirmed when it is time. False: the sink
 * was lost. */
static bool
work(struct deliver *d)
{
	bool is_due;

	if (!release_answered(d))
		return false;
	do {
		if (!send_owed(d))
			return false;
		is_due = d->outbox.n && is_settling_due(d);
		if (is_due && !settle(d))
			return false;
	} while (is_due);
	if (!d->outbox.n) {
		say_back(d);
		/* also past the numbers of what came and went */
		if (d->pulse->confirmed != d->store->confirmed)
			pulse_confirmed(d->pulse, d->store->confirmed);
	}
	return true;
}

/* Memory is for bursts, and the first sync is the largest there is. */
static void
rest(struct deliver *d)
{
	if (d->outbox.n || d->store->confirmed < d->store->committed ||
	    d->store->confirmed - d->rested < BURST)
		return;
	d->rested = d->store->confirmed;
	store_rest(d->store);
}

static void *
run(void *deliver)
{
	struct deliver *d = deliver;
	uint64_t one = 1;

	d->wait = FIRST_WAIT;
	for (;;) {
		if (d->is_open && !d->sink->is_up(d->sink)) {
			snprintf(d->sink->why, SINK_WHY, "connection lost");
			lose(d, SINK_AWAY);
			back_off(d);
		}
		if (!d->is_open && !open_sink(d)) {
			if (has_ended(d)) /* nobody is missed */
				break;
			continue;
		}
		if (!work(d)) {
			back_off(d);
			continue;
		}
		if (!send_marks(d) || answer(d))
			continue;
		if (has_ended(d))
			break;
		rest(d);
		wait_for_news(d);
	}
	d->sink->close(d->sink);
	if (write(d->ended, &one, sizeof(one)) < 0)
		diag_warn("unable to write to an eventfd: %m");
	return NULL;
}

void
deliver_start(struct deliver *d)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, d) != 0)
		diag_die(EXIT_TEMPORARY, "unable to start a thread");
	pthread_detach(thread);
}

bool
deliver_drain(struct deliver *d, unsigned seconds, int stop_fd)
{
	struct pollfd p[2] = {{.fd = d->ended, .events = POLLIN},
	    {.fd = stop_fd, .events = POLLIN}};
	int64_t deadline = clock_ms() + (int64_t)seconds * 1000, left;

	pthread_mutex_lock(&d->lock);
	d->is_draining = d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	do {
		left = deadline - clock_ms();
		if (left > 0 && poll(p, 2, (int)left) < 0 && errno != EINTR)
			break;
	} while (left > 0 && !p[0].revents && !p[1].revents);
	return p[0].revents != 0;
}
