/* config: YAML and JSON that people write, and what is said of mistakes. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct config c;
static char err[CONFIG_ERROR];

static config_node *
parse(const char *text)
{
	err[0] = '\0';
	if (config_parse(&c, "x.yaml", text, strlen(text), err) < 0) {
		printf("# %s\n", err);
		return NULL;
	}
	return config_root(&c);
}

static bool
is(const char *got, const char *want)
{
	return got && want ? strcmp(got, want) == 0 : got == want;
}

static void
test_reading(void)
{
	config_node *root = parse("a: 1\nb: [x, y, {z: 2}]\n"
				  "c: &n {d: text}\ne: *n\na: 3\n'null': q\n");
	config_node *b = config_get(&c, root, "b");

	ok(is(config_get_text(&c, root, "a"), "3"), "the last of equal keys");
	ok(config_is_map(root) && config_count(root) == 6, "a map's members");
	ok(config_is_list(b) && config_count(b) == 3 && !config_is_map(b) &&
		is(config_text(config_at(&c, b, 1)), "y") &&
		is(config_get_text(&c, config_at(&c, b, 2), "z"), "2"),
	    "a list");
	ok(is(config_get_text(&c, config_get(&c, root, "e"), "d"), "text"),
	    "an alias");
	ok(is(config_text(config_key_at(&c, root, 1)), "b") &&
		config_value_at(&c, root, 1) == b,
	    "members by number");
	ok(!config_get(&c, root, "x") && !config_text(b) && !config_text(root),
	    "what is not there");
	ok(is(config_get_text(&c, root, "null"), "q"), "a quoted null is text");
	config_free(&c);
}

static void
test_json(void)
{
	config_node *root =
	    parse("{\"a\": {\"b\": [1, \"two\\u00e9\", null]}}");
	config_node *b = config_get(&c, config_get(&c, root, "a"), "b");

	ok(is(config_text(config_at(&c, b, 1)), "two\xc3\xa9") &&
		is(config_text(config_at(&c, b, 0)), "1") &&
		!config_text(config_at(&c, b, 2)),
	    "JSON is read as well");
	config_free(&c);
}

static void
test_null(void)
{
	config_node *root = parse("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n"
				  "f: NULL\ng: nullable\n");

	ok(!config_get_text(&c, root, "a") && !config_get_text(&c, root, "b") &&
		!config_get_text(&c, root, "c") &&
		!config_get_text(&c, root, "f"),
	    "nulls have no text");
	ok(is(config_get_text(&c, root, "d"), "") &&
		is(config_get_text(&c, root, "e"), "null") &&
		is(config_get_text(&c, root, "g"), "nullable"),
	    "empty and quoted texts do");
	config_free(&c);
}

static void
test_bool(void)
{
	config_node *root = parse("t: true\nf: false\ny: yes\nn:\n");

	ok(config_get_bool(&c, root, "t", false) &&
		!config_get_bool(&c, root, "f", true),
	    "true and false");
	ok(config_get_bool(&c, root, "y", true) &&
		!config_get_bool(&c, root, "y", false) &&
		config_get_bool(&c, root, "n", true) &&
		config_get_bool(&c, root, "x", true) &&
		config_get_bool(&c, NULL, "t", true),
	    "else the fallback");
	config_free(&c);
}

/* NULL stands for what is absent, in all of them. */
static void
test_absent(void)
{
	config_node *root = parse("a: [1]\nb: {c: 2}\n");
	config_node *a = config_get(&c, root, "a"),
		    *b = config_get(&c, root, "b");

	ok(!config_get(&c, NULL, "a") && !config_is_map(NULL) &&
		!config_is_list(NULL) && config_count(NULL) == 0 &&
		!config_text(NULL) && !config_get_text(&c, NULL, "a"),
	    "NULL may be asked");
	ok(!config_at(&c, NULL, 0) && !config_key_at(&c, NULL, 0) &&
		!config_value_at(&c, NULL, 0),
	    "for its members too");
	ok(!config_at(&c, a, 1) && !config_at(&c, b, 0) &&
		!config_key_at(&c, b, 1) && !config_value_at(&c, a, 0),
	    "nothing beyond the end, or of another kind");
	ok(!config_get(&c, a, "c") && !config_get(&c, config_at(&c, a, 0), "c"),
	    "no member of what is no map");
	config_free(&c);
}

