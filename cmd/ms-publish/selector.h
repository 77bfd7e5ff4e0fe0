/* selector - whether an object matches Kubernetes' selectors, of labels and of
 * fields.
 *
 *   app=web,tier!=db,env in (a,b),env notin (c),critical,!spot
 *   spec.nodeName=n1,status.phase!=Failed
 *
 * They say which objects a sync would have named. What cannot be understood
 * takes nothing, so that nothing is swept for it.
 */
#ifndef MS_SELECTOR_H
#define MS_SELECTOR_H

#include "store.h"

/* labels: a JSON object, or absent. */
bool selector_takes(const char *selector, struct span labels);

/* object: as it came; what it lacks of a part that it has is empty. */
bool selector_takes_fields(const char *selector, struct span object);

/* Both for the stored object of a row; selectors are JSON strings, or absent. */
bool selector_takes_row(struct store *s, struct span labels, struct span fields,
    int64_t id);

#endif
