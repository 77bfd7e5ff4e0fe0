#include "field.h"

#include <string.h>

#include "called.h"

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
	if (specific && weight > c[i].specific)
		c[i].specific = weight;
	/* who says it best: the image, then whoever names the component */
	if (!c[i].best || p->kind == PRINT_IMAGE ||
	    (c[i].best->kind != PRINT_IMAGE && p->has_component &&
		!c[i].best->has_component))
		c[i].best = p;
}

/* A container that is called as its image or the product is: whoever built the
 * image anew and whoever runs it agree. Less so if that is one of several words
 * (shop-redis-master), and not at all if that is not the product's own name
 * but one of a part of it (agent-operator), which may be anybody's. A label
 * that has the word agrees, too, if the container does. */
#define NAMED_ALIKE 0.4f
#define NAMED_AFTER 0.3f
#define SAID_SO 0.3f

/* As the product, or as an image of it: mongo, mongodb. */
static bool
is_of_product(const struct look *l, const struct box *b, struct span word)
{
	const struct catalog_link *k = called_so(l->c, KEY_BARE, word);

	return (k && k->print->product == b->print->product) ||
	    span_eq(word, look_product(l, b->print)->id);
}

/* The same of some of the words that it is made of. */
static bool
has_word_so(const struct look *l, const struct box *b, struct span text)
{
	size_t n = b->image.part[b->image.n - 1].n;

	while (text.n) {
		const char *dash = memchr(text.p, '-', text.n);
		size_t word = dash ? (size_t)(dash - text.p) : text.n;

		if (is_of_product(l, b, (struct span){text.p, word}) ||
		    (text.n > n && text.p[n] == '-' &&
			is_of_product(l, b, (struct span){text.p, n})))
			return true;
		if (!dash)
			break;
		text = span_after(text, word + 1);
		if (is_of_product(l, b, text))
			return true;
	}
	return false;
}

static float
worth_of_agreement(const struct look *l, const struct box *b)
{
	struct span name = span_of(b->name);

	if (!called_after(l->c, b->image.part[b->image.n - 1],
		b->print->product))
		return 0;
	if (is_of_product(l, b, name) ||
	    is_of_product(l, b, called_less_part(name)))
		return NAMED_ALIKE;
	return has_word_so(l, b, name) ? NAMED_AFTER : 0;
}

/* A container that is called as the product is, with an image of which only
 * one word says so (kibana: elk-kibana). */
#define NAMED_AS_WORD 0.6f

/* fluentbit is fluent-bit. */
static bool
same_but_dashes(const char *a, const char *b)
{
	do {
		a += strspn(a, "-");
		b += strspn(b, "-");
		if (*a != *b++)
			return false;
	} while (*a++);
	return true;
}

static float
worth_of_word(const struct look *l, const struct box *b)
{
	const char *last = strrchr(b->print->text, '/');

	return same_but_dashes(b->name, look_product(l, b->print)->id) ||
		(last && strcmp(b->name, last + 1) == 0) ?
	    NAMED_AS_WORD :
	    0;
}

static struct candidate *
find(struct field *f, uint32_t product)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->c[i].product == product)
			return &f->c[i];
	return NULL;
}

static void
weigh_name(struct field *f, const struct print *p, float weight)
{
	struct candidate *c = find(f, p->product);

	if (c)
		evidence_add(&c->sum, PRINT_NAME, weight);
}

/* Where no image tells, the container's name has to stand for it. */
#define OPAQUE_NAME 0.65f

static void
weigh_opaque(struct field *f, const struct print *p)
{
	struct print name = *p;

	name.kind = PRINT_NAME;
	weigh(f, &name, OPAQUE_NAME, true);
	for (unsigned i = 0; i < f->n; i++)
		if (f->c[i].best == &name)
			f->c[i].best = p;
}

static void
weigh_container(const struct look *l, const struct box *b, struct field *f)
{
	struct facts_iter it = {b->words, b->end};
	const struct catalog_link *k;
	struct span text;
	enum fact fact;

	if (b->how == KNOWN_NAME && b->print) {
		weigh(f, b->print, b->weight, true);
		if (b->weight > KNOWN_COMMON)
			weigh_name(f, b->print, worth_of_agreement(l, b));
		if (b->weight <= KNOWN_WORD)
			weigh_name(f, b->print, worth_of_word(l, b));
	}
	if (known_is_opaque(l->c, &b->image)) {
		k = known_by_name(l->c, span_of(b->name));
		if (k)
			weigh_opaque(f, k->print);
	}
	k = catalog_find(l->c, KEY_NAME, span_of(b->name));
	for (; k; k = catalog_next(l->c, k))
		weigh(f, k->print, k->print->weight, true);
	while (facts_next(&it, &fact, &text)) {
		if (fact != FACT_COMMAND && fact != FACT_ARG &&
		    fact != FACT_ENV)
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
			weigh(f, p, l->hit[i].weight, false);
	}
}

