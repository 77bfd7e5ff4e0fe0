/* tier - the kinds that a found product unlocks: they are worth reading in full
 * as long as it runs.
 *
 * What is asked for is what the product's signature lists under watch, or else
 * each of its CRDs that the cluster has. The asker's name is the product's id.
 */
#ifndef MS_TIER_H
#define MS_TIER_H

#include "cluster.h"
#include "infra.h"

/* One kind that was asked for, and not released yet. */
struct tier_ask {
	char *cluster, *product, *resource;
	bool wanted;
};

struct tiers {
	struct tier_ask *ask;
	size_t n;
	uint64_t seen; /* infras.changes and world.changes when last looked */
};

void tiers_free(struct tiers *t);

/* Write a REQUEST for each kind that is wanted now and was not before, or the
 * other way round. Clusters that do not announce their syncs are left alone:
 * nobody listens there. */
void tiers_settle(struct tiers *t, const struct world *w,
    const struct infras *infras, const struct clusters *clusters,
    const struct infra_out *out);

#endif
