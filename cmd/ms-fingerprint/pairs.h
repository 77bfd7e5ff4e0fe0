/* pairs - each distinct pair of numbers once, under a number of its own: for
 * what many things have two of together. They live until pairs_free(). */
#ifndef MS_PAIRS_H
#define MS_PAIRS_H

#include "table.h"

struct pair {
	uint32_t a, b;
};

struct pairs {
	struct table table;
	struct pair *pair;
	uint32_t n, size;
};

/* The struct must not move after this. */
void pairs_init(struct pairs *p);
void pairs_free(struct pairs *p);

/* The number of a pair, which is new if need be. */
uint32_t pairs_put(struct pairs *p, uint32_t a, uint32_t b);
/* The same, or TABLE_NONE. */
uint32_t pairs_find(const struct pairs *p, uint32_t a, uint32_t b);

#endif
