#include "requests.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clock.h"
#include "diag.h"
#include "dump.h"
#include "gojson.h"
#include "ration.h"
#include "subject.h"

#define SETTLES_MAX 6 /* a resync is put off so often, not for ever */
#define DIALLED_MS 200 /* how often a dump looks whether it can begin */
/* Between lists, and tries to resync, however short the settling is. */
#define LEAST_MS 1000
#define QUEUE 16
#define SUBJECT 512

/* A dump that was asked for. */
struct reply {
	char subject[SUBJECT];
	int64_t next, last; /* ms: look again, and no more */
};

struct requests {
	int64_t settle, dial, list; /* ms */
	pthread_mutex_t lock;
	int64_t resync_asked, resync_at; /* ms; 0: not asked for */
	int64_t list_at;
	unsigned meta; /* how often it was asked for */
	struct reply reply[QUEUE];
	char session[QUEUE][SUBJECT];
	size_t n_replies, n_sessions;
	struct ration dropped;
};

struct requests *
requests_new(unsigned settle, unsigned dial)
{
	struct requests *q = diag_alloc(NULL, sizeof(*q));

	memset(q, 0, sizeof(*q));
	q->settle = (int64_t)settle * 1000;
	q->list = 2 * q->settle > LEAST_MS ? 2 * q->settle : LEAST_MS;
	q->dial = (int64_t)dial * 1000 + 1000;
	q->dropped = (struct ration){.more = "more requests are dropped"};
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
	last = q->resync_asked + SETTLES_MAX * q->settle;
	q->resync_at = now + q->settle < last ? now + q->settle : last;
	pthread_mutex_unlock(&q->lock);
}

/* The text of a member under a key of any case, terminated; false if there is
 * none that fits. */
