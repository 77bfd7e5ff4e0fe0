/* failure - what went wrong with a request, as an input of the machine.
 *
 * One classifier for all that a server, or what stands before it, can answer:
 * HTTP statuses, Status objects with 200, ERROR events within a stream.
 */
#ifndef MS_FAILURE_H
#define MS_FAILURE_H

#include <stdbool.h>

#include "machine.h"
#include "scan.h"

struct failure {
	enum machine_input class;
	unsigned retry_after; /* ms that the server asks for; 0: none */
	bool is_by_flow_control; /* it concerns all requests of this level */
	char why[512]; /* for people */
};

/* An answer with this status and body (a Status object, or anything). was
 * streaming: whether a streaming list had been asked for. retry_after is the
 * header's text or NULL. */
void failure_of_answer(struct failure *f, long status, struct span body,
    const char *retry_after, bool was_streaming);
/* The Status object of an ERROR event, or one that came with 200. */
void failure_of_status(struct failure *f, struct span object,
    bool was_streaming);
void failure_set(struct failure *f, enum machine_input class, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

#endif
