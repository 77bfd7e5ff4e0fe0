/* scan: what it accepts, finds, decodes and changes. Built twice, also with
 * the portable code (scan_portable_test). */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "scan.h"
#include "tap.h"

#define S(text) ((struct span){text, sizeof(text) - 1})

/* A copy without a byte behind it, so that ASan sees a read past the end. */
static char *
exact(struct span doc)
{
	char *p = malloc(doc.n ? doc.n : 1);

	memcpy(p, doc.p, doc.n);
	return p;
}

static const char *
refusal(struct span doc, size_t *at)
{
	struct scan_error err = {NULL, 0};
	char *p = exact(doc);
	int verdict = scan_find(NULL, p, doc.n, NULL, &err);

	free(p);
	if (at)
		*at = err.at;
	return verdict < 0 ? err.what : NULL;
}

static void
is_valid(struct span doc)
{
	const char *why = refusal(doc, NULL);

	ok(!why, "accepted: %.40s %s", doc.p, why ? why : "");
}

static void
is_refused(struct span doc, const char *want, size_t want_at)
{
	size_t at;
	const char *why = refusal(doc, &at);

	ok(why && strcmp(why, want) == 0 && at == want_at,
	    "refused: %.30s: %s (byte %zu)", doc.p, why ? why : "no", at);
}

static void
test_characters(void)
{
	static const char text[] = "\\u00e9x", bad[] = "\xed\xa0\x80";
	const char *p = text;
	char buf[4];

	ok(scan_escape(&p, text + 7) == 0xe9 && p == text + 6, "an escape");
	p = "\\\"";
	ok(scan_escape(&p, p + 2) == '"', "a short one");
	ok(scan_utf8(buf, 0x20ac) == 3 && memcmp(buf, "\u20ac", 3) == 0 &&
		scan_utf8_length(buf, 3) == 3 && scan_utf8_length(buf, 2) == 0,
	    "UTF-8 and back, and cut off");
	ok(!scan_utf8_length(bad, 3) && !scan_utf8_length("\xc0\x80", 2),
	    "half a pair and a long form are none");
	ok(scan_hex('7') == 7 && scan_hex('b') == 11 && scan_hex('F') == 15 &&
		scan_hex('g') < 0 && scan_hex('@') < 0 && scan_hex('/') < 0 &&
		scan_hex(0x10) < 0,
	    "hex digits of either case, and nothing else");
}

static void
test_grammar(void)
{
	is_valid(S("{}"));
	is_valid(S("[]"));
	is_valid(S(" \t\r\n[ \t\r\n] \t\r\n"));
	is_valid(S("{\"a\" : 1 , \"b\" : [ 1 , 2 ] }"));
	is_valid(S("true"));
	is_valid(S("false"));
	is_valid(S("null"));
	is_valid(S("\"\""));
	is_valid(S("[[[[]]],{\"a\":{\"b\":[{}]}}]"));
	is_valid(S("{\"\":{\"\":\"\"}}"));
	is_refused(S(""), "the document ends early", 0);
	is_refused(S("  "), "the document ends early", 2);
	is_refused(S("{"), "the document ends early", 1);
	is_refused(S("[1"), "the document ends early", 2);
	is_refused(S("{\"a\""), "the document ends early", 4);
	is_refused(S("{\"a\":"), "the document ends early", 5);
	is_refused(S("{\"a\":1"), "the document ends early", 6);
	is_refused(S("\"abc"), "the document ends early", 4);
	is_refused(S("tru"), "the document ends early", 3);
	is_refused(S("trux"), "unknown word", 3);
	is_refused(S("{} {}"), "something follows the document", 3);
	is_refused(S("1 2"), "something follows the document", 2);
	is_refused(S("[]]"), "something follows the document", 2);
	is_refused(S("[1,]"), "a value is missing", 3);
	is_refused(S("[,1]"), "a value is missing", 1);
	is_refused(S("{\"a\":}"), "a value is missing", 5);
	is_refused(S("'a'"), "a value is missing", 0);
	is_refused(S("[1 2]"), "',' or ']' is missing", 3);
	is_refused(S("[1}"), "',' or ']' is missing", 2);
	is_refused(S("{\"a\":1]"), "',' or '}' is missing", 6);
	is_refused(S("{\"a\":1,}"), "a key is missing", 7);
	is_refused(S("{1:2}"), "a key is missing", 1);
	is_refused(S("{,}"), "a key is missing", 1);
	is_refused(S("{\"a\",1}"), "':' is missing", 4);
	is_refused(S("{\"a\" 1}"), "':' is missing", 5);
	is_refused(S("\f[]"), "a value is missing", 0);
	is_refused(S("\xc2\xa0[]"), "a value is missing", 0);
}

