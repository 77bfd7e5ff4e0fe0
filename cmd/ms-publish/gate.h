/* gate - which changes are told at all.
 *
 * It stands between the snapshot and the broker, as upstream's filters do: what
 * it holds back is kept all the same, and a dump of the store tells it.
 *
 *   --events TYPE,…          types of events, of every kind
 *   --output-namespaces NS,… objects in these namespaces, and no others
 *   events in a CONFIG       types of events of one resource
 */
#ifndef MS_GATE_H
#define MS_GATE_H

#include <pthread.h>

#include "format.h"

struct gate_limit {
	char *resource;
	unsigned types;
};

struct gate {
	unsigned types; /* a bit for each enum record_type */
	const char *namespaces; /* a comma list; NULL: all */
	pthread_mutex_t lock; /* of what a CONFIG says */
	struct gate_limit *limit;
	size_t n;
};

void gate_init(struct gate *g);

/* Let only the types of this list pass; NULL, or the one that is none. */
const char *gate_events(struct gate *g, const char *list);

/* Take a CONFIG record's object in: events that a resource is limited to. From
 * any thread. */
void gate_config(struct gate *g, struct span config);

/* Whether the change is to be told. From any thread. */
bool gate_takes(struct gate *g, const struct change *c);

#endif
