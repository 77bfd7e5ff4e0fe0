#include "ingest.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "diag.h"
#include "ms.h"
#include "record.h"
#include "rows.h"
#include "secrets.h"
#include "sync.h"

#define BATCH 512 /* records of a transaction */
#define BATCH_BYTES (2u << 20)
#define BURST 16 /* records that make one */
#define OPEN_MS 50 /* that a transaction may wait for more */

struct ingest {
	struct store *store;
	struct deliver *deliver;
	struct pulse *pulse;
	struct ingest_settings set;
	_Atomic bool is_stopped;

	struct records rs;
	int at_id; /* ms.id of a MARK */
	struct rows rows;
	struct sync_state *sync;
	struct secrets secrets;
	struct json ms;

	bool is_open; /* a transaction is */
	int64_t since; /* when it was begun */
	struct json kept; /* its records, to do it again */
	size_t n_kept;
};

static void
pause_second(void)
{
	struct timespec t = {1, 0};

	nanosleep(&t, NULL);
}

/* ---- records to rows ---- */

static bool
apply(struct ingest *in, const struct record *r)
{
	bool is_truncated = scan_type(r->at[AT_TRUNCATED]) == SCAN_TRUE;
	struct change c;

	if (r->type == RECORD_SYNC)
		return sync_take(in->sync, r);
	if (r->type == RECORD_AMEND) {
		struct identity id = r->id;

		if (!id.cluster.n && in->set.cluster)
			id.cluster = span_of(in->set.cluster);
		return rows_amend(&in->rows, &id, r->at[AT_MS]);
	}
	ms_change(r, in->set.cluster, &in->ms, &c);
	secrets_mask(&in->secrets, r, &c);
	if (r->type == RECORD_DELETED)
		return rows_delete(&in->rows, &c,
		    is_truncated ||
			scan_type(r->at[AT_SYNTHETIC]) == SCAN_TRUE);
	return rows_put(&in->rows, &c, is_truncated);
}

static void
begin(struct ingest *in)
{
	while (!store_begin(in->store))
		pause_second();
}

/* One line that was accepted before. */
static bool
apply_line(struct ingest *in, struct span line)
{
	struct scan_error err;
	struct record r;

	if (record_parse(&in->rs.plan, line, &r, &err) < 0)
		diag_die(EXIT_BUG, "a record was accepted once: %s", err.what);
	return apply(in, &r);
}

/* The disk failed in the middle: do all of the transaction again until it does
 * not. The turn is given up meanwhile, so that what is on disk is delivered. */
static void
apply_again(struct ingest *in)
{
	const char *p, *end, *newline;

again:
	pause_second();
	begin(in);
	end = in->kept.p + in->kept.len;
	for (p = in->kept.p; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (!apply_line(in, (struct span){p, (size_t)(newline - p)})) {
			store_rollback(in->store);
			goto again;
		}
	}
}

static void
commit(struct ingest *in)
{
	if (!in->is_open)
		return;
	while (!store_commit(in->store))
		apply_again(in);
	sync_committed(in->sync);
	in->is_open = false;
	in->n_kept = 0;
	if (in->kept.cap > 4 * BATCH_BYTES ||
	    (in->kept.cap > BATCH_BYTES && in->kept.len < BATCH_BYTES / 4))
		json_release(&in->kept); /* the burst is over */
	json_reset(&in->kept);
	pulse_committed(in->pulse, in->store->committed);
	deliver_wake(in->deliver);
}

static void
take_in(struct ingest *in, const struct record *r)
{
	if (!in->is_open) {
		begin(in);
		in->is_open = true;
		in->since = clock_ms();
	}
	json_span(&in->kept, r->line);
	json_raw(&in->kept, "\n", 1);
	in->n_kept++;
	if (!apply(in, r)) {
		store_rollback(in->store);
		apply_again(in);
	}
	if (in->n_kept == BATCH || in->kept.len >= BATCH_BYTES)
		commit(in);
}

/* ---- records of other kinds ---- */

/* Of some a transaction must hold nothing else, so that it can be done again
 * (sync.h). */
static void
take_sync(struct ingest *in, const struct record *r)
{
	bool is_alone = sync_is_alone(in->sync, r);

	if (is_alone)
		commit(in);
	take_in(in, r);
	if (is_alone)
		commit(in);
}

static void
take_mark(struct ingest *in, const struct record *r)
{
	char buf[256];
	struct span id = scan_text(r->at[in->at_id], buf, sizeof(buf));

	commit(in);
	deliver_mark(in->deliver, in->store->committed, id, r->line);
}

static void
take(struct ingest *in, const struct record *r)
{
	pulse_record(in->pulse, r);
	if (record_has_state(r) || r->type == RECORD_AMEND)
		take_in(in, r);
	else if (r->type == RECORD_SYNC)
		take_sync(in, r);
	else if (r->type == RECORD_MARK)
		take_mark(in, r);
	else if (r->type == RECORD_REQUEST)
		control_forward(in->set.control, r);
	else if (r->type == RECORD_CONFIG && in->set.gate)
		gate_config(in->set.gate, r->at[AT_OBJECT]);
}

/* ---- the thread ---- */

/* Whether stdin has more at once, or in a burst: soon. */
static bool
has_more(const struct ingest *in)
{
	struct pollfd p = {.fd = in->rs.io.in, .events = POLLIN};

	return poll(&p, 1, in->n_kept < BURST ? 0 : 1) > 0;
}

/* What may have to wait for more is put on disk first. */
static void
before_read(void *ingest)
{
	struct ingest *in = ingest;

	if (in->is_open && (!has_more(in) || clock_ms() > in->since + OPEN_MS))
		commit(in);
	pulse_input(in->pulse, &in->rs);
}

static void *
run(void *ingest)
{
	struct ingest *in = ingest;
	struct record r;
	uint64_t one = 1;

	while (!in->is_stopped && records_next(&in->rs, &r))
		take(in, &r);
	commit(in);
	records_release(&in->rs);
	if (write(in->set.ended, &one, sizeof(one)) < 0)
		diag_warn("unable to write to an eventfd: %m");
	return NULL;
}

struct ingest *
ingest_start(struct store *store, struct deliver *deliver,
    const struct ingest_settings *settings, struct pulse *pulse)
{
	struct ingest *in = diag_alloc(NULL, sizeof(*in));
	pthread_t thread;

	memset(in, 0, sizeof(*in));
	in->store = store;
	in->deliver = deliver;
	in->pulse = pulse;
	in->set = *settings;
	in->secrets.is_on = settings->redact;
	records_init(&in->rs, 0, -1, RECORD_MAX);
	in->at_id = scan_plan_add(&in->rs.plan, "ms.id");
	in->rs.io.before_read = before_read;
	in->rs.io.context = in;
	rows_init(&in->rows, store);
	in->sync = sync_new(&in->rows, settings->cluster);
	if (pthread_create(&thread, NULL, run, in) != 0)
		diag_die(EXIT_TEMPORARY, "unable to start a thread");
	pthread_detach(thread);
	return in;
}

void
ingest_stop(struct ingest *in)
{
	in->is_stopped = true;
}
