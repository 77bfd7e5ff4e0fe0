#define _GNU_SOURCE /* qsort_r */
#include "sight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "version.h"
#include "workload.h"

int
sight_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

/* Names are compared as texts: their numbers depend on who came first. */
static int
compare_names(const struct world *w, uint32_t a, uint32_t b)
{
	return a == b ? 0 : strcmp(world_name(w, a), world_name(w, b));
}

static int
compare_groups(const struct world *w, const struct sighting *a,
    const struct sighting *b)
{
	int c = compare_names(w, a->cluster, b->cluster);

	if (!c)
		c = compare_names(w, a->ns, b->ns);
	if (!c)
		c = sight_compare(a->instance, b->instance);
	return c ? c : sight_compare(a->part_name, b->part_name);
}

static int
compare_workloads(const struct world *w, uint32_t x, uint32_t y)
{
	const struct workload *a = &w->workload[x];
	const struct workload *b = &w->workload[y];
	int c;

	if (x == WORLD_NONE || y == WORLD_NONE)
		return x == WORLD_NONE ? -1 : 1;
	c = compare_names(w, world_ns_at(w, a->place),
	    world_ns_at(w, b->place));
	if (!c)
		c = sight_compare(workload_kind(w, a), workload_kind(w, b));
	if (!c)
		c = sight_compare(workload_name(w, a), workload_name(w, b));
	return c ? c :
		   sight_compare(owner_group(workload_api(w, a)),
		       owner_group(workload_api(w, b)));
}

/* Within a group: those that make the product first, by role, then by name. */
static int
compare(const void *x, const void *y, void *context)
{
	const struct world *w = context;
	const struct sighting *a = x, *b = y;
	int c = compare_groups(w, a, b);

	if (!c)
		c = b->v.makes - a->v.makes;
	if (!c)
		c = a->v.role - b->v.role;
	if (!c)
		c = strcmp(a->v.component, b->v.component);
	if (!c && a->workload != b->workload)
		c = compare_workloads(w, a->workload, b->workload);
	if (!c)
		c = b->is_own - a->is_own;
	if (!c)
		c = version_compare(a->v.version, b->v.version);
	return c ? c : sight_compare(a->facts, b->facts);
}

/* What tells instances apart in one namespace: the labels that charts and
 * operators set for that, of which the product's own name says no more than
 * none; or the name of the custom resource that the workload was made for, or
 * the workload's own. */
static void
name_group(const struct world *w, struct sighting *s, uint32_t product,
    uint32_t place)
{
	const struct product *p =
	    &w->shapes->catalog->signatures->product[product];

	s->cluster = world_cluster_at(w, place);
	s->ns = p->scope == SCOPE_CLUSTER ? 0 : world_ns_at(w, place);
	s->instance = s->part_name = (struct span){0};
	if (p->scope != SCOPE_WORKLOAD)
		return;
	s->instance = facts_label(s->facts, "app.kubernetes.io/instance");
	s->part_name = facts_label(s->facts, "app.kubernetes.io/name");
	if (!s->instance.n)
		s->instance = workload_maker(w, &w->workload[s->workload]);
	else if (!span_eq(s->part_name, p->id))
		return;
	s->part_name = (struct span){0};
}

/* Whether two verdicts that make nothing run tell the same. */
static bool
tells_same(const struct verdict *a, const struct verdict *b)
{
	return a->role == b->role && strcmp(a->component, b->component) == 0 &&
	    sight_compare(a->version, b->version) == 0 &&
	    sight_compare(a->release, b->release) == 0 && a->told == b->told &&
	    (!a->told || sight_compare(a->digest, b->digest) == 0);
}

/* Sidecars are in the pods of half the cluster, and all that is told of them
 * is which versions there are, and who has told those. */
static bool
is_told(const struct sightings *all, const struct sighting *s)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct sighting *o = &all->s[i];

		if (o->waits == s->waits && o->cluster == s->cluster &&
		    o->ns == s->ns && !sight_is_member(o) &&
		    tells_same(&o->v, &s->v) &&
		    sight_compare(o->instance, s->instance) == 0 &&
		    sight_compare(o->part_name, s->part_name) == 0)
			return true;
	}
	return false;
}

/* ---- memory, all of which is given back together ---- */

#define CHUNK (64u << 10)

static char *
room(struct sightings *all, size_t n)
{
	n = (n + 15) & ~(size_t)15; /* what follows may be of any type */
	if (n > all->left) {
		all->left = n > CHUNK ? n : CHUNK;
		all->chunk = diag_alloc(all->chunk,
		    (all->n_chunks + 1) * sizeof(*all->chunk));
		all->chunk[all->n_chunks++] = diag_alloc(NULL, all->left);
	}
	all->left -= n;
	return all->chunk[all->n_chunks - 1] + all->left;
}

static void
add(struct sightings *all, const struct sighting *s)
{
	if (all->n == all->size) {
		all->size = all->size ? all->size * 2 : 64;
		all->s = diag_alloc(all->s, all->size * sizeof(*all->s));
	}
	all->s[all->n++] = *s;
}

static void
add_verdict(struct sightings *all, const struct match *m, unsigned i,
    struct sighting s)
{
	unsigned n = 0;

	s.v = m->verdict[i];
	if (!sight_is_member(&s)) {
		s.is_own = false;
		if (is_told(all, &s))
			return;
	}
	for (unsigned k = 0; k < m->n_evidence; k++)
		n += m->evidence[k].verdict == i;
	s.evidence = (void *)room(all, n * sizeof(*s.evidence));
	for (unsigned k = 0; k < m->n_evidence; k++)
		if (m->evidence[k].verdict == i)
			s.evidence[s.n_evidence++] = m->evidence[k];
	add(all, &s);
}

