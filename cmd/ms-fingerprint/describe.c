#include "describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "version.h"

#define MAX_EVIDENCE 64 /* of one object; more would convince nobody */
#define MAX_VERSIONS 32

static const struct product *
product_of(const struct world *w, const struct sighting *s)
{
	return &w->shapes->catalog->signatures->product[s->v.product];
}

static bool
same_text(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

static void
put_reference(const char *kind, const char *ns, const char *name,
    struct json *out)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s/%s%s%s", kind, ns, *ns ? "/" : "",
	    name);
	json_member_text(out, "object", span_of(text));
}

static void
put_object(const struct world *w, uint32_t workload, struct json *out)
{
	const struct workload *wl = &w->workload[workload];

	put_reference(world_name(w, wl->kind), world_name(w, wl->ns), wl->name,
	    out);
}

/* ---- versions ---- */

struct versions {
	struct span v[MAX_VERSIONS]; /* from the lowest to the highest */
	size_t n;
};

static void
add_version(struct versions *set, struct span version)
{
	size_t i = set->n;

	if (!version.n || set->n == MAX_VERSIONS)
		return;
	for (size_t k = 0; k < set->n; k++)
		if (same_text(set->v[k], version))
			return;
	while (i > 0 && version_compare(version, set->v[i - 1]) < 0)
		i--;
	memmove(set->v + i + 1, set->v + i, (set->n - i) * sizeof(*set->v));
	set->v[i] = version;
	set->n++;
}

static bool
has_version(const struct versions *set, struct span version)
{
	for (size_t i = 0; i < set->n; i++)
		if (same_text(set->v[i], version))
			return true;
	return false;
}

/* What runs of one component, and what its templates want. */
struct component {
	const char *name;
	enum role role;
	struct versions running, wanted;
};

static bool
runs_pods(const struct world *w, uint32_t workload)
{
	const struct workload *wl = &w->workload[workload];

	return wl->n_uses > 0 || wl->children > 0;
}

static void
read_component(const struct world *w, const struct sighting *s, size_t n,
    struct component *c)
{
	*c = (struct component){.name = s->v.component,
	    .role = (enum role)s->v.role};
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s[i].v.component, c->name) != 0 ||
		    s[i].v.role != s->v.role)
			continue;
		if (s[i].is_own)
			add_version(&c->wanted, s[i].v.version);
		if (!s[i].is_own || !runs_pods(w, s[i].workload))
			add_version(&c->running, s[i].v.version);
	}
	/* a template without pods of its own kind (they wait, or have another
	 * image yet) is all there is to go by */
	if (!c->running.n)
		c->running = c->wanted;
}

/* During a rollout the new one as soon as it runs; else the highest. */
static struct span
version_of(const struct component *c)
{
	if (!c->running.n)
		return (struct span){0};
	if (c->wanted.n &&
	    has_version(&c->running, c->wanted.v[c->wanted.n - 1]))
		return c->wanted.v[c->wanted.n - 1];
	return c->running.v[c->running.n - 1];
}

static bool
is_first_of_component(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].v.role == s[i].v.role &&
		    strcmp(s[k].v.component, s[i].v.component) == 0)
			return false;
	return true;
}

static void
put_version_list(struct json *out, const char *key, const struct versions *set)
{
	json_key(out, key);
	json_open(out, '[');
	for (size_t i = 0; i < set->n; i++) {
		json_comma(out);
		json_string(out, set->v[i].p, set->v[i].n);
	}
	json_close(out, ']');
}

/* The product's version: what a label says for the whole, else that of the
 * first of its components, control planes before all others. */
static struct span
release_of(const struct world *w, const struct sighting *s, size_t n)
{
	struct span version = {0};
	struct component c;

	for (size_t i = 0; i < n; i++)
		if (s[i].v.release.n &&
		    (!version.n ||
			version_compare(version, s[i].v.release) < 0))
			version = s[i].v.release;
	if (version.n || product_of(w, s)->version_is_label)
		return version;
	for (size_t i = 0; i < n && !version.n; i++) {
		if (!s[i].v.makes || !is_first_of_component(s, i))
			continue;
		read_component(w, s + i, n - i, &c);
		version = version_of(&c);
	}
	return version;
}

