#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "schema.h"

#define LOCK_SUFFIX ".lock"
#define COMPLAIN_EVERY 60 /* seconds */

static const char *const statement[S_COUNT] = {[S_BEGIN] = "BEGIN IMMEDIATE",
    [S_COMMIT] = "COMMIT",
    [S_ROLLBACK] = "ROLLBACK",
    [S_FIND] = "SELECT id, uid, rv, depth, resource, ms, hash, first"
	       " FROM row WHERE key = ?1 AND deleted = 0 AND name = ?2"
	       " AND namespace = ?3 AND kind = ?4 AND apiVersion = ?5"
	       " AND cluster = ?6",
    [S_FIND_DEAD] =
	"SELECT id, uid FROM row WHERE key = ?1"
	" AND deleted = 1 AND name = ?2 AND namespace = ?3 AND kind = ?4"
	" AND apiVersion = ?5 AND cluster = ?6 ORDER BY change DESC",
    [S_INSERT] =
	"INSERT INTO row (key, name, namespace, kind, apiVersion,"
	" cluster, uid, rv, resource, depth, ms, hash, change, born, first,"
	" deleted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	" ?12, ?13, ?13, ?13, ?14)",
    [S_INSERT_BODY] = "INSERT INTO object (id, body) VALUES (?1, ?2)",
    [S_UPDATE] = "UPDATE row SET uid = ?2, rv = ?3, resource = ?4,"
		 " depth = ?5, ms = ?6, hash = ?7, change = ?8, held = 0"
		 " WHERE id = ?1",
    [S_UPDATE_BODY] = "UPDATE object SET body = ?2 WHERE id = ?1",
    [S_UPDATE_MS] = "UPDATE row SET ms = ?2, change = ?3, held = 0"
		    " WHERE id = ?1",
    [S_BURY] = "UPDATE row SET deleted = 1, change = ?2, held = 0"
	       " WHERE id = ?1",
    [S_FORGET] = "DELETE FROM row WHERE id = ?1",
    [S_FORGET_BODY] = "DELETE FROM object WHERE id = ?1",
    [S_OF_RESOURCE] = "SELECT id, namespace, first FROM row"
		      " WHERE resource = ?1 AND cluster = ?2 AND deleted = 0",
    [S_RESOURCES] = "SELECT DISTINCT resource FROM row"
		    " WHERE resource <> '' AND cluster = ?1 AND deleted = 0",
    [S_SENT] =
	"UPDATE row SET sent = ?2,"
	" born = CASE WHEN born = ?4 THEN ?3 ELSE born END WHERE id = ?1",
    [S_HOLD] = "UPDATE row SET held = ?2,"
	       " born = CASE WHEN born > ?4 THEN ?5 ELSE born END"
	       " WHERE id = ?1 AND change = ?3",
    [S_HELD] = "SELECT id FROM row WHERE held <> 0"
	       " AND held BETWEEN ?1 AND ?2",
    [S_RENUMBER] = "UPDATE row SET held = 0, change = ?2 WHERE id = ?1",
    [S_RESYNC] = "UPDATE row SET change = ?1 + id, born = ?1 + id,"
		 " held = 0 WHERE deleted = 0",
    [S_CONFIRM] = "UPDATE state SET value = ?1 WHERE name = 'confirmed'",
    [S_LABELS] = "SELECT json_extract(body, '$.metadata.labels')"
		 " FROM object WHERE id = ?1",
    [S_LAST_ID] = "SELECT coalesce(max(id), 0) FROM row"};

/* ---- files ---- */

static char *
with_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path) + strlen(suffix) + 1;
	char *text = diag_alloc(NULL, n);

	snprintf(text, n, "%s%s", path, suffix);
	return text;
}

