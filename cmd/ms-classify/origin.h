/* origin - who created an object, as far as its own labels tell.
 *
 * Greenfield: earmarked by Meshery, from a design. Brownfield: anything else,
 * with the tool that manages it where one left its mark. What an object
 * inherits from its owner is family's part.
 */
#ifndef MS_ORIGIN_H
#define MS_ORIGIN_H

#include "intern.h"
#include "record.h"

/* In the order of what outweighs what. EARMARKED is greenfield as well: by the
 * id of one resource of a design, where the design itself is not named. */
enum origin_class {
	ORIGIN_NONE,
	ORIGIN_BROWNFIELD,
	ORIGIN_EARMARKED,
	ORIGIN_GREENFIELD
};
enum origin_via { VIA_ANNOTATION, VIA_LABEL, VIA_OWNER };

struct origin {
	uint8_t class; /* NONE: brownfield by nobody known */
	uint8_t via;
	uint32_t text; /* design id, or the managing tool; interned */
};

/* Add the labels and annotations that are looked at to the plan. */
void origin_paths(struct scan_plan *plan);

/* What r's own metadata says. */
struct origin origin_own(const struct record *r, struct intern *texts);

/* The better founded of what an object says itself and what its owner is. */
struct origin origin_inherit(struct origin own, struct origin owner);

bool origin_equal(struct origin a, struct origin b);

/* The value of ms.origin. */
void origin_write(struct origin o, const struct intern *texts,
    struct json *out);

/* The application that r says it belongs to, as the value of ms.app; writes
 * nothing if it says none. Names are never guessed. */
void origin_write_app(const struct record *r, struct json *out);

#endif
