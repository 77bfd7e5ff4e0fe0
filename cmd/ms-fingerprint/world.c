#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* ---- tables ---- */

struct workload_key {
	uint32_t cluster, ns, group, kind;
	struct span name;
};

static uint64_t
workload_hash(const struct workload_key *k)
{
	return table_hash(k->name.p, k->name.n,
	    table_hash(k, 4 * sizeof(k->cluster), 0));
}

static struct workload_key
key_of(const struct workload *w)
{
	return (struct workload_key){w->cluster, w->ns, w->group, w->kind,
	    span_of(w->name)};
}

static uint64_t
hash_workload(const void *context, uint32_t id)
{
	struct workload_key k =
	    key_of(&((const struct world *)context)->workload[id]);

	return workload_hash(&k);
}

static bool
equal_workload(const void *context, uint32_t id, const void *key)
{
	const struct workload *w =
	    &((const struct world *)context)->workload[id];
	const struct workload_key *k = key;

	return w->ns == k->ns && w->kind == k->kind && w->group == k->group &&
	    w->cluster == k->cluster && span_eq(k->name, w->name);
}

static uint64_t
hash_pod(const void *context, uint32_t id)
{
	return ((const struct world *)context)->pod[id].key;
}

/* 96 bits of hash stand for a pod's name: nobody will see two pods with the
 * same ones, and names are most of what pods differ in. */
static bool
equal_pod(const void *context, uint32_t id, const void *key)
{
	const struct pod *p = &((const struct world *)context)->pod[id];
	const struct pod *k = key;

	return p->key == k->key && p->check == k->check;
}

static uint64_t
thing_hash(uint32_t cluster, uint32_t ns, uint32_t kind, struct span name)
{
	uint32_t ids[3] = {cluster, ns, kind};

	return table_hash(name.p, name.n, table_hash(ids, sizeof(ids), 0));
}

static uint64_t
hash_thing(const void *context, uint32_t id)
{
	const struct thing *t = &((const struct world *)context)->thing[id];

	return thing_hash(t->cluster, t->ns, t->kind,
	    span_of(thing_text(t, THING_NAME)));
}

static bool
equal_thing(const void *context, uint32_t id, const void *key)
{
	const struct thing *t = &((const struct world *)context)->thing[id];
	const struct workload_key *k = key;

	return t->ns == k->ns && t->kind == k->kind &&
	    t->cluster == k->cluster &&
	    span_eq(k->name, thing_text(t, THING_NAME));
}

static const struct table_ops workload_ops = {hash_workload, equal_workload};
static const struct table_ops pod_ops = {hash_pod, equal_pod};
static const struct table_ops thing_ops = {hash_thing, equal_thing};

void
world_init(struct world *w, struct shapes *s, struct scan_plan *plan, int phase)
{
	*w = (struct world){.shapes = s,
	    .phase = phase,
	    .free_workload = WORLD_NONE,
	    .free_pod = WORLD_NONE,
	    .free_thing = WORLD_NONE};
	intern_init(&w->names);
	table_init(&w->workloads, &workload_ops, w);
	table_init(&w->pods, &pod_ops, w);
	table_init(&w->things, &thing_ops, w);
	w->glance = diag_alloc(NULL, WORLD_GLANCES * sizeof(*w->glance));
	memset(w->glance, 0, WORLD_GLANCES * sizeof(*w->glance));
	w->dirty = diag_alloc(NULL, s->catalog->signatures->n_products + 1);
	memset(w->dirty, 0, s->catalog->signatures->n_products + 1);
	w->selector = scan_plan_add(plan, "object.spec.selector");
	w->ports = scan_plan_add(plan, "object.spec.ports");
	w->group = scan_plan_add(plan, "object.spec.group");
	w->plural = scan_plan_add(plan, "object.spec.names.plural");
	w->controller = scan_plan_add(plan, "object.spec.controller");
	w->controller_name = scan_plan_add(plan, "object.spec.controllerName");
	w->origin = scan_plan_add(plan, "ms.origin");
}

