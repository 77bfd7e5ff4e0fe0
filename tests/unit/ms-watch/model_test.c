/* A watch against a model of the server: the machine and the ledger are the
 * real ones, what they ask and tell is played and checked here.
 *
 * The server changes, compacts its history, is set back, and fails in every way
 * at any moment. What must hold: each snapshot has one begin and one end or
 * abort; nothing is told twice but in a complete snapshot; an object never goes
 * backwards; another object under the same name follows a deletion; and when
 * the server is left alone, what was told is what there is.
 *
 * model_test [SEED [STEPS]]
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger.h"
#include "machine.h"
#include "tap.h"

#define NAMES 7
#define PAGE 2
#define HISTORY 64
#define STEPS 1000000

struct object {
	unsigned uid, rv; /* uid 0: there is none */
};

struct change {
	int name;
	bool is_deletion;
	struct object object;
};

/* ---- the server ---- */

static struct object truth[NAMES];
static unsigned rv, uids, compacted;
static struct change history[HISTORY]; /* by rv, up to rv */

/* ---- the watch ---- */

static struct machine machine;
static struct ledger ledger;
static struct intern names;
static enum machine_do request; /* DO_NOTHING: none */
static bool is_open;
static struct object snapshot[NAMES];
static int order[NAMES];
static unsigned snapshot_rv, at, page_start, place;

/* ---- who reads what it tells ---- */

static struct object told[NAMES];
static unsigned last_rv[NAMES];
static bool told_now[NAMES], in_snapshot, is_complete;
static const char *fault;
static unsigned long seed, step_no;

static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % n;
}

static void
must(bool is_true, const char *what)
{
	if (!is_true && !fault)
		fault = what;
}

/* ---- what the ledger writes to ---- */

void
emit_begin(struct emit *e, const struct resource *r, const char *cause,
    bool complete, const struct scope *scope)
{
	(void)e, (void)r, (void)cause, (void)scope;
	must(!in_snapshot, "a begin within a snapshot");
	in_snapshot = true;
	is_complete = complete;
	memset(told_now, 0, sizeof(told_now));
}

void
emit_end(struct emit *e, const struct resource *r, const char *version,
    uint64_t n)
{
	(void)e, (void)r, (void)version, (void)n;
	must(in_snapshot, "an end without a begin");
	in_snapshot = false;
}

static unsigned
number(struct span s)
{
	unsigned value = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '"')
			value = value * 10 + (unsigned)(s.p[i] - '0');
	return value;
}

static void
tell_deleted(int name, unsigned uid)
{
	must(told[name].uid != 0, "a deletion of nothing");
	must(told[name].uid == uid, "a deletion of another object");
	told[name] = (struct object){0};
}

void
emit_object(struct emit *e, const char *type, const struct resource *r,
    bool is_metadata, const struct span *where, struct span object)
{
	int name = (int)number(where[OBJECT_NAME]);
	struct object o = {number(where[OBJECT_UID]), number(where[OBJECT_RV])};

	(void)e, (void)r, (void)is_metadata, (void)object;
	must(o.rv >= last_rv[name], "an object goes backwards");
	last_rv[name] = o.rv;
	if (strcmp(type, "DELETED") == 0) {
		tell_deleted(name, o.uid);
		return;
	}
	if (told[name].uid == o.uid && told[name].rv == o.rv)
		must(in_snapshot && is_complete && !told_now[name],
		    "the same twice");
	else
		must(!told[name].uid || told[name].uid == o.uid,
		    "another object, and the old one not deleted");
	must((strcmp(type, "ADDED") == 0) ==
		(!told[name].uid || told[name].rv == o.rv),
	    "the wrong type");
	told[name] = o;
	told_now[name] = true;
}

void
emit_deleted(struct emit *e, const struct resource *r, bool is_metadata,
    const struct index_key *key)
{
	(void)e, (void)r, (void)is_metadata;
	tell_deleted((int)number(key->name), number(key->uid));
}

/* ---- changes ---- */

static void
note(int name, bool is_deletion, struct object o)
{
	history[rv % HISTORY] = (struct change){name, is_deletion, o};
	if (rv >= HISTORY && compacted < rv - HISTORY + 1)
		compacted = rv - HISTORY + 1;
}

