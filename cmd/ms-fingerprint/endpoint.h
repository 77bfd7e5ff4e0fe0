/* endpoint - where an instance can be reached: the Services in front of it. */
#ifndef MS_ENDPOINT_H
#define MS_ENDPOINT_H

#include "sight.h"

/* Append the member "endpoints", if there are any. */
void endpoint_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out);

#endif
