/* redact - the values of Secrets do not leave the cluster.
 *
 * The keys stay; each value of data, stringData and binaryData becomes
 * "[REDACTED]", and so does the annotation in which kubectl apply keeps a copy
 * of them.
 */
#ifndef MS_REDACT_H
#define MS_REDACT_H

#include "record.h"

/* All zero is ready for use. */
struct redact {
	struct scan_edit *edit;
	size_t n, size;
};

/* The edits that take the secrets out of r, in r->edit[0 .. n-1], sorted;
 * none if it has none. True if there are any. */
bool redact_find(struct redact *red, const struct record *r);
void redact_free(struct redact *red);

#endif
