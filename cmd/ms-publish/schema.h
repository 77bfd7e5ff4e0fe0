/* schema - what a snapshot file looks like, to the program and to a person.
 *
 * ms-snapshot.5 is the reference for the views. The tables are the program's
 * own and change with the version, which is the file's user_version: a file of
 * an older version is brought up to this one when it is opened.
 */
#ifndef MS_SCHEMA_H
#define MS_SCHEMA_H

#include <sqlite3.h>

#define SCHEMA_ID 0x6d736373 /* "mscs", the file's application_id */
#define SCHEMA_VERSION 2

/* row.born of what has never been told, and waits for something */
#define SCHEMA_BORN_LATER INT64_MAX

extern const char schema_pragmas[], schema_reader_pragmas[];
/* What is owed above a change number, in order; how much of it there is; how
 * many rows are held for one reason; all live rows from an id on; those of
 * Services; and the hashes of the messages that were confirmed. */
extern const char schema_read[], schema_owed[], schema_held[], schema_dump[],
    schema_services[], schema_sent[];

/* Columns of schema_read, schema_dump and schema_services. */
enum schema_column {
	C_ID,
	C_CHANGE,
	C_BORN,
	C_DELETED,
	C_CLUSTER,
	C_API_VERSION,
	C_KIND,
	C_NAMESPACE,
	C_NAME,
	C_UID,
	C_RV,
	C_RESOURCE,
	C_DEPTH,
	C_MS,
	C_BODY
};

/* Make the tables and views in a file of version `from` (0: a new one). An
 * SQLite code; if it is not SQLITE_OK a transaction may be open, which the end
 * of the connection undoes. */
int schema_make(sqlite3 *db, int from);

#endif
