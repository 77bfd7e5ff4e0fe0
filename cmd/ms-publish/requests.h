/* requests - what Meshery Server asks for over the broker.
 *
 *   resync-discovery  every object is published again, as ADDED
 *   informer-store    the snapshot, in messages of at most five objects
 *   meshsync-meta     our version
 *   active-exec       the list of terminal sessions, from now on for ever:
 *                     there are none
 *   exec-request      a terminal session: answered as one that cannot begin
 *   log-stream        a log: upstream says nothing when it cannot be opened
 *
 * Answers come from the snapshot, the API server is not asked. What is not
 * understood is not answered, as upstream does.
 */
#ifndef MS_REQUESTS_H
#define MS_REQUESTS_H

#include "format.h"
#include "sink.h"
#include "store.h"

#define REQUESTS_SUBJECT "meshery.meshsync.request"
#define REQUESTS_GROUP "meshsync-request-stream"

struct requests;

/* settle: seconds for which a resync is put off with each request for one; the
 * list of sessions is told every second time that long, but not more often than
 * each second. dial: seconds that a
 * dump waits for the addresses of Services. */
struct requests *requests_new(unsigned settle, unsigned dial);

/* A message on REQUESTS_SUBJECT; from any thread. */
void requests_take(struct requests *q, struct span payload);

/* Publish everything again, as a request for it would. */
void requests_resync(struct requests *q);

/* In how many ms something has to be done; -1: nothing is. */
int requests_due(struct requests *q);

/* Do what is due. The deliver thread's: store's reader, format and sink are
 * used. False: the sink has to be flushed, and tells why it failed. */
bool requests_answer(struct requests *q, struct store *s, struct format *f,
    struct sink *sink);

#endif
