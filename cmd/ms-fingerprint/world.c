#include "world.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "guest.h"
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
	guests_init(w);
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
	guests_free(w);
	free(w->sync);
	free(w->first);
	free(w->first_guest);
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

/* n of them, of which those behind the first are WORLD_NONE. */
static uint32_t *
grow_first(uint32_t *first, size_t n_first, size_t n)
{
	first = diag_alloc(first, n * sizeof(*first));
	memset(first + n_first, 0xff, (n - n_first) * sizeof(*first));
	return first;
}

uint32_t
world_ns(struct world *w, struct span name)
{
	uint32_t ns = intern_put(&w->names, name);

	if (ns >= w->n_first) {
		size_t n = w->n_first ? w->n_first * 2 : 64;

		while (n <= ns)
			n *= 2;
		w->first = grow_first(w->first, w->n_first, n);
		w->first_guest = grow_first(w->first_guest, w->n_first, n);
		w->first_service = grow_first(w->first_service, w->n_first, n);
		w->dirty_ns = diag_alloc(w->dirty_ns, n);
		memset(w->dirty_ns + w->n_first, 0, n - w->n_first);
		w->n_first = n;
	}
	return ns;
}

static bool
is_pair(const struct world *w, const struct pairs *p, uint32_t number,
    struct span a, struct span b)
{
	return number < p->n && pairs_have(p, number) &&
	    span_same(intern_text(&w->names, p->pair[number].a), a) &&
	    span_same(intern_text(&w->names, p->pair[number].b), b);
}

/* Objects of one place come one after the other. */
uint32_t
world_place(struct world *w, struct span cluster, struct span ns)
{
	uint32_t a;

	if (!is_pair(w, &w->places, w->last_place, cluster, ns)) {
		a = intern_put(&w->names, cluster);
		w->last_place = pairs_put(&w->places, a, world_ns(w, ns));
	}
	return w->last_place;
}

uint32_t
world_type(struct world *w, struct span api_version, struct span kind)
{
	uint32_t *late =
	    &w->late_type[(kind.n ? (unsigned char)*kind.p : 0) % WORLD_LATE];
	uint32_t a;

	if (!is_pair(w, &w->types, *late, api_version, kind)) {
		a = intern_put(&w->names, api_version);
		*late = pairs_put(&w->types, a, intern_put(&w->names, kind));
	}
	return *late;
}

uint32_t
world_find_place(const struct world *w, struct span cluster, struct span ns)
{
	if (is_pair(w, &w->places, w->last_place, cluster, ns))
		return w->last_place;
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

/* Eight digits at once, as they are random, and branches upon them would be
 * guessed wrong half the time. False: some is none, or no small letter. */
static bool
read_hex(const char *p, uint8_t out[4])
{
	const uint64_t each = 0x0101010101010101u;
	uint64_t text, n, letter;

	memcpy(&text, p, sizeof(text));
	text = le64toh(text);
	n = (text & each * 15) + (text >> 6 & each) * 9;
	letter = (n + each * 6) >> 4 & each;
	if (n & each * 0xf0 ||
	    n + each * '0' + letter * ('a' - '9' - 1) != text)
		return false;
	n = n << 4 | n >> 8; /* the first of each two is their byte */
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(n >> 16 * i);
	return true;
}

void
world_read_uid(struct span uid, uint8_t out[WORLD_UID])
{
	const char *p = uid.p;
	char digits[2 * WORLD_UID];
	bool good = uid.n == 36 && p[8] == '-' && p[13] == '-' &&
	    p[18] == '-' && p[23] == '-';

	if (good) {
		memcpy(digits, p, 8);
		memcpy(digits + 8, p + 9, 4);
		memcpy(digits + 12, p + 14, 4);
		memcpy(digits + 16, p + 19, 4);
		memcpy(digits + 20, p + 24, 12);
		for (int i = 0; i < 4; i++)
			good &= read_hex(digits + 8 * i, out + 4 * i);
	}
	if (!good)
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

	id = pod_find(w, &r->id);
	if (id != TABLE_NONE) {
		w->pod[id].epoch = epoch;
		shape = w->pod[id].shape;
	}
	if (span_eq(r->id.kind, "Pod"))
		return shape;
	id = workload_find(w, &r->id);
	if (id != TABLE_NONE) {
		w->workload[id].epoch = epoch;
		if (w->workload[id].own != SHAPE_NONE)
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
