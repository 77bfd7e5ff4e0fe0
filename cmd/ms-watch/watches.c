#include "watches.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define SNAPSHOTS 8 /* at once */
#define CROWD 90 /* watches that one connection has room for */

static bool
is_same(const struct resource *a, const struct resource *b)
{
	return a == b || strcmp(a->id, b->id) == 0;
}

/* ---- what is watched ---- */

static void
add_watch(struct watches *ws, struct resource *r, const struct want *want,
    const char *ns, const char *cause)
{
	struct scope scope = {ns, want->labels, want->fields,
	    want->depth == DEPTH_METADATA};

	ws->watch = diag_alloc(ws->watch, (ws->n + 1) * sizeof(void *));
	ws->watch[ws->n++] = watch_new(ws->env, r, &scope, cause);
}

static struct watched *
find_kind(struct watches *ws, const struct resource *r)
{
	for (size_t i = 0; i < ws->n_kinds; i++)
		if (is_same(ws->kind[i].resource, r))
			return &ws->kind[i];
	return NULL;
}

static void
note(struct watches *ws, struct resource *r, const struct want *want)
{
	struct watched *k = find_kind(ws, r);

	if (!k) {
		ws->kind =
		    diag_alloc(ws->kind, (ws->n_kinds + 1) * sizeof(*ws->kind));
		k = &ws->kind[ws->n_kinds++];
		*k = (struct watched){.resource = resource_hold(r)};
	}
	k->has_fallen = false;
	want_free(&k->want);
	want_copy(&k->want, want);
}

static void
forget(struct watches *ws, struct watched *k)
{
	want_free(&k->want);
	resource_drop(k->resource);
	*k = ws->kind[--ws->n_kinds];
}

/* Take the watches of a resource out: those of which keep says nothing. The
 * caller frees them. */
static size_t
take_out(struct watches *ws, const struct resource *r,
    bool (*is_kept)(const struct watch *w, const struct want *want),
    const struct want *want, struct watch **out)
{
	size_t kept = 0, n = 0;

	for (size_t i = 0; i < ws->n; i++) {
		struct watch *w = ws->watch[i];

		if (!is_same(w->resource, r) || (is_kept && is_kept(w, want)))
			ws->watch[kept++] = w;
		else
			out[n++] = w;
	}
	ws->n = kept;
	return n;
}

/* ---- from one scope to another ---- */

/* Whether a watch does part of what is wanted just as it is. */
static bool
is_part(const struct watch *w, const struct want *want)
{
	const struct scope *s = &w->ledger.scope;

	if (s->is_metadata != (want->depth == DEPTH_METADATA) ||
	    !text_is_equal(s->labels, want->labels) ||
	    !text_is_equal(s->fields, want->fields))
		return false;
	return s->ns ? list_has(&want->namespaces, s->ns) : !want->namespaces.n;
}

static struct watch *
watch_of(const struct watches *ws, const struct resource *r, struct span ns)
{
	for (size_t i = 0; i < ws->n; i++) {
		const struct scope *s = &ws->watch[i]->ledger.scope;

		if (is_same(ws->watch[i]->resource, r) &&
		    (!s->ns || span_eq(ns, s->ns)))
			return ws->watch[i];
	}
	return NULL;
}

struct handing {
	struct watches *ws;
	const struct watch *from;
};

/* An object that was told under the old scope: the watch that has to do with it
 * now knows it, or it is deleted for whoever reads. */
static void
hand_over(void *context, const struct index_key *key)
{
	struct handing *h = context;
	struct watch *to = watch_of(h->ws, h->from->resource, key->ns);
	struct index_seen seen;

	if (to)
		index_put(&to->ledger.index, key, &seen);
	else
		emit_deleted(h->ws->env->emit, h->from->resource,
		    h->from->ledger.scope.is_metadata, key);
}

static void
retire(struct watches *ws, struct watch *w)
{
	struct handing h = {ws, w};

	if (w->machine.begun)
		emit_phase(ws->env->emit, w->resource, "aborted", NULL);
	index_begin(&w->ledger.index);
	index_sweep(&w->ledger.index, hand_over, &h);
	watch_free(w);
}

static void
add_missing(struct watches *ws, struct resource *r, const struct want *want,
    const char *ns, const char *cause)
{
	for (size_t i = 0; i < ws->n; i++)
		if (is_same(ws->watch[i]->resource, r) &&
		    text_is_equal(ws->watch[i]->ledger.scope.ns, ns))
			return;
	add_watch(ws, r, want, ns, cause);
}

