/* pulse - what the threads of ms-publish tell of themselves, for whoever asks
 * over HTTP.
 *
 * Ingest tells what comes in and how far it is on disk, deliver how far the
 * consumer has confirmed and how the broker is; the thread that answers
 * requests reads. All functions may be called from any thread, and none waits
 * for anything but a short lock.
 */
#ifndef MS_PULSE_H
#define MS_PULSE_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "record.h"

enum pulse_counter {
	PULSE_IN, /* records read */
	PULSE_DROPPED, /* lines that were none */
	PULSE_BYTES_IN,
	PULSE_ADDED, /* messages that were confirmed */
	PULSE_MODIFIED,
	PULSE_DELETED,
	PULSE_BYTES_OUT, /* of these messages */
	PULSE_EQUAL, /* changes that the messages do not show */
	PULSE_MARKS,
	PULSE_REQUESTS,
	PULSE_CONNECTED, /* times that the broker let us in */
	PULSE_FAILED, /* times that it was lost, or not reached */
	PULSE_COUNTERS
};

#define PULSE_TEXT 256
#define PULSE_STEPS 64 /* how finely the age of the backlog is known */

struct pulse_resource {
	char *name; /* plural.version.group */
	const char *state; /* synced, syncing, aborted, denied, pending … */
};

/* Changes up to this number were on disk at this time, or later. */
struct pulse_step {
	int64_t change, at; /* ms, clock_ms() */
};

struct pulse {
	_Atomic uint64_t n[PULSE_COUNTERS];
	_Atomic bool was_up; /* the sink has been there once */
	_Atomic int64_t committed, confirmed; /* change numbers */
	_Atomic int64_t confirmed_at; /* seconds since 1970; 0: not yet */
	time_t started; /* this process */
	bool has_broker; /* else there is nothing to be ready for, ever */

	pthread_mutex_t lock; /* for all below */
	bool is_up;
	char broker[PULSE_TEXT], why[PULSE_TEXT];
	time_t since; /* it is up, or away */
	struct pulse_step step[PULSE_STEPS];
	size_t n_steps;
	int64_t gap; /* ms between steps */
	struct pulse_resource *resource;
	size_t n_resources;
	bool is_ready, is_discovered; /* the stream said ready; complete */
	struct json status; /* object of the last STATUS record */
	time_t status_at;
	double status_lag; /* s from its writing to its arrival; < 0: unknown */
};

/* has_broker: whether the sink is one that readiness can mean. */
void pulse_init(struct pulse *p, bool has_broker);

/* A record has come: SYNC and STATUS say how the stages before are. */
void pulse_record(struct pulse *p, const struct record *r);
/* What has been read so far. */
void pulse_input(struct pulse *p, const struct records *rs);

/* Changes up to this number are on disk; are confirmed. */
void pulse_committed(struct pulse *p, int64_t change);
void pulse_confirmed(struct pulse *p, int64_t change);

/* The sink has let us in. It takes messages; or it does not, and why. */
void pulse_opened(struct pulse *p);
void pulse_up(struct pulse *p, const char *name);
void pulse_away(struct pulse *p, const char *name, const char *why);

static inline void
pulse_count(struct pulse *p, enum pulse_counter which, uint64_t by)
{
	atomic_fetch_add_explicit(&p->n[which], by, memory_order_relaxed);
}

static inline uint64_t
pulse_number(struct pulse *p, enum pulse_counter which)
{
	return atomic_load_explicit(&p->n[which], memory_order_relaxed);
}

/* Seconds since the oldest change that is not confirmed; 0 if none is. */
double pulse_backlog_age(struct pulse *p);

#endif
