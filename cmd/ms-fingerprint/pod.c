#include "pod.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "guest.h"
#include "owner.h"
#include "pack.h"
#include "sync.h"
#include "workload.h"

#define ORIGINS (WORLD_GREEN | WORLD_BROWN)
#define COUNTED (ORIGINS | WORLD_WAITING)

struct pod_key {
	uint32_t place;
	const struct identity *id;
	bool is_other;
};

/* As many bits as one keeps. */
static uint32_t
pod_hash(const struct pod_key *k)
{
	return (uint32_t)table_hash(k->id->name.p, k->id->name.n, k->place) >>
	    2;
}

static uint64_t
hash_pod(const void *context, uint32_t id)
{
	return ((const struct world *)context)->pod[id].hash;
}

/* What a pod is part of: a workload; or only a place, where its workload would
 * be. */
struct home {
	uint32_t id;
	bool is_lone;
	uint32_t type; /* of a lone one's workload; WORLD_NONE: it is its own */
	uint32_t name; /* and its name, in shapes.texts */
	uint32_t self; /* its own type, if it is no pod; or WORLD_NONE */
};

/* Where a pod is, and the rest of its name. */
static struct home
home_of(const struct world *w, const struct pod *p, struct span *name)
{
	struct home h = {p->home, p->flags & WORLD_LONE, WORLD_NONE, 0,
	    WORLD_NONE};

	*name = pile_get(&w->pod_names, p->name);
	if (p->is_other)
		h.self = pack_take_number(name);
	if (p->flags & WORLD_OWNED) {
		h.type = pack_take_number(name);
		h.name = pack_take_number(name);
	}
	return h;
}

/* The name of a workload; empty: it is the pod itself. */
static struct span
name_at_home(const struct world *w, struct home h)
{
	if (!h.is_lone)
		return workload_name(w, &w->workload[h.id]);
	return h.type == WORLD_NONE ? (struct span){"", 0} :
				      texts_get(&w->shapes->texts, h.name);
}

/* Its name in two parts, of which the first one is mostly its workload's. */
static void
name_parts(const struct world *w, const struct pod *p, struct span part[2])
{
	struct home h = home_of(w, p, &part[1]);

	part[0] =
	    p->flags & WORLD_TAIL ? name_at_home(w, h) : (struct span){"", 0};
}

/* Versions of one group name the same objects. */
static bool
is_same_kind(const struct world *w, const struct pod *p,
    const struct identity *id)
{
	struct span api_version, kind;

	pod_type(w, p, &api_version, &kind);
	return span_same(kind, id->kind) &&
	    span_same(owner_group(api_version), owner_group(id->api_version));
}

static bool
equal_pod(const void *context, uint32_t id, const void *key)
{
	const struct world *w = context;
	const struct pod *p = &w->pod[id];
	const struct pod_key *k = key;
	struct span part[2], name = k->id->name;

	if (pod_place(w, p) != k->place || p->is_other != k->is_other)
		return false;
	name_parts(w, p, part);
	return part[0].n + part[1].n == name.n &&
	    memcmp(part[0].p, name.p, part[0].n) == 0 &&
	    memcmp(part[1].p, name.p + part[0].n, part[1].n) == 0 &&
	    (!p->is_other || is_same_kind(w, p, k->id));
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
	struct span part[2];

	name_parts(w, p, part);
	json_span(out, part[0]);
	json_span(out, part[1]);
	return (struct span){out->p, out->len};
}

void
pod_type(const struct world *w, const struct pod *p, struct span *api_version,
    struct span *kind)
{
	struct span end;
	uint32_t self = home_of(w, p, &end).self;

	*api_version = span_of("v1");
	*kind = span_of("Pod");
	if (self == WORLD_NONE)
		return;
	*api_version = intern_text(&w->names, w->types.pair[self].a);
	*kind = intern_text(&w->names, w->types.pair[self].b);
}

static uint32_t
find(const struct world *w, const struct pod_key *k)
{
	return table_find(&w->pods, pod_hash(k), k);
}

uint32_t
pod_find(const struct world *w, const struct identity *id)
{
	struct pod_key k = {world_find_place(w, id->cluster, id->ns), id,
	    !span_eq(id->kind, "Pod") || !span_eq(id->api_version, "v1")};

	return find(w, &k);
}

/* ---- where it belongs ---- */

