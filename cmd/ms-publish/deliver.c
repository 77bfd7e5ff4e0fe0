#include "deliver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "clock.h"
#include "diag.h"
#include "schema.h"

#define BATCH 256
#define BATCH_BYTES (1u << 20)
#define FIRST_WAIT 100 /* ms after the first failure, doubled then */
#define LAST_WAIT 5000
#define SETTLE 1000 /* ms before sending to one that had stalled */
#define WARN_EVERY 60 /* s */
#define MARKS 1024
#define HELD_DIAL (-1)
#define BORN_LATER INT64_MAX /* held before it could be told as ADDED */

struct item {
	int64_t id, change, held;
	bool is_deleted, is_equal;
	size_t at, n; /* the message in bytes */
	char hash[16];
};

struct mark {
	int64_t change;
	char *subject, *line;
	size_t n;
};

struct deliver {
	struct store *store;
	struct format *format;
	struct sink *sink;
	struct requests *requests;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_woken, is_draining;
	int ended; /* eventfd */
	struct mark mark[MARKS];
	size_t n_marks;
	bool is_answered; /* a dial was: held rows may go on */

	struct item item[BATCH];
	size_t n;
	struct json bytes;
	int64_t last; /* the highest change number in the batch */

	bool is_open, has_stalled;
	unsigned wait;
	time_t warned; /* 0: all is well */
	uint64_t oversized;
};

struct deliver *
deliver_new(struct store *store, struct format *format, struct sink *sink,
    struct requests *requests)
{
	struct deliver *d = diag_alloc(NULL, sizeof(*d));
	pthread_condattr_t attr;

	memset(d, 0, sizeof(*d));
	d->store = store;
	d->format = format;
	d->sink = sink;
	d->requests = requests;
	d->is_answered = true; /* of an earlier life, there will be none */
	d->ended = eventfd(0, EFD_CLOEXEC);
	if (d->ended < 0)
		diag_die(EXIT_TEMPORARY, "unable to create an eventfd: %m");
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->wake, &attr);
	return d;
}

/* ---- waiting ---- */

