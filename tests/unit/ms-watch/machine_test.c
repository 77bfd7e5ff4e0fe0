/* The machine as a table: a walk is a list of inputs, each with what must
 * come of it. */
#include "machine.h"

#include <stdbool.h>

#include "tap.h"

enum { B = 1, E = 2, A = 4, D = 8, C = 16 };
/* begin, end, abort, denied, discover */

struct step {
	enum machine_input in;
	enum machine_state state;
	enum machine_do what;
	int says;
	unsigned delay; /* of DO_WAIT */
};

static int
says(struct machine_action a)
{
	return (a.begin ? B : 0) | (a.end ? E : 0) | (a.abort ? A : 0) |
	    (a.denied ? D : 0) | (a.discover ? C : 0);
}

static void
walk_from(struct machine m, const char *name, const struct step *s, int n)
{
	for (int i = 0; i < n; i++) {
		struct machine_action a = machine_next(&m, s[i].in);

		if (m.state != s[i].state || a.what != s[i].what ||
		    says(a) != s[i].says ||
		    (a.what == DO_WAIT && a.delay != s[i].delay)) {
			ok(0, "%s, step %d", name, i + 1);
			printf("# state %d, do %d, says %d, delay %u\n",
			    m.state, a.what, says(a), a.delay);
			return;
		}
	}
	ok(1, "%s", name);
}

#define WALK(m, name, ...) \
	do { \
		static const struct step steps[] = {__VA_ARGS__}; \
		walk_from(m, name, steps, sizeof(steps) / sizeof(*steps)); \
	} while (0)

static const struct machine fresh;
static const struct machine lister = {.no_stream = true};
static const struct machine watching = {.state = MACHINE_WATCHING,
    .synced = true,
    .from_rv = true};

#define TURN_STREAM \
	{ \
		IN_TURN, MACHINE_STREAMING, DO_STREAM, 0, 0 \
	}
#define TURN_LIST \
	{ \
		IN_TURN, MACHINE_LISTING, DO_LIST, 0, 0 \
	}
#define OPEN_STREAM \
	{ \
		IN_OPEN, MACHINE_STREAMING, DO_NOTHING, B, 0 \
	}
#define OPEN_LIST \
	{ \
		IN_OPEN, MACHINE_LISTING, DO_NOTHING, B, 0 \
	}
#define TO_QUEUE \
	{ \
		IN_TIMER, MACHINE_QUEUED, DO_NOTHING, 0, 0 \
	}
#define TO_WATCH \
	{ \
		IN_TIMER, MACHINE_WATCHING, DO_WATCH, 0, 0 \
	}

