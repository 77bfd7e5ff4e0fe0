#include "pace.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"

#define INTERVAL 50 /* ms: twenty a second ... */
#define BURST 20 /* ... and as many at once after a rest */
#define TOGETHER 5000 /* ms: failures that belong together */
#define FEW 8 /* watches that need no such care */
#define SPREAD 10000 /* ms, over which the others come back */
#define SEE_AGAIN 1000 /* ms */
#define LEAST_GATE 1000u /* ms */

void
pace_free(struct pace *p)
{
	free(p->failure);
	*p = (struct pace){0};
}

void
pace_join(struct pace *p)
{
	p->watches++;
}

static void
forget(struct pace *p, const void *who, int64_t before)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_failures; i++)
		if (p->failure[i].who != who && p->failure[i].at >= before)
			p->failure[kept++] = p->failure[i];
	p->n_failures = kept;
}

void
pace_leave(struct pace *p, const void *who)
{
	p->watches--;
	forget(p, who, INT64_MIN);
	if (p->prober == who)
		p->prober = NULL;
}

/* ---- asking ---- */

int64_t
pace_place(struct pace *p, int64_t now)
{
	int64_t interval = now < p->spread_until ? p->interval : INTERVAL;
	int64_t rest = now < p->spread_until ? 0 : (BURST - 1) * INTERVAL;
	int64_t due = p->next - rest > now ? p->next - rest : now;

	p->next = (p->next > now ? p->next : now) + interval;
	return due;
}

static int64_t
gate_of(const struct pace *p, uint32_t level, int64_t now)
{
	int64_t until = now;

	for (int i = 0; i < PACE_LEVELS; i++)
		if ((!level || p->gate[i].level == level) &&
		    p->gate[i].until > until)
			until = p->gate[i].until;
	return until;
}

int64_t
pace_hold(struct pace *p, const void *who, uint32_t level, int64_t now)
{
	int64_t until = gate_of(p, level, now);

	if (until > now)
		/* not all in the same moment */
		return until + clock_jitter(SEE_AGAIN);
	if (!p->is_broken || p->prober == who)
		return now;
	if (p->prober)
		return now + SEE_AGAIN / 2 + clock_jitter(SEE_AGAIN);
	p->prober = who;
	return now;
}

/* ---- what comes of it ---- */

void
pace_answered(struct pace *p, const void *who, int64_t now)
{
	if (!p->is_broken || p->prober != who)
		return;
	p->is_broken = false;
	p->prober = NULL;
	p->n_failures = 0;
	p->interval = SPREAD / (p->watches + 1);
	if (p->interval < INTERVAL)
		p->interval = INTERVAL;
	p->spread_until = now + SPREAD;
	/* Places that are taken stay so. */
	if (p->next < now)
		p->next = now;
	diag_info("the server answers again");
}

void
pace_failed(struct pace *p, const void *who, int64_t now)
{
	if (p->prober == who)
		p->prober = NULL;
	forget(p, who, now - TOGETHER);
	p->failure =
	    diag_alloc(p->failure, (p->n_failures + 1) * sizeof(*p->failure));
	p->failure[p->n_failures++] = (struct pace_failure){who, now};
	if (p->is_broken || p->watches < FEW || p->n_failures * 2 <= p->watches)
		return;
	p->is_broken = true;
	diag_info("%zu of %u watches have failed: one of them tries first",
	    p->n_failures, p->watches);
}

void
pace_refused(struct pace *p, uint32_t level, unsigned ms, int64_t now)
{
	int64_t until = now + (ms > LEAST_GATE ? ms : LEAST_GATE);
	int at = 0;

	/* The one of this level, or else the one that opens first. */
	for (int i = 0; i < PACE_LEVELS; i++) {
		if (p->gate[i].level == level) {
			at = i;
			break;
		}
		if (p->gate[i].until < p->gate[at].until)
			at = i;
	}
	if (p->gate[at].level == level && p->gate[at].until > until)
		return;
	p->gate[at].level = level;
	p->gate[at].until = until;
}
