#include "schema.h"

#define TEXT(x) TEXT_OF(x)
#define TEXT_OF(x) #x

/* The size of a page only has a meaning before the first table. */
const char schema_pragmas[] = "PRAGMA page_size=16384;"
			      "PRAGMA journal_mode=WAL;"
			      "PRAGMA cache_size=-4096;"
			      "PRAGMA wal_autocheckpoint=4096;"
			      "PRAGMA journal_size_limit=67108864;";

const char schema_reader_pragmas[] = "PRAGMA cache_size=-1024;";

/* row.key hashes what names an object, and is checked against the names. */
const char schema_sql[] =
    "BEGIN;"
    "PRAGMA application_id=" TEXT(
	SCHEMA_ID) ";"
		   "PRAGMA user_version=" TEXT(
		       SCHEMA_VERSION) ";"
				       "CREATE TABLE row ("
				       " id INTEGER PRIMARY KEY,"
				       " key INTEGER NOT NULL,"
				       " cluster TEXT NOT NULL,"
				       " apiVersion TEXT NOT NULL,"
				       " kind TEXT NOT NULL,"
				       " namespace TEXT NOT NULL,"
				       " name TEXT NOT NULL,"
				       " uid TEXT NOT NULL,"
				       " rv TEXT NOT NULL,"
				       " resource TEXT NOT NULL," /* plural.version.group, or '' */
				       " depth TEXT NOT NULL,"
				       " ms TEXT NOT NULL," /* members: origin, app, prints, … */
				       " hash BLOB NOT NULL," /* XXH3 of the object's bytes */
				       " change INTEGER NOT NULL,"
				       " born INTEGER NOT NULL," /* told as ADDED above confirmed */
				       " first INTEGER NOT NULL," /* the change that made the row */
				       " deleted INTEGER NOT NULL DEFAULT 0,"
				       " held INTEGER NOT NULL DEFAULT 0," /* bytes too many, or -1 */
				       " sent BLOB);" /* hash of the last confirmed message */
				       "CREATE INDEX row_key ON row (key);"
				       "CREATE INDEX row_change ON row (change);"
				       "CREATE INDEX row_resource ON row (resource);"
				       "CREATE INDEX row_held ON row (held) WHERE held <> 0;"
				       "CREATE TABLE object (id INTEGER PRIMARY KEY, body TEXT NOT NULL);"
				       "CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
				       "INSERT INTO state VALUES ('confirmed', 0),"
				       " ('id', lower(hex(randomblob(8))));"
				       /* For people, and for sqlite3 FILE 'select … from objects'. */
				       "CREATE VIEW objects AS SELECT r.cluster, r.kind, r.namespace, r.name,"
				       " r.apiVersion, r.uid, r.rv AS resourceVersion, r.resource, r.depth,"
				       " json_extract('{' || r.ms || '}', '$.origin.class') AS origin,"
				       " json_extract('{' || r.ms || '}', '$.app.name') AS app,"
				       " json_extract('{' || r.ms || '}', '$.prints') AS prints,"
				       " r.change <= (SELECT value FROM state WHERE name = 'confirmed')"
				       "  AND r.held = 0 AS published, o.body AS object"
				       " FROM row r JOIN object o USING (id) WHERE r.deleted = 0;"
				       "CREATE VIEW origin AS SELECT kind, namespace, name,"
				       " json_extract('{' || ms || '}', '$.origin.class') AS class,"
				       " json_extract('{' || ms || '}', '$.origin.design') AS design,"
				       " json_extract('{' || ms || '}', '$.origin.by') AS made_by,"
				       " json_extract('{' || ms || '}', '$.origin.via') AS via"
				       " FROM row WHERE deleted = 0 AND ms LIKE '%\"origin\"%';"
				       "CREATE VIEW infrastructure AS SELECT r.cluster, r.name, r.namespace,"
				       " coalesce(json_extract(o.body, '$.spec.product'),"
				       "  json_extract(o.body, '$.product')) AS product,"
				       " coalesce(json_extract(o.body, '$.spec.version'),"
				       "  json_extract(o.body, '$.version')) AS version,"
				       " coalesce(json_extract(o.body, '$.spec.confidence'),"
				       "  json_extract(o.body, '$.confidence')) AS confidence,"
				       " o.body AS object"
				       " FROM row r JOIN object o USING (id)"
				       " WHERE r.deleted = 0 AND r.kind = 'Infrastructure';"
				       "CREATE VIEW waiting AS SELECT kind, namespace, name, deleted, change,"
				       " held FROM row WHERE held <> 0 OR"
				       " change > (SELECT value FROM state WHERE name = 'confirmed');"
				       "COMMIT;";

#define COLUMNS \
	"SELECT r.id, r.change, r.born, r.deleted, r.sent, r.cluster," \
	" r.apiVersion, r.kind, r.namespace, r.name, r.uid, r.rv, r.resource," \
	" r.depth, r.ms, o.body FROM row r JOIN object o USING (id)"

const char schema_read[] =
    COLUMNS " WHERE r.change > ?1 AND r.change <= ?2 AND r.held = 0"
	    " ORDER BY r.change";

const char schema_owed[] = "SELECT count(*) FROM waiting";

const char schema_held[] =
    "SELECT count(*) FROM row WHERE held = ?1 AND held <> 0";

const char schema_dump[] =
    COLUMNS " WHERE r.id > ?1 AND r.deleted = 0 ORDER BY r.id";