void
deliver_wake(void *deliver)
{
	struct deliver *d = deliver;

	pthread_mutex_lock(&d->lock);
	d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

void
deliver_answered(void *deliver)
{
	struct deliver *d = deliver;

	pthread_mutex_lock(&d->lock);
	d->is_answered = d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

/* Until there is news, or a request falls due. */
static void
wait_for_news(struct deliver *d)
{
	int due = requests_due(d->requests);
	int64_t at = clock_ms() + due;
	struct timespec until = {(time_t)(at / 1000),
	    (long)(at % 1000) * 1000000};
	int err = 0;

	pthread_mutex_lock(&d->lock);
	while (!d->is_woken && !err)
		err = due < 0 ?
		    pthread_cond_wait(&d->wake, &d->lock) :
		    pthread_cond_timedwait(&d->wake, &d->lock, &until);
	d->is_woken = false;
	pthread_mutex_unlock(&d->lock);
}

static void
pause_ms(unsigned ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* ---- the sink's ups and downs ---- */

static void
say_lost(struct deliver *d)
{
	time_t now = time(NULL);
	int64_t owed;

	if (d->warned && now - d->warned < WARN_EVERY)
		return;
	d->warned = now;
	owed = store_owed(d->store);
	diag_warn("broker %s: %s; %lld changes wait for it", d->sink->name,
	    d->sink->why, (long long)owed);
}

/* Only when it takes messages is it back: it may let us in and deny them. */
static void
say_back(struct deliver *d)
{
	if (d->warned)
		diag_warn("broker %s is back", d->sink->name);
	d->warned = 0;
	d->wait = FIRST_WAIT;
}

static void
lose(struct deliver *d, enum sink_status why)
{
	say_lost(d);
	d->sink->close(d->sink);
	d->is_open = false;
	/* a silent server may yet read what was sent to it: when it is back it
	 * has to have done so before newer states are sent */
	d->has_stalled |= why == SINK_STALLED;
}

/* Jitter, so that many clients do not come back in step. News makes no
 * difference here. */
static void
back_off(struct deliver *d)
{
	unsigned half = d->wait / 2;

	pause_ms(half + (unsigned)random() % (half + 1));
	d->wait = d->wait * 2 > LAST_WAIT ? LAST_WAIT : d->wait * 2;
}

/* Rows that are held go to the end of the queue again. */
static void
release(struct deliver *d, int64_t low, int64_t high)
{
	struct store *s = d->store;
	int64_t id[BATCH];
	size_t n;
	bool failed;

	do {
		if (!store_begin(s))
			return;
		sqlite3_bind_int64(s->st[S_HELD], 1, low);
		sqlite3_bind_int64(s->st[S_HELD], 2, high);
		for (n = 0; n < BATCH && store_row(s, S_HELD, &failed); n++)
			id[n] = sqlite3_column_int64(s->st[S_HELD], 0);
		store_done(s, S_HELD);
		failed = false;
		for (size_t i = 0; i < n && !failed; i++) {
			sqlite3_bind_int64(s->st[S_RENUMBER], 1, id[i]);
			sqlite3_bind_int64(s->st[S_RENUMBER], 2, ++s->change);
			failed = !store_run(s, S_RENUMBER);
		}
		if (failed)
			store_rollback(s);
		else
			store_commit(s);
	} while (n == BATCH && !failed);
}

static bool
open_sink(struct deliver *d)
{
	enum sink_status status = d->sink->open(d->sink);

	if (status != SINK_OK) {
		say_lost(d);
		back_off(d);
		return false;
	}
	if (d->has_stalled) {
		pause_ms(SETTLE);
		d->has_stalled = false;
	}
	if (!d->warned)
		diag_info("publishing to %s", d->sink->name);
	d->is_open = true;
	release(d, 1,
	    d->sink->max > INT64_MAX ? INT64_MAX : (int64_t)d->sink->max);
	return true;
}

/* ---- a batch ---- */

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
format_identity(struct deliver *d, struct change *c, struct span *message)
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
	is_done = format_change(d->format, c, message);
	json_release(&j);
	return is_done;
}

static void
hold_oversized(struct deliver *d, struct item *it, const struct change *c,
    size_t n)
{
	it->held = (int64_t)n;
	diag_warn("%.*s %.*s%s%.*s is not published: %zu bytes are more than "
		  "the broker's max_payload of %zu",
	    (int)c->id.kind.n, c->id.kind.p, (int)c->id.ns.n, c->id.ns.p,
	    c->id.ns.n ? "/" : "", (int)c->id.name.n, c->id.name.p, n,
	    d->sink->max);
	d->oversized++;
}

/* The row the reader stands on, as an item of the batch. */
static void
add_item(struct deliver *d, sqlite3_stmt *st, int64_t confirmed)
{
	struct item *it = &d->item[d->n++];
	struct span message, sent = store_column(st, C_SENT);
	struct change c;

	read_change(st, confirmed, &c);
	*it = (struct item){.id = sqlite3_column_int64(st, C_ID),
	    .change = sqlite3_column_int64(st, C_CHANGE),
	    .is_deleted = c.type == RECORD_DELETED};
	d->last = it->change;
	if (!format_change(d->format, &c, &message)) {
		it->held = HELD_DIAL;
		return;
	}
	if (message.n > d->sink->max && it->is_deleted)
		format_identity(d, &c, &message);
	if (message.n > d->sink->max) {
		hold_oversized(d, it, &c, message.n);
		return;
	}
	hash_message(d->format, &c, message, it->hash);
	it->is_equal = c.type == RECORD_MODIFIED && sent.n == 16 &&
	    memcmp(sent.p, it->hash, 16) == 0;
	if (it->is_equal)
		return;
	it->at = d->bytes.len;
	it->n = message.n;
	json_raw(&d->bytes, message.p, message.n);
}

/* Read what is owed, as much as makes a batch. */
static void
read_batch(struct deliver *d, int64_t confirmed)
{
	sqlite3_stmt *st = d->store->st_read;
	int code;

	if (d->bytes.cap > 8 * BATCH_BYTES)
		json_release(&d->bytes);
	json_reset(&d->bytes);
	d->n = 0;
	sqlite3_bind_int64(st, 1, confirmed);
	sqlite3_bind_int64(st, 2, store_attempt(d->store));
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		add_item(d, st, confirmed);
		if (d->n == BATCH || d->bytes.len >= BATCH_BYTES)
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		store_complain(d->store, d->store->reader);
		d->n = 0;
		pause_ms(1000);
		deliver_wake(d);
	}
	sqlite3_reset(st);
}

static bool
confirm_item(struct store *s, const struct item *it, int64_t confirmed)
{
	sqlite3_stmt *st;

	if (it->held) {
		st = s->st[S_HOLD];
		sqlite3_bind_int64(st, 1, it->id);
		sqlite3_bind_int64(st, 2, it->held);
		sqlite3_bind_int64(st, 3, it->change);
		sqlite3_bind_int64(st, 4, confirmed);
		sqlite3_bind_int64(st, 5, BORN_LATER);
		return store_run(s, S_HOLD);
	}
	if (it->is_deleted) {
		sqlite3_bind_int64(s->st[S_FORGET], 1, it->id);
		sqlite3_bind_int64(s->st[S_FORGET_BODY], 1, it->id);
		return store_run(s, S_FORGET) && store_run(s, S_FORGET_BODY);
	}
	if (it->is_equal)
		return true;
	st = s->st[S_SENT];
	sqlite3_bind_int64(st, 1, it->id);
	sqlite3_bind_blob(st, 2, it->hash, 16, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, it->change);
	sqlite3_bind_int64(st, 4, BORN_LATER);
	return store_run(s, S_SENT);
}

static bool
try_confirm(struct deliver *d, int64_t confirmed)
{
	struct store *s = d->store;

	if (!store_begin(s))
		return false;
	sqlite3_bind_int64(s->st[S_CONFIRM], 1, d->last);
	for (size_t i = 0; i < d->n; i++)
		if (!confirm_item(s, &d->item[i], confirmed)) {
			store_rollback(s);
			return false;
		}
	if (!store_run(s, S_CONFIRM)) {
		store_rollback(s);
		return false;
	}
	if (!store_commit(s))
		return false;
	s->confirmed = d->last;
	return true;
}

/* One batch: 1 when there was one, 0 when nothing is owed, -1 when the sink
 * was lost. */
static int
deliver_batch(struct deliver *d)
{
	int64_t confirmed = d->store->confirmed;
	enum sink_status status = SINK_OK;
	bool is_sent = false;

	read_batch(d, confirmed);
	if (!d->n)
		return 0;
	for (size_t i = 0; i < d->n; i++) {
		struct item *it = &d->item[i];

		if (!it->n)
			continue;
		is_sent = true;
		if (!d->sink->send(d->sink, NULL,
			(struct span){d->bytes.p + it->at, it->n}))
			break;
	}
	if (is_sent)
		status = d->sink->flush(d->sink);
	if (status != SINK_OK) {
		lose(d, status);
		return -1;
	}
	while (!try_confirm(d, confirmed))
		pause_ms(1000);
	return 1;
}

/* ---- marks ---- */

/* Subjects are made of tokens; an id that is none cannot be told. */
static bool
is_token(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] <= ' ' || id.p[i] == 0x7f ||
		    strchr(".*>", id.p[i]))
			return false;
	return id.n > 0;
}