static void
test_empty(void)
{
	ok(!parse("") && !err[0], "an empty document has no root");
	config_free(&c);
	ok(!parse("# only this\n") && !err[0], "nor has a comment");
	config_free(&c);
}

static void
refuses(const char *text, const char *want)
{
	ok(config_parse(&c, "x.yaml", text, strlen(text), err) < 0 &&
		strncmp(err, want, strlen(want)) == 0,
	    "%s: %s", text, err);
}

static void
test_errors(void)
{
	config_node *root;

	refuses("a: [1\nb: 2\n", "x.yaml:2:");
	refuses("a: 1\n\tb: 2\n", "x.yaml:2:1: ");
	refuses("a: b: c\n", "x.yaml:1:");
	refuses("a: *nobody\n", "x.yaml:1:");
	refuses("a: 1\nb: \xc3\xa9\xff\n", "x.yaml:2:5: ");
	ok(strstr(err, "UTF-8"), "what was not UTF-8 is told, by its place");
	refuses("a:\n\t- 1\n", "x.yaml:2:1: ");
	ok(strstr(err, "not tabs"), "so is what to do about tabs: %s", err);
	refuses("a: [1,\n  2\nb: 3\n", "x.yaml:3:");
	ok(strstr(err, "begins at 1:4"), "and what is not closed: %s", err);
	root = parse("a: 1\nb:\n  c: [x, yy]\n");
	ok(config_error(&c,
	       config_at(&c, config_get(&c, config_get(&c, root, "b"), "c"), 1),
	       err, "no %s", "yy") == -1 &&
		is(err, "x.yaml:3:10: no yy"),
	    "a place is named: %s", err);
	ok(config_error(&c, NULL, err, "bad") == -1 &&
		is(err, "x.yaml:1:1: bad"),
	    "even if there is none: %s", err);
	config_free(&c);
}

static void
test_documents(void)
{
	static const struct {
		const char *text;
		size_t more;
	} cases[] = {{"a: 1\n", 0}, {"--- \na: 1\n---\n", 0},
	    {"a: 1\n...\n", 0}, {"a: 1\n---\nb: 2\n", 3},
	    {"a: 1\n---\n- [\n", 4}, {"", 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(cases[i].text);
		ok(c.more == cases[i].more, "a second document: %zu", c.more);
		config_free(&c);
	}
}

static void
test_long_error(void)
{
	char *name = malloc(2000);

	memset(name, 'n', 1999);
	name[1999] = '\0';
	config_parse(&c, name, "a: 1", 4, err);
	config_error(&c, NULL, err, "%s", name);
	ok(strlen(err) == CONFIG_ERROR - 1, "a long message is cut");
	config_free(&c);
	free(name);
}

static void
test_files(void)
{
	char name[] = "/tmp/config_test.XXXXXX", *text;
	int fd = mkstemp(name);
	FILE *f = fdopen(fd, "w");
	size_t n;

	for (int i = 0; i < 5000; i++)
		fprintf(f, "key%d: value\n", i);
	fclose(f);
	ok(config_load(&c, name, err) == 0 &&
		is(config_get_text(&c, config_root(&c), "key4999"), "value"),
	    "a file");
	config_free(&c);
	text = config_read_file(name, &n);
	ok(text && n == strlen(text) && strstr(text, "key4999: value\n"),
	    "a file as text");
	free(text);
	remove(name);
	ok(config_load(&c, "/nonexistent/x", err) < 0 &&
		is(err,
		    "unable to read /nonexistent/x: No such file or directory"),
	    "an absent file: %s", err);
	ok(config_load(&c, "/", err) < 0 &&
		is(err, "unable to read /: Is a directory"),
	    "a folder: %s", err);
	errno = 0;
	ok(!config_read_file("/nonexistent", NULL) && errno == ENOENT,
	    "errno is kept");
	ok(config_load(&c, "/dev/zero", err) < 0 &&
		is(err, "unable to read /dev/zero: File too large"),
	    "too large: %s", err);
}

int
main(void)
{
	test_reading();
	test_json();
	test_null();
	test_bool();
	test_absent();
	test_empty();
	test_errors();
	test_documents();
	test_long_error();
	test_files();
	return tap_done();
}