void
world_free(struct world *w)
{
	for (uint32_t i = 0; i < w->n_workloads; i++)
		if (w->workload[i].flags & WORLD_ALIVE) {
			free(w->workload[i].name);
			free(w->workload[i].use);
		}
	for (uint32_t i = 0; i < w->n_things; i++)
		if (w->thing[i].flags & WORLD_ALIVE)
			free(w->thing[i].text);
	for (size_t i = 0; i < w->n_syncs; i++)
		free(w->sync[i].namespaces);
	free(w->workload);
	free(w->pod);
	free(w->thing);
	free(w->sync);
	free(w->first);
	free(w->dirty_ns);
	free(w->dirty);
	free(w->glance);
	table_free(&w->workloads);
	table_free(&w->pods);
	table_free(&w->things);
	intern_free(&w->names);
	json_release(&w->buf);
}

/* Room for one more in an array that doubles. */
static void *
grow(void *array, uint32_t n, uint32_t *size, size_t one)
{
	if (n < *size)
		return array;
	*size = *size ? *size * 2 : 64;
	return diag_alloc(array, *size * one);
}

/* ---- what has to be looked at again ---- */

static void
touch_shape(struct world *w, uint32_t shape, uint32_t ns)
{
	const struct shape *s;

	if (shape == SHAPE_NONE)
		return;
	s = &w->shapes->shape[shape];
	for (uint32_t i = 0; i < s->n_products; i++)
		w->dirty[s->product[i]] |= WORLD_DIRTY_NS;
	if (s->n_products) {
		w->dirty_ns[ns] = 1;
		w->any_dirty = true;
	}
}

static void
touch_ns(struct world *w, uint32_t ns)
{
	w->dirty_ns[ns] = 1;
	w->any_dirty = true;
}

static uint32_t
ns_number(struct world *w, struct span name)
{
	uint32_t ns = intern_put(&w->names, name);

	if (ns >= w->n_first) {
		size_t n = w->n_first ? w->n_first * 2 : 64;

		while (n <= ns)
			n *= 2;
		w->first = diag_alloc(w->first, n * sizeof(*w->first));
		w->dirty_ns = diag_alloc(w->dirty_ns, n);
		memset(w->first + w->n_first, 0xff,
		    (n - w->n_first) * sizeof(*w->first));
		memset(w->dirty_ns + w->n_first, 0, n - w->n_first);
		w->n_first = n;
	}
	return ns;
}

/* ---- syncs ---- */

static uint16_t
sync_number(struct world *w, uint32_t cluster, uint32_t resource)
{
	size_t i = 0;

	while (i < w->n_syncs &&
	    (w->sync[i].resource != resource || w->sync[i].cluster != cluster))
		i++;
	if (i == w->n_syncs) {
		if (i == UINT16_MAX)
			return 0;
		w->sync = diag_alloc(w->sync, (i + 1) * sizeof(*w->sync));
		w->sync[w->n_syncs++] =
		    (struct sync){.cluster = cluster, .resource = resource};
	}
	return (uint16_t)i;
}

/* Records of one resource come one after the other. */
static bool
is_of_sync(const struct world *w, const struct sync *s, struct span cluster,
    struct span resource)
{
	struct span r = intern_text(&w->names, s->resource);
	struct span c = intern_text(&w->names, s->cluster);

	return r.n == resource.n && c.n == cluster.n &&
	    memcmp(r.p, resource.p, r.n) == 0 &&
	    memcmp(c.p, cluster.p, c.n) == 0;
}

static uint16_t
sync_of(struct world *w, const struct record *r)
{
	struct span resource = r->at[AT_RESOURCE];
	char buf[512];

	resource = scan_text(resource, buf, sizeof(buf));
	if (!resource.p)
		resource = span_of("");
	if (w->last_sync >= w->n_syncs ||
	    !is_of_sync(w, &w->sync[w->last_sync], r->id.cluster, resource))
		w->last_sync =
		    sync_number(w, intern_put(&w->names, r->id.cluster),
			intern_put(&w->names, resource));
	return (uint16_t)w->last_sync;
}

/* ---- workloads ---- */

static struct span
group_of(struct span api_version)
{
	const char *slash = NULL;

	if (api_version.n)
		slash = memchr(api_version.p, '/', api_version.n);
	return slash ?
	    (struct span){api_version.p, (size_t)(slash - api_version.p)} :
	    span_of("");
}

