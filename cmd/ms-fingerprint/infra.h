/* infra - found infrastructure as objects of its own.
 *
 * Holds the Infrastructure objects that follow from the world, and tells what
 * changed in them since they were told last.
 */
#ifndef MS_INFRA_H
#define MS_INFRA_H

#include "sight.h"

#define INFRA_API "meshsync.meshery.io/v1"
#define INFRA_KIND "Infrastructure"
#define INFRA_RESOURCE "infrastructures.v1.meshsync.meshery.io"

/* One Infrastructure object. */
struct infra {
	char *key; /* cluster, namespace, name: each with a NUL */
	char *object, *origin; /* JSON; origin is NULL if not known */
	char *product; /* its id */
	uint64_t hash; /* of what it says */
	bool stale;
};

struct infras {
	struct infra *infra;
	size_t n;
	uint64_t changes; /* how often one came or went */
	struct sightings sightings;
	struct json spec, line;
};

/* Where lines go. */
struct infra_out {
	void (*put)(void *context, struct span line);
	void *context;
	/* whether a cluster's verdicts may be told yet */
	bool (*may_tell)(void *context, const char *cluster);
};

void infras_free(struct infras *f);

/* Look again at what is marked in world.dirty, and tell the differences.
 * tell is false: the set is brought up to date in silence. */
void infras_settle(struct infras *f, struct world *w,
    const struct infra_out *out, bool tell);

/* The catalog has been replaced: those of products that it does not know go. */
void infras_learn(struct infras *f, const struct world *w,
    const struct infra_out *out);

/* All objects of a cluster, as a complete sync. */
void infras_sync(struct infras *f, const char *cluster,
    const struct infra_out *out);

#endif
