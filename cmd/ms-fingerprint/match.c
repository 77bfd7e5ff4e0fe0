#include "match.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "version.h"

#define MAX_HITS 64
#define MAX_CANDIDATES 16

/* A container, and what its image says. */
struct box {
	const char *name;
	struct span image_text;
	struct image image;
	const char *words, *end; /* its facts */
	enum catalog_match how;
	const struct catalog_link *first;
	const struct print *print;
	float weight;
};

/* A print that something of the whole pod matches. */
struct hit {
	const struct print *print;
	const char *value;
};

/* What is seen while one object is looked at. */
struct look {
	const struct catalog *c;
	struct match *m;
	struct box box[MATCH_CONTAINERS];
	unsigned n_boxes;
	struct hit hit[MAX_HITS];
	unsigned n_hits;
	struct span version_label;
	bool is_job;
	struct json *why; /* lines for a person, or NULL */
};

__attribute__((format(printf, 2, 3))) static void
why(const struct look *l, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!l->why)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	json_puts(l->why, line);
	json_puts(l->why, "\n");
}

/* ---- what there is ---- */

static void
add_hits(struct look *l, enum catalog_key key, struct span text,
    const char *value)
{
	const struct catalog_link *k = catalog_find(l->c, key, text);

	for (; k && l->n_hits < MAX_HITS; k = catalog_next(l->c, k))
		l->hit[l->n_hits++] = (struct hit){k->print, value};
}

/* "NAME-1.2.3" of helm.sh/chart, less its version. */
static struct span
chart_name(struct span chart)
{
	for (size_t i = 0; i + 1 < chart.n; i++)
		if (chart.p[i] == '-' &&
		    (chart.p[i + 1] == 'v' ?
			    i + 2 < chart.n && chart.p[i + 2] >= '0' &&
				chart.p[i + 2] <= '9' :
			    chart.p[i + 1] >= '0' && chart.p[i + 1] <= '9'))
			return (struct span){chart.p, i};
	return chart;
}

static bool
starts_with(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* Of the pod's label for the version and the workload's the pod's counts: it
 * comes first. */
static void
see_label(struct look *l, struct span pair)
{
	static const char version[] = "app.kubernetes.io/version=";
	static const char chart[] = "helm.sh/chart=";
	const char *equals = memchr(pair.p, '=', pair.n);

	if (starts_with(pair, version) && !l->version_label.n)
		l->version_label = (struct span){pair.p + sizeof(version) - 1,
		    pair.n - (sizeof(version) - 1)};
	if (starts_with(pair, chart)) {
		struct span name = {pair.p + sizeof(chart) - 1,
		    pair.n - (sizeof(chart) - 1)};

		add_hits(l, KEY_CHART, chart_name(name), pair.p);
	}
	add_hits(l, KEY_LABEL, pair, pair.p);
	add_hits(l, KEY_PART_OF, pair, pair.p);
	if (equals)
		add_hits(l, KEY_LABEL,
		    (struct span){pair.p, (size_t)(equals - pair.p)}, pair.p);
}

static void
see_image(struct look *l, struct box *b, struct span text)
{
	if (b->image_text.n || !image_parse(text, &b->image))
		return;
	b->image_text = text;
	b->how = catalog_image(l->c, &b->image, &b->first, &b->weight);
}

static void
see(struct look *l, enum fact fact, struct span text)
{
	struct box *b = l->n_boxes ? &l->box[l->n_boxes - 1] : NULL;

	switch (fact) {
	case FACT_JOB:
		l->is_job = true;
		break;
	case FACT_CONTAINER:
		if (l->n_boxes == MATCH_CONTAINERS)
			break;
		b = &l->box[l->n_boxes++];
		*b = (struct box){.name = text.p, .words = text.p + text.n + 1};
		break;
	case FACT_IMAGE:
		see_image(l, b, text);
		break;
	case FACT_LABEL:
	case FACT_OWN_LABEL:
		see_label(l, text);
		break;
	case FACT_ANNOTATION:
		add_hits(l, KEY_ANNOTATION, text, text.p);
		break;
	default:
		break;
	}
	if (b)
		b->end = text.p + text.n + 1;
}

static bool
has_word(const struct box *b, const char *word)
{
	struct facts_iter it = {b->words, b->end};
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text))
		if ((fact == FACT_ARG || fact == FACT_COMMAND) &&
		    span_eq(text, word))
			return true;
	return false;
}

