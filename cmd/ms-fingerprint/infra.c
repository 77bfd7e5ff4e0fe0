#define _GNU_SOURCE /* qsort_r */
#include "infra.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "diag.h"
#include "pack.h"
#include "uuid.h"
#include "workload.h"

static const char *
next_text(const char *p)
{
	return p + strlen(p) + 1;
}

const char *
infra_key(const struct infras *f, const struct infra *i)
{
	return pile_get(&f->keys, i->key).p;
}

static uint64_t
hash_infra(const void *context, uint32_t id)
{
	const struct infras *f = context;
	struct span key = pile_get(&f->keys, f->infra[id].key);

	return table_hash(key.p, key.n, 0);
}

static bool
equal_infra(const void *context, uint32_t id, const void *key)
{
	const struct infras *f = context;

	return span_same(pile_get(&f->keys, f->infra[id].key),
	    *(const struct span *)key);
}

static const struct table_ops ops = {hash_infra, equal_infra};

void
infras_init(struct infras *f)
{
	*f = (struct infras){.free = TABLE_NONE};
	table_init(&f->table, &ops, f);
	texts_init(&f->words);
}

void
infras_free(struct infras *f)
{
	free(f->infra);
	table_free(&f->table);
	texts_free(&f->words);
	pile_free(&f->keys);
	pile_free(&f->specs);
	sight_free(&f->sightings);
	json_release(&f->key);
	json_release(&f->spec);
	json_release(&f->object);
	json_release(&f->line);
}

/* ---- what one says ---- */

/* The members of its metadata. resourceVersion is made from what the object
 * says: it changes when that does, and not else, also over restarts. */
static void
put_metadata(const struct infra *i, struct span key, struct json *j)
{
	const char *ns = next_text(key.p), *name = next_text(ns);
	char uid[UUID_TEXT], rv[24];

	uuid_of_name(key.p, key.n, uid);
	snprintf(rv, sizeof(rv), "%llu",
	    (unsigned long long)(i->hash & INT64_MAX));
	json_member_text(j, "name", span_of(name));
	if (*ns)
		json_member_text(j, "namespace", span_of(ns));
	json_member_text(j, "resourceVersion", span_of(rv));
	json_member_text(j, "uid", span_of(uid));
}

struct span
infra_object(struct infras *f, const struct infra *i)
{
	struct json *j = &f->object;

	json_reset(j);
	json_open(j, '{');
	json_member_text(j, "apiVersion", span_of(INFRA_API));
	json_member_text(j, "kind", span_of(INFRA_KIND));
	json_key(j, "metadata");
	json_open(j, '{');
	put_metadata(i, pile_get(&f->keys, i->key), j);
	json_close(j, '}');
	json_key(j, "spec");
	pack_open(&f->words, pile_get(&f->specs, i->spec), j);
	json_close(j, '}');
	return (struct span){j->p, j->len};
}

/* ---- lines ---- */

static void
put_line(struct infras *f, const struct infra_out *out)
{
	json_close(&f->line, '}');
	out->put(out->context, (struct span){f->line.p, f->line.len});
}

static void
put_origin(uint8_t origin, struct json *j)
{
	if (!origin)
		return;
	json_key(j, "origin");
	json_open(j, '{');
	json_member_text(j, "class",
	    span_of(origin == WORLD_GREEN ? "greenfield" : "brownfield"));
	json_member_text(j, "via", span_of("members"));
	json_close(j, '}');
}

static void
tell(struct infras *f, const struct infra *i, const char *type,
    const struct infra_out *out)
{
	const char *cluster = infra_key(f, i);
	struct json *j = &f->line;

	json_reset(j);
	record_open(j, type);
	if (*cluster)
		json_member_text(j, "cluster", span_of(cluster));
	json_member_text(j, "resource", span_of(INFRA_RESOURCE));
	json_member_text(j, "depth", span_of("full"));
	put_origin(i->origin, j);
	json_close(j, '}');
	json_member_span(j, "object", infra_object(f, i));
	put_line(f, out);
}

static void
tell_sync(struct infras *f, const char *cluster, const char *phase,
    size_t count, const struct infra_out *out)
{
	bool begins = strcmp(phase, "begin") == 0;
	struct json *j = &f->line;

	json_reset(j);
	record_open(j, "SYNC");
	if (*cluster)
		json_member_text(j, "cluster", span_of(cluster));
	json_member_text(j, "resource", span_of(INFRA_RESOURCE));
	json_member_text(j, "phase", span_of(phase));
	if (begins) {
		json_member_text(j, "cause", span_of("start"));
		json_member_span(j, "complete", span_of("true"));
	} else {
		json_member_int(j, "count", (int64_t)count);
	}
	json_close(j, '}');
	put_line(f, out);
}

