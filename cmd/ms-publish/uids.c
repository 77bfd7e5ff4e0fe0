#include "uids.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "diag.h"

static uint64_t
hash_of(const void *uids, uint32_t id)
{
	return ((const struct uids *)uids)->hash[id][0];
}

static bool
is_equal(const void *uids, uint32_t id, const void *key)
{
	return memcmp(((const struct uids *)uids)->hash[id], key, 16) == 0;
}

void
uids_init(struct uids *u)
{
	static const struct table_ops ops = {hash_of, is_equal};

	*u = (struct uids){0};
	table_init(&u->table, &ops, u);
}

void
uids_free(struct uids *u)
{
	table_free(&u->table);
	free(u->hash);
}

bool
uids_add(struct uids *u, struct span uid)
{
	XXH128_hash_t h;
	uint64_t key[2];

	if (!uid.n)
		return true;
	h = XXH3_128bits(uid.p, uid.n);
	key[0] = h.low64;
	key[1] = h.high64;
	if (table_find(&u->table, key[0], key) != TABLE_NONE)
		return false;
	if (u->n == u->size) {
		u->size = u->size ? 2 * u->size : 1024;
		u->hash = diag_alloc(u->hash, u->size * sizeof(*u->hash));
	}
	memcpy(u->hash[u->n], key, sizeof(key));
	table_insert(&u->table, u->n++);
	return true;
}
