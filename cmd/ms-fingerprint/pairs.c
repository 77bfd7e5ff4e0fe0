#include "pairs.h"

#include <stdlib.h>

#include "diag.h"

#define NO_PAIR UINT32_MAX /* in a: a free number, and b the next one */

static uint64_t
hash_of(struct pair pair)
{
	return (uint64_t)pair.a * 0x9e3779b97f4a7c15u + pair.b;
}

static uint64_t
hash(const void *context, uint32_t number)
{
	return hash_of(((const struct pairs *)context)->pair[number]);
}

static bool
equal(const void *context, uint32_t number, const void *key)
{
	const struct pair *x = &((const struct pairs *)context)->pair[number];
	const struct pair *y = key;

	return x->a == y->a && x->b == y->b;
}

static const struct table_ops ops = {hash, equal};

void
pairs_init(struct pairs *p)
{
	*p = (struct pairs){.free = TABLE_NONE};
	table_init(&p->table, &ops, p);
}

void
pairs_free(struct pairs *p)
{
	free(p->pair);
	table_free(&p->table);
}

uint32_t
pairs_find(const struct pairs *p, uint32_t a, uint32_t b)
{
	struct pair pair = {a, b};

	return table_find(&p->table, hash_of(pair), &pair);
}

static uint32_t
new_number(struct pairs *p)
{
	uint32_t number = p->free;

	if (number != TABLE_NONE) {
		p->free = p->pair[number].b;
		return number;
	}
	if (p->n == p->size) {
		p->size = p->size ? p->size * 2 : 16;
		p->pair = diag_alloc(p->pair, p->size * sizeof(*p->pair));
	}
	return p->n++;
}

uint32_t
pairs_put(struct pairs *p, uint32_t a, uint32_t b)
{
	uint32_t number = pairs_find(p, a, b);

	if (number != TABLE_NONE)
		return number;
	number = new_number(p);
	p->pair[number] = (struct pair){a, b};
	table_insert(&p->table, number);
	return number;
}

bool
pairs_have(const struct pairs *p, uint32_t number)
{
	return p->pair[number].a != NO_PAIR;
}

void
pairs_keep(struct pairs *p, const uint8_t *keep)
{
	for (uint32_t i = p->n; i-- > 0;) {
		if (keep[i] || !pairs_have(p, i))
			continue;
		table_remove(&p->table, i);
		p->pair[i] = (struct pair){NO_PAIR, p->free};
		p->free = i;
	}
}
