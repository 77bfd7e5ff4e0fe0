/* table - a hash table of numbers: finds the place of a thing in the caller's
 * own array.
 *
 * The table holds 32-bit ids; the caller keeps the things, hashes them and says
 * which are equal. Four bytes a slot, between a quarter and four fifths of them
 * used. The bits that the ids leave in a slot hold a few of the hash, so a
 * search seldom looks at a thing that is not the one.
 */
#ifndef MS_TABLE_H
#define MS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

struct table_ops {
	/* Hash of the thing with this id. */
	uint64_t (*hash)(const void *context, uint32_t id);
	/* Whether that thing is the one that key describes. */
	bool (*equal)(const void *context, uint32_t id, const void *key);
};

struct table {
	const struct table_ops *ops;
	const void *context;
	uint32_t *slot;
	uint32_t size, used;
	uint32_t ids; /* the bits of a slot that hold an id + 1; 0: free */
};

void table_init(struct table *t, const struct table_ops *ops,
    const void *context);
void table_free(struct table *t);

/* The id whose thing equals key, which has this hash; TABLE_NONE if none. */
uint32_t table_find(const struct table *t, uint64_t hash, const void *key);
/* Put in an id that is not in yet; its thing must be readable by ops. */
void table_insert(struct table *t, uint32_t id);
/* Take out an id that is in; its thing must still be readable. */
void table_remove(struct table *t, uint32_t id);

/* 64-bit hash of bytes, not for adversaries' eyes. Chain with seed. */
uint64_t table_hash(const void *p, size_t n, uint64_t seed);

#endif
