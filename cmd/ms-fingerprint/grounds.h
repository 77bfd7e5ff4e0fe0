/* grounds - what an Infrastructure object rests on: its evidence. */
#ifndef MS_GROUNDS_H
#define MS_GROUNDS_H

#include "sight.h"

/* Append the members "confidence", "evidence", "raise" (what else would make it
 * surer), and "conflicts" if there are any. */
void grounds_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out);

#endif
