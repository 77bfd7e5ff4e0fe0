#include "workload.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "owner.h"
#include "sync.h"

struct workload_key {
	uint32_t name, place, kind;
	struct span group;
};

static uint64_t
workload_hash(uint32_t name, uint32_t place, uint32_t kind)
{
	uint32_t key[3] = {name, place, kind};

	return table_hash(key, sizeof(key), 0);
}

static uint64_t
hash_workload(const void *context, uint32_t id)
{
	const struct world *w = context;
	const struct workload *wl = &w->workload[id];

	return workload_hash(wl->name, wl->place, w->types.pair[wl->type].b);
}

struct span
workload_name(const struct world *w, const struct workload *wl)
{
	return texts_get(&w->shapes->texts, wl->name);
}

struct span
workload_maker(const struct world *w, const struct workload *wl)
{
	return wl->flags & WORLD_MADE ?
	    texts_get(&w->shapes->texts, wl->owner) :
	    workload_name(w, wl);
}

struct span
workload_api(const struct world *w, const struct workload *wl)
{
	return intern_text(&w->names, w->types.pair[wl->type].a);
}

struct span
workload_kind(const struct world *w, const struct workload *wl)
{
	return intern_text(&w->names, w->types.pair[wl->type].b);
}

uint32_t
workload_ns(const struct world *w, uint32_t id)
{
	return world_ns_at(w, w->workload[id].place);
}

/* Versions of one group name the same objects. */
static bool
equal_workload(const void *context, uint32_t id, const void *key)
{
	const struct world *w = context;
	const struct workload *wl = &w->workload[id];
	const struct workload_key *k = key;

	if (wl->name != k->name || wl->place != k->place ||
	    w->types.pair[wl->type].b != k->kind)
		return false;
	return span_same(owner_group(workload_api(w, wl)), k->group);
}

static const struct table_ops workload_ops = {hash_workload, equal_workload};

void
workloads_init(struct world *w)
{
	w->free_workload = WORLD_NONE;
	table_init(&w->workloads, &workload_ops, w);
}

static void
free_uses(struct workload *wl)
{
	if (wl->n_uses > 1)
		free(wl->uses);
}

void
workloads_free(struct world *w)
{
	for (uint32_t i = 0; i < w->n_workloads; i++)
		if (w->workload[i].flags & WORLD_ALIVE)
			free_uses(&w->workload[i]);
	free(w->workload);
	table_free(&w->workloads);
}

static uint32_t
new_id(struct world *w)
{
	uint32_t id = w->free_workload;

	if (id != WORLD_NONE) {
		w->free_workload = w->workload[id].next;
		return id;
	}
	w->workload = world_grow(w->workload, w->n_workloads,
	    &w->size_workloads, sizeof(*w->workload));
	w->workload[w->n_workloads].serial = 0;
	return w->n_workloads++;
}

static uint32_t
new_workload(struct world *w, const struct workload_key *k, uint32_t type)
{
	uint32_t id = new_id(w), *first = &w->first[world_ns_at(w, k->place)];

	w->workload[id] = (struct workload){.name = k->name,
	    .place = k->place,
	    .type = type,
	    .own = SHAPE_NONE,
	    .owner = WORLD_NONE,
	    .next = *first,
	    .before = WORLD_NONE,
	    .serial = (uint16_t)(w->workload[id].serial + 1u),
	    .flags = WORLD_ALIVE};
	if (*first != WORLD_NONE)
		w->workload[*first].before = id;
	*first = id;
	table_insert(&w->workloads, id);
	return id;
}

uint32_t
workload_get(struct world *w, uint32_t place, const struct owner *name)
{
	struct texts *texts = &w->shapes->texts;
	struct workload_key k = {.name = texts_hold(texts, name->name),
	    .place = place,
	    .kind = intern_put(&w->names, name->kind),
	    .group = owner_group(name->api_version)};
	uint32_t id = table_find(&w->workloads,
	    workload_hash(k.name, k.place, k.kind), &k);

	if (id == TABLE_NONE)
		return new_workload(w, &k,
		    world_type(w, name->api_version, name->kind));
	texts_drop(texts, k.name);
	return id;
}

