/* ready - how MeshSync is, in words: what /readyz?verbose says.
 *
 * A line a matter: [+] it is well, [!] it is not as one might wish and will
 * not change by itself, [-] it is not well (yet).
 */
#ifndef MS_READY_H
#define MS_READY_H

#include "pulse.h"
#include "store.h"

/* Append the lines to out; s may be NULL. Whether all is well. */
bool ready_tell(struct json *out, struct pulse *p, struct store *s);

#endif
