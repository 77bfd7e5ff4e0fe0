/* catalog - what the API server serves, and what of it is to be watched.
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

/* What is to be watched, in the order of starting: owners first. names are
 * kubectl's spellings; without any, profile decides (NULL: the default). *out
 * is the caller's to free, its members are borrowed. -1: a name means nothing
 * here, and err says which; with is_lenient such a name is passed over. */
#define CATALOG_ERROR 256
int catalog_select(const struct catalog *c, const struct opts_list *names,
    const char *profile, bool is_lenient, struct resource ***out, size_t *n,
    char err[CATALOG_ERROR]);
bool catalog_has_profile(const char *name);

#endif