static void
put_components(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	struct component c;

	json_key(out, "components");
	json_open(out, '[');
	for (size_t i = 0; i < n; i++) {
		struct span version;

		if (!is_first_of_component(s, i))
			continue;
		read_component(w, s + i, n - i, &c);
		version = version_of(&c);
		json_open(out, '{');
		json_member_text(out, "name", span_of(c.name));
		json_member_text(out, "role", span_of(role_name(c.role)));
		if (version.n)
			json_member_text(out, "version", version);
		if (c.running.n > 1)
			put_version_list(out, "versions", &c.running);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* What the pods of one workload run of a component, and what its template
 * wants. True if that is not the same. */
static bool
read_rollout(const struct sighting *s, size_t n, size_t at, struct component *c)
{
	*c = (struct component){.name = s[at].v.component};
	for (size_t i = 0; i < n; i++)
		if (s[i].workload == s[at].workload &&
		    s[i].v.role == s[at].v.role &&
		    strcmp(s[i].v.component, c->name) == 0)
			add_version(s[i].is_own ? &c->wanted : &c->running,
			    s[i].v.version);
	return c->running.n > 1 ||
	    (c->running.n && c->wanted.n &&
		!has_version(&c->running, c->wanted.v[0]));
}

static bool
is_first_of_rollout(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].workload == s[i].workload &&
		    s[k].v.role == s[i].v.role &&
		    strcmp(s[k].v.component, s[i].v.component) == 0)
			return false;
	return true;
}

static void
put_rollouts(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	bool any = false;
	struct component c;

	for (size_t i = 0; i < n; i++) {
		if (!sight_is_member(&s[i]) || !is_first_of_rollout(s, i) ||
		    !read_rollout(s, n, i, &c))
			continue;
		if (!any) {
			json_key(out, "rollout");
			json_open(out, '[');
		}
		any = true;
		json_open(out, '{');
		put_object(w, s[i].workload, out);
		json_member_text(out, "component", span_of(c.name));
		put_version_list(out, "running", &c.running);
		if (c.wanted.n)
			put_version_list(out, "wanted", &c.wanted);
		json_close(out, '}');
	}
	if (any)
		json_close(out, ']');
}

/* ---- members ---- */

static bool
is_first_of_workload(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].workload == s[i].workload && sight_is_member(&s[k]))
			return false;
	return true;
}

static void
put_api_version(const struct world *w, const struct workload *wl,
    struct json *out)
{
	const char *group = world_name(w, wl->group);

	if (*group)
		json_member_text(out, "group", span_of(group));
}

static void
put_members(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	json_key(out, "members");
	json_open(out, '[');
	for (size_t i = 0; i < n; i++) {
		const struct workload *wl = &w->workload[s[i].workload];

		if (!sight_is_member(&s[i]) || !is_first_of_workload(s, i))
			continue;
		json_open(out, '{');
		put_api_version(w, wl, out);
		json_member_text(out, "kind", span_of(world_name(w, wl->kind)));
		json_member_text(out, "namespace",
		    span_of(world_name(w, wl->ns)));
		json_member_text(out, "name", span_of(wl->name));
		json_member_text(out, "component", span_of(s[i].v.component));
		json_member_text(out, "role",
		    span_of(role_name((enum role)s[i].v.role)));
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* ---- endpoints ---- */

static const char *
scheme_of(const char *name, size_t n, const char *port)
{
	struct span s = {name, n};

	if (strcmp(port, "443") == 0 || (n >= 5 && !memcmp(name, "https", 5)))
		return "https";
	if (strcmp(port, "80") == 0 || (n >= 4 && !memcmp(name, "http", 4)) ||
	    span_eq(s, "web"))
		return "http";
	return "tcp";
}

static void
put_endpoint(const struct world *w, const struct thing *t, struct json *out)
{
	const char *name = thing_text(t, THING_NAME), *p, *port;
	const char *ns = world_name(w, t->ns);
	char url[1024];

	for (p = thing_text(t, THING_B); *p; p += strlen(p) + 1) {
		port = strrchr(p, ' ') + 1;
		snprintf(url, sizeof(url), "%s://%s.%s.svc:%s",
		    scheme_of(p, (size_t)(port - 1 - p), port), name, ns, port);
		json_open(out, '{');
		json_member_text(out, "service", span_of(name));
		json_member_text(out, "namespace", span_of(ns));
		if (port - 1 > p)
			json_member_text(out, "port",
			    (struct span){p, (size_t)(port - 1 - p)});
		json_member_text(out, "url", span_of(url));
		json_close(out, '}');
	}
}

static bool
fronts(const struct world *w, const struct thing *t, const struct sighting *s,
    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].v.makes && w->workload[s[i].workload].ns == t->ns &&
		    s[i].cluster == t->cluster &&
		    world_selects(w, t, s[i].shape))
			return true;
	return false;
}

