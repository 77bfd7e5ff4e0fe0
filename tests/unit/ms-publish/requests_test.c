/* requests: when something is due, however the settling is set. */
#include "requests.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "tap.h"

static int sent;

static bool
count(struct sink *s, const char *subject, struct span message)
{
	(void)s;
	(void)subject;
	(void)message;
	sent++;
	return true;
}

static struct requests *
asked(unsigned settle, const char *entity)
{
	struct requests *q = requests_new(settle, 0);
	char text[128];

	snprintf(text, sizeof(text), "{\"Request\":{\"Entity\":\"%s\"}}",
	    entity);
	requests_take(q, span_of(text));
	return q;
}

/* Whether something is due, and not sooner than so many ms after begun, however
 * slow the machine is. */
static void
is_due(struct requests *q, int64_t begun, int ms, const char *what)
{
	int due = requests_due(q);

	ok(due >= 0 && due <= ms && clock_ms() + due >= begun + ms, "%s: %d",
	    what, due);
}

static void
test_list(void)
{
	struct sink sink = {.send = count};
	int64_t begun = clock_ms();
	struct requests *q = asked(0, "active-exec");

	is_due(q, begun, 1000, "the list is due in a second");
	ok(requests_answer(q, NULL, NULL, &sink) &&
		(sent == 0 || clock_ms() >= begun + 1000),
	    "not before");
	free(q);
	sent = 0;
	begun = clock_ms();
	q = asked(5, "active-exec");
	is_due(q, begun, 10000, "or after two settlings");
	free(q);
}

static void
test_version(void)
{
	struct sink sink = {.send = count};
	struct requests *q = asked(5, "meshsync-meta");

	ok(requests_due(q) == 0, "the version is due at once");
	ok(requests_answer(q, NULL, NULL, &sink) && sent == 1, "and told");
	ok(requests_due(q) < 0, "once");
	free(q);
	q = asked(5, "no-such-thing");
	ok(requests_due(q) < 0, "what nobody knows is never due");
	free(q);
}

/* A snapshot that cannot be written: asked again, but not without a pause. */
static void
test_failing(void)
{
	static const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
	struct sink sink = {.send = count};
	struct requests *q = asked(0, "resync-discovery");
	static struct store s;
	char path[] = "/tmp/requests-test-XXXXXX", name[64];
	int fd = mkstemp(path);
	int64_t begun;

	ok(fd >= 0 && requests_due(q) == 0, "a resync without settling");
	store_open(&s, path, false);
	sqlite3_exec(s.db, "PRAGMA query_only=1", NULL, NULL, NULL);
	diag_level(DIAG_FATAL);
	begun = clock_ms();
	requests_answer(q, &s, NULL, &sink);
	is_due(q, begun, 1000, "that fails is tried again");
	free(q);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffix[i]);
		remove(name);
	}
}

int
main(void)
{
	test_list();
	test_version();
	test_failing();
	return tap_done();
}
