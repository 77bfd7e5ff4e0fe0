#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "selector.h"

/* A complete sync that is under way. */
struct open_sync {
	char *cluster, *resource;
	char *scope; /* JSON, "" if it is not limited */
	uint32_t number;
	bool is_void; /* aborted or denied: it sweeps nothing */
	bool is_over; /* once the transaction is on disk */
};

struct sync_state {
	struct rows *rows;
	const char *cluster;
	struct open_sync *open;
	size_t n;
};

struct sync_state *
sync_new(struct rows *rows, const char *cluster)
{
	struct sync_state *s = diag_alloc(NULL, sizeof(*s));

	*s = (struct sync_state){.rows = rows, .cluster = cluster};
	return s;
}

/* A string member of ms, as plain text: the caller's to free. */
static char *
copy_text(struct span value, const char *fallback)
{
	size_t n = value.n + 1;
	char *text = diag_alloc(NULL, n);
	struct span decoded = scan_text(value, text, n);

	if (!decoded.p)
		decoded = span_of(fallback ? fallback : "");
	if (decoded.n >= n)
		text = diag_alloc(text, decoded.n + 1);
	memmove(text, decoded.p, decoded.n);
	text[decoded.n] = '\0';
	return text;
}

static void
forget(struct sync_state *s, size_t i)
{
	free(s->open[i].cluster);
	free(s->open[i].resource);
	free(s->open[i].scope);
	s->open[i] = s->open[--s->n];
}

static size_t
find(const struct sync_state *s, const char *cluster, const char *resource)
{
	size_t i = 0;

	while (i < s->n &&
	    (strcmp(s->open[i].resource, resource) != 0 ||
		strcmp(s->open[i].cluster, cluster) != 0))
		i++;
	return i;
}

static void
begin(struct sync_state *s, const struct record *r, const char *cluster,
    const char *resource)
{
	struct span scope = scan_get(r->at[AT_MS], "scope");
	size_t i = find(s, cluster, resource);

	if (i < s->n)
		forget(s, i);
	if (scan_type(r->at[AT_COMPLETE]) != SCAN_TRUE)
		return;
	s->open = diag_alloc(s->open, (s->n + 1) * sizeof(*s->open));
	s->open[s->n++] = (struct open_sync){.cluster = diag_strndup(cluster,
						 strlen(cluster)),
	    .resource = diag_strndup(resource, strlen(resource)),
	    .scope = diag_strndup(scope.n ? scope.p : "", scope.n),
	    .number = ++s->rows->sync};
}

/* ---- sweeping ---- */

static bool
is_listed(struct span list, struct span text)
{
	struct scan_iter it;
	struct span one;
	char buf[256];

	if (scan_type(list) != SCAN_ARRAY)
		return false;
	scan_iter(&it, list);
	while (scan_element(&it, &one)) {
		one = scan_text(one, buf, sizeof(buf));
		if (one.p && one.n == text.n &&
		    memcmp(one.p, text.p, one.n) == 0)
			return true;
	}
	return false;
}

/* Whether a row lies in a scope, of which all must be understood. */
static bool
in_scope(struct store *s, const char *scope, int64_t id, struct span ns)
{
	struct span key, value, labels = {0}, fields = {0};
	struct scan_iter it;

	if (!*scope)
		return true;
	if (scan_type(span_of(scope)) != SCAN_OBJECT)
		return false;
	scan_iter(&it, span_of(scope));
	while (scan_member(&it, &key, &value)) {
		if (scan_key_eq(key, "labelSelector"))
			labels = value;
		else if (scan_key_eq(key, "fieldSelector"))
			fields = value;
		else if (!scan_key_eq(key, "namespaces") ||
		    !is_listed(value, ns))
			return false;
	}
	return (!labels.n && !fields.n) ||
	    selector_takes_row(s, labels, fields, id);
}

