#include "requests.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clock.h"
#include "diag.h"
#include "schema.h"

#define SETTLE_MS 1000 /* resyncs asked for in so short a time are one */
#define SETTLE_MAX_MS 5000
#define EXEC_MS 10000
#define REPLIES 16
#define REPLY 256
#define STORE_BATCH 5 /* objects in a message, as upstream */

#define HEAD \
	"{\"ObjectType\":\"\",\"EventType\":\"\",\"Request\":null,\"Object\":"

struct requests {
	pthread_mutex_t lock;
	int64_t resync_asked, resync_at; /* ms; 0: not asked for */
	int64_t exec_at;
	bool meta;
	char reply[REPLIES][REPLY];
	size_t n_replies;
};

struct requests *
requests_new(void)
{
	struct requests *q = diag_alloc(NULL, sizeof(*q));

	memset(q, 0, sizeof(*q));
	pthread_mutex_init(&q->lock, NULL);
	return q;
}

/* ---- asking ---- */

/* A member under a key of any case, as Go's decoder finds it. */
static struct span
get(struct span object, const char *key)
{
	struct span k, v, found = {0};
	struct scan_iter it;

	if (scan_type(object) != SCAN_OBJECT)
		return found;
	scan_iter(&it, object);
	while (scan_member(&it, &k, &v))
		if (k.n == strlen(key) && strncasecmp(k.p, key, k.n) == 0)
			found = v;
	return found;
}

/* The first waits a little for others; others put it off, but not for ever. */
void
requests_resync(struct requests *q)
{
	int64_t now = clock_ms(), last;

	pthread_mutex_lock(&q->lock);
	if (!q->resync_at)
		q->resync_asked = now;
	last = q->resync_asked + SETTLE_MAX_MS;
	q->resync_at = now + SETTLE_MS < last ? now + SETTLE_MS : last;
	pthread_mutex_unlock(&q->lock);
}

static void
ask_store(struct requests *q, struct span reply)
{
	char buf[REPLY];
	struct span text = scan_text(reply, buf, sizeof(buf) - 1);

	if (!text.n || text.n >= REPLY || memchr(text.p, ' ', text.n)) {
		diag_warn("a request for the store names no subject to "
			  "reply to");
		return;
	}
	pthread_mutex_lock(&q->lock);
	if (q->n_replies < REPLIES) {
		memcpy(q->reply[q->n_replies], text.p, text.n);
		q->reply[q->n_replies++][text.n] = '\0';
	}
	pthread_mutex_unlock(&q->lock);
}

void
requests_take(struct requests *q, struct span payload)
{
	struct scan_error err;
	struct span request, entity;

	if (scan_find(NULL, payload.p, payload.n, NULL, &err) < 0 ||
	    scan_type(request = get(payload, "Request")) != SCAN_OBJECT) {
		diag_warn("a request is dropped: it is no JSON with a "
			  "Request in it");
		return;
	}
	entity = get(request, "Entity");
	if (scan_eq(entity, "resync-discovery"))
		requests_resync(q);
	else if (scan_eq(entity, "informer-store"))
		ask_store(q, get(get(request, "Payload"), "Reply"));
	pthread_mutex_lock(&q->lock);
	if (scan_eq(entity, "meshsync-meta"))
		q->meta = true;
	if (scan_eq(entity, "active-exec") && !q->exec_at)
		q->exec_at = clock_ms() + EXEC_MS;
	pthread_mutex_unlock(&q->lock);
}

/* ---- answering ---- */

static int64_t
sooner(int64_t a, int64_t b)
{
	return !b ? a : !a || b < a ? b : a;
}

int
requests_due(struct requests *q)
{
	int64_t at, now = clock_ms();

	pthread_mutex_lock(&q->lock);
	at = sooner(q->resync_at, q->exec_at);
	if (q->meta || q->n_replies)
		at = now;
	pthread_mutex_unlock(&q->lock);
	return !at ? -1 : at <= now ? 0 : (int)(at - now);
}

static bool
take_resync(struct requests *q)
{
	bool is_due;

	pthread_mutex_lock(&q->lock);
	is_due = q->resync_at && q->resync_at <= clock_ms();
	if (is_due)
		q->resync_at = 0;
	pthread_mutex_unlock(&q->lock);
	return is_due;
}