static void
test_numbers(void)
{
	is_valid(S("0"));
	is_valid(S("-0"));
	is_valid(S("-0.0e-0"));
	is_valid(S("1234567890123456789012345678901234567890"));
	is_valid(S("0.5"));
	is_valid(S("1e5"));
	is_valid(S("1E+05"));
	is_valid(S("1.25e-300"));
	is_refused(S("-"), "the document ends early", 1);
	is_refused(S("1e"), "the document ends early", 2);
	is_refused(S("1e+"), "the document ends early", 3);
	is_refused(S("[-]"), "a digit is missing in a number", 2);
	is_refused(S("[1.e5]"), "a digit is missing in a number", 3);
	is_refused(S("[1ex]"), "a digit is missing in a number", 3);
	is_refused(S("[--1]"), "a digit is missing in a number", 2);
	is_refused(S("0x10"), "something follows the document", 1);
	is_refused(S("1.2.3"), "something follows the document", 3);
	is_refused(S("1f"), "something follows the document", 1);
}

/* What libjq 1.6 accepts and RFC 8259 does not. scan_diff.c explains each
 * difference that it meets by one of these kinds. */
static void
test_leniencies_of_libjq(void)
{
	is_refused(S("nan"), "unknown word", 1);
	is_refused(S("NaN"), "a value is missing", 0);
	is_refused(S("[-nan]"), "a digit is missing in a number", 2);
	is_refused(S("Infinity"), "a value is missing", 0);
	is_refused(S("-Infinity"), "a digit is missing in a number", 1);
	is_refused(S("inf"), "a value is missing", 0);
	is_refused(S("01"), "something follows the document", 1);
	is_refused(S("-01"), "something follows the document", 2);
	is_refused(S("[00]"), "',' or ']' is missing", 2);
	is_refused(S("1."), "the document ends early", 2);
	is_refused(S("[1.]"), "a digit is missing in a number", 3);
	is_refused(S(".5"), "a value is missing", 0);
	is_refused(S("-.5"), "a digit is missing in a number", 1);
	is_refused(S("+1"), "a value is missing", 0);
	is_refused(S("\"\xff\""), "invalid UTF-8", 1);
	is_refused(S("\xef\xbb\xbf{}"), "a value is missing", 0);
	is_refused(S("\0"), "a value is missing", 0);
	is_refused(S("[1\0]"), "',' or ']' is missing", 2);
	is_refused(S("\"a\0b\""), "control character in a string", 2);
	is_refused(S("\"a\x1f\""), "control character in a string", 2);
	is_refused(S("{}\x1e"), "something follows the document", 2);
}

static void
test_strings(void)
{
	is_valid(S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""));
	is_valid(S("\"\\u0000\\uFFFF\\uabCD\""));
	/* lone surrogates are grammar, if not text */
	is_valid(S("\"\\ud800\\udc00\\ud800\""));
	is_valid(S("\"\x7f\""));
	is_refused(S("\"\\x\""), "unknown escape in a string", 1);
	is_refused(S("\"\\'\""), "unknown escape in a string", 1);
	is_refused(S("\"\\u12g4\""), "\\u wants four hex digits", 1);
	is_refused(S("\"\\u123\""), "\\u wants four hex digits", 1);
	is_refused(S("\"\\u12"), "the document ends early", 5);
	is_refused(S("\"\\"), "the document ends early", 2);
	is_refused(S("\"\n\""), "control character in a string", 1);
	is_refused(S("{\"\t\":1}"), "control character in a string", 2);
}

