/* ms - what stands beside the object in a record, taken apart.
 *
 * Of the members of ms some name the object or its state and are kept as
 * columns; `time` is forgotten, as two records that differ in nothing else are
 * equal; the rest is knowledge about the object and is kept as it came.
 */
#ifndef MS_MS_H
#define MS_MS_H

#include "format.h"
#include "record.h"

/* The change that record r tells of; r has an object. cluster is used where
 * the record names none (NULL: none). buf holds c->ms, and is the caller's. */
void ms_change(const struct record *r, const char *cluster, struct json *buf,
    struct change *c);

/* members (without braces) with those of the AMEND merged in: a null removes.
 * The result is appended to out, which must be empty. */
void ms_merge(struct span members, struct span amend, struct json *out);

#endif