/* Append the resource of the row the reader stands on. */
static void
put_resource(struct format *f, sqlite3_stmt *st, struct json *j)
{
	struct change c = {.type = RECORD_ADDED,
	    .id.cluster = store_column(st, C_CLUSTER),
	    .object = store_column(st, C_BODY)};
	service_dial *dial = f->meshery.dial;
	struct span m;
	size_t skip = sizeof(MESHERY_HEAD "ADDED\",\"Request\":null,"
					  "\"Object\":") -
	    1;

	/* what has not been dialled yet is told without its address */
	if (!meshery_message(&f->meshery, c.type, c.object, c.id.cluster, &m)) {
		f->meshery.dial = NULL;
		meshery_message(&f->meshery, c.type, c.object, c.id.cluster,
		    &m);
		f->meshery.dial = dial;
	}
	json_comma(j);
	json_raw(j, m.p + skip, m.n - skip - 1);
}

static bool
send_batch(struct sink *sink, const char *reply, struct json *j)
{
	struct span m;

	json_puts(j, "]}");
	m = (struct span){j->p, j->len};
	if (m.n > sink->max) {
		diag_warn("%zu bytes of the store are more than the broker "
			  "takes, and left out",
		    m.n);
		return true;
	}
	return sink->send(sink, reply, m);
}

/* The snapshot, from row id `from` on: up to five objects, or as many as the
 * broker takes at once. *last: the row it got to; 0: there are no more. */
static bool
send_some(struct store *s, struct format *f, struct sink *sink,
    const char *reply, int64_t from, int64_t *last)
{
	sqlite3_stmt *st = s->st_dump;
	struct json j = {0};
	size_t n = 0, before;
	bool is_sent = true;

	*last = 0;
	json_puts(&j, HEAD "[");
	sqlite3_bind_int64(st, 1, from);
	while (n < STORE_BATCH && sqlite3_step(st) == SQLITE_ROW) {
		before = j.len;
		put_resource(f, st, &j);
		if (n && j.len + 2 > sink->max) {
			j.len = before; /* the next message's first */
			break;
		}
		n++;
		*last = sqlite3_column_int64(st, C_ID);
	}
	sqlite3_reset(st);
	if (n)
		is_sent = send_batch(sink, reply, &j);
	json_release(&j);
	return is_sent;
}

static bool
send_store(struct store *s, struct format *f, struct sink *sink,
    const char *reply)
{
	int64_t from = 0;

	do
		if (!send_some(s, f, sink, reply, from, &from))
			return false;
	while (from);
	return true;
}

static bool
take_reply(struct requests *q, char reply[REPLY])
{
	bool is_asked;

	pthread_mutex_lock(&q->lock);
	is_asked = q->n_replies > 0;
	if (is_asked) {
		memcpy(reply, q->reply[0], REPLY);
		memmove(q->reply, q->reply + 1, --q->n_replies * REPLY);
	}
	pthread_mutex_unlock(&q->lock);
	return is_asked;
}

static bool
send_small(struct requests *q, struct sink *sink)
{
	bool meta, exec, is_sent = true;
	int64_t now = clock_ms();

	pthread_mutex_lock(&q->lock);
	meta = q->meta;
	q->meta = false;
	exec = q->exec_at && q->exec_at <= now;
	if (exec)
		q->exec_at = now + EXEC_MS;
	pthread_mutex_unlock(&q->lock);
	if (meta)
		is_sent = sink->send(sink, "meshsync-meta",
		    span_of(HEAD "\"" MS_VERSION "\"}"));
	if (exec)
		is_sent =
		    sink->send(sink, "active_sessions.exec",
			span_of(
			    "{\"ObjectType\":\"active-exec\",\"EventType\":\"\","
			    "\"Request\":null,\"Object\":[]}")) &&
		    is_sent;
	return is_sent;
}

bool
requests_answer(struct requests *q, struct store *s, struct format *f,
    struct sink *sink)
{
	char reply[REPLY];

	if (take_resync(q) && !store_resync(s))
		requests_resync(q);
	while (take_reply(q, reply))
		if (!send_store(s, f, sink, reply))
			return false;
	return send_small(q, sink);
}