static void
test_utf8(void)
{
	is_valid(S("\"\xc2\x80\xdf\xbf\""));
	is_valid(S("\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""));
	is_valid(S("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""));
	is_refused(S("\"\x80\""), "invalid UTF-8", 1);
	is_refused(S("\"\xc0\x80\""), "invalid UTF-8", 1);
	is_refused(S("\"\xc1\xbf\""), "invalid UTF-8", 1);
	is_refused(S("\"\xc3(\""), "invalid UTF-8", 1);
	is_refused(S("\"\xe0\x9f\xbf\""), "invalid UTF-8", 1);
	is_refused(S("\"\xed\xa0\x80\""), "invalid UTF-8", 1);
	is_refused(S("\"\xe2\x82\""), "invalid UTF-8", 1);
	is_refused(S("\"\xf0\x8f\xbf\xbf\""), "invalid UTF-8", 1);
	is_refused(S("\"\xf4\x90\x80\x80\""), "invalid UTF-8", 1);
	is_refused(S("\"\xf5\x80\x80\x80\""), "invalid UTF-8", 1);
	is_refused(S("\"\xe2\x82"), "the document ends early", 3);
}

/* Every byte at every place of a string that is longer than a vector: as the
 * byte's class says, wherever the blocks of the fast path begin. */
static void
test_every_byte(void)
{
	char doc[80];
	int wrong = 0;

	for (size_t n = 1; n < 70; n++)
		for (size_t place = 0; place < n; place++)
			for (int c = 0; c < 256; c++) {
				size_t at;
				const char *why;

				memset(doc, 'x', sizeof(doc));
				doc[0] = doc[n + 1] = '"';
				doc[place + 1] = (char)c;
				why = refusal((struct span){doc, n + 2}, &at);
				wrong += (c >= 0x20 && c < 0x80 && c != '"' &&
					     c != '\\') != !why;
				wrong += c < 0x20 && at != place + 1;
			}
	ok(wrong == 0, "each byte at each place of a string");
}

static void
test_depth(void)
{
	char doc[4 * SCAN_DEPTH + 16];
	const char *why;
	size_t n = 0, at;

	for (unsigned i = 0; i < SCAN_DEPTH; i++)
		doc[n++] = '[';
	for (unsigned i = 0; i < SCAN_DEPTH; i++)
		doc[n++] = ']';
	ok(!refusal((struct span){doc, n}, NULL), "%d levels", SCAN_DEPTH);
	memset(doc, '[', SCAN_DEPTH + 1);
	why = refusal((struct span){doc, SCAN_DEPTH + 1}, &at);
	ok(why && strcmp(why, "nested too deeply") == 0 && at == SCAN_DEPTH,
	    "one level more is refused where it opens");
}

/* The same limit where paths lead, which is other code. */
static void
test_depth_of_paths(void)
{
	static struct scan_plan plan;
	struct span slot[SCAN_SLOTS];
	struct scan_error err;
	char doc[4 * SCAN_DEPTH + 16];

	scan_plan_init(&plan);
	scan_plan_add(&plan, "a.b");
	for (unsigned levels = SCAN_DEPTH; levels <= SCAN_DEPTH + 1; levels++) {
		size_t n = (size_t)sprintf(doc, "{\"a\":{\"b\":");

		memset(doc + n, '[', levels - 2);
		memset(doc + n + levels - 2, ']', levels - 2);
		n += 2 * (levels - 2);
		n += (size_t)sprintf(doc + n, "}}");
		ok((scan_find(&plan, doc, n, slot, &err) == 0) ==
			    (levels == SCAN_DEPTH) &&
			(refusal((struct span){doc, n}, NULL) == NULL) ==
			    (levels == SCAN_DEPTH),
		    "%u levels below a path", levels);
	}
}

/* Objects and arrays in turn, to each side of the 64 bits of a word. */
static void
test_mixed_depth(void)
{
	char doc[2048];
	bool is_right = true;

	for (int levels = 1; levels < 200; levels++) {
		size_t n = 0;

		for (int i = 0; i < levels; i++)
			n += (size_t)sprintf(doc + n, "%s",
			    i * i % 3 ? "[" : "{\"a\":");
		n += (size_t)sprintf(doc + n, "1");
		for (int i = levels; i-- > 0;)
			doc[n++] = i * i % 3 ? ']' : '}';
		is_right = is_right && !refusal((struct span){doc, n}, NULL);
		doc[n - 1] ^= ']' ^ '}';
		is_right = is_right && refusal((struct span){doc, n}, NULL);
	}
	ok(is_right, "brackets close what they opened, 1 to 199 levels");
}

/* ---- paths ---- */

static struct span
find(struct span doc, const char *path)
{
	static struct scan_plan plan;
	struct span slot[SCAN_SLOTS];
	struct scan_error err;

	scan_plan_init(&plan);
	scan_plan_add(&plan, path);
	memset(slot, 0x55, sizeof(slot));
	if (scan_find(&plan, doc.p, doc.n, slot, &err) < 0)
		return span_of("refused");
	return slot[0];
}

static void
finds(struct span doc, const char *path, const char *want)
{
	struct span got = find(doc, path);

	ok(want ? span_eq(got, want) : !got.p && !got.n, "%s in %s: %.*s", path,
	    doc.p, (int)got.n, got.p ? got.p : "");
}

static void
test_paths(void)
{
	finds(S("{\"a\":1}"), "a", "1");
	finds(S("{\"a\":1}"), "b", NULL);
	finds(S("{\"a\":{\"b\":{\"c\":[1, 2]}}}"), "a.b.c", "[1, 2]");
	finds(S("{\"a\":{\"b\":{\"c\":[1, 2]}}}"), "a.b", "{\"c\":[1, 2]}");
	finds(S(" { \"a\" : { \"b\" : -1e3 } } "), "a.b", "-1e3");
	finds(S("{\"x\":{\"a\":1},\"y\":[{\"a\":2}]}"), "a", NULL);
	finds(S("{\"a\":[{\"b\":1}]}"), "a.b", NULL);
	finds(S("{\"a\":\"b\"}"), "a.b", NULL);
	finds(S("[{\"a\":1}]"), "a", NULL);
	finds(S("7"), "a", NULL);
	finds(S("{\"aa\":1,\"b\":2,\"a\":3}"), "a", "3");
	finds(S("{\"a\":null}"), "a", "null");
	/* keys that agree in their first eight bytes */
	finds(S("{\"resourceX\":1,\"resourceVersion\":2,\"resource\":3}"),
	    "resourceVersion", "2");
	finds(S("{\"resourceX\":1,\"resourceVersion\":2,\"resource\":3}"),
	    "resource", "3");
	finds(S("{\"kind\\u0000\":1}"), "kind", NULL);
	finds(S("{\"\":1}"), "a", NULL);
}

static void
test_duplicates(void)
{
	finds(S("{\"a\":1,\"a\":2}"), "a", "2");
	finds(S("{\"a\":{\"b\":1},\"a\":{\"b\":2}}"), "a.b", "2");
	finds(S("{\"metadata\":{\"name\":\"a\"},\"metadata\":{}}"),
	    "metadata.name", NULL);
	finds(S("{\"a\":{\"b\":1},\"a\":7}"), "a.b", NULL);
	finds(S("{\"a\":{\"b\":{\"c\":1}},\"a\":{\"b\":{}}}"), "a.b.c", NULL);
	finds(S("{\"a\":{\"b\":{\"c\":1}, \"b\":{}}}"), "a.b.c", NULL);
	finds(S("{\"a\":{\"b\":1},\"a\":{},\"a\":{\"b\":3}}"), "a.b", "3");
	finds(S("{\"a\":{\"b\":1,\"b\":2},\"a\":{\"b\":4}}"), "a.b", "4");
	finds(S("{\"a\":{\"b\":1},\"\\u0061\":{}}"), "a.b", NULL);
	finds(S("{\"a\":{\"b\":1},\"x\":{\"a\":{}}}"), "a.b", "1");
}

static void
test_escaped_keys(void)
{
	finds(S("{\"\\u006deta\\u0064ata\":{\"n\\u0061me\":1}}"),
	    "metadata.name", "1");
	finds(S("{\"\\u0061\":1}"), "a", "1");
	finds(S("{\"a\\/b\":1}"), "a/b", "1");
	finds(S("{\"\\\\\":1}"), "\\", "1");
	finds(S("{\"\\u00e9\":1}"), "\xc3\xa9", "1");
	finds(S("{\"\\ud83d\\ude00\":1}"), "\xf0\x9f\x98\x80", "1");
	finds(S("{\"\\u0061\\u0061\":1}"), "a", NULL);
}

/* The longest key, each byte of it escaped; and one byte too many. */
static void
test_longest_key(void)
{
	char key[SCAN_KEY + 1], doc[8 * SCAN_KEY], longer[SCAN_KEY + 2];
	size_t n;

	memset(key, 'k', SCAN_KEY);
	key[SCAN_KEY] = '\0';
	n = (size_t)sprintf(doc, "{\"");
	for (int i = 0; i < SCAN_KEY; i++)
		n += (size_t)sprintf(doc + n, "\\u006b");
	n += (size_t)sprintf(doc + n, "\":5}");
	finds((struct span){doc, n}, key, "5");
	sprintf(longer, "%sk", key);
	n = (size_t)sprintf(doc, "{\"%s\":5}", longer);
	finds((struct span){doc, n}, key, NULL);
}

static void
test_plan(void)
{
	static struct scan_plan plan;
	struct span slot[SCAN_SLOTS];
	struct scan_error err;
	struct span doc =
	    S("{\"l\":{\"x/y.z\":\"1\",\"x\":{\"y\":2}},\"k\":3}");
	int k, dots, all;

	scan_plan_init(&plan);
	k = scan_plan_add(&plan, "k");
	dots = scan_plan_add_key(&plan, "l", "x/y.z");
	all = scan_plan_add(&plan, "l");
	ok(k == 0 && dots == 1 && all == 2, "slots count from 0");
	ok(scan_plan_add(&plan, "l") == 2, "the same path has the same slot");
	ok(scan_find(&plan, doc.p, doc.n, slot, &err) == 0 &&
		span_eq(slot[dots], "\"1\"") && span_eq(slot[k], "3") &&
		span_eq(slot[all], "{\"x/y.z\":\"1\",\"x\":{\"y\":2}}"),
	    "a key with dots, and the object around it");
	ok(scan_find(&plan, "{\"k\":1", 6, slot, &err) < 0 && err.at == 6,
	    "a plan refuses what is no document");
}

/* As many paths as a plan takes, so that nodes share the filter's bits. */
static void
test_many_paths(void)
{
	static struct scan_plan plan;
	struct span slot[SCAN_SLOTS];
	struct scan_error err;
	char doc[8192], key[16];
	size_t n = 0;
	bool is_right = true;

	scan_plan_init(&plan);
	doc[n++] = '{';
	for (int i = 0; i < SCAN_NODES - 1; i++) {
		sprintf(key, "%c%0*d", 'a' + i % 5, i % 11 + 2, i);
		scan_plan_add(&plan, key);
		n += (size_t)sprintf(doc + n, "%s\"%s\":%d,\"%s.\":0",
		    i ? "," : "", key, i, key);
	}
	doc[n++] = '}';
	is_right = scan_find(&plan, doc, n, slot, &err) == 0;
	for (int i = 0; i < SCAN_NODES - 1; i++) {
		int64_t number = -1;

		is_right =
		    is_right && scan_int(slot[i], &number) && number == i;
	}
	ok(is_right, "%d paths at once", SCAN_NODES - 1);
}

static void
test_streams(void)
{
	struct scan_error err;
	const char *two = "{\"a\":[1]} {\"b\":2}", *torn = "{\"a\":[1";
	const char *bad = "{\"a\":[1}]";
	static struct scan_plan plan;
	struct span slot[SCAN_SLOTS];

	ok(scan_value(two, two + strlen(two), &err) == two + 9,
	    "a value's end, though another follows");
	ok(!scan_value(torn, torn + 7, &err) && err.at == 7,
	    "one that may go on says so");
	ok(!scan_value(bad, bad + 9, &err) && err.at == 7,
	    "one that is wrong says where");
	scan_plan_init(&plan);
	scan_plan_add(&plan, "a");
	ok(scan_first(&plan, two, two + strlen(two), slot, &err) == two + 9 &&
		span_eq(slot[0], "[1]"),
	    "its paths are found on the way");
}

/* Each prefix of a document may go on, until it is whole. */
static void
test_plain_text(void)
{
	struct span s = span_of("quay-io-grafana");

	ok(span_begins(s, "quay-io-") && !span_begins(s, "quay.io-") &&
		span_begins(s, "quay-io-grafana") &&
		!span_begins(s, "quay-io-grafana-loki"),
	    "what plain text begins with");
	ok(span_ends(s, "-grafana") && !span_ends(s, "-loki") &&
		!span_ends(s, "an-quay-io-grafana"),
	    "and what it ends with");
	ok(span_eq(span_after(s, 8), "grafana") && span_after(s, s.n).n == 0,
	    "and the rest of it");
	ok(scan_is_port(span_of("1")) && scan_is_port(span_of("65535")) &&
		!scan_is_port(span_of("0")) && !scan_is_port(span_of("-1")) &&
		!scan_is_port(span_of("65536")) &&
		!scan_is_port(span_of("http")),
	    "the numbers of ports");
}

static void
test_prefixes(void)
{
	const char *doc =
	    "{\"a\":[1,-2.5e+3,true,null,\"x\\u00e9\\n\xe2\x82\xac"
	    "\xf0\x9f\x98\x80\",{\"b\":{}}],\"c\":\"0123456789abcdefgh\"}";
	size_t n = strlen(doc);
	bool is_right = true;

	for (size_t i = 0; i < n; i++) {
		char *p = exact((struct span){doc, i});
		struct scan_error err = {NULL, 0};

		is_right =
		    is_right && !scan_value(p, p + i, &err) && err.at == i;
		free(p);
	}
	ok(is_right, "each prefix of a document may go on");
}

/* ---- looking at values ---- */

static void
test_types(void)
{
	ok(scan_type((struct span){0}) == SCAN_ABSENT &&
		scan_type(S("null")) == SCAN_NULL &&
		scan_type(S("false")) == SCAN_FALSE &&
		scan_type(S("true")) == SCAN_TRUE &&
		scan_type(S("-1")) == SCAN_NUMBER &&
		scan_type(S("\"\"")) == SCAN_STRING &&
		scan_type(S("[]")) == SCAN_ARRAY &&
		scan_type(S("{}")) == SCAN_OBJECT,
	    "types");
}

/* What walking finds, as text: a=1;b=2; */
static const char *
walked(struct span doc)
{
	static char text[256];
	struct scan_iter it;
	struct span key, value;
	size_t n = 0;

	scan_iter(&it, doc);
	while (scan_member(&it, &key, &value))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s=%.*s;",
		    (int)key.n, key.p, (int)value.n, value.p);
	while (scan_element(&it, &value))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s;",
		    (int)value.n, value.p);
	text[n] = '\0';
	return text;
}

static void
walks(struct span doc, const char *want)
{
	const char *got = walked(doc);

	ok(strcmp(got, want) == 0, "walk %s: %s", doc.p, got);
}

static void
test_walking(void)
{
	walks(S("{}"), "");
	walks(S("{ }"), "");
	walks(S("[]"), "");
	walks(S("[ \n]"), "");
	walks(S("{\"a\":1,\"b\":{\"c\":[1,2]},\"a\":[]}"),
	    "a=1;b={\"c\":[1,2]};a=[];");
	walks(S("{ \"a\" : 1 , \"b\" : \"x,y}\" }"), "a=1;b=\"x,y}\";");
	walks(S("[ 1 , [2,3] ,{\"a\":4} ]"), "1;[2,3];{\"a\":4};");
	walks(S("{\"\\\"\":1}"), "\\\"=1;");
	walks(S("\"{,}\""), "");
	walks(S("12"), "");
	walks((struct span){0}, "");
}

static void
test_get(void)
{
	struct span o = S("{\"a\":1,\"b\":2,\"\\u0061\":3,\"c\":{\"a\":4}}");
	char key[600] = "{\"", name[100];

	ok(span_eq(scan_get(o, "a"), "3"), "the last of equal keys");
	ok(span_eq(scan_get(o, "b"), "2"), "a plain key");
	ok(!scan_get(o, "d").p, "an absent key");
	ok(!scan_get(S("[\"a\"]"), "a").p, "not an object");
	ok(!scan_get((struct span){0}, "a").p, "nothing");
	for (int i = 0; i < 90; i++)
		strcat(key, "\\u006b");
	strcat(key, "\":1}");
	memset(name, 'k', 90);
	name[90] = '\0';
	ok(span_eq(scan_get(span_of(key), name), "1"), "a long escaped key");
}

static void
decodes(struct span value, const char *want, size_t n)
{
	char buf[256];
	struct span got = scan_text(value, buf, sizeof(buf));

	ok(got.p && got.n == n && memcmp(got.p, want, n) == 0, "decode %s",
	    value.p);
}

static void
test_text(void)
{
	char buf[8];
	struct span plain = S("\"abc\"");

	decodes(S("\"\""), "", 0);
	decodes(S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t", 8);
	decodes(S("\"\\u0041\\u00e9\\u20ac\\uD83D\\uDe00z\""),
	    "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", 11);
	decodes(S("\"\\u0000x\""), "\0x", 2);
	decodes(S("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
	    "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 11);
	/* lone surrogates */
	decodes(S("\"\\ud800\""), "\xef\xbf\xbd", 3);
	decodes(S("\"\\udc00x\""), "\xef\xbf\xbdx", 4);
	decodes(S("\"\\ud800\\u0041\""),
	    "\xef\xbf\xbd"
	    "A",
	    4);
	decodes(S("\"\\ud800\\ud83d\\ude00\""), "\xef\xbf\xbd\xf0\x9f\x98\x80",
	    7);
	decodes(S("\"\\ud800\\n\""), "\xef\xbf\xbd\n", 4);
	decodes(S("\"\\ud800\\ue000\""), "\xef\xbf\xbd\xee\x80\x80", 6);
	ok(scan_text(plain, buf, 0).p == plain.p + 1,
	    "without escapes it is borrowed, and needs no room");
	ok(!scan_text(S("\"\\n2345678\""), buf, sizeof(buf)).p, "too long");
	ok(scan_text(S("\"\\n345678\""), buf, sizeof(buf)).n == 7, "it fits");
	ok(!scan_text(S("12"), buf, sizeof(buf)).p &&
		!scan_text((struct span){0}, buf, sizeof(buf)).p,
	    "no string");
}

static void
test_comparing(void)
{
	char value[2000] = "\"", text[300];

	ok(scan_eq(S("\"abc\""), "abc") && !scan_eq(S("\"abc\""), "abcd") &&
		!scan_eq(S("\"abc\""), "ab"),
	    "plain strings");
	ok(scan_eq(S("\"a\\u0062c\""), "abc") &&
		scan_eq(S("\"\\u20ac\\ud83d\\ude00\""),
		    "\xe2\x82\xac\xf0\x9f\x98\x80"),
	    "escaped strings");
	ok(!scan_eq(S("\"a\\u0000\""), "a\0") &&
		!scan_eq(S("\"\\u0000\""), "") &&
		!scan_eq(S("\"\\u0061b\""), "a") &&
		!scan_eq(S("\"\\u0061\""), "ab"),
	    "escaped strings that differ at their ends");
	ok(scan_eq(S("\"\""), "") && !scan_eq(S("12"), "12") &&
		!scan_eq((struct span){0}, ""),
	    "the empty, and what is no string");
	for (int i = 0; i < 280; i++)
		strcat(value, "\\u0061");
	strcat(value, "\"");
	memset(text, 'a', 280);
	text[280] = '\0';
	ok(scan_eq(span_of(value), text), "a long escaped string");
	ok(scan_key_eq(S("\\u0061b"), "ab") && scan_key_eq(S(""), "") &&
		!scan_key_eq(S("a"), ""),
	    "keys");
}

static void
test_int(void)
{
	int64_t n = 5;

	ok(scan_int(S("0"), &n) && n == 0, "0");
	ok(scan_int(S("-0"), &n) && n == 0, "-0");
	ok(scan_int(S("9223372036854775807"), &n) && n == INT64_MAX, "largest");
	ok(scan_int(S("-9223372036854775808"), &n) && n == INT64_MIN,
	    "smallest");
	n = 5;
	ok(!scan_int(S("9223372036854775808"), &n) &&
		!scan_int(S("-9223372036854775809"), &n) &&
		!scan_int(S("99999999999999999999"), &n),
	    "out of range");
	ok(!scan_int(S("1.0"), &n) && !scan_int(S("1e3"), &n) &&
		!scan_int(S("\"1\""), &n) && !scan_int(S("true"), &n) &&
		!scan_int((struct span){0}, &n) && n == 5,
	    "not integers");
}

/* ---- changes ---- */

static void
cuts(const char *object, const char *name, const char *want)
{
	struct scan_iter it;
	struct span key, value;
	struct scan_edit edit = {{0}};
	struct json j = {0};

	scan_iter(&it, span_of(object));
	while (scan_member(&it, &key, &value))
		if (scan_key_eq(key, name))
			edit.at = scan_cut(span_of(object), key, value);
	scan_splice(span_of(object), &edit, 1, &j);
	ok(span_eq((struct span){j.p, j.len}, want), "%s less %s: %.*s", object,
	    name, (int)j.len, j.p);
	ok(!refusal((struct span){j.p, j.len}, NULL), "a document");
	json_release(&j);
}

static void
test_cutting(void)
{
	cuts("{\"a\":1}", "a", "{}");
	cuts("{ \"a\" : 1 }", "a", "{  }");
	cuts("{\"a\":1,\"b\":2,\"c\":3}", "a", "{\"b\":2,\"c\":3}");
	cuts("{\"a\":1,\"b\":2,\"c\":3}", "b", "{\"a\":1,\"c\":3}");
	cuts("{\"a\":1,\"b\":2,\"c\":3}", "c", "{\"a\":1,\"b\":2}");
	cuts("{ \"a\" : 1 , \"b\" : [2,3] , \"c\":3 }", "a",
	    "{  \"b\" : [2,3] , \"c\":3 }");
	cuts("{ \"a\" : 1 , \"b\" : [2,3] , \"c\":3 }", "b",
	    "{ \"a\" : 1  , \"c\":3 }");
	cuts("{ \"a\" : 1 , \"b\" : [2,3]\n,\n\"c\":3 }", "c",
	    "{ \"a\" : 1 , \"b\" : [2,3]\n }");
	cuts("{\"x\":{\"a\":1},\"a\":{\"x,\":\"}\"}}", "a",
	    "{\"x\":{\"a\":1}}");
	cuts("{\"\\u0061\":1,\"b\":2}", "a", "{\"b\":2}");
}

static void
inserts(const char *object, const char *want)
{
	struct json j = {0};
	struct scan_edit edit;
	bool comma;

	edit.at = scan_insert(span_of(object), &comma);
	edit.with = span_of(comma ? "\"n\":0," : "\"n\":0");
	scan_splice(span_of(object), &edit, 1, &j);
	ok(span_eq((struct span){j.p, j.len}, want), "into %s: %.*s", object,
	    (int)j.len, j.p);
	json_release(&j);
}

static void
test_inserting(void)
{
	inserts("{}", "{\"n\":0}");
	inserts("{ }", "{\"n\":0 }");
	inserts("{\"a\":1}", "{\"n\":0,\"a\":1}");
	inserts("{ \"a\":1}", "{\"n\":0, \"a\":1}");
}

/* The last member, whatever it is, replaced; and several edits at once. */
static void
test_splicing(void)
{
	struct span doc = S("{\"a\":1,\"b\":{\"c\":\"x\"},\"d\":[]}");
	struct json j = {0};
	struct scan_edit edit[4];
	bool comma;

	edit[0].at = scan_insert(doc, &comma);
	edit[0].with = S("\"z\":null,");
	edit[1] = (struct scan_edit){find(doc, "a"), S("\"one\"")};
	edit[2] = (struct scan_edit){find(doc, "b.c"), S("")};
	edit[2].with = S("[1,2]");
	edit[3] = (struct scan_edit){find(doc, "d"), S("{}")};
	scan_splice(doc, edit, 4, &j);
	ok(span_eq((struct span){j.p, j.len},
	       "{\"z\":null,\"a\":\"one\",\"b\":{\"c\":[1,2]},\"d\":{}}"),
	    "four edits: %.*s", (int)j.len, j.p);
	json_reset(&j);
	scan_splice(doc, NULL, 0, &j);
	ok(j.len == doc.n && memcmp(j.p, doc.p, doc.n) == 0,
	    "no edit leaves the document");
	json_release(&j);
}

int
main(void)
{
	test_characters();
	test_grammar();
	test_numbers();
	test_leniencies_of_libjq();
	test_strings();
	test_utf8();
	test_every_byte();
	test_depth();
	test_depth_of_paths();
	test_mixed_depth();
	test_paths();
	test_duplicates();
	test_escaped_keys();
	test_longest_key();
	test_plan();
	test_many_paths();
	test_streams();
	test_plain_text();
	test_prefixes();
	test_types();
	test_walking();
	test_get();
	test_text();
	test_comparing();
	test_int();
	test_cutting();
	test_inserting();
	test_splicing();
	return tap_done();
}
