/* list_fuzz - any bytes as a page of a list: what comes of it does not depend
 * on where the network splits it, and a page that is taken for whole is a JSON
 * object with nothing behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_SPLITS 64

static struct scan_plan plan;

static enum snapshot_result
take_all(struct snapshot *s, struct intake *in, struct json *log)
{
	struct span item, at[OBJECT_SLOTS];
	struct scan_error err;
	enum snapshot_result r;

	while ((r = snapshot_next(s, in, &plan, &item, at, &err)) ==
	    SNAPSHOT_ONE) {
		json_span(log, item);
		json_span(log, at[OBJECT_NAME]);
		json_puts(log, "\n");
	}
	return r;
}

static enum snapshot_result
play(const char *p, size_t n, size_t first, size_t step, struct json *log)
{
	struct intake in = {0};
	struct snapshot s = {0};
	enum snapshot_result r = SNAPSHOT_MORE;

	json_reset(log);
	for (size_t at = 0; at < n && r == SNAPSHOT_MORE;) {
		size_t k = at ? step : first;

		if (k > n - at)
			k = n - at;
		intake_put(&in, p + at, k);
		at += k;
		r = take_all(&s, &in, log);
	}
	if (r == SNAPSHOT_MORE) {
		intake_finish(&in);
		r = take_all(&s, &in, log);
	}
	if (r == SNAPSHOT_DONE) {
		json_puts(log, s.rv);
		json_puts(log, s.next ? s.next : "");
	}
	json_puts(log, r == SNAPSHOT_DONE ? "done" : "bad");
	snapshot_release(&s);
	intake_release(&in);
	return r;
}

static void
compare(const struct json *whole, const struct json *split)
{
	if (whole->len != split->len ||
	    memcmp(whole->p, split->p, whole->len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	static struct json whole, split;
	size_t stride = size / MOST_SPLITS + 1;
	struct scan_error err;

	if (!plan.n_nodes)
		object_plan_item(&plan);
	if (size == 0)
		return 0;
	if (play(p, size, size, size, &whole) == SNAPSHOT_DONE &&
	    scan_find(NULL, p, size, NULL, &err) < 0)
		abort();
	for (size_t i = 1; i < size; i += stride) {
		play(p, size, i, size, &split);
		compare(&whole, &split);
	}
	play(p, size, 1, 1, &split);
	compare(&whole, &split);
	return 0;
}
