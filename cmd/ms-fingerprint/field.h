/* field - the products that a container of unknown image may be, weighed. */
#ifndef MS_FIELD_H
#define MS_FIELD_H

#include "look.h"

#define FIELD_CANDIDATES 16

struct candidate {
	struct evidence_sum sum;
	const struct print *best; /* says component and role */
	uint32_t product;
	float specific; /* of the container itself */
	unsigned ports; /* of it, each by its number or its name */
	unsigned port; /* the last of them */
};

struct field {
	struct candidate c[FIELD_CANDIDATES];
	unsigned n;
};

/* Whether the container itself points to any product: without that, nothing of
 * the whole pod makes it one. */
bool field_is_open(struct field *f, const struct look *l, const struct box *b);
/* Weigh what the container and the whole pod show. */
void field_weigh(struct field *f, const struct look *l, const struct box *b);
/* The one that is sure enough and ahead of all others, or NULL. */
const struct candidate *field_winner(const struct field *f);
/* The same for a person. */
void field_explain(const struct field *f, const struct look *l);

#endif
