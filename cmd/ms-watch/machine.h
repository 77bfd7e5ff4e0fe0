/* machine - what one watch does next: state and input give state and action.
 *
 * No I/O, no clock, no randomness: who owns a machine sends the requests, waits
 * and adds the jitter. A watch takes a snapshot (a paged or a streaming list)
 * when it is given a turn, and then follows changes from the snapshot's
 * resourceVersion, as long as the server can still tell them.
 */
#ifndef MS_MACHINE_H
#define MS_MACHINE_H

#include <stdbool.h>

enum machine_state {
	MACHINE_QUEUED, /* until there is a turn to take a snapshot */
	MACHINE_LISTING, /* pages of a list come in */
	MACHINE_STREAMING, /* a streaming list comes in, up to its mark */
	MACHINE_WATCHING, /* changes come in */
	MACHINE_WAITING, /* for a time, then to do what .then says */
	MACHINE_OVER /* not watchable */
};

/* What can happen to a watch. The classes of failures are those of failure.h. */
enum machine_input {
	IN_NOTHING,
	IN_TURN, /* a snapshot may begin */
	IN_TIMER, /* the wait is over */
	IN_OPEN, /* the request is answered with 200, data follows */
	IN_PAGE, /* a page was complete, and there are more */
	IN_END, /* the snapshot is complete */
	IN_HEALTHY, /* the stream has run long enough to forget failures */
	IN_EOF, /* clean end of a stream that had lived */
	IN_SHORT, /* clean end of a stream that had not */
	IN_CUT, /* reset, GOAWAY, truncated */
	IN_EXPIRED, /* 410: our resourceVersion or continue token is too old */
	IN_TOO_LARGE, /* 504 with cause: our resourceVersion is ahead */
	IN_THROTTLED, /* 429 */
	IN_SERVER, /* 5xx, or unreachable */
	IN_AUTH, /* 401, twice */
	IN_DENIED, /* 403 */
	IN_MISSING, /* 404 */
	IN_METHOD, /* 405: not watchable after all */
	IN_ACCEPT, /* 406, 415: it has no metadata form */
	IN_BAD, /* 400, 422 */
	IN_UNSUPPORTED, /* no streaming lists here */
	IN_GARBLED, /* what came is not what was asked for */
	IN_REGRESSED, /* the server is behind our resourceVersion */
	IN_SERVED, /* discovery names it, and has changed */
	IN_RESYNC, /* somebody wants it listed again */
	IN_INPUTS
};

enum machine_then {
	THEN_QUEUE, /* a new snapshot */
	THEN_PAGE, /* the same page again */
	THEN_WATCH /* at the last resourceVersion */
};

enum machine_do {
	DO_NOTHING,
	DO_STREAM, /* ask for a streaming list */
	DO_LIST, /* ask for the first page */
	DO_PAGE, /* ask for the next page, or for the same one again */
	DO_WATCH, /* ask for changes */
	DO_WAIT, /* for about .delay milliseconds */
	DO_STOP
};

struct machine {
	enum machine_state state;
	enum machine_then then;
	bool begun; /* a snapshot's begin is written, its end not */
	bool synced; /* there has been a complete snapshot */
	bool is_denied;
	bool from_rv; /* the next snapshot: not older than the last */
	bool no_stream; /* streaming lists do not work here */
	bool no_pages; /* nor do pages, this time */
	bool no_metadata; /* only full objects to be had */
	unsigned char level; /* failures in a row: how long to wait */
	unsigned char denials, voids, page_tries, garbles;
	unsigned char renewals; /* snapshots as our version was of no use */
	bool on_first_page;
};

struct machine_action {
	enum machine_do what;
	unsigned delay; /* ms, before jitter */
	bool brief; /* jitter only: somewhere from 0 to delay */
	bool begin, end, abort; /* say so about the snapshot */
	bool denied; /* say so about the resource */
	bool discover; /* see whether the resource is still served */
};

/* All zero is a new machine, queued. */
struct machine_action machine_next(struct machine *m, enum machine_input in);

/* Whether it takes part in the limit of snapshots at once. */
bool machine_is_busy(const struct machine *m);

#endif
