#include "outbox.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "diag.h"
#include "gate.h"
#include "schema.h"

#define BATCH_BYTES (1u << 20)
#define BORN_LATER INT64_MAX /* held before it could be told as ADDED */

void
outbox_init(struct outbox *o, struct store *store, struct format *format)
{
	o->store = store;
	o->format = format;
	o->n = 0;
}

/* ---- reading ---- */

/* Of a message all that does not depend on the kind of event. */
static void
hash_message(const struct format *f, const struct change *c,
    struct span message, char hash[16])
{
	size_t skip = format_type_end(f, c);
	XXH128_hash_t h = XXH3_128bits(message.p + skip, message.n - skip);

	memcpy(hash, &h, 16);
}

static void
read_change(sqlite3_stmt *st, int64_t confirmed, struct change *c)
{
	bool is_known = sqlite3_column_bytes(st, C_SENT) > 0;

	*c = (struct change){.type = sqlite3_column_int(st, C_DELETED) ?
		RECORD_DELETED :
		sqlite3_column_int64(st, C_BORN) > confirmed || !is_known ?
		RECORD_ADDED :
		RECORD_MODIFIED,
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
hold_oversized(struct outbox_item *it, const struct change *c, size_t n,
    size_t max)
{
	it->held = (int64_t)n;
	diag_warn("%.*s %.*s%s%.*s is not published: %zu bytes are more than "
		  "the broker's max_payload of %zu",
	    (int)c->id.kind.n, c->id.kind.p, (int)c->id.ns.n, c->id.ns.p,
	    c->id.ns.n ? "/" : "", (int)c->id.name.n, c->id.name.p, n, max);
}

/* The row the reader stands on, as an item of the batch. */
static void
add_item(struct outbox *o, sqlite3_stmt *st, size_t max)
{
	struct outbox_item *it = &o->item[o->n++];
	struct span message, sent = store_column(st, C_SENT);
	struct change c;

	read_change(st, o->confirmed, &c);
	*it = (struct outbox_item){.id = sqlite3_column_int64(st, C_ID),
	    .change = sqlite3_column_int64(st, C_CHANGE),
	    .is_deleted = c.type == RECORD_DELETED,
	    .type = c.type};
	if (!gate_takes(o->format->gate, &c))
		return; /* as good as told */
	if (!format_change(o->format, &c, &message)) {
		it->held = OUTBOX_DIAL;
		return;
	}
	if (message.n > max && it->is_deleted)
		format_identity(o, &c, &message);
	if (message.n > max) {
		hold_oversized(it, &c, message.n, max);
		return;
	}
	hash_message(o->format, &c, message, it->hash);
	it->is_equal = c.type == RECORD_MODIFIED && sent.n == 16 &&
	    memcmp(sent.p, it->hash, 16) == 0;
	if (it->is_equal)
		return;
	it->at = o->bytes.len;
	it->n = message.n;
	json_raw(&o->bytes, message.p, message.n);
}

bool
outbox_read(struct outbox *o, size_t max)
{
	sqlite3_stmt *st = o->store->st_read;
	int code;

	if (o->bytes.cap > 8 * BATCH_BYTES)
		json_release(&o->bytes);
	json_reset(&o->bytes);
	o->n = 0;
	o->confirmed = o->store->confirmed;
	sqlite3_bind_int64(st, 1, o->confirmed);
	sqlite3_bind_int64(st, 2, store_attempt(o->store));
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		add_item(o, st, max);
		if (o->n == OUTBOX_BATCH || o->bytes.len >= BATCH_BYTES)
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		store_complain(o->store, o->store->reader);
		o->n = 0;
	}
	sqlite3_reset(st);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

struct span
outbox_message(const struct outbox *o, const struct outbox_item *it)
{
	return (struct span){o->bytes.p + it->at, it->n};
}

/* ---- confirming ---- */

static bool
confirm_held(struct store *s, const struct outbox_item *it, int64_t confirmed)
{
	sqlite3_stmt *st = s->st[S_HOLD];

	sqlite3_bind_int64(st, 1, it->id);
	sqlite3_bind_int64(st, 2, it->held);
	sqlite3_bind_int64(st, 3, it->change);
	sqlite3_bind_int64(st, 4, confirmed);
	sqlite3_bind_int64(st, 5, BORN_LATER);
	return store_run(s, S_HOLD);
}

static bool
confirm_deleted(struct store *s, const struct outbox_item *it)
{
	sqlite3_bind_int64(s->st[S_FORGET], 1, it->id);
	sqlite3_bind_int64(s->st[S_FORGET_BODY], 1, it->id);
	return store_run(s, S_FORGET) && store_run(s, S_FORGET_BODY);
}

static bool
confirm_sent(struct store *s, const struct outbox_item *it)
{
	sqlite3_stmt *st = s->st[S_SENT];

	sqlite3_bind_int64(st, 1, it->id);
	sqlite3_bind_blob(st, 2, it->hash, 16, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, it->change);
	sqlite3_bind_int64(st, 4, BORN_LATER);
	return store_run(s, S_SENT);
}

static bool
confirm_item(struct store *s, const struct outbox_item *it, int64_t confirmed)
{
	if (it->held)
		return confirm_held(s, it, confirmed);
	if (it->is_deleted)
		return confirm_deleted(s, it);
	return it->is_equal || confirm_sent(s, it);
}

bool
outbox_confirm(struct outbox *o, int64_t taken)
{
	struct store *s = o->store;
	bool failed = false;
	int64_t confirmed = 0;
	size_t n = 0;

	for (; n < o->n && o->item[n].change <= taken; n++)
		confirmed = o->item[n].change;
	if (!n)
		return true;
	if (!store_begin(s))
		return false;
	for (size_t i = 0; i < n && !failed; i++)
		failed = !confirm_item(s, &o->item[i], o->confirmed);
	sqlite3_bind_int64(s->st[S_CONFIRM], 1, confirmed);
	if (failed || !store_run(s, S_CONFIRM)) {
		store_rollback(s);
		return false;
	}
	if (!store_commit(s))
		return false;
	s->confirmed = confirmed;
	return true;
}

/* ---- holding ---- */

/* Some of the rows; false: there are no more, or the disk failed. */
static bool
release_some(struct store *s, int64_t low, int64_t high)
{
	int64_t id[OUTBOX_BATCH];
	size_t n;
	bool failed;

	if (!store_begin(s))
		return false;
	sqlite3_bind_int64(s->st[S_HELD], 1, low);
	sqlite3_bind_int64(s->st[S_HELD], 2, high);
	for (n = 0; n < OUTBOX_BATCH && store_row(s, S_HELD, &failed); n++)
		id[n] = sqlite3_column_int64(s->st[S_HELD], 0);
	store_done(s, S_HELD);
	failed = false;
	for (size_t i = 0; i < n && !failed; i++) {
		sqlite3_bind_int64(s->st[S_RENUMBER], 1, id[i]);
		sqlite3_bind_int64(s->st[S_RENUMBER], 2, ++s->change);
		failed = !store_run(s, S_RENUMBER);
	}
	if (failed) {
		store_rollback(s);
		return false;
	}
	return store_commit(s) && n == OUTBOX_BATCH;
}

void
outbox_release(struct outbox *o, int64_t low, int64_t high)
{
	while (release_some(o->store, low, high))
		;
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
