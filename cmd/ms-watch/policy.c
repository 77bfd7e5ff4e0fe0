#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

void
policy_free(struct policy *p)
{
	for (int i = 0; i < SOURCES; i++)
		document_free(&p->source[i]);
	while (p->n_claims > 0) {
		free(p->claim[--p->n_claims].by);
		free(p->claim[p->n_claims].name);
	}
	free(p->claim);
	*p = (struct policy){0};
}

void
wants_free(struct wants *w)
{
	for (size_t i = 0; i < w->n; i++)
		want_free(&w->item[i].want);
	free(w->item);
	*w = (struct wants){0};
}

/* ---- profiles ---- */

/* What MeshSync 1.0 watches. */
static const struct {
	const char *name, *version, *group;
} meshsync_1[] = {{"namespaces", "v1", ""}, {"configmaps", "v1", ""},
    {"nodes", "v1", ""}, {"secrets", "v1", ""}, {"persistentvolumes", "v1", ""},
    {"persistentvolumeclaims", "v1", ""}, {"replicasets", "v1", "apps"},
    {"pods", "v1", ""}, {"services", "v1", ""}, {"deployments", "v1", "apps"},
    {"statefulsets", "v1", "apps"}, {"daemonsets", "v1", "apps"},
    {"ingresses", "v1", "networking.k8s.io"}, {"endpoints", "v1", ""},
    {"endpointslices", "v1", "discovery.k8s.io"}, {"cronjobs", "v1", "batch"},
    {"replicationcontrollers", "v1", ""},
    {"storageclasses", "v1", "storage.k8s.io"},
    {"clusterroles", "v1", "rbac.authorization.k8s.io"},
    {"volumeattachments", "v1", "storage.k8s.io"},
    {"apiservices", "v1", "apiregistration.k8s.io"}};

/* They change all the time and say little about what runs. */
static const char *const noisy[][2] = {{"events", ""},
    {"events", "events.k8s.io"}, {"leases", "coordination.k8s.io"}};

/* Owners before what they own, so that fewer origins come too late. */
static const char *const early[] = {"namespaces", "customresourcedefinitions",
    "nodes", "deployments", "statefulsets", "daemonsets", "cronjobs",
    "replicationcontrollers", "replicasets", "jobs", "pods"};

const char *
policy_profile(const struct policy *p)
{
	for (int i = 0; i < SOURCES; i++)
		if (p->source[i].profile)
			return p->source[i].profile;
	return "default";
}

const char *
policy_signatures(const struct policy *p)
{
	for (int i = 0; i < SOURCES; i++)
		if (p->source[i].signatures)
			return p->source[i].signatures;
	return NULL;
}

/* NULL for version: in any. */
static bool
is_in_meshsync_1(const struct resource *r, const char *version)
{
	for (size_t i = 0; i < COUNT(meshsync_1); i++)
		if (strcmp(r->name, meshsync_1[i].name) == 0 &&
		    strcmp(r->group, meshsync_1[i].group) == 0)
			return !version ||
			    strcmp(version, meshsync_1[i].version) == 0;
	return false;
}

static bool
is_noisy(const struct resource *r)
{
	for (size_t i = 0; i < COUNT(noisy); i++)
		if (strcmp(r->name, noisy[i][0]) == 0 &&
		    strcmp(r->group, noisy[i][1]) == 0)
			return true;
	return false;
}

/* ---- names ---- */

/* What the names of a document stand for, resolved once for all resources. */
struct reading {
	const struct document *d;
	struct resource **rule, **listed; /* NULL: nothing here */
};

struct view {
	const struct policy *p;
	bool is_meshsync_1;
	struct reading source[SOURCES];
	struct resource **claim;
};

static struct resource *
resolve(const struct catalog *c, const char *name)
{
	struct resource *r = NULL;

	catalog_find(c, name, &r);
	return r;
}

static void
read_names(struct reading *out, const struct document *d,
    const struct catalog *c)
{
	out->d = d;
	out->rule = diag_alloc(NULL, (d->n_rules + 1) * sizeof(void *));
	out->listed = diag_alloc(NULL, (d->n_listed + 1) * sizeof(void *));
	for (size_t i = 0; i < d->n_rules; i++)
		out->rule[i] = resolve(c, d->rule[i].name);
	for (size_t i = 0; i < d->n_listed; i++)
		out->listed[i] = resolve(c, d->listed[i].name);
}

static void
open_view(struct view *v, const struct policy *p, const struct catalog *c)
{
	v->p = p;
	v->is_meshsync_1 = strcmp(policy_profile(p), "meshsync-1") == 0;
	for (int i = 0; i < SOURCES; i++)
		read_names(&v->source[i], &p->source[i], c);
	v->claim = diag_alloc(NULL, (p->n_claims + 1) * sizeof(void *));
	for (size_t i = 0; i < p->n_claims; i++)
		v->claim[i] = resolve(c, p->claim[i].name);
}