static void
change(void)
{
	int name = (int)pick(NAMES);
	struct object *o = &truth[name];

	rv++;
	if (o->uid && pick(3) == 0) {
		struct object gone = {o->uid, rv};

		*o = (struct object){0};
		note(name, true, gone);
		return;
	}
	if (!o->uid)
		o->uid = ++uids;
	o->rv = rv;
	note(name, false, *o);
}

static void apply(struct machine_action a);

static void
input(enum machine_input in)
{
	if (in >= IN_EOF && in <= IN_GARBLED)
		request = DO_NOTHING;
	if (in == IN_OPEN)
		is_open = true;
	apply(machine_next(&machine, in));
}

/* The server goes back to what it was some time ago; a probe tells. */
static void
set_back(void)
{
	bool follows = machine.state == MACHINE_WATCHING;

	if (!follows || !request || !is_open || rv < 20)
		return;
	rv -= 10;
	compacted = rv;
	for (int i = 0; i < NAMES; i++) {
		last_rv[i] = 0;
		if (truth[i].rv > rv)
			truth[i] = pick(2) ? (struct object){0} :
					     (struct object){truth[i].uid, rv};
	}
	if (place > rv) {
		request = DO_NOTHING;
		input(IN_REGRESSED);
	}
}

/* ---- answers ---- */

static void
take_snapshot(void)
{
	memcpy(snapshot, truth, sizeof(truth));
	snapshot_rv = rv;
	at = page_start = 0;
	for (int i = 0; i < NAMES; i++)
		order[i] = i;
	for (int i = NAMES - 1; i > 0 && request == DO_STREAM; i--) {
		int j = (int)pick((unsigned)i + 1), one = order[i];

		order[i] = order[j];
		order[j] = one;
	}
}

static void
apply(struct machine_action a)
{
	char text[16];

	if (a.abort || a.denied) {
		must(!a.abort || in_snapshot, "an abort without a begin");
		in_snapshot = false;
	}
	if (a.begin)
		ledger_begin(&ledger, "test", !machine.synced);
	if (a.end) {
		snprintf(text, sizeof(text), "%u", place);
		ledger_end(&ledger, text);
	}
	if (a.what == DO_STOP)
		in_snapshot = false;
	if (a.what == DO_WAIT || a.what == DO_STOP)
		request = DO_NOTHING;
	if (a.what == DO_NOTHING || a.what == DO_WAIT || a.what == DO_STOP)
		return;
	request = a.what;
	is_open = false;
	/* Without a token, a page is the first of whatever there is now. */
	if (a.what == DO_LIST || a.what == DO_STREAM ||
	    (a.what == DO_PAGE && page_start == 0))
		take_snapshot();
	else if (a.what == DO_PAGE)
		at = page_start;
}

/* An object as it comes, with this version of it. */
static void
give(int name, struct object o, bool is_deletion, bool is_listed)
{
	struct span where[OBJECT_SLOTS] = {0};
	struct index_key key;
	char n[16], u[16], v[16], buf[OBJECT_TEXT];

	snprintf(n, sizeof(n), "\"%d\"", name);
	snprintf(u, sizeof(u), "\"%u\"", o.uid);
	snprintf(v, sizeof(v), "\"%u\"", o.rv);
	where[OBJECT_NAME] = span_of(n);
	where[OBJECT_UID] = span_of(u);
	where[OBJECT_RV] = span_of(v);
	if (is_deletion)
		ledger_deleted(&ledger, where, span_of("{}"), &key, buf);
	else
		ledger_present(&ledger, where, span_of("{}"), is_listed, &key,
		    buf);
}

/* The next object of a snapshot. False: there is none on this page. */
static bool
give_item(unsigned end)
{
	while (at < end) {
		int name = order[at++];

		if (!snapshot[name].uid)
			continue;
		give(name, snapshot[name], false, true);
		return true;
	}
	return false;
}

static void
go_on_list(void)
{
	unsigned end = machine.no_pages ? NAMES : page_start + PAGE;

	if (end > NAMES)
		end = NAMES;
	if (give_item(end))
		return;
	if (end < NAMES) {
		page_start = end;
		request = DO_NOTHING;
		input(IN_PAGE);
		return;
	}
	place = snapshot_rv;
	request = DO_NOTHING;
	input(IN_END);
}