static uint32_t
new_workload(struct world *w, const struct workload_key *k)
{
	uint32_t id = w->free_workload, serial = 1;

	if (id != WORLD_NONE) {
		w->free_workload = w->workload[id].next;
		serial = w->workload[id].serial + 1;
	} else {
		w->workload = grow(w->workload, w->n_workloads,
		    &w->size_workloads, sizeof(*w->workload));
		id = w->n_workloads++;
	}
	w->workload[id] = (struct workload){.cluster = k->cluster,
	    .serial = serial,
	    .ns = k->ns,
	    .group = k->group,
	    .kind = k->kind,
	    .name = diag_strndup(k->name.p, k->name.n),
	    .own = SHAPE_NONE,
	    .owner = WORLD_NONE,
	    .flags = WORLD_ALIVE,
	    .next = w->first[k->ns]};
	w->first[k->ns] = id;
	table_insert(&w->workloads, id);
	return id;
}

static uint32_t
get_workload(struct world *w, struct span cluster, struct span ns,
    struct span group, struct span kind, struct span name)
{
	struct workload_key k = {.name = name};
	uint32_t id;

	k.cluster = intern_put(&w->names, cluster);
	k.ns = ns_number(w, ns);
	k.group = intern_put(&w->names, group);
	k.kind = intern_put(&w->names, kind);
	id = table_find(&w->workloads, workload_hash(&k), &k);
	return id != TABLE_NONE ? id : new_workload(w, &k);
}

static uint32_t
find_workload(const struct world *w, const struct identity *id)
{
	struct workload_key k = {.name = id->name};

	k.cluster = intern_find(&w->names, id->cluster);
	k.ns = intern_find(&w->names, id->ns);
	k.group = intern_find(&w->names, group_of(id->api_version));
	k.kind = intern_find(&w->names, id->kind);
	return table_find(&w->workloads, workload_hash(&k), &k);
}

static void
unlink_workload(struct world *w, uint32_t id)
{
	uint32_t *at = &w->first[w->workload[id].ns];

	while (*at != id)
		at = &w->workload[*at].next;
	*at = w->workload[id].next;
}

/* Forget a workload of which nothing is left: not itself, no pod, and nothing
 * that it owns. */
static void
release_workload(struct world *w, uint32_t id)
{
	while (id != WORLD_NONE) {
		struct workload *wl = &w->workload[id];
		uint32_t owner = wl->owner;

		if ((wl->flags & WORLD_SEEN) || wl->n_uses || wl->children)
			return;
		table_remove(&w->workloads, id);
		unlink_workload(w, id);
		free(wl->name);
		free(wl->use);
		wl->flags = 0;
		wl->next = w->free_workload;
		w->free_workload = id;
		if (owner != WORLD_NONE)
			w->workload[owner].children--;
		id = owner;
	}
}

struct owner {
	struct span api_version, kind, name;
};

/* The owner that controls an object, if any. */
static bool
controller(const struct record *r, struct owner *o)
{
	struct scan_iter it;
	struct span ref;

	scan_iter(&it, r->at[AT_OWNERS]);
	while (scan_element(&it, &ref)) {
		if (scan_type(scan_get(ref, "controller")) != SCAN_TRUE)
			continue;
		o->api_version =
		    scan_text(scan_get(ref, "apiVersion"), NULL, 0);
		o->kind = scan_text(scan_get(ref, "kind"), NULL, 0);
		o->name = scan_text(scan_get(ref, "name"), NULL, 0);
		return o->api_version.p && o->kind.p && o->name.n;
	}
	return false;
}

/* A ReplicaSet that a Deployment made is called after it and the hash in its
 * pods' label, so the Deployment is known without the ReplicaSet. */
static void
skip_replica_set(const struct record *r, struct owner *o)
{
	struct span hash =
	    scan_text(scan_get(r->at[AT_LABELS], "pod-template-hash"), NULL, 0);
	size_t n = o->name.n;

	if (!span_eq(o->kind, "ReplicaSet") || !hash.n || n < hash.n + 2 ||
	    o->name.p[n - hash.n - 1] != '-' ||
	    memcmp(o->name.p + n - hash.n, hash.p, hash.n) != 0)
		return;
	o->kind = span_of("Deployment");
	o->name.n -= hash.n + 1;
}

/* A static pod is called NAME-NODE and owned by its node. */
static bool
skip_node(const struct record *r, struct owner *o)
{
	size_t n = r->id.name.n;

	if (!span_eq(o->kind, "Node"))
		return false;
	if (n > o->name.n + 1 && r->id.name.p[n - o->name.n - 1] == '-' &&
	    memcmp(r->id.name.p + n - o->name.n, o->name.p, o->name.n) == 0)
		n -= o->name.n + 1;
	o->name = (struct span){r->id.name.p, n};
	o->kind = span_of("Pod");
	o->api_version = span_of("v1");
	return true;
}

