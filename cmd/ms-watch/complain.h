/* complain - what is told of a failure, and how often.
 *
 * That the server is not there concerns all watches: one of them says so, now
 * and then. Of other failures each watch tells each class once, until it is well
 * again; what a long run is made of is no more than information.
 */
#ifndef MS_COMPLAIN_H
#define MS_COMPLAIN_H

#include "watch.h"

void complain(struct watch *w, const struct failure *f);

#endif
