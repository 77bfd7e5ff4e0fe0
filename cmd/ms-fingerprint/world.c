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
	pairs_init(&w->places);
	pairs_init(&w->types);
	workloads_init(w);
	pods_init(w);
	things_init(w);
	w->glance = diag_alloc(NULL, WORLD_GLANCES * sizeof(*w->glance));
	memset(w->glance, 0, WORLD_GLANCES * sizeof(*w->glance));
	world_learn(w);
	w->any_dirty = false;
	w->spec = scan_plan_add(plan, "object.spec");
	w->selector = scan_plan_add(plan, "object.spec.selector");
	w->service_type = scan_plan_add(plan, "object.spec.type");
	w->cluster_ip = scan_plan_add(plan, "object.spec.clusterIP");
	w->external = scan_plan_add(plan, "object.spec.externalIPs");
	w->balanced = scan_plan_add(plan, "object.status.loadBalancer.ingress");
	w->ports = scan_plan_add(plan, "object.spec.ports");
	w->controller = scan_plan_add(plan, "object.spec.controller");
	w->controller_name = scan_plan_add(plan, "object.spec.controllerName");
	w->webhooks = scan_plan_add(plan, "object.webhooks");
	w->origin = scan_plan_add(plan, "ms.origin");
}

void
world_learn(struct world *w)
{
	size_t n = w->shapes->catalog->signatures->n_products;

	w->dirty = diag_alloc(w->dirty, n + 1);
	memset(w->dirty, WORLD_DIRTY_ALL, n);
	if (w->n_first)
		memset(w->dirty_ns, WORLD_SHAPES | WORLD_LINKS, w->n_first);
	w->any_dirty = true;
	w->changes++;
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
	free(w->first_service);
	free(w->dirty_ns);
	free(w->dirty);
	free(w->glance);
	intern_free(&w->names);
	pairs_free(&w->places);
	pairs_free(&w->types);
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
	const struct outcome *o = shape_outcome(w->shapes, shape);

	for (uint32_t i = 0; i < o->n_products; i++)
		w->dirty[o->product[i]] |= WORLD_DIRTY_NS;
	if (o->n_products) {
		w->dirty_ns[ns] |= WORLD_SHAPES;
		w->any_dirty = true;
	}
}

void
world_touch_ns(struct world *w, uint32_t ns)
{
	w->dirty_ns[ns] |= WORLD_SHAPES | WORLD_LINKS;
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
		w->first_service =
		    diag_alloc(w->first_service, n * sizeof(*w->first_service));
		w->dirty_ns = diag_alloc(w->dirty_ns, n);
		memset(w->first_service + w->n_first, 0xff,
		    (n - w->n_first) * sizeof(*w->first_service));
		memset(w->first + w->n_first, 0xff,
		    (n - w->n_first) * sizeof(*w->first));
		memset(w->dirty_ns + w->n_first, 0, n - w->n_first);
		w->n_first = n;
	}
	return ns;
}

uint32_t
world_place(struct world *w, struct span cluster, struct span ns)
{
	uint32_t a = intern_put(&w->names, cluster);

	return pairs_put(&w->places, a, world_ns(w, ns));
}

uint32_t
world_find_place(const struct world *w, struct span cluster, struct span ns)
{
	return pairs_find(&w->places, intern_find(&w->names, cluster),
	    intern_find(&w->names, ns));
}

uint8_t
world_origin_of(const struct world *w, const struct record *r)
{
	struct span class = scan_get(r->at[w->origin], "class");

	return scan_eq(class, "greenfield") ? WORLD_GREEN :
	    scan_eq(class, "brownfield")    ? WORLD_BROWN :
					      0;
}

/* Digits of uids are random, and branches upon them would be guessed wrong half
 * the time. What is no digit has the bit 16. */
static unsigned
hex_of(char c)
{
	unsigned u = (unsigned char)c;
	bool is_digit = u - '0' < 10, is_letter = u - 'a' < 6;

	return (((u & 15) + 9 * (u >> 6 & 1)) & 15) |
	    (unsigned)!(is_digit | is_letter) << 4;
}

void
world_read_uid(struct span uid, uint8_t out[WORLD_UID])
{
	static const uint8_t at[WORLD_UID] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21,
	    24, 26, 28, 30, 32, 34};
	const char *p = uid.p;
	unsigned any = 0;

	memset(out, 0, WORLD_UID);
	if (uid.n != 36 || p[8] != '-' || p[13] != '-' || p[18] != '-' ||
	    p[23] != '-')
		return;
	for (size_t i = 0; i < WORLD_UID; i++) {
		unsigned high = hex_of(p[at[i]]), low = hex_of(p[at[i] + 1]);

		any |= high | low;
		out[i] = (uint8_t)(high << 4 | low);
	}
	if (any & 16)
		memset(out, 0, WORLD_UID);
}

struct span
world_uid_text(const uint8_t uid[WORLD_UID], char out[WORLD_UID_TEXT])
{
	static const uint8_t none[WORLD_UID];
	size_t n = 0;

	if (memcmp(uid, none, WORLD_UID) == 0)
		return span_of("");
	for (int i = 0; i < WORLD_UID; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		out[n++] = "0123456789abcdef"[uid[i] >> 4];
		out[n++] = "0123456789abcdef"[uid[i] & 15];
	}
	return (struct span){out, n};
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
	if (id != TABLE_NONE)
		pod_set_origin(w, id, origin);
}
