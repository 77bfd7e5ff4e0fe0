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

#include "walk.h"

#define LIKE_MAX (64u << 10) /* bytes of a document that can be remembered */

#define LIKE_STEPS 128 /* scalars that may differ */

/* A value that is no container, of what is remembered. */
struct like_scalar {
	uint32_t number; /* of its token */
	uint32_t from, to;
	bool is_plain; /* a string without escapes, of ASCII */
};

/* A scalar in whose place another one stands. */
struct like_step {
	uint32_t number; /* of its token */
	uint32_t from; /* in what is remembered */
	int32_t shift; /* how much further all stands that is behind it */
};

/* All zero: nothing is remembered. */
struct like {
	char *text;
	size_t n, size;
	struct scan_tape tape;
	unsigned n_slots;
	uint64_t
	    number; /* of what is remembered: another one, another number */
	struct like_scalar often[LIKE_STEPS]; /* those that differed before */
	unsigned n_often;
	uint8_t
	    behind[2 * SCAN_SLOTS]; /* by mark: how many of them are before */
	/* the document that was found last, and where it differs */
	const char *doc;
	struct like_step step[LIKE_STEPS];
	unsigned n_steps;
	struct scan_token *moved; /* tokens in their places there */
	size_t size_moved;
};

void like_release(struct like *l);

/* As scan_find, of a document that is not too long, and remember it if it is
 * accepted; if not, nothing is remembered. */
int like_scan(struct like *l, const struct scan_plan *plan, struct span doc,
    struct span *slots, struct scan_error *err);

/* Set slots as scan_find would, if doc is like the one that is remembered, of
 * the same plan. False: it may still be valid, and slots hold nothing of use. */
bool like_find(struct like *l, const struct scan_plan *plan, struct span doc,
    struct span *slots);

/* A walk through the value of a slot, as the last of these two calls has found
 * it. Good until the next of them. */
struct walk like_walk(struct like *l, int slot, struct span value);

/* A walk through the same value, but of the document that is remembered: good
 * until another one is. The token that such a walk is at has a number, which
 * all that are like that document have for the token in its place. */
struct walk like_walk_kept(const struct like *l, int slot, struct span value);
uint32_t like_number(const struct like *l, const struct walk *kept);
/* Whether a scalar token is another in the document that was found last. *there
 * is it; or, if it is the same, the one that is remembered. Documents differ in
 * the same places mostly: *guess is where this one was found before, and at
 * first 0. */
bool like_differs(const struct like *l, uint32_t number, uint8_t *guess,
    struct span *there);

#endif
