/* stream - a watch's answer as events.
 *
 * Events are framed by structure: any split, several at once, blank lines and
 * pretty-printed documents are all the same.
 */
#ifndef MS_STREAM_H
#define MS_STREAM_H

#include "intake.h"
#include "object.h"

enum stream_type {
	STREAM_ADDED,
	STREAM_MODIFIED,
	STREAM_DELETED,
	STREAM_BOOKMARK,
	STREAM_ERROR,
	STREAM_UNKNOWN
};

struct stream_event {
	enum stream_type type;
	struct span at[EVENT_SLOTS];
};

enum stream_result {
	STREAM_EVENT,
	STREAM_MORE, /* nothing whole is left */
	STREAM_TORN, /* all came, and the last event is not whole */
	STREAM_BAD
};

/* The next event. at[] is good until the next intake_put(). */
enum stream_result stream_next(struct intake *in, const struct scan_plan *plan,
    struct stream_event *event, struct scan_error *err);

/* Whether a bookmark ends the initial events of a streaming list. */
bool stream_is_mark(const struct stream_event *event);

#endif