void
deliver_mark(struct deliver *d, int64_t change, struct span id,
    struct span line)
{
	struct mark m = {.change = change, .n = line.n};
	char subject[256];

	if (!is_token(id) ||
	    snprintf(subject, sizeof(subject), "meshsync.check.%.*s", (int)id.n,
		id.p) >= (int)sizeof(subject)) {
		diag_warn("a mark without a usable id is dropped");
		return;
	}
	pthread_mutex_lock(&d->lock);
	if (d->n_marks == MARKS) {
		diag_warn("too many marks wait; one is dropped");
	} else {
		m.subject = diag_strndup(subject, strlen(subject));
		m.line = diag_strndup(line.p, line.n);
		d->mark[d->n_marks++] = m;
	}
	d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

/* The first mark, if all before it is confirmed. */
static bool
next_mark(struct deliver *d, struct mark *m)
{
	bool is_due;

	pthread_mutex_lock(&d->lock);
	is_due = d->n_marks && d->mark[0].change <= d->store->confirmed;
	if (is_due)
		*m = d->mark[0];
	pthread_mutex_unlock(&d->lock);
	return is_due;
}

static void
drop_mark(struct deliver *d)
{
	pthread_mutex_lock(&d->lock);
	free(d->mark[0].subject);
	free(d->mark[0].line);
	d->n_marks--;
	memmove(d->mark, d->mark + 1, d->n_marks * sizeof(*d->mark));
	pthread_mutex_unlock(&d->lock);
}

/* False: the sink was lost meanwhile. */
static bool
send_marks(struct deliver *d)
{
	enum sink_status status;
	struct mark m;

	while (next_mark(d, &m)) {
		d->sink->send(d->sink, m.subject, (struct span){m.line, m.n});
		status = d->sink->flush(d->sink);
		if (status == SINK_AWAY || status == SINK_STALLED) {
			lose(d, status);
			return false;
		}
		/* refused: the subject is not ours to publish on; what counts
		 * is the core subject */
		drop_mark(d);
		if (status == SINK_REFUSED) {
			diag_warn("a mark is dropped: %s", d->sink->why);
			d->sink->close(d->sink);
			d->is_open = false;
			return false;
		}
	}
	return true;
}

/* Answer what is asked; true if that may have made something owed. */
static bool
answer(struct deliver *d)
{
	enum sink_status status;

	if (requests_due(d->requests) != 0)
		return false;
	requests_answer(d->requests, d->store, d->format, d->sink);
	status = d->sink->flush(d->sink);
	if (status != SINK_OK)
		lose(d, status);
	return true;
}

/* ---- the thread ---- */

static bool
has_ended(struct deliver *d)
{
	bool is_draining;

	pthread_mutex_lock(&d->lock);
	is_draining = d->is_draining && d->n_marks == 0;
	pthread_mutex_unlock(&d->lock);
	if (!is_draining || d->store->confirmed < d->store->committed)
		return false;
	return store_held(d->store, HELD_DIAL) == 0;
}

static bool
take_answered(struct deliver *d)
{
	bool is_answered;

	pthread_mutex_lock(&d->lock);
	is_answered = d->is_answered;
	d->is_answered = false;
	pthread_mutex_unlock(&d->lock);
	return is_answered;
}

static void *
run(void *deliver)
{
	struct deliver *d = deliver;
	uint64_t one = 1;
	int n;

	d->wait = FIRST_WAIT;
	for (;;) {
		if (d->is_open && !d->sink->is_up(d->sink)) {
			snprintf(d->sink->why, SINK_WHY, "connection lost");
			lose(d, SINK_AWAY);
		}
		if (!d->is_open && !open_sink(d))
			continue;
		if (take_answered(d))
			release(d, HELD_DIAL, HELD_DIAL);
		if ((n = deliver_batch(d)) < 0) {
			back_off(d);
			continue;
		}
		say_back(d);
		if (n > 0 || !send_marks(d) || answer(d))
			continue;
		if (has_ended(d))
			break;
		wait_for_news(d);
	}
	d->sink->close(d->sink);
	if (write(d->ended, &one, sizeof(one)) < 0)
		diag_warn("unable to write to an eventfd: %m");
	return NULL;
}

void
deliver_start(struct deliver *d)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, d) != 0)
		diag_die(EXIT_TEMPORARY, "unable to start a thread");
	pthread_detach(thread);
}

bool
deliver_drain(struct deliver *d, unsigned seconds, int stop_fd)
{
	struct pollfd p[2] = {{.fd = d->ended, .events = POLLIN},
	    {.fd = stop_fd, .events = POLLIN}};
	int64_t deadline = clock_ms() + (int64_t)seconds * 1000, left;

	pthread_mutex_lock(&d->lock);
	d->is_draining = d->is_woken = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	do {
		left = deadline - clock_ms();
		if (left > 0 && poll(p, 2, (int)left) < 0 && errno != EINTR)
			break;
	} while (left > 0 && !p[0].revents && !p[1].revents);
	return p[0].revents != 0;
}
