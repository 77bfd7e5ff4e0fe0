#include "pod.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "owner.h"
#include "sync.h"
#include "workload.h"

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
	for (uint32_t i = 0; i < w->n_pods; i++)
		if (w->pod[i].flags & WORLD_ALIVE)
			free(w->pod[i].name);
	free(w->pod);
	table_free(&w->pods);
}

static uint32_t
workload_of_pod(struct world *w, const struct record *r, uint64_t glance)
{
	struct world_glance *g = &w->glance[glance / 2 % WORLD_GLANCES];
	struct owner o;
	bool by_owner;
	uint32_t id;

	if (glance && g->glance == glance &&
	    w->workload[g->workload].serial == g->serial &&
	    (w->workload[g->workload].flags & WORLD_ALIVE))
		return g->workload;
	by_owner = owner_of_pod(r, &o);
	id = workload_get(w, r->id.cluster, r->id.ns, &o);
	if (glance && by_owner)
		*g = (struct world_glance){glance, id, w->workload[id].serial};
	return id;
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

uint32_t
pod_find(const struct world *w, const struct identity *id)
{
	struct pod key = pod_key(id);

	return table_find(&w->pods, key.key, &key);
}

static void
remove_use(struct world *w, struct pod *p)
{
	uint32_t workload = p->workload;

	workload_use(w, workload, p->shape, -1,
	    p->flags & WORLD_GREEN ? -1 : 0);
	shapes_drop(w->shapes, p->shape);
	p->workload = WORLD_NONE;
	workload_release(w, workload);
}

void
pod_forget(struct world *w, uint32_t id)
{
	table_remove(&w->pods, id);
	remove_use(w, &w->pod[id]);
	free(w->pod[id].name);
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
		w->pod = world_grow(w->pod, w->n_pods, &w->size_pods,
		    sizeof(*w->pod));
		id = w->n_pods++;
	}
	w->pod[id] = *key;
	w->pod[id].workload = WORLD_NONE;
	table_insert(&w->pods, id);
	return id;
}

/* Names are most of what pods differ in, and most begin with that of their
 * workload. */
static void
set_name(struct world *w, struct pod *p, uint32_t workload, struct span name)
{
	const char *begin = w->workload[workload].name;
	size_t n = strlen(begin);
	bool is_tail = name.n > n && memcmp(name.p, begin, n) == 0;

	free(p->name);
	if (!is_tail)
		n = 0;
	p->name = name.n > n ? diag_strndup(name.p + n, name.n - n) : NULL;
	p->flags =
	    (uint8_t)((p->flags & ~WORLD_TAIL) | (is_tail ? WORLD_TAIL : 0));
}

struct span
pod_name(const struct world *w, const struct pod *p, struct json *out)
{
	if (p->flags & WORLD_TAIL)
		json_puts(out, w->workload[p->workload].name);
	if (p->name)
		json_puts(out, p->name);
	return (struct span){out->p, out->len};
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
	struct pod key = pod_key(&r->id), *p;
	uint32_t id = table_find(&w->pods, key.key, &key), workload;
	uint8_t origin = world_origin_of(w, r);

	if (r->type == RECORD_DELETED || shape == SHAPE_NONE ||
	    has_ended(w, r)) {
		if (id != TABLE_NONE)
			pod_forget(w, id);
		return;
	}
	workload = workload_of_pod(w, r, glance);
	if (id == TABLE_NONE)
		id = new_pod(w, &key);
	p = &w->pod[id];
	p->sync = sync_of(w, r);
	p->epoch = w->sync[p->sync].epoch;
	world_read_uid(r->id.uid, p->uid);
	see_ready(w, p, r, shape);
	if (p->workload == workload && p->shape == shape &&
	    (p->flags & (WORLD_GREEN | WORLD_BROWN)) == origin)
		return;
	/* the new use first, so that nothing is released in between */
	shapes_hold(w->shapes, shape);
	workload_use(w, workload, shape, 1, origin & WORLD_GREEN ? 1 : 0);
	if (p->workload != workload)
		set_name(w, p, workload, r->id.name);
	if (p->workload != WORLD_NONE)
		remove_use(w, p);
	p->workload = workload;
	p->shape = shape;
	p->flags = (uint8_t)(WORLD_ALIVE |
	    (p->flags & (WORLD_TAIL | WORLD_READY)) | origin);
}
