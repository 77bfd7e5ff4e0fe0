/* effective - the effective configuration as a CONFIG record tells it. */
#ifndef MS_EFFECTIVE_H
#define MS_EFFECTIVE_H

#include "json.h"
#include "policy.h"

/* Append it as a JSON object. */
void effective_write(struct json *j, const struct policy *p,
    const struct wants *w);

#endif
