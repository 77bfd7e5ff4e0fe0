/* json: commas, escapes, and room. */
#include "json.h"

#include <string.h>

#include "tap.h"

static void
writes(const char *text, size_t n, const char *want)
{
	struct json j = {0};

	json_string(&j, text, n);
	ok(span_eq((struct span){j.p, j.len}, want), "%s: %.*s", want,
	    (int)j.len, j.p);
	json_release(&j);
}

#define WRITES(text, want) writes(text, sizeof(text) - 1, want)

static void
test_strings(void)
{
	WRITES("", "\"\"");
	WRITES("plain", "\"plain\"");
	WRITES("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	WRITES("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"");
	WRITES("\0\x01\x0b\x1f\x7f", "\"\\u0000\\u0001\\u000b\\u001f\x7f\"");
	WRITES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

#define FFFD "\xef\xbf\xbd"

static void
test_bad_utf8(void)
{
	WRITES("a\xff"
	       "b",
	    "\"a" FFFD "b\"");
	WRITES("\xc3", "\"" FFFD "\"");
	WRITES("\xc0\x80", "\"" FFFD FFFD "\"");
	WRITES("\xe0\x9f\xbf", "\"" FFFD FFFD FFFD "\"");
	WRITES("\xed\xa0\x80", "\"" FFFD FFFD FFFD "\"");
	WRITES("\xf0\x8f\xbf\xbf", "\"" FFFD FFFD FFFD FFFD "\"");
	WRITES("\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"");
	WRITES("\xe2\x82\"", "\"" FFFD FFFD "\\\"\"");
	WRITES("\xf4\x8f\xbf\xbf\xef\xbf\xbf\xed\x9f\xbf",
	    "\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\xed\x9f\xbf\"");
}

/* Each text of one to three bytes is written as a valid string, and one that
 * was valid UTF-8 comes back. */
static void
test_all_short(void)
{
	struct json j = {0};
	struct scan_error err;
	char buf[64];
	int wrong = 0;

	for (unsigned i = 0; i < 1u << 24; i += i < 1u << 16 ? 1 : 251) {
		char text[3] = {(char)i, (char)(i >> 8), (char)(i >> 16)};
		size_t n = i < 256 ? 1 : i < 1u << 16 ? 2 : 3;
		struct span got;

		json_reset(&j);
		json_string(&j, text, n);
		*json_room(&j, 1) = '\0';
		wrong += scan_find(NULL, j.p, j.len, NULL, &err) < 0;
		got = scan_text((struct span){j.p, j.len}, buf, sizeof(buf));
		if (!strstr(j.p, FFFD))
			wrong += got.n != n || memcmp(got.p, text, n) != 0;
	}
	ok(wrong == 0, "texts of up to three bytes");
	json_release(&j);
}

static void
test_numbers(void)
{
	struct json j = {0};

	json_open(&j, '[');
	json_int(&j, 0);
	json_puts(&j, ",");
	json_comma(&j);
	json_int(&j, INT64_MIN);
	json_comma(&j);
	json_int(&j, INT64_MAX);
	json_close(&j, ']');
	ok(span_eq((struct span){j.p, j.len},
	       "[0,-9223372036854775808,9223372036854775807]"),
	    "integers");
	json_release(&j);
}

static void
test_commas(void)
{
	struct json j = {0};

	json_open(&j, '{');
	json_key(&j, "a");
	json_open(&j, '[');
	json_open(&j, '{');
	json_close(&j, '}');
	json_open(&j, '[');
	json_close(&j, ']');
	json_close(&j, ']');
	json_member_text(&j, "b", span_of("x,"));
	json_member_int(&j, "c", -5);
	json_member_span(&j, "d", span_of("null"));
	json_key(&j, "e");
	json_open(&j, '{');
	json_member_text(&j, "f", span_of("{"));
	json_close(&j, '}');
	json_close(&j, '}');
	json_puts(&j, "\n");
	json_comma(&j);
	json_open(&j, '{');
	json_close(&j, '}');
	ok(span_eq((struct span){j.p, j.len},
	       "{\"a\":[{},[]],\"b\":\"x,\","
	       "\"c\":-5,\"d\":null,\"e\":{\"f\":\"{\"}}\n{}"),
	    "commas are where they belong: %.*s", (int)j.len, j.p);
	json_release(&j);
}

static void
test_printf(void)
{
	static char text[5000];
	struct json j = {0};

	memset(text, 'x', sizeof(text) - 1);
	json_puts(&j, "a");
	json_printf(&j, "%d\"%s", -1, "\n");
	json_printf(&j, "%s", "");
	ok(j.len == 5 && memcmp(j.p, "a-1\"\n", 5) == 0,
	    "text as printf has it: %.*s", (int)j.len, j.p);
	json_release(&j);
	json_printf(&j, "<%s>", text);
	ok(j.len == sizeof(text) + 1 && j.p[0] == '<' &&
		memcmp(j.p + 1, text, sizeof(text) - 1) == 0 &&
		j.p[j.len - 1] == '>',
	    "all of it, however long");
	json_release(&j);
}

static void
test_room(void)
{
	struct json j = {0};
	size_t cap;

	json_raw(&j, NULL, 0);
	json_span(&j, (struct span){0});
	ok(j.len == 0, "nothing adds nothing");
	for (int i = 0; i < 100000; i++)
		json_raw(&j, "0123456789", 10);
	ok(j.len == 1000000 && memcmp(j.p + 999990, "0123456789", 10) == 0,
	    "it grows");
	cap = j.cap;
	json_reset(&j);
	ok(j.len == 0 && j.cap == cap, "a reset keeps the memory");
	memset(json_room(&j, 3000000), 'x', 3000000);
	j.len += 3000000;
	ok(j.cap >= 3000000, "room for much at once");
	json_release(&j);
	ok(!j.p && !j.cap, "a release does not");
}

int
main(void)
{
	test_strings();
	test_bad_utf8();
	test_all_short();
	test_numbers();
	test_commas();
	test_printf();
	test_room();
	return tap_done();
}
