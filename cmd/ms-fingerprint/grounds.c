#include "grounds.h"

#include <stdio.h>
#include <string.h>

#include "api.h"
#include "component.h"
#include "named.h"
#include "thing.h"
#include "workload.h"

#define MAX_EVIDENCE 64 /* of one object; more would convince nobody */

/* A CRD or class of the product; the others would say the same. */
struct found_api {
	const struct thing *t;
	const struct print *print;
};

static const struct print *
print_of_api(const struct catalog *c, const struct thing *t, uint32_t product)
{
	const struct catalog_link *k = thing_link(c, t);

	while (k && k->print->product != product)
		k = catalog_next(c, k);
	return k ? k->print : NULL;
}

/* The one of most weight in this cluster, and of those the first by name. */
static struct found_api
find_api(const struct world *w, const struct sighting *s)
{
	struct found_api best = {NULL, NULL};

	for (uint32_t i = thing_first_other(w); i != WORLD_NONE;
	     i = w->thing[i].next) {
		const struct thing *t = &w->thing[i];
		const struct print *p;

		if (t->cluster != s->cluster)
			continue;
		p = print_of_api(w->shapes->catalog, t, s->v.product);
		if (p &&
		    (!best.t || p->weight > best.print->weight ||
			(p->weight == best.print->weight &&
			    strcmp(thing_text(t, THING_NAME),
				thing_text(best.t, THING_NAME)) < 0)))
			best = (struct found_api){t, p};
	}
	return best;
}

/* The letter before a value is that of its fact. */
static void
path_of(const struct world *w, const struct sighting *s,
    const struct evidence *e, char *out, size_t n)
{
	static const char *const of[PRINT_KINDS] = {[PRINT_IMAGE] = "image",
	    [PRINT_ARG] = "args",
	    [PRINT_COMMAND] = "command",
	    [PRINT_ENV] = "env",
	    [PRINT_NAME] = "name",
	    [PRINT_PORT] = "ports"};
	const char *template = s->is_own ? "spec.template." : "pods[*].";
	const char *field = of[e->print->kind];

	if (e->value[-1] == FACT_OWN_LABEL ||
	    span_eq(workload_kind(w, &w->workload[s->workload]), "Pod"))
		template = "";
	if (e->value[-1] == FACT_WORKLOAD)
		snprintf(out, n, "metadata.name");
	else if (e->container && field)
		snprintf(out, n, "%sspec.containers[name=%s].%s", template,
		    e->container, field);
	else
		snprintf(out, n, "%smetadata.%s", template,
		    e->print->kind == PRINT_ANNOTATION ? "annotations" :
							 "labels");
}

static void
put_weight(struct json *out, const char *key, float weight)
{
	char number[16];

	snprintf(number, sizeof(number), "%.2f", (double)weight);
	json_member_span(out, key, span_of(number));
}

static void
put_evidence(const struct world *w, const struct sighting *s,
    const struct evidence *e, struct json *out)
{
	char path[512];

	json_open(out, '{');
	sight_put_object(w, s->workload, out);
	path_of(w, s, e, path, sizeof(path));
	json_member_text(out, "path", span_of(path));
	json_member_text(out, "value", span_of(e->value));
	json_member_text(out, "print",
	    span_of(print_kind_name((enum print_kind)e->print->kind)));
	if (e->weight > 0)
		put_weight(out, "weight", e->weight);
	json_close(out, '}');
}

static void
put_api(const struct world *w, const struct thing *t, const struct print *print,
    struct json *out)
{
	bool is_crd = t->what == THING_CRD;

	json_open(out, '{');
	sight_put_reference(world_name(w, t->kind), "",
	    span_of(thing_text(t, THING_NAME)), out);
	json_member_text(out, "path",
	    span_of(is_crd ? "metadata.name" : "spec.controller"));
	json_member_text(out, "value",
	    span_of(thing_text(t, is_crd ? THING_NAME : THING_A)));
	json_member_text(out, "print", span_of(is_crd ? "crd" : "class"));
	put_weight(out, "weight", print->weight);
	json_close(out, '}');
}

