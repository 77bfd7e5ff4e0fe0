/* Lists and watches, in every way that the network can split them. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "snapshot.h"
#include "stream.h"
#include "tap.h"

static struct scan_plan item_plan, event_plan;

/* ---- lists ---- */

static void
put_item(struct json *log, const struct span *at, struct span item)
{
	json_span(log, at[OBJECT_NAME]);
	json_span(log, at[OBJECT_KIND]);
	json_span(log, at[OBJECT_RV]);
	json_span(log, at[OBJECT_MANAGED_FIELDS]);
	json_puts(log, "=");
	json_span(log, item);
	json_puts(log, ";");
}

/* What a page tells, as text, when it comes in pieces of these sizes. */
static void
read_page(struct json *log, const char *text, size_t n, size_t first,
    size_t step)
{
	struct intake in = {0};
	struct snapshot s = {0};
	struct scan_error err = {0};
	struct span item, at[OBJECT_SLOTS];
	enum snapshot_result r = SNAPSHOT_MORE;
	size_t done = 0;

	while (done < n || !in.is_whole) {
		size_t k = done < n ? (done ? step : first) : 0;

		if (k > n - done)
			k = n - done;
		intake_put(&in, text + done, k);
		done += k;
		if (done == n && (k == 0 || n == 0))
			intake_finish(&in);
		while ((r = snapshot_next(&s, &in, &item_plan, &item, at,
			    &err)) == SNAPSHOT_ONE)
			put_item(log, at, item);
		if (r == SNAPSHOT_BAD)
			break;
	}
	json_puts(log, r == SNAPSHOT_DONE ? "done " : "bad ");
	json_puts(log, r == SNAPSHOT_DONE ? s.rv : err.what);
	if (r == SNAPSHOT_DONE && s.next)
		json_puts(log, s.next);
	json_raw(log, "", 1);
	snapshot_release(&s);
	intake_release(&in);
}

static void
test_page(const char *name, const char *text, const char *want)
{
	size_t n = strlen(text);
	struct json log = {0};
	bool is_fine = true;

	for (size_t first = 0; first <= n && is_fine; first++) {
		json_reset(&log);
		read_page(&log, text, n, first ? first : 1, first ? n : 1);
		is_fine = strcmp(log.p, want) == 0;
	}
	ok(is_fine, "%s", name);
	if (!is_fine)
		printf("# got  %s\n# want %s\n", log.p, want);
	json_release(&log);
}

