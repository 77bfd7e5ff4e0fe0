/* event - a change as a line for a person.
 *
 *   ADDED    Deployment               shop/orders        greenfield design 004e…
 */
#ifndef MS_EVENT_H
#define MS_EVENT_H

#include "format.h"

/* Append the line of c, without a newline. ms is scratch. */
void event_write(struct json *out, struct json *ms, const struct change *c,
    bool has_colour);

#endif
