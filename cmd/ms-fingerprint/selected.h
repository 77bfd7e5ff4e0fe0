/* selected - which shapes the Services of a namespace lead to.
 *
 * To look from each Service through all workloads, and from each instance
 * through all Services, costs the square of a namespace each time something
 * changes in it. So while all is settled it is found out for a namespace at
 * once, when somebody asks. Only shapes that are part of a product count.
 */
#ifndef MS_SELECTED_H
#define MS_SELECTED_H

#include "world.h"

struct selected {
	uint32_t service, shape; /* numbers of a thing and a shape */
};

/* By namespace. All zero: nothing was asked for; valid until objects come or
 * go. */
struct selections {
	struct selected_in **in;
	size_t n;
};

void selections_free(struct selections *all);

/* What is selected by a Service, or what selects a shape, in a namespace: *n of
 * them, in no order that means anything. A shape may be in other clusters
 * too. */
const struct selected *selected_by(struct selections *all,
    const struct world *w, uint32_t service, size_t *n);
const struct selected *selected_of(struct selections *all,
    const struct world *w, uint32_t ns, uint32_t shape, size_t *n);

#endif
