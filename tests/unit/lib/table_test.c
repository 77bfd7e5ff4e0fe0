/* table: what was put in is found, what was taken out is not. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define THINGS 5000

static uint32_t thing[THINGS];
static uint64_t mask; /* few bits: many collisions */

static uint64_t
hash_of(uint32_t number)
{
	return table_hash(&number, sizeof(number), 0) & mask;
}

static uint64_t
hash(const void *context, uint32_t id)
{
	const uint32_t *things = context;

	return hash_of(things[id]);
}

static bool
equal(const void *context, uint32_t id, const void *key)
{
	const uint32_t *things = context, *number = key;

	return things[id] == *number;
}

static const struct table_ops ops = {hash, equal};

static uint32_t
find(const struct table *t, uint32_t number)
{
	return table_find(t, hash_of(number), &number);
}

static bool
is_consistent(const struct table *t, const bool *is_in)
{
	for (uint32_t id = 0; id < THINGS; id++)
		if (find(t, thing[id]) != (is_in[id] ? id : TABLE_NONE))
			return false;
	return true;
}

/* Put in and take out at random, and compare with a plain array. */
static void
test_random(uint64_t bits)
{
	static bool is_in[THINGS];
	struct table t;
	uint32_t n = 0;
	bool is_right = true;
	unsigned reach = THINGS;

	mask = bits;
	memset(is_in, 0, sizeof(is_in));
	table_init(&t, &ops, thing);
	if (bits < 256)
		reach = 300; /* long chains are slow, and meant */
	for (int turn = 0; turn < 40000; turn++) {
		uint32_t id = (uint32_t)random() % reach;

		if (is_in[id]) {
			table_remove(&t, id);
			n--;
		} else {
			table_insert(&t, id);
			n++;
		}
		is_in[id] = !is_in[id];
		if (turn % 4000 == 0)
			is_right = is_right && is_consistent(&t, is_in);
		is_right =
		    is_right && t.used == n && t.used * 5ull <= t.size * 4ull;
	}
	ok(is_right && is_consistent(&t, is_in),
	    "40000 changes, at most four fifths full, hashes & %llx",
	    (unsigned long long)bits);
	table_free(&t);
}

static void
test_empty(void)
{
	struct table t;

	mask = UINT64_MAX;
	table_init(&t, &ops, thing);
	ok(find(&t, 1) == TABLE_NONE, "an empty table has nothing");
	table_insert(&t, 0);
	table_remove(&t, 0);
	ok(t.used == 0 && find(&t, thing[0]) == TABLE_NONE,
	    "nor one that was emptied");
	table_insert(&t, 0);
	ok(find(&t, thing[0]) == 0, "id 0 is an id");
	table_free(&t);
	ok(find(&t, thing[0]) == TABLE_NONE, "a freed one is empty");
}

static void
test_room(void)
{
	struct table t;
	uint32_t most;
	bool is_right = true;

	mask = UINT64_MAX;
	table_init(&t, &ops, thing);
	for (uint32_t id = THINGS; id-- > 0;)
		table_insert(&t, id);
	most = t.size;
	for (uint32_t id = 0; id < THINGS - 10; id++)
		table_remove(&t, id);
	for (uint32_t id = THINGS - 10; id < THINGS; id++)
		is_right = is_right && find(&t, thing[id]) == id;
	ok(is_right && t.size * 16 < most,
	    "room that is no longer needed is given back");
	table_free(&t);
}

int
main(void)
{
	srandom(3);
	for (uint32_t i = 0; i < THINGS; i++)
		thing[i] = i * 7;
	test_empty();
	test_room();
	test_random(UINT64_MAX);
	test_random(0xff);
	test_random(0x7);
	test_random(0);
	/* all homes at the end of the slots: chains go round */
	test_random(0xffffffff00000000);
	ok(table_hash("a", 1, 0) != table_hash("a", 1, 1) &&
		table_hash("ab", 2, 0) != table_hash("a", 1, 0) &&
		table_hash(NULL, 0, 0) == table_hash("", 0, 0),
	    "hashes");
	return tap_done();
}
