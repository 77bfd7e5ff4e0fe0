#include "learn.h"

#include <string.h>

#include "amend.h"
#include "api.h"
#include "diag.h"
#include "owner.h"
#include "pod.h"
#include "thing.h"
#include "workload.h"

/* What all was judged by, what each shape came to, and prints being made. */
struct before {
	const struct catalog *catalog;
	uint32_t *outcome;
	struct json was, is;
};

/* Prints with one more if the object is custom and read by some product. */
static struct span
with_reader(const struct world *w, const struct catalog *c, struct api api,
    uint16_t sync, struct span prints, struct json *out)
{
	struct json resource = {0};
	struct span text = intern_text(&w->names, w->sync[sync].resource);

	if (!owner_is_custom(api.version))
		return prints;
	if (text.n) {
		json_string(&resource, text.p, text.n);
		api.resource = (struct span){resource.p, resource.len};
	}
	prints = api_reader(c, &api, prints, out);
	json_release(&resource);
	return prints;
}

/* Whether an object of this shape has other prints now, which are *is then. */
static bool
is_changed(const struct filter *f, struct before *b, struct api api,
    uint16_t sync, uint32_t shape, struct span *is)
{
	struct span was =
	    outcome_prints(&f->shapes.outcomes, b->outcome[shape]);

	was = with_reader(&f->world, b->catalog, api, sync, was, &b->was);
	*is = shape_prints(&f->shapes, shape);
	*is = with_reader(&f->world, f->shapes.catalog, api, sync, *is, &b->is);
	return !span_same(was, *is);
}

static size_t
amend_workloads(struct filter *f, struct before *b)
{
	const struct world *w = &f->world;
	size_t n = 0;

	for (uint32_t i = 0; i < w->n_workloads; i++) {
		const struct workload *wl = &w->workload[i];
		struct span is;
		struct api api;

		if (!(wl->flags & WORLD_SEEN) || wl->own == SHAPE_NONE)
			continue;
		api = (struct api){.version = workload_api(w, wl),
		    .kind = workload_kind(w, wl)};
		if (!is_changed(f, b, api, wl->sync, wl->own, &is))
			continue;
		amend_workload(w, i, is, &f->out);
		n++;
	}
	return n;
}

static size_t
amend_pods(struct filter *f, struct before *b)
{
	const struct world *w = &f->world;
	size_t n = 0;

	for (uint32_t i = 0; i < w->n_pods; i++) {
		const struct pod *p = &w->pod[i];
		struct api api = {0};
		struct span is;

		if (!(p->flags & WORLD_ALIVE))
			continue;
		pod_type(w, p, &api.version, &api.kind);
		if (!is_changed(f, b, api, p->sync, p->shape, &is))
			continue;
		amend_pod(w, i, is, &f->out);
		n++;
	}
	return n;
}

/* CRDs and classes; Services and webhooks are looked at when all is settled. */
static size_t
amend_apis(struct filter *f)
{
	struct world *w = &f->world;
	size_t n = 0;

	for (uint32_t i = 0; i < w->n_things; i++) {
		struct thing *t = &w->thing[i];
		struct span prints;

		if (!(t->flags & WORLD_ALIVE) || t->what == THING_SERVICE ||
		    t->what == THING_WEBHOOK)
			continue;
		prints = api_thing(f->shapes.catalog, t, &f->value);
		if (!thing_is_news(t, prints))
			continue;
		amend_thing(w, t, prints, &f->out);
		n++;
	}
	return n;
}

/* Judge all that is held by another catalog, or by the same once more. */
static void
judge_by(struct filter *f, const struct catalog *c)
{
	struct before b = {.catalog = f->shapes.catalog};

	b.outcome = shapes_learn(&f->shapes, c);
	world_learn(&f->world);
	pods_learn(&f->world);
	f->amended += amend_workloads(f, &b);
	f->amended += amend_pods(f, &b);
	f->amended += amend_apis(f);
	infras_learn(&f->infras, &f->world, b.catalog->signatures, &f->out);
	shapes_learnt(&f->shapes, b.outcome);
	json_release(&b.was);
	json_release(&b.is);
}

static void
take_over(struct filter *f, struct knowledge *k)
{
	struct knowledge *before = f->knowledge;

	catalog_remember(&k->catalog, &before->catalog);
	k->catalog.answers = before->catalog.answers;
	f->knowledge = k;
	judge_by(f, &k->catalog);
	knowledge_free(before);
}

void
learn_again(struct filter *f)
{
	judge_by(f, f->shapes.catalog);
}

void
learn(struct filter *f, const struct record *r)
{
	char err[CONFIG_ERROR], buf[512];
	struct span source =
	    scan_text(scan_get(r->at[AT_MS], "source"), buf, sizeof(buf));
	struct span data = scan_get(r->at[AT_OBJECT], "data");
	struct knowledge *k = library_replace(f->library, source, data, err);

	if (!k) {
		diag_warn("line %llu: the signatures from %.*s are wrong, and "
			  "the old ones stay: %s",
		    (unsigned long long)f->rs.io.number,
		    source.n ? (int)source.n : 5, source.n ? source.p : "there",
		    err);
		return;
	}
	take_over(f, k);
	diag_info("%zu products are known", k->signatures.n_products);
}
