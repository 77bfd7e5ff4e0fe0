#include "pod.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "owner.h"
#include "sync.h"
#include "workload.h"

#define ORIGINS (WORLD_GREEN | WORLD_BROWN)

struct pod_key {
	uint32_t place;
	struct span name;
};

static uint32_t
pod_hash(const struct pod_key *k)
{
	return (uint32_t)table_hash(k->name.p, k->name.n, k->place);
}

static uint64_t
hash_pod(const void *context, uint32_t id)
{
	return ((const struct world *)context)->pod[id].hash;
}

/* What its name begins with: mostly that of its workload. */
static struct span
name_begin(const struct world *w, const struct pod *p)
{
	return p->flags & WORLD_TAIL ? workload_name(w, &w->workload[p->home]) :
				       (struct span){"", 0};
}

static bool
equal_pod(const void *context, uint32_t id, const void *key)
{
	const struct world *w = context;
	const struct pod *p = &w->pod[id];
	const struct pod_key *k = key;
	struct span begin, end;

	if (pod_place(w, p) != k->place)
		return false;
	begin = name_begin(w, p);
	end = pile_get(&w->pod_names, p->name);
	return begin.n + end.n == k->name.n &&
	    memcmp(begin.p, k->name.p, begin.n) == 0 &&
	    memcmp(end.p, k->name.p + begin.n, end.n) == 0;
}

static const struct table_ops pod_ops = {hash_pod, equal_pod};

void
pods_init(struct world *w)
{
	w->free_pod = WORLD_NONE;
	table_init(&w->pods, &pod_ops, w);
}

void
pods_free(struct world *w)
{
	free(w->pod);
	pile_free(&w->pod_names);
	table_free(&w->pods);
}

uint32_t
pod_place(const struct world *w, const struct pod *p)
{
	return p->flags & WORLD_LONE ? p->home : w->workload[p->home].place;
}

struct span
pod_name(const struct world *w, const struct pod *p, struct json *out)
{
	json_span(out, name_begin(w, p));
	json_span(out, pile_get(&w->pod_names, p->name));
	return (struct span){out->p, out->len};
}

uint32_t
pod_find(const struct world *w, const struct identity *id)
{
	struct pod_key k = {world_find_place(w, id->cluster, id->ns), id->name};

	return table_find(&w->pods, pod_hash(&k), &k);
}

/* ---- where it belongs ---- */

/* What a pod is part of: a workload, or only a place. */
struct home {
	uint32_t id;
	bool is_lone;
};

static struct home
home_of(const struct pod *p)
{
	return (struct home){p->home, p->flags & WORLD_LONE};
}

static bool
is_same_home(struct home a, struct home b)
{
	return a.id == b.id && a.is_lone == b.is_lone;
}

static bool
says_nothing(const struct world *w, uint32_t shape)
{
	return w->shapes->shape[shape].outcome == OUTCOME_NOTHING;
}

static struct home
workload_of_pod(struct world *w, const struct record *r, uint32_t place,
    uint32_t shape, uint64_t glance)
{
	struct world_glance *g = &w->glance[glance / 2 % WORLD_GLANCES];
	struct owner o;
	bool by_owner;
	uint32_t id;

	if (glance && g->glance == glance &&
	    w->workload[g->workload].serial == g->serial &&
	    (w->workload[g->workload].flags & WORLD_ALIVE))
		return (struct home){g->workload, false};
	by_owner = owner_of_pod(r, &o);
	if (!by_owner && o.name.n == r->id.name.n && says_nothing(w, shape))
		return (struct home){place, true};
	id = workload_get(w, place, &o);
	if (glance && by_owner)
		*g = (struct world_glance){glance, id, w->workload[id].serial};
	return (struct home){id, false};
}

static void
use(struct world *w, struct home home, uint32_t shape, int pods, uint8_t origin)
{
	if (!home.is_lone)
		workload_use(w, home.id, shape, pods,
		    origin & WORLD_GREEN ? pods : 0);
}

/* Leave a home, which may be gone then. */
static void
leave(struct world *w, struct home home, uint32_t shape, uint8_t origin)
{
	use(w, home, shape, -1, origin);
	if (!home.is_lone)
		workload_release(w, home.id);
}

/* Say its name anew, as what it begins with is the home's. */
static void
enter(struct world *w, struct pod *p, struct home home, struct span name)
{
	struct span begin = {"", 0};
	bool is_tail = false;

	if (!home.is_lone)
		begin = workload_name(w, &w->workload[home.id]);
	if (begin.n && name.n >= begin.n &&
	    memcmp(name.p, begin.p, begin.n) == 0)
		is_tail = true;
	else
		begin.n = 0;
	if (p->name != PILE_NONE)
		pile_drop(&w->pod_names, p->name);
	p->name = pile_put(&w->pod_names,
	    (struct span){name.p + begin.n, name.n - begin.n});
	p->home = home.id;
	p->flags = (uint8_t)((p->flags & ~(WORLD_TAIL | WORLD_LONE)) |
	    (is_tail ? WORLD_TAIL : 0) | (home.is_lone ? WORLD_LONE : 0));
}

static void
tidy(struct world *w)
{
	if (pile_is_loose(&w->pod_names))
		pile_tidy(&w->pod_names, &w->pod->name, sizeof(*w->pod),
		    w->n_pods);
}

/* ---- pods come and go ---- */

void
pod_forget(struct world *w, uint32_t id)
{
	struct pod old = w->pod[id];

	table_remove(&w->pods, id);
	pile_drop(&w->pod_names, old.name);
	w->pod[id] = (struct pod){.name = PILE_NONE, .home = w->free_pod};
	w->free_pod = id;
	leave(w, home_of(&old), old.shape, old.flags);
	shapes_drop(w->shapes, old.shape);
	tidy(w);
}