/* Collect first, delete then: the statement must not see its own work. */
static bool
sweep(struct sync_state *sync, const char *cluster, const char *resource,
    uint32_t number, const char *scope)
{
	struct store *s = sync->rows->store;
	sqlite3_stmt *st = s->st[S_OF_RESOURCE];
	struct row *list = NULL;
	size_t n = 0, size = 0;
	bool failed;

	store_bind_text(st, 1, span_of(resource));
	store_bind_text(st, 2, span_of(cluster));
	while (store_row(s, S_OF_RESOURCE, &failed)) {
		int64_t id = sqlite3_column_int64(st, 0);

		if (rows_was_named(sync->rows, id, number) ||
		    !in_scope(s, scope, id, store_column(st, 3)))
			continue;
		if (n == size)
			list = diag_alloc(list,
			    (size = size ? 2 * size : 64) * sizeof(*list));
		list[n++] = (struct row){id, sqlite3_column_int64(st, 1),
		    sqlite3_column_int64(st, 2)};
	}
	for (size_t i = 0; i < n && !failed; i++)
		failed = !rows_bury(sync->rows, &list[i]);
	free(list);
	if (n && !failed)
		diag_info("%zu of %s have gone", n, resource);
	return !failed;
}

static bool
end(struct sync_state *s, const char *cluster, const char *resource)
{
	size_t i = find(s, cluster, resource);

	if (i == s->n || s->open[i].is_void)
		return true;
	s->open[i].is_over = true;
	return sweep(s, cluster, resource, s->open[i].number, s->open[i].scope);
}

/* It will not sweep, whatever comes. */
static void
abort_sync(struct sync_state *s, const char *cluster, const char *resource)
{
	size_t i = find(s, cluster, resource);

	if (i < s->n)
		s->open[i].is_void = s->open[i].is_over = true;
}

/* No row was named in a sync that has not begun: all of the resource go. */
static bool
gone(struct sync_state *s, const char *cluster, const char *resource)
{
	return sweep(s, cluster, resource, UINT32_MAX, "");
}

/* ---- ready ---- */

/* Whether ready says of this resource that it is watched, or will be. */
static bool
is_watched(struct span resources, const char *resource)
{
	struct span state = scan_get(resources, resource);

	return scan_type(state) == SCAN_STRING && !scan_eq(state, "off");
}

static bool
ready(struct sync_state *sync, const struct record *r, const char *cluster)
{
	struct store *s = sync->rows->store;
	struct span resources = scan_get(r->at[AT_MS], "resources");
	char **name = NULL;
	size_t n = 0;
	bool failed = false;

	if (scan_type(r->at[AT_COMPLETE]) != SCAN_TRUE ||
	    scan_type(resources) != SCAN_OBJECT)
		return true;
	store_bind_text(s->st[S_RESOURCES], 1, span_of(cluster));
	while (store_row(s, S_RESOURCES, &failed)) {
		struct span text = store_column(s->st[S_RESOURCES], 0);

		name = diag_alloc(name, (n + 1) * sizeof(*name));
		name[n++] = diag_strndup(text.p, text.n);
	}
	for (size_t i = 0; i < n; i++) {
		if (!failed && !is_watched(resources, name[i]))
			failed = !gone(sync, cluster, name[i]);
		free(name[i]);
	}
	free(name);
	return !failed;
}

static bool
take(struct sync_state *s, const struct record *r, const char *cluster,
    const char *resource)
{
	struct span phase = r->at[AT_PHASE];

	if (scan_eq(phase, "ready")) {
		if (!ready(s, r, cluster))
			return false;
		s->rows->is_ready = true;
		return true;
	}
	if (!*resource)
		return true;
	if (scan_eq(phase, "begin")) {
		begin(s, r, cluster, resource);
		return true;
	}
	if (scan_eq(phase, "end"))
		return end(s, cluster, resource);
	abort_sync(s, cluster, resource);
	return !scan_eq(phase, "gone") || gone(s, cluster, resource);
}

bool
sync_take(struct sync_state *s, const struct record *r)
{
	char *cluster = copy_text(r->at[AT_CLUSTER], s->cluster);
	char *resource = copy_text(r->at[AT_RESOURCE], NULL);
	bool is_done = take(s, r, cluster, resource);

	free(cluster);
	free(resource);
	return is_done;
}

void
sync_committed(struct sync_state *s)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->open[i].is_over)
			forget(s, i);
}

/* A begin where one is open already, whose end may be in this transaction. */
static bool
begins_again(const struct sync_state *s, const struct record *r)
{
	char *cluster = copy_text(r->at[AT_CLUSTER], s->cluster);
	char *resource = copy_text(r->at[AT_RESOURCE], NULL);
	bool is_open = find(s, cluster, resource) < s->n;

	free(cluster);
	free(resource);
	return is_open;
}

bool
sync_is_alone(const struct sync_state *s, const struct record *r)
{
	struct span phase = r->at[AT_PHASE];

	return scan_eq(phase, "ready") ||
	    (scan_eq(phase, "begin") && begins_again(s, r));
}
