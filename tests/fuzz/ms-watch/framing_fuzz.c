/* framing_fuzz - any bytes as the answer to a watch: what comes of it does not
 * depend on where the network splits it. */
#include "splits.h"
#include "stream.h"

static struct scan_plan plan;
static enum stream_result result;

static void
put(struct json *log, const struct stream_event *event)
{
	json_raw(log, "TYPE ", 5);
	log->p[log->len - 1] = (char)('0' + event->type);
	for (int i = 0; i < EVENT_SLOTS; i++) {
		json_span(log, event->at[i]);
		json_puts(log, "|");
	}
	json_puts(log, stream_is_mark(event) ? "mark\n" : "\n");
}

static void
begin(void)
{
	result = STREAM_MORE;
}

static bool
take(struct intake *in, struct json *log)
{
	struct stream_event event;
	struct scan_error err;

	while ((result = stream_next(in, &plan, &event, &err)) == STREAM_EVENT)
		put(log, &event);
	intake_shrink(in);
	return result == STREAM_MORE;
}

static void
end(struct json *log)
{
	json_puts(log,
	    result == STREAM_BAD      ? "bad" :
		result == STREAM_TORN ? "torn" :
					"");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct reader reader = {begin, take, end};

	if (!plan.n_nodes)
		object_plan_event(&plan);
	if (size > 0)
		play_splits(&reader, (const char *)data, size);
	return 0;
}
