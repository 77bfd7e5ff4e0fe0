/* watches - all that is watched, in the order of starting.
 *
 * Snapshots are begun in this order and a few at a time; nobody waits for
 * another to end.
 */
#ifndef MS_WATCHES_H
#define MS_WATCHES_H

#include "watch.h"

struct watches {
	struct watch_env *env;
	struct watch **watch;
	size_t n;
	bool is_busy; /* snapshots are under way */
};

void watches_free(struct watches *ws);

/* Watch what is in list, as settings want it, and no longer what is not, unless
 * the catalog says that it may exist unseen. What is watched already is left
 * alone. */
void watches_set(struct watches *ws, const struct catalog *c,
    struct resource **list, size_t n);

void watches_tick(struct watches *ws);
int64_t watches_due(const struct watches *ws);

/* Whether some have not been told whole yet; *is_hopeless: those are failing
 * again and again. */
bool watches_are_pending(const struct watches *ws, bool *is_hopeless);
/* The record that says how far each has come. */
void watches_write_ready(const struct watches *ws, bool is_whole);

#endif
