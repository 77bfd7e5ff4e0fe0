/* metrics: the exposition holds whatever a STATUS record has in it. */
#include "metrics.h"

#include <string.h>

#include "promtext.h"
#include "tap.h"

static struct pulse p;
static struct records rs;

/* What is served after a STATUS with this object: terminated. */
static const char *
after(const char *object)
{
	static struct json out;
	char line[512];
	struct scan_error err;
	struct record r;

	snprintf(line, sizeof(line), "{\"type\":\"STATUS\",\"object\":%s}",
	    object);
	if (record_parse(&rs.plan, span_of(line), &r, &err) < 0)
		return err.what;
	pulse_record(&p, &r);
	json_reset(&out);
	metrics_write(&out, &p, NULL);
	json_raw(&out, "", 1);
	return out.p;
}

static void
has(const char *object, const char *line)
{
	ok(strstr(after(object), line) != NULL, "%s: %s", object, line);
}

#define OWN "meshsync_stage_records_read_total{stage=\"ms-publish\"} 0\n"

static void
test_status(void)
{
	has("{}", OWN);
	has("{ }", OWN);
	has("{ \"ms-watch\":{\"streams\":3}\t}", OWN);
	has("{ \"ms-watch\":{\"streams\":3}\t}", "meshsync_watch_streams 3\n");
	has("{\"ms-publish\":{\"in\":7}}", OWN);
	has("{\"ms-classify\":{\"in\":7}}",
	    "meshsync_stage_records_read_total{stage=\"ms-classify\"} 7\n" OWN);
}

static void
is_number(double v, const char *want)
{
	struct json j = {0};

	promtext_number(&j, v);
	ok(j.len == strlen(want) && memcmp(j.p, want, j.len) == 0, "%.*s",
	    (int)j.len - 1, j.p);
	json_release(&j);
}

static void
test_numbers(void)
{
	is_number(0, "0\n");
	is_number(-3, "-3\n");
	is_number(1.25, "1.250000\n");
	is_number(9007199254740992.0, "9007199254740992\n");
	is_number(1e300 * 1e300, "inf\n");
}

int
main(void)
{
	records_init(&rs, -1, -1, RECORD_MAX);
	pulse_init(&p, true);
	test_status();
	test_numbers();
	records_release(&rs);
	return tap_done();
}