static uint32_t
new_pod(struct world *w, const struct pod_key *k)
{
	uint32_t id = w->free_pod;

	if (id != WORLD_NONE) {
		w->free_pod = w->pod[id].home;
	} else {
		w->pod = world_grow(w->pod, w->n_pods, &w->size_pods,
		    sizeof(*w->pod));
		id = w->n_pods++;
	}
	w->pod[id] = (struct pod){.name = PILE_NONE, .hash = pod_hash(k)};
	table_insert(&w->pods, id);
	return id;
}

/* A pod that has come to its end runs nothing. */
static bool
has_ended(const struct world *w, const struct record *r)
{
	struct span phase = r->at[w->phase];

	return scan_eq(phase, "Succeeded") || scan_eq(phase, "Failed");
}

/* Whether somebody listens there: what is not ready may have its reasons. */
static bool
is_ready(const struct world *w, const struct record *r)
{
	struct scan_iter it;
	struct span c;

	if (!scan_eq(r->at[w->phase], "Running"))
		return false;
	scan_iter(&it, r->at[w->conditions]);
	while (scan_element(&it, &c))
		if (scan_eq(scan_get(c, "type"), "Ready"))
			return scan_eq(scan_get(c, "status"), "True");
	return false;
}

/* A pod that was not ready, or of another shape, before. */
static void
see_ready(struct world *w, struct pod *p, const struct record *r,
    uint32_t shape)
{
	bool was = p->flags & WORLD_READY && p->shape == shape;

	p->flags &= (uint8_t)~WORLD_READY;
	if (!w->conditions || !is_ready(w, r))
		return;
	p->flags |= WORLD_READY;
	if (!was)
		w->shapes->shape[shape].fresh = w->any_fresh = true;
}

void
pod_take(struct world *w, const struct record *r, uint32_t shape,
    uint64_t glance)
{
	struct pod_key k = {world_place(w, r->id.cluster, r->id.ns),
	    r->id.name};
	uint32_t id = table_find(&w->pods, pod_hash(&k), &k);
	uint8_t origin = world_origin_of(w, r);
	struct home home;
	struct pod *p, old;

	if (r->type == RECORD_DELETED || shape == SHAPE_NONE ||
	    has_ended(w, r)) {
		if (id != TABLE_NONE)
			pod_forget(w, id);
		return;
	}
	home = workload_of_pod(w, r, k.place, shape, glance);
	if (id == TABLE_NONE)
		id = new_pod(w, &k);
	p = &w->pod[id];
	p->sync = sync_of(w, r);
	p->epoch = w->sync[p->sync].epoch;
	world_read_uid(r->id.uid, p->uid);
	see_ready(w, p, r, shape);
	old = *p;
	if ((old.flags & WORLD_ALIVE) && is_same_home(home_of(&old), home) &&
	    old.shape == shape && (old.flags & ORIGINS) == origin)
		return;
	/* the new use first, so that nothing is released in between */
	shapes_hold(w->shapes, shape);
	use(w, home, shape, 1, origin);
	if (!(old.flags & WORLD_ALIVE) || !is_same_home(home_of(&old), home))
		enter(w, p, home, r->id.name);
	p->shape = shape;
	p->flags = (uint8_t)(WORLD_ALIVE | (p->flags & ~ORIGINS) | origin);
	if (!(old.flags & WORLD_ALIVE))
		return;
	leave(w, home_of(&old), old.shape, old.flags);
	shapes_drop(w->shapes, old.shape);
	tidy(w);
}

void
pod_set_origin(struct world *w, uint32_t id, uint8_t origin)
{
	struct pod *p = &w->pod[id];

	use(w, home_of(p), p->shape, 1, origin);
	use(w, home_of(p), p->shape, -1, p->flags);
	p->flags = (uint8_t)((p->flags & ~ORIGINS) | origin);
}

/* ---- other signatures ---- */

static void
move(struct world *w, struct pod *p, struct home home, struct span name)
{
	struct pod old = *p;

	use(w, home, p->shape, 1, p->flags);
	enter(w, p, home, name);
	leave(w, home_of(&old), old.shape, old.flags);
}

/* Whether its workload is nothing but the pod itself. */
static bool
is_own(const struct world *w, const struct pod *p)
{
	return (p->flags & WORLD_LONE) ||
	    ((p->flags & WORLD_TAIL) && !pile_get(&w->pod_names, p->name).n &&
		span_eq(workload_kind(w, &w->workload[p->home]), "Pod"));
}

/* Something is said of it now, or nothing any more. */
static void
learn(struct world *w, struct pod *p, bool is_lone, struct json *name)
{
	struct home home = {pod_place(w, p), is_lone};
	struct owner o = {span_of("v1"), span_of("Pod"), {0}};

	json_reset(name);
	o.name = pod_name(w, p, name);
	if (!is_lone)
		home.id = workload_get(w, home.id, &o);
	move(w, p, home, o.name);
}

void
pods_learn(struct world *w)
{
	struct json name = {0};

	for (uint32_t i = 0; i < w->n_pods; i++) {
		struct pod *p = &w->pod[i];
		bool nothing;

		if (!(p->flags & WORLD_ALIVE) || !is_own(w, p))
			continue;
		nothing = says_nothing(w, p->shape);
		if (nothing != ((p->flags & WORLD_LONE) != 0))
			learn(w, p, nothing, &name);
	}
	json_release(&name);
	tidy(w);
}
