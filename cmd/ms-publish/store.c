#include "store.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "schema.h"
#include "storefile.h"

#define COMPLAIN_EVERY 60000 /* ms */

static const char *const statement[S_COUNT] = {[S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_ROLLBACK] = "ROLLBACK",
    [S_FIND] = "SELECT id, first, change, hash, uid, rv, depth, resource, ms"
	       " FROM row WHERE key = ?1 AND deleted = 0 AND name = ?2"
	       " AND namespace = ?3 AND kind = ?4 AND apiVersion = ?5"
	       " AND cluster = ?6",
    [S_FIND_DEAD] = "SELECT uid FROM row WHERE key = ?1"
		    " AND deleted = 1 AND name = ?2 AND namespace = ?3"
		    " AND kind = ?4 AND apiVersion = ?5 AND cluster = ?6",
    [S_INSERT] =
	"INSERT INTO row (key, name, namespace, kind, apiVersion,"
	" cluster, uid, rv, resource, depth, ms, hash, change, born, first,"
	" deleted, held, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
	" ?11, ?12, ?13, ?13, ?13, ?14, 0, ?15)",
    [S_INSERT_BODY] = "INSERT INTO object (id, body) VALUES (?1, ?2)",
    [S_UPDATE] =
	"UPDATE row SET uid = ?2, rv = ?3, resource = ?4,"
	" depth = ?5, ms = ?6, hash = ?7, change = ?8, held = 0,"
	" born = CASE WHEN born BETWEEN ?9 AND ?8 THEN ?8 ELSE born END"
	" WHERE id = ?1",
    [S_UPDATE_BODY] = "UPDATE object SET body = ?2 WHERE id = ?1",
    [S_UPDATE_MS] = "UPDATE row SET ms = ?2, change = ?3, held = 0,"
		    " born = CASE WHEN born BETWEEN ?4 AND ?3 THEN ?3"
		    " ELSE born END WHERE id = ?1",
    [S_BURY] = "UPDATE row SET deleted = 1, change = ?2, held = 0"
	       " WHERE id = ?1",
    [S_OWE] = "INSERT INTO outbox (change, id) VALUES (?1, ?2)",
    [S_OWE_NOT] = "DELETE FROM outbox WHERE change = ?1",
    [S_PAID] = "DELETE FROM outbox WHERE change <= ?1",
    [S_FORGET] = "DELETE FROM row WHERE id = ?1",
    [S_FORGET_BODY] = "DELETE FROM object WHERE id = ?1",
    [S_FORGET_SENT] = "DELETE FROM sent WHERE id = ?1",
    [S_OF_RESOURCE] = "SELECT id, first, change, namespace FROM row"
		      " WHERE resource = ?1 AND cluster = ?2 AND deleted = 0",
    [S_RESOURCES] = "SELECT DISTINCT resource FROM row"
		    " WHERE resource <> '' AND cluster = ?1 AND deleted = 0",
    [S_SENT] = "INSERT OR REPLACE INTO sent (id, hash) VALUES (?1, ?2)",
    [S_TOLD] = "UPDATE row SET born = ?2 WHERE id = ?1 AND born = ?3",
    [S_TELL_LATER] = "UPDATE row SET born = ?2 WHERE id = ?1",
    [S_HOLD] = "UPDATE row SET held = ?2 WHERE id = ?1 AND change = ?3",
    [S_HELD] = "SELECT id FROM row WHERE held <> 0"
	       " AND held BETWEEN ?1 AND ?2",
    [S_RENUMBER] = "UPDATE row SET held = 0, change = ?2,"
		   " born = CASE WHEN born BETWEEN ?3 AND ?2 THEN ?2"
		   " ELSE born END WHERE id = ?1",
    [S_RESYNC] = "UPDATE row SET change = ?1 + id, born = ?1 + id,"
		 " held = 0 WHERE deleted = 0",
    [S_RESYNC_CLEAR] = "DELETE FROM outbox",
    [S_RESYNC_OWE] = "INSERT INTO outbox SELECT change, id FROM row",
    [S_CONFIRM] = "UPDATE state SET value = ?1 WHERE name = 'confirmed'",
    [S_BODY] = "SELECT body FROM object WHERE id = ?1",
    [S_IDS] = "SELECT id FROM row INDEXED BY row_resource",
    [S_LAST_ID] = "SELECT coalesce(max(id), 0) FROM row"};