/* ---- sorted, so that they are always told in the same order ---- */

static int
compare_keys(const void *a, const void *b, void *context)
{
	const struct infras *f = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return sight_compare(pile_get(&f->keys, f->infra[x].key),
	    pile_get(&f->keys, f->infra[y].key));
}

/* The places of those of a cluster; of no cluster: of all that are stale. */
static uint32_t *
choose(struct infras *f, const char *cluster, uint32_t *n)
{
	uint32_t *chosen = diag_alloc(NULL, (f->n + 1) * sizeof(*chosen));

	*n = 0;
	for (uint32_t k = 0; k < f->n; k++) {
		const struct infra *i = &f->infra[k];

		if (infra_is(i) &&
		    (cluster ? strcmp(infra_key(f, i), cluster) == 0 :
			       i->stale))
			chosen[(*n)++] = k;
	}
	qsort_r(chosen, *n, sizeof(*chosen), compare_keys, f);
	return chosen;
}

void
infras_sync(struct infras *f, const char *cluster, const struct infra_out *out)
{
	uint32_t n, *chosen = choose(f, cluster, &n);

	tell_sync(f, cluster, "begin", 0, out);
	for (uint32_t i = 0; i < n; i++)
		tell(f, &f->infra[chosen[i]], "ADDED", out);
	tell_sync(f, cluster, "end", n, out);
	free(chosen);
}

/* ---- the set ---- */

static void
put_key(const struct world *w, const struct sighting *s, struct json *key)
{
	json_reset(key);
	json_puts(key, world_name(w, s->cluster));
	json_raw(key, "", 1);
	json_puts(key, describe_namespace(w, s));
	json_raw(key, "", 1);
	describe_name(w, s, key);
	json_raw(key, "", 1);
}

static uint32_t
new_place(struct infras *f)
{
	uint32_t id = f->free;

	if (id != TABLE_NONE) {
		f->free = f->infra[id].product;
		return id;
	}
	f->infra = world_grow(f->infra, f->n, &f->size, sizeof(*f->infra));
	return f->n++;
}

/* Drop what it says. */
static void
empty(struct infras *f, struct infra *i)
{
	if (i->spec == PILE_NONE)
		return;
	pack_drop(&f->words, pile_get(&f->specs, i->spec));
	pile_drop(&f->specs, i->spec);
	i->spec = PILE_NONE;
	if (pile_is_loose(&f->specs))
		pile_tidy(&f->specs, &f->infra->spec, sizeof(*f->infra), f->n);
}

static struct infra *
insert(struct infras *f, struct span key)
{
	uint32_t id = new_place(f);

	f->infra[id] =
	    (struct infra){.key = pile_put(&f->keys, key), .spec = PILE_NONE};
	table_insert(&f->table, id);
	f->changes++;
	return &f->infra[id];
}

static void
remove_infra(struct infras *f, uint32_t id)
{
	struct infra *i = &f->infra[id];

	table_remove(&f->table, id);
	empty(f, i);
	pile_drop(&f->keys, i->key);
	*i = (struct infra){.key = PILE_NONE,
	    .spec = PILE_NONE,
	    .product = f->free};
	f->free = id;
	f->changes++;
	if (pile_is_loose(&f->keys))
		pile_tidy(&f->keys, &f->infra->key, sizeof(*f->infra), f->n);
}

/* ---- what follows from the world ---- */

/* One instance, as it is now. */
static void
settle_group(struct infras *f, const struct world *w, const struct sighting *s,
    size_t n, const struct infra_out *out)
{
	struct span key, spec;
	struct infra *i;
	uint64_t hash;
	uint32_t id;

	put_key(w, s, &f->key);
	key = (struct span){f->key.p, f->key.len};
	json_reset(&f->spec);
	describe_spec(w, s, n, &f->spec);
	spec = (struct span){f->spec.p, f->spec.len};
	hash = table_hash(spec.p, spec.n, 0);
	id = table_find(&f->table, table_hash(key.p, key.n, 0), &key);
	i = id == TABLE_NONE ? insert(f, key) : &f->infra[id];
	i->stale = false;
	if (id != TABLE_NONE && i->hash == hash)
		return;
	empty(f, i);
	i->product = s->v.product;
	i->cluster = s->cluster;
	i->ns = workload_ns(w, s->workload);
	i->hash = hash;
	i->origin = describe_origin(w, s, n);
	json_reset(&f->object);
	pack_json(&f->words, spec, &f->object);
	i->spec =
	    pile_put(&f->specs, (struct span){f->object.p, f->object.len});
	if (out)
		tell(f, i, id == TABLE_NONE ? "ADDED" : "MODIFIED", out);
}

