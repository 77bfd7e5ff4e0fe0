/* spots - where in a document its facts stand.
 *
 * Documents that are alike (lib/like) have the same keys in the same places, so
 * they have the same spots, and only what stands there is another.
 */
#ifndef MS_SPOTS_H
#define MS_SPOTS_H

#include "catalog.h"
#include "facts.h"
#include "record.h"

#define SPOT_NO_TOKEN UINT32_MAX

/* A value, and the number of its token where the document is a kept one. */
struct spot_value {
	struct span text;
	uint32_t token;
	uint8_t guess; /* of like_differs() */
};

/* One of a container's, in its order, or one of the whole pod's. */
struct spot {
	enum fact fact;
	struct span key; /* of a label or an annotation */
	struct spot_value value;
	struct spot_value name; /* of a port */
};

/* A scalar that decides where facts stand, by whether it is this text. */
struct spot_pivot {
	struct spot_value value;
	const char *text;
	bool is;
};

/* All zero: none. */
struct spots {
	struct spot *spot;
	size_t n, size;
	struct spot_pivot *pivot;
	size_t n_pivots, size_pivots;
};

void spots_free(struct spots *s);

/* Find the spots of a record: in itself, or, if kept, in the document that it
 * was found to be like. They borrow from that document, and from the catalog's
 * answer which annotations count. False: it has no containers. */
bool spots_find(struct spots *s, const struct facts_paths *paths,
    const struct catalog *c, const struct record *r, const struct like *kept);

/* Whether spots that were found in a kept document are those of the one that
 * was found to be like it. */
bool spots_hold(struct spots *s, const struct like *kept);
/* Whether something else stands at spot i there; it is at the spot then. */
bool spots_differ(struct spots *s, size_t i, const struct like *kept);

#endif