/* ---- errors ---- */

void
store_complain(struct store *s, sqlite3 *db)
{
	static _Atomic int64_t last;
	int code = sqlite3_errcode(db) & 0xff, err = sqlite3_system_errno(db);
	int64_t now = clock_ms();

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
		/* A disk that fails leaves SQLite with odd pages in memory:
		 * who opens the file next judges it. */
		storefile_doubt(s->path);
		diag_die(EXIT_TEMPORARY,
		    "unable to go on with %s (%s): start again", s->path,
		    sqlite3_errmsg(db));
	}
	if (last && now - last < COMPLAIN_EVERY)
		return;
	last = now;
	diag_warn("unable to write to %s: %s%s%s; trying again each second",
	    s->path, sqlite3_errmsg(db), err ? ": " : "",
	    err ? strerror(err) : "");
}

/* ---- opening ---- */

static void
prepare(struct store *s, sqlite3 *db, const char *sql, sqlite3_stmt **st)
{
	storefile_must(s->path, db,
	    sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, st,
		NULL));
}

static int64_t
ask(struct store *s, const char *sql)
{
	int code;
	int64_t n = storefile_ask(s->db, sql, &code);

	storefile_must(s->path, s->db, code);
	return n;
}

static void
read_state(struct store *s)
{
	int64_t last = ask(s, "SELECT max(change) FROM outbox");

	s->confirmed =
	    ask(s, "SELECT value FROM state WHERE name = 'confirmed'");
	s->change = last > s->confirmed ? last : s->confirmed;
	s->committed = s->attempted = s->change;
}

/* ---- ids ---- */

/* Ids are taken again: memory is kept by id, and the number of all objects
 * there ever were has no bound. */

static void
put_id(struct store_ids *ids, int64_t id)
{
	if (ids->n == ids->size) {
		ids->size = ids->size ? 2 * ids->size : 64;
		ids->id = diag_alloc(ids->id, ids->size * sizeof(*ids->id));
	}
	ids->id[ids->n++] = id;
}

/* The gaps below the highest id. */
static void
read_ids(struct store *s)
{
	sqlite3_stmt *st = s->st[S_IDS];
	int64_t last = ask(s, "SELECT coalesce(max(id), 0) FROM row");
	char *is_used = diag_alloc(NULL, (size_t)last + 1);

	memset(is_used, 0, (size_t)last + 1);
	while (sqlite3_step(st) == SQLITE_ROW)
		is_used[sqlite3_column_int64(st, 0)] = 1;
	storefile_must(s->path, s->db, sqlite3_reset(st));
	for (int64_t id = last; id > 0; id--)
		if (!is_used[id])
			put_id(&s->free, id);
	free(is_used);
	s->last_id = last;
}

int64_t
store_take_id(struct store *s)
{
	return s->free.n ? s->free.id[--s->free.n] : ++s->last_id;
}

void
store_free_id(struct store *s, int64_t id)
{
	put_id(&s->freed, id);
}

static void
commit_ids(struct store *s)
{
	for (size_t i = 0; i < s->freed.n; i++)
		put_id(&s->free, s->freed.id[i]);
	s->freed.n = 0;
}

void
store_open(struct store *s, const char *path, bool durable)
{
	*s = (struct store){.path = storefile_path(path)};
	storefile_lock(s->path);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->turn, NULL);
	s->db = storefile_open(s->path, durable);
	for (int i = 0; i < S_COUNT; i++)
		prepare(s, s->db, statement[i], &s->st[i]);
	read_state(s);
	read_ids(s);
	s->reader = storefile_open_reader(s->path);
	prepare(s, s->reader, schema_read, &s->st_read);
	prepare(s, s->reader, schema_held, &s->st_held);
	prepare(s, s->reader, schema_dump, &s->st_dump);
	prepare(s, s->reader, schema_services, &s->st_services);
	prepare(s, s->reader, schema_sent, &s->st_sent);
}

/* ---- transactions ---- */