static bool
is_same_home(struct home a, struct home b)
{
	return a.id == b.id && a.is_lone == b.is_lone && a.type == b.type &&
	    a.name == b.name && a.self == b.self;
}

/* What a pod shows, and how it counts where it is. */
struct shown {
	uint32_t shape;
	uint8_t flags; /* COUNTED */
	bool is_aside;
};

static struct shown
shown_by(const struct pod *p)
{
	return (struct shown){p->shape, p->flags & COUNTED, p->is_aside};
}

/* Whether its home is only a place: no workload counts it. */
static bool
stands_alone(const struct world *w, struct shown s)
{
	return s.is_aside || !shape_outcome(w->shapes, s.shape)->needs_workload;
}

/* Whether it counts all the same, for what is a guest in it. */
static bool
is_guest(const struct world *w, struct shown s)
{
	return !s.is_aside && stands_alone(w, s) &&
	    shape_outcome(w->shapes, s.shape)->n_products;
}

/* What one of them holds on to. */
static void
hold(struct world *w, struct home h)
{
	if (h.type != WORLD_NONE)
		texts_keep(&w->shapes->texts, h.name);
}

static void
drop(struct world *w, struct home h)
{
	if (h.type != WORLD_NONE)
		texts_drop(&w->shapes->texts, h.name);
}

static uint64_t
hash_of_text(const struct world *w, uint32_t name)
{
	struct span text = texts_get(&w->shapes->texts, name);

	return table_hash(text.p, text.n, 0);
}

/* Those of this glance were there, if it still is what it was. */
static bool
find_at_glance(struct world *w, const struct world_glance *g, uint32_t place,
    bool is_lone, struct home *h)
{
	const struct workload *wl;

	if (is_lone != (g->type != WORLD_NONE))
		return false;
	if (is_lone) {
		*h = (struct home){place, true, g->type, g->workload,
		    WORLD_NONE};
		return texts_is(&w->shapes->texts, h->name) &&
		    hash_of_text(w, h->name) == g->check;
	}
	*h = (struct home){g->workload, false, WORLD_NONE, 0, WORLD_NONE};
	wl = &w->workload[g->workload];
	return wl->serial == g->check && (wl->flags & WORLD_ALIVE);
}

/* That of a workload which says so of itself, and is not held here if the pod
 * says nothing. The home is held. */
static struct home
home_at(struct world *w, uint32_t place, const struct owner *o, bool is_own,
    bool is_lone)
{
	struct home h = {place, is_lone, WORLD_NONE, 0, WORLD_NONE};

	if (!is_lone) {
		h.id = workload_get(w, place, o);
	} else if (!is_own) {
		h.type = world_type(w, o->api_version, o->kind);
		h.name = texts_hold(&w->shapes->texts, o->name);
	}
	return h;
}

/* Where a record's pod belongs. The home is held. */
static struct home
find_home(struct world *w, const struct record *r, uint32_t place, bool is_lone,
    uint64_t glance)
{
	struct world_glance *g = &w->glance[glance / 2 % WORLD_GLANCES];
	bool by_owner;
	struct owner o;
	struct home h;

	if (glance && g->glance == glance &&
	    find_at_glance(w, g, place, is_lone, &h)) {
		hold(w, h);
		return h;
	}
	by_owner = owner_of_pod(r, &o);
	h = home_at(w, place, &o, !by_owner && o.name.n == r->id.name.n,
	    is_lone);
	if (glance && by_owner && is_lone)
		*g = (struct world_glance){glance, hash_of_text(w, h.name),
		    h.name, h.type};
	else if (glance && by_owner)
		*g = (struct world_glance){glance, w->workload[h.id].serial,
		    h.id, WORLD_NONE};
	return h;
}

static void
use_workload(struct world *w, struct home home, struct shown s, int pods)
{
	if (!home.is_lone)
		workload_use(w, home.id, s.shape, pods,
		    s.flags & WORLD_GREEN ? pods : 0,
		    s.flags & WORLD_WAITING ? pods : 0);
}

static void
use(struct world *w, struct home home, struct shown s, int pods)
{
	use_workload(w, home, s, pods);
	if (is_guest(w, s))
		guest_use(w, home.id, s.shape, s.flags & WORLD_WAITING, pods);
}

/* A home that is left may be gone then. */
static void
release(struct world *w, struct home home)
{
	drop(w, home);
	if (!home.is_lone)
		workload_release(w, home.id);
}

