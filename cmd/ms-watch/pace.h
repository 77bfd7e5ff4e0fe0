/* pace - when a request for a collection may be sent, for the server's sake.
 *
 * A first sync is not slowed down. What is asked again after that is asked at
 * most twenty times a second; not while the server refuses requests of this
 * level of priority (429 by flow control); and when more than half of all
 * watches have failed at about the same time, by one of them alone until the
 * server answers it, and then by the others spread over some seconds.
 */
#ifndef MS_PACE_H
#define MS_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_LEVELS 8 /* that are refused at the same time */

struct pace_failure {
	const void *who;
	int64_t at;
};

struct pace {
	int64_t next; /* ms: when a bucket that is never empty would be full */
	int64_t interval; /* ms between two, for now */
	int64_t spread_until;
	struct {
		uint32_t level;
		int64_t until;
	} gate[PACE_LEVELS];
	unsigned watches; /* how many there are */
	bool is_broken; /* only .prober may ask */
	const void *prober;
	struct pace_failure *failure; /* the last of each, not long ago */
	size_t n_failures;
};

void pace_free(struct pace *p);

/* A watch that takes part, and one that does no longer. */
void pace_join(struct pace *p);
void pace_leave(struct pace *p, const void *who);

/* Take a place in the queue of what is asked again: when it is due, in ms. */
int64_t pace_place(struct pace *p, int64_t now);
/* When who may ask, for all that is known now: now, or when to see again.
 * level: of priority; 0 if it is not known, which is held by any. */
int64_t pace_hold(struct pace *p, const void *who, uint32_t level, int64_t now);

/* What came of it: an answer of any kind; a failure of the server or of the
 * way there; a refusal by flow control, for this many ms. */
void pace_answered(struct pace *p, const void *who, int64_t now);
void pace_failed(struct pace *p, const void *who, int64_t now);
void pace_refused(struct pace *p, uint32_t level, unsigned ms, int64_t now);

#endif
