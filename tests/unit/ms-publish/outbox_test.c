/* outbox: what is held is owed again, also when the disk fails at that moment. */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "rows.h"
#include "storefile.h"
#include "tap.h"

static struct store store;
static struct rows rows;
static struct outbox outbox;
static enum service_answer answer;
static int taken;

static enum service_answer
dial(void *context, const char *host, int port)
{
	(void)context;
	(void)host;
	(void)port;
	return answer;
}

static bool
take(struct sink *s, int64_t change, struct span message)
{
	(void)s;
	(void)change;
	taken += message.n > 0;
	return true;
}

static void
put_service(int i)
{
	static const char object[] =
	    "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{},"
	    "\"spec\":{\"clusterIP\":\"10.0.0.1\",\"ports\":[{\"port\":80}]},"
	    "\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"1.2.3.4\"}]}}"
	    "}";
	char name[16];
	struct change c = {.type = RECORD_ADDED,
	    .id = {.kind = span_of("Service"), .name = {name, 0}},
	    .object = span_of(object)};

	c.id.name.n = (size_t)snprintf(name, sizeof(name), "s%d", i);
	rows_put(&rows, &c, false);
}

static void
send_all(struct sink *sink)
{
	while (outbox_send(&outbox, sink) == OUTBOX_SOME)
		;
	ok(outbox_confirm(&outbox, INT64_MAX), "all is confirmed");
}

int
main(void)
{
	struct format format = {.meshery = {.dial = dial}};
	struct sink sink = {.put = take, .max = 1 << 20};
	int n = 2 * OUTBOX_READ;

	store_open(&store, NULL, false);
	rows_init(&rows, &store);
	outbox_init(&outbox, &store, &format);
	store_begin(&store);
	for (int i = 0; i < n; i++)
		put_service(i);
	ok(store_commit(&store), "%d Services", n);
	answer = SERVICE_WAIT;
	send_all(&sink);
	ok(taken == 0 && outbox_held(&outbox, OUTBOX_DIAL) == n,
	    "wait for their addresses");
	diag_level(DIAG_FATAL);
	sqlite3_exec(store.db, "PRAGMA query_only=1", NULL, NULL, NULL);
	ok(!outbox_release(&outbox, OUTBOX_DIAL, OUTBOX_DIAL) &&
		outbox_held(&outbox, OUTBOX_DIAL) == n,
	    "what the disk does not take is not passed for done");
	sqlite3_exec(store.db, "PRAGMA query_only=0", NULL, NULL, NULL);
	ok(outbox_release(&outbox, OUTBOX_DIAL, OUTBOX_DIAL) &&
		outbox_held(&outbox, OUTBOX_DIAL) == 0 &&
		store_owed(&store) == n,
	    "then all are owed");
	answer = SERVICE_YES;
	send_all(&sink);
	ok(taken == n && store_owed(&store) == 0, "and told: %d", taken);
	format_release(&format);
	storefile_remove_temporary();
	return tap_done();
}