static uint32_t
find_workload_of_pod(struct world *w, const struct record *r, bool *by_owner)
{
	struct owner o = {r->id.api_version, r->id.kind, r->id.name};

	*by_owner = controller(r, &o) && !skip_node(r, &o);
	if (*by_owner)
		skip_replica_set(r, &o);
	return get_workload(w, r->id.cluster, r->id.ns, group_of(o.api_version),
	    o.kind, o.name);
}

static uint32_t
workload_of_pod(struct world *w, const struct record *r, uint64_t glance)
{
	struct world_glance *g = &w->glance[glance / 2 % WORLD_GLANCES];
	bool by_owner;
	uint32_t id;

	if (glance && g->glance == glance &&
	    w->workload[g->workload].serial == g->serial &&
	    (w->workload[g->workload].flags & WORLD_ALIVE))
		return g->workload;
	id = find_workload_of_pod(w, r, &by_owner);
	if (glance && by_owner)
		*g = (struct world_glance){glance, id, w->workload[id].serial};
	return id;
}

static uint8_t
origin_of(const struct world *w, const struct record *r)
{
	struct span class = scan_get(r->at[w->origin], "class");

	return scan_eq(class, "greenfield") ? WORLD_GREEN :
	    scan_eq(class, "brownfield")    ? WORLD_BROWN :
					      0;
}

static void
touch_workload(struct world *w, uint32_t id)
{
	struct workload *wl = &w->workload[id];

	touch_shape(w, wl->own, wl->ns);
	for (unsigned i = 0; i < wl->n_uses; i++)
		touch_shape(w, wl->use[i].shape, wl->ns);
}

static void
set_own(struct world *w, uint32_t id, uint32_t shape)
{
	struct workload *wl = &w->workload[id];

	if (wl->own == shape)
		return;
	touch_workload(w, id);
	shapes_hold(w->shapes, shape);
	shapes_drop(w->shapes, wl->own);
	wl->own = shape;
	touch_shape(w, shape, wl->ns);
}

static void
set_origin(struct world *w, uint32_t id, uint8_t origin)
{
	struct workload *wl = &w->workload[id];
	uint8_t both = WORLD_GREEN | WORLD_BROWN;

	if ((wl->flags & both) == origin)
		return;
	wl->flags = (uint8_t)((wl->flags & ~both) | origin);
	touch_workload(w, id);
}

/* Only what a person would not name is seen through to its owner. */
static bool
is_means(struct span kind)
{
	return span_eq(kind, "ReplicaSet") || span_eq(kind, "Job");
}

static void
set_owner(struct world *w, uint32_t id, const struct record *r)
{
	uint32_t owner = WORLD_NONE, old = w->workload[id].owner;
	struct owner o;

	if (is_means(r->id.kind) && controller(r, &o))
		owner = get_workload(w, r->id.cluster, r->id.ns,
		    group_of(o.api_version), o.kind, o.name);
	if (owner == old || owner == id)
		return;
	touch_workload(w, id);
	w->workload[id].owner = owner;
	if (owner != WORLD_NONE)
		w->workload[owner].children++;
	if (old != WORLD_NONE) {
		w->workload[old].children--;
		release_workload(w, old);
	}
}

static void
forget_workload(struct world *w, uint32_t id)
{
	struct workload *wl = &w->workload[id];
	uint32_t owner = wl->owner;

	if (!(wl->flags & WORLD_SEEN))
		return;
	set_own(w, id, SHAPE_NONE);
	set_origin(w, id, 0);
	wl->flags &= (uint8_t)~WORLD_SEEN;
	wl->owner = WORLD_NONE;
	if (owner != WORLD_NONE) {
		touch_workload(w, id);
		w->workload[owner].children--;
		release_workload(w, owner);
	}
	release_workload(w, id);
}

