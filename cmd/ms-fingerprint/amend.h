/* amend - what is learnt of an object after it has passed. */
#ifndef MS_AMEND_H
#define MS_AMEND_H

#include "infra.h"

/* Write an AMEND record with these prints; absent: they are taken away. */
void amend_thing(const struct world *w, const struct thing *t,
    struct span prints, const struct infra_out *out);
void amend_workload(const struct world *w, uint32_t id, struct span prints,
    const struct infra_out *out);
void amend_pod(const struct world *w, uint32_t id, struct span prints,
    const struct infra_out *out);

#endif
