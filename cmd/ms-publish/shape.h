/* shape - whether JSON fits a type of Go's.
 *
 * Upstream decodes a Service into the type of the core API, also one of another
 * group that only shares the name, and tells nothing of its addresses when any
 * member does not fit. What the type does not have is skipped.
 */
#ifndef MS_SHAPE_H
#define MS_SHAPE_H

#include "tape.h"

/* Whether the object fits the core API's Service. */
bool shape_is_service(const struct tape *t);

#endif