/* As long as the sightings are. */
static struct span
keep_facts(struct sightings *all, const struct shapes *s, uint32_t shape)
{
	struct json *open = &all->open;
	char *facts;

	json_reset(open);
	shape_facts(s, shape, open);
	facts = room(all, open->len);
	memcpy(facts, open->p, open->len);
	return (struct span){facts, open->len};
}

static void
add_shape(struct sightings *all, const struct world *w, uint32_t workload,
    const struct use *use, uint32_t product, bool is_own)
{
	size_t n = all->n, chunks = all->n_chunks, left = all->left;
	uint32_t shape = use->shape;
	struct match m;
	struct sighting s = {.shape = shape,
	    .is_own = is_own,
	    .waits = use->pods && use->waiting == use->pods};

	if (!outcome_is_of(shape_outcome(w->shapes, shape), product))
		return;
	s.workload = workload_root(w, workload);
	s.facts = keep_facts(all, w->shapes, shape);
	match_facts(w->shapes->catalog, s.facts, &m);
	name_group(w, &s, product, w->workload[s.workload].place);
	for (unsigned i = 0; i < m.n_verdicts; i++)
		if (m.verdict[i].product == product)
			add_verdict(all, &m, i, s);
	/* told already: the next one may have its room */
	if (all->n == n && all->n_chunks == chunks)
		all->left = left;
}

static void
add_workload(struct sightings *all, const struct world *w, uint32_t id,
    uint32_t product)
{
	const struct workload *wl = &w->workload[id];

	add_shape(all, w, id, &(struct use){.shape = wl->own}, product, true);
	for (unsigned k = 0; k < wl->n_uses; k++)
		add_shape(all, w, id, &world_uses(wl)[k], product, false);
}

/* ---- guests: what their prints tell is all there is to tell ---- */

static const char *
keep_text(struct sightings *all, struct span value)
{
	char *text = room(all, value.n + 1);
	struct span s = scan_text(value, text, value.n);

	if (s.n)
		memmove(text, s.p, s.n);
	text[s.n] = '\0';
	return text;
}

static void
add_print(struct sightings *all, const struct world *w, const struct guest *g,
    uint32_t product, struct span print)
{
	size_t n = all->n, chunks = all->n_chunks, left = all->left;
	const char *role = keep_text(all, scan_get(print, "role"));
	struct sighting s = {.workload = WORLD_NONE, .shape = SHAPE_NONE};

	s.v = (struct verdict){.product = product,
	    .role = (uint8_t)role_of(role),
	    .component = keep_text(all, scan_get(print, "component")),
	    .version = span_of(keep_text(all, scan_get(print, "version")))};
	name_group(w, &s, product, g->place);
	if (g->running && !is_told(all, &s))
		add(all, &s);
	s.waits = true;
	if (g->waiting && !is_told(all, &s))
		add(all, &s);
	if (all->n == n && all->n_chunks == chunks)
		all->left = left;
}

static void
add_guest(struct sightings *all, const struct world *w, const struct guest *g,
    uint32_t product)
{
	const struct outcomes *o = &w->shapes->outcomes;
	struct span print;
	struct scan_iter it;

	scan_iter(&it, outcome_prints(o, g->outcome));
	for (uint32_t i = 0; scan_element(&it, &print); i++)
		if (o->outcome[g->outcome].product[i] == product)
			add_print(all, w, g, product, print);
}

static void
add_namespace(struct sightings *all, const struct world *w, uint32_t ns,
    uint32_t product)
{
	for (uint32_t i = w->first[ns]; i != WORLD_NONE;
	     i = w->workload[i].next)
		add_workload(all, w, i, product);
	for (uint32_t i = w->first_guest[ns]; i != WORLD_NONE;
	     i = w->guest[i].next)
		add_guest(all, w, &w->guest[i], product);
}

void
sight_product(struct sightings *all, const struct world *w, uint32_t product,
    uint32_t ns)
{
	sight_free(all);
	if (ns != WORLD_NONE)
		add_namespace(all, w, ns, product);
	else
		for (ns = 0; ns < w->n_first; ns++)
			add_namespace(all, w, ns, product);
	if (all->n)
		qsort_r(all->s, all->n, sizeof(*all->s), compare, (void *)w);
}

void
sight_free(struct sightings *all)
{
	for (size_t i = 0; i < all->n_chunks; i++)
		free(all->chunk[i]);
	free(all->chunk);
	json_release(&all->open);
	free(all->s);
	*all = (struct sightings){0};
}

size_t
sight_group(const struct world *w, const struct sighting *first,
    const struct sighting *end)
{
	const struct sighting *s = first;

	while (s < end && compare_groups(w, first, s) == 0)
		s++;
	return (size_t)(s - first);
}

bool
sight_is_member(const struct sighting *s)
{
	return outcome_is_member(&s->v);
}

const struct product *
sight_product_of(const struct world *w, const struct sighting *s)
{
	return &w->shapes->catalog->signatures->product[s->v.product];
}

void
sight_put_reference(const char *kind, const char *ns, struct span name,
    struct json *out)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s/%s%s%.*s", kind, ns, *ns ? "/" : "",
	    (int)name.n, name.n ? name.p : "");
	json_member_text(out, "object", span_of(text));
}

void
sight_put_object(const struct world *w, uint32_t workload, struct json *out)
{
	const struct workload *wl = &w->workload[workload];

	sight_put_reference(world_name(w, w->types.pair[wl->type].b),
	    world_name(w, world_ns_at(w, wl->place)), workload_name(w, wl),
	    out);
}
