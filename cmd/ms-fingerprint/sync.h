/* sync - the marks of the list protocol: what a complete sync did not name, and
 * what is gone, is forgotten. */
#ifndef MS_SYNC_H
#define MS_SYNC_H

#include "world.h"

/* The number in world.sync of a record's resource and cluster. */
uint16_t sync_of(struct world *w, const struct record *r);

/* The marks of one resource: begin, end, aborted, denied, gone. */
void sync_mark(struct world *w, const struct record *r);

#endif
