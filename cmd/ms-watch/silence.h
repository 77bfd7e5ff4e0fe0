/* silence - how long a stream may say nothing until it is given up.
 *
 * Time in which we did not read, as stdout was blocked, does not count.
 */
#ifndef MS_SILENCE_H
#define MS_SILENCE_H

#include "watch.h"

/* When to give up the stream that w has asked for; as what, and why. */
int64_t silence_until(const struct watch *w, enum machine_input *class,
    const char **why);
/* Whether it is the connection that is silent, and not this request alone. */
bool silence_is_of_link(const struct watch *w);

#endif
