/* want - how one resource is to be watched. */
#ifndef MS_WANT_H
#define MS_WANT_H

#include <stdbool.h>

#include "text.h"

/* DEPTH_UNSAID: nothing was said about it. In the order of how much is seen. */
enum depth { DEPTH_UNSAID, DEPTH_OFF, DEPTH_METADATA, DEPTH_FULL };

/* Types of events that others may be told about, as bits. */
#define EVENT_ADDED 1u
#define EVENT_MODIFIED 2u
#define EVENT_DELETED 4u
#define EVENTS_ALL 7u

struct want {
	enum depth depth; /* off, metadata or full */
	struct opts_list namespaces; /* empty: all of them */
	struct opts_list fallback; /* instead of all, if that is forbidden */
	char *labels, *fields; /* selectors, or NULL */
	unsigned events;
};

/* What one watch asks for: all of that in one namespace, or in all of them. */
struct scope {
	const char *ns, *labels, *fields; /* NULL: not limited by it */
	bool is_metadata;
};

void scope_copy(struct scope *to, const struct scope *from);
/* Of one that was made by scope_copy(). */
void scope_free(struct scope *s);

void want_copy(struct want *to, const struct want *from);
void want_free(struct want *w);
/* Whether what is watched so is the same; events do not count. */
bool want_is_equal(const struct want *a, const struct want *b);

/* off, metadata or full as a text, and back: DEPTH_UNSAID if it is none. */
const char *depth_name(enum depth depth);
enum depth depth_of(const char *text);

#endif
