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

/* One Infrastructure object. What it says is packed: its instance is gone when
 * its deletion is told, so it cannot be made again from what is left. */
struct infra {
	uint64_t hash; /* of what it says */
	uint32_t key; /* cluster, namespace, name; PILE_NONE: a free place */
	uint32_t spec; /* packed */
	uint32_t product; /* in the catalog; or the next free place */
	uint32_t cluster, ns; /* in world.names */
	uint8_t origin; /* WORLD_GREEN, WORLD_BROWN, or neither */
	bool stale;
};

struct infras {
	struct infra *infra;
	uint32_t n, size, free; /* places, some of them free */
	struct table table;
	struct texts words; /* not the world's, which sightings borrow */
	struct pile keys, specs;
	uint64_t changes; /* how often one came or went */
	struct sightings sightings;
	struct json key, spec, object, line; /* being made */
};

/* Where lines go. */
struct infra_out {
	void (*put)(void *context, struct span line);
	void *context;
	/* whether a cluster's verdicts may be told yet */
	bool (*may_tell)(void *context, const char *cluster);
};

/* The struct must not move after this. */
void infras_init(struct infras *f);
void infras_free(struct infras *f);

/* Look again at what is marked in world.dirty, and tell the differences.
 * tell is false: the set is brought up to date in silence. */
void infras_settle(struct infras *f, struct world *w,
    const struct infra_out *out, bool tell);

/* The catalog has been replaced: those of products that it does not know go. */
void infras_learn(struct infras *f, const struct world *w,
    const struct signatures *before, const struct infra_out *out);

/* All objects of a cluster, as a complete sync. */
void infras_sync(struct infras *f, const char *cluster,
    const struct infra_out *out);

/* Whether there is one at a place below infras.n. */
static inline bool
infra_is(const struct infra *i)
{
	return i->key != PILE_NONE;
}

/* Its cluster, namespace and name, each with a NUL; borrowed until one comes or
 * goes. */
const char *infra_key(const struct infras *f, const struct infra *i);
/* Itself, as JSON; borrowed until the next one is made. */
struct span infra_object(struct infras *f, const struct infra *i);

#endif
