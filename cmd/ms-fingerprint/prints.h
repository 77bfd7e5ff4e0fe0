/* prints - ms.prints as JSON. */
#ifndef MS_PRINTS_H
#define MS_PRINTS_H

#include "match.h"

/* Append one print; component may be NULL, version absent. */
void prints_add(struct json *out, const struct product *p,
    const char *component, enum role role, struct span version,
    float confidence);
/* Append the whole value that a match comes to. */
void prints_of(struct json *out, const struct catalog *c,
    const struct match *m);

/* Append, for each verdict, what is told of a Service before it, a line each:
 * what an object makes run is behind the Service that selects it; what was only
 * put beside it is not, and has an empty one. */
void prints_behind(struct json *out, const struct catalog *c,
    const struct match *m);

#endif
