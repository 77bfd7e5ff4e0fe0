#include "outbox.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "diag.h"
#include "gate.h"
#include "schema.h"

#define READ_BYTES (256u << 10)

/* ---- what was said last ---- */

static uint64_t *
said(struct outbox *o, int64_t id)
{
	size_t n = o->n_said ? o->n_said : 1024;

	while ((size_t)id >= n)
		n *= 2;
	if (n > o->n_said) {
		o->said = diag_alloc(o->said, n * sizeof(*o->said));
		memset(o->said + o->n_said, 0,
		    (n - o->n_said) * sizeof(*o->said));
		o->n_said = n;
	}
	return &o->said[id];
}

void
outbox_init(struct outbox *o, struct store *store, struct format *format)
{
	sqlite3_stmt *st = store->st_sent;

	o->store = store;
	o->format = format;
	o->sent = store->confirmed;
	o->oversized = (struct ration){
	    .more = "more is not published for its size; the view waiting of "
		    "the snapshot has it"};
	while (sqlite3_step(st) == SQLITE_ROW)
		*said(o, sqlite3_column_int64(st, 0)) =
		    (uint64_t)sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
}

/* ---- wording ---- */

/* Of a message all that does not depend on the kind of event; never 0. */
static uint64_t
hash_message(const struct format *f, const struct change *c,
    struct span message)
{
	size_t skip = format_type_end(f, c);

	return XXH3_64bits(message.p + skip, message.n - skip) | 1;
}

/* Whether the row was told on this connection, and nothing confirmed yet. */
static bool
is_in_flight(const struct outbox *o, int64_t id)
{
	for (size_t i = o->n; i-- > 0;)
		if (o->flight[i].id == id)
			return !o->flight[i].held;
	return false;
}

/* A row that changes before its birth was told is born again with that change
 * (rows.c), so that one is known which was born up to the confirmed number. */
static enum record_type
read_type(const struct outbox *o, sqlite3_stmt *st)
{
	if (sqlite3_column_int(st, C_DELETED))
		return RECORD_DELETED;
	if (sqlite3_column_int64(st, C_BORN) <= o->store->confirmed ||
	    is_in_flight(o, sqlite3_column_int64(st, C_ID)))
		return RECORD_MODIFIED;
	return RECORD_ADDED;
}

static void
read_change(const struct outbox *o, sqlite3_stmt *st, struct change *c)
{
	*c = (struct change){.type = read_type(o, st),
	    .id = {store_column(st, C_CLUSTER), store_column(st, C_API_VERSION),
		store_column(st, C_KIND), store_column(st, C_NAMESPACE),
		store_column(st, C_NAME), store_column(st, C_UID),
		store_column(st, C_RV)},
	    .resource = store_column(st, C_RESOURCE),
	    .depth = store_column(st, C_DEPTH),
	    .ms = store_column(st, C_MS),
	    .object = store_column(st, C_BODY)};
}

/* A deletion that is too large as it stands still must arrive: who is deleted
 * is enough. */
static bool
format_identity(struct outbox *o, struct change *c, struct span *message)
{
	struct json j = {0};
	bool is_done;

	json_open(&j, '{');
	json_member_text(&j, "apiVersion", c->id.api_version);
	json_member_text(&j, "kind", c->id.kind);
	json_key(&j, "metadata");
	json_open(&j, '{');
	json_member_text(&j, "name", c->id.name);
	if (c->id.ns.n)
		json_member_text(&j, "namespace", c->id.ns);
	json_member_text(&j, "uid", c->id.uid);
	json_member_text(&j, "resourceVersion", c->id.rv);
	json_close(&j, '}');
	json_close(&j, '}');
	c->object = (struct span){j.p, j.len};
	is_done = format_change(o->format, c, message);
	json_release(&j);
	return is_done;
}

static void
say_oversized(struct outbox *o, const struct change *c, size_t n, size_t max)
{
	ration_warn(&o->oversized,
	    "%.*s %.*s%s%.*s is not published: %zu bytes are more than the "
	    "broker's max_payload of %zu",
	    (int)c->id.kind.n, c->id.kind.p, (int)c->id.ns.n, c->id.ns.p,
	    c->id.ns.n ? "/" : "", (int)c->id.name.n, c->id.name.p, n, max);
}