/* Make the watches of a resource what is wanted; those that are stay. */
static void
change(struct watches *ws, struct resource *r, const struct want *want,
    const char *cause)
{
	struct watch **old = diag_alloc(NULL, (ws->n + 1) * sizeof(void *));
	size_t n = take_out(ws, r, is_part, want, old);

	if (!want->namespaces.n || !r->is_namespaced)
		add_missing(ws, r, want, NULL, cause);
	for (size_t i = 0; i < want->namespaces.n && r->is_namespaced; i++)
		add_missing(ws, r, want, want->namespaces.item[i], cause);
	for (size_t i = 0; i < n; i++)
		retire(ws, old[i]);
	free(old);
}

/* ---- the beginning and the end ---- */

static void
drop(struct watches *ws, struct watched *k, const char *why)
{
	struct watch **old = diag_alloc(NULL, (ws->n + 1) * sizeof(void *));
	size_t n = take_out(ws, k->resource, NULL, NULL, old);

	emit_phase(ws->env->emit, k->resource, "gone", NULL);
	diag_info("%s is %s", k->resource->id, why);
	for (size_t i = 0; i < n; i++)
		watch_free(old[i]);
	free(old);
	forget(ws, k);
}

static const struct wanted *
find_wanted(const struct wants *wants, const struct resource *r)
{
	for (size_t i = 0; i < wants->n; i++)
		if (is_same(wants->item[i].resource, r))
			return &wants->item[i];
	return NULL;
}

/* Of several watches of a resource, the one that has come least far. */
static const char *
state_of(const struct watches *ws, const struct resource *r)
{
	const char *state = "synced";

	for (size_t i = 0; i < ws->n; i++) {
		const char *one;

		if (!is_same(ws->watch[i]->resource, r))
			continue;
		one = watch_state(ws->watch[i]);
		if (strcmp(state, "pending") != 0 && strcmp(one, "synced") != 0)
			state = one;
	}
	return state;
}

static bool
is_other_version(const struct resource *a, const struct resource *b)
{
	return strcmp(a->name, b->name) == 0 &&
	    strcmp(a->group, b->group) == 0 &&
	    strcmp(a->version, b->version) != 0;
}

/* The same objects are told under another version, but not all of them yet. */
static bool
has_heir(const struct watches *ws, const struct watched *k)
{
	for (size_t i = 0; i < ws->n_kinds; i++) {
		const struct watched *heir = &ws->kind[i];

		if (is_other_version(heir->resource, k->resource) &&
		    !heir->is_leaving &&
		    strcmp(state_of(ws, heir->resource), "synced") != 0)
			return true;
	}
	return false;
}

static void
drop_leaving(struct watches *ws)
{
	ws->are_leaving = false;
	for (size_t i = ws->n_kinds; i-- > 0;) {
		struct watched *k = &ws->kind[i];

		if (!k->is_leaving)
			continue;
		if (has_heir(ws, k))
			ws->are_leaving = true;
		else
			drop(ws, k, "no longer served");
	}
}

/* A definition that was deleted and created again, between two looks. */
static bool
is_made_anew(const struct resource *old, const struct resource *r)
{
	return strcmp(old->kind, r->kind) != 0 ||
	    old->is_namespaced != r->is_namespaced;
}

/* What discovery does not know now stays as it is. */
static void
drop_unwanted(struct watches *ws, const struct catalog *c,
    const struct wants *wants)
{
	for (size_t i = ws->n_kinds; i-- > 0;) {
		struct watched *k = &ws->kind[i];
		const struct wanted *w = find_wanted(wants, k->resource);

		k->is_leaving = !w && !catalog_is_stale(c, k->resource);
		if (w && w->want.depth == DEPTH_OFF)
			drop(ws, k, "turned off");
		else if (w && is_made_anew(k->resource, w->resource))
			drop(ws, k, "something else now");
	}
}

void
watches_set(struct watches *ws, const struct catalog *c,
    const struct wants *wants, const char *cause)
{
	opts_list_free(&ws->env->no_streams);
	for (size_t i = 0; i < ws->n; i++)
		watch_input(ws->watch[i], IN_SERVED);
	drop_unwanted(ws, c, wants);
	ws->may_fall = false;
	for (size_t i = 0; i < wants->n; i++) {
		const struct wanted *w = &wants->item[i];
		const struct watched *k = find_kind(ws, w->resource);

		ws->may_fall |= w->want.fallback.n > 0;
		if (w->want.depth == DEPTH_OFF ||
		    (k && want_is_equal(&k->want, &w->want)))
			continue;
		note(ws, w->resource, &w->want);
		change(ws, w->resource, &w->want, cause);
	}
	drop_leaving(ws);
}