static void
close_view(struct view *v)
{
	for (int i = 0; i < SOURCES; i++) {
		free(v->source[i].rule);
		free(v->source[i].listed);
	}
	free(v->claim);
}

/* How closely a rule's name fits: 0: not at all. */
static int
fit(const struct reading *s, size_t i, const struct resource *r)
{
	const char *name = s->d->rule[i].name;

	if (s->rule[i] == r)
		return 3;
	if (name[0] != '*')
		return 0;
	if (name[1] == '.')
		return strcmp(name + 2, r->group) == 0 ? 2 : 0;
	return name[1] == '\0';
}

/* The rule that fits best, the later of two; NULL: there is none. */
static const struct rule *
rule_of(const struct reading *s, const struct resource *r)
{
	const struct rule *best = NULL;
	int most = 1, one;

	for (size_t i = 0; i < s->d->n_rules; i++)
		if ((one = fit(s, i, r)) >= most) {
			most = one;
			best = &s->d->rule[i];
		}
	return best;
}

/* MeshSync 1.0 passes over what it would not watch by itself. */
static const struct listed *
listed_of(const struct view *v, int source, const struct resource *r)
{
	const struct reading *s = &v->source[source];

	if (v->is_meshsync_1 && source == SOURCE_CUSTOM &&
	    !is_in_meshsync_1(r, r->version))
		return NULL;
	for (size_t i = 0; i < s->d->n_listed; i++)
		if (s->listed[i] == r)
			return &s->d->listed[i];
	return NULL;
}

/* ---- depth ---- */

static enum depth
profile_depth(const struct view *v, const struct resource *r)
{
	if (v->is_meshsync_1)
		return is_in_meshsync_1(r, r->version) ||
			(r->is_custom && r->is_chosen && v->p->has_custom) ?
		    DEPTH_FULL :
		    DEPTH_OFF;
	if (!r->is_chosen || is_noisy(r))
		return DEPTH_OFF;
	return r->is_custom || is_in_meshsync_1(r, NULL) ? DEPTH_FULL :
							   DEPTH_METADATA;
}

/* What a list says about a resource: off, full, or nothing. */
static enum depth
list_says(const struct view *v, int source, const struct resource *r,
    struct want *w)
{
	enum document_list list = v->source[source].d->list;
	const struct listed *l;

	if (list == LIST_NONE)
		return DEPTH_UNSAID;
	l = listed_of(v, source, r);
	if (list == LIST_BLACK)
		return l ? DEPTH_OFF : DEPTH_UNSAID;
	if (l)
		w->events = l->events;
	if (!l && list == LIST_WHITE && r->is_custom)
		return DEPTH_UNSAID;
	return l ? DEPTH_FULL : DEPTH_OFF;
}

/* Two questions: whether it is watched, and how deep. A list answers the first
 * only, the depth of a whole document the second only, unless it is off. */
static void
decide_depth(const struct view *v, struct wanted *out)
{
	const struct resource *r = out->resource;
	enum depth depth = DEPTH_UNSAID, says;
	bool is_on = false;

	out->is_fixed = true;
	out->want.depth = DEPTH_OFF;
	for (int i = 0; i < SOURCES; i++) {
		const struct rule *rule = rule_of(&v->source[i], r);
		enum depth whole = v->source[i].d->depth;

		says = rule ? rule->depth : DEPTH_UNSAID;
		if (says > DEPTH_OFF && !depth)
			depth = says;
		if (!is_on && !says)
			says = list_says(v, i, r, &out->want);
		if (!is_on && !says && whole == DEPTH_OFF)
			says = DEPTH_OFF;
		if (!is_on && says == DEPTH_OFF)
			return;
		is_on |= says > DEPTH_OFF;
		if (!depth && whole > DEPTH_OFF)
			depth = whole;
	}
	out->is_fixed = is_on || depth || v->is_meshsync_1;
	out->want.depth = is_on ? DEPTH_FULL : profile_depth(v, r);
	if (depth && out->want.depth != DEPTH_OFF)
		out->want.depth = depth;
}

static void
add_claims(const struct view *v, struct wanted *out)
{
	for (size_t i = 0; i < v->p->n_claims && !out->is_fixed; i++)
		if (v->claim[i] == out->resource &&
		    v->p->claim[i].depth > out->want.depth)
			out->want.depth = v->p->claim[i].depth;
}

/* ---- scope ---- */

