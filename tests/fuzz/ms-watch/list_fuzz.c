/* list_fuzz - any bytes as a page of a list: what comes of it does not depend
 * on where the network splits it, and a page that is taken for whole is a JSON
 * object with nothing behind it. */
#include "snapshot.h"
#include "splits.h"

static struct scan_plan plan;
static struct snapshot snapshot;
static enum snapshot_result result;

static void
begin(void)
{
	snapshot = (struct snapshot){0};
	result = SNAPSHOT_MORE;
}

static bool
take(struct intake *in, struct json *log)
{
	struct span item, at[OBJECT_SLOTS];
	struct scan_error err;

	while ((result = snapshot_next(&snapshot, in, &plan, &item, at,
		    &err)) == SNAPSHOT_ONE) {
		json_span(log, item);
		json_span(log, at[OBJECT_NAME]);
		json_puts(log, "\n");
	}
	return result == SNAPSHOT_MORE;
}

static void
end(struct json *log)
{
	if (result == SNAPSHOT_DONE) {
		json_puts(log, snapshot.rv);
		json_puts(log, snapshot.next ? snapshot.next : "");
	}
	json_puts(log, result == SNAPSHOT_DONE ? "done" : "bad");
	snapshot_release(&snapshot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct reader reader = {begin, take, end};
	const char *p = (const char *)data;
	struct scan_error err;

	if (!plan.n_nodes)
		object_plan_item(&plan);
	if (size == 0)
		return 0;
	play_splits(&reader, p, size);
	MUST(result != SNAPSHOT_DONE ||
	    scan_find(NULL, p, size, NULL, &err) == 0);
	return 0;
}
