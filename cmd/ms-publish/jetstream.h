/* jetstream - changes into a stream that keeps them, each acknowledged.
 *
 * Messages go out without waiting; a flush waits for what the stream has not
 * acknowledged yet. Each has the header Nats-Msg-Id: store id | change number,
 * by which the stream knows what comes twice, as long as its window for that
 * is. That is right as long as the stream has a beginning of what was sent and
 * nothing behind it. When it may have taken a message and lost one before it,
 * as a leader that dies does, the one must come again behind the other: then a
 * third number makes the ids new.
 *
 * The stream is made if there is none, in its limits; one that is there is
 * somebody's decision and is left alone. A server without JetStream is no
 * failure: the messages then go over core NATS.
 */
#ifndef MS_JETSTREAM_H
#define MS_JETSTREAM_H

#include <nats/nats.h>

#include "outbox.h"
#include "sink.h"

#define JETSTREAM_NAME "MESHSYNC_EVENTS"
#define JETSTREAM_REPLICAS 5 /* at most */
#define JETSTREAM_WINDOW OUTBOX_FLIGHT /* messages on their way, at most */

struct jetstream;

/* id: of the snapshot. subject: of changes. replicas: of a stream that we
 * make. patience: seconds that a silent stream is waited for. */
struct jetstream *jetstream_new(const char *id, const char *subject,
    unsigned replicas, unsigned patience);

/* How a connection has it: why says more, but for NOT_YET and ABSENT. */
enum jetstream_state {
	JETSTREAM_THERE,
	JETSTREAM_NOT_YET, /* but no stream of that name */
	JETSTREAM_ABSENT,
	JETSTREAM_WRONG
};
enum jetstream_state jetstream_ask(natsConnection *nc, const char *subject,
    char why[SINK_WHY]);

/* Use this connection from now on; *max falls if the stream takes less. Of
 * the status, SINK_OK also means that there is no JetStream, which has been
 * told; otherwise why says what is wrong. */
enum sink_status jetstream_open(struct jetstream *j, natsConnection *nc,
    size_t *max, char why[SINK_WHY]);
void jetstream_close(struct jetstream *j);

/* Whether the connection has it. */
bool jetstream_is_on(const struct jetstream *j);

/* Publish the message of a change; then wait until all are acknowledged. Not
 * SINK_OK: *taken is the last change of those without a gap before it. */
natsStatus jetstream_put(struct jetstream *j, int64_t change,
    struct span message);
enum sink_status jetstream_flush(struct jetstream *j, int64_t *taken,
    char why[SINK_WHY]);

#endif
