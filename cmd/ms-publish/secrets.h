/* secrets - the values of Secrets are masked before anything keeps them.
 *
 * ms-classify does it first. Here it is done again for a stream that did not
 * come through it, and before the snapshot: what is not to leave the cluster is
 * not to lie on a disk either.
 */
#ifndef MS_SECRETS_H
#define MS_SECRETS_H

#include "format.h"
#include "redact.h"
#include "store.h"

/* All zero with is_on set is ready for use. */
struct secrets {
	bool is_on;
	struct redact found;
	struct json object;
};

/* c is the change that r tells of: a Secret's object becomes a copy without
 * its values, valid until the next call. */
void secrets_mask(struct secrets *s, const struct record *r, struct change *c);

void secrets_free(struct secrets *s);

/* Mask what an earlier run has left in the snapshot, before anything reads it.
 * False: an error of the disk, which was told. */
bool secrets_mask_stored(struct store *store);

#endif