/* Of the prints of one image: the one whose word is there, else the first
 * that asks for none. */
static const struct print *
choose_print(const struct look *l, const struct box *b)
{
	const struct print *fallback = NULL;

	for (const struct catalog_link *k = b->first; k;
	     k = catalog_next(l->c, k)) {
		const struct print *p = k->print;

		if (p->product != b->first->print->product)
			continue;
		if (!p->with && !fallback)
			fallback = p;
		if (p->with && has_word(b, p->with))
			return p;
	}
	return fallback;
}

static bool
is_known(const struct box *b)
{
	return b->how >= MATCH_COPY && b->how <= MATCH_REPO && b->print;
}

/* ---- verdicts ---- */

static const struct product *
product_of(const struct look *l, const struct print *p)
{
	return &l->c->signatures->product[p->product];
}

static void
add_evidence(struct look *l, unsigned verdict, const struct print *p,
    const char *container, const char *value, float weight)
{
	struct match *m = l->m;

	if (weight > 0)
		evidence_add(&m->verdict[verdict].sum, (enum print_kind)p->kind,
		    weight);
	if (m->n_evidence < MATCH_EVIDENCE)
		m->evidence[m->n_evidence++] = (struct evidence){p, container,
		    value, weight, (uint8_t)verdict};
}

/* What a part of a pod is called when its signature does not say: the last
 * part of its repository, or the product. */
static const char *
component_of(const struct look *l, const struct print *p)
{
	const char *slash = strrchr(p->text, '/');

	if (p->component)
		return p->component;
	if (p->kind == PRINT_IMAGE && slash)
		return slash + 1;
	return product_of(l, p)->id;
}

/* Data planes and proxies that are put beside an application make no product
 * of it; standing alone (a gateway, a node's proxy) they do. */
static bool
is_beside(const struct look *l, const struct box *b)
{
	for (unsigned i = 0; i < l->n_boxes; i++) {
		const struct box *o = &l->box[i];

		if (o == b || o->how == MATCH_HELPER ||
		    (is_known(o) &&
			(o->print->role == ROLE_SIDECAR ||
			    (b->print &&
				o->print->product == b->print->product))))
			continue;
		return true;
	}
	return false;
}

/* A Job is the product's own if its labels say so, else it only uses the
 * product's image, as a client of it. */
static enum role
role_here(const struct look *l, const struct print *p)
{
	enum role role = (enum role)p->role;

	if (!l->is_job || role == ROLE_JOB || role == ROLE_TEST ||
	    role == ROLE_HELPER)
		return role;
	for (unsigned i = 0; i < l->n_hits; i++)
		if (l->hit[i].print->product == p->product)
			return ROLE_JOB;
	return role == ROLE_INIT ? ROLE_JOB : ROLE_CLIENT;
}

static struct verdict *
add_verdict(struct look *l, const struct box *b, const struct print *p)
{
	struct match *m = l->m;
	const char *component = component_of(l, p);
	struct verdict *v;

	for (unsigned i = 0; i < m->n_verdicts; i++) {
		v = &m->verdict[i];
		if (v->product == p->product &&
		    strcmp(v->component, component) == 0)
			return NULL;
	}
	if (m->n_verdicts == MATCH_VERDICTS)
		return NULL;
	v = &m->verdict[m->n_verdicts++];
	*v = (struct verdict){.product = p->product,
	    .component = component,
	    .role = (uint8_t)role_here(l, p)};
	v->makes = p->makes && !l->is_job && v->role != ROLE_SIDECAR &&
	    !(v->role == ROLE_DATA_PLANE && is_beside(l, b));
	return v;
}