static void
test_pages(void)
{
	test_page("a typed list",
	    "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":"
	    "{\"resourceVersion\":\"12\",\"continue\":\"a+/=&%\"},\"items\":["
	    "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\","
	    "\"managedFields\":[{\"x\":\"\\\"]\"}]}},"
	    "{\"metadata\":{\"name\":\"b\xc3\xa4\"},\"n\":12}]}\n",
	    "\"a\"\"7\"[{\"x\":\"\\\"]\"}]={\"metadata\":{\"name\":\"a\","
	    "\"resourceVersion\":\"7\",\"managedFields\":"
	    "[{\"x\":\"\\\"]\"}]}};\"b\xc3\xa4\"={\"metadata\":{\"name\":"
	    "\"b\xc3\xa4\"},\"n\":12};done 12a+/=&%");
	test_page("items before metadata, spaces, unknown members",
	    " { \"apiVersion\" : \"x/v1\" , \"items\" : [ {\"kind\":\"Foo\","
	    "\"metadata\":{\"name\":\"a\"}} ] , \"kind\" : \"FooList\" ,"
	    "\"n\":12345,\"more\":[1,{\"items\":[{}]}],\"metadata\":"
	    "{\"resourceVersion\":\"3\"} } ",
	    "\"a\"\"Foo\"={\"kind\":\"Foo\",\"metadata\":{\"name\":\"a\"}};"
	    "done 3");
	test_page("no items",
	    "{\"kind\":\"L.List\",\"metadata\":"
	    "{\"resourceVersion\":\"3\",\"continue\":\"\"},\"items\":[ ]}",
	    "done 3");
	test_page("null items",
	    "{\"kind\":\"FooList\",\"metadata\":"
	    "{\"resourceVersion\":\"3\"},\"items\":null}",
	    "done 3");
	test_page("cut between items",
	    "{\"kind\":\"FooList\",\"metadata\":"
	    "{\"resourceVersion\":\"3\"},\"items\":[{\"a\":1}",
	    "={\"a\":1};bad the list ends early");
	test_page("the last brace is missing",
	    "{\"kind\":\"FooList\","
	    "\"metadata\":{\"resourceVersion\":\"3\"},\"items\":[]",
	    "bad the list ends early");
	test_page("nothing", "", "bad the list ends early");
	test_page("cut within an item",
	    "{\"items\":[{\"a\":", "bad the document ends early");
	test_page("something follows",
	    "{\"kind\":\"FooList\",\"metadata\":"
	    "{\"resourceVersion\":\"3\"},\"items\":[]}{",
	    "bad something follows the list");
	test_page("HTML", "<html><body>hello</body></html>",
	    "bad it is not a list");
	test_page("a Status",
	    "{\"kind\":\"Status\",\"status\":\"Failure\","
	    "\"metadata\":{},\"code\":410}",
	    "bad it is not a list");
	test_page("a Table",
	    "{\"kind\":\"Table\",\"metadata\":"
	    "{\"resourceVersion\":\"3\"},\"rows\":[{\"cells\":[]}]}",
	    "bad it is not a list");
	test_page("an item that is none", "{\"items\":[1,2]}",
	    "bad an item is not an object");
	test_page("items that are none", "{\"items\":{}}",
	    "bad items is not a list");
	test_page("no JSON within", "{\"items\":[{\"a\":nil}]}",
	    "bad unknown word");
}

/* ---- watches ---- */

static void
put_event(struct json *log, const struct stream_event *e)
{
	static const char letter[] = "AMDBE?";

	json_raw(log, &letter[e->type], 1);
	if (stream_is_mark(e))
		json_puts(log, "!");
	json_span(log, e->at[OBJECT_NAME]);
	json_span(log, e->at[OBJECT_RV]);
	json_puts(log, ";");
}

static void
read_stream(struct json *log, const char *text, size_t n, size_t first,
    size_t step)
{
	struct intake in = {0};
	struct scan_error err = {0};
	struct stream_event e;
	enum stream_result r = STREAM_MORE;
	size_t done = 0;

	while (done < n || !in.is_whole) {
		size_t k = done < n ? (done ? step : first) : 0;

		if (k > n - done)
			k = n - done;
		intake_put(&in, text + done, k);
		done += k;
		if (k == 0)
			intake_finish(&in);
		while ((r = stream_next(&in, &event_plan, &e, &err)) ==
		    STREAM_EVENT)
			put_event(log, &e);
		intake_shrink(&in);
		if (r == STREAM_BAD)
			break;
	}
	json_puts(log,
	    r == STREAM_MORE     ? "end" :
		r == STREAM_TORN ? "torn" :
				   "bad");
	json_raw(log, "", 1);
	intake_release(&in);
}

static void
test_stream(const char *name, const char *text, const char *want)
{
	size_t n = strlen(text);
	struct json log = {0};
	bool is_fine = true;

	for (size_t first = 0; first <= n && is_fine; first++) {
		json_reset(&log);
		read_stream(&log, text, n, first ? first : 1, first ? n : 1);
		is_fine = strcmp(log.p, want) == 0;
	}
	ok(is_fine, "%s", name);
	if (!is_fine)
		printf("# got  %s\n# want %s\n", log.p, want);
	json_release(&log);
}

#define EVENT(type, name, rv) \
	"{\"type\":\"" type "\",\"object\":{\"kind\":" \
	"\"Pod\",\"metadata\":{\"name\":\"" name \
	"\",\"resourceVersion\":\"" rv \
	"\"},\"text\":\"a\\\"}\\\\{\xf0\x9f\x98\x80\\u0000\"}}"

