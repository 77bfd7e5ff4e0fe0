/* component - the parts of an instance, and in which versions they run. */
#ifndef MS_COMPONENT_H
#define MS_COMPONENT_H

#include "sight.h"

/* The product's version: what a label says for the whole, else that of the
 * first of its components, control planes before all others. */
struct span component_release(const struct world *w, const struct sighting *s,
    size_t n);

/* Append the member "components"; and "rollout", if pods run what their
 * template does not want, or several versions. */
void component_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out);
void component_put_rollouts(const struct world *w, const struct sighting *s,
    size_t n, struct json *out);

#endif
