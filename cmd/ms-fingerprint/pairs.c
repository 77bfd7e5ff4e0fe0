#include "pairs.h"

#include <stdlib.h>

#include "diag.h"

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
	*p = (struct pairs){.n = 0};
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

uint32_t
pairs_put(struct pairs *p, uint32_t a, uint32_t b)
{
	uint32_t number = pairs_find(p, a, b);

	if (number != TABLE_NONE)
		return number;
	if (p->n == p->size) {
		p->size = p->size ? p->size * 2 : 16;
		p->pair = diag_alloc(p->pair, p->size * sizeof(*p->pair));
	}
	p->pair[p->n] = (struct pair){a, b};
	table_insert(&p->table, p->n);
	return p->n++;
}
