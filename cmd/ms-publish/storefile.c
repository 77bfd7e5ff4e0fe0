#include "storefile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "schema.h"

#define LOCK_SUFFIX ".lock"
#define DOUBT_SUFFIX "-doubt"
#define TEMPORARY "ms-publish-XXXXXX"
#define FRESH 60 /* s that a temporary file is nobody else's business */
#define BUSY_MS 50 /* between looks at a file that another program locks */
#define BUSY_TOLD 40 /* looks until that is said: 2 s */
#define BUSY_LOOKS 1200 /* until it is an error: a minute */

static char *
with_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path) + strlen(suffix) + 1;
	char *text = diag_alloc(NULL, n);

	snprintf(text, n, "%s%s", path, suffix);
	return text;
}

/* The lock outlives no process, its file does: the descriptor stays open. */
void
storefile_lock(const char *path)
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
}

/* ---- temporary files ---- */

/* The lock last: as long as it is there, somebody will remove the others. */
static void
remove_files(const char *path)
{
	static const char *const suffix[] = {"", "-wal", "-shm", "-journal",
	    DOUBT_SUFFIX, LOCK_SUFFIX};

	for (size_t i = 0; i < sizeof(suffix) / sizeof(*suffix); i++) {
		char *name = with_suffix(path, suffix[i]);

		unlink(name);
		free(name);
	}
}

static char *temporary; /* our file's path, if there is one */

void
storefile_remove_temporary(void)
{
	if (temporary)
		remove_files(temporary);
}

/* Whether this is the lock of a file of ours whose process is dead; not one
 * that is about to be taken, as of a process that starts now. */
static bool
is_left_behind(int dir, const char *name)
{
	size_t n = strlen(name), tail = sizeof(LOCK_SUFFIX) - 1;
	struct stat about;
	bool is_left = false;
	int fd;

	if (n != sizeof(TEMPORARY) - 1 + tail ||
	    strncmp(name, TEMPORARY, n - tail - 6) != 0 ||
	    strcmp(name + n - tail, LOCK_SUFFIX) != 0)
		return false;
	fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
	    about.st_uid == geteuid() && time(NULL) - about.st_mtime >= FRESH)
		is_left = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	return is_left;
}

/* Who is killed removes nothing, and a run may be killed again and again. */
static void
remove_left_behind(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (is_left_behind(dirfd(dir), entry->d_name)) {
			snprintf(path, sizeof(path), "%s/%.*s", folder,
			    (int)sizeof(TEMPORARY) - 1, entry->d_name);
			remove_files(path);
		}
	closedir(dir);
}

static char *
make_temporary(void)
{
	const char *dir = getenv("TMPDIR");
	char *path;
	int fd;

	dir = dir && *dir ? dir : "/tmp";
	remove_left_behind(dir);
	path = with_suffix(dir, "/" TEMPORARY);
	fd = mkstemp(path);
	if (fd < 0)
		diag_die(EXIT_TEMPORARY, "unable to create %s: %m", path);
	close(fd);
	temporary = path;
	return with_suffix(path, "");
}

char *
storefile_path(const char *path)
{
	struct stat about;

	if (!path)
		return make_temporary();
	if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
		diag_die(EXIT_PERMANENT, "%s is no regular file", path);
	return with_suffix(path, "");
}

/* A name for it that no other file has. */
static char *
name_aside(const char *path)
{
	long long now = time(NULL);
	char suffix[64], *to;

	for (;; now++) {
		snprintf(suffix, sizeof(suffix), ".set-aside-%lld", now);
		to = with_suffix(path, suffix);
		if (access(to, F_OK) < 0)
			return to;
		free(to);
	}
}