/* Who may not read all namespaces may read some. What was wanted is remembered
 * as it was, so that the next look at it changes nothing. */
static void
fall_back(struct watches *ws, struct watched *k, const char *cause)
{
	struct want some;

	k->has_fallen = true;
	diag_info("%s: only in the namespaces that are named for this",
	    k->resource->id);
	want_copy(&some, &k->want);
	opts_list_free(&some.namespaces);
	list_copy(&some.namespaces, &some.fallback);
	change(ws, k->resource, &some, cause);
	want_free(&some);
}

static void
check_denied(struct watches *ws)
{
	for (size_t i = 0; i < ws->n; i++) {
		struct watch *w = ws->watch[i];
		struct watched *k;

		if (!w->machine.is_denied || w->ledger.scope.ns ||
		    !w->resource->is_namespaced)
			continue;
		k = find_kind(ws, w->resource);
		if (!k->has_fallen && k->want.fallback.n) {
			fall_back(ws, k, w->cause);
			return; /* the rest at the next turn */
		}
	}
}

bool
watches_resync(struct watches *ws, const struct resource *r)
{
	bool is_any = !r;

	for (size_t i = 0; i < ws->n; i++) {
		if (r && !is_same(ws->watch[i]->resource, r))
			continue;
		watch_resync(ws->watch[i]);
		is_any = true;
	}
	return is_any;
}

void
watches_free(struct watches *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		watch_free(ws->watch[i]);
	while (ws->n_kinds > 0)
		forget(ws, &ws->kind[ws->n_kinds - 1]);
	free(ws->watch);
	free(ws->kind);
	*ws = (struct watches){.env = ws->env};
}

/* ---- turns ---- */

/* Requests that find all connections full open one each, unless they come
 * after it is open. Servers have room for a hundred and more on one. */
static unsigned
most_at_once(const struct watches *ws)
{
	const struct http *h = ws->env->http;

	if (ws->n <= CROWD || !links_count(&h->links, CURL_HTTP_VERSION_2_0))
		return SNAPSHOTS;
	return links_are_opening(&h->links) || h->is_fresh ? 0 : 1;
}

/* Whose snapshots are under way: those of few, however many are waiting. */
struct busy {
	const struct resource *resource[SNAPSHOTS];
	unsigned n;
};

static void
add_busy(struct busy *busy, const struct watch *w)
{
	if (busy->n < SNAPSHOTS)
		busy->resource[busy->n++] = w->resource;
}

static bool
is_resource_busy(const struct busy *busy, const struct resource *r)
{
	for (unsigned i = 0; i < busy->n; i++)
		if (is_same(busy->resource[i], r))
			return true;
	return false;
}

/* Snapshots are begun in order, and never two of the same resource: between
 * begin and end a resource has one scope. */
static void
give_turns(struct watches *ws)
{
	struct busy busy = {0};
	unsigned more = most_at_once(ws);

	for (size_t i = 0; i < ws->n; i++)
		if (machine_is_busy(&ws->watch[i]->machine))
			add_busy(&busy, ws->watch[i]);
	ws->is_busy = busy.n > 0;
	for (size_t i = 0; i < ws->n && busy.n < SNAPSHOTS && more > 0; i++) {
		struct watch *w = ws->watch[i];

		if (w->machine.state != MACHINE_QUEUED ||
		    is_resource_busy(&busy, w->resource) || !watch_may_begin(w))
			continue;
		watch_input(w, IN_TURN);
		add_busy(&busy, w);
		more--;
	}
}

void
watches_tick(struct watches *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		watch_tick(ws->watch[i]);
	if (ws->may_fall)
		check_denied(ws);
	if (ws->are_leaving)
		drop_leaving(ws);
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

void
watches_write_ready(const struct watches *ws, bool is_whole)
{
	struct emit *e = ws->env->emit;

	emit_ready_open(e, is_whole);
	for (size_t i = 0; i < ws->n_kinds; i++) {
		const struct resource *r = ws->kind[i].resource;

		emit_ready_resource(e, r, state_of(ws, r));
	}
	emit_ready_close(e);
}