/* The message about a change, unless nothing is to be said. */
static struct span
word(struct outbox *o, struct outbox_item *it, struct change *c, size_t max)
{
	struct span message, none = {0};

	if (!gate_takes(o->format->gate, c))
		return none; /* as good as told */
	if (!format_change(o->format, c, &message)) {
		it->held = OUTBOX_DIAL;
		return none;
	}
	if (message.n > max && it->type == RECORD_DELETED)
		format_identity(o, c, &message);
	if (message.n > max) {
		say_oversized(o, c, message.n, max);
		it->held = (int64_t)message.n;
		return none;
	}
	it->hash = hash_message(o->format, c, message);
	it->is_equal = c->type == RECORD_MODIFIED &&
	    *said(o, it->id) == it->hash && format_tells_state(o->format);
	return it->is_equal ? none : message;
}

/* ---- sending ---- */

/* The row the reader stands on, as the k-th that is read. */
static void
take_row(struct outbox *o, sqlite3_stmt *st, size_t k, size_t max)
{
	struct outbox_item *it = &o->flight[o->n + k];
	struct span message;
	struct change c;

	read_change(o, st, &c);
	*it = (struct outbox_item){.id = sqlite3_column_int64(st, C_ID),
	    .change = sqlite3_column_int64(st, C_CHANGE),
	    .type = c.type,
	    .was_held = sqlite3_column_int64(st, C_BORN) == SCHEMA_BORN_LATER};
	message = word(o, it, &c, max);
	*said(o, it->id) =
	    it->held || it->type == RECORD_DELETED ? 0 : it->hash;
	it->n_bytes = message.n;
	o->message[k].at = o->bytes.len;
	o->message[k].n = message.n;
	json_span(&o->bytes, message);
}

/* Read what is owed, as much as goes at once, and let go of the file: sending
 * may take long. */
