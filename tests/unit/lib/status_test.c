/* status: our member of a STATUS record. */
#include "status.h"

#include <jv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "tap.h"

static struct records rs;
static int out[2];

#ifdef MS_SANITIZED
#define SOME 0 /* a sanitizer's allocator keeps no count */
#else
#define SOME 1
#endif

/* What the line becomes on its way through "ms-test". */
static const char *
pass(const char *line)
{
	static const struct status_count own[] = {{"apples", 3}};
	static char text[4096];
	struct scan_error err;
	struct record r;
	ssize_t n;

	if (record_parse(&rs.plan, span_of(line), &r, &err) < 0)
		return err.what;
	status_put(&rs, &r, own, 1);
	lines_flush(&rs.io);
	n = read(out[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int
number(jv doc, const char *stage, const char *name)
{
	jv v =
	    jv_object_get(jv_object_get(jv_object_get(doc, jv_string("object")),
			      jv_string(stage)),
		jv_string(name));
	int n = jv_get_kind(v) == JV_KIND_NUMBER ? (int)jv_number_value(v) : -1;

	jv_free(v);
	return n;
}

static void
test_put(void)
{
	jv doc = jv_parse(pass("{\"type\":\"STATUS\",\"object\":{}}"));
	const char *text;

	ok(number(jv_copy(doc), "ms-test", "apples") == 3, "our own counter");
	ok(number(jv_copy(doc), "ms-test", "in") == 0 &&
		number(jv_copy(doc), "ms-test", "dropped") == 0 &&
		number(jv_copy(doc), "ms-test", "cpuMs") >= 0 &&
		number(jv_copy(doc), "ms-test", "heap") >= SOME,
	    "and the common ones");
	jv_free(doc);
	doc = jv_parse(pass("{\"type\":\"STATUS\",\"object\":"
			    "{\"ms-watch\":{\"in\":7}}}"));
	ok(number(jv_copy(doc), "ms-test", "out") == 1 &&
		number(jv_copy(doc), "ms-watch", "in") == 7,
	    "behind what is there");
	ok(number(doc, "ms-test", "bytesOut") > 30, "bytes are counted");
	text = pass("{\"type\":\"STATUS\",\"object\":"
		    "{\"ms-test\":{\"apples\":1},\"z\":0}}");
	doc = jv_parse(text);
	ok(!strstr(text + 1, "\"ms-test\":{\"apples\":1}") &&
		number(doc, "ms-test", "apples") == 3,
	    "in place of an earlier life's");
	ok(strcmp(pass("{\"type\":\"STATUS\",\"object\":[1]}"),
	       "it has no object") == 0,
	    "an array is no object");
}

int
main(void)
{
	diag_prog = "ms-test";
	if (pipe(out) < 0)
		return 1;
	records_init(&rs, -1, out[1], RECORD_MAX);
	test_put();
	records_release(&rs);
	return tap_done();
}
