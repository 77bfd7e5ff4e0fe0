/* uids - which uids have been seen.
 */
#ifndef MS_UIDS_H
#define MS_UIDS_H

#include "scan.h"
#include "table.h"

struct uids {
	struct table table;
	uint64_t (*hash)[2]; /* by id: 128 bits stand for a uid */
	uint32_t n, size;
};

void uids_init(struct uids *u);
void uids_free(struct uids *u);

/* Whether uid, plain text, is new; it is not any more then. An empty one always
 * is. */
bool uids_add(struct uids *u, struct span uid);

#endif
