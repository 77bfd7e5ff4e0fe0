/* Whatever the order in which owners and owned arrive, change and go, what was
 * told last about each object is what its marks and its owners' say. */
#include <stdlib.h>
#include <string.h>

#include "family.h"
#include "tap.h"

#define OBJECTS 40
#define STEPS 400
#define RUNS 300

/* The model: what the test knows about each object. */
static struct object {
	bool is_here;
	int owner; /* -1: none */
	int mark; /* 0: none, 1: helm, else design 2, 3 … */
	char told[128]; /* the origin said last */
} object[OBJECTS];

static struct family family;
static struct records records;
static struct json line, text;

static const char *
say(struct origin o)
{
	json_reset(&text);
	origin_write(o, &family.texts, &text);
	json_raw(&text, "", 1);
	return text.p;
}

static void
late(void *context, const struct identity *id, struct span resource,
    struct origin o)
{
	int i = atoi(id->name.p);

	(void)context;
	(void)resource;
	snprintf(object[i].told, sizeof(object[i].told), "%s", say(o));
}

static void
parse(struct record *r, const char *type, int i)
{
	struct scan_error err;
	char buf[1024], owner[256] = "", mark[128] = "";

	if (object[i].owner >= 0)
		snprintf(owner, sizeof(owner),
		    ",\"ownerReferences\":["
		    "{\"apiVersion\":\"v1\",\"uid\":\"other\"},"
		    "{\"uid\":\"u%d\",\"controller\":true}]",
		    object[i].owner);
	if (object[i].mark == 1)
		snprintf(mark, sizeof(mark),
		    "\"app.kubernetes.io/managed-by\":\"Helm\"");
	else if (object[i].mark > 1)
		snprintf(mark, sizeof(mark), "\"designs.meshery.io\":\"d%d\"",
		    object[i].mark);
	snprintf(buf, sizeof(buf),
	    "{\"type\":\"%s\",\"ms\":{\"resource\":"
	    "\"pods.v1.\"},\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
	    "\"metadata\":{\"name\":\"%d\",\"uid\":\"u%d\",\"labels\":{%s}%s}}}",
	    type, i, i, mark, owner);
	json_reset(&line);
	json_puts(&line, buf);
	if (record_parse(&records.plan, (struct span){line.p, line.len}, r,
		&err) < 0)
		abort();
}

static void
put(int i)
{
	struct record r;

	parse(&r, "ADDED", i);
	snprintf(object[i].told, sizeof(object[i].told), "%s",
	    say(family_put(&family, &r, origin_own(&r, &family.texts))));
	object[i].is_here = true;
	family_settle(&family, &r);
}

static void
take_away(int i)
{
	struct record r;
	struct origin o;

	parse(&r, "DELETED", i);
	family_drop(&family, &r, &o);
	object[i].is_here = false;
}

/* What should have been told: the nearest design upwards, the object's own
 * first; or else its own or inherited tool. */
static void
expect(int i, char *buf, size_t n)
{
	const char *via = "label";

	for (int o = i; o >= 0 && object[o].is_here; o = object[o].owner) {
		if (object[o].mark > 1) {
			snprintf(buf, n,
			    "{\"class\":\"greenfield\","
			    "\"design\":\"d%d\",\"via\":\"%s\"}",
			    object[o].mark, via);
			return;
		}
		via = "owner";
	}
	via = "label";
	for (int o = i; o >= 0 && object[o].is_here; o = object[o].owner) {
		if (object[o].mark == 1) {
			snprintf(buf, n,
			    "{\"class\":\"brownfield\","
			    "\"by\":\"helm\",\"via\":\"%s\"}",
			    via);
			return;
		}
		via = "owner";
	}
	snprintf(buf, n, "{\"class\":\"brownfield\"}");
}

static int
count_wrong(void)
{
	char want[128];
	int wrong = 0;

	for (int i = 0; i < OBJECTS; i++) {
		if (!object[i].is_here)
			continue;
		expect(i, want, sizeof(want));
		if (strcmp(want, object[i].told) != 0 && !wrong++)
			printf("# object %d: %s, not %s\n", i, object[i].told,
			    want);
	}
	return wrong;
}

static void
begin(unsigned seed)
{
	srandom(seed);
	memset(object, 0, sizeof(object));
	family_init(&family, late, NULL);
	for (int i = 0; i < OBJECTS; i++)
		object[i].owner = i < 5 ? -1 : (int)(random() % i);
}

static int
random_mark(void)
{
	return random() % 3 ? 0 : (int)(random() % 4);
}

/* All arrive, in any order, some again with other marks. */
static int
arrivals(unsigned seed)
{
	int wrong;

	begin(seed);
	for (int i = 0; i < OBJECTS; i++)
		object[i].mark = random_mark();
	for (int left = OBJECTS; left > 0;) {
		int i = (int)(random() % OBJECTS);

		if (object[i].is_here) {
			object[i].mark = random_mark();
		} else {
			left--;
		}
		put(i);
	}
	wrong = count_wrong();
	family_free(&family);
	return wrong;
}

/* Objects come and go; in the end each is told anew, as after a relist. */
static int
histories(unsigned seed)
{
	int wrong;

	begin(seed);
	for (int step = 0; step < STEPS; step++) {
		int i = (int)(random() % OBJECTS);

		if (object[i].is_here && random() % 2) {
			take_away(i);
		} else {
			object[i].mark = random_mark();
			put(i);
		}
	}
	for (int i = OBJECTS - 1; i >= 0; i--)
		put(i);
	wrong = count_wrong();
	for (int i = 0; i < OBJECTS; i++)
		take_away(i);
	wrong += family.by_uid.used > 1; /* "other" is not deleted */
	family_free(&family);
	return wrong;
}

int
main(void)
{
	int wrong = 0;

	records_init(&records, -1, -1, RECORD_MAX);
	origin_paths(&records.plan);
	for (unsigned seed = 0; seed < RUNS; seed++)
		wrong += arrivals(seed);
	ok(wrong == 0, "%d orders of arrival end in the same origins", RUNS);
	wrong = 0;
	for (unsigned seed = 0; seed < RUNS; seed++)
		wrong += histories(seed);
	ok(wrong == 0,
	    "%d histories end in the same origins, and in an empty "
	    "memory",
	    RUNS);
	records_release(&records);
	json_release(&line);
	json_release(&text);
	return tap_done();
}
