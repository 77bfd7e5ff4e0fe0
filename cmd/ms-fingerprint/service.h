/* service - the prints of Services: what runs in the pods that they select.
 * Configurations of webhooks have those of the Services that they call. */
#ifndef MS_SERVICE_H
#define MS_SERVICE_H

#include "infra.h"

/* The prints of a Service or webhook that passes, made in out; absent: it has none. */
struct span service_prints(struct world *w, uint32_t id, struct json *out);

/* AMEND those whose prints have changed since they were told, in namespaces
 * that are dirty; returns how many. buf is scratch. */
size_t service_settle(struct world *w, struct json *buf,
    const struct infra_out *out);

#endif
