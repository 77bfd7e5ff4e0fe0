#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "pod.h"
#include "sync.h"
#include "thing.h"
#include "workload.h"

void
world_init(struct world *w, struct shapes *s, struct scan_plan *plan, int phase)
{
	*w = (struct world){.shapes = s, .phase = phase};
	intern_init(&w->names);
	workloads_init(w);
	pods_init(w);
	things_init(w);
	w->glance = diag_alloc(NULL, WORLD_GLANCES * sizeof(*w->glance));
	memset(w->glance, 0, WORLD_GLANCES * sizeof(*w->glance));
	w->dirty = diag_alloc(NULL, s->catalog->signatures->n_products + 1);
	memset(w->dirty, 0, s->catalog->signatures->n_products + 1);
	w->selector = scan_plan_add(plan, "object.spec.selector");
	w->ports = scan_plan_add(plan, "object.spec.ports");
	w->controller = scan_plan_add(plan, "object.spec.controller");
	w->controller_name = scan_plan_add(plan, "object.spec.controllerName");
	w->origin = scan_plan_add(plan, "ms.origin");
}

void
world_free(struct world *w)
{
	workloads_free(w);
	things_free(w);
	for (size_t i = 0; i < w->n_syncs; i++)
		free(w->sync[i].namespaces);
	pods_free(w);
	free(w->sync);
	free(w->first);
	free(w->dirty_ns);
	free(w->dirty);
	free(w->glance);
	intern_free(&w->names);
	json_release(&w->buf);
}

/* Room for one more in an array that doubles. */
void *
world_grow(void *array, uint32_t n, uint32_t *size, size_t one)
{
	if (n < *size)
		return array;
	*size = *size ? *size * 2 : 64;
	return diag_alloc(array, *size * one);
}

/* ---- what has to be looked at again ---- */

void
world_touch_shape(struct world *w, uint32_t shape, uint32_t ns)
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

void
world_touch_ns(struct world *w, uint32_t ns)
{
	w->dirty_ns[ns] = 1;
	w->any_dirty = true;
}

uint32_t
world_ns(struct world *w, struct span name)
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

uint8_t
world_origin_of(const struct world *w, const struct record *r)
{
	struct span class = scan_get(r->at[w->origin], "class");

	return scan_eq(class, "greenfield") ? WORLD_GREEN :
	    scan_eq(class, "brownfield")    ? WORLD_BROWN :
					      0;
}

uint32_t
world_named(struct world *w, const struct record *r)
{
	uint16_t sync = sync_of(w, r); /* which may move w->sync */
	uint8_t epoch = w->sync[sync].epoch;
	uint32_t id, shape = SHAPE_NONE;

	if (span_eq(r->id.kind, "Pod")) {
		id = pod_find(w, &r->id);
		if (id == TABLE_NONE)
			return SHAPE_NONE;
		w->pod[id].epoch = epoch;
		return w->pod[id].shape;
	}
	id = workload_find(w, &r->id);
	if (id != TABLE_NONE) {
		w->workload[id].epoch = epoch;
		shape = w->workload[id].own;
	}
	id = thing_find(w, &r->id);
	if (id != TABLE_NONE)
		w->thing[id].epoch = epoch;
	return shape;
}

void
world_amend(struct world *w, const struct record *r)
{
	uint8_t origin = world_origin_of(w, r);
	struct pod *p;
	uint32_t id;

	if (!r->at[w->origin].n)
		return;
	if (!span_eq(r->id.kind, "Pod")) {
		id = workload_find(w, &r->id);
		if (id != TABLE_NONE && (w->workload[id].flags & WORLD_SEEN))
			workload_set_origin(w, id, origin);
		return;
	}
	id = pod_find(w, &r->id);
	if (id == TABLE_NONE)
		return;
	p = &w->pod[id];
	workload_use(w, p->workload, p->shape, 0,
	    (origin & WORLD_GREEN ? 1 : 0) - (p->flags & WORLD_GREEN ? 1 : 0));
	p->flags = (uint8_t)(WORLD_ALIVE | origin);
}