static void
add_words(struct look *l, unsigned verdict, const struct box *b)
{
	struct facts_iter it = {b->words, b->end};
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text)) {
		const struct catalog_link *k = NULL;

		if (fact == FACT_ARG || fact == FACT_COMMAND ||
		    fact == FACT_ENV)
			k = catalog_find(l->c, (enum catalog_key)fact, text);
		for (; k; k = catalog_next(l->c, k))
			if (k->print->product == l->m->verdict[verdict].product)
				add_evidence(l, verdict, k->print, b->name,
				    text.p, k->print->weight);
	}
}

/* Labels and the like that speak for the same product. */
static bool
add_hits_of(struct look *l, unsigned verdict)
{
	bool any = false;

	for (unsigned i = 0; i < l->n_hits; i++) {
		const struct print *p = l->hit[i].print;

		if (p->product != l->m->verdict[verdict].product)
			continue;
		add_evidence(l, verdict, p, NULL, l->hit[i].value, p->weight);
		any = true;
	}
	return any;
}

static struct span
version_by_tags(const struct box *b, const struct print *p)
{
	static const char *const packaged[] = {"flavor", NULL};
	const char *const *rule = b->how == MATCH_PACKAGED ? packaged : p->tags;
	struct span version = {0};

	if (b->how == MATCH_PACKAGED && p->tags[0] &&
	    strcmp(p->tags[0], "none") == 0)
		return version;
	for (; !version.n && *rule; rule++) {
		version = version_by_rule(*rule, b->image.tag);
		if (strcmp(*rule, "none") == 0)
			break;
	}
	return version;
}

static void
known_verdict(struct look *l, const struct box *b)
{
	unsigned n = l->m->n_verdicts;
	struct verdict *v = add_verdict(l, b, b->print);

	if (!v)
		return;
	v->version = version_by_tags(b, b->print);
	add_evidence(l, n, b->print, b->name, b->image_text.p, b->weight);
	add_words(l, n, b);
	add_hits_of(l, n);
}

/* ---- where the image is not known ---- */

struct candidate {
	struct evidence_sum sum;
	const struct print *best; /* says component and role */
	uint32_t product;
	float specific; /* of the container itself */
	unsigned ports;
};

struct field {
	struct candidate c[MAX_CANDIDATES];
	unsigned n;
};

static void
weigh(struct field *f, const struct print *p, float weight, bool specific)
{
	struct candidate *c = f->c;
	unsigned i = 0;

	while (i < f->n && c[i].product != p->product)
		i++;
	if (i == MAX_CANDIDATES)
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
			if (is_known(&l->box[k]) &&
			    l->box[k].print->product == p->product)
				taken = true;
		if (!taken && p->kind != PRINT_PART_OF)
			weigh(f, p, p->weight, false);
	}
}

static const struct candidate *
winner(const struct field *f)
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

static void
explain_field(const struct look *l, const struct field *f)
{
	for (unsigned i = 0; l->why && i < f->n; i++) {
		const struct candidate *c = &f->c[i];
		float sure = evidence_confidence(&c->sum);

		why(l, "    it %s %s: %.2f together, %.2f are needed%s",
		    sure < EVIDENCE_CLAIM ? "might be" : "may be called",
		    l->c->signatures->product[c->product].id, (double)sure,
		    (double)EVIDENCE_CLAIM,
		    sure < EVIDENCE_CLAIM ?
			"; a known image, or more of its command line or labels, "
			"would raise it" :
			"");
	}
}

static void
unknown_verdict(struct look *l, const struct box *b)
{
	struct field f = {.n = 0};
	const struct candidate *c;
	unsigned n = l->m->n_verdicts;
	struct verdict *v;

	weigh_container(l, b, &f);
	if (f.n)
		weigh_hits(l, &f);
	explain_field(l, &f);
	if (!(c = winner(&f)) || !(v = add_verdict(l, b, c->best)))
		return;
	v->version = version_by_tags(b, c->best);
	if (b->how == MATCH_NAME && b->print && b->print->product == c->product)
		add_evidence(l, n, b->print, b->name, b->image_text.p,
		    b->weight);
	add_words(l, n, b);
	add_hits_of(l, n);
	v->sum = c->sum;
}

/* ---- what concerns all verdicts ---- */

