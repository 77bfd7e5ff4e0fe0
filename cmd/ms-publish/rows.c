#include "rows.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "diag.h"
#include "ms.h"

void
rows_init(struct rows *rows, struct store *store)
{
	*rows = (struct rows){.store = store, .sync = 1};
}

/* ---- naming ---- */

static void
name_row(struct rows *rows, int64_t id)
{
	size_t n = rows->n_named;

	if ((size_t)id >= n) {
		n = n ? n : 1024;
		while ((size_t)id >= n)
			n *= 2;
		rows->named = diag_alloc(rows->named, n * sizeof(*rows->named));
		memset(rows->named + rows->n_named, 0,
		    (n - rows->n_named) * sizeof(*rows->named));
		rows->n_named = n;
	}
	rows->named[id] = rows->sync;
}

bool
rows_was_named(const struct rows *rows, int64_t id, uint32_t sync)
{
	return (size_t)id < rows->n_named && rows->named[id] >= sync;
}

/* ---- keys ---- */

static int64_t
key_hash(const struct identity *id)
{
	const struct span part[] = {id->cluster, id->api_version, id->kind,
	    id->ns, id->name};
	uint64_t h = 0;

	for (int i = 0; i < 5; i++)
		h = XXH3_64bits_withSeed(part[i].n ? part[i].p : "", part[i].n,
		    h + part[i].n);
	return (int64_t)h;
}

/* Bind ?1 to ?6: the key, and the names it stands for. */
static void
bind_key(sqlite3_stmt *st, const struct identity *id)
{
	sqlite3_bind_int64(st, 1, key_hash(id));
	store_bind_text(st, 2, id->name);
	store_bind_text(st, 3, id->ns);
	store_bind_text(st, 4, id->kind);
	store_bind_text(st, 5, id->api_version);
	store_bind_text(st, 6, id->cluster);
}

/* Of two uids one of which is unknown, nothing can be said against. */
static bool
same_uid(struct span a, struct span b)
{
	return !a.n || !b.n || span_same(a, b);
}

static void
hash_object(struct span object, char hash[16])
{
	XXH128_hash_t h = XXH3_128bits(object.p, object.n);

	memcpy(hash, &h, 16);
}

/* ---- writing ---- */

/* The row's new number, on which all before it in the outbox is void. */
static bool
owe(struct store *s, int64_t id, int64_t before)
{
	if (before > s->confirmed) {
		sqlite3_bind_int64(s->st[S_OWE_NOT], 1, before);
		if (!store_run(s, S_OWE_NOT))
			return false;
	}
	sqlite3_bind_int64(s->st[S_OWE], 1, s->change);
	sqlite3_bind_int64(s->st[S_OWE], 2, id);
	return store_run(s, S_OWE);
}

static bool
insert_body(struct store *s, int64_t id, struct span object)
{
	sqlite3_bind_int64(s->st[S_INSERT_BODY], 1, id);
	store_bind_text(s->st[S_INSERT_BODY], 2, object);
	return store_run(s, S_INSERT_BODY);
}

/* A new row, alive or dead from birth. */
static bool
insert(struct rows *rows, const struct change *c, const char hash[16],
    bool is_deleted)
{
	struct store *s = rows->store;
	sqlite3_stmt *st = s->st[S_INSERT];
	int64_t id = store_take_id(s);

	bind_key(st, &c->id);
	store_bind_text(st, 7, c->id.uid);
	store_bind_text(st, 8, c->id.rv);
	store_bind_text(st, 9, c->resource);
	store_bind_text(st, 10, c->depth);
	store_bind_text(st, 11, c->ms);
	sqlite3_bind_blob(st, 12, hash, 16, SQLITE_STATIC);
	sqlite3_bind_int64(st, 13, ++s->change);
	sqlite3_bind_int(st, 14, is_deleted);
	sqlite3_bind_int64(st, 15, id);
	if (!store_run(s, S_INSERT))
		return false;
	name_row(rows, id);
	return insert_body(s, id, c->object) && owe(s, id, 0);
}

static bool
update_body(struct store *s, int64_t id, struct span object)
{
	sqlite3_bind_int64(s->st[S_UPDATE_BODY], 1, id);
	store_bind_text(s->st[S_UPDATE_BODY], 2, object);
	return store_run(s, S_UPDATE_BODY);
}

static bool
update(struct rows *rows, const struct row *row, const struct change *c,
    const char hash[16])
{
	struct store *s = rows->store;
	sqlite3_stmt *st = s->st[S_UPDATE];

	sqlite3_bind_int64(st, 1, row->id);
	store_bind_text(st, 2, c->id.uid);
	store_bind_text(st, 3, c->id.rv);
	store_bind_text(st, 4, c->resource);
	store_bind_text(st, 5, c->depth);
	store_bind_text(st, 6, c->ms);
	sqlite3_bind_blob(st, 7, hash, 16, SQLITE_STATIC);
	sqlite3_bind_int64(st, 8, ++s->change);
	sqlite3_bind_int64(st, 9, s->confirmed + 1);
	return store_run(s, S_UPDATE) && update_body(s, row->id, c->object) &&
	    owe(s, row->id, row->change);
}

/* What was never published is owed to nobody: it leaves no trace, so that an
 * outage costs what changed and not how often. */
static bool
forget(struct store *s, const struct row *row)
{
	store_free_id(s, row->id);
	sqlite3_bind_int64(s->st[S_FORGET], 1, row->id);
	sqlite3_bind_int64(s->st[S_FORGET_BODY], 1, row->id);
	sqlite3_bind_int64(s->st[S_OWE_NOT], 1, row->change);
	return store_run(s, S_FORGET) && store_run(s, S_FORGET_BODY) &&
	    store_run(s, S_OWE_NOT);
}

