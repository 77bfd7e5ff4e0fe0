#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "pod.h"
#include "thing.h"
#include "workload.h"

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

	return span_same(r, resource) && span_same(c, cluster);
}

static uint16_t
find_sync(struct world *w, const struct record *r)
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

uint16_t
sync_of(struct world *w, const struct record *r)
{
	uint16_t at = find_sync(w, r);

	w->sync[at].is_used = true;
	return at;
}

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
is_stale(const struct world *w, uint8_t epoch, uint16_t at, uint32_t ns,
    bool all)
{
	return all ||
	    (epoch != w->sync[at].epoch && in_scope(w, &w->sync[at], ns));
}

static void
sweep(struct world *w, uint16_t at, bool all)
{
	if (!w->sync[at].is_used)
		return; /* as of most resources there are */
	for (uint32_t i = 0; i < w->n_pods; i++) {
		struct pod *p = &w->pod[i];

		if ((p->flags & WORLD_ALIVE) && p->sync == at &&
		    is_stale(w, p->epoch, at, world_ns_at(w, pod_place(w, p)),
			all))
			pod_forget(w, i);
	}
	for (uint32_t i = 0; i < w->n_workloads; i++) {
		struct workload *wl = &w->workload[i];

		if ((wl->flags & WORLD_SEEN) && wl->sync == at &&
		    is_stale(w, wl->epoch, at, world_ns_at(w, wl->place), all))
			workload_forget(w, i);
	}
	for (uint32_t i = 0; i < w->n_things; i++) {
		struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) && t->sync == at &&
		    is_stale(w, t->epoch, at, t->ns, all))
			thing_forget(w, i);
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
sync_mark(struct world *w, const struct record *r)
{
	struct span phase = r->at[AT_PHASE], cluster;
	struct record named = *r;
	uint16_t at;
	struct sync *s;
	char buf[512];

	cluster = scan_text(r->at[AT_CLUSTER], buf, sizeof(buf));
	named.id.cluster = cluster.p ? cluster : span_of("");
	at = find_sync(w, &named);
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