/* Keep what may be somebody's data, and clear the place. */
static void
set_aside(const char *path, const char *why)
{
	char *to = name_aside(path), *wal, *wal_to;

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

/* ---- opening ---- */

void
storefile_must(const char *path, sqlite3 *db, int code)
{
	if (code != SQLITE_OK)
		diag_die(EXIT_TEMPORARY, "unable to use %s: %s", path,
		    sqlite3_errmsg(db));
}

int64_t
storefile_ask(sqlite3 *db, const char *sql, int *code)
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

/* Whether an error tells of what is in the file. Of the others, as a lock or a
 * bad disk, nobody knows how long they last: the file is left where it is. */
static bool
is_of_content(int code)
{
	code &= 0xff;
	return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ||
	    code == SQLITE_ERROR;
}

/* One integer of a file that may be anybody's. *wrong: the error tells of what
 * is in it; *code stays for the others. */
static int64_t
try_ask(sqlite3 *db, const char *sql, int *code, const char **wrong)
{
	int64_t n = storefile_ask(db, sql, code);

	if (*code != SQLITE_OK && is_of_content(*code)) {
		*wrong = sqlite3_errmsg(db);
		*code = SQLITE_OK;
	}
	return n;
}

const char *
storefile_examine(sqlite3 *db, int *version, int *code)
{
	static char text[128];
	const char *wrong = NULL;
	int64_t n;

	*version = 0;
	n = try_ask(db, "SELECT count(*) FROM sqlite_schema", code, &wrong);
	if (n == 0 || wrong || *code)
		return wrong;
	n = try_ask(db, "PRAGMA application_id", code, &wrong);
	if (wrong || *code)
		return wrong;
	if (n != SCHEMA_ID)
		return "it is another program's database";
	*version = (int)try_ask(db, "PRAGMA user_version", code, &wrong);
	if (*version > SCHEMA_VERSION || *version < 1) {
		snprintf(text, sizeof(text),
		    "its tables are of version %d, and this program knows "
		    "those up to %d",
		    *version, SCHEMA_VERSION);
		return text;
	}
	n = try_ask(db, "SELECT count(*) FROM state", code, &wrong);
	return wrong || *code || n > 0 ? wrong : "it has no state";
}

/* A moment first, which is what our own two connections take of each other. */
static int
wait_for_lock(void *path, int looks)
{
	if (looks >= BUSY_LOOKS)
		return 0;
	if (looks == BUSY_TOLD)
		diag_warn("%s is locked by another program: waiting for it",
		    (const char *)path);
	usleep(looks < 20 ? 1000 : (useconds_t)clock_real(BUSY_MS) * 1000);
	return 1;
}

/* The path stays the caller's, for as long as the database is open. */
static sqlite3 *
connect_to(const char *path, int flags)
{
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		diag_die(EXIT_PERMANENT, "unable to open %s: %s", path,
		    sqlite3_errmsg(db));
	sqlite3_busy_handler(db, wait_for_lock, (void *)path);
	return db;
}

/* ---- doubt ---- */

void
storefile_doubt(const char *path)
{
	char *mark = with_suffix(path, DOUBT_SUFFIX);
	int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	free(mark);
}

/* What a check of the whole file says against it; NULL: nothing. It reads all
 * of it, so only a file in doubt is checked. */
static const char *
check_doubted(const char *path, sqlite3 *db)
{
	static char text[256];
	char *mark = with_suffix(path, DOUBT_SUFFIX);
	sqlite3_stmt *st = NULL;
	const char *wrong = NULL;
	int code;

	if (access(mark, F_OK) == 0) {
		code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st,
		    NULL);
		if (code == SQLITE_OK)
			code = sqlite3_step(st);
		if (code != SQLITE_ROW && !is_of_content(code))
			storefile_must(path, db, code);
		snprintf(text, sizeof(text), "%s",
		    code == SQLITE_ROW ?
			(const char *)sqlite3_column_text(st, 0) :
			sqlite3_errmsg(db));
		sqlite3_finalize(st);
		unlink(mark);
		wrong = strcmp(text, "ok") == 0 ? NULL : text;
	}
	free(mark);
	return wrong;
}

/* NULL: the file has been set aside, try again. */
static sqlite3 *
try_open(const char *path, int *version)
{
	sqlite3 *db =
	    connect_to(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	int code;
	const char *wrong = storefile_examine(db, version, &code);

	storefile_must(path, db, code);
	if (sqlite3_db_readonly(db, "main") == 1)
		diag_die(EXIT_PERMANENT,
		    "%s may be read only: see who owns it, or give another "
		    "--store",
		    path);
	if (!wrong && !(wrong = check_doubted(path, db)))
		return db;
	set_aside(path, wrong);
	sqlite3_close(db);
	return NULL;
}

sqlite3 *
storefile_open(const char *path, bool durable)
{
	sqlite3 *db;
	int version;

	while (!(db = try_open(path, &version)))
		;
	storefile_must(path, db, sqlite3_exec(db, schema_pragmas, 0, 0, 0));
	storefile_must(path, db,
	    sqlite3_exec(db,
		temporary   ? "PRAGMA synchronous=OFF" :
		    durable ? "PRAGMA synchronous=FULL" :
			      "PRAGMA synchronous=NORMAL",
		0, 0, 0));
	if (version && version < SCHEMA_VERSION)
		diag_warn("%s has tables of version %d: they are brought up "
			  "to version %d",
		    path, version, SCHEMA_VERSION);
	if (version < SCHEMA_VERSION)
		storefile_must(path, db, schema_make(db, version));
	return db;
}

sqlite3 *
storefile_open_reader(const char *path)
{
	sqlite3 *db = connect_to(path, SQLITE_OPEN_READONLY);

	storefile_must(path, db,
	    sqlite3_exec(db, schema_reader_pragmas, 0, 0, 0));
	return db;
}
