/* pairs - each distinct pair of numbers once, under a number of its own: for
 * what many things have two of together. They live until
 * pairs_free(), or pairs_keep() without them. */
#ifndef MS_PAIRS_H
#define MS_PAIRS_H

#include "table.h"

struct pair {
	uint32_t a, b;
};

struct pairs {
	struct table table;
	struct pair *pair;
	uint32_t n, size; /* numbers, some of them free */
	uint32_t free;
};

/* The struct must not move after this. */
void pairs_init(struct pairs *p);
void pairs_free(struct pairs *p);

/* The number of a pair, which is new if need be. */
uint32_t pairs_put(struct pairs *p, uint32_t a, uint32_t b);
/* The same, or TABLE_NONE. */
uint32_t pairs_find(const struct pairs *p, uint32_t a, uint32_t b);

/* Forget all but those whose numbers are marked in keep, which has n of them;
 * the others' numbers will be given again. */
void pairs_keep(struct pairs *p, const uint8_t *keep);
/* Whether a number below n is one of a pair. */
bool pairs_have(const struct pairs *p, uint32_t number);

#endif