/* Say its name anew, as what it begins with is the home's. The home is held by
 * the pod from here on. */
static void
enter(struct world *w, struct pod *p, struct home home, struct span name)
{
	struct span begin = name_at_home(w, home);
	bool is_owned = home.type != WORLD_NONE;
	bool is_tail = begin.n && name.n >= begin.n &&
	    memcmp(name.p, begin.p, begin.n) == 0;
	struct json *text = &w->buf;

	json_reset(text);
	if (p->name != PILE_NONE)
		pile_drop(&w->pod_names, p->name);
	if (p->is_other)
		pack_number(text, home.self);
	if (is_owned) {
		pack_number(text, home.type);
		pack_number(text, home.name);
	}
	json_raw(text, name.p + (is_tail ? begin.n : 0),
	    name.n - (is_tail ? begin.n : 0));
	p->name = pile_put(&w->pod_names, (struct span){text->p, text->len});
	p->home = home.id;
	p->flags &= (uint8_t) ~(WORLD_TAIL | WORLD_LONE | WORLD_OWNED);
	p->flags |= (uint8_t)((is_tail ? WORLD_TAIL : 0) |
	    (home.is_lone ? WORLD_LONE : 0) | (is_owned ? WORLD_OWNED : 0));
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
	struct span name;
	struct home home = home_of(w, &old, &name);

	table_remove(&w->pods, id);
	pile_drop(&w->pod_names, old.name);
	w->pod[id] = (struct pod){.name = PILE_NONE, .home = w->free_pod};
	w->free_pod = id;
	use(w, home, shown_by(&old), -1);
	release(w, home);
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
	w->pod[id] = (struct pod){.name = PILE_NONE,
	    .hash = pod_hash(k),
	    .is_other = k->is_other};
	table_insert(&w->pods, id);
	return id;
}

/* A pod that runs to its end, or has come to it, runs nothing. */
static bool
is_aside(const struct world *w, const struct record *r, uint32_t shape)
{
	struct span phase = r->at[w->phase];

	return w->shapes->shape[shape].is_job || scan_eq(phase, "Succeeded") ||
	    scan_eq(phase, "Failed");
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
    struct shown s)
{
	bool was = p->flags & WORLD_READY && p->shape == s.shape;

	p->flags &= (uint8_t)~WORLD_READY;
	if (!w->conditions || s.is_aside || !is_ready(w, r))
		return;
	p->flags |= WORLD_READY;
	if (!was)
		w->shapes->shape[s.shape].fresh = w->any_fresh = true;
}

/* Put a pod where it belongs now. What it was before is left. */
static void
settle(struct world *w, struct pod *p, struct home home, struct span name,
    struct shown s)
{
	struct shown old = shown_by(p);
	bool is_new = !(p->flags & WORLD_ALIVE), stays;
	struct home before = home;
	struct span end;

	if (!is_new)
		before = home_of(w, p, &end);
	stays = !is_new && is_same_home(before, home);
	if (stays && old.shape == s.shape && old.flags == s.flags &&
	    old.is_aside == s.is_aside) {
		drop(w, home);
		return;
	}
	/* the new use first, so that nothing is released in between */
	shapes_hold(w->shapes, s.shape);
	use(w, home, s, 1);
	if (!stays)
		enter(w, p, home, name);
	p->shape = s.shape;
	p->is_aside = s.is_aside;
	p->flags = (uint8_t)(WORLD_ALIVE | (p->flags & ~COUNTED) | s.flags);
	if (is_new)
		return;
	use(w, before, old, -1);
	release(w, before);
	shapes_drop(w->shapes, old.shape);
	tidy(w);
}

void
pod_drop(struct world *w, const struct identity *id)
{
	uint32_t found = pod_find(w, id);

	if (found != TABLE_NONE)
		pod_forget(w, found);
}

/* Take in a pod, or what is none, where it belongs; the home is held. */
static void
take(struct world *w, const struct record *r, const struct pod_key *k,
    struct home home, struct shown s)
{
	uint32_t id = find(w, k);
	struct pod *p;

	if (id == TABLE_NONE)
		id = new_pod(w, k);
	p = &w->pod[id];
	p->sync = sync_of(w, r);
	p->epoch = w->sync[p->sync].epoch;
	world_read_uid(r->id.uid, p->uid);
	see_ready(w, p, r, s);
	settle(w, p, home, r->id.name, s);
}

