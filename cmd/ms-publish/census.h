/* census - how many objects the snapshot holds, of what, and what they wait
 * for.
 *
 * Asked through a connection of its own, as neither of the store's may be used
 * by other threads; opened for the question and closed again.
 */
#ifndef MS_CENSUS_H
#define MS_CENSUS_H

#include "json.h"
#include "store.h"

struct census {
	bool is_known; /* else the snapshot could not be read */
	int64_t objects;
	int64_t waiting; /* changes that are not confirmed */
	int64_t oversized; /* objects that the broker does not take */
	int64_t dialing; /* Services whose address is being tried */
	int64_t bytes; /* of the file and its log */
};

/* Count; each, if given, is called for every resource, in order, with its
 * name, "" for objects of foreign input. */
struct census census_take(struct store *s,
    void (*each)(void *context, const char *resource, int64_t n),
    void *context);

/* How much waits, in words: "5 changes wait", "1 change waits", and for what is
 * unknown (below 0) "changes wait". */
#define CENSUS_WORDS 40
const char *census_waiting(int64_t n, char words[CENSUS_WORDS]);

#endif
