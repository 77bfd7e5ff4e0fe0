/* walk: with tokens and without, a walk meets the same. */
#include "walk.h"

#include <string.h>

#include "tap.h"

static struct scan_tape tape;

/* A walk by the tokens of a document. */
static struct walk
by_tokens(const char *doc)
{
	struct scan_error err;

	if (scan_find_tokens(NULL, doc, strlen(doc), NULL, &tape, &err) < 0)
		return walk_text((struct span){0});
	return (struct walk){doc, NULL, tape.token};
}

/* What a walk through everything meets: keys, scalars, ] and } as letters. */
static void
spell(struct walk *w, char *out)
{
	struct span key, value;

	if (walk_enter(w, '{')) {
		while (walk_member(w, &key)) {
			strncat(out, key.p, key.n);
			strcat(out, ":");
			spell(w, out);
		}
		strcat(out, "}");
	} else if (walk_enter(w, '[')) {
		while (walk_element(w))
			spell(w, out);
		strcat(out, "]");
	} else {
		value = walk_pass(w);
		strncat(out, value.p, value.n);
		strcat(out, ";");
	}
}

static void
spells(const char *doc, const char *want)
{
	struct walk text = walk_text(span_of(doc)), tokens = by_tokens(doc);
	char out[256] = "";

	spell(&text, out);
	ok(strcmp(out, want) == 0 && text.p == text.end, "a walk of %s: %s",
	    doc, out);
	*out = '\0';
	spell(&tokens, out);
	ok(strcmp(out, want) == 0 && tokens.at == tape.token + tape.n,
	    "and by tokens: %s", out);
}

static void
test_whole(void)
{
	spells("1", "1;");
	spells("[]", "]");
	spells("{}", "}");
	spells("[[[]]]", "]]]");
	spells("{\"\":\"\"}", ":\"\";}");
	spells("[1,\"x\",[],{}]", "1;\"x\";]}]");
	spells("[\"[\",\"}\",\"\\\"\"]", "\"[\";\"}\";\"\\\"\";]");
	spells("{ \"a\" : [ 1 , { \"b\" : null } ] , \"c\" : { } }",
	    "a:1;b:null;}]c:}}");
}

static void
passes(struct walk w, const char *how)
{
	struct span a, b, key;

	ok(!walk_enter(&w, '{') && walk_enter(&w, '['), "only what is there%s",
	    how);
	ok(walk_element(&w), "a first element%s", how);
	a = walk_pass(&w);
	ok(walk_element(&w) && walk_enter(&w, '{') && walk_member(&w, &key) &&
		key.n == 1 && *key.p == 'k',
	    "a member of the next%s", how);
	b = walk_pass(&w);
	ok(a.n == 11 && *a.p == '{' && b.n == 6 && *b.p == '[' &&
		!walk_member(&w, &key) && !walk_element(&w),
	    "passed whole, and then the ends%s", how);
}

static void
test_parts(void)
{
	static const char doc[] = "[{\"a\":[1,2]},{\"k\":[{},3]}]";
	struct walk none = walk_text((struct span){0});

	passes(walk_text(span_of(doc)), "");
	passes(by_tokens(doc), ", by tokens");
	ok(!walk_enter(&none, '[') && !walk_pass(&none).n, "nothing to walk");
}

int
main(void)
{
	test_whole();
	test_parts();
	scan_tape_release(&tape);
	return tap_done();
}
