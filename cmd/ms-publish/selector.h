/* selector - whether labels match a Kubernetes label selector.
 *
 *   app=web,tier!=db,env in (a,b),env notin (c),critical,!spot
 */
#ifndef MS_SELECTOR_H
#define MS_SELECTOR_H

#include "store.h"

/* labels: a JSON object, or absent. What cannot be understood takes nothing,
 * so that nothing is swept for it. */
bool selector_takes(const char *selector, struct span labels);

/* The same for the stored object of a row; selector is a JSON string. */
bool selector_takes_row(struct store *s, struct span selector, int64_t id);

#endif