static bool
read_some(struct outbox *o, size_t max, size_t *n)
{
	sqlite3_stmt *st = o->store->st_read;
	int64_t last = store_attempt(o->store);
	int code = SQLITE_DONE;

	*n = 0;
	if (o->bytes.cap > 8 * READ_BYTES)
		json_release(&o->bytes);
	json_reset(&o->bytes);
	sqlite3_bind_int64(st, 1, o->sent);
	sqlite3_bind_int64(st, 2, last);
	while (*n < OUTBOX_READ && o->n + *n < OUTBOX_FLIGHT &&
	    o->bytes.len < READ_BYTES &&
	    (code = sqlite3_step(st)) == SQLITE_ROW)
		take_row(o, st, (*n)++, max);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		store_complain(o->store, o->store->reader);
	sqlite3_reset(st);
	/* the last numbers may be those of rows that came and went */
	if (code == SQLITE_DONE && !*n && !o->n) {
		o->sent = last;
		o->store->confirmed = last;
	}
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool
outbox_is_full(const struct outbox *o)
{
	return o->n == OUTBOX_FLIGHT || o->n_bytes >= OUTBOX_FLIGHT_BYTES;
}

enum outbox_status
outbox_send(struct outbox *o, struct sink *sink)
{
	const struct outbox_item *first = &o->flight[o->n];
	size_t n;

	if (outbox_is_full(o))
		return OUTBOX_NONE;
	if (!read_some(o, sink->max, &n))
		return OUTBOX_DISK;
	if (!n)
		return OUTBOX_NONE;
	/* from here on they count as in flight: when the sink takes no more,
	 * all of it is lost */
	o->n += n;
	for (size_t i = 0; i < n; i++) {
		struct span m = {o->bytes.p + o->message[i].at,
		    o->message[i].n};

		if (m.n && !sink->put(sink, first[i].change, m))
			return OUTBOX_SINK;
	}
	o->n_bytes += o->bytes.len;
	o->sent = o->flight[o->n - 1].change;
	return OUTBOX_SOME;
}

void
outbox_lost(struct outbox *o)
{
	/* whether the consumer has them nobody knows */
	for (size_t i = 0; i < o->n; i++)
		*said(o, o->flight[i].id) = 0;
	o->n = o->n_bytes = 0;
	o->sent = o->store->confirmed;
}

/* ---- confirming ---- */

static bool
confirm_held(struct store *s, const struct outbox_item *it)
{
	sqlite3_stmt *st = s->st[S_HOLD];

	sqlite3_bind_int64(st, 1, it->id);
	sqlite3_bind_int64(st, 2, it->held);
	sqlite3_bind_int64(st, 3, it->change);
	if (!store_run(s, S_HOLD))
		return false;
	/* also when it has changed since: nobody was told of it */
	sqlite3_bind_int64(s->st[S_TELL_LATER], 1, it->id);
	sqlite3_bind_int64(s->st[S_TELL_LATER], 2, SCHEMA_BORN_LATER);
	return it->type != RECORD_ADDED || store_run(s, S_TELL_LATER);
}

static bool
confirm_deleted(struct store *s, const struct outbox_item *it)
{
	store_free_id(s, it->id);
	sqlite3_bind_int64(s->st[S_FORGET], 1, it->id);
	sqlite3_bind_int64(s->st[S_FORGET_BODY], 1, it->id);
	sqlite3_bind_int64(s->st[S_FORGET_SENT], 1, it->id);
	return store_run(s, S_FORGET) && store_run(s, S_FORGET_BODY) &&
	    store_run(s, S_FORGET_SENT);
}

static bool
confirm_sent(struct store *s, const struct outbox_item *it)
{
	sqlite3_bind_int64(s->st[S_SENT], 1, it->id);
	sqlite3_bind_int64(s->st[S_SENT], 2, (int64_t)it->hash);
	if (!store_run(s, S_SENT))
		return false;
	sqlite3_bind_int64(s->st[S_TOLD], 1, it->id);
	sqlite3_bind_int64(s->st[S_TOLD], 2, it->change);
	sqlite3_bind_int64(s->st[S_TOLD], 3, SCHEMA_BORN_LATER);
	return !it->was_held || store_run(s, S_TOLD);
}

static bool
confirm_item(struct store *s, const struct outbox_item *it)
{
	if (it->held)
		return confirm_held(s, it);
	if (it->type == RECORD_DELETED)
		return confirm_deleted(s, it);
	return it->is_equal || confirm_sent(s, it);
}

/* The first n in flight, of which the last has the number confirmed. */
static bool
write_confirmed(struct outbox *o, size_t n, int64_t confirmed)
{
	struct store *s = o->store;
	bool failed = false;

	if (!store_begin(s))
		return false;
	for (size_t i = 0; i < n && !failed; i++)
		failed = !confirm_item(s, &o->flight[i]);
	sqlite3_bind_int64(s->st[S_CONFIRM], 1, confirmed);
	sqlite3_bind_int64(s->st[S_PAID], 1, confirmed);
	if (failed || !store_run(s, S_CONFIRM) || !store_run(s, S_PAID)) {
		store_rollback(s);
		return false;
	}
	if (!store_commit(s))
		return false;
	s->confirmed = confirmed;
	return true;
}

bool
outbox_confirm(struct outbox *o, int64_t taken)
{
	size_t n = 0;

	while (n < o->n && o->flight[n].change <= taken)
		n++;
	if (!n)
		return true;
	if (!write_confirmed(o, n, o->flight[n - 1].change))
		return false;
	o->n -= n;
	memmove(o->flight, o->flight + n, o->n * sizeof(*o->flight));
	if (!o->n)
		o->n_bytes = 0;
	return true;
}

/* ---- holding ---- */

/* Some of the rows, of which there are *n. */
static bool
find_held(struct store *s, int64_t low, int64_t high, int64_t id[OUTBOX_READ],
    size_t *n)
{
	bool failed = false;

	sqlite3_bind_int64(s->st[S_HELD], 1, low);
	sqlite3_bind_int64(s->st[S_HELD], 2, high);
	for (*n = 0; *n < OUTBOX_READ && store_row(s, S_HELD, &failed); ++*n)
		id[*n] = sqlite3_column_int64(s->st[S_HELD], 0);
	store_done(s, S_HELD);
	return !failed;
}

static bool
renumber(struct store *s, int64_t id)
{
	sqlite3_bind_int64(s->st[S_RENUMBER], 1, id);
	sqlite3_bind_int64(s->st[S_RENUMBER], 2, ++s->change);
	sqlite3_bind_int64(s->st[S_RENUMBER], 3, s->confirmed + 1);
	sqlite3_bind_int64(s->st[S_OWE], 1, s->change);
	sqlite3_bind_int64(s->st[S_OWE], 2, id);
	return store_run(s, S_RENUMBER) && store_run(s, S_OWE);
}

static bool
release_some(struct store *s, int64_t low, int64_t high, size_t *n)
{
	int64_t id[OUTBOX_READ];
	bool is_done;

	if (!store_begin(s))
		return false;
	is_done = find_held(s, low, high, id, n);
	for (size_t i = 0; i < *n && is_done; i++)
		is_done = renumber(s, id[i]);
	if (is_done)
		return store_commit(s);
	store_rollback(s);
	return false;
}

bool
outbox_release(struct outbox *o, int64_t low, int64_t high)
{
	size_t n;

	do
		if (!release_some(o->store, low, high, &n))
			return false;
	while (n == OUTBOX_READ);
	return true;
}

int64_t
outbox_held(struct outbox *o, int64_t reason)
{
	sqlite3_stmt *st = o->store->st_held;
	int64_t n = -1;

	sqlite3_bind_int64(st, 1, reason);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}
