/* outbox - what the snapshot owes to the consumer, and how far it has got.
 *
 * Three numbers, all of changes, each at most the one before it:
 *
 *   attempted  may have been seen by the sink (store.h): what was made later
 *              can vanish without a trace
 *   sent       handed to the sink, on the connection that it has now
 *   confirmed  taken by the consumer, whatever happens
 *
 * What is sent and not confirmed is in flight; when the connection is lost, it
 * is sent again from the confirmed number on. A row that was told as ADDED on
 * this connection is told as MODIFIED next, as the sink keeps the order.
 *
 * Not every row is said: one whose message equals the last one sent is passed
 * over, one that cannot be said now is held, and neither holds up the others.
 *
 * The deliver thread's.
 */
#ifndef MS_OUTBOX_H
#define MS_OUTBOX_H

#include "format.h"
#include "ration.h"
#include "sink.h"
#include "store.h"

#define OUTBOX_FLIGHT 1024 /* rows */
#define OUTBOX_FLIGHT_BYTES (4u << 20)
#define OUTBOX_READ 64 /* rows that are read at once */

/* Why a row is held, beside the size of its message: an address of it is being
 * dialled. */
#define OUTBOX_DIAL (-1)

struct outbox_item {
	int64_t id, change;
	int64_t held; /* why; 0: it is not */
	uint64_t hash; /* of the message */
	enum record_type type; /* ADDED: the consumer may not know of it */
	size_t n_bytes; /* of the message; 0: nothing is said */
	bool is_equal; /* to what was said last */
	bool was_held; /* before it could be told at all */
};

struct outbox {
	struct store *store;
	struct format *format;
	int64_t sent;
	struct outbox_item flight[OUTBOX_FLIGHT];
	size_t n; /* in flight */
	size_t n_bytes;
	uint64_t *said; /* by row id: the last message's hash, 0: unknown */
	size_t n_said;
	struct ration oversized;

	/* what is being read */
	struct json bytes;
	struct {
		size_t at, n;
	} message[OUTBOX_READ];
};

enum outbox_status {
	OUTBOX_NONE, /* nothing more is owed, or as much as can be in flight */
	OUTBOX_SOME, /* there may be more */
	OUTBOX_SINK, /* the sink took no more; its flush says why */
	OUTBOX_DISK /* could not be read, try again later */
};

void outbox_init(struct outbox *o, struct store *store, struct format *format);

/* Put the next rows into the sink. */
enum outbox_status outbox_send(struct outbox *o, struct sink *sink);

/* Whether no more fits until some is confirmed. */
bool outbox_is_full(const struct outbox *o);

/* The consumer has all that is in flight up to the change number taken: write
 * that down. False: the disk could not be written, try again later. */
bool outbox_confirm(struct outbox *o, int64_t taken);

/* The connection is lost: nothing is in flight, begin after the confirmed. */
void outbox_lost(struct outbox *o);

/* Rows held for a reason from low to high are owed again, after all others.
 * False: the disk could not be written, and some still are held. */
bool outbox_release(struct outbox *o, int64_t low, int64_t high);

/* How many rows are held for this reason. */
int64_t outbox_held(struct outbox *o, int64_t reason);

#endif
