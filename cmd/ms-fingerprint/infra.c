#include "infra.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "diag.h"
#include "uuid.h"

static void
free_infra(struct infra *i)
{
	free(i->key);
	free(i->object);
	free(i->origin);
	free(i->product);
}

void
infras_free(struct infras *f)
{
	for (size_t i = 0; i < f->n; i++)
		free_infra(&f->infra[i]);
	free(f->infra);
	sight_free(&f->sightings);
	json_release(&f->spec);
	json_release(&f->line);
}

static const char *
next_text(const char *p)
{
	return p + strlen(p) + 1;
}

/* ---- lines ---- */

static void
put_line(struct infras *f, const struct infra_out *out)
{
	json_close(&f->line, '}');
	out->put(out->context, (struct span){f->line.p, f->line.len});
}

static void
tell(struct infras *f, const struct infra *i, const char *type,
    const struct infra_out *out)
{
	struct json *j = &f->line;

	json_reset(j);
	record_open(j, type);
	if (*i->key)
		json_member_text(j, "cluster", span_of(i->key));
	json_member_text(j, "resource", span_of(INFRA_RESOURCE));
	json_member_text(j, "depth", span_of("full"));
	if (i->origin)
		json_member_span(j, "origin", span_of(i->origin));
	json_close(j, '}');
	json_member_span(j, "object", span_of(i->object));
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

void
infras_sync(struct infras *f, const char *cluster, const struct infra_out *out)
{
	size_t n = 0;

	tell_sync(f, cluster, "begin", 0, out);
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->infra[i].key, cluster) == 0) {
			tell(f, &f->infra[i], "ADDED", out);
			n++;
		}
	tell_sync(f, cluster, "end", n, out);
}

/* ---- the set ---- */

