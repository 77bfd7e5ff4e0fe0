/* custom - the MeshSync custom resource: what Meshery says about what to watch.
 *
 * Looked for in the group meshery.io, and in the older meshery.layer5.io where
 * that has none. What is wrong with it is warned about, and then counts for
 * nothing, as in MeshSync 1.0.
 */
#ifndef MS_CUSTOM_H
#define MS_CUSTOM_H

#include "document.h"
#include "follow.h"

#define CUSTOM_GROUPS 2

struct custom {
	struct http *http;
	const char *ns_name; /* NULL: the usual one; "none" */
	void (*changed)(void *context);
	void *context;
	struct {
		struct follow *follow;
		char *api_version;
		bool exists;
		struct json spec;
	} group[CUSTOM_GROUPS];
};

/* All but the first four members zero. Look for it where c says that it is
 * served; changed is called when it is there, becomes different, or goes. */
void custom_follow(struct custom *x, const struct catalog *c);
void custom_free(struct custom *x);
void custom_tick(struct custom *x, int64_t now);
int64_t custom_due(const struct custom *x);
/* Whether it is known, as far as it can be for now. */
bool custom_is_settled(const struct custom *x);

/* What it says now. False: there is none, and d is empty. */
bool custom_read(struct custom *x, struct document *d);

#endif
