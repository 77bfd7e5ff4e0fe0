#include "watches.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define SNAPSHOTS 8 /* at once */

void
watches_free(struct watches *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		watch_free(ws->watch[i]);
	free(ws->watch);
	*ws = (struct watches){.env = ws->env};
}

static bool
is_same(const struct resource *a, const struct resource *b)
{
	return a == b || strcmp(a->id, b->id) == 0;
}

/* ---- what is watched ---- */

static void
add_watch(struct watches *ws, struct resource *r, const char *ns)
{
	ws->watch = diag_alloc(ws->watch, (ws->n + 1) * sizeof(void *));
	ws->watch[ws->n++] = watch_new(ws->env, r, ns);
}

static bool
is_watched(const struct watches *ws, const struct resource *r)
{
	for (size_t i = 0; i < ws->n; i++)
		if (is_same(ws->watch[i]->resource, r))
			return true;
	return false;
}

static void
add_resource(struct watches *ws, struct resource *r)
{
	const struct opts_list *ns = &ws->env->settings->namespaces;

	if (!r->is_namespaced || !ns->n)
		add_watch(ws, r, NULL);
	else
		for (size_t i = 0; i < ns->n; i++)
			add_watch(ws, r, ns->item[i]);
}

static bool
is_in(struct resource **list, size_t n, const struct resource *r)
{
	while (n > 0 && !is_same(list[n - 1], r))
		n--;
	return n > 0;
}

/* Resources that discovery names no longer. What may exist unseen stays. */
static void
remove_gone(struct watches *ws, const struct catalog *c, struct resource **list,
    size_t n)
{
	const struct resource *told = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < ws->n; i++) {
		struct watch *w = ws->watch[i];

		if (is_in(list, n, w->resource) ||
		    catalog_is_stale(c, w->resource)) {
			ws->watch[kept++] = w;
			continue;
		}
		if (w->resource != told)
			emit_phase(ws->env->emit, w->resource, "gone", NULL);
		told = w->resource;
		watch_input(w, IN_REMOVED);
		diag_info("%s is no longer served", w->resource->id);
		watch_free(w);
	}
	ws->n = kept;
}

void
watches_set(struct watches *ws, const struct catalog *c, struct resource **list,
    size_t n)
{
	remove_gone(ws, c, list, n);
	for (size_t i = 0; i < n; i++)
		if (!is_watched(ws, list[i]))
			add_resource(ws, list[i]);
}

/* ---- turns ---- */

static bool
is_same_resource_busy(const struct watches *ws, const struct watch *w)
{
	for (size_t i = 0; i < ws->n; i++)
		if (is_same(ws->watch[i]->resource, w->resource) &&
		    machine_is_busy(&ws->watch[i]->machine))
			return true;
	return false;
}

/* Snapshots are begun in order, and never two of the same resource: between
 * begin and end a resource has one scope. */
static void
give_turns(struct watches *ws)
{
	unsigned busy = 0;

	for (size_t i = 0; i < ws->n; i++)
		busy += machine_is_busy(&ws->watch[i]->machine);
	ws->is_busy = busy > 0;
	for (size_t i = 0; i < ws->n && busy < SNAPSHOTS; i++) {
		struct watch *w = ws->watch[i];

		if (w->machine.state != MACHINE_QUEUED ||
		    is_same_resource_busy(ws, w))
			continue;
		watch_input(w, IN_TURN);
		busy++;
	}
}

void
watches_tick(struct watches *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		watch_tick(ws->watch[i]);
	give_turns(ws);
}

int64_t
watches_due(const struct watches *ws)
{
	int64_t due = INT64_MAX, one;

	for (size_t i = 0; i < ws->n; i++) {
		one = watch_due(ws->watch[i]);
		due = one < due ? one : due;
	}
	return due;
}

/* ---- how far they have come ---- */

bool
watches_are_pending(const struct watches *ws, bool *is_hopeless)
{
	bool is_pending = false;

	*is_hopeless = true;
	for (size_t i = 0; i < ws->n; i++) {
		if (strcmp(watch_state(ws->watch[i]), "pending") != 0)
			continue;
		is_pending = true;
		*is_hopeless &= watch_is_failing(ws->watch[i]);
	}
	return is_pending;
}

/* Of several watches of a resource, the one that has come least far. */
static const char *
state_of(const struct watches *ws, size_t i, size_t *after)
{
	const struct resource *r = ws->watch[i]->resource;
	const char *state = "synced";

	for (; i < ws->n && is_same(ws->watch[i]->resource, r); i++) {
		const char *one = watch_state(ws->watch[i]);

		if (strcmp(state, "pending") != 0 && strcmp(one, "synced") != 0)
			state = one;
	}
	*after = i;
	return state;
}

void
watches_write_ready(const struct watches *ws, bool is_whole)
{
	struct emit *e = ws->env->emit;

	emit_ready_open(e, is_whole);
	for (size_t i = 0, after; i < ws->n; i = after) {
		const char *state = state_of(ws, i, &after);

		emit_ready_resource(e, ws->watch[i]->resource, state);
	}
	emit_ready_close(e);
}
