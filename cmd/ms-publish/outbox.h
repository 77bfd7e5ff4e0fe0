/* outbox - what the snapshot owes to the consumer, a batch at a time.
 *
 * A batch is the next rows above the confirmed number, put into words. Not
 * every row is said: one whose message equals the last confirmed is passed
 * over, one that cannot be said now is held, and neither holds up the others.
 * What is confirmed is one number, so a batch is confirmed from its beginning.
 *
 * The deliver thread's.
 */
#ifndef MS_OUTBOX_H
#define MS_OUTBOX_H

#include "format.h"
#include "store.h"

#define OUTBOX_BATCH 256 /* rows */

/* Why a row is held, beside the size of its message: an address of it is being
 * dialled. */
#define OUTBOX_DIAL (-1)

struct outbox_item {
	int64_t id, change;
	int64_t held; /* why; 0: it is not */
	bool is_deleted, is_equal;
	enum record_type type;
	size_t at, n; /* the message in bytes; n 0: nothing is said */
	char hash[16];
};

struct outbox {
	struct store *store;
	struct format *format;
	struct outbox_item item[OUTBOX_BATCH];
	size_t n;
	struct json bytes;
	int64_t confirmed; /* when the batch was read */
};

void outbox_init(struct outbox *o, struct store *store, struct format *format);

/* Read the next batch; o->n is 0 when nothing is owed. max: bytes that a
 * message may have. False: the disk could not be read, try again later. */
bool outbox_read(struct outbox *o, size_t max);

/* The message of an item. */
struct span outbox_message(const struct outbox *o, const struct outbox_item *i);

/* The consumer has all of the batch up to the change number taken: write that
 * down. False: the disk could not be written, try again later. */
bool outbox_confirm(struct outbox *o, int64_t taken);

/* Rows held for a reason from low to high are owed again, after all others. */
void outbox_release(struct outbox *o, int64_t low, int64_t high);

/* How many rows are held for this reason. */
int64_t outbox_held(struct outbox *o, int64_t reason);

#endif
