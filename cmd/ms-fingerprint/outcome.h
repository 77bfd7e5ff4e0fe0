/* outcome - what matches come to, held once for all shapes with the same.
 *
 * Of most shapes it is nothing, which is OUTCOME_NOTHING and costs nothing.
 */
#ifndef MS_OUTCOME_H
#define MS_OUTCOME_H

#include "match.h"
#include "table.h"

#define OUTCOME_NOTHING 0

struct outcome {
	char *prints; /* the value of ms.prints */
	char *behind; /* what is told of Services before it, a line a verdict */
	uint32_t *product; /* those of its verdicts */
	uint64_t hash;
	uint32_t n_prints, n_behind, n_products;
	uint32_t holds; /* 0: a free place, */
	uint32_t next_free; /* and the next of them */
	bool needs_workload; /* what is told names the workload that it is of,
			      * or depends on it */
	bool lacks; /* a version that only a running instance can tell */
	bool wants; /* and it can be asked for here */
};

struct outcomes {
	struct table table;
	struct outcome *outcome;
	uint32_t n, size, free;
	struct json prints, behind; /* being made */
};

/* The struct must not move after this. */
void outcomes_init(struct outcomes *o);
void outcomes_free(struct outcomes *o);

/* The number of what a match came to, which is held once more. */
uint32_t outcomes_hold(struct outcomes *o, const struct catalog *c,
    const struct match *m);
void outcomes_keep(struct outcomes *o, uint32_t number); /* once more */
void outcomes_drop(struct outcomes *o, uint32_t number);

/* The value of ms.prints; absent: nothing. */
struct span outcome_prints(const struct outcomes *o, uint32_t number);

/* Whether one is of a product; whether any that is held is. */
bool outcome_is_of(const struct outcome *o, uint32_t product);
bool outcomes_have(const struct outcomes *o, uint32_t product);

/* Whether it is part of the product, and not only a sidecar of it or the like
 * in somebody else's pod. */
bool outcome_is_member(const struct verdict *v);

/* Whether only a running instance can tell the version of this, and is one. */
bool outcome_wants(const struct product *p, const struct verdict *v);

#endif
