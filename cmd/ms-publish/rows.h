/* rows - what each kind of record does to the snapshot.
 *
 * Every rule about one object is here: what counts as equal, which object a
 * deletion is meant for, when an old incarnation is told as deleted before the
 * new one. All run inside a transaction of the store, change the disk only,
 * and return false on an error of the disk.
 */
#ifndef MS_ROWS_H
#define MS_ROWS_H

#include "format.h"
#include "store.h"

/* Which rows a complete sync has named: the sync's number by row id. */
struct rows {
	struct store *store;
	uint32_t *named;
	size_t n_named;
	uint32_t sync; /* number of the sync begun last, from 1 */
	bool is_ready; /* the end of the first sync was seen */
	struct json ms; /* scratch */
};

void rows_init(struct rows *rows, struct store *store);

/* ADDED or MODIFIED. is_truncated: the record lacks the object's content. */
bool rows_put(struct rows *rows, const struct change *c, bool is_truncated);

/* DELETED. is_synthetic: the record has no more than the object's identity. */
bool rows_delete(struct rows *rows, const struct change *c, bool is_synthetic);

/* Later knowledge: ms is the record's, from which members are merged. */
bool rows_amend(struct rows *rows, const struct identity *id, struct span ms);

/* A row, as far as one has to know it to change it. */
struct row {
	int64_t id;
	int64_t first, change; /* the numbers of its first and last change */
};

/* Delete a live row. */
bool rows_bury(struct rows *rows, const struct row *row);

/* Whether the row was named since the sync of this number began. */
bool rows_was_named(const struct rows *rows, int64_t id, uint32_t sync);

#endif