bool
rows_bury(struct rows *rows, const struct row *row)
{
	struct store *s = rows->store;

	if (row->first > s->attempted)
		return forget(s, row);
	sqlite3_bind_int64(s->st[S_BURY], 1, row->id);
	sqlite3_bind_int64(s->st[S_BURY], 2, ++s->change);
	return store_run(s, S_BURY) && owe(s, row->id, row->change);
}

/* ---- rules ---- */

/* The columns of S_FIND. */
enum {
	F_ID,
	F_FIRST,
	F_CHANGE,
	F_HASH,
	F_UID,
	F_RV,
	F_DEPTH,
	F_RESOURCE,
	F_MS
};

/* The live row of this name, on which S_FIND then stands until store_done. */
static bool
find(struct store *s, const struct identity *id, struct row *row, bool *failed)
{
	sqlite3_stmt *st = s->st[S_FIND];

	bind_key(st, id);
	if (!store_row(s, S_FIND, failed))
		return false;
	*row = (struct row){sqlite3_column_int64(st, F_ID),
	    sqlite3_column_int64(st, F_FIRST),
	    sqlite3_column_int64(st, F_CHANGE)};
	return true;
}

enum verdict { STORE_NEW, STORE_REPLACE, STORE_UPDATE, STORE_LEAVE };

/* What a live row, on which S_FIND stands, makes of a change of its key. */
static enum verdict
compare(const struct rows *rows, const struct change *c, bool is_truncated,
    const char hash[16])
{
	sqlite3_stmt *st = rows->store->st[S_FIND];
	struct span depth = store_column(st, F_DEPTH);

	if (!same_uid(store_column(st, F_UID), c->id.uid))
		return STORE_REPLACE;
	if (is_truncated)
		return STORE_LEAVE;
	if (!rows->is_ready && span_eq(depth, "full") &&
	    span_eq(c->depth, "metadata") &&
	    span_same(store_column(st, F_RV), c->id.rv))
		return STORE_LEAVE;
	if (span_same(store_column(st, F_HASH), (struct span){hash, 16}) &&
	    span_same(store_column(st, F_MS), c->ms) &&
	    span_same(depth, c->depth) &&
	    span_same(store_column(st, F_RESOURCE), c->resource))
		return STORE_LEAVE;
	return STORE_UPDATE;
}

bool
rows_put(struct rows *rows, const struct change *c, bool is_truncated)
{
	struct store *s = rows->store;
	enum verdict verdict = STORE_NEW;
	struct row row;
	char hash[16];
	bool failed;

	hash_object(c->object, hash);
	if (find(s, &c->id, &row, &failed)) {
		verdict = compare(rows, c, is_truncated, hash);
		store_done(s, S_FIND);
		name_row(rows, row.id);
	}
	if (failed)
		return false;
	switch (verdict) {
	case STORE_LEAVE:
		return true;
	case STORE_UPDATE:
		return update(rows, &row, c, hash);
	case STORE_REPLACE: /* the old one's end has the lower number */
		return rows_bury(rows, &row) && insert(rows, c, hash, false);
	default:
		return insert(rows, c, hash, false);
	}
}

/* Whether the deletion of this very object waits to be published already. */
static bool
is_dead_already(struct store *s, const struct identity *id, bool *failed)
{
	bool found = false;

	bind_key(s->st[S_FIND_DEAD], id);
	while (!found && store_row(s, S_FIND_DEAD, failed))
		found = same_uid(store_column(s->st[S_FIND_DEAD], 0), id->uid);
	store_done(s, S_FIND_DEAD);
	return found;
}

/* A deletion of what the snapshot does not know. The consumer may: from a
 * snapshot that was lost. */
static bool
delete_unknown(struct rows *rows, const struct change *c)
{
	bool failed = false;
	char hash[16];

	if (is_dead_already(rows->store, &c->id, &failed))
		return true;
	hash_object(c->object, hash);
	return !failed && insert(rows, c, hash, true);
}

bool
rows_delete(struct rows *rows, const struct change *c, bool is_synthetic)
{
	struct store *s = rows->store;
	struct row row;
	bool failed, is_other;

	if (!find(s, &c->id, &row, &failed))
		return !failed && delete_unknown(rows, c);
	is_other = !same_uid(store_column(s->st[S_FIND], F_UID), c->id.uid);
	store_done(s, S_FIND);
	/* late news of one that a newer object of the same name has replaced:
	 * its end was told then, and the consumer knows only names */
	if (is_other)
		return true;
	if (!is_synthetic && !update_body(s, row.id, c->object))
		return false;
	return rows_bury(rows, &row);
}

bool
rows_amend(struct rows *rows, const struct identity *who, struct span ms)
{
	struct store *s = rows->store;
	sqlite3_stmt *st = s->st[S_FIND];
	struct span merged;
	bool failed, is_news;
	struct row row;

	if (!find(s, who, &row, &failed))
		return !failed;
	json_reset(&rows->ms);
	ms_merge(store_column(st, F_MS), ms, &rows->ms);
	merged = (struct span){rows->ms.p, rows->ms.len};
	is_news = same_uid(store_column(st, F_UID), who->uid) &&
	    !span_same(store_column(st, F_MS), merged);
	store_done(s, S_FIND);
	if (!is_news)
		return true;
	sqlite3_bind_int64(s->st[S_UPDATE_MS], 1, row.id);
	store_bind_text(s->st[S_UPDATE_MS], 2, merged);
	sqlite3_bind_int64(s->st[S_UPDATE_MS], 3, ++s->change);
	sqlite3_bind_int64(s->st[S_UPDATE_MS], 4, s->confirmed + 1);
	return store_run(s, S_UPDATE_MS) && owe(s, row.id, row.change);
}
