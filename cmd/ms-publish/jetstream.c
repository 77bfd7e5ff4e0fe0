#include "jetstream.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "subject.h"

#define API_MS 2000 /* for a question to the server */
#define LOOK_MS 250 /* how often a wait looks whether the connection is */
#define SECOND 1000000000LL
#define MAX_AGE (24 * 3600 * SECOND)
#define MAX_BYTES (256LL << 20)
#define DUPLICATES (120 * SECOND)
#define HEADERS 256 /* bytes that ours take of a message's room */

/* A message that has been sent. */
struct flight {
	int64_t change;
	bool is_acked;
};

struct jetstream {
	const char *id, *subject;
	unsigned replicas, patience;
	bool is_absence_told;
	natsConnection *nc;
	jsCtx *js; /* NULL: core NATS */

	pthread_mutex_t lock;
	pthread_cond_t news;
	struct flight flight[JETSTREAM_WINDOW]; /* by rising change */
	size_t n, n_acked;
	unsigned disorders; /* times that it had to begin again behind a gap */
	bool has_failed;
	char failure[SINK_WHY - 32];
};

struct jetstream *
jetstream_new(const char *id, const char *subject, unsigned replicas,
    unsigned patience)
{
	struct jetstream *j = diag_alloc(NULL, sizeof(*j));

	memset(j, 0, sizeof(*j));
	j->id = id;
	j->subject = subject;
	j->replicas = replicas;
	j->patience = patience;
	pthread_mutex_init(&j->lock, NULL);
	clock_cond_init(&j->news);
	return j;
}

/* ---- acknowledgements ---- */

static struct flight *
find(struct jetstream *j, int64_t change)
{
	size_t low = 0, high = j->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (j->flight[mid].change < change)
			low = mid + 1;
		else
			high = mid;
	}
	return low < j->n && j->flight[low].change == change ? &j->flight[low] :
							       NULL;
}

/* The number behind the first bar of Nats-Msg-Id; 0: it has none. */
static int64_t
change_of(natsMsg *msg)
{
	const char *id = NULL, *bar;

	if (natsMsgHeader_Get(msg, "Nats-Msg-Id", &id) != NATS_OK || !id)
		return 0;
	bar = strchr(id, '|');
	return bar ? strtoll(bar + 1, NULL, 10) : 0;
}

static void
note_failure(struct jetstream *j, const jsPubAckErr *err)
{
	if (j->has_failed)
		return;
	j->has_failed = true;
	if (err->Err == NATS_NO_RESPONDERS)
		snprintf(j->failure, sizeof(j->failure),
		    "no stream takes the messages now");
	else
		snprintf(j->failure, sizeof(j->failure),
		    "the stream refuses a message: %s",
		    err->ErrText ? err->ErrText : natsStatus_GetText(err->Err));
}

/* In a thread of libnats. An answer on a connection that has been left, or the
 * second to one message, changes nothing that counts. */
static void
on_ack(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *err, void *context)
{
	struct jetstream *j = context;
	struct flight *f;

	(void)ack;
	pthread_mutex_lock(&j->lock);
	f = js == j->js ? find(j, change_of(msg)) : NULL;
	if (f && err) {
		note_failure(j, err);
	} else if (f && !f->is_acked) {
		f->is_acked = true;
		j->n_acked++;
	}
	if (f)
		pthread_cond_signal(&j->news);
	pthread_mutex_unlock(&j->lock);
	natsMsg_Destroy(msg);
}

/* ---- the stream ---- */

static natsStatus
make_stream(struct jetstream *j, jsCtx *js, jsStreamInfo **info, jsErrCode *err)
{
	jsStreamConfig c;
	natsStatus s;

	jsStreamConfig_Init(&c);
	c.Name = JETSTREAM_NAME;
	c.Description = "what MeshSync tells Meshery Server";
	c.Subjects = (const char **)&j->subject;
	c.SubjectsLen = 1;
	c.Retention = js_LimitsPolicy;
	c.Storage = js_FileStorage;
	c.Discard = js_DiscardOld;
	c.MaxAge = MAX_AGE;
	c.MaxBytes = MAX_BYTES;
	c.Duplicates = DUPLICATES;
	c.Replicas = j->replicas;
	s = js_AddStream(info, js, &c, NULL, err);
	if (s == NATS_OK)
		diag_info("made the stream " JETSTREAM_NAME);
	return s;
}

