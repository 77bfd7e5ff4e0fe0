/* probe - ask a running instance for its version, where its image tells none.
 *
 * Only of images that are known by digest, and only pods that are ready; the
 * request goes up by REQUEST, and the ANSWER may take its time or never come.
 * What is tried again is tried with the next STATUS records: time, as far as
 * it passes here, is counted in those. Off unless the user wants it.
 */
#ifndef MS_PROBE_H
#define MS_PROBE_H

#include "record.h"

struct filter;

/* A namespace whose pods the API server does not let us ask. */
struct refusal {
	uint32_t cluster, ns; /* in world.names */
	uint32_t turn; /* when that is tried again */
	uint32_t wait;
};

struct probing {
	bool is_on, is_due; /* due: something may be asked now */
	bool may_ask; /* the last answer was no refusal: several at a time */
	bool has_warned;
	uint32_t turn; /* how many STATUS records there were */
	struct refusal *refusal;
	size_t n_refusals;
	size_t answered; /* since all was judged last */
};

void probing_free(struct probing *p);

/* Ask what is due, of clusters that listen. */
void probe_settle(struct filter *f);

/* A STATUS record has come. */
void probe_turn(struct filter *f);

/* Take in an ANSWER; others than to our probes are left alone. */
void probe_answer(struct filter *f, const struct record *r);

#endif
