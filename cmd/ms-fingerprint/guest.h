/* guest - sidecars and the like in pods that are somebody else's.
 *
 * Half of a cluster's pods may have one, and all that is told of them is which
 * versions there are. So they are counted by place and by what is said of them,
 * and where nothing else is said of a pod its workload is not held.
 */
#ifndef MS_GUEST_H
#define MS_GUEST_H

#include "world.h"

void guests_init(struct world *w);
void guests_free(struct world *w);

/* Count pods of a shape at a place, more or less: those that run, or those that
 * wait. */
void guest_use(struct world *w, uint32_t place, uint32_t shape, bool waits,
    int pods);
/* Forget all, to be counted anew: their outcomes are others now. */
void guests_forget(struct world *w);

#endif