/* A part of a product that is another product (the Redis of Argo CD): by its
 * label it belongs to the former, by its image it is the latter. */
static void
add_parts(struct look *l)
{
	unsigned n = l->m->n_verdicts;

	if (!n || l->is_job)
		return;
	for (unsigned i = 0; i < l->n_hits; i++) {
		const struct print *p = l->hit[i].print;
		bool is_verdict = false;

		if (p->kind != PRINT_PART_OF)
			continue;
		for (unsigned k = 0; k < l->m->n_verdicts; k++)
			if (l->m->verdict[k].product == p->product)
				is_verdict = true;
		if (is_verdict || l->m->n_verdicts == MATCH_VERDICTS)
			continue;
		l->m->verdict[l->m->n_verdicts++] =
		    (struct verdict){.product = p->product,
			.role = ROLE_HELPER,
			.component = l->m->verdict[0].component};
		add_evidence(l, l->m->n_verdicts - 1, p, NULL, l->hit[i].value,
		    EVIDENCE_CLAIM);
	}
}

static bool
names_product(const struct hit *h)
{
	return h->print->kind == PRINT_CHART ||
	    (h->print->kind == PRINT_LABEL &&
		starts_with(span_of(h->value), "app.kubernetes.io/name="));
}

static bool
is_named(const struct look *l, uint32_t product)
{
	for (unsigned i = 0; i < l->n_hits; i++)
		if (l->hit[i].print->product == product &&
		    names_product(&l->hit[i]))
			return true;
	return false;
}

/* The label speaks for the version of what it names, or of the only product
 * that there is. A chart puts it on all its objects. */
static bool
label_may_speak(const struct look *l, const struct verdict *v)
{
	bool other_named = false;
	unsigned others = 0;

	for (unsigned i = 0; i < l->n_hits; i++)
		if (names_product(&l->hit[i]) &&
		    l->hit[i].print->product != v->product)
			other_named = true;
	for (unsigned i = 0; i < l->m->n_verdicts; i++)
		others += l->m->verdict[i].product != v->product &&
		    l->m->verdict[i].makes;
	return is_named(l, v->product) || (!other_named && !others);
}

static void
add_label_versions(struct look *l)
{
	struct span version = version_by_rule("plain", l->version_label);

	if (!version.n)
		return;
	for (unsigned i = 0; i < l->m->n_verdicts; i++) {
		struct verdict *v = &l->m->verdict[i];
		const struct product *p =
		    &l->c->signatures->product[v->product];

		if (!p->version_label || v->role == ROLE_HELPER ||
		    v->role == ROLE_SIDECAR || !label_may_speak(l, v))
			continue;
		if (p->version_is_label)
			v->release = version;
		if (!v->version.n && (v->makes || l->is_job))
			v->version = version;
	}
}

/* app.kubernetes.io/name says one product, the image another: the image is
 * right, and a little less certain. */
static void
add_conflicts(struct look *l)
{
	for (unsigned i = 0; i < l->n_hits; i++) {
		const struct hit *h = &l->hit[i];
		bool known = false;

		if (h->print->kind != PRINT_LABEL || !names_product(h))
			continue;
		for (unsigned k = 0; k < l->n_hits; k++)
			for (unsigned v = 0; v < l->m->n_verdicts; v++)
				if (l->hit[k].value == h->value &&
				    l->hit[k].print->product ==
					l->m->verdict[v].product)
					known = true;
		if (known || !l->m->n_verdicts || !l->m->verdict[0].makes)
			continue;
		l->m->verdict[0].sum.conflict = true;
		add_evidence(l, 0, h->print, NULL, h->value, 0);
	}
}

/* Who makes the product run stands first, and speaks for the object. */
static void
sort_verdicts(struct match *m)
{
	for (unsigned i = 1; i < m->n_verdicts; i++)
		for (unsigned k = i; k > 0; k--) {
			struct verdict *a = &m->verdict[k - 1], *b = a + 1;
			struct verdict v = *a;

			if (a->makes > b->makes ||
			    (a->makes == b->makes && a->role <= b->role))
				break;
			*a = *b;
			*b = v;
			for (unsigned e = 0; e < m->n_evidence; e++)
				if (m->evidence[e].verdict == k - 1)
					m->evidence[e].verdict = (uint8_t)k;
				else if (m->evidence[e].verdict == k)
					m->evidence[e].verdict =
					    (uint8_t)(k - 1);
		}
}