/* One writer a file. The lock outlives no process, its file does. */
static int
take_lock(const char *path)
{
	char *name = with_suffix(path, LOCK_SUFFIX), pid[32] = "";
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644), n;

	if (fd < 0)
		diag_die(EXIT_PERMANENT, "unable to create %s: %m", name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (read(fd, pid, sizeof(pid) - 1) <= 0)
			strcpy(pid, "unknown");
		diag_die(EXIT_TEMPORARY, "%s is in use by process %.*s", path,
		    (int)strcspn(pid, "\n"), pid);
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || write(fd, pid, (size_t)n) != n)
		diag_warn("unable to write to %s: %m", name);
	free(name);
	return fd;
}

static void
remove_files(const char *path)
{
	static const char *const suffix[] = {"", "-wal", "-shm", LOCK_SUFFIX};

	for (int i = 0; i < 4; i++) {
		char *name = with_suffix(path, suffix[i]);

		unlink(name);
		free(name);
	}
}

static char *temporary;

void
store_remove_temporary(void)
{
	if (temporary)
		remove_files(temporary);
}

static char *
make_temporary(void)
{
	const char *dir = getenv("TMPDIR");
	char *path =
	    with_suffix(dir && *dir ? dir : "/tmp", "/ms-publish-XXXXXX");
	int fd = mkstemp(path);

	if (fd < 0)
		diag_die(EXIT_TEMPORARY, "unable to create %s: %m", path);
	close(fd);
	temporary = path;
	return with_suffix(path, "");
}

/* Keep what may be somebody's data, and clear the place. */
static void
set_aside(const char *path, const char *why)
{
	char suffix[64], *to, *wal, *wal_to;

	snprintf(suffix, sizeof(suffix), ".set-aside-%lld",
	    (long long)time(NULL));
	to = with_suffix(path, suffix);
	wal = with_suffix(path, "-wal");
	wal_to = with_suffix(to, "-wal");
	if (rename(path, to) < 0)
		diag_die(EXIT_PERMANENT,
		    "%s is no snapshot (%s), and cannot "
		    "be renamed: %m",
		    path, why);
	rename(wal, wal_to);
	diag_warn("%s is no snapshot that can be used (%s): it is kept as %s "
		  "and a new one is begun",
	    path, why, to);
	free(to);
	free(wal);
	free(wal_to);
	wal = with_suffix(path, "-shm");
	unlink(wal);
	free(wal);
}

/* ---- errors ---- */

void
store_complain(struct store *s, sqlite3 *db)
{
	static _Atomic int64_t last;
	int code = sqlite3_errcode(db) & 0xff, err = sqlite3_system_errno(db);
	int64_t now = (int64_t)time(NULL);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
		set_aside(s->path, sqlite3_errmsg(db));
		diag_die(EXIT_TEMPORARY, "the snapshot has to be begun anew");
	}
	if (last && now - last < COMPLAIN_EVERY)
		return;
	last = now;
	diag_warn("unable to write to %s: %s%s%s; trying again each second",
	    s->path, sqlite3_errmsg(db), err ? ": " : "",
	    err ? strerror(err) : "");
}

static void
must(struct store *s, sqlite3 *db, int code)
{
	if (code != SQLITE_OK)
		diag_die(EXIT_TEMPORARY, "unable to use %s: %s", s->path,
		    sqlite3_errmsg(db));
}

/* ---- opening ---- */

