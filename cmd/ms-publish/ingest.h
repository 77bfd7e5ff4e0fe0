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
#include "pulse.h"
#include "store.h"

struct ingest;

/* cluster: for records that name none, or NULL. control: a FIFO that REQUESTs
 * are forwarded to, or -1. ended becomes readable when stdin has ended. pulse gets
 * to know what comes. */
struct ingest *ingest_start(struct store *store, struct deliver *deliver,
    const char *cluster, int control, int ended, struct pulse *pulse);

/* Read no more; what has been read is taken in. */
void ingest_stop(struct ingest *in);

#endif
