/* likes - the last few documents that others may be like.
 *
 * Objects of a list come by name, so those of two shapes take turns: the pods
 * of a DaemonSet and those of Deployments. One that is of none of the last
 * three shapes hardly ever comes.
 */
#ifndef MS_LIKES_H
#define MS_LIKES_H

#include "like.h"

#define LIKES 3

struct likes {
	struct like like[LIKES];
	struct like *recent[LIKES]; /* that was of use last first */
};

/* The struct must not move after this. */
void likes_init(struct likes *s);
void likes_release(struct likes *s);

/* Find the plan's paths as scan_find does, by one of the documents that are
 * remembered if it is like that one. *by is which, or which it has become; NULL:
 * it is too long to be remembered. */
int likes_find(struct likes *s, const struct scan_plan *plan, struct span doc,
    struct span *slots, struct like **by, struct scan_error *err);

#endif