static void
test_snapshots(void)
{
	WALK(fresh, "a streaming list goes on as a watch", TURN_STREAM,
	    OPEN_STREAM, {IN_END, MACHINE_WATCHING, DO_NOTHING, E, 0});
	WALK(fresh, "each snapshot has a begin of its own", TURN_STREAM,
	    OPEN_STREAM, {IN_END, MACHINE_WATCHING, DO_NOTHING, E, 0},
	    {IN_EXPIRED, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_STREAM,
	    OPEN_STREAM, {IN_END, MACHINE_WATCHING, DO_NOTHING, E, 0});
	WALK(lister, "pages, then a watch", TURN_LIST, OPEN_LIST,
	    {IN_PAGE, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_OPEN, MACHINE_LISTING, DO_NOTHING, 0, 0},
	    {IN_END, MACHINE_WATCHING, DO_WATCH, E, 0},
	    {IN_OPEN, MACHINE_WATCHING, DO_NOTHING, 0, 0});
	WALK(fresh, "no streaming lists here: a list", TURN_STREAM,
	    {IN_UNSUPPORTED, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_LIST);
	WALK(fresh, "a stream silent before its mark: aborted, then a list",
	    TURN_STREAM, OPEN_STREAM,
	    {IN_UNSUPPORTED, MACHINE_QUEUED, DO_NOTHING, A, 0}, TURN_LIST);
	WALK(fresh, "two streams that end before their mark, then a list",
	    TURN_STREAM, OPEN_STREAM,
	    {IN_EOF, MACHINE_WAITING, DO_WAIT, A, 800}, TO_QUEUE, TURN_STREAM,
	    OPEN_STREAM, {IN_CUT, MACHINE_WAITING, DO_WAIT, A, 1600}, TO_QUEUE,
	    TURN_LIST);
	WALK(fresh, "a stream refused for load is no reason for a list",
	    TURN_STREAM, {IN_THROTTLED, MACHINE_WAITING, DO_WAIT, 0, 800},
	    TO_QUEUE, TURN_STREAM);
	WALK(fresh, "HTML instead of a stream: a list, later", TURN_STREAM,
	    OPEN_STREAM, {IN_GARBLED, MACHINE_WAITING, DO_WAIT, A, 800},
	    TO_QUEUE, TURN_LIST);
}

static void
test_pages(void)
{
	WALK(lister, "a page is tried again before the list is", TURN_LIST,
	    OPEN_LIST, {IN_PAGE, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_CUT, MACHINE_WAITING, DO_WAIT, 0, 800},
	    {IN_TIMER, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 1600},
	    {IN_TIMER, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_GARBLED, MACHINE_WAITING, DO_WAIT, 0, 3200},
	    {IN_TIMER, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_THROTTLED, MACHINE_WAITING, DO_WAIT, A, 6400}, TO_QUEUE,
	    TURN_LIST);
	WALK(lister, "an expired continue token: a new list at once", TURN_LIST,
	    OPEN_LIST, {IN_PAGE, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_EXPIRED, MACHINE_QUEUED, DO_NOTHING, A, 0}, TURN_LIST,
	    OPEN_LIST);
	WALK(lister, "an invalid continue token, too", TURN_LIST, OPEN_LIST,
	    {IN_PAGE, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_BAD, MACHINE_QUEUED, DO_NOTHING, A, 0}, TURN_LIST);
}

static struct machine
after(struct machine m, const enum machine_input *in, int n)
{
	while (n-- > 0)
		machine_next(&m, *in++);
	return m;
}

static void
test_versions(void)
{
	static const enum machine_input first[] = {IN_TURN, IN_OPEN, IN_PAGE,
	    IN_EXPIRED};
	static const enum machine_input too_large[] = {IN_EXPIRED, IN_TURN,
	    IN_TOO_LARGE};
	static const enum machine_input twice[] = {IN_EXPIRED, IN_TURN,
	    IN_EXPIRED};
	static const enum machine_input once[] = {IN_EXPIRED};
	struct machine m = after(lister, first, 4);

	ok(m.no_pages, "after an expired token the list has one page");
	m = after(watching, once, 1);
	ok(m.from_rv, "after 410 a snapshot that is not older");
	m = after(watching, twice, 3);
	ok(!m.from_rv, "after a second one the newest");
	m = after(watching, too_large, 3);
	ok(!m.from_rv, "a version ahead of the server's: the newest");
}

static void
test_watching(void)
{
	WALK(watching, "a clean end: again, soon",
	    {IN_EOF, MACHINE_WAITING, DO_WAIT, 0, 1000}, TO_WATCH,
	    {IN_EOF, MACHINE_WAITING, DO_WAIT, 0, 1000}, TO_WATCH);
	WALK(watching, "ends without having lived: ever later",
	    {IN_SHORT, MACHINE_WAITING, DO_WAIT, 0, 800}, TO_WATCH,
	    {IN_OPEN, MACHINE_WATCHING, DO_NOTHING, 0, 0},
	    {IN_SHORT, MACHINE_WAITING, DO_WAIT, 0, 1600}, TO_WATCH);
	WALK(watching, "cut off: soon, then later",
	    {IN_CUT, MACHINE_WAITING, DO_WAIT, 0, 1000}, TO_WATCH,
	    {IN_CUT, MACHINE_WAITING, DO_WAIT, 0, 1600}, TO_WATCH,
	    {IN_HEALTHY, MACHINE_WATCHING, DO_NOTHING, 0, 0},
	    {IN_CUT, MACHINE_WAITING, DO_WAIT, 0, 1000});
	WALK(watching, "errors of the server never lead to a list",
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 800}, TO_WATCH,
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 1600}, TO_WATCH,
	    {IN_THROTTLED, MACHINE_WAITING, DO_WAIT, 0, 3200}, TO_WATCH,
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 6400}, TO_WATCH,
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 12800}, TO_WATCH,
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 25600}, TO_WATCH,
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 30000}, TO_WATCH,
	    {IN_SERVER, MACHINE_WAITING, DO_WAIT, 0, 30000});
	WALK(watching, "expired: a snapshot at once, the third time later",
	    {IN_EXPIRED, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_STREAM,
	    {IN_EXPIRED, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_STREAM,
	    {IN_EXPIRED, MACHINE_WAITING, DO_WAIT, 0, 800}, TO_QUEUE);
	WALK(watching, "a version that cannot be read: a new snapshot",
	    {IN_BAD, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_STREAM,
	    {IN_BAD, MACHINE_WAITING, DO_WAIT, 0, 800});
	WALK(watching, "poison three times: a new snapshot",
	    {IN_GARBLED, MACHINE_WAITING, DO_WAIT, 0, 800}, TO_WATCH,
	    {IN_GARBLED, MACHINE_WAITING, DO_WAIT, 0, 1600}, TO_WATCH,
	    {IN_GARBLED, MACHINE_WAITING, DO_WAIT, 0, 3200}, TO_QUEUE);
}

static void
test_rights(void)
{
	WALK(watching, "401: later, at the same place",
	    {IN_AUTH, MACHINE_WAITING, DO_WAIT, 0, 800}, TO_WATCH,
	    {IN_AUTH, MACHINE_WAITING, DO_WAIT, 0, 1600}, TO_WATCH,
	    {IN_OPEN, MACHINE_WATCHING, DO_NOTHING, 0, 0});
	WALK(lister, "401 on a page: that page again", TURN_LIST,
	    {IN_AUTH, MACHINE_WAITING, DO_WAIT, 0, 800},
	    {IN_TIMER, MACHINE_LISTING, DO_PAGE, 0, 0}, OPEN_LIST);
	WALK(fresh, "403 parks, and is told once", TURN_STREAM,
	    {IN_DENIED, MACHINE_WAITING, DO_WAIT, D, 60000}, TO_QUEUE,
	    TURN_STREAM, {IN_DENIED, MACHINE_WAITING, DO_WAIT, 0, 120000},
	    TO_QUEUE, TURN_STREAM,
	    {IN_DENIED, MACHINE_WAITING, DO_WAIT, 0, 240000}, TO_QUEUE,
	    TURN_STREAM, {IN_DENIED, MACHINE_WAITING, DO_WAIT, 0, 480000},
	    TO_QUEUE, TURN_STREAM,
	    {IN_DENIED, MACHINE_WAITING, DO_WAIT, 0, 600000}, TO_QUEUE,
	    TURN_STREAM, OPEN_STREAM,
	    {IN_END, MACHINE_WATCHING, DO_NOTHING, E, 0});
	WALK(watching, "403 after a sync: it goes on where it was",
	    {IN_DENIED, MACHINE_WAITING, DO_WAIT, D, 60000}, TO_WATCH,
	    {IN_OPEN, MACHINE_WATCHING, DO_NOTHING, 0, 0});
	WALK(watching, "404: is it still served?",
	    {IN_MISSING, MACHINE_WAITING, DO_WAIT, C, 800}, TO_WATCH);
	WALK(lister, "405 on a page: the list is not left open", TURN_LIST,
	    OPEN_LIST, {IN_PAGE, MACHINE_LISTING, DO_PAGE, 0, 0},
	    {IN_METHOD, MACHINE_OVER, DO_STOP, A, 0});
	WALK(fresh, "no metadata form: the full one, once", TURN_STREAM,
	    {IN_ACCEPT, MACHINE_STREAMING, DO_STREAM, 0, 0},
	    {IN_ACCEPT, MACHINE_WAITING, DO_WAIT, 0, 800});
}

static void
test_other_servers(void)
{
	static const struct machine over = {.state = MACHINE_OVER};
	static const enum machine_input back[] = {IN_REGRESSED};
	static const enum machine_input served[] = {IN_SERVED};

	WALK(watching, "a server that was set back: a new snapshot",
	    {IN_REGRESSED, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_STREAM);
	ok(!after(watching, back, 1).from_rv, "of whatever version it has");
	WALK(watching, "405: no more", {IN_METHOD, MACHINE_OVER, DO_STOP, 0, 0},
	    {IN_TURN, MACHINE_OVER, DO_NOTHING, 0, 0});
	WALK(over, "but when what is served has changed",
	    {IN_SERVED, MACHINE_QUEUED, DO_NOTHING, 0, 0}, TURN_STREAM);
	ok(!after(lister, served, 1).no_stream,
	    "and streaming lists may work then");
	WALK(watching, "which is nothing to one that works",
	    {IN_SERVED, MACHINE_WATCHING, DO_NOTHING, 0, 0});
}

static void
test_resync(void)
{
	static const enum machine_input resync[] = {IN_RESYNC};

	WALK(watching,
	    "somebody wants a list: the watch ends, a snapshot begins",
	    {IN_RESYNC, MACHINE_QUEUED, DO_STOP, 0, 0}, TURN_STREAM);
	ok(!after(watching, resync, 1).from_rv, "of the newest version");
	ok(after(watching, resync, 1).synced, "and it is told as differences");
	WALK(fresh, "a list under way serves as well", TURN_STREAM,
	    {IN_RESYNC, MACHINE_STREAMING, DO_NOTHING, 0, 0});
	WALK(watching, "so does one that waits for its turn, or for a timer",
	    {IN_RESYNC, MACHINE_QUEUED, DO_STOP, 0, 0},
	    {IN_RESYNC, MACHINE_QUEUED, DO_NOTHING, 0, 0});
	WALK(watching, "a watch that waits need not",
	    {IN_CUT, MACHINE_WAITING, DO_WAIT, 0, 1000},
	    {IN_RESYNC, MACHINE_QUEUED, DO_STOP, 0, 0});
}

/* Whatever goes wrong with a watch, as soon as it begins and for ever: after a
 * few tries there is a wait before each, and longer ones. */
static void
test_no_haste(void)
{
	static const enum machine_input snapshot[] = {IN_TURN, IN_OPEN, IN_END,
	    IN_OPEN};

	for (int in = IN_SHORT; in <= IN_REGRESSED; in++) {
		struct machine m = fresh;
		unsigned at_once = 0, last = 0;

		for (int i = 0; i < 40 && m.state != MACHINE_OVER; i++) {
			struct machine_action a;

			for (int j = 0; j < 4; j++)
				if (m.state != MACHINE_WATCHING || j == 3)
					machine_next(&m, snapshot[j]);
			a = machine_next(&m, in);
			at_once += a.what != DO_WAIT;
			last = a.delay;
			machine_next(&m, IN_TIMER);
		}
		ok(m.state == MACHINE_OVER || (at_once <= 2 && last >= 30000),
		    "input %d again and again: %u times at once, then after "
		    "%u ms",
		    in, at_once, last);
	}
}

/* Whatever comes in whatever state: never a request without a turn, never two
 * things at once, and no way out of MACHINE_OVER but what is served anew. */
static void
test_every_pair(void)
{
	bool is_fine = true;

	for (int state = 0; state <= MACHINE_OVER; state++)
		for (int in = 0; in < IN_INPUTS; in++) {
			struct machine m = {.state = state, .begun = true};
			struct machine_action a = machine_next(&m, in);

			is_fine &= !(a.begin && (a.end || a.abort));
			is_fine &= state != MACHINE_OVER || in == IN_SERVED ||
			    (m.state == MACHINE_OVER && a.what == DO_NOTHING);
			is_fine &= state != MACHINE_QUEUED || in == IN_TURN ||
			    a.what == DO_NOTHING || a.what == DO_STOP;
			is_fine &= (m.state == MACHINE_WAITING) ==
			    (a.what == DO_WAIT ||
				(state == MACHINE_WAITING &&
				    a.what == DO_NOTHING &&
				    m.state == MACHINE_WAITING));
			if (!is_fine) {
				ok(0, "state %d, input %d", state, in);
				return;
			}
		}
	ok(1, "every input in every state keeps the invariants");
}

int
main(void)
{
	test_snapshots();
	test_pages();
	test_versions();
	test_watching();
	test_rights();
	test_other_servers();
	test_resync();
	test_no_haste();
	test_every_pair();
	return tap_done();
}