static void
weigh_said(const struct look *l, const struct box *b, struct field *f)
{
	struct candidate *c;

	if (b->how != KNOWN_NAME || !b->print || b->weight <= KNOWN_COMMON ||
	    !is_of_product(l, b, b->image.part[b->image.n - 1]) ||
	    worth_of_agreement(l, b) < NAMED_ALIKE)
		return;
	c = find(f, b->print->product);
	for (unsigned i = 0; c && i < l->n_said; i++)
		if (has_word_so(l, b, l->said[i]))
			evidence_add(&c->sum, PRINT_LABEL, SAID_SO);
}

/* A name that says nothing by itself (controller) and that an image of the
 * product has, too. */
#define CALLED_ALIKE 0.35f

static void
weigh_generic(const struct look *l, const struct box *b, struct field *f)
{
	const struct catalog_link *k;

	if (b->how != KNOWN_NOT || !b->image.n || l->is_job)
		return;
	k = catalog_find(l->c, KEY_GENERIC, b->image.part[b->image.n - 1]);
	for (; k; k = catalog_next(l->c, k)) {
		struct candidate *c = find(f, k->print->product);

		if (c && c->specific > 0 && c->sum.best[GROUP_IMAGE] == 0)
			weigh(f, k->print, CALLED_ALIKE, false);
	}
}

/* Ports nominate nobody: they choose between those that something else points
 * to. Number and name of one port depend on each other and count once. */
static void
weigh_ports(const struct look *l, const struct box *b, struct field *f)
{
	struct facts_iter it = {b->words, b->end};
	unsigned port = 0;
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text)) {
		const struct catalog_link *k;

		if (fact != FACT_PORT && fact != FACT_PORT_NAME)
			continue;
		port += fact == FACT_PORT;
		k = catalog_find(l->c, (enum catalog_key)fact, text);
		for (; k; k = catalog_next(l->c, k)) {
			struct candidate *c = find(f, k->print->product);

			if (!c || c->port == port)
				continue;
			c->port = port;
			c->ports++;
		}
	}
}

bool
field_is_open(struct field *f, const struct look *l, const struct box *b)
{
	f->n = 0;
	weigh_container(l, b, f);
	return f->n > 0;
}

void
field_weigh(struct field *f, const struct look *l, const struct box *b)
{
	if (field_is_open(f, l, b)) {
		weigh_hits(l, f);
		weigh_said(l, b, f);
		weigh_generic(l, b, f);
	}
	weigh_ports(l, b, f);
}

/* Where two are about as likely, the image decides, and then the ports. */
static int
compare(const struct candidate *a, const struct candidate *b)
{
	float x = evidence_confidence(&a->sum),
	      y = evidence_confidence(&b->sum);
	bool image = a->sum.best[GROUP_IMAGE] > 0;

	if (x - y >= 0.05f || y - x >= 0.05f)
		return x > y ? 1 : -1;
	if (image != (b->sum.best[GROUP_IMAGE] > 0))
		return image ? 1 : -1;
	return a->ports > b->ports ? 1 : a->ports < b->ports ? -1 : 0;
}

static bool
is_enough(const struct candidate *c)
{
	return c->specific > 0 &&
	    evidence_confidence(&c->sum) >= EVIDENCE_CLAIM - 0.0001f;
}

const struct candidate *
field_winner(const struct field *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		bool wins = is_enough(&f->c[i]);

		for (unsigned k = 0; wins && k < f->n; k++)
			wins = k == i || !is_enough(&f->c[k]) ||
			    compare(&f->c[i], &f->c[k]) > 0;
		if (wins)
			return &f->c[i];
	}
	return NULL;
}

void
field_explain(const struct field *f, const struct look *l)
{
	for (unsigned i = 0; l->why && !f->n && i < l->n_hits; i++)
		if (l->hit[i].print->kind != PRINT_PART_OF) {
			look_why(l,
			    "    %s points to %s, but what is said of a pod "
			    "tells nothing that its containers do not show",
			    l->hit[i].value,
			    look_product(l, l->hit[i].print)->id);
			break;
		}
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
