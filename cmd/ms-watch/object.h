/* object - where things are in what the API server sends.
 *
 * The same places in an item of a list and in a watch event, so that whoever
 * looks at an object need not know which of them it came in.
 */
#ifndef MS_OBJECT_H
#define MS_OBJECT_H

#include "index.h"
#include "scan.h"

enum object_slot {
	OBJECT_API_VERSION,
	OBJECT_KIND,
	OBJECT_METADATA,
	OBJECT_NAMESPACE,
	OBJECT_NAME,
	OBJECT_UID,
	OBJECT_RV,
	OBJECT_MANAGED_FIELDS,
	OBJECT_INITIAL_END, /* the annotation that ends a streaming list */
	OBJECT_SLOTS,
	EVENT_TYPE = OBJECT_SLOTS,
	EVENT_OBJECT,
	EVENT_SLOTS
};

/* Plans for an item and for an event. */
void object_plan_item(struct scan_plan *plan);
void object_plan_event(struct scan_plan *plan);

/* The identity as plain text; parts that need decoding go to buf. False: it
 * has no name, uid or resourceVersion. */
#define OBJECT_TEXT 1536
bool object_key(const struct span *slots, struct index_key *key,
    char buf[OBJECT_TEXT]);

#endif
