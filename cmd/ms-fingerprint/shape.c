#include "shape.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "pack.h"

static struct span
packed_of(const struct shapes *s, uint32_t id)
{
	return pile_get(&s->pile, s->shape[id].facts);
}

static uint64_t
hash(const void *context, uint32_t id)
{
	return ((const struct shapes *)context)->shape[id].hash;
}

static bool
equal(const void *context, uint32_t id, const void *key)
{
	return span_same(packed_of(context, id), *(const struct span *)key);
}

static const struct table_ops ops = {hash, equal};

void
shapes_init(struct shapes *s, const struct catalog *c)
{
	*s = (struct shapes){.catalog = c, .free = SHAPE_NONE};
	table_init(&s->table, &ops, s);
	texts_init(&s->texts);
	texts_init(&s->phrases);
	pack_init(&s->texts, &s->phrases);
	reading_init(&s->reading, &s->texts);
	outcomes_init(&s->outcomes);
	s->glance = diag_alloc(NULL, SHAPE_GLANCES * sizeof(*s->glance));
	memset(s->glance, 0, SHAPE_GLANCES * sizeof(*s->glance));
	s->closed = diag_alloc(NULL, SHAPE_CLOSED * sizeof(*s->closed));
	memset(s->closed, 0, SHAPE_CLOSED * sizeof(*s->closed));
}

void
shapes_free(struct shapes *s)
{
	free(s->shape);
	free(s->glance);
	free(s->closed);
	table_free(&s->table);
	pile_free(&s->pile);
	texts_free(&s->texts);
	texts_free(&s->phrases);
	outcomes_free(&s->outcomes);
	reading_free(&s->reading);
	json_release(&s->facts);
}

static uint32_t
new_id(struct shapes *s)
{
	uint32_t id = s->free;

	if (id != SHAPE_NONE) {
		s->free = s->shape[id].hash;
		return id;
	}
	if (s->n == s->size) {
		s->size = s->size ? s->size * 2 : 64;
		s->shape = diag_alloc(s->shape, s->size * sizeof(*s->shape));
	}
	return s->n++;
}

/* What has been read comes to. */
static uint32_t
judge(struct shapes *s, const struct reading *rd)
{
	uint64_t *closed = &s->closed[rd->containers % SHAPE_CLOSED];

	if (*closed == rd->containers) {
		outcomes_keep(&s->outcomes, OUTCOME_NOTHING);
		return OUTCOME_NOTHING;
	}
	json_reset(&s->facts);
	pack_open(&s->texts, (struct span){rd->packed.p, rd->packed.len},
	    &s->facts);
	match_facts(s->catalog, (struct span){s->facts.p, s->facts.len},
	    &s->match);
	if (!s->match.is_open)
		*closed = rd->containers;
	return outcomes_hold(&s->outcomes, s->catalog, &s->match);
}

static uint32_t
add(struct shapes *s, struct reading *rd, struct span packed)
{
	uint32_t id = new_id(s);

	s->shape[id] = (struct shape){.hash = (uint32_t)rd->hash,
	    .facts = pile_put(&s->pile, packed),
	    .outcome = judge(s, rd),
	    .is_job = rd->ends};
	reading_hand_over(rd);
	table_insert(&s->table, id);
	return id;
}

/* The shape of what has been read, with one more reference. */
static uint32_t
put(struct shapes *s, struct reading *rd)
{
	struct span packed = {rd->packed.p, rd->packed.len};
	uint32_t id = table_find(&s->table, (uint32_t)rd->hash, &packed);

	if (id == TABLE_NONE)
		id = add(s, rd, packed);
	s->shape[id].refs++;
	return id;
}

/* Whether what was seen at that glance is still there: the number may have
 * been given to other facts. */
static bool
is_there(const struct shapes *s, const struct shape_glance *g)
{
	const struct shape *sh = &s->shape[g->shape];

	return sh->refs && sh->hash == g->hash;
}

uint32_t
shapes_of(struct shapes *s, const struct facts_paths *paths,
    const struct record *r, uint64_t glance)
{
	struct shape_glance *g = &s->glance[glance / 2 % SHAPE_GLANCES];
	uint32_t id;

	if (glance && g->glance == glance && is_there(s, g)) {
		s->shape[g->shape].refs++;
		return g->shape;
	}
	if (!reading_take(&s->reading, paths, s->catalog, r))
		return SHAPE_NONE;
	id = put(s, &s->reading);
	reading_drop(&s->reading);
	if (glance)
		*g = (struct shape_glance){glance, id, s->shape[id].hash};
	return id;
}

uint32_t *
shapes_learn(struct shapes *s, const struct catalog *c)
{
	uint32_t *before = diag_alloc(NULL, (s->n + 1) * sizeof(*before));
	bool same = s->catalog == c;

	s->catalog = c;
	reading_forget(&s->reading);
	memset(s->closed, 0, SHAPE_CLOSED * sizeof(*s->closed));
	for (uint32_t i = 0; i < s->n; i++) {
		before[i] = OUTCOME_NOTHING;
		if (!s->shape[i].refs)
			continue;
		before[i] = s->shape[i].outcome;
		/* only answers can be new */
		if (same && !shape_outcome(s, i)->lacks) {
			outcomes_keep(&s->outcomes, before[i]);
			continue;
		}
		shape_match(s, i, &s->facts, &s->match);
		s->shape[i].outcome = outcomes_hold(&s->outcomes, c, &s->match);
	}
	return before;
}

void
shapes_learnt(struct shapes *s, uint32_t *before)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->shape[i].refs)
			outcomes_drop(&s->outcomes, before[i]);
	free(before);
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
	outcomes_drop(&s->outcomes, sh->outcome);
	pack_drop(&s->texts, packed_of(s, id));
	pile_drop(&s->pile, sh->facts);
	*sh = (struct shape){.facts = PILE_NONE, .hash = s->free};
	s->free = id;
	if (pile_is_loose(&s->pile))
		pile_tidy(&s->pile, &s->shape->facts, sizeof(*s->shape), s->n);
}

/* ---- looking at one ---- */

const struct outcome *
shape_outcome(const struct shapes *s, uint32_t id)
{
	return &s->outcomes.outcome[id == SHAPE_NONE ? OUTCOME_NOTHING :
						       s->shape[id].outcome];
}

struct span
shape_prints(const struct shapes *s, uint32_t id)
{
	return outcome_prints(&s->outcomes,
	    id == SHAPE_NONE ? OUTCOME_NOTHING : s->shape[id].outcome);
}

void
shape_facts(const struct shapes *s, uint32_t id, struct json *out)
{
	pack_open(&s->texts, packed_of(s, id), out);
}

void
shape_match(const struct shapes *s, uint32_t id, struct json *out,
    struct match *m)
{
	json_reset(out);
	shape_facts(s, id, out);
	match_facts(s->catalog, (struct span){out->p, out->len}, m);
}

bool
shape_has(const struct shapes *s, uint32_t id, struct span fact)
{
	return pack_has(packed_of(s, id), fact);
}
