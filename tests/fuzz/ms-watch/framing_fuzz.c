/* framing_fuzz - any bytes as the answer to a watch: what comes of it does not
 * depend on where the network splits it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_SPLITS 64 /* at each byte, if there are no more */

static struct scan_plan plan;

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

static enum stream_result
take_all(struct intake *in, struct json *log)
{
	struct stream_event event;
	struct scan_error err;
	enum stream_result r;

	while ((r = stream_next(in, &plan, &event, &err)) == STREAM_EVENT)
		put(log, &event);
	return r;
}

/* The answer in pieces of this size, the first of another. */
static void
play(const char *p, size_t n, size_t first, size_t step, struct json *log)
{
	struct intake in = {0};
	enum stream_result r = STREAM_MORE;

	json_reset(log);
	for (size_t at = 0; at < n && r == STREAM_MORE;) {
		size_t k = at ? step : first;

		if (k > n - at)
			k = n - at;
		intake_put(&in, p + at, k);
		at += k;
		r = take_all(&in, log);
		intake_shrink(&in);
	}
	if (r == STREAM_MORE) {
		intake_finish(&in);
		r = take_all(&in, log);
	}
	json_puts(log,
	    r == STREAM_BAD      ? "bad" :
		r == STREAM_TORN ? "torn" :
				   "");
	intake_release(&in);
}

static void
compare(const struct json *whole, const struct json *split)
{
	if (whole->len != split->len ||
	    (whole->len && memcmp(whole->p, split->p, whole->len) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	static struct json whole, split;
	size_t stride = size / MOST_SPLITS + 1;

	if (!plan.n_nodes)
		object_plan_event(&plan);
	if (size == 0)
		return 0;
	play(p, size, size, size, &whole);
	for (size_t i = 1; i < size; i += stride) {
		play(p, size, i, size, &split);
		compare(&whole, &split);
	}
	play(p, size, 1, 1, &split);
	compare(&whole, &split);
	return 0;
}
