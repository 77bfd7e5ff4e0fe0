/* storefile - the file of a snapshot: found, claimed, judged, opened.
 *
 * A file that cannot be used is kept under another name, as it may be
 * somebody's data, and a new one is begun; an older version of ours is brought
 * up to this one.
 */
#ifndef MS_STOREFILE_H
#define MS_STOREFILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* The path to use: a copy of path, or of a new temporary file's for NULL. Dies
 * (100) when it is no regular file. */
char *storefile_path(const char *path);
/* Remove the temporary file, if there is one; at exit. */
void storefile_remove_temporary(void);

/* Become the one writer, until the process ends; dies (111) when another is,
 * and tells its pid. */
void storefile_lock(const char *path);

/* What speaks against using a file as a snapshot; NULL: nothing, and *version is
 * that of its tables, 0 if it has none. *code is SQLite's: if it is not
 * SQLITE_OK the file cannot be read now, and nothing is known. */
const char *storefile_examine(sqlite3 *db, int *version, int *code);

/* Open for writing, with all tables in place. */
sqlite3 *storefile_open(const char *path, bool durable);
/* Open for reading what storefile_open has opened. */
sqlite3 *storefile_open_reader(const char *path);

/* Have the file checked as a whole by who opens it next: FILE-doubt. */
void storefile_doubt(const char *path);

/* Die (111) of an SQLite code that is not SQLITE_OK. */
void storefile_must(const char *path, sqlite3 *db, int code);

/* One integer; *code is SQLite's. */
int64_t storefile_ask(sqlite3 *db, const char *sql, int *code);

#endif