void
world_workload(struct world *w, const struct record *r, uint32_t shape)
{
	bool is_set = span_eq(r->id.kind, "ReplicaSet");
	struct owner o;
	uint32_t id;

	/* what a Deployment made says nothing that the Deployment does not */
	if (is_set && controller(r, &o) && span_eq(o.kind, "Deployment"))
		return;
	if (r->type == RECORD_DELETED) {
		id = find_workload(w, &r->id);
		if (id != TABLE_NONE)
			forget_workload(w, id);
		return;
	}
	id = get_workload(w, r->id.cluster, r->id.ns,
	    group_of(r->id.api_version), r->id.kind, r->id.name);
	w->workload[id].flags |= WORLD_SEEN;
	w->workload[id].sync = sync_of(w, r);
	w->workload[id].epoch = w->sync[w->workload[id].sync].epoch;
	set_owner(w, id, r);
	/* an owned ReplicaSet may be an old one: its pods speak, not it */
	if (w->workload[id].owner != WORLD_NONE && is_set)
		shape = SHAPE_NONE;
	set_own(w, id, shape);
	set_origin(w, id, origin_of(w, r));
}

/* ---- pods ---- */

static void
use_shape(struct world *w, uint32_t id, uint32_t shape, int pods, int green)
{
	struct workload *wl = &w->workload[id];
	unsigned i = 0;
	bool was_green;

	while (i < wl->n_uses && wl->use[i].shape != shape)
		i++;
	if (i == wl->n_uses) {
		wl->use = diag_alloc(wl->use, (i + 1) * sizeof(*wl->use));
		wl->use[i] = (struct use){.shape = shape};
		wl->n_uses++;
		touch_workload(w, id);
	}
	was_green = wl->use[i].pods && wl->use[i].green == wl->use[i].pods;
	wl->use[i].pods += (uint32_t)pods;
	wl->use[i].green += (uint32_t)green;
	if ((wl->use[i].green == wl->use[i].pods) != was_green)
		touch_workload(w, id);
	if (wl->use[i].pods == 0) {
		touch_workload(w, id);
		wl->use[i] = wl->use[--wl->n_uses];
	}
}

static struct pod
pod_key(const struct identity *id)
{
	uint64_t a = table_hash(id->cluster.p, id->cluster.n, 7), b;

	a = table_hash(id->ns.p, id->ns.n, a);
	b = table_hash(id->name.p, id->name.n, a + 1);
	return (struct pod){.key = table_hash(id->name.p, id->name.n, a),
	    .check = (uint32_t)b};
}

static void
remove_use(struct world *w, struct pod *p)
{
	uint32_t workload = p->workload;

	use_shape(w, workload, p->shape, -1, p->flags & WORLD_GREEN ? -1 : 0);
	shapes_drop(w->shapes, p->shape);
	p->workload = WORLD_NONE;
	release_workload(w, workload);
}

static void
forget_pod(struct world *w, uint32_t id)
{
	table_remove(&w->pods, id);
	remove_use(w, &w->pod[id]);
	w->pod[id].flags = 0;
	w->pod[id].shape = w->free_pod;
	w->free_pod = id;
}

