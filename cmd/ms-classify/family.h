/* family - which object owns which, so that an origin reaches what its owner
 * brought about: a design's Deployment, its ReplicaSets, their Pods.
 *
 * An owner may come before or after what it owns; what is learnt late is told
 * through a callback, once for each object that it changes. Of several owners
 * the controller counts, or else the first.
 *
 * Memory: 64 bytes an object, and an identity for those that are owned (they
 * alone can learn something late).
 */
#ifndef MS_FAMILY_H
#define MS_FAMILY_H

#include "intern.h"
#include "origin.h"
#include "record.h"
#include "table.h"

struct member;

/* An object that has passed has another origin now. */
typedef void family_late(void *context, const struct identity *id,
    struct span resource, struct origin origin);

struct family {
	struct member *member;
	uint32_t n, size, free;
	struct table by_uid;
	struct intern texts;
	family_late *late;
	void *context;
};

void family_init(struct family *f, family_late *late, void *context);
void family_free(struct family *f);

/* An object was added or modified, and its own marks say `own`. Returns its
 * origin with what it inherits. Callbacks for what it owns come later, from
 * family_settle(), so that its own record can go first. */
struct origin family_put(struct family *f, const struct record *r,
    struct origin own);
void family_settle(struct family *f, const struct record *r);

/* An object is there, of which no more is told: what is known of it stays. */
void family_name(struct family *f, const struct record *r);

/* The origin that an object had, for a DELETED that carries no labels, and its
 * end. False: it was not known. */
bool family_drop(struct family *f, const struct record *r, struct origin *o);

/* A complete sync of a resource begins, or ends: what it did not name is
 * forgotten. family_gone: the resource is no longer served. */
void family_sync_begin(struct family *f, struct span resource);
void family_sync_end(struct family *f, struct span resource);
void family_gone(struct family *f, struct span resource);

#endif
