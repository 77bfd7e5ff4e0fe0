/* probe - ask a running instance for its version, where its image tells none.
 *
 * Only of images that are known by digest, and once for each; the request goes
 * up by REQUEST, and the ANSWER may take its time or never come. Off unless the
 * user wants it.
 */
#ifndef MS_PROBE_H
#define MS_PROBE_H

#include "filter.h"

/* Ask what has not been asked yet, of clusters that listen. */
void probe_settle(struct filter *f);

/* Take in an ANSWER; others than to our probes are left alone. */
void probe_answer(struct filter *f, const struct record *r);

#endif