static uint32_t
new_pod(struct world *w, const struct pod *key)
{
	uint32_t id = w->free_pod;

	if (id != WORLD_NONE) {
		w->free_pod = w->pod[id].shape;
	} else {
		w->pod =
		    grow(w->pod, w->n_pods, &w->size_pods, sizeof(*w->pod));
		id = w->n_pods++;
	}
	w->pod[id] = *key;
	w->pod[id].workload = WORLD_NONE;
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

void
world_pod(struct world *w, const struct record *r, uint32_t shape,
    uint64_t glance)
{
	struct pod key = pod_key(&r->id), *p;
	uint32_t id = table_find(&w->pods, key.key, &key), workload;
	uint8_t origin = origin_of(w, r);

	if (r->type == RECORD_DELETED || shape == SHAPE_NONE ||
	    has_ended(w, r)) {
		if (id != TABLE_NONE)
			forget_pod(w, id);
		return;
	}
	workload = workload_of_pod(w, r, glance);
	if (id == TABLE_NONE)
		id = new_pod(w, &key);
	p = &w->pod[id];
	p->sync = sync_of(w, r);
	p->epoch = w->sync[p->sync].epoch;
	if (p->workload == workload && p->shape == shape &&
	    (p->flags & (WORLD_GREEN | WORLD_BROWN)) == origin)
		return;
	/* the new use first, so that nothing is released in between */
	shapes_hold(w->shapes, shape);
	use_shape(w, workload, shape, 1, origin & WORLD_GREEN ? 1 : 0);
	if (p->workload != WORLD_NONE)
		remove_use(w, p);
	p->workload = workload;
	p->shape = shape;
	p->flags = (uint8_t)(WORLD_ALIVE | origin);
}

uint32_t
world_root(const struct world *w, uint32_t id)
{
	for (int i = 0; i < 4 && w->workload[id].owner != WORLD_NONE; i++)
		id = w->workload[id].owner;
	return id;
}

/* ---- Services, CRDs, classes ---- */

static uint32_t
find_thing(struct world *w, const struct identity *id)
{
	struct workload_key k = {.name = id->name};

	k.cluster = intern_put(&w->names, id->cluster);
	k.ns = ns_number(w, id->ns);
	k.kind = intern_put(&w->names, id->kind);
	return table_find(&w->things,
	    thing_hash(k.cluster, k.ns, k.kind, k.name), &k);
}

static void
touch_api(struct world *w, const struct thing *t)
{
	const char *kind = world_name(w, t->kind);
	const struct catalog *c = w->shapes->catalog;
	const struct catalog_link *k;

	if (strcmp(kind, "CustomResourceDefinition") == 0)
		k = catalog_crd(c, span_of(thing_text(t, THING_A)),
		    span_of(thing_text(t, THING_B)));
	else
		k = catalog_find(c, KEY_CLASS, span_of(thing_text(t, THING_A)));
	for (; k; k = catalog_next(c, k)) {
		w->dirty[k->print->product] |= WORLD_DIRTY_ALL;
		w->any_dirty = true;
	}
}

static void
touch_thing(struct world *w, const struct thing *t)
{
	if (strcmp(world_name(w, t->kind), "Service") == 0)
		touch_ns(w, t->ns);
	else
		touch_api(w, t);
}

static void
forget_thing(struct world *w, uint32_t id)
{
	struct thing *t = &w->thing[id];

	table_remove(&w->things, id);
	touch_thing(w, t);
	free(t->text);
	t->flags = 0;
	t->next = w->free_thing;
	w->free_thing = id;
}

static uint32_t
new_thing(struct world *w)
{
	uint32_t id = w->free_thing;

	if (id != WORLD_NONE) {
		w->free_thing = w->thing[id].next;
		return id;
	}
	w->thing =
	    grow(w->thing, w->n_things, &w->size_things, sizeof(*w->thing));
	return w->n_things++;
}

static size_t
text_length(const struct thing *t)
{
	const char *p = thing_text(t, THING_C);

	return (size_t)(p - t->text) + strlen(p) + 1;
}

/* Put the text in w->buf under the record's name. Returns the number. */
static uint32_t
put_thing(struct world *w, const struct record *r, const uint32_t part[5])
{
	uint32_t id = find_thing(w, &r->id);
	struct thing *t;
	bool is_new = id == TABLE_NONE;

	if (is_new)
		id = new_thing(w);
	t = &w->thing[id];
	if (is_new)
		*t = (struct thing){.flags = WORLD_ALIVE,
		    .cluster = intern_put(&w->names, r->id.cluster),
		    .ns = ns_number(w, r->id.ns),
		    .kind = intern_put(&w->names, r->id.kind)};
	t->sync = sync_of(w, r);
	t->epoch = w->sync[t->sync].epoch;
	if (!is_new && text_length(t) == w->buf.len &&
	    memcmp(t->text, w->buf.p, w->buf.len) == 0)
		return id;
	if (!is_new)
		touch_thing(w, t);
	free(t->text);
	t->text = diag_strndup(w->buf.p, w->buf.len);
	memcpy(t->part, part, sizeof(t->part));
	if (is_new)
		table_insert(&w->things, id);
	touch_thing(w, t);
	return id;
}

/* The next part of a thing's text. */
static uint32_t
begin_part(struct world *w)
{
	return (uint32_t)w->buf.len;
}

static void
put_part(struct world *w, struct span text)
{
	if (text.n && memchr(text.p, '\0', text.n))
		text.n = 0;
	json_span(&w->buf, text);
	json_raw(&w->buf, "", 1);
}

static void
put_selector(struct world *w, struct span selector)
{
	struct scan_iter it;
	struct span key, value, text;
	char buf[512];

	scan_iter(&it, selector);
	while (scan_member(&it, &key, &value)) {
		text = scan_text(value, buf, sizeof(buf));
		if (!text.p || facts_is_mark(key) ||
		    memchr(text.p, '\0', text.n))
			continue;
		json_span(&w->buf, key);
		json_puts(&w->buf, "=");
		json_span(&w->buf, text);
		json_raw(&w->buf, "", 1);
	}
	json_raw(&w->buf, "", 1);
}

static void
put_ports(struct world *w, struct span list)
{
	struct scan_iter it;
	struct span value, name, port;

	scan_iter(&it, list);
	while (scan_element(&it, &value)) {
		name = scan_text(scan_get(value, "name"), NULL, 0);
		port = scan_get(value, "port");
		if (scan_type(port) != SCAN_NUMBER)
			continue;
		json_span(&w->buf, name);
		json_puts(&w->buf, " ");
		json_span(&w->buf, port);
		json_raw(&w->buf, "", 1);
	}
	json_raw(&w->buf, "", 1);
}

static uint32_t
drop_thing(struct world *w, const struct record *r)
{
	uint32_t id = find_thing(w, &r->id);

	if (id != TABLE_NONE)
		forget_thing(w, id);
	return WORLD_NONE;
}

uint32_t
world_service(struct world *w, const struct record *r)
{
	uint32_t part[5];

	if (r->type == RECORD_DELETED || !scan_get(r->at[AT_OBJECT], "spec").n)
		return r->type == RECORD_DELETED ? drop_thing(w, r) :
						   WORLD_NONE;
	json_reset(&w->buf);
	part[THING_NAME] = begin_part(w);
	put_part(w, r->id.name);
	part[THING_UID] = begin_part(w);
	put_part(w, r->id.uid);
	part[THING_A] = begin_part(w);
	put_selector(w, r->at[w->selector]);
	part[THING_B] = begin_part(w);
	put_ports(w, r->at[w->ports]);
	part[THING_C] = begin_part(w);
	put_part(w, r->at[AT_RESOURCE]);
	return put_thing(w, r, part);
}

/* A CRD is known by its name, which is plural.group. */
static void
put_api(struct world *w, const struct record *r, uint32_t part[5])
{
	bool is_crd = span_eq(r->id.kind, "CustomResourceDefinition");
	const char *dot = memchr(r->id.name.p, '.', r->id.name.n);
	struct span a = {0}, b = {0};

	if (is_crd && dot) {
		a = (struct span){r->id.name.p, (size_t)(dot - r->id.name.p)};
		b = (struct span){dot + 1, r->id.name.n - a.n - 1};
	} else if (!is_crd) {
		a = scan_text(r->at[r->at[w->controller].n ?
				      w->controller :
				      w->controller_name],
		    NULL, 0);
	}
	part[THING_A] = begin_part(w);
	put_part(w, a);
	part[THING_B] = begin_part(w);
	put_part(w, b);
}

void
world_api(struct world *w, const struct record *r)
{
	uint32_t part[5];

	if (r->type == RECORD_DELETED) {
		drop_thing(w, r);
		return;
	}
	json_reset(&w->buf);
	part[THING_NAME] = part[THING_UID] = begin_part(w);
	put_part(w, r->id.name);
	put_api(w, r, part);
	part[THING_C] = begin_part(w);
	put_part(w, span_of(""));
	put_thing(w, r, part);
}

bool
world_selects(const struct world *w, const struct thing *service,
    uint32_t shape)
{
	struct span facts = shape_facts(w->shapes, shape), text;
	const char *p = thing_text(service, THING_A);
	enum fact fact;

	if (!*p)
		return false;
	for (; *p; p += strlen(p) + 1) {
		struct facts_iter it = {facts.p, facts.p + facts.n};
		bool found = false;

		while (!found && facts_next(&it, &fact, &text))
			found = fact == FACT_LABEL && span_eq(text, p);
		if (!found)
			return false;
	}
	return true;
}

/* ---- named, amended ---- */

uint32_t
world_named(struct world *w, const struct record *r)
{
	struct pod key = pod_key(&r->id);
	uint16_t sync = sync_of(w, r); /* which may move w->sync */
	uint8_t epoch = w->sync[sync].epoch;
	uint32_t id, shape = SHAPE_NONE;

	if (span_eq(r->id.kind, "Pod")) {
		id = table_find(&w->pods, key.key, &key);
		if (id == TABLE_NONE)
			return SHAPE_NONE;
		w->pod[id].epoch = epoch;
		return w->pod[id].shape;
	}
	id = find_workload(w, &r->id);
	if (id != TABLE_NONE) {
		w->workload[id].epoch = epoch;
		shape = w->workload[id].own;
	}
	id = find_thing(w, &r->id);
	if (id != TABLE_NONE)
		w->thing[id].epoch = epoch;
	return shape;
}

void
world_amend(struct world *w, const struct record *r)
{
	struct pod key = pod_key(&r->id);
	uint8_t origin = origin_of(w, r);
	struct pod *p;
	uint32_t id;

	if (!r->at[w->origin].n)
		return;
	if (!span_eq(r->id.kind, "Pod")) {
		id = find_workload(w, &r->id);
		if (id != TABLE_NONE && (w->workload[id].flags & WORLD_SEEN))
			set_origin(w, id, origin);
		return;
	}
	id = table_find(&w->pods, key.key, &key);
	if (id == TABLE_NONE)
		return;
	p = &w->pod[id];
	use_shape(w, p->workload, p->shape, 0,
	    (origin & WORLD_GREEN ? 1 : 0) - (p->flags & WORLD_GREEN ? 1 : 0));
	p->flags = (uint8_t)(WORLD_ALIVE | origin);
}

/* ---- the marks of syncs ---- */

static bool
in_scope(const struct world *w, const struct sync *s, uint32_t ns)
{
	const char *p = s->namespaces;

	if (!p)
		return true;
	for (; *p; p += strlen(p) + 1)
		if (strcmp(p, world_name(w, ns)) == 0)
			return true;
	return false;
}

static bool
is_stale(const struct world *w, uint16_t sync, uint8_t epoch, uint16_t at,
    uint32_t ns, bool all)
{
	return sync == at &&
	    (all ||
		(epoch != w->sync[at].epoch && in_scope(w, &w->sync[at], ns)));
}

static void
sweep(struct world *w, uint16_t at, bool all)
{
	for (uint32_t i = 0; i < w->n_pods; i++) {
		struct pod *p = &w->pod[i];

		if ((p->flags & WORLD_ALIVE) &&
		    is_stale(w, p->sync, p->epoch, at,
			w->workload[p->workload].ns, all))
			forget_pod(w, i);
	}
	for (uint32_t i = 0; i < w->n_workloads; i++) {
		struct workload *wl = &w->workload[i];

		if ((wl->flags & WORLD_SEEN) &&
		    is_stale(w, wl->sync, wl->epoch, at, wl->ns, all))
			forget_workload(w, i);
	}
	for (uint32_t i = 0; i < w->n_things; i++) {
		struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) &&
		    is_stale(w, t->sync, t->epoch, at, t->ns, all))
			forget_thing(w, i);
	}
}