static bool
is_absent(natsStatus s, jsErrCode err)
{
	return s == NATS_NO_RESPONDERS || err == JSNotEnabledErr ||
	    err == JSNotEnabledForAccountErr;
}

/* A stream that does not listen to our subject would keep nothing, and the
 * wait for its acknowledgements would have no end. */
static bool
takes_subject(const jsStreamInfo *info, const char *subject)
{
	const jsStreamConfig *c = info->Config;

	for (int i = 0; i < c->SubjectsLen; i++)
		if (subject_matches(c->Subjects[i], subject))
			return true;
	return false;
}

static enum sink_status
complain(char why[SINK_WHY], const char *what, const char *detail)
{
	snprintf(why, SINK_WHY, "JetStream: %s%s%s", what,
	    detail && *detail ? ": " : "", detail ? detail : "");
	return SINK_REFUSED;
}

/* See to it that the stream is there. */
static enum sink_status
ensure(struct jetstream *j, jsCtx *js, size_t *max, bool *is_there,
    char why[SINK_WHY])
{
	jsStreamInfo *info = NULL;
	jsErrCode err = 0;
	natsStatus s = js_GetStreamInfo(&info, js, JETSTREAM_NAME, NULL, &err);
	enum sink_status status = SINK_OK;

	if (s == NATS_NOT_FOUND || err == JSStreamNotFoundErr)
		s = make_stream(j, js, &info, &err);
	*is_there = !is_absent(s, err);
	if (!*is_there)
		return SINK_OK;
	if (s == NATS_TIMEOUT) {
		complain(why, "the server does not answer",
		    "is the account allowed to publish on $JS.API.>?");
		return SINK_AWAY;
	}
	if (s != NATS_OK)
		return complain(why,
		    "unable to make the stream " JETSTREAM_NAME,
		    nats_GetLastError(NULL));
	if (!takes_subject(info, j->subject))
		status = complain(why,
		    "the stream " JETSTREAM_NAME " does not take the subject",
		    j->subject);
	else if (info->Config->MaxMsgSize > 0 &&
	    (size_t)info->Config->MaxMsgSize < *max)
		*max = (size_t)info->Config->MaxMsgSize;
	*max -= *max > HEADERS ? HEADERS : 0;
	jsStreamInfo_Destroy(info);
	return status;
}

enum jetstream_state
jetstream_ask(natsConnection *nc, const char *subject, char why[SINK_WHY])
{
	jsOptions o;
	jsCtx *js = NULL;
	jsStreamInfo *info = NULL;
	jsErrCode err = 0;
	natsStatus s;
	enum jetstream_state state = JETSTREAM_THERE;

	jsOptions_Init(&o);
	o.Wait = API_MS;
	s = natsConnection_JetStream(&js, nc, &o);
	if (s == NATS_OK)
		s = js_GetStreamInfo(&info, js, JETSTREAM_NAME, NULL, &err);
	if (is_absent(s, err)) {
		state = JETSTREAM_ABSENT;
	} else if (s == NATS_NOT_FOUND || err == JSStreamNotFoundErr) {
		state = JETSTREAM_NOT_YET;
	} else if (s != NATS_OK) {
		complain(why, "it cannot be asked",
		    s == NATS_TIMEOUT ? "it does not answer; may this user "
					"publish on $JS.API.>?" :
					nats_GetLastError(NULL));
		state = JETSTREAM_WRONG;
	} else if (!takes_subject(info, subject)) {
		complain(why,
		    "the stream " JETSTREAM_NAME " does not take the subject",
		    subject);
		state = JETSTREAM_WRONG;
	} else {
		snprintf(why, SINK_WHY, "%llu in %lld copies",
		    (unsigned long long)info->State.Msgs,
		    (long long)info->Config->Replicas);
	}
	jsStreamInfo_Destroy(info);
	jsCtx_Destroy(js);
	return state;
}

static void
tell_absence(struct jetstream *j)
{
	if (!j->is_absence_told)
		diag_warn("the broker has no JetStream: messages go over core "
			  "NATS, and reach who is subscribed at that time");
	j->is_absence_told = true;
}

