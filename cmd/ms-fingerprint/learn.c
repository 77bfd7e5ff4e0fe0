#include "learn.h"

#include <string.h>

#include "amend.h"
#include "api.h"
#include "diag.h"
#include "pod.h"
#include "thing.h"
#include "workload.h"

/* The prints of a workload: what its shape shows, and who reads it. */
static struct span
prints_of_workload(const struct world *w, const struct catalog *c,
    const struct workload *wl, struct span shown, struct json *out)
{
	struct json resource = {0};
	struct span text = intern_text(&w->names, w->sync[wl->sync].resource);
	struct api api = {workload_api(w, wl), workload_kind(w, wl), {0}};
	struct span prints;

	if (text.n) {
		json_string(&resource, text.p, text.n);
		api.resource = (struct span){resource.p, resource.len};
	}
	prints = api_reader(c, &api, shown, out);
	json_release(&resource);
	return prints;
}

static size_t
amend_workloads(struct filter *f, const struct catalog *before,
    const uint32_t *old)
{
	const struct world *w = &f->world;
	struct json a = {0}, b = {0};
	size_t n = 0;

	for (uint32_t i = 0; i < w->n_workloads; i++) {
		const struct workload *wl = &w->workload[i];
		struct span was, is;

		if (!(wl->flags & WORLD_SEEN) || wl->own == SHAPE_NONE)
			continue;
		was = outcome_prints(&f->shapes.outcomes, old[wl->own]);
		is = shape_prints(&f->shapes, wl->own);
		was = prints_of_workload(w, before, wl, was, &a);
		is = prints_of_workload(w, f->shapes.catalog, wl, is, &b);
		if (span_same(was, is))
			continue;
		amend_workload(w, i, is, &f->out);
		n++;
	}
	json_release(&a);
	json_release(&b);
	return n;
}

static size_t
amend_pods(struct filter *f, const uint32_t *old)
{
	const struct world *w = &f->world;
	size_t n = 0;

	for (uint32_t i = 0; i < w->n_pods; i++) {
		const struct pod *p = &w->pod[i];
		struct span was, is;

		if (!(p->flags & WORLD_ALIVE))
			continue;
		was = outcome_prints(&f->shapes.outcomes, old[p->shape]);
		is = shape_prints(&f->shapes, p->shape);
		if (span_same(was, is))
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
	const struct catalog *before = f->shapes.catalog;
	uint32_t *old = shapes_learn(&f->shapes, c);

	world_learn(&f->world);
	pods_learn(&f->world);
	f->amended += amend_workloads(f, before, old);
	f->amended += amend_pods(f, old);
	f->amended += amend_apis(f);
	infras_learn(&f->infras, &f->world, before->signatures, &f->out);
	shapes_learnt(&f->shapes, old);
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
