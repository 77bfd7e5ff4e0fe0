#include "table.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "diag.h"

#define FIRST_SIZE 16

void
table_init(struct table *t, const struct table_ops *ops, const void *context)
{
	*t = (struct table){.ops = ops, .context = context};
}

void
table_free(struct table *t)
{
	free(t->slot);
	t->slot = NULL;
	t->size = t->used = t->ids = 0;
}

/* Callers' hashes may have few bits that differ; home takes the upper ones of
 * this, and a slot's mark the lower ones. */
static uint64_t
spread(uint64_t hash)
{
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
}

/* Where a search begins. */
static uint32_t
home(const struct table *t, uint64_t h)
{
	return (uint32_t)((h >> 32) * t->size >> 32);
}

static uint32_t
next(const struct table *t, uint32_t i)
{
	return i + 1 < t->size ? i + 1 : 0;
}

/* How far it is to i, going on from `from`. */
static uint32_t
distance(const struct table *t, uint32_t from, uint32_t i)
{
	return i >= from ? i - from : i + t->size - from;
}

/* The id in a slot that is not empty. */
static uint32_t
id_in(const struct table *t, uint32_t slot)
{
	return (slot & t->ids) - 1;
}

static void
place(struct table *t, uint32_t id)
{
	uint64_t h = spread(t->ops->hash(t->context, id));
	uint32_t i = home(t, h);

	while (t->slot[i])
		i = next(t, i);
	t->slot[i] = ((uint32_t)h & ~t->ids) | (id + 1);
}

static void
resize(struct table *t, uint32_t size)
{
	uint32_t *old = t->slot, n = t->size;

	t->slot = diag_alloc(NULL, size * sizeof(*t->slot));
	memset(t->slot, 0, size * sizeof(*t->slot));
	t->size = size;
	for (uint32_t i = 0; i < n; i++)
		if (old[i])
			place(t, id_in(t, old[i]));
	free(old);
}

/* Ids need one bit more, which is taken from the marks. */
static void
widen(struct table *t)
{
	uint32_t wider = t->ids * 2 + 1;

	for (uint32_t i = 0; i < t->size; i++)
		t->slot[i] &= ~(wider & ~t->ids);
	t->ids = wider;
}

uint32_t
table_find(const struct table *t, uint64_t hash, const void *key)
{
	uint64_t h = spread(hash);

	if (!t->size)
		return TABLE_NONE;
	for (uint32_t i = home(t, h); t->slot[i]; i = next(t, i))
		if (((t->slot[i] ^ (uint32_t)h) & ~t->ids) == 0 &&
		    t->ops->equal(t->context, id_in(t, t->slot[i]), key))
			return id_in(t, t->slot[i]);
	return TABLE_NONE;
}

void
table_insert(struct table *t, uint32_t id)
{
	while (id >= t->ids)
		widen(t);
	if ((t->used + 1) * 5ull > t->size * 4ull)
		resize(t, t->size / 2 * 3 + FIRST_SIZE);
	place(t, id);
	t->used++;
}

/* Linear probing without tombstones: close the gap by moving back whatever
 * would otherwise no longer be found. */
void
table_remove(struct table *t, uint32_t id)
{
	uint32_t gap = home(t, spread(t->ops->hash(t->context, id)));

	while ((t->slot[gap] & t->ids) != id + 1)
		gap = next(t, gap);
	for (uint32_t i = next(t, gap); t->slot[i]; i = next(t, i)) {
		uint32_t other = id_in(t, t->slot[i]);
		uint32_t at = home(t, spread(t->ops->hash(t->context, other)));

		if (distance(t, at, i) >= distance(t, gap, i)) {
			t->slot[gap] = t->slot[i];
			gap = i;
		}
	}
	t->slot[gap] = 0;
	t->used--;
	if (t->size > 4 * FIRST_SIZE && t->used < t->size / 4)
		resize(t, t->size / 2);
}

uint64_t
table_hash(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}
