#include "field.h"

static void
weigh(struct field *f, const struct print *p, float weight, bool specific)
{
	struct candidate *c = f->c;
	unsigned i = 0;

	while (i < f->n && c[i].product != p->product)
		i++;
	if (i == FIELD_CANDIDATES)
		return;
	if (i == f->n)
		c[f->n++] = (struct candidate){.product = p->product};
	evidence_add(&c[i].sum, (enum print_kind)p->kind, weight);
	if (p->kind == PRINT_PORT)
		c[i].ports++;
	else if (specific && weight > c[i].specific)
		c[i].specific = weight;
	/* who says it best: the image, then whoever names the component */
	if (!c[i].best || p->kind == PRINT_IMAGE ||
	    (c[i].best->kind != PRINT_IMAGE && p->has_component &&
		!c[i].best->has_component))
		c[i].best = p;
}

static void
weigh_container(const struct look *l, const struct box *b, struct field *f)
{
	struct facts_iter it = {b->words, b->end};
	const struct catalog_link *k;
	struct span text;
	enum fact fact;

	if (b->how == MATCH_NAME && b->print)
		weigh(f, b->print, b->weight, true);
	k = catalog_find(l->c, KEY_NAME, span_of(b->name));
	for (; k; k = catalog_next(l->c, k))
		weigh(f, k->print, k->print->weight, true);
	while (facts_next(&it, &fact, &text)) {
		if (fact == FACT_IMAGE || fact == FACT_CONTAINER)
			continue;
		k = catalog_find(l->c, (enum catalog_key)fact, text);
		for (; k; k = catalog_next(l->c, k))
			weigh(f, k->print, k->print->weight, true);
	}
}

/* Labels speak for this container only if no other container of the pod is
 * what they name. */
static void
weigh_hits(const struct look *l, struct field *f)
{
	for (unsigned i = 0; i < l->n_hits; i++) {
		const struct print *p = l->hit[i].print;
		bool taken = false;

		for (unsigned k = 0; k < l->n_boxes; k++)
			if (look_knows(&l->box[k]) &&
			    l->box[k].print->product == p->product)
				taken = true;
		if (!taken && p->kind != PRINT_PART_OF)
			weigh(f, p, p->weight, false);
	}
}

void
field_weigh(struct field *f, const struct look *l, const struct box *b)
{
	f->n = 0;
	weigh_container(l, b, f);
	if (f->n)
		weigh_hits(l, f);
}

const struct candidate *
field_winner(const struct field *f)
{
	const struct candidate *best = NULL;
	float most = EVIDENCE_CLAIM;
	bool tie = false;

	for (unsigned i = 0; i < f->n; i++) {
		const struct candidate *c = &f->c[i];
		float sure = evidence_confidence(&c->sum);

		if (c->specific == 0 || sure < most - 0.0001f)
			continue;
		if (best && sure < most + 0.05f && c->ports == best->ports) {
			tie = true;
			continue;
		}
		if (best && sure < most + 0.05f && c->ports < best->ports)
			continue;
		best = c;
		most = sure;
		tie = false;
	}
	return tie ? NULL : best;
}

void
field_explain(const struct field *f, const struct look *l)
{
	for (unsigned i = 0; l->why && i < f->n; i++) {
		const struct candidate *c = &f->c[i];
		float sure = evidence_confidence(&c->sum);

		look_why(l, "    it %s %s: %.2f together, %.2f are needed%s",
		    sure < EVIDENCE_CLAIM ? "might be" : "may be called",
		    l->c->signatures->product[c->product].id, (double)sure,
		    (double)EVIDENCE_CLAIM,
		    sure < EVIDENCE_CLAIM ?
			"; a known image, or more of its command line or labels, "
			"would raise it" :
			"");
	}
}
