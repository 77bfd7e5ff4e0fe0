#include "schema.h"

#include <stdio.h>

/* The size of a page only has a meaning before the first table. The log may
 * grow until a first sync of some 20,000 objects fits: what it holds is copied
 * into the file once, however often it was written. */
const char schema_pragmas[] = "PRAGMA page_size=16384;"
			      "PRAGMA journal_mode=WAL;"
			      "PRAGMA cache_size=-4096;"
			      "PRAGMA wal_autocheckpoint=8192;"
			      "PRAGMA journal_size_limit=67108864;";

const char schema_reader_pragmas[] = "PRAGMA cache_size=-1024;";

/* row.key hashes what names an object, and is checked against the names. A row
 * is owed while the outbox has it; one whose message cannot be sent now is held
 * instead. What changes often stands first. */
static const char tables[] =
    "CREATE TABLE row ("
    " id INTEGER PRIMARY KEY,"
    " key INTEGER NOT NULL,"
    " change INTEGER NOT NULL," /* the number of the last change */
    " born INTEGER NOT NULL," /* told as ADDED until this was confirmed */
    " first INTEGER NOT NULL," /* the change that made the row */
    " deleted INTEGER NOT NULL,"
    " held INTEGER NOT NULL," /* bytes too many, or -1: a dial */
    " hash BLOB NOT NULL," /* XXH3 of the object's bytes */
    " uid TEXT NOT NULL,"
    " rv TEXT NOT NULL,"
    " depth TEXT NOT NULL,"
    " resource TEXT NOT NULL," /* plural.version.group, or '' */
    " name TEXT NOT NULL,"
    " namespace TEXT NOT NULL,"
    " kind TEXT NOT NULL,"
    " apiVersion TEXT NOT NULL,"
    " cluster TEXT NOT NULL,"
    " ms TEXT NOT NULL);" /* members: origin, app, prints, … */
    "CREATE INDEX row_key ON row (key);"
    "CREATE INDEX row_resource ON row (resource);"
    "CREATE INDEX row_held ON row (held) WHERE held <> 0;"
    "CREATE TABLE IF NOT EXISTS object"
    " (id INTEGER PRIMARY KEY, body TEXT NOT NULL);"
    "CREATE TABLE outbox (change INTEGER PRIMARY KEY, id INTEGER NOT NULL);"
    "CREATE TABLE sent" /* of the last confirmed message: a hash */
    " (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS state"
    " (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO state VALUES ('confirmed', 0),"
    " ('id', lower(hex(randomblob(8))));";

/* For people. json() of the members, as a path cannot look into a list of
 * them. */
static const char views[] =
    "CREATE VIEW objects AS SELECT r.cluster, r.kind, r.namespace, r.name,"
    " r.apiVersion, r.uid, r.rv AS resourceVersion, r.resource, r.depth,"
    " json_extract('{' || r.ms || '}', '$.origin.class') AS origin,"
    " json_extract('{' || r.ms || '}', '$.app.name') AS app,"
    " json_extract('{' || r.ms || '}', '$.prints') AS prints,"
    " r.held = 0 AND NOT EXISTS"
    "  (SELECT 1 FROM outbox WHERE change = r.change) AS published,"
    " o.body AS object"
    " FROM row r JOIN object o USING (id) WHERE r.deleted = 0;"

    "CREATE VIEW origin AS SELECT kind, namespace, name,"
    " json_extract('{' || ms || '}', '$.origin.class') AS class,"
    " json_extract('{' || ms || '}', '$.origin.design') AS design,"
    " json_extract('{' || ms || '}', '$.origin.by') AS made_by,"
    " json_extract('{' || ms || '}', '$.origin.via') AS via"
    " FROM row WHERE deleted = 0 AND ms LIKE '%\"origin\"%';"

    "CREATE VIEW prints AS SELECT r.kind, r.namespace, r.name,"
    " json_extract(p.value, '$.product') AS product,"
    " json_extract(p.value, '$.component') AS component,"
    " json_extract(p.value, '$.role') AS role,"
    " json_extract(p.value, '$.version') AS version,"
    " json_extract(p.value, '$.confidence') AS confidence"
    " FROM row r, json_each('{' || r.ms || '}', '$.prints') p"
    " WHERE r.deleted = 0 AND r.ms LIKE '%\"prints\"%';"

    "CREATE VIEW infrastructure AS SELECT r.cluster, r.name, r.namespace,"
    " json_extract(o.body, '$.spec.product') AS product,"
    " json_extract(o.body, '$.spec.version') AS version,"
    " json_extract(o.body, '$.spec.category') AS category,"
    " json_extract(o.body, '$.spec.confidence') AS confidence,"
    " o.body AS object"
    " FROM row r JOIN object o USING (id)"
    " WHERE r.deleted = 0 AND r.kind = 'Infrastructure';"

    "CREATE VIEW waiting AS"
    " SELECT r.kind, r.namespace, r.name, r.deleted, r.change, r.held"
    " FROM outbox b JOIN row r USING (id)"
    " UNION ALL SELECT kind, namespace, name, deleted, change, held"
    " FROM row WHERE held <> 0;";