/* Sorted by key, so that a sync always tells it in the same order. */
static size_t
place_of(const struct infras *f, const char *key, size_t n, bool *found)
{
	size_t low = 0, high = f->n;

	*found = false;
	while (low < high) {
		size_t mid = (low + high) / 2;
		const char *other = f->infra[mid].key;
		size_t m =
		    (size_t)(next_text(next_text(next_text(other))) - other);
		int c = memcmp(other, key, m < n ? m : n);

		if (c == 0 && m == n) {
			*found = true;
			return mid;
		}
		if (c < 0 || (c == 0 && m < n))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
put_key(const struct world *w, const struct sighting *s, struct json *key)
{
	json_puts(key, world_name(w, s->cluster));
	json_raw(key, "", 1);
	json_puts(key, describe_namespace(w, s));
	json_raw(key, "", 1);
	describe_name(w, s, key);
	json_raw(key, "", 1);
}

/* resourceVersion is made from what the object says: it changes when that
 * does, and not else, also over restarts. */
static char *
build_object(const char *key, size_t n_key, uint64_t hash, struct span spec)
{
	const char *ns = next_text(key), *name = next_text(ns);
	struct json j = {0};
	char uid[UUID_TEXT], rv[24], *text;

	uuid_of_name(key, n_key, uid);
	snprintf(rv, sizeof(rv), "%llu",
	    (unsigned long long)(hash & INT64_MAX));
	json_open(&j, '{');
	json_member_text(&j, "apiVersion", span_of(INFRA_API));
	json_member_text(&j, "kind", span_of(INFRA_KIND));
	json_key(&j, "metadata");
	json_open(&j, '{');
	json_member_text(&j, "name", span_of(name));
	if (*ns)
		json_member_text(&j, "namespace", span_of(ns));
	json_member_text(&j, "resourceVersion", span_of(rv));
	json_member_text(&j, "uid", span_of(uid));
	json_close(&j, '}');
	json_member_span(&j, "spec", spec);
	json_close(&j, '}');
	text = diag_strndup(j.p, j.len);
	json_release(&j);
	return text;
}

static struct infra *
insert(struct infras *f, size_t at, const struct json *key)
{
	f->infra = diag_alloc(f->infra, (f->n + 1) * sizeof(*f->infra));
	memmove(f->infra + at + 1, f->infra + at,
	    (f->n - at) * sizeof(*f->infra));
	f->n++;
	f->changes++;
	f->infra[at] = (struct infra){.key = diag_strndup(key->p, key->len)};
	return &f->infra[at];
}

/* One instance, as it is now. */
static void
settle_group(struct infras *f, const struct world *w, const struct sighting *s,
    size_t n, const struct infra_out *out)
{
	const char *origin = describe_origin(w, s, n);
	const char *id = sight_product_of(w, s)->id;
	struct json key = {0};
	struct infra *i;
	bool found;
	uint64_t hash;
	size_t at;

	put_key(w, s, &key);
	json_reset(&f->spec);
	describe_spec(w, s, n, &f->spec);
	hash = table_hash(f->spec.p, f->spec.len, 0);
	at = place_of(f, key.p, key.len, &found);
	i = found ? &f->infra[at] : insert(f, at, &key);
	i->stale = false;
	if (!found || i->hash != hash) {
		free(i->object);
		free(i->origin);
		if (!found)
			i->product = diag_strndup(id, strlen(id));
		i->hash = hash;
		i->origin =
		    origin ? diag_strndup(origin, strlen(origin)) : NULL;
		i->object = build_object(key.p, key.len, hash,
		    (struct span){f->spec.p, f->spec.len});
		if (out)
			tell(f, i, found ? "MODIFIED" : "ADDED", out);
	}
	json_release(&key);
}

static void
remove_stale(struct infras *f, const struct infra_out *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (!f->infra[i].stale) {
			f->infra[kept++] = f->infra[i];
			continue;
		}
		if (out)
			tell(f, &f->infra[i], "DELETED", out);
		free_infra(&f->infra[i]);
		f->changes++;
	}
	f->n = kept;
}

/* Whether an object is of those that are found again now, or gone. */
static bool
is_asked(const struct infra *i, const struct world *w, const char *product,
    bool everywhere)
{
	uint32_t ns = intern_find(&w->names, span_of(next_text(i->key)));

	return strcmp(i->product, product) == 0 &&
	    (everywhere || w->dirty_ns[ns]);
}

static void
settle_product(struct infras *f, struct world *w, uint32_t product,
    uint8_t dirt, const struct infra_out *out, bool told)
{
	const struct product *p =
	    &w->shapes->catalog->signatures->product[product];
	bool everywhere = dirt & WORLD_DIRTY_ALL || p->scope == SCOPE_CLUSTER;
	size_t n;

	for (size_t i = 0; i < f->n; i++)
		f->infra[i].stale =
		    is_asked(&f->infra[i], w, p->id, everywhere);
	sight_product(&f->sightings, w, product, everywhere);
	for (size_t i = 0; i < f->sightings.n; i += n) {
		const struct sighting *s = &f->sightings.s[i];

		n = sight_group(w, s, f->sightings.s + f->sightings.n);
		if (!s->v.makes)
			continue;
		if (out->may_tell(out->context, world_name(w, s->cluster))) {
			settle_group(f, w, s, n, told ? out : NULL);
		} else {
			w->dirty[product] |= dirt;
			w->any_dirty = true;
		}
	}
	sight_free(&f->sightings);
	remove_stale(f, told ? out : NULL);
}

void
infras_learn(struct infras *f, const struct world *w,
    const struct infra_out *out)
{
	const struct signatures *s = w->shapes->catalog->signatures;

	for (size_t i = 0; i < f->n; i++)
		f->infra[i].stale =
		    !signatures_product(s, span_of(f->infra[i].product));
	remove_stale(f, out);
}

void
infras_settle(struct infras *f, struct world *w, const struct infra_out *out,
    bool told)
{
	size_t n = w->shapes->catalog->signatures->n_products;

	for (uint32_t p = 0; p < n; p++) {
		uint8_t dirt = w->dirty[p];

		w->dirty[p] = 0;
		if (dirt)
			settle_product(f, w, p, dirt, out, told);
	}
}