/* What the CRDs of a product say its version is, if they agree; *by is the first
 * of them by name. */
static struct span
version_by_apis(const struct world *w, const struct sighting *s,
    const struct thing **by)
{
	const struct product *p = sight_product_of(w, s);
	struct span version = {0};
	const char *said;

	*by = NULL;
	for (uint32_t i = thing_first_other(w); i != WORLD_NONE;
	     i = w->thing[i].next) {
		const struct thing *t = &w->thing[i];
		struct span here = {0};

		if (t->cluster == s->cluster && t->what == THING_CRD &&
		    print_of_api(w->shapes->catalog, t, s->v.product))
			here = api_version(p, t, &said);
		if (here.n && version.n && !span_same(here, version))
			return (struct span){0};
		if (here.n &&
		    (!*by ||
			strcmp(thing_text(t, THING_NAME),
			    thing_text(*by, THING_NAME)) < 0))
			*by = t;
		if (here.n)
			version = here;
	}
	return version;
}

struct span
grounds_version(const struct world *w, const struct sighting *s)
{
	const struct thing *by;

	/* what tags such as latest stand for, they do not know */
	if (!s->v.digest.n || s->v.tag.n)
		return (struct span){0};
	return version_by_apis(w, s, &by);
}

/* The CRD that tells the version. */
static void
put_teller(const struct world *w, const struct sighting *s, struct json *out)
{
	const struct product *p = sight_product_of(w, s);
	const struct thing *by;
	const char *said;
	char value[512];

	version_by_apis(w, s, &by);
	api_version(p, by, &said);
	snprintf(value, sizeof(value), "%s%s",
	    p->crd_version ? "" : "app.kubernetes.io/version", said);
	json_open(out, '{');
	sight_put_reference(world_name(w, by->kind), "",
	    span_of(thing_text(by, THING_NAME)), out);
	json_member_text(out, "path",
	    span_of(
		p->crd_version ? "metadata.annotations" : "metadata.labels"));
	json_member_text(out, "value", span_of(value));
	json_member_text(out, "print", span_of("crd"));
	json_close(out, '}');
}

/* What is called as the signature says; kind is that of its print. */
static void
put_named(const struct world *w, const struct sighting *s, size_t n,
    enum print_kind kind, struct evidence_sum *sum, struct json *out)
{
	struct named named = named_find(w, s, n, kind);

	if (!named.t)
		return;
	evidence_add(sum, kind, named.print->weight);
	json_open(out, '{');
	sight_put_reference(world_name(w, named.t->kind),
	    world_name(w, named.t->ns),
	    span_of(thing_text(named.t, THING_NAME)), out);
	json_member_text(out, "path", span_of(named.path));
	json_member_text(out, "value", span_of(named.value));
	json_member_text(out, "print", span_of(print_kind_name(kind)));
	put_weight(out, "weight", named.print->weight);
	json_close(out, '}');
}

/* Whether what a pod shows is shown by its template too. */
static bool
is_repeated(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].workload == s[i].workload &&
		    strcmp(s[k].v.component, s[i].v.component) == 0 &&
		    span_same(s[k].v.version, s[i].v.version))
			return true;
	return false;
}

/* Whether the same print of the same workload stands further up. */
static bool
is_seen(const struct sighting *s, size_t i, const struct evidence *e)
{
	for (size_t k = 0; k <= i; k++) {
		if (s[k].workload != s[i].workload || !sight_is_member(&s[k]) ||
		    s[k].is_own != s[i].is_own)
			continue;
		for (unsigned n = 0; n < s[k].n_evidence; n++) {
			const struct evidence *o = &s[k].evidence[n];

			if (o == e)
				return false;
			if (strcmp(o->value, e->value) == 0 &&
			    o->print->kind == e->print->kind &&
			    !o->container == !e->container &&
			    (!e->container ||
				strcmp(o->container, e->container) == 0))
				return true;
		}
	}
	return false;
}

