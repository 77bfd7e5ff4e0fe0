#include "match.h"

#include <string.h>

#include "field.h"
#include "part.h"
#include "version.h"

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

static struct verdict *
add_verdict(struct look *l, const struct box *b, const struct print *p)
{
	struct match *m = l->m;
	const char *component = print_component(look_product(l, p), p);
	enum role role = part_role(l, b, p);
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
	    .role = (uint8_t)role};
	v->makes = p->makes && !l->is_job && v->role != ROLE_SIDECAR &&
	    !(v->role == ROLE_CLIENT && p->role != ROLE_CLIENT) &&
	    !(v->role == ROLE_DATA_PLANE && part_is_beside(l, b));
	return v;
}

/* Some write what they write into tags: stable-2.14.10. */
static struct span
version_of_text(const struct product *p, struct span text)
{
	struct span version = version_by_rule("plain", text);

	for (const char *const *rule = p->tags; !version.n && *rule; rule++)
		if (strcmp(*rule, "whole") != 0)
			version = version_by_rule(*rule, text);
	return version;
}

/* What a flag says: a version, or the image of a part of the product. */
static void
take_value(const struct look *l, struct verdict *v, struct span value)
{
	struct image image;

	if (value.n && memchr(value.p, '/', value.n))
		value =
		    image_parse(value, &image) ? image.tag : (struct span){0};
	v->stated =
	    version_of_text(&l->c->signatures->product[v->product], value);
}

static void
add_words(struct look *l, unsigned verdict, const struct box *b)
{
	const struct print *teller = NULL;
	struct facts_iter it = {b->words, b->end};
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text)) {
		const struct catalog_link *k = NULL;

		if (fact == FACT_VALUE && teller)
			take_value(l, &l->m->verdict[verdict], text);
		teller = NULL;
		if (fact == FACT_ARG || fact == FACT_COMMAND ||
		    fact == FACT_ENV ||
		    (!look_knows(b) &&
			(fact == FACT_PORT || fact == FACT_PORT_NAME)))
			k = catalog_find(l->c, (enum catalog_key)fact, text);
		for (; k; k = catalog_next(l->c, k))
			if (k->print->product ==
			    l->m->verdict[verdict].product) {
				add_evidence(l, verdict, k->print, b->name,
				    text.p, k->print->weight);
				if (k->print->tells)
					teller = k->print;
			}
	}
}

/* Its container's name. */
static void
add_name(struct look *l, unsigned verdict, const struct box *b)
{
	const struct catalog_link *k =
	    catalog_find(l->c, KEY_NAME, span_of(b->name));

	for (; k; k = catalog_next(l->c, k))
		if (k->print->product == l->m->verdict[verdict].product)
			add_evidence(l, verdict, k->print, b->name, b->name,
			    k->print->weight);
}

/* helm.sh/chart of one that is numbered as its product is. A chart that was
 * made from it has two numbers, 104.1.2_up57.0.3, and neither is. */
static void
take_chart(const struct look *l, struct verdict *v, const struct hit *h)
{
	const char *number = strchr(h->value, '=') + strlen(h->print->text) + 1;

	if (!v->stated.n && *number == '-' && !strchr(number, '_'))
		v->stated =
		    version_of_text(&l->c->signatures->product[v->product],
			span_of(number + 1));
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
		add_evidence(l, verdict, p, NULL, l->hit[i].value,
		    l->hit[i].weight);
		any = true;
		if (p->tells && p->kind == PRINT_CHART)
			take_chart(l, &l->m->verdict[verdict], &l->hit[i]);
	}
	return any;
}

/* Into v; a tag such as latest or 7 is kept aside. Packagers write the number
 * first, or leave the tag as its maker has it; who rebuilds it puts a mark of
 * their own behind (1.2.3-so13). */
