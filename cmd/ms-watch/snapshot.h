/* snapshot - a page of a list as items, one at a time.
 *
 * The page is never held: an item is given out when it is whole, and then
 * forgotten. metadata may come before or after items, as both occur. The page
 * counts only if its closing brace came and nothing after it.
 */
#ifndef MS_SNAPSHOT_H
#define MS_SNAPSHOT_H

#include "intake.h"
#include "object.h"

/* What is expected next. */
enum snapshot_state {
	SNAPSHOT_START,
	SNAPSHOT_FIRST_KEY, /* or the end of an empty object */
	SNAPSHOT_KEY,
	SNAPSHOT_COLON,
	SNAPSHOT_VALUE,
	SNAPSHOT_AFTER_VALUE,
	SNAPSHOT_FIRST_ITEM, /* or the end of an empty list */
	SNAPSHOT_ITEM,
	SNAPSHOT_AFTER_ITEM,
	SNAPSHOT_CLOSED
};

struct snapshot {
	enum snapshot_state state;
	char key[16]; /* of the member at hand; empty if longer */
	char *rv, *next; /* resourceVersion and continue, plain text */
	bool has_items, is_list;
};

enum snapshot_result {
	SNAPSHOT_ONE, /* an item: *item and at[] */
	SNAPSHOT_MORE,
	SNAPSHOT_DONE, /* the page is whole (only after intake_finish) */
	SNAPSHOT_BAD
};

/* All zero is the start of a page; release makes it so. */
void snapshot_release(struct snapshot *s);

/* The next item. plan is object_plan_item's, at has OBJECT_SLOTS members; both
 * spans are good until the next intake_put(). */
enum snapshot_result snapshot_next(struct snapshot *s, struct intake *in,
    const struct scan_plan *plan, struct span *item, struct span *at,
    struct scan_error *err);

#endif
