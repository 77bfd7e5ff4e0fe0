/* index - who is in a collection: what a relist is compared with.
 *
 * An entry is an object's identity and resourceVersion, some 100 bytes; the
 * object itself is kept nowhere. A snapshot marks what it names with its
 * generation; what lacks the mark at its end has gone meanwhile.
 */
#ifndef MS_INDEX_H
#define MS_INDEX_H

#include <stdint.h>

#include "intern.h"
#include "scan.h"
#include "table.h"

struct index_entry;

struct index {
	struct intern *names; /* of namespaces, shared by all indexes */
	struct table table;
	struct index_entry **entry;
	uint32_t *free; /* places without an entry */
	uint32_t n, size, n_free;
	uint8_t generation;
};

/* An object as plain text. */
struct index_key {
	struct span ns, name, uid, rv;
};

enum index_verdict {
	INDEX_NEW,
	INDEX_SAME, /* uid and rv as known */
	INDEX_CHANGED,
	INDEX_REPLACED /* another uid under this name */
};

/* names and the index itself must not move. */
void index_init(struct index *ix, struct intern *names);
void index_free(struct index *ix);
uint32_t index_count(const struct index *ix);

/* Begin a snapshot: nothing is marked. */
void index_begin(struct index *ix);

/* Note the object and mark it. *marked says whether this snapshot had named it
 * before; on INDEX_REPLACED *old_uid and *old_rv are what was known, copied to
 * buf (256 bytes). */
struct index_seen {
	bool marked;
	struct span old_uid, old_rv;
	char buf[256];
};
enum index_verdict index_put(struct index *ix, const struct index_key *key,
    struct index_seen *seen);

/* Forget the object. False: it was not known, or under another uid. */
bool index_remove(struct index *ix, const struct index_key *key);

/* The end of a complete snapshot: tell each entry that it did not name, and
 * forget it. */
void index_sweep(struct index *ix,
    void (*gone)(void *context, const struct index_key *key), void *context);

#endif
