#include "selected.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "thing.h"

struct list {
	struct selected *s;
	uint32_t n, size;
};

struct selected_in {
	struct list by_service, by_shape;
};

/* The first label that a Service asks for. */
struct asks {
	uint64_t hash;
	uint32_t service;
};

static uint64_t
hash_fact(const char *fact)
{
	return table_hash(fact, strlen(fact), 0);
}

static int
compare_asks(const void *x, const void *y)
{
	const struct asks *a = x, *b = y;

	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

/* By their first member, then by the other. */
static int
compare(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return a != b ? (a < b ? -1 : 1) : c < d ? -1 : c > d;
}

static int
compare_service(const void *x, const void *y)
{
	const struct selected *a = x, *b = y;

	return compare(a->service, b->service, a->shape, b->shape);
}

static int
compare_shape(const void *x, const void *y)
{
	const struct selected *a = x, *b = y;

	return compare(a->shape, b->shape, a->service, b->service);
}

/* Where those of n begin that are not before key. */
static size_t
lower(const void *base, size_t n, size_t size, const void *key,
    int (*order)(const void *, const void *))
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (order((const char *)base + mid * size, key) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static size_t
lower_in(const struct list *l, struct selected key,
    int (*order)(const void *, const void *))
{
	return lower(l->s, l->n, sizeof(*l->s), &key, order);
}

/* All Services of a namespace that ask for anything, sorted. */
static struct asks *
read_asks(const struct world *w, uint32_t ns, size_t *n)
{
	struct asks *a;
	uint32_t i;

	*n = 0;
	for (i = thing_first_service(w, ns); i != WORLD_NONE;
	     i = w->thing[i].next)
		++*n;
	a = diag_alloc(NULL, (*n + 1) * sizeof(*a));
	*n = 0;
	for (i = thing_first_service(w, ns); i != WORLD_NONE;
	     i = w->thing[i].next) {
		const char *first = thing_text(&w->thing[i], THING_A);

		if (*first)
			a[(*n)++] = (struct asks){hash_fact(first), i};
	}
	qsort(a, *n, sizeof(*a), compare_asks);
	return a;
}

/* ---- what one shape is selected by ---- */

static bool
has_fact(struct span facts, const char *fact)
{
	size_t n = strlen(fact) + 1;

	/* each begins behind a NUL, or at the beginning */
	for (const char *p = facts.p, *end = facts.p + facts.n;
	     (size_t)(end - p) >= n; p += strlen(p) + 1)
		if (memcmp(p, fact, n) == 0)
			return true;
	return false;
}

static bool
has_all(struct span facts, const struct thing *service)
{
	const char *p = thing_text(service, THING_A);

	for (; *p; p += strlen(p) + 1)
		if (!has_fact(facts, p))
			return false;
	return true;
}

struct builder {
	const struct world *w;
	const struct asks *asks;
	size_t n_asks;
	uint32_t cluster; /* of the workload that is looked at */
	struct json facts;
	struct list found;
};

static void
add_label(struct builder *b, const char *label, uint32_t shape)
{
	struct span facts = {b->facts.p, b->facts.len};
	struct asks key = {.hash = hash_fact(label)};
	const struct asks *a = b->asks +
	    lower(b->asks, b->n_asks, sizeof(key), &key, compare_asks);

	for (; a < b->asks + b->n_asks && a->hash == key.hash; a++) {
		const struct thing *t = &b->w->thing[a->service];

		if (t->cluster != b->cluster || !has_all(facts, t))
			continue;
		b->found.s = world_grow(b->found.s, b->found.n, &b->found.size,
		    sizeof(*b->found.s));
		b->found.s[b->found.n++] = (struct selected){a->service, shape};
	}
}

static void
add_shape(struct builder *b, uint32_t shape)
{
	struct facts_iter it;
	struct span text;
	enum fact fact;

	if (shape == SHAPE_NONE ||
	    !shape_outcome(b->w->shapes, shape)->n_products)
		return;
	json_reset(&b->facts);
	shape_facts(b->w->shapes, shape, &b->facts);
	it = (struct facts_iter){b->facts.p, b->facts.p + b->facts.len};
	while (facts_next(&it, &fact, &text))
		if (fact == FACT_LABEL)
			add_label(b, text.p - 1, shape);
}

static void
add_workloads(struct builder *b, uint32_t ns)
{
	const struct world *w = b->w;

	for (uint32_t i = w->first[ns]; i != WORLD_NONE;
	     i = w->workload[i].next) {
		const struct workload *wl = &w->workload[i];

		b->cluster = world_cluster_at(w, wl->place);
		add_shape(b, wl->own);
		for (unsigned k = 0; k < wl->n_uses; k++)
			add_shape(b, world_uses(wl)[k].shape);
	}
}

/* ---- a namespace ---- */

/* Workloads share shapes: once is enough. */
static void
sort_once(struct list *l)
{
	uint32_t n = 0;

	if (l->n)
		qsort(l->s, l->n, sizeof(*l->s), compare_service);
	for (uint32_t i = 0; i < l->n; i++)
		if (!n || compare_service(&l->s[n - 1], &l->s[i]) != 0)
			l->s[n++] = l->s[i];
	l->n = n;
}

static struct selected_in *
build(const struct world *w, uint32_t ns)
{
	struct selected_in *in = diag_alloc(NULL, sizeof(*in));
	struct builder b = {.w = w};
	struct asks *asks = read_asks(w, ns, &b.n_asks);

	b.asks = asks;
	if (b.n_asks)
		add_workloads(&b, ns);
	sort_once(&b.found);
	in->by_service = in->by_shape = b.found;
	in->by_shape.s = diag_alloc(NULL, (b.found.n + 1) * sizeof(*b.found.s));
	if (b.found.n) {
		memcpy(in->by_shape.s, b.found.s,
		    b.found.n * sizeof(*b.found.s));
		qsort(in->by_shape.s, b.found.n, sizeof(*b.found.s),
		    compare_shape);
	}
	free(asks);
	json_release(&b.facts);
	return in;
}

static const struct selected_in *
selected_in(struct selections *all, const struct world *w, uint32_t ns)
{
	if (all->n < w->n_first) {
		all->in = diag_alloc(all->in, w->n_first * sizeof(*all->in));
		memset(all->in + all->n, 0,
		    (w->n_first - all->n) * sizeof(*all->in));
		all->n = w->n_first;
	}
	if (!all->in[ns])
		all->in[ns] = build(w, ns);
	return all->in[ns];
}

void
selections_free(struct selections *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!all->in[i])
			continue;
		free(all->in[i]->by_service.s);
		free(all->in[i]->by_shape.s);
		free(all->in[i]);
	}
	free(all->in);
	*all = (struct selections){.n = 0};
}

const struct selected *
selected_by(struct selections *all, const struct world *w, uint32_t service,
    size_t *n)
{
	const struct list *l =
	    &selected_in(all, w, w->thing[service].ns)->by_service;
	size_t from =
	    lower_in(l, (struct selected){service, 0}, compare_service);

	for (*n = 0; from + *n < l->n && l->s[from + *n].service == service;)
		++*n;
	return *n ? l->s + from : NULL;
}

const struct selected *
selected_of(struct selections *all, const struct world *w, uint32_t ns,
    uint32_t shape, size_t *n)
{
	const struct list *l = &selected_in(all, w, ns)->by_shape;
	size_t from = lower_in(l, (struct selected){0, shape}, compare_shape);

	for (*n = 0; from + *n < l->n && l->s[from + *n].shape == shape;)
		++*n;
	return *n ? l->s + from : NULL;
}