static void
go_on_watch(void)
{
	struct change *c;

	if (place >= rv)
		return;
	c = &history[(place + 1) % HISTORY];
	place++;
	give(c->name, c->object, c->is_deletion, false);
}

static void
go_on_stream(void)
{
	if (machine.state == MACHINE_WATCHING) {
		if (place < compacted)
			input(IN_EXPIRED);
		else
			go_on_watch();
	} else if (!give_item(NAMES)) {
		place = snapshot_rv;
		apply(machine_next(&machine, IN_END));
	}
}

/* What an honest server does next. */
static void
go_on(void)
{
	bool is_watch = request == DO_WATCH;

	if (!is_open) {
		if (is_watch && place < compacted && pick(2))
			input(IN_EXPIRED);
		else if (request == DO_PAGE && page_start > 0 &&
		    snapshot_rv < compacted)
			input(IN_EXPIRED);
		else if (request != DO_PAGE && !is_watch && machine.from_rv &&
		    place > rv)
			input(IN_TOO_LARGE);
		else
			input(IN_OPEN);
	} else if (is_watch && place < compacted) {
		input(IN_EXPIRED);
	} else if (is_watch) {
		go_on_watch();
	} else if (request == DO_STREAM) {
		go_on_stream();
	} else {
		go_on_list();
	}
}

static void
fail(void)
{
	static const enum machine_input any[] = {IN_CUT, IN_CUT, IN_CUT, IN_EOF,
	    IN_SHORT, IN_EXPIRED, IN_TOO_LARGE, IN_THROTTLED, IN_SERVER,
	    IN_AUTH, IN_DENIED, IN_MISSING, IN_ACCEPT, IN_BAD, IN_UNSUPPORTED,
	    IN_GARBLED};

	input(any[pick(sizeof(any) / sizeof(*any))]);
}

static void
go(void)
{
	if (machine.state == MACHINE_QUEUED)
		input(IN_TURN);
	else if (machine.state == MACHINE_WAITING)
		input(IN_TIMER);
	else if (request)
		go_on();
	else
		must(false, "neither a request nor a wait");
}

static void
step(void)
{
	switch (pick(40)) {
	case 0:
	case 1:
		if (request)
			fail();
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		change();
		break;
	case 6:
		if (pick(20) == 0)
			compacted = rv;
		break;
	case 7:
		if (pick(100) == 0)
			set_back();
		break;
	case 8:
		input(pick(2) ? IN_HEALTHY : pick(9) ? IN_SERVED : IN_RESYNC);
		break;
	default:
		go();
		break;
	}
}

static void
check_world(void)
{
	for (int i = 0; i < 1000 && !fault; i++)
		go();
	must(machine.state == MACHINE_WATCHING && place == rv,
	    "it does not come to rest");
	for (int i = 0; i < NAMES; i++)
		must(told[i].uid == truth[i].uid && told[i].rv == truth[i].rv,
		    "what was told is not what there is");
}

/* Another process, and another reader, who know nothing. */
static void
begin_life(void)
{
	static char name[] = "x";
	static struct resource resource = {.name = name,
	    .id = name,
	    .users = 1};
	static const struct scope scope = {0};
	static struct tally tally;

	if (ledger.resource)
		ledger_free(&ledger);
	ledger_init(&ledger, NULL, &names, &tally, &resource, &scope);
	machine = (struct machine){0};
	request = DO_NOTHING;
	in_snapshot = false;
	memset(told, 0, sizeof(told));
	memset(last_rv, 0, sizeof(last_rv));
}

int
main(int argc, char **argv)
{
	unsigned long first =
	    argc > 1 ? strtoul(argv[1], NULL, 10) : (unsigned long)time(NULL);
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 10) : STEPS;
	unsigned rests = 0;

	seed = first;
	printf("# seed %lu\n", first);
	intern_init(&names);
	begin_life();
	rv = 100;
	compacted = 100;
	for (step_no = 0; step_no < steps && !fault; step_no++) {
		step();
		if (pick(500) == 0) {
			check_world();
			rests++;
			if (!fault && pick(4) == 0)
				begin_life();
		}
	}
	ok(!fault, "%lu steps and %u rests: nothing lost, doubled or made up",
	    steps, rests);
	if (fault)
		printf("# step %lu: %s\n", step_no, fault);
	ledger_free(&ledger);
	intern_free(&names);
	return tap_done();
}
