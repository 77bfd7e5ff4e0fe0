/* grounds - what an Infrastructure object rests on: its evidence. */
#ifndef MS_GROUNDS_H
#define MS_GROUNDS_H

#include "sight.h"

/* What its CRDs say of the version of an instance whose images are known by
 * their digests only, if they agree. Absent otherwise. */
struct span grounds_version(const struct world *w, const struct sighting *s);

/* Append the members "confidence", "evidence", "raise" (what else would make it
 * surer), and "conflicts" if there are any. */
void grounds_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out);

#endif