uint32_t
workload_find(const struct world *w, const struct identity *id)
{
	struct workload_key k = {.name =
				     texts_find(&w->shapes->texts, id->name),
	    .place = world_find_place(w, id->cluster, id->ns),
	    .kind = intern_find(&w->names, id->kind),
	    .group = owner_group(id->api_version)};

	/* as mostly of those that are not held */
	if (k.name == TABLE_NONE)
		return TABLE_NONE;
	return table_find(&w->workloads, workload_hash(k.name, k.place, k.kind),
	    &k);
}

static void
unlink_workload(struct world *w, uint32_t id)
{
	const struct workload *wl = &w->workload[id];

	if (wl->before != WORLD_NONE)
		w->workload[wl->before].next = wl->next;
	else
		w->first[workload_ns(w, id)] = wl->next;
	if (wl->next != WORLD_NONE)
		w->workload[wl->next].before = wl->before;
}

void
workload_release(struct world *w, uint32_t id)
{
	while (id != WORLD_NONE) {
		struct workload *wl = &w->workload[id];
		uint32_t owner = wl->owner;

		if ((wl->flags & WORLD_SEEN) || wl->n_uses || wl->children)
			return;
		table_remove(&w->workloads, id);
		unlink_workload(w, id);
		texts_drop(&w->shapes->texts, wl->name);
		free_uses(wl);
		wl->flags = 0;
		wl->next = w->free_workload;
		w->free_workload = id;
		if (owner != WORLD_NONE)
			w->workload[owner].children--;
		id = owner;
	}
}

/* What it owns, or is owned by, may be of any product. */
static void
touch(struct world *w, uint32_t id)
{
	struct workload *wl = &w->workload[id];
	uint32_t ns = workload_ns(w, id);

	world_touch_shape(w, wl->own, ns);
	for (unsigned i = 0; i < wl->n_uses; i++)
		world_touch_shape(w, world_uses(wl)[i].shape, ns);
	if (wl->children ||
	    (wl->owner != WORLD_NONE && !(wl->flags & WORLD_MADE)))
		world_touch_ns(w, ns);
}

static void
set_own(struct world *w, uint32_t id, uint32_t shape)
{
	struct workload *wl = &w->workload[id];

	if (wl->own == shape)
		return;
	touch(w, id);
	shapes_hold(w->shapes, shape);
	shapes_drop(w->shapes, wl->own);
	wl->own = shape;
	world_touch_shape(w, shape, workload_ns(w, id));
}

void
workload_set_origin(struct world *w, uint32_t id, uint8_t origin)
{
	struct workload *wl = &w->workload[id];
	uint8_t both = WORLD_GREEN | WORLD_BROWN;

	if ((wl->flags & both) == origin)
		return;
	wl->flags = (uint8_t)((wl->flags & ~both) | origin);
	touch(w, id);
}

bool
workload_is_means(struct span kind)
{
	return span_eq(kind, "ReplicaSet") ||
	    span_eq(kind, "ReplicationController") || span_eq(kind, "Job");
}

/* Let go of what an owner was. */
static void
drop_owner(struct world *w, uint32_t owner, uint8_t flags)
{
	if (flags & WORLD_MADE) {
		texts_drop(&w->shapes->texts, owner);
	} else if (owner != WORLD_NONE) {
		w->workload[owner].children--;
		workload_release(w, owner);
	}
}

static void
set_owner(struct world *w, uint32_t id, const struct record *r)
{
	struct workload old = w->workload[id], *wl;
	uint32_t owner = WORLD_NONE;
	uint8_t made = 0;
	struct owner o;

	if (!owner_of(r, &o)) {
		/* its own */
	} else if (workload_is_means(r->id.kind)) {
		owner = workload_get(w, old.place, &o);
		if (owner == id)
			owner = WORLD_NONE;
		else
			w->workload[owner].children++;
	} else if (owner_is_custom(o.api_version)) {
		owner = texts_hold(&w->shapes->texts, o.name);
		made = WORLD_MADE;
	}
	wl = &w->workload[id];
	if (owner != old.owner || made != (old.flags & WORLD_MADE)) {
		touch(w, id);
		wl->owner = owner;
		wl->flags = (uint8_t)((wl->flags & ~WORLD_MADE) | made);
		touch(w, id);
	}
	drop_owner(w, old.owner, old.flags);
}

