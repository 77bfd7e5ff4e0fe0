/* ingest - the thread that takes stdin into the snapshot.
 *
 * What has been read is on disk before it reads again and may sleep, so a
 * stage that is killed while it waits owes nothing; in a burst a transaction
 * takes a bounded number of records. It never waits for the broker. When the
 * disk is full it waits for room, and does the transaction again: nothing that
 * was read is lost, and the pipe fills up behind it.
 */
#ifndef MS_INGEST_H
#define MS_INGEST_H

#include "deliver.h"
#include "gate.h"
#include "pulse.h"
#include "store.h"

struct ingest;

struct ingest_settings {
	const char *cluster; /* for records that name none, or NULL */
	int control; /* a FIFO that REQUESTs are forwarded to, or -1 */
	int ended; /* an eventfd: readable when stdin has ended */
	bool redact; /* keep no values of Secrets */
	struct gate *gate; /* that a CONFIG is for, or NULL */
};

struct ingest *ingest_start(struct store *store, struct deliver *deliver,
    const struct ingest_settings *settings, struct pulse *pulse);

/* Read no more; what has been read is taken in. */
void ingest_stop(struct ingest *in);

#endif
