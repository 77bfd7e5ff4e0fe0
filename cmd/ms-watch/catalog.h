/* catalog - what the API server serves.
 *
 * Filled from discovery documents, of the new form (aggregated, one for all
 * groups) or of the old one (one for each group and version).
 */
#ifndef MS_CATALOG_H
#define MS_CATALOG_H

#include <stdbool.h>

#include "opts.h"
#include "scan.h"

struct resource {
	char *name, *version, *group; /* pods, v1, "" */
	char *kind, *singular;
	char *id; /* pods.v1. */
	char *api_version; /* v1, or apps/v1 */
	struct opts_list short_names;
	bool is_namespaced, is_watchable;
	bool is_chosen; /* its version is the one to watch */
	bool is_custom; /* a CustomResourceDefinition made it */
	unsigned users; /* who holds it */
};

struct catalog {
	struct resource **resource; /* in the server's order of preference */
	size_t n;
	/* Groups with version ("g/v") of which nothing can be known now. */
	struct opts_list stale;
};

struct resource *resource_hold(struct resource *r);
void resource_drop(struct resource *r);

void catalog_free(struct catalog *c);

/* Add what an APIGroupDiscoveryList says. -1: it is none. */
int catalog_add_aggregated(struct catalog *c, struct span doc);
/* Add what an APIResourceList says about group and version. -1: it is none. */
int catalog_add_legacy(struct catalog *c, const char *group,
    const char *version, struct span doc);
/* After all has been added: choose one version of each. */
void catalog_choose(struct catalog *c);

/* Whether resources of this group and version may exist unseen. */
bool catalog_is_stale(const struct catalog *c, const struct resource *r);

/* Why name means nothing here that can be watched; NULL if it does. *out may be
 * NULL. */
const char *catalog_find(const struct catalog *c, const char *name,
    struct resource **out);

#endif