static void
remove_stale(struct infras *f, const struct infra_out *out)
{
	uint32_t n, *gone = choose(f, NULL, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (out)
			tell(f, &f->infra[gone[i]], "DELETED", out);
		remove_infra(f, gone[i]);
	}
	free(gone);
}

static bool
is_cluster_wide(const struct world *w, uint32_t product)
{
	return w->shapes->catalog->signatures->product[product].scope ==
	    SCOPE_CLUSTER;
}

/* Those that are found again now, or gone. True: there are any products to look
 * at. */
static bool
mark_stale(struct infras *f, const struct world *w, size_t n_products)
{
	bool any = false;

	for (size_t p = 0; p < n_products; p++)
		any |= w->dirty[p];
	for (uint32_t k = 0; any && k < f->n; k++) {
		struct infra *i = &f->infra[k];
		uint8_t dirt;

		if (!infra_is(i))
			continue;
		dirt = w->dirty[i->product];
		i->stale = (dirt & WORLD_DIRTY_ALL) ||
		    (dirt &&
			(w->dirty_ns[i->ns] || is_cluster_wide(w, i->product)));
	}
	return any;
}

/* The instances of a product in a namespace, or in all: WORLD_NONE. False: of
 * some nothing may be told yet. */
static bool
settle_instances(struct infras *f, const struct world *w, uint32_t product,
    uint32_t ns, const struct infra_out *out, bool told)
{
	bool all = true;
	size_t n;

	sight_product(&f->sightings, w, product, ns);
	for (size_t i = 0; i < f->sightings.n; i += n) {
		const struct sighting *s = &f->sightings.s[i];

		n = sight_group(w, s, f->sightings.s + f->sightings.n);
		if (!s->v.makes)
			continue;
		if (out->may_tell(out->context, world_name(w, s->cluster)))
			settle_group(f, w, s, n, told ? out : NULL);
		else
			all = false;
	}
	sight_free(&f->sightings);
	return all;
}

static void
settle_product(struct infras *f, struct world *w, uint32_t product,
    const struct infra_out *out, bool told)
{
	uint8_t dirt = w->dirty[product];
	bool all = true;

	w->dirty[product] = 0;
	if (!outcomes_have(&w->shapes->outcomes, product))
		return; /* as of most products in any cluster */
	if (is_cluster_wide(w, product))
		all = settle_instances(f, w, product, WORLD_NONE, out, told);
	else
		/* one by one, as what is seen takes memory meanwhile */
		for (uint32_t ns = 0; ns < w->n_first; ns++)
			if ((dirt & WORLD_DIRTY_ALL) || w->dirty_ns[ns])
				all &= settle_instances(f, w, product, ns, out,
				    told);
	if (!all) {
		w->dirty[product] |= dirt;
		w->any_dirty = true;
	}
}

void
infras_learn(struct infras *f, const struct world *w,
    const struct signatures *before, const struct infra_out *out)
{
	const struct signatures *s = w->shapes->catalog->signatures;

	for (uint32_t k = 0; k < f->n; k++) {
		struct infra *i = &f->infra[k];
		const struct product *p;

		if (!infra_is(i))
			continue;
		p = signatures_product(s,
		    span_of(before->product[i->product].id));
		i->stale = !p;
		if (p)
			i->product = (uint32_t)(p - s->product);
	}
	remove_stale(f, out);
}

void
infras_settle(struct infras *f, struct world *w, const struct infra_out *out,
    bool told)
{
	size_t n = w->shapes->catalog->signatures->n_products;

	if (!mark_stale(f, w, n))
		return;
	for (uint32_t p = 0; p < n; p++)
		if (w->dirty[p])
			settle_product(f, w, p, out, told);
	remove_stale(f, told ? out : NULL);
}
