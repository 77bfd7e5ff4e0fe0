#include "shape.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "prints.h"

static uint64_t
hash(const void *context, uint32_t id)
{
	const struct shapes *s = context;

	return s->shape[id].hash;
}

static bool
equal(const void *context, uint32_t id, const void *key)
{
	const struct shapes *s = context;
	const struct span *facts = key;

	return s->shape[id].len == facts->n &&
	    memcmp(s->shape[id].facts, facts->p, facts->n) == 0;
}

static const struct table_ops ops = {hash, equal};

void
shapes_init(struct shapes *s, const struct catalog *c)
{
	*s = (struct shapes){.catalog = c, .free = SHAPE_NONE};
	table_init(&s->table, &ops, s);
	s->glance = diag_alloc(NULL, SHAPE_GLANCES * sizeof(*s->glance));
	memset(s->glance, 0, SHAPE_GLANCES * sizeof(*s->glance));
}

void
shapes_free(struct shapes *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		free(s->shape[i].facts);
		free(s->shape[i].prints);
		free(s->shape[i].product);
	}
	free(s->shape);
	free(s->glance);
	table_free(&s->table);
	json_release(&s->buf);
}

static uint32_t
new_id(struct shapes *s)
{
	uint32_t id = s->free;

	if (id != SHAPE_NONE) {
		s->free = s->shape[id].next_free;
		return id;
	}
	if (s->n == s->size) {
		s->size = s->size ? s->size * 2 : 64;
		s->shape = diag_alloc(s->shape, s->size * sizeof(*s->shape));
	}
	s->shape[s->n] = (struct shape){.serial = 1};
	return s->n++;
}

bool
shape_wants(const struct product *p, const struct verdict *v)
{
	return v->makes && !v->version.n && v->digest.n && p->probe.path;
}

/* Its prints and products anew; those it had are the caller's. */
static void
judge(struct shapes *s, struct shape *sh)
{
	struct match *m = &s->match;
	struct json out = {0};

	match_facts(s->catalog, (struct span){sh->facts, sh->len}, m);
	sh->n_products = m->n_verdicts;
	sh->prints = NULL;
	sh->n_prints = 0;
	sh->product = NULL;
	sh->wants = false;
	if (!m->n_verdicts)
		return;
	prints_of(&out, s->catalog, m);
	sh->prints = diag_strndup(out.p, out.len);
	sh->n_prints = (uint32_t)out.len;
	json_release(&out);
	sh->product = diag_alloc(NULL, m->n_verdicts * sizeof(*sh->product));
	for (unsigned i = 0; i < m->n_verdicts; i++) {
		uint32_t p = m->verdict[i].product;

		sh->product[i] = p;
		sh->wants |= shape_wants(&s->catalog->signatures->product[p],
		    &m->verdict[i]);
	}
}

uint32_t
shapes_put(struct shapes *s, struct span facts)
{
	uint64_t h = table_hash(facts.p, facts.n, 0);
	uint32_t id = table_find(&s->table, h, &facts);
	struct shape *sh;

	if (id == TABLE_NONE) {
		id = new_id(s);
		sh = &s->shape[id];
		*sh = (struct shape){.hash = h,
		    .serial = sh->serial,
		    .len = (uint32_t)facts.n,
		    .facts = diag_strndup(facts.p, facts.n)};
		judge(s, sh);
		table_insert(&s->table, id);
	}
	s->shape[id].refs++;
	return id;
}

uint32_t
shapes_of(struct shapes *s, const struct facts_paths *paths,
    const struct record *r, uint64_t glance)
{
	struct shape_glance *g = &s->glance[glance / 2 % SHAPE_GLANCES];
	uint32_t id;

	if (glance && g->glance == glance &&
	    s->shape[g->shape].serial == g->serial) {
		s->shape[g->shape].refs++;
		return g->shape;
	}
	json_reset(&s->buf);
	if (!facts_read(paths, s->catalog, r, &s->buf))
		return SHAPE_NONE;
	id = shapes_put(s, (struct span){s->buf.p, s->buf.len});
	if (glance)
		*g = (struct shape_glance){glance, id, s->shape[id].serial};
	return id;
}

char **
shapes_learn(struct shapes *s, const struct catalog *c)
{
	char **old = diag_alloc(NULL, (s->n + 1) * sizeof(*old));

	s->catalog = c;
	for (uint32_t i = 0; i < s->n; i++) {
		struct shape *sh = &s->shape[i];

		old[i] = NULL;
		if (!sh->facts)
			continue;
		old[i] = sh->prints;
		free(sh->product);
		judge(s, sh);
	}
	return old;
}

void
shapes_hold(struct shapes *s, uint32_t id)
{
	if (id != SHAPE_NONE)
		s->shape[id].refs++;
}

void
shapes_drop(struct shapes *s, uint32_t id)
{
	struct shape *sh;

	if (id == SHAPE_NONE || --s->shape[id].refs > 0)
		return;
	sh = &s->shape[id];
	table_remove(&s->table, id);
	free(sh->facts);
	free(sh->prints);
	free(sh->product);
	sh->facts = sh->prints = NULL;
	sh->product = NULL;
	sh->serial++;
	sh->next_free = s->free;
	s->free = id;
}

struct span
shape_facts(const struct shapes *s, uint32_t id)
{
	return (struct span){s->shape[id].facts, s->shape[id].len};
}

struct span
shape_prints(const struct shapes *s, uint32_t id)
{
	if (id == SHAPE_NONE)
		return (struct span){0};
	return (struct span){s->shape[id].prints, s->shape[id].n_prints};
}

struct span
shape_label(const struct shapes *s, uint32_t id, const char *key)
{
	struct span facts = shape_facts(s, id), text;
	struct facts_iter it = {facts.p, facts.p + facts.n};
	size_t n = strlen(key);
	enum fact fact;

	while (facts_next(&it, &fact, &text))
		if (fact == FACT_LABEL && text.n > n && text.p[n] == '=' &&
		    memcmp(text.p, key, n) == 0)
			return (struct span){text.p + n + 1, text.n - n - 1};
	return (struct span){0};
}
