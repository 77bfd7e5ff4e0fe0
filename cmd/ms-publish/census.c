#include "census.h"

#include <stdio.h>
#include <sys/stat.h>

static const char how_many[] =
    "SELECT count(*), count(*) FILTER (WHERE held > 0),"
    " count(*) FILTER (WHERE held < 0) FROM waiting";

/* Of all rows an index alone answers this; those that are deleted and wait to be
 * told so are taken off, which costs what the backlog is long. */
static const char by_resource[] =
    "SELECT resource, sum(n) FROM"
    " (SELECT resource, count(*) AS n FROM row GROUP BY resource"
    "  UNION ALL SELECT resource, -1 FROM row WHERE deleted = 1 AND id IN"
    "   (SELECT id FROM outbox"
    "    UNION ALL SELECT id FROM row WHERE held <> 0))"
    " GROUP BY resource HAVING sum(n) > 0 ORDER BY resource";

static int64_t
file_size(const char *path, const char *suffix)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) < 0 ? 0 : st.st_size;
}

static bool
count_resources(sqlite3 *db, struct census *c,
    void (*each)(void *, const char *, int64_t), void *context)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, by_resource, -1, &st, NULL);

	if (code == SQLITE_OK)
		while ((code = sqlite3_step(st)) == SQLITE_ROW) {
			const char *name =
			    (const char *)sqlite3_column_text(st, 0);
			int64_t n = sqlite3_column_int64(st, 1);

			c->objects += n;
			if (each)
				each(context, name ? name : "", n);
		}
	sqlite3_finalize(st);
	return code == SQLITE_DONE;
}

static bool
count_waiting(sqlite3 *db, struct census *c)
{
	sqlite3_stmt *st = NULL;
	bool is_known =
	    sqlite3_prepare_v2(db, how_many, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW;

	if (is_known) {
		c->waiting = sqlite3_column_int64(st, 0);
		c->oversized = sqlite3_column_int64(st, 1);
		c->dialing = sqlite3_column_int64(st, 2);
	}
	sqlite3_finalize(st);
	return is_known;
}

struct census
census_take(struct store *s,
    void (*each)(void *context, const char *resource, int64_t n), void *context)
{
	struct census c = {0};
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK) {
		sqlite3_busy_timeout(db, 1000);
		c.is_known = count_waiting(db, &c) &&
		    count_resources(db, &c, each, context);
		c.bytes = file_size(s->path, "") + file_size(s->path, "-wal");
	}
	sqlite3_close(db);
	return c;
}

const char *
census_waiting(int64_t n, char words[CENSUS_WORDS])
{
	if (n < 0)
		return "changes wait";
	snprintf(words, CENSUS_WORDS, "%lld change%s wait%s", (long long)n,
	    n == 1 ? "" : "s", n == 1 ? "s" : "");
	return words;
}
