#include "dump.h"

#include <string.h>

#include "ration.h"
#include "schema.h"

#define BATCH 5 /* objects in a message */

/* The resource of the row that st stands on; false: a dial is waited for. */
static bool
read_resource(struct format *f, sqlite3_stmt *st, struct span *resource)
{
	struct change c = {.type = RECORD_ADDED,
	    .id.cluster = store_column(st, C_CLUSTER),
	    .id.kind = store_column(st, C_KIND),
	    .ms = store_column(st, C_MS),
	    .object = store_column(st, C_BODY)};

	return format_resource(f, &c, resource);
}

bool
dump_is_dialled(struct store *s, struct format *f)
{
	struct span unused;
	bool is_dialled = true;

	while (sqlite3_step(s->st_services) == SQLITE_ROW)
		if (!read_resource(f, s->st_services, &unused))
			is_dialled = false; /* and ask for the others too */
	sqlite3_reset(s->st_services);
	return is_dialled;
}

static void
put_resource(struct format *f, sqlite3_stmt *st, struct json *j)
{
	service_dial *dial = f->meshery.dial;
	struct span resource;

	if (!read_resource(f, st, &resource)) {
		f->meshery.dial = NULL; /* as if nothing answered */
		read_resource(f, st, &resource);
		f->meshery.dial = dial;
	}
	json_comma(j);
	json_span(j, resource);
}

static bool
send_batch(struct sink *sink, const char *subject, struct json *j)
{
	static struct ration left_out = {
	    .more = "more of the store is left out for its size"};

	json_puts(j, "]}");
	if (j->len <= sink->max)
		return sink->send(sink, subject, (struct span){j->p, j->len});
	ration_warn(&left_out,
	    "%zu bytes of the store are more than the broker takes, and left "
	    "out",
	    j->len);
	return true;
}

/* Rows behind `from`, as many as go into one message. *last: the row it got
 * to; 0: there are no more. */
static bool
send_some(struct store *s, struct format *f, struct sink *sink,
    const char *subject, struct json *j, int64_t from, int64_t *last)
{
	sqlite3_stmt *st = s->st_dump;
	size_t n = 0, before;

	*last = 0;
	json_reset(j);
	json_puts(j, DUMP_HEAD("") "[");
	sqlite3_bind_int64(st, 1, from);
	while (n < BATCH && sqlite3_step(st) == SQLITE_ROW) {
		before = j->len;
		put_resource(f, st, j);
		if (n && j->len + 2 > sink->max) {
			j->len = before; /* the next message's first */
			break;
		}
		n++;
		*last = sqlite3_column_int64(st, C_ID);
	}
	sqlite3_reset(st);
	return !n || send_batch(sink, subject, j);
}

bool
dump_send(struct store *s, struct format *f, struct sink *sink,
    const char *subject)
{
	struct json j = {0};
	int64_t from = 0;
	bool is_sent;

	do
		is_sent = send_some(s, f, sink, subject, &j, from, &from);
	while (is_sent && from);
	json_release(&j);
	return is_sent;
}
