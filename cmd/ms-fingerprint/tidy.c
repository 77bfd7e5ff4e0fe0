#include "tidy.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "pod.h"

#define LEAST 1024 /* names that may be there for nothing */

static uint8_t *
marks(size_t n)
{
	uint8_t *keep = diag_alloc(NULL, n + 1);

	memset(keep, 0, n + 1);
	return keep;
}

static void
mark_things(const struct world *w, uint8_t *names)
{
	for (uint32_t i = 0; i < w->n_things; i++) {
		const struct thing *t = &w->thing[i];

		if (!(t->flags & WORLD_ALIVE))
			continue;
		names[t->cluster] = names[t->ns] = names[t->kind] = 1;
	}
}

static void
mark_infras(const struct infras *f, uint8_t *names)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (infra_is(&f->infra[i]))
			names[f->infra[i].cluster] = names[f->infra[i].ns] = 1;
}

static void
mark_pairs(const struct pairs *p, uint8_t *names)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (pairs_have(p, i))
			names[p->pair[i].a] = names[p->pair[i].b] = 1;
}

/* Those that syncs are of, and who is asked for versions. */
static void
mark_others(const struct filter *f, uint8_t *names)
{
	const struct world *w = &f->world;

	for (size_t i = 0; i < w->n_syncs; i++)
		names[w->sync[i].cluster] = names[w->sync[i].resource] = 1;
	for (uint32_t i = 0; i < f->answers.size; i++)
		names[f->answers.answer[i].cluster] =
		    names[f->answers.answer[i].ns] = 1;
	for (size_t i = 0; i < f->probing.n_refusals; i++)
		names[f->probing.refusal[i].cluster] =
		    names[f->probing.refusal[i].ns] = 1;
}

/* Places and types that neither a workload nor a pod has. */
static void
tidy_pairs(struct world *w)
{
	uint8_t *places = marks(w->places.n), *types = marks(w->types.n);

	for (uint32_t i = 0; i < w->n_workloads; i++) {
		const struct workload *wl = &w->workload[i];

		if (!(wl->flags & WORLD_ALIVE))
			continue;
		places[wl->place] = 1;
		types[wl->type] = 1;
	}
	pods_mark(w, places, types);
	pairs_keep(&w->places, places);
	pairs_keep(&w->types, types);
	free(places);
	free(types);
}

void
tidy_names(struct filter *f)
{
	struct world *w = &f->world;
	uint8_t *names;

	if (w->names.table.used < w->n_names * 2 + LEAST)
		return;
	tidy_pairs(w);
	names = marks(w->names.n);
	mark_pairs(&w->places, names);
	mark_pairs(&w->types, names);
	mark_things(w, names);
	mark_infras(&f->infras, names);
	mark_others(f, names);
	intern_keep(&w->names, names);
	free(names);
	w->n_names = w->names.table.used;
	/* it names types */
	memset(w->glance, 0, WORLD_GLANCES * sizeof(*w->glance));
}