struct sorted_things {
	const struct thing *t[256];
	size_t n;
};

static void
add_thing(struct sorted_things *set, const struct thing *t)
{
	size_t i = set->n;

	if (i == sizeof(set->t) / sizeof(*set->t))
		return;
	while (i > 0 &&
	    strcmp(thing_text(t, THING_NAME),
		thing_text(set->t[i - 1], THING_NAME)) < 0) {
		set->t[i] = set->t[i - 1];
		i--;
	}
	set->t[i] = t;
	set->n++;
}

static void
put_endpoints(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	uint32_t service = intern_find(&w->names, span_of("Service"));
	struct sorted_things set = {.n = 0};

	for (uint32_t i = 0; i < w->n_things; i++) {
		const struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) && t->kind == service &&
		    fronts(w, t, s, n))
			add_thing(&set, t);
	}
	if (!set.n)
		return;
	json_key(out, "endpoints");
	json_open(out, '[');
	for (size_t i = 0; i < set.n; i++)
		put_endpoint(w, set.t[i], out);
	json_close(out, ']');
}

/* ---- evidence ---- */

/* The CRDs and classes of the product in this cluster. */
static void
find_apis(const struct world *w, const struct sighting *s,
    struct sorted_things *set, const struct print *print[256])
{
	const struct catalog *c = w->shapes->catalog;
	uint32_t service = intern_find(&w->names, span_of("Service"));

	for (uint32_t i = 0; i < w->n_things; i++) {
		const struct thing *t = &w->thing[i];
		const struct catalog_link *k;

		if (!(t->flags & WORLD_ALIVE) || t->kind == service ||
		    t->cluster != s->cluster)
			continue;
		k = *thing_text(t, THING_B) ?
		    catalog_crd(c, span_of(thing_text(t, THING_A)),
			span_of(thing_text(t, THING_B))) :
		    catalog_find(c, KEY_CLASS, span_of(thing_text(t, THING_A)));
		for (; k; k = catalog_next(c, k))
			if (k->print->product == s->v.product) {
				add_thing(set, t);
				*print = k->print;
				break;
			}
	}
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
	    strcmp(world_name(w, w->workload[s->workload].kind), "Pod") == 0)
		template = "";
	if (e->container && field)
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
	put_object(w, s->workload, out);
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
	bool is_crd = *thing_text(t, THING_B);

	json_open(out, '{');
	put_reference(world_name(w, t->kind), "", thing_text(t, THING_NAME),
	    out);
	json_member_text(out, "path",
	    span_of(is_crd ? "metadata.name" : "spec.controller"));
	json_member_text(out, "value",
	    span_of(thing_text(t, is_crd ? THING_NAME : THING_A)));
	json_member_text(out, "print", span_of(is_crd ? "crd" : "class"));
	put_weight(out, "weight", print->weight);
	json_close(out, '}');
}

