/* named - Services and configurations of webhooks that are called as a signature
 * says, and lead to what the product runs.
 *
 * Anybody may call a thing so: a name counts only where the pods behind it are
 * an instance's own.
 */
#ifndef MS_NAMED_H
#define MS_NAMED_H

#include "sight.h"

struct named {
	const struct thing *t; /* NULL: there is none */
	const struct print *print;
	const char *path, *value; /* where the name stands, and it */
};

/* Of an instance's sightings and a kind of print, PRINT_SERVICE or
 * PRINT_WEBHOOK, the one of most weight, and of those the first by name; the
 * others would say the same. */
struct named named_find(const struct world *w, const struct sighting *s,
    size_t n, enum print_kind kind);

#endif
