/* view - a resource as people see it: its watches taken together.
 */
#ifndef MS_VIEW_H
#define MS_VIEW_H

#include "watches.h"

struct view {
	const struct resource *resource;
	const char *state; /* of the watch that has come least far */
	const char *message; /* what the server said, or NULL */
	const char *rv; /* or NULL: there are several */
	bool is_synced; /* all have been told whole */
	bool is_metadata;
	unsigned level, watches;
	uint64_t objects;
	struct tally tally;
};

/* Of the kind number i. */
void view_of(const struct watches *ws, size_t i, struct view *out);
/* Whether nothing more is expected of it at the start. */
bool view_is_settled(const struct view *v);

#endif
