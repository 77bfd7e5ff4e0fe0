/* explain - tell a person why an object was identified, or was not. */
#ifndef MS_EXPLAIN_H
#define MS_EXPLAIN_H

#include "library.h"

/* Read records from stdin to their end, and tell on stdout of the object that
 * name (KIND/NAMESPACE/NAME or KIND/NAME) names. Returns the exit code: 100 if
 * there was no such object. probes: what running instances answered counts. The
 * knowledge is freed. */
int explain(struct library *l, struct knowledge *k, const char *name,
    bool probes);

#endif