/* Whether what a pod shows is shown by its template too. */
static bool
is_repeated(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].workload == s[i].workload &&
		    strcmp(s[k].v.component, s[i].v.component) == 0 &&
		    same_text(s[k].v.version, s[i].v.version))
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

static void
put_all_evidence(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	const struct print *print[256] = {NULL};
	struct sorted_things apis = {.n = 0};
	struct evidence_sum sum = {.conflict = false};
	struct json list = {0}, conflicts = {0};

	json_open(&list, '[');
	put_evidences(w, s, n, false, &sum, &list);
	find_apis(w, s, &apis, print);
	for (size_t i = 0; i < apis.n; i++) {
		evidence_add(&sum, (enum print_kind)print[0]->kind,
		    print[0]->weight);
		/* they come together: one names them all */
		if (i == 0)
			put_api(w, apis.t[i], print[0], &list);
	}
	json_close(&list, ']');
	json_open(&conflicts, '[');
	put_evidences(w, s, n, true, &sum, &conflicts);
	json_close(&conflicts, ']');
	put_weight(out, "confidence", evidence_confidence(&sum));
	json_member_span(out, "evidence", (struct span){list.p, list.len});
	if (sum.conflict)
		json_member_span(out, "conflicts",
		    (struct span){conflicts.p, conflicts.len});
	json_release(&list);
	json_release(&conflicts);
}

/* ---- the whole ---- */

static uint8_t
origin_of_workload(const struct world *w, uint32_t id)
{
	const struct workload *wl = &w->workload[id];
	bool green = wl->n_uses > 0;

	if (wl->flags & WORLD_SEEN)
		return wl->flags & (WORLD_GREEN | WORLD_BROWN);
	for (unsigned i = 0; i < wl->n_uses; i++)
		if (wl->use[i].green < wl->use[i].pods)
			green = false;
	return green ? WORLD_GREEN : 0;
}

const char *
describe_origin(const struct world *w, const struct sighting *s, size_t n)
{
	uint8_t all = WORLD_GREEN | WORLD_BROWN;

	for (size_t i = 0; i < n; i++)
		if (sight_is_member(&s[i]))
			all &= origin_of_workload(w, s[i].workload);
	if (all & WORLD_GREEN)
		return "{\"class\":\"greenfield\",\"via\":\"members\"}";
	if (all & WORLD_BROWN)
		return "{\"class\":\"brownfield\",\"via\":\"members\"}";
	return NULL;
}

const char *
describe_namespace(const struct world *w, const struct sighting *s)
{
	return world_name(w, w->workload[s->workload].ns);
}

/* PRODUCT, PRODUCT.INSTANCE or PRODUCT.INSTANCE.NAME, where the usual NAME, the
 * product's own, is left out. A product's id has no dot, so no two products
 * share a name. */
void
describe_name(const struct world *w, const struct sighting *s, struct json *out)
{
	struct span id = span_of(product_of(w, s)->id);

	json_span(out, id);
	if (s->instance.n) {
		json_puts(out, ".");
		json_span(out, s->instance);
	}
	if (s->part_name.n && !same_text(s->part_name, id)) {
		json_puts(out, ".");
		json_span(out, s->part_name);
	}
}

void
describe_spec(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	const struct product *p = product_of(w, s);
	const char *origin = describe_origin(w, s, n);
	struct span version = release_of(w, s, n);

	json_open(out, '{');
	json_member_text(out, "product", span_of(p->id));
	json_member_text(out, "name", span_of(p->name));
	if (p->category)
		json_member_text(out, "category", span_of(p->category));
	if (version.n)
		json_member_text(out, "version", version);
	if (s->instance.n)
		json_member_text(out, "instance", s->instance);
	put_rollouts(w, s, n, out);
	put_components(w, s, n, out);
	put_members(w, s, n, out);
	put_endpoints(w, s, n, out);
	put_all_evidence(w, s, n, out);
	if (origin)
		json_member_text(out, "origin",
		    span_of(strstr(origin, "greenfield") ? "greenfield" :
							   "brownfield"));
	json_close(out, '}');
}
