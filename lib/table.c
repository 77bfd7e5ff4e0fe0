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
	t->size = t->used = 0;
}

/* Where hash's search begins. Slots hold id + 1, so that 0 is empty. */
static uint32_t
home(const struct table *t, uint64_t hash)
{
	return (uint32_t)(hash >> 32 ^ hash) & (t->size - 1);
}

static void
place(struct table *t, uint32_t id)
{
	uint32_t i = home(t, t->ops->hash(t->context, id));

	while (t->slot[i])
		i = (i + 1) & (t->size - 1);
	t->slot[i] = id + 1;
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
			place(t, old[i] - 1);
	free(old);
}

uint32_t
table_find(const struct table *t, uint64_t hash, const void *key)
{
	if (!t->size)
		return TABLE_NONE;
	for (uint32_t i = home(t, hash); t->slot[i];
	     i = (i + 1) & (t->size - 1))
		if (t->ops->equal(t->context, t->slot[i] - 1, key))
			return t->slot[i] - 1;
	return TABLE_NONE;
}

void
table_insert(struct table *t, uint32_t id)
{
	if ((t->used + 1) * 4ull > t->size * 3ull)
		resize(t, t->size ? t->size * 2 : FIRST_SIZE);
	place(t, id);
	t->used++;
}

/* Linear probing without tombstones: close the gap by moving back whatever
 * would otherwise no longer be found. */
void
table_remove(struct table *t, uint32_t id)
{
	uint32_t mask = t->size - 1;
	uint32_t gap = home(t, t->ops->hash(t->context, id));

	while (t->slot[gap] != id + 1)
		gap = (gap + 1) & mask;
	for (uint32_t i = (gap + 1) & mask; t->slot[i]; i = (i + 1) & mask) {
		uint32_t at = home(t, t->ops->hash(t->context, t->slot[i] - 1));

		if (((i - at) & mask) >= ((i - gap) & mask)) {
			t->slot[gap] = t->slot[i];
			gap = i;
		}
	}
	t->slot[gap] = 0;
	t->used--;
}

uint64_t
table_hash(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}