static int64_t
ask_int(sqlite3 *db, const char *sql, int *code)
{
	sqlite3_stmt *st;
	int64_t n = 0;

	*code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (*code != SQLITE_OK)
		return 0;
	*code = sqlite3_step(st);
	if (*code == SQLITE_ROW) {
		n = sqlite3_column_int64(st, 0);
		*code = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return n;
}

/* What speaks against using the file; NULL: nothing, *is_new says whether it
 * is empty. */
static const char *
examine(sqlite3 *db, bool *is_new)
{
	int code;
	int64_t tables =
	    ask_int(db, "SELECT count(*) FROM sqlite_schema", &code);

	if (code != SQLITE_OK)
		return sqlite3_errmsg(db);
	*is_new = tables == 0;
	if (*is_new)
		return NULL;
	if (ask_int(db, "PRAGMA application_id", &code) != SCHEMA_ID)
		return "it is another program's database";
	if (ask_int(db, "PRAGMA user_version", &code) != SCHEMA_VERSION)
		return "its schema is of another version";
	if (ask_int(db, "SELECT count(*) FROM state", &code) < 1)
		return code == SQLITE_OK ? "it has no state" :
					   sqlite3_errmsg(db);
	return NULL;
}

static sqlite3 *
connect_to(struct store *s, int flags)
{
	sqlite3 *db;

	if (sqlite3_open_v2(s->path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		diag_die(EXIT_PERMANENT, "unable to open %s: %s", s->path,
		    sqlite3_errmsg(db));
	sqlite3_busy_timeout(db, 60000);
	return db;
}

/* Open for writing; false: the file has been set aside, try again. */
static bool
open_writer(struct store *s, bool durable)
{
	const char *wrong;
	bool is_new = false;

	s->db = connect_to(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	wrong = examine(s->db, &is_new);
	if (wrong) {
		set_aside(s->path, wrong);
		sqlite3_close(s->db);
		return false;
	}
	must(s, s->db, sqlite3_exec(s->db, schema_pragmas, 0, 0, 0));
	must(s, s->db,
	    sqlite3_exec(s->db,
		s->is_temporary ? "PRAGMA synchronous=OFF" :
		    durable     ? "PRAGMA synchronous=FULL" :
				  "PRAGMA synchronous=NORMAL",
		0, 0, 0));
	if (is_new)
		must(s, s->db, sqlite3_exec(s->db, schema_sql, 0, 0, 0));
	return true;
}

static void
prepare_one(struct store *s, sqlite3 *db, const char *sql, sqlite3_stmt **st)
{
	must(s, db,
	    sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, st,
		NULL));
}

static void
prepare(struct store *s)
{
	for (int i = 0; i < S_COUNT; i++)
		prepare_one(s, s->db, statement[i], &s->st[i]);
}

static void
open_reader(struct store *s)
{
	s->reader = connect_to(s, SQLITE_OPEN_READONLY);
	must(s, s->reader,
	    sqlite3_exec(s->reader, schema_reader_pragmas, 0, 0, 0));
	prepare_one(s, s->reader, schema_read, &s->st_read);
	prepare_one(s, s->reader, schema_held, &s->st_held);
	prepare_one(s, s->reader, schema_dump, &s->st_dump);
}

static void
read_state(struct store *s)
{
	int code;
	int64_t last = ask_int(s->db, "SELECT max(change) FROM row", &code);

	must(s, s->db, code);
	s->confirmed = ask_int(s->db,
	    "SELECT value FROM state WHERE name = 'confirmed'", &code);
	must(s, s->db, code);
	s->change = last > s->confirmed ? last : s->confirmed;
	s->committed = s->attempted = s->change;
}

void
store_open(struct store *s, const char *path, bool durable)
{
	struct stat about;

	*s = (struct store){.is_temporary = !path};
	s->path = path ? with_suffix(path, "") : make_temporary();
	if (stat(s->path, &about) == 0 && !S_ISREG(about.st_mode))
		diag_die(EXIT_PERMANENT, "%s is no regular file", s->path);
	s->lock = take_lock(s->path);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->turn, NULL);
	while (!open_writer(s, durable))
		;
	prepare(s);
	read_state(s);
	open_reader(s);
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
	s->begun_at = s->change;
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
	s->change = s->begun_at;
	hand_on(s);
}

bool
store_commit(struct store *s)
{
	if (!store_run(s, S_COMMIT)) {
		store_rollback(s);
		return false;
	}
	s->committed = s->change;
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

int64_t
store_owed(struct store *s)
{
	sqlite3 *db = NULL;
	int64_t n = -1;
	int code;

	/* neither connection can be used by every thread */
	if (sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK) {
		n = ask_int(db, schema_owed, &code);
		n = code == SQLITE_OK ? n : -1;
	}
	sqlite3_close(db);
	return n;
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
