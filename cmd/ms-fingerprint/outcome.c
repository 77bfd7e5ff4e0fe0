#include "outcome.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "prints.h"

/* What an outcome is told by; a product's number is in no print. */
struct outcome_key {
	struct span prints, behind;
	const uint32_t *product;
	uint32_t n_products;
	bool needs_workload, lacks, wants;
};

static uint64_t
hash_key(const struct outcome_key *k)
{
	uint64_t h = table_hash(k->prints.p, k->prints.n,
	    k->lacks + 2u * k->wants + 4u * k->needs_workload);

	h = table_hash(k->behind.p, k->behind.n, h);
	return table_hash(k->product, k->n_products * sizeof(*k->product), h);
}

static uint64_t
hash(const void *context, uint32_t number)
{
	return ((const struct outcomes *)context)->outcome[number].hash;
}

static bool
equal(const void *context, uint32_t number, const void *key)
{
	const struct outcome *o =
	    &((const struct outcomes *)context)->outcome[number];
	const struct outcome_key *k = key;

	return o->needs_workload == k->needs_workload && o->lacks == k->lacks &&
	    o->wants == k->wants && o->n_prints == k->prints.n &&
	    o->n_behind == k->behind.n && o->n_products == k->n_products &&
	    memcmp(o->prints, k->prints.p, o->n_prints) == 0 &&
	    memcmp(o->behind, k->behind.p, o->n_behind) == 0 &&
	    memcmp(o->product, k->product,
		o->n_products * sizeof(*o->product)) == 0;
}

static const struct table_ops ops = {hash, equal};

void
outcomes_init(struct outcomes *o)
{
	*o = (struct outcomes){.free = TABLE_NONE};
	table_init(&o->table, &ops, o);
	o->outcome = diag_alloc(NULL, sizeof(*o->outcome));
	o->outcome[o->n++] = (struct outcome){.holds = 1};
	o->size = 1;
}

static void
free_outcome(struct outcome *o)
{
	free(o->prints);
	free(o->behind);
	free(o->product);
}

void
outcomes_free(struct outcomes *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->outcome[i].holds)
			free_outcome(&o->outcome[i]);
	free(o->outcome);
	table_free(&o->table);
	json_release(&o->prints);
	json_release(&o->behind);
}

static uint32_t
new_number(struct outcomes *o)
{
	uint32_t number = o->free;

	if (number != TABLE_NONE) {
		o->free = o->outcome[number].next_free;
		return number;
	}
	if (o->n == o->size) {
		o->size *= 2;
		o->outcome =
		    diag_alloc(o->outcome, o->size * sizeof(*o->outcome));
	}
	return o->n++;
}

static uint32_t
add(struct outcomes *o, const struct outcome_key *k)
{
	uint32_t number = new_number(o);
	size_t n = k->n_products * sizeof(*k->product);
	uint32_t *product = diag_alloc(NULL, n);

	memcpy(product, k->product, n);
	o->outcome[number] =
	    (struct outcome){.prints = diag_strndup(k->prints.p, k->prints.n),
		.behind = diag_strndup(k->behind.p, k->behind.n),
		.n_behind = (uint32_t)k->behind.n,
		.product = product,
		.hash = hash_key(k),
		.n_prints = (uint32_t)k->prints.n,
		.n_products = k->n_products,
		.needs_workload = k->needs_workload,
		.lacks = k->lacks,
		.wants = k->wants};
	table_insert(&o->table, number);
	return number;
}

static bool
lacks(const struct product *p, const struct verdict *v)
{
	return !v->version.n && v->digest.n && p->probe.path;
}

bool
outcome_wants(const struct product *p, const struct verdict *v)
{
	if (!v->makes || !lacks(p, v))
		return false;
	for (const char *const *c = p->probe.component; c && *c; c++)
		if (strcmp(*c, v->component) == 0)
			return true;
	return !p->probe.component;
}

bool
outcome_is_member(const struct verdict *v)
{
	return v->makes ||
	    (v->role >= ROLE_GATEWAY && v->role <= ROLE_EXPORTER &&
		v->role != ROLE_DATA_PLANE) ||
	    v->role == ROLE_HELPER;
}

/* Of what is only a guest in somebody's pod its version is told, and not by
 * whom or where it was seen; unless its instance is called after that. */
static bool
needs_workload(const struct product *p, const struct verdict *v)
{
	return outcome_is_member(v) || p->scope == SCOPE_WORKLOAD || v->told ||
	    v->release.n;
}

uint32_t
outcomes_hold(struct outcomes *o, const struct catalog *c,
    const struct match *m)
{
	uint32_t product[MATCH_VERDICTS], number = OUTCOME_NOTHING;
	struct outcome_key k = {.product = product,
	    .n_products = m->n_verdicts};

	for (unsigned i = 0; i < m->n_verdicts; i++) {
		const struct verdict *v = &m->verdict[i];
		const struct product *p = &c->signatures->product[v->product];

		product[i] = v->product;
		k.needs_workload |= needs_workload(p, v);
		k.lacks |= lacks(p, v);
		k.wants |= outcome_wants(p, v);
	}
	if (m->n_verdicts) {
		json_reset(&o->prints);
		prints_of(&o->prints, c, m);
		k.prints = (struct span){o->prints.p, o->prints.len};
		json_reset(&o->behind);
		prints_behind(&o->behind, c, m);
		k.behind = (struct span){o->behind.p, o->behind.len};
		number = table_find(&o->table, hash_key(&k), &k);
		if (number == TABLE_NONE)
			number = add(o, &k);
	}
	outcomes_keep(o, number);
	return number;
}

void
outcomes_keep(struct outcomes *o, uint32_t number)
{
	o->outcome[number].holds++;
}

void
outcomes_drop(struct outcomes *o, uint32_t number)
{
	struct outcome *old = &o->outcome[number];

	if (--old->holds)
		return;
	table_remove(&o->table, number);
	free_outcome(old);
	old->next_free = o->free;
	o->free = number;
}

struct span
outcome_prints(const struct outcomes *o, uint32_t number)
{
	return (struct span){o->outcome[number].prints,
	    o->outcome[number].n_prints};
}

bool
outcome_is_of(const struct outcome *o, uint32_t product)
{
	for (uint32_t i = 0; i < o->n_products; i++)
		if (o->product[i] == product)
			return true;
	return false;
}

bool
outcomes_have(const struct outcomes *o, uint32_t product)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->outcome[i].holds &&
		    outcome_is_of(&o->outcome[i], product))
			return true;
	return false;
}
