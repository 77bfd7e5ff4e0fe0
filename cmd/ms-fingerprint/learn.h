/* learn - other signatures, while records go by.
 *
 * All verdicts are drawn anew from the evidence that is held; what they change
 * about objects that have passed goes out as AMEND. Custom resources that run
 * nothing are not held: their prints change when they come by again.
 */
#ifndef MS_LEARN_H
#define MS_LEARN_H

#include "filter.h"

/* Take in a SIGNATURES record. If it is wrong, that is told, and the old
 * signatures stay. */
void learn(struct filter *f, const struct record *r);

/* Draw all verdicts anew, as an answer has come in. */
void learn_again(struct filter *f);

#endif