static void
decide_scope(const struct view *v, struct wanted *out)
{
	struct want *w = &out->want;
	bool is_scoped = !out->resource->is_namespaced;

	for (int i = 0; i < SOURCES; i++) {
		const struct document *d = v->source[i].d;
		const struct rule *rule = rule_of(&v->source[i], out->resource);

		if (rule && !w->labels)
			w->labels = text_copy(rule->labels);
		if (rule && !w->fields)
			w->fields = text_copy(rule->fields);
		if (!w->labels)
			w->labels = text_copy(d->labels);
		if (!is_scoped && rule && rule->has_namespaces)
			list_copy(&w->namespaces, &rule->namespaces);
		else if (!is_scoped && d->has_namespaces)
			list_copy(&w->namespaces, &d->namespaces);
		is_scoped |=
		    (rule && rule->has_namespaces) || d->has_namespaces;
		if (!w->fallback.n && out->resource->is_namespaced)
			list_copy(&w->fallback, &d->fallback);
	}
}

/* ---- all of it ---- */

static bool
is_named(const struct view *v, const struct resource *r)
{
	for (int i = 0; i < SOURCES; i++) {
		const struct reading *s = &v->source[i];

		for (size_t j = 0; j < s->d->n_rules; j++)
			if (s->rule[j] == r)
				return true;
		if (listed_of(v, i, r))
			return true;
	}
	return false;
}

/* Of each kind one version, unless another one is asked for by name. */
static bool
is_candidate(const struct view *v, const struct resource *r)
{
	if (!r->is_watchable)
		return false;
	return r->is_chosen || is_named(v, r) ||
	    (v->is_meshsync_1 && is_in_meshsync_1(r, r->version));
}

static bool
is_same_kind(const struct resource *a, const struct resource *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->group, b->group) == 0;
}

/* Who asks for a version by name does not want the same objects twice. */
static void
drop_twins(struct wants *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct resource *r = w->item[i].resource;

		for (size_t j = 0; j < w->n && !r->is_chosen &&
		     w->item[i].want.depth != DEPTH_OFF;
		     j++)
			if (j != i && !w->item[j].is_fixed &&
			    is_same_kind(w->item[j].resource, r))
				w->item[j].want.depth = DEPTH_OFF;
	}
}

static size_t
rank(const struct resource *r)
{
	size_t i = 0;

	while (i < COUNT(early) && strcmp(r->name, early[i]) != 0)
		i++;
	return i;
}

static int
compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	size_t rx = rank(x->resource), ry = rank(y->resource);

	if (rx != ry)
		return rx < ry ? -1 : 1;
	return strcmp(x->resource->id, y->resource->id);
}

void
policy_decide(const struct policy *p, const struct catalog *c,
    struct wants *out)
{
	struct view v;

	*out =
	    (struct wants){diag_alloc(NULL, (c->n + 1) * sizeof(struct wanted)),
		0};
	open_view(&v, p, c);
	for (size_t i = 0; i < c->n; i++) {
		struct wanted *w = &out->item[out->n];

		if (!is_candidate(&v, c->resource[i]))
			continue;
		*w = (struct wanted){.resource = c->resource[i],
		    .want.events = EVENTS_ALL};
		decide_depth(&v, w);
		add_claims(&v, w);
		decide_scope(&v, w);
		out->n++;
	}
	close_view(&v);
	drop_twins(out);
	qsort(out->item, out->n, sizeof(*out->item), compare);
}

void
policy_unknown(const struct policy *p, const struct catalog *c,
    enum policy_source source,
    void (*tell)(void *context, const char *name, const char *why),
    void *context)
{
	const struct document *d = &p->source[source];
	const char *why;

	for (size_t i = 0; i < d->n_rules; i++)
		if (d->rule[i].name[0] != '*' &&
		    (why = catalog_find(c, d->rule[i].name, NULL)))
			tell(context, d->rule[i].name, why);
	for (size_t i = 0; i < d->n_listed; i++)
		if ((why = catalog_find(c, d->listed[i].name, NULL)))
			tell(context, d->listed[i].name, why);
}

/* ---- claims ---- */

static struct claim *
find_claim(struct policy *p, const char *by, const char *name)
{
	for (size_t i = 0; i < p->n_claims; i++)
		if (strcmp(p->claim[i].by, by) == 0 &&
		    strcmp(p->claim[i].name, name) == 0)
			return &p->claim[i];
	return NULL;
}

bool
policy_claim(struct policy *p, const char *by, const char *name,
    enum depth depth)
{
	struct claim *c = find_claim(p, by, name);

	if (c && c->depth == depth)
		return false;
	if (!c) {
		p->claim = diag_alloc(p->claim, (p->n_claims + 1) * sizeof(*c));
		c = &p->claim[p->n_claims++];
		*c = (struct claim){text_copy(by), text_copy(name), depth};
	}
	c->depth = depth;
	return true;
}

bool
policy_release(struct policy *p, const char *by, const char *name)
{
	size_t kept = 0, before = p->n_claims;

	for (size_t i = 0; i < before; i++) {
		struct claim *c = &p->claim[i];

		if (strcmp(c->by, by) != 0 ||
		    (name && strcmp(c->name, name) != 0)) {
			p->claim[kept++] = *c;
			continue;
		}
		free(c->by);
		free(c->name);
	}
	p->n_claims = kept;
	return kept != before;
}
