/* tidy - forget the names that nothing has any more.
 *
 * Namespaces come and go, some with each build of a user's. What has a name has
 * only its number, so who still does is found by asking everybody; that is done
 * when there may be twice as many names as are needed.
 */
#ifndef MS_TIDY_H
#define MS_TIDY_H

#include "filter.h"

/* Between settlings, when nobody has a name in hand. */
void tidy_names(struct filter *f);

#endif
