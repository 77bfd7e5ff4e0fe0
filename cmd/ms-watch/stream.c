#include "stream.h"

static enum stream_type
type_of(struct span value)
{
	static const char *const name[] = {"ADDED", "MODIFIED", "DELETED",
	    "BOOKMARK", "ERROR"};
	int t = 0;

	while (t < STREAM_UNKNOWN && !scan_eq(value, name[t]))
		t++;
	return (enum stream_type)t;
}

static enum stream_result
bad(struct scan_error *err, const char *what)
{
	*err = (struct scan_error){what, 0};
	return STREAM_BAD;
}

enum stream_result
stream_next(struct intake *in, const struct scan_plan *plan,
    struct stream_event *event, struct scan_error *err)
{
	struct span doc;
	int first = intake_peek(in);

	if (first < 0)
		return STREAM_MORE;
	if (first != '{')
		return bad(err, "it is not a watch event");
	switch (intake_value(in, plan, event->at, &doc, err)) {
	case INTAKE_MORE:
		return STREAM_MORE;
	case INTAKE_BAD:
		/* Cut off in the midst of an event: it will be sent again. */
		return in->is_whole && err->at >= intake_size(in) ?
		    STREAM_TORN :
		    STREAM_BAD;
	case INTAKE_VALUE:
		break;
	}
	if (scan_type(event->at[EVENT_TYPE]) != SCAN_STRING ||
	    scan_type(event->at[EVENT_OBJECT]) != SCAN_OBJECT)
		return bad(err, "it is not a watch event");
	event->type = type_of(event->at[EVENT_TYPE]);
	return STREAM_EVENT;
}

bool
stream_is_mark(const struct stream_event *event)
{
	return event->type == STREAM_BOOKMARK &&
	    scan_eq(event->at[OBJECT_INITIAL_END], "true");
}