static void
version_by_tags(const struct box *b, const struct print *p, struct verdict *v)
{
	const char *const *rule = p->tags;

	if (b->how == KNOWN_RETAGGED ||
	    (b->how == KNOWN_PACKAGED && *rule && strcmp(*rule, "none") == 0))
		return;
	if (b->how == KNOWN_PACKAGED)
		v->version = version_by_rule("flavor", b->image.tag);
	for (; !v->version.n && *rule; rule++) {
		if (strcmp(*rule, "none") == 0)
			return;
		v->version = version_by_rule(b->how == KNOWN_NAME &&
			    strcmp(*rule, "plain") == 0 ?
			"flavor" :
			*rule,
		    b->image.tag);
	}
	if (!v->version.n)
		v->tag = b->image.tag;
	/* neither tag nor digest: the registry reads latest */
	if (!b->image.tag.n && !b->image.digest.n && b->image.n > 1)
		v->tag = span_of("latest");
}

/* What the tag says, or else what a running instance has said. */
static void
set_version(const struct look *l, struct verdict *v, const struct box *b,
    const struct print *p)
{
	const struct answer *told;

	v->digest = b->image.digest;
	version_by_tags(b, p, v);
	if (v->version.n)
		return;
	told = answers_find(l->c->answers, look_product(l, p)->id, v->digest);
	if (!told || !told->version)
		return;
	v->version = span_of(told->version);
	v->told = true;
}

static void
known_verdict(struct look *l, const struct box *b)
{
	unsigned n = l->m->n_verdicts;
	struct verdict *v = add_verdict(l, b, b->print);

	if (!v)
		return;
	set_version(l, v, b, b->print);
	add_evidence(l, n, b->print, b->name, b->image_text.p, b->weight);
	add_name(l, n, b);
	add_words(l, n, b);
	add_hits_of(l, n);
}

