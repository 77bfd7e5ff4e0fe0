/* metrics - numbers of all stages for Prometheus.
 *
 * What ms-publish knows itself, and what the stages before it have put into
 * the last STATUS record. Names are in the base units, counters end in _total.
 */
#ifndef MS_METRICS_H
#define MS_METRICS_H

#include "pulse.h"
#include "store.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Append the exposition to out; s may be NULL. */
void metrics_write(struct json *out, struct pulse *p, struct store *s);

#endif