static void
test_streams(void)
{
	test_stream("events, a line each",
	    EVENT("ADDED", "a", "1") "\n" EVENT("MODIFIED", "a",
		"2") "\n" EVENT("DELETED", "a", "3") "\n",
	    "A\"a\"\"1\";M\"a\"\"2\";D\"a\"\"3\";end");
	test_stream("no line end after the last",
	    EVENT("ADDED", "a", "1") "\n" EVENT("ADDED", "b", "2"),
	    "A\"a\"\"1\";A\"b\"\"2\";end");
	test_stream("no line ends at all",
	    EVENT("ADDED", "a", "1") EVENT("ADDED", "b", "2"),
	    "A\"a\"\"1\";A\"b\"\"2\";end");
	test_stream("blank lines, CRLF",
	    "\r\n\n" EVENT("ADDED", "a", "1") "\r\n\r\n" EVENT("ADDED", "b",
		"2") "\r\n",
	    "A\"a\"\"1\";A\"b\"\"2\";end");
	test_stream("indented, object first",
	    "{\n  \"object\": {\n"
	    "    \"metadata\": {\n      \"name\": \"a\"\n    }\n  },\n"
	    "  \"type\": \"ADDED\"\n}\n",
	    "A\"a\";end");
	test_stream("a torn one at the end",
	    EVENT("ADDED", "a", "1") "\n"
				     "{\"type\":\"ADDED\",\"obj",
	    "A\"a\"\"1\";torn");
	test_stream("bookmarks",
	    "{\"type\":\"BOOKMARK\",\"object\":{"
	    "\"metadata\":{\"resourceVersion\":\"9\"}}}\n"
	    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
	    "\"resourceVersion\":\"10\",\"annotations\":"
	    "{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
	    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
	    "\"annotations\":{\"k8s.io/initial-events-end\":\"false\"}}}}",
	    "B\"9\";B!\"10\";B;end");
	test_stream("errors and unknown types",
	    "{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n"
	    "{\"type\":\"NOVEL\",\"object\":{}}\n",
	    "E;?;end");
	test_stream("garbage", EVENT("ADDED", "a", "1") "\n{]}\n",
	    "A\"a\"\"1\";bad");
	test_stream("a list instead", "{\"kind\":\"PodList\",\"items\":[]}",
	    "bad");
	test_stream("HTML", "<html>", "bad");
	test_stream("nothing", "\n", "end");
}

/* An event is told as soon as it is whole, though the watch goes on. */
static void
test_at_once(void)
{
	static const char *const ends[] = {"", "\n", " \r\n"};
	const char *text = EVENT("ADDED", "a", "1");
	struct scan_error err;
	struct stream_event e;
	bool is_fine = true;

	for (size_t i = 1; i < strlen(text) * 3; i++) {
		struct intake in = {0};
		size_t n = i / 3;

		intake_put(&in, text, n);
		is_fine &=
		    stream_next(&in, &event_plan, &e, &err) == STREAM_MORE;
		intake_put(&in, text + n, strlen(text) - n);
		intake_put(&in, ends[i % 3], strlen(ends[i % 3]));
		is_fine &=
		    stream_next(&in, &event_plan, &e, &err) == STREAM_EVENT;
		intake_release(&in);
	}
	ok(is_fine, "an event is told as soon as it is whole");
}

/* A big object comes in many pieces: it must not be scanned for each. */
static void
test_big(void)
{
	size_t n = 8u << 20;
	char *text = malloc(n + 64);
	struct json log = {0};
	size_t from = (size_t)sprintf(text,
	    "{\"type\":\"ADDED\",\"object\":"
	    "{\"text\":\"");

	memset(text + from, 'x', n);
	strcpy(text + from + n, "\"}}\n");
	read_stream(&log, text, strlen(text), 100, 100);
	ok(strcmp(log.p, "A;end") == 0, "8 MiB in pieces of 100 bytes");
	json_release(&log);
	free(text);
}

int
main(void)
{
	object_plan_item(&item_plan);
	object_plan_event(&event_plan);
	test_pages();
	test_streams();
	test_at_once();
	test_big();
	return tap_done();
}