void
workload_forget(struct world *w, uint32_t id)
{
	struct workload *wl = &w->workload[id];
	uint32_t owner = wl->owner;
	uint8_t flags = wl->flags;

	if (!(flags & WORLD_SEEN))
		return;
	set_own(w, id, SHAPE_NONE);
	workload_set_origin(w, id, 0);
	touch(w, id);
	wl->flags &= (uint8_t) ~(WORLD_SEEN | WORLD_MADE);
	wl->owner = WORLD_NONE;
	drop_owner(w, owner, flags);
	workload_release(w, id);
}

void
workload_drop(struct world *w, const struct identity *id)
{
	uint32_t found = workload_find(w, id);

	if (found != TABLE_NONE)
		workload_forget(w, found);
}

void
workload_take(struct world *w, const struct record *r, uint32_t shape)
{
	uint32_t id;

	if (r->type == RECORD_DELETED) {
		workload_drop(w, &r->id);
		return;
	}
	id = workload_get(w, world_place(w, r->id.cluster, r->id.ns),
	    &(struct owner){r->id.api_version, r->id.kind, r->id.name});
	if (!(w->workload[id].flags & WORLD_SEEN))
		touch(w, id); /* its origin is its own from now on */
	w->workload[id].flags |= WORLD_SEEN;
	w->workload[id].type = world_type(w, r->id.api_version, r->id.kind);
	world_read_uid(r->id.uid, w->workload[id].uid);
	w->workload[id].sync = sync_of(w, r);
	w->workload[id].epoch = w->sync[w->workload[id].sync].epoch;
	set_owner(w, id, r);
	set_own(w, id, shape);
	workload_set_origin(w, id, world_origin_of(w, r));
}

/* Room for one more, which is the last. */
static void
add_use(struct workload *wl, uint32_t shape)
{
	struct use first = wl->one_use, *uses;

	if (wl->n_uses == 0) {
		wl->one_use = (struct use){.shape = shape};
	} else {
		uses = wl->n_uses > 1 ? wl->uses : NULL;
		uses = diag_alloc(uses, (wl->n_uses + 1u) * sizeof(*uses));
		if (wl->n_uses == 1)
			uses[0] = first;
		uses[wl->n_uses] = (struct use){.shape = shape};
		wl->uses = uses;
	}
	wl->n_uses++;
}

static void
remove_use(struct workload *wl, unsigned i)
{
	struct use *uses = wl->n_uses > 1 ? wl->uses : NULL;

	wl->n_uses--;
	if (!uses)
		return;
	uses[i] = uses[wl->n_uses];
	if (wl->n_uses == 1) {
		wl->one_use = uses[0];
		free(uses);
	}
}

void
workload_use(struct world *w, uint32_t id, uint32_t shape, int pods, int green,
    int waiting)
{
	struct workload *wl = &w->workload[id];
	const struct use *uses = world_uses(wl);
	struct use *use;
	unsigned i = 0;
	bool was_green, was_waiting;

	while (i < wl->n_uses && uses[i].shape != shape)
		i++;
	if (i == wl->n_uses) {
		add_use(wl, shape);
		touch(w, id);
	}
	use = wl->n_uses > 1 ? &wl->uses[i] : &wl->one_use;
	was_green = use->pods && use->green == use->pods;
	was_waiting = use->pods && use->waiting == use->pods;
	use->pods += (uint32_t)pods;
	use->green += (uint32_t)green;
	use->waiting += (uint32_t)waiting;
	if ((use->green == use->pods) != was_green ||
	    (use->waiting == use->pods) != was_waiting)
		touch(w, id);
	if (use->pods == 0) {
		touch(w, id);
		remove_use(wl, i);
	}
}

uint32_t
workload_root(const struct world *w, uint32_t id)
{
	for (int i = 0; i < 4 && w->workload[id].owner != WORLD_NONE &&
	     !(w->workload[id].flags & WORLD_MADE);
	     i++)
		id = w->workload[id].owner;
	return id;
}