static void
unknown_verdict(struct look *l, const struct box *b)
{
	struct field f;
	const struct candidate *c;
	unsigned n = l->m->n_verdicts;
	struct verdict *v;

	field_weigh(&f, l, b);
	field_explain(&f, l);
	if (!(c = field_winner(&f)))
		return;
	/* the labels of a Job are those of what it does something for */
	if (l->is_job && c->sum.best[GROUP_IMAGE] == 0)
		return;
	if (!(v = add_verdict(l, b, c->best)))
		return;
	set_version(l, v, b, c->best);
	if (b->how == KNOWN_NAME && b->print && b->print->product == c->product)
		add_evidence(l, n, b->print, b->name, b->image_text.p,
		    b->weight);
	else if (b->how == KNOWN_NOT && c->best->kind == PRINT_IMAGE &&
	    c->sum.best[GROUP_IMAGE] > 0)
		add_evidence(l, n, c->best, b->name, b->image_text.p,
		    c->sum.best[GROUP_IMAGE]);
	add_name(l, n, b);
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
is_named(const struct look *l, uint32_t product)
{
	for (unsigned i = 0; i < l->n_hits; i++)
		if (l->hit[i].print->product == product &&
		    hit_names_product(&l->hit[i]))
			return true;
	return false;
}

static bool
is_stranger(const struct look *l, const struct box *b)
{
	if (look_knows(b) || b->how == KNOWN_HELPER)
		return false;
	for (unsigned i = 0; i < l->m->n_evidence; i++)
		if (l->m->evidence[i].container == b->name)
			return false;
	return true;
}

/* The label speaks for the version of what it names, or of the only product
 * that there is, and nothing else. A chart puts it on all its objects. */
static bool
label_may_speak(const struct look *l, const struct verdict *v)
{
	bool other_named = false;
	unsigned others = 0;

	for (unsigned i = 0; i < l->n_hits; i++)
		if (hit_names_product(&l->hit[i]) &&
		    l->hit[i].print->product != v->product)
			other_named = true;
	for (unsigned i = 0; i < l->m->n_verdicts; i++)
		others += l->m->verdict[i].product != v->product &&
		    l->m->verdict[i].makes;
	for (unsigned i = 0; i < l->n_boxes; i++)
		others += is_stranger(l, &l->box[i]);
	return is_named(l, v->product) || (!other_named && !others);
}

/* 104.1.2_up57.0.3: a chart's release of somebody's, and of the chart that it
 * is made from. */
static bool
is_of_chart(struct span label)
{
	for (size_t i = 0; i + 3 < label.n; i++)
		if (memcmp(label.p + i, "_up", 3) == 0 &&
		    label.p[i + 3] >= '0' && label.p[i + 3] <= '9')
			return true;
	return false;
}

static struct span
version_of_label(const struct look *l, const struct verdict *v)
{
	const struct product *p = &l->c->signatures->product[v->product];

	if (!p->version_label || is_of_chart(l->version_label) ||
	    v->role == ROLE_HELPER || v->role == ROLE_SIDECAR ||
	    !label_may_speak(l, v))
		return (struct span){0};
	return version_of_text(p, l->version_label);
}

/* The label says which latest was meant when the chart was made, not which
 * runs. Of 7 or 16-alpine it may say the rest. */
static bool
contradicts(struct span tag, struct span version)
{
	size_t n;

	if (tag.n && *tag.p == 'v') {
		tag.p++;
		tag.n--;
	}
	for (n = 0; n < tag.n && tag.p[n] >= '0' && tag.p[n] <= '9';)
		n++;
	return tag.n &&
	    (!n || version.n <= n || version.p[n] != '.' ||
		memcmp(version.p, tag.p, n) != 0);
}

/* What the tag did not tell: by the label, or else by a flag or chart. */
static void
add_other_versions(struct look *l)
{
	for (unsigned i = 0; i < l->m->n_verdicts; i++) {
		struct verdict *v = &l->m->verdict[i];
		struct span version = version_of_label(l, v);

		if (version.n &&
		    l->c->signatures->product[v->product].version_is_label)
			v->release = version;
		if (!version.n)
			version = v->stated;
		if (!v->version.n && (v->makes || l->is_job) &&
		    !contradicts(v->tag, version))
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

		if (h->print->kind != PRINT_LABEL || !hit_names_product(h))
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

	look_why(l, "  container %s: %.*s", b->name, (int)b->image_text.n,
	    b->image_text.n ? b->image_text.p : "");
	if (b->how == KNOWN_HELPER)
		look_why(l, "    is a helper, and nobody's product");
	else if (!b->image_text.n)
		look_why(l, "    has no image that can be read");
	else if (look_knows(b))
		look_why(l, "    is known as %s (%s): %s:%u, %s",
		    look_product(l, p)->id, role_name((enum role)p->role),
		    look_product(l, p)->file, p->line, p->text);
	else if (p)
		look_why(l,
		    "    only its last part is known, from %s (%s:%u): "
		    "worth %.2f",
		    look_product(l, p)->id, look_product(l, p)->file, p->line,
		    (double)b->weight);
	else
		look_why(l, "    no signature knows this image");
}

/* Whether any container points to a product. Most do not, and then all else
 * need not be looked at. */
static bool
is_open(const struct look *l)
{
	struct field f;

	for (unsigned i = 0; i < l->n_boxes; i++)
		if (look_knows(&l->box[i]) ||
		    (l->box[i].how != KNOWN_HELPER &&
			field_is_open(&f, l, &l->box[i])))
			return true;
	return false;
}

static void
match_with(const struct catalog *c, struct span facts, struct match *m,
    struct json *out)
{
	struct facts_iter it = {facts.p, facts.p + facts.n};
	struct look l;

	look_init(&l, c, m, out);
	m->n_verdicts = m->n_evidence = 0;
	look_containers(&l, &it);
	m->is_open = is_open(&l);
	if (!m->is_open && !out)
		return;
	look_pod(&l, &it);
	for (unsigned i = 0; i < l.n_boxes; i++) {
		explain_box(&l, &l.box[i]);
		if (look_knows(&l.box[i]))
			known_verdict(&l, &l.box[i]);
		else if (l.box[i].how != KNOWN_HELPER)
			unknown_verdict(&l, &l.box[i]);
	}
	add_parts(&l);
	add_other_versions(&l);
	sort_verdicts(m);
	add_conflicts(&l);
	if (l.is_job)
		look_why(&l,
		    "  it runs to its end, so it makes no product run");
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