static bool
get_text(struct span object, const char *key, char *out, size_t room)
{
	struct span text = scan_text(get(object, key), out, room - 1);

	if (!text.p || text.n >= room)
		return false;
	memmove(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static void
ask_store(struct requests *q, struct span payload)
{
	int64_t now = clock_ms();
	struct reply r = {.next = now, .last = now + q->dial};
	bool is_full;

	if (!get_text(payload, "Reply", r.subject, SUBJECT) ||
	    !subject_is_good(r.subject)) {
		ration_warn(&q->dropped,
		    "a request for the store names no subject to reply to");
		return;
	}
	pthread_mutex_lock(&q->lock);
	is_full = q->n_replies == QUEUE;
	if (!is_full)
		q->reply[q->n_replies++] = r;
	pthread_mutex_unlock(&q->lock);
	if (is_full)
		ration_warn(&q->dropped,
		    "a request for the store is dropped: %d wait already",
		    QUEUE);
}

static bool
is_true(struct span object, const char *key)
{
	return scan_type(get(object, key)) == SCAN_TRUE;
}

/* The id upstream gives a session: exec.NAMESPACE.POD.CONTAINER.ID. */
static bool
session_id(struct span session, char id[SUBJECT])
{
	static const char *const part[] = {"namespace", "name", "container",
	    "id"};
	char text[128];
	int n = snprintf(id, SUBJECT, "exec");

	for (int i = 0; i < 4; i++) {
		if (!get_text(session, part[i], text, sizeof(text)))
			*text = '\0';
		n += snprintf(id + n, SUBJECT - (size_t)n, ".%s", text);
		if (n >= SUBJECT)
			return false;
	}
	return true;
}

/* Sessions by any key; one that is to stop does not run. */
static void
ask_sessions(struct requests *q, struct span payload)
{
	struct span key, session;
	struct scan_iter it;
	char id[SUBJECT];

	if (scan_type(payload) != SCAN_OBJECT)
		return;
	scan_iter(&it, payload);
	while (scan_member(&it, &key, &session)) {
		if (scan_type(session) != SCAN_OBJECT ||
		    is_true(session, "stop") || !session_id(session, id))
			continue;
		pthread_mutex_lock(&q->lock);
		if (q->n_sessions < QUEUE)
			memcpy(q->session[q->n_sessions++], id, SUBJECT);
		pthread_mutex_unlock(&q->lock);
	}
}

static void
ask_list(struct requests *q)
{
	pthread_mutex_lock(&q->lock);
	if (!q->list_at)
		q->list_at = clock_ms() + q->list;
	pthread_mutex_unlock(&q->lock);
}

static void
ask_meta(struct requests *q)
{
	pthread_mutex_lock(&q->lock);
	q->meta++;
	pthread_mutex_unlock(&q->lock);
}

void
requests_take(struct requests *q, struct span message)
{
	struct scan_error err;
	struct span request, entity, payload;

	if (scan_find(NULL, message.p, message.n, NULL, &err) < 0 ||
	    scan_type(request = get(message, "Request")) != SCAN_OBJECT) {
		ration_warn(&q->dropped,
		    "a request is dropped: it is no JSON with a Request in "
		    "it");
		return;
	}
	entity = get(request, "Entity");
	payload = get(request, "Payload");
	if (scan_eq(entity, "resync-discovery"))
		requests_resync(q);
	else if (scan_eq(entity, "informer-store"))
		ask_store(q, payload);
	else if (scan_eq(entity, "meshsync-meta"))
		ask_meta(q);
	else if (scan_eq(entity, "active-exec"))
		ask_list(q);
	else if (scan_eq(entity, "exec-request"))
		ask_sessions(q, payload);
	else if (scan_eq(entity, "log-stream"))
		ration_warn(&q->dropped,
		    "a log was asked for: this MeshSync has none");
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
	at = sooner(q->resync_at, q->list_at);
	if (q->n_replies)
		at = sooner(at, q->reply[0].next);
	if (q->meta || q->n_sessions)
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

/* The disk has failed: not at once again, though resyncs need not settle. */
static void
put_off_resync(struct requests *q)
{
	int64_t at = clock_ms() + LEAST_MS;

	requests_resync(q);
	pthread_mutex_lock(&q->lock);
	if (q->resync_at < at)
		q->resync_at = at;
	pthread_mutex_unlock(&q->lock);
}

/* The next dump that can begin: what Services' addresses answer is part of it,
 * but is not waited for for ever. */
static bool
take_reply(struct requests *q, struct store *s, struct format *f,
    char subject[SUBJECT])
{
	int64_t now = clock_ms();
	struct reply r = {.next = INT64_MAX};
	bool is_due, is_dialled;

	pthread_mutex_lock(&q->lock);
	if (q->n_replies)
		r = q->reply[0];
	pthread_mutex_unlock(&q->lock);
	if (r.next > now)
		return false;
	is_dialled = dump_is_dialled(s, f);
	is_due = is_dialled || now >= r.last;
	pthread_mutex_lock(&q->lock);
	if (is_due)
		memmove(q->reply, q->reply + 1,
		    --q->n_replies * sizeof(*q->reply));
	else
		q->reply[0].next = now + DIALLED_MS;
	pthread_mutex_unlock(&q->lock);
	memcpy(subject, r.subject, SUBJECT);
	return is_due;
}

static bool
send_text(struct sink *sink, const char *subject, const char *text)
{
	return sink->send(sink, subject, span_of(text));
}

/* It is in the list for as long as it takes to find that it cannot begin. */
static bool
refuse_session(struct sink *sink, const char *id)
{
	char list[8 * SUBJECT], *p = list;

	p += sprintf(p, "%s", DUMP_HEAD("active-exec") "[\"");
	p = gojson_text(p, span_of(id));
	strcpy(p, "\"]}");
	return send_text(sink, "active_sessions.exec", list) &&
	    (!subject_is_good(id) ||
		send_text(sink, id,
		    DUMP_HEAD("error") "\"this MeshSync opens no terminal "
				       "sessions\"}"));
}

static bool
take_session(struct requests *q, char id[SUBJECT])
{
	bool is_asked;

	pthread_mutex_lock(&q->lock);
	is_asked = q->n_sessions > 0;
	if (is_asked) {
		memcpy(id, q->session[0], SUBJECT);
		memmove(q->session, q->session + 1, --q->n_sessions * SUBJECT);
	}
	pthread_mutex_unlock(&q->lock);
	return is_asked;
}

/* How often the version is asked for, and whether the list falls due. */
static void
take_small(struct requests *q, unsigned *meta, bool *list)
{
	int64_t now = clock_ms();

	pthread_mutex_lock(&q->lock);
	*meta = q->meta;
	q->meta = 0;
	*list = q->list_at && q->list_at <= now;
	if (*list)
		q->list_at = now + q->list;
	pthread_mutex_unlock(&q->lock);
}

static bool
send_small(struct requests *q, struct sink *sink)
{
	char id[SUBJECT];
	unsigned meta;
	bool list;

	take_small(q, &meta, &list);
	for (; meta; meta--)
		if (!send_text(sink, "meshsync-meta",
			DUMP_HEAD("") "\"" MS_VERSION "\"}"))
			return false;
	if (list &&
	    !send_text(sink, "active_sessions.exec",
		DUMP_HEAD("active-exec") "[]}"))
		return false;
	while (take_session(q, id))
		if (!refuse_session(sink, id))
			return false;
	return true;
}

bool
requests_answer(struct requests *q, struct store *s, struct format *f,
    struct sink *sink)
{
	char subject[SUBJECT];

	if (take_resync(q) && !store_resync(s))
		put_off_resync(q);
	while (take_reply(q, s, f, subject))
		if (!dump_send(s, f, sink, subject))
			return false;
	return send_small(q, sink);
}
