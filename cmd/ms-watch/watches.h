/* watches - all that is watched, in the order of starting.
 *
 * Snapshots are begun in this order and a few at a time; nobody waits for
 * another to end.
 */
#ifndef MS_WATCHES_H
#define MS_WATCHES_H

#include "policy.h"
#include "watch.h"

/* A resource, with what its watches were made from. */
struct watched {
	struct resource *resource;
	struct want want;
	bool has_fallen; /* to the namespaces that are left */
	bool is_leaving; /* no longer served; it may wait for another version */
};

struct watches {
	struct watch_env *env;
	struct watch **watch;
	size_t n;
	struct watched *kind;
	size_t n_kinds;
	bool is_busy; /* snapshots are under way */
	bool may_fall; /* some have namespaces to fall back to */
	bool are_leaving; /* some, once another version of them is synced */
};

void watches_free(struct watches *ws);

/* Watch what is wanted, and as it is wanted, from now on; cause: of the lists
 * that this begins. What is watched so already is left alone. What is off or no
 * longer served is gone, unless the catalog says that it may exist unseen. */
void watches_set(struct watches *ws, const struct catalog *c,
    const struct wants *wants, const char *cause);

/* List a resource again, or all (NULL). False: it is not watched. */
bool watches_resync(struct watches *ws, const struct resource *r);

void watches_tick(struct watches *ws);
int64_t watches_due(const struct watches *ws);

/* Whether some have not been told whole yet; *is_hopeless: those are failing
 * again and again. */
bool watches_are_pending(const struct watches *ws, bool *is_hopeless);
/* The record that says how far each has come. */
void watches_write_ready(const struct watches *ws, bool is_whole);

#endif
