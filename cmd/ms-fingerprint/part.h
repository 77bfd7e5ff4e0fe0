/* part - what a container is to its pod.
 *
 * Its signature says what the image is for. Whether it does that here, or only
 * stands by somebody else, waits for a person or runs to its end, is told by
 * the containers around it, its command line and the pod's labels.
 */
#ifndef MS_PART_H
#define MS_PART_H

#include "look.h"

/* The role of a container that a print has told, in this pod. */
enum role part_role(const struct look *l, const struct box *b,
    const struct print *p);

/* Whether it stands beside something that is not of its product. */
bool part_is_beside(const struct look *l, const struct box *b);

#endif
