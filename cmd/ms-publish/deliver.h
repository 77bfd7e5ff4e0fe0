/* deliver - the thread that brings what the snapshot owes to a sink.
 *
 * It reads rows above the confirmed number in order, sends them in batches,
 * and confirms a batch once the sink has taken it. It never waits for stdin;
 * when the sink is away it tries again for ever. All functions but
 * deliver_new() may be called from any thread.
 */
#ifndef MS_DELIVER_H
#define MS_DELIVER_H

#include "format.h"
#include "pulse.h"
#include "requests.h"
#include "sink.h"
#include "store.h"

struct deliver;

/* Taken: store, format, sink and requests belong to the thread once it is
 * started, but for what their own rules allow others. pulse gets to know how
 * it goes. */
struct deliver *deliver_new(struct store *store, struct format *format,
    struct sink *sink, struct requests *requests, struct pulse *pulse);
void deliver_start(struct deliver *d);

/* There may be news: rows, or a lost connection. */
void deliver_wake(void *deliver);
/* A dial has been answered, which some message may wait for. */
void deliver_answered(void *deliver);

/* Publish line on meshsync.check.<id> once all changes so far are confirmed. */
void deliver_mark(struct deliver *d, int64_t change, struct span id,
    struct span line);

/* No more will come: the thread ends once everything is confirmed. Waits for
 * that for at most so many seconds, or until stop_fd is readable. Whether
 * all was confirmed. */
bool deliver_drain(struct deliver *d, unsigned seconds, int stop_fd);

#endif