static void
take_turn(struct store *s)
{
	unsigned mine;

	pthread_mutex_lock(&s->mutex);
	mine = s->next_turn++;
	while (s->serving != mine)
		pthread_cond_wait(&s->turn, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
}

static void
hand_on(struct store *s)
{
	pthread_mutex_lock(&s->mutex);
	s->serving++;
	pthread_cond_broadcast(&s->turn);
	pthread_mutex_unlock(&s->mutex);
}

bool
store_run(struct store *s, enum store_statement i)
{
	int code = sqlite3_step(s->st[i]);

	if (code != SQLITE_DONE && code != SQLITE_ROW)
		store_complain(s, s->db);
	sqlite3_reset(s->st[i]);
	return code == SQLITE_DONE || code == SQLITE_ROW;
}

bool
store_row(struct store *s, enum store_statement i, bool *failed)
{
	int code = sqlite3_step(s->st[i]);

	*failed = code != SQLITE_ROW && code != SQLITE_DONE;
	if (*failed)
		store_complain(s, s->db);
	if (code != SQLITE_ROW)
		sqlite3_reset(s->st[i]);
	return code == SQLITE_ROW;
}

void
store_done(struct store *s, enum store_statement i)
{
	sqlite3_reset(s->st[i]);
}

bool
store_begin(struct store *s)
{
	take_turn(s);
	s->begun = (struct store_numbers){s->change, s->last_id, s->free.n};
	if (store_run(s, S_BEGIN))
		return true;
	hand_on(s);
	return false;
}

void
store_rollback(struct store *s)
{
	/* some errors have rolled back already */
	if (!sqlite3_get_autocommit(s->db))
		store_run(s, S_ROLLBACK);
	s->change = s->begun.change;
	s->last_id = s->begun.last_id;
	s->free.n = s->begun.n_free; /* what was taken still stands there */
	s->freed.n = 0;
	hand_on(s);
}

void
store_rest(struct store *s)
{
	take_turn(s);
	sqlite3_db_release_memory(s->db);
	hand_on(s);
	sqlite3_db_release_memory(s->reader);
	malloc_trim(0);
}

bool
store_commit(struct store *s)
{
	if (!store_run(s, S_COMMIT)) {
		store_rollback(s);
		return false;
	}
	s->committed = s->change;
	commit_ids(s);
	hand_on(s);
	return true;
}

int64_t
store_attempt(struct store *s)
{
	int64_t n;

	take_turn(s);
	n = s->attempted = s->committed;
	hand_on(s);
	return n;
}

void
store_id(struct store *s, char id[STORE_ID])
{
	sqlite3_stmt *st = NULL;

	*id = '\0';
	if (sqlite3_prepare_v2(s->db,
		"SELECT value FROM state WHERE name = 'id'", -1, &st,
		NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		snprintf(id, STORE_ID, "%s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
}

/* ---- what concerns all rows ---- */

/* Numbers are given in the order of ids, gaps and all. */
static bool
renumber(struct store *s)
{
	bool failed;

	sqlite3_bind_int64(s->st[S_RESYNC], 1, s->change);
	if (!store_run(s, S_RESYNC) || !store_run(s, S_RESYNC_CLEAR) ||
	    !store_run(s, S_RESYNC_OWE) || !store_row(s, S_LAST_ID, &failed))
		return false;
	s->change += sqlite3_column_int64(s->st[S_LAST_ID], 0);
	store_done(s, S_LAST_ID);
	return true;
}

bool
store_resync(struct store *s)
{
	if (!store_begin(s))
		return false;
	if (renumber(s))
		return store_commit(s);
	store_rollback(s);
	return false;
}

int64_t
store_owed(struct store *s)
{
	sqlite3 *db = NULL;
	int64_t n = -1;
	int code;

	/* neither connection can be used by every thread */
	if (sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK) {
		n = storefile_ask(db, schema_owed, &code);
		n = code == SQLITE_OK ? n : -1;
	}
	sqlite3_close(db);
	return n;
}

void
store_fold(struct store *s)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK)
		sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
		    NULL);
	sqlite3_close(db);
}

void
store_bind_text(sqlite3_stmt *st, int at, struct span text)
{
	sqlite3_bind_text(st, at, text.n ? text.p : "", (int)text.n,
	    SQLITE_STATIC);
}

struct span
store_column(sqlite3_stmt *st, int at)
{
	const char *p = sqlite3_column_blob(st, at);

	return (struct span){p ? p : "", (size_t)sqlite3_column_bytes(st, at)};
}