enum sink_status
jetstream_open(struct jetstream *j, natsConnection *nc, size_t *max,
    char why[SINK_WHY])
{
	jsOptions o;
	jsCtx *js = NULL;
	enum sink_status status;
	bool is_there;

	jsOptions_Init(&o);
	o.Wait = API_MS;
	o.PublishAsync.AckHandler = on_ack;
	o.PublishAsync.AckHandlerClosure = j;
	if (natsConnection_JetStream(&js, nc, &o) != NATS_OK) {
		complain(why, "unable to begin", nats_GetLastError(NULL));
		return SINK_AWAY;
	}
	status = ensure(j, js, max, &is_there, why);
	if (status != SINK_OK || !is_there) {
		jsCtx_Destroy(js);
		if (!is_there)
			tell_absence(j);
		return status;
	}
	j->is_absence_told = false;
	pthread_mutex_lock(&j->lock);
	j->nc = nc;
	j->js = js;
	j->n = j->n_acked = 0;
	j->has_failed = false;
	pthread_mutex_unlock(&j->lock);
	return SINK_OK;
}

void
jetstream_close(struct jetstream *j)
{
	jsCtx *js;

	pthread_mutex_lock(&j->lock);
	js = j->js;
	j->js = NULL;
	j->nc = NULL;
	pthread_mutex_unlock(&j->lock);
	jsCtx_Destroy(js);
}

bool
jetstream_is_on(const struct jetstream *j)
{
	return j->js != NULL;
}

/* ---- publishing ---- */

static void
write_id(const struct jetstream *j, int64_t change, char *id, size_t size)
{
	int n = snprintf(id, size, "%s|%lld", j->id, (long long)change);

	if (j->disorders)
		snprintf(id + n, size - (size_t)n, "|%u", j->disorders);
}

natsStatus
jetstream_put(struct jetstream *j, int64_t change, struct span message)
{
	jsPubOptions o;
	char id[128];

	pthread_mutex_lock(&j->lock);
	if (j->n == JETSTREAM_WINDOW) { /* a batch is smaller */
		pthread_mutex_unlock(&j->lock);
		return NATS_INSUFFICIENT_BUFFER;
	}
	j->flight[j->n++] = (struct flight){change, false};
	pthread_mutex_unlock(&j->lock);
	jsPubOptions_Init(&o);
	write_id(j, change, id, sizeof(id));
	o.MsgId = id;
	o.ExpectStream = JETSTREAM_NAME;
	return js_PublishAsync(j->js, j->subject, message.p, (int)message.n,
	    &o);
}

/* The last change that is acknowledged with all before it. */
static int64_t
last_taken(const struct jetstream *j)
{
	int64_t last = 0;

	for (size_t i = 0; i < j->n && j->flight[i].is_acked; i++)
		last = j->flight[i].change;
	return last;
}

static void
wait_a_little(struct jetstream *j)
{
	struct timespec until = clock_after(LOOK_MS);

	pthread_cond_timedwait(&j->news, &j->lock, &until);
}

/* Whether the stream has something and lacks what was sent before it. */
static bool
has_gap(const struct jetstream *j)
{
	size_t i = 0;

	while (i < j->n && j->flight[i].is_acked)
		i++;
	return i < j->n_acked;
}

/* Holding the lock. As long as acknowledgements come it waits for more. */
static enum sink_status
wait_for_acks(struct jetstream *j, char why[SINK_WHY])
{
	int64_t progress = clock_ms();
	size_t acked = j->n_acked;

	while (j->n_acked < j->n) {
		if (j->has_failed) {
			complain(why, j->failure, NULL);
			return SINK_AWAY;
		}
		if (natsConnection_IsClosed(j->nc)) {
			complain(why, "the connection is lost", NULL);
			return SINK_AWAY;
		}
		if (clock_ms() - progress > (int64_t)j->patience * 1000) {
			complain(why, "the stream does not acknowledge", NULL);
			return SINK_AWAY;
		}
		wait_a_little(j);
		if (j->n_acked != acked)
			progress = clock_ms();
		acked = j->n_acked;
	}
	return SINK_OK;
}

enum sink_status
jetstream_flush(struct jetstream *j, int64_t *taken, char why[SINK_WHY])
{
	enum sink_status status;

	pthread_mutex_lock(&j->lock);
	status = wait_for_acks(j, why);
	if (status != SINK_OK) {
		*taken = last_taken(j);
		/* a lost connection alone leaves the order as it was */
		if (has_gap(j) || !natsConnection_IsClosed(j->nc))
			j->disorders++;
	}
	j->n = j->n_acked = 0;
	j->has_failed = false;
	pthread_mutex_unlock(&j->lock);
	return status;
}