/* ---- version 1: the outbox was an index, the sent hash a column ---- */

static const char from_1[] = "DROP VIEW objects;"
			     "DROP VIEW origin;"
			     "DROP VIEW infrastructure;"
			     "DROP VIEW waiting;"
			     "DROP INDEX row_key;"
			     "DROP INDEX row_change;"
			     "DROP INDEX row_resource;"
			     "DROP INDEX row_held;"
			     "ALTER TABLE row RENAME TO row_1;";

/* What was never told has to be told as ADDED still. The hashes are of another
 * kind: without them the next message of a row is sent even if it is equal. */
static const char fill_from_1[] =
    "INSERT INTO row SELECT id, key, change,"
    " CASE WHEN sent IS NULL AND deleted = 0 AND held <> 0"
    "  THEN 9223372036854775807 ELSE born END,"
    " first, deleted, held, hash, uid, rv, depth, resource, name, namespace,"
    " kind, apiVersion, cluster, ms FROM row_1;"
    "INSERT INTO outbox SELECT change, id FROM row WHERE held = 0 AND"
    " change > (SELECT value FROM state WHERE name = 'confirmed');"
    "DROP TABLE row_1;";

static int
make(sqlite3 *db, int from)
{
	char version[128];
	int code = SQLITE_OK;

	snprintf(version, sizeof(version),
	    "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
	    SCHEMA_ID, SCHEMA_VERSION);
	if (from == 1)
		code = sqlite3_exec(db, from_1, 0, 0, 0);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, tables, 0, 0, 0);
	if (code == SQLITE_OK && from == 1)
		code = sqlite3_exec(db, fill_from_1, 0, 0, 0);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, views, 0, 0, 0);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, version, 0, 0, 0);
	return code;
}

int
schema_make(sqlite3 *db, int from)
{
	int code = sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);

	return code == SQLITE_OK ? make(db, from) : code;
}

/* ---- what the program reads ---- */

#define COLUMNS \
	"SELECT r.id, r.change, r.born, r.deleted, r.cluster, r.apiVersion," \
	" r.kind, r.namespace, r.name, r.uid, r.rv, r.resource, r.depth," \
	" r.ms, o.body"

const char schema_read[] =
    COLUMNS " FROM outbox b CROSS JOIN row r ON r.id = b.id"
	    " CROSS JOIN object o ON o.id = b.id"
	    " WHERE b.change > ?1 AND b.change <= ?2 ORDER BY b.change";

const char schema_owed[] = "SELECT (SELECT count(*) FROM outbox) +"
			   " (SELECT count(*) FROM row WHERE held <> 0)";

const char schema_held[] =
    "SELECT count(*) FROM row WHERE held = ?1 AND held <> 0";

const char schema_dump[] =
    COLUMNS " FROM row r JOIN object o USING (id)"
	    " WHERE r.id > ?1 AND r.deleted = 0 ORDER BY r.id";

const char schema_services[] =
    COLUMNS " FROM row r JOIN object o USING (id)"
	    " WHERE r.kind = 'Service' AND r.deleted = 0";

const char schema_sent[] = "SELECT id, hash FROM sent";