static struct shown
shown_in(const struct world *w, const struct record *r, uint32_t shape,
    bool is_aside)
{
	bool waits = scan_eq(r->at[w->phase], "Pending");

	return (struct shown){shape,
	    (uint8_t)(world_origin_of(w, r) | (waits ? WORLD_WAITING : 0)),
	    is_aside};
}

void
pod_take(struct world *w, const struct record *r, uint32_t shape,
    uint64_t glance)
{
	struct pod_key k = {.id = &r->id};
	struct shown s;

	if (r->type == RECORD_DELETED || shape == SHAPE_NONE) {
		pod_drop(w, &r->id);
		return;
	}
	k.place = world_place(w, r->id.cluster, r->id.ns);
	s = shown_in(w, r, shape, is_aside(w, r, shape));
	take(w, r, &k, find_home(w, r, k.place, stands_alone(w, s), glance), s);
}

void
pod_take_other(struct world *w, const struct record *r, uint32_t shape,
    const struct owner *owner)
{
	struct pod_key k = {.id = &r->id, .is_other = true};
	struct home home;

	if (r->type == RECORD_DELETED) {
		pod_drop(w, &r->id);
		return;
	}
	k.place = world_place(w, r->id.cluster, r->id.ns);
	home = home_at(w, k.place, owner, !owner, true);
	home.self = world_type(w, r->id.api_version, r->id.kind);
	take(w, r, &k, home, shown_in(w, r, shape, true));
}

void
pods_mark(const struct world *w, uint8_t *places, uint8_t *types)
{
	for (uint32_t i = 0; i < w->n_pods; i++) {
		const struct pod *p = &w->pod[i];
		struct span end;
		struct home home;

		if (!(p->flags & WORLD_LONE))
			continue;
		home = home_of(w, p, &end);
		places[home.id] = 1;
		if (home.type != WORLD_NONE)
			types[home.type] = 1;
		if (home.self != WORLD_NONE)
			types[home.self] = 1;
	}
}

void
pod_set_origin(struct world *w, uint32_t id, uint8_t origin)
{
	struct pod *p = &w->pod[id];
	struct span end;
	struct home home = home_of(w, p, &end);
	struct shown old = shown_by(p), s = old;

	s.flags = (uint8_t)(origin | (old.flags & WORLD_WAITING));
	use(w, home, s, 1);
	use(w, home, old, -1);
	p->flags = (uint8_t)((p->flags & ~COUNTED) | s.flags);
}

/* ---- other signatures ---- */

/* The workload of a pod, which is called so itself. True: it is the pod. */
static bool
owner_at(const struct world *w, struct home h, struct span name,
    struct owner *o)
{
	uint32_t type = h.is_lone ? h.type : w->workload[h.id].type;

	*o = (struct owner){span_of("v1"), span_of("Pod"), name};
	if (type == WORLD_NONE)
		return true;
	o->api_version = intern_text(&w->names, w->types.pair[type].a);
	o->kind = intern_text(&w->names, w->types.pair[type].b);
	o->name = name_at_home(w, h);
	return span_eq(o->kind, "Pod") && span_same(o->name, name);
}

/* It needs a workload now, or none any more. buf is for its name. */
static void
move(struct world *w, struct pod *p, bool is_lone, struct json *buf)
{
	struct span end, name;
	struct home before = home_of(w, p, &end), home;
	struct owner o;
	bool is_own;

	json_reset(buf);
	name = pod_name(w, p, buf);
	is_own = owner_at(w, before, name, &o);
	home = home_at(w, pod_place(w, p), &o, is_own, is_lone);
	use_workload(w, home, shown_by(p), 1);
	enter(w, p, home, name);
	use_workload(w, before, shown_by(p), -1);
	release(w, before);
}

void
pods_learn(struct world *w)
{
	struct json name = {0};

	guests_forget(w);
	for (uint32_t i = 0; i < w->n_pods; i++) {
		struct pod *p = &w->pod[i];
		struct shown s = shown_by(p);

		if (!(p->flags & WORLD_ALIVE))
			continue;
		if (stands_alone(w, s) != ((p->flags & WORLD_LONE) != 0))
			move(w, p, stands_alone(w, s), &name);
		if (is_guest(w, s))
			guest_use(w, p->home, s.shape, s.flags & WORLD_WAITING,
			    1);
	}
	json_release(&name);
	tidy(w);
}