static char *
read_namespaces(const struct record *r)
{
	struct span list =
			scan_get(scan_get(r->at[AT_MS], "scope"), "namespaces"),
		    value, text;
	struct json out = {0};
	struct scan_iter it;

	if (scan_type(list) != SCAN_ARRAY)
		return NULL;
	scan_iter(&it, list);
	while (scan_element(&it, &value)) {
		text = scan_text(value, NULL, 0);
		if (!text.n)
			continue;
		json_span(&out, text);
		json_raw(&out, "", 1);
	}
	json_raw(&out, "", 1);
	return out.p;
}

void
world_sync(struct world *w, const struct record *r)
{
	struct span phase = r->at[AT_PHASE], cluster;
	struct record named = *r;
	uint16_t at;
	struct sync *s;
	char buf[512];

	cluster = scan_text(r->at[AT_CLUSTER], buf, sizeof(buf));
	named.id.cluster = cluster.p ? cluster : span_of("");
	at = sync_of(w, &named);
	s = &w->sync[at];
	if (scan_eq(phase, "begin")) {
		s->open = scan_type(r->at[AT_COMPLETE]) == SCAN_TRUE;
		if (!s->open)
			return;
		s->epoch++;
		free(s->namespaces);
		s->namespaces = read_namespaces(r);
	} else if (scan_eq(phase, "end")) {
		if (s->open)
			sweep(w, at, false);
		w->sync[at].open = false;
	} else if (scan_eq(phase, "aborted")) {
		s->open = false;
	} else if (scan_eq(phase, "gone")) {
		s->open = false;
		sweep(w, at, true);
	}
}
