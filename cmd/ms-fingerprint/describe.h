/* describe - what an Infrastructure object says of one instance. */
#ifndef MS_DESCRIBE_H
#define MS_DESCRIBE_H

#include "sight.h"

/* Append the spec of a group of n sightings. */
void describe_spec(const struct world *w, const struct sighting *s, size_t n,
    struct json *out);

/* The namespace and the name of its object; name is appended to out. */
const char *describe_namespace(const struct world *w, const struct sighting *s);
void describe_name(const struct world *w, const struct sighting *s,
    struct json *out);

/* WORLD_GREEN or WORLD_BROWN, if all members have the same; else 0. */
uint8_t describe_origin(const struct world *w, const struct sighting *s,
    size_t n);

#endif
