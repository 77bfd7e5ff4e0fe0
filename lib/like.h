/* like - a document that differs from the one before it only in scalars.
 *
 * Lists hold runs of objects of one shape: the pods of a ReplicaSet differ in
 * names, addresses and times. Where a document has all bytes of one that was
 * found valid, but for scalars with other scalars in their place, it is valid
 * too, and its paths lead to the same places; to compare costs a fraction of a
 * scan. Whatever else differs makes it unlike, and then it has to be scanned.
 */
#ifndef MS_LIKE_H
#define MS_LIKE_H

#include "scan.h"

#define LIKE_MAX (64u << 10) /* bytes of a document that is remembered */

#define LIKE_STEPS 128 /* scalars that may differ */

/* [from, to) in the document. */
struct like_part {
	uint32_t from, to;
};

/* A value that is no container. */
struct like_scalar {
	uint32_t from, to;
	bool is_plain; /* a string without escapes, of ASCII */
};

/* Where a slot's value begins or ends. */
struct like_edge {
	uint32_t at;
	uint8_t slot;
	bool is_end;
};

/* All zero: nothing is remembered. */
struct like {
	char *text;
	size_t n, size;
	struct like_scalar *scalar; /* those before looked, in their order */
	size_t n_scalars, size_scalars, looked;
	uint32_t often[LIKE_STEPS]; /* numbers of those that differed before */
	unsigned n_often;
	struct like_part slot[SCAN_SLOTS];
	struct like_edge edge[2 * SCAN_SLOTS]; /* the same, in their order */
	unsigned n_edges, n_slots;
};

void like_release(struct like *l);

/* Remember a document that scan_find has just accepted, with what it found.
 * One that is too long is not remembered, and nor is any before it. */
void like_keep(struct like *l, const struct scan_plan *plan, struct span doc,
    const struct span *slots);

/* Set slots as scan_find would, if doc is like the one that is remembered, of
 * the same plan. False: it may still be valid, and slots hold nothing of use. */
bool like_find(struct like *l, const struct scan_plan *plan, struct span doc,
    struct span *slots);

#endif