static void
explain_box(const struct look *l, const struct box *b)
{
	const struct print *p = b->print;

	why(l, "  container %s: %.*s", b->name, (int)b->image_text.n,
	    b->image_text.n ? b->image_text.p : "");
	if (b->how == MATCH_HELPER)
		why(l, "    is a helper, and nobody's product");
	else if (!b->image_text.n)
		why(l, "    has no image that can be read");
	else if (is_known(b))
		why(l, "    is known as %s (%s): %s:%u, %s",
		    product_of(l, p)->id, role_name((enum role)p->role),
		    product_of(l, p)->file, p->line, p->text);
	else if (p)
		why(l,
		    "    only its last part is known, from %s (%s:%u): "
		    "worth %.2f",
		    product_of(l, p)->id, product_of(l, p)->file, p->line,
		    (double)b->weight);
	else
		why(l, "    no signature knows this image");
}

static void
see_all(struct look *l, struct span facts)
{
	struct facts_iter it = {facts.p, facts.p + facts.n};
	struct span text;
	enum fact fact;
	unsigned boxes;

	while (facts_next(&it, &fact, &text) && fact != FACT_POD)
		see(l, fact, text);
	boxes = l->n_boxes;
	l->n_boxes = 0; /* what follows is of none of them */
	while (facts_next(&it, &fact, &text))
		see(l, fact, text);
	l->n_boxes = boxes;
}

static void
match_with(const struct catalog *c, struct span facts, struct match *m,
    struct json *out)
{
	struct look l;

	/* not all of it: this is most of what a new shape costs */
	l.c = c;
	l.m = m;
	l.why = out;
	l.n_boxes = l.n_hits = 0;
	l.version_label = (struct span){0};
	l.is_job = false;
	m->n_verdicts = m->n_evidence = 0;
	see_all(&l, facts);
	for (unsigned i = 0; i < l.n_boxes; i++)
		l.box[i].print = choose_print(&l, &l.box[i]);
	for (unsigned i = 0; i < l.n_boxes; i++) {
		explain_box(&l, &l.box[i]);
		if (is_known(&l.box[i]))
			known_verdict(&l, &l.box[i]);
		else if (l.box[i].how != MATCH_HELPER)
			unknown_verdict(&l, &l.box[i]);
	}
	add_parts(&l);
	add_label_versions(&l);
	sort_verdicts(m);
	add_conflicts(&l);
	if (l.is_job)
		why(&l, "  it runs to its end, so it makes no product run");
}

void
match_facts(const struct catalog *c, struct span facts, struct match *m)
{
	match_with(c, facts, m, NULL);
}

void
match_explain(const struct catalog *c, struct span facts, struct match *m,
    struct json *out)
{
	match_with(c, facts, m, out);
}

/* ---- writing ---- */

void
match_print(const struct product *p, const char *component, enum role role,
    struct span version, float confidence, struct json *out)
{
	char number[16];

	json_open(out, '{');
	json_member_text(out, "product", span_of(p->id));
	if (component)
		json_member_text(out, "component", span_of(component));
	json_member_text(out, "role", span_of(role_name(role)));
	if (version.n)
		json_member_text(out, "version", version);
	snprintf(number, sizeof(number), "%.2f", (double)confidence);
	json_member_span(out, "confidence", span_of(number));
	json_close(out, '}');
}

void
match_prints(const struct catalog *c, const struct match *m, struct json *out)
{
	json_open(out, '[');
	for (unsigned i = 0; i < m->n_verdicts; i++) {
		const struct verdict *v = &m->verdict[i];

		match_print(&c->signatures->product[v->product], v->component,
		    (enum role)v->role, v->version,
		    evidence_confidence(&v->sum), out);
	}
	json_close(out, ']');
}