/* The prints for it (against it: with weight 0), and what they come to. */
static void
put_evidences(const struct world *w, const struct sighting *s, size_t n,
    bool against, struct evidence_sum *sum, struct json *out)
{
	size_t left = MAX_EVIDENCE;

	for (size_t i = 0; i < n; i++) {
		if (!sight_is_member(&s[i]) || is_repeated(s, i))
			continue;
		for (unsigned k = 0; k < s[i].n_evidence; k++) {
			const struct evidence *e = &s[i].evidence[k];

			if ((e->weight == 0) != against)
				continue;
			sum->conflict |= against;
			if (!against && s[i].v.makes)
				evidence_add(sum,
				    (enum print_kind)e->print->kind, e->weight);
			if (left > 0 && !is_seen(s, i, e)) {
				left--;
				put_evidence(w, &s[i], e, out);
			}
		}
	}
}

/* Of the prints of one group the one that says most; NULL: the signature has
 * none. */
static const struct print *
best_print(const struct product *p, enum evidence_group g)
{
	const struct print *best = NULL;

	for (size_t i = 0; i < p->n_prints; i++) {
		const struct print *o = &p->print[i];

		if (evidence_group((enum print_kind)o->kind) == g &&
		    o->role < ROLE_EXPORTER &&
		    (!best || o->weight > best->weight))
			best = o;
	}
	return best;
}

/* What was not seen, and would make it surer. */
static void
put_raise(const struct product *p, const struct evidence_sum *sum,
    struct json *out)
{
	bool any = false;
	char text[512];

	for (int g = 0; g < GROUPS; g++) {
		const struct print *print = sum->best[g] > 0 ?
		    NULL :
		    best_print(p, (enum evidence_group)g);

		if (!print)
			continue;
		if (!any) {
			json_key(out, "raise");
			json_open(out, '[');
		}
		any = true;
		snprintf(text, sizeof(text), "%s %s",
		    print_kind_name((enum print_kind)print->kind), print->text);
		json_comma(out);
		json_string(out, text, strlen(text));
	}
	if (any)
		json_close(out, ']');
}

/* Whether the same answer has told the version of one further up. */
static bool
is_told(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].v.told && span_same(s[k].v.digest, s[i].v.digest))
			return true;
	return false;
}

/* What running instances said. */
static void
put_answers(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	const struct answers *all = w->shapes->catalog->answers;

	for (size_t i = 0; i < n; i++) {
		const struct answer *a;

		if (!s[i].v.told || is_told(s, i))
			continue;
		a = answers_find(all, sight_product_of(w, s)->id,
		    s[i].v.digest);
		if (!a || !a->pod)
			continue;
		json_open(out, '{');
		sight_put_reference("Pod", "", span_of(a->pod), out);
		json_member_text(out, "path", span_of(a->at));
		json_member_text(out, "value", s[i].v.version);
		json_member_text(out, "print", span_of("probe"));
		json_close(out, '}');
	}
}

void
grounds_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	struct found_api api = find_api(w, s);
	struct evidence_sum sum = {.conflict = false};
	struct json list = {0}, conflicts = {0};

	json_open(&list, '[');
	put_evidences(w, s, n, false, &sum, &list);
	if (api.t) {
		evidence_add(&sum, (enum print_kind)api.print->kind,
		    api.print->weight);
		put_api(w, api.t, api.print, &list);
	}
	put_named(w, s, n, PRINT_SERVICE, &sum, &list);
	put_named(w, s, n, PRINT_WEBHOOK, &sum, &list);
	put_answers(w, s, n, &list);
	if (!component_release(w, s, n).n && grounds_version(w, s).n)
		put_teller(w, s, &list);
	json_close(&list, ']');
	json_open(&conflicts, '[');
	put_evidences(w, s, n, true, &sum, &conflicts);
	json_close(&conflicts, ']');
	put_weight(out, "confidence", evidence_confidence(&sum));
	json_member_span(out, "evidence", (struct span){list.p, list.len});
	if (evidence_confidence(&sum) < EVIDENCE_MOST - 0.001f)
		put_raise(sight_product_of(w, s), &sum, out);
	if (sum.conflict)
		json_member_span(out, "conflicts",
		    (struct span){conflicts.p, conflicts.len});
	json_release(&list);
	json_release(&conflicts);
}
