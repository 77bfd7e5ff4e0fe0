/* like: whatever a document differs in, the answer is that of a scan. */
#include "like.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct scan_plan plan;
static struct like like;
static int wrong_walks; /* of documents that were remembered */

static const char *const paths[] = {"a", "b", "a.b", "a.b.c", "b.a", "c"};

static void
make_plan(void)
{
	scan_plan_init(&plan);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		scan_plan_add(&plan, paths[i]);
}

static bool
same_slots(const struct span *a, const struct span *b)
{
	for (unsigned i = 0; i < plan.n_slots; i++)
		if (a[i].n != b[i].n || (a[i].n && a[i].p != b[i].p))
			return false;
	return true;
}

/* In memory of its own length, so that a sanitizer sees a step too far. */
static char *
copy(struct span doc)
{
	char *p = malloc(doc.n + !doc.n);

	memcpy(p, doc.p, doc.n);
	return p;
}

/* Whether two walks meet the same places; they are anything but shallow. */
static bool
same_walk(struct walk *a, struct walk *b)
{
	struct span x, y;

	for (const char *open = "{["; *open; open++) {
		if (!walk_enter(a, *open))
			continue;
		if (!walk_enter(b, *open))
			return false;
		while (*open == '{' ? walk_member(a, &x) : walk_element(a))
			if (!(*open == '{' ? walk_member(b, &y) :
					     walk_element(b)) ||
			    (*open == '{' && (x.p != y.p || x.n != y.n)) ||
			    !same_walk(a, b))
				return false;
		return !walk_element(b);
	}
	x = walk_pass(a);
	y = walk_pass(b);
	return x.p == y.p && x.n == y.n;
}

static bool
same_walks(const struct span *found)
{
	for (int i = 0; i < (int)plan.n_slots; i++) {
		struct walk a = like_walk(&like, i, found[i]);
		struct walk b = walk_text(found[i]);

		if (!same_walk(&a, &b))
			return false;
	}
	return true;
}

/* Whether a scalar is told to be another where it is, and then as it is. */
static bool
same_scalar(struct walk *kept, struct walk *now)
{
	uint32_t number = like_number(&like, kept);
	struct span was = walk_pass(kept), is = walk_pass(now), there;
	uint8_t guess = (uint8_t)random(), again;
	bool same = was.n == is.n && (!is.n || memcmp(was.p, is.p, is.n) == 0);

	again = guess % LIKE_STEPS;
	if (!like_differs(&like, number, &again, &there))
		return same && !like_differs(&like, number, &again, &there);
	return there.p == is.p && there.n == is.n &&
	    like_differs(&like, number, &again, &there) && there.p == is.p;
}

/* The same of all that is in a value. */
static bool
same_kept(struct walk *kept, struct walk *now)
{
	struct span x, y;

	for (const char *open = "{["; *open; open++) {
		if (!walk_enter(kept, *open))
			continue;
		if (!walk_enter(now, *open))
			return false;
		while (
		    *open == '{' ? walk_member(kept, &x) : walk_element(kept))
			if (!(*open == '{' ? walk_member(now, &y) :
					     walk_element(now)) ||
			    !same_kept(kept, now))
				return false;
		return !walk_element(now);
	}
	return same_scalar(kept, now);
}

static bool
same_as_kept(const struct span *found)
{
	for (int i = 0; i < (int)plan.n_slots; i++) {
		struct walk kept = like_walk_kept(&like, i, found[i]);
		struct walk now = walk_text(found[i]);

		if (found[i].n && !same_kept(&kept, &now))
			return false;
	}
	return true;
}

static void
remember(struct span doc)
{
	struct span found[SCAN_SLOTS];
	struct scan_error err;
	char *p = copy(doc);

	if (like_scan(&like, &plan, (struct span){p, doc.n}, found, &err) == 0)
		wrong_walks += !same_walks(found);
	free(p);
}

/* Whether a document is taken for like; -1: what is found is wrong. */
static int
look_at(struct span doc)
{
	struct span found[SCAN_SLOTS], want[SCAN_SLOTS];
	struct scan_error err;
	char *p = copy(doc);
	int is_like = 0;

	if (like_find(&like, &plan, (struct span){p, doc.n}, found))
		is_like = scan_find(&plan, p, doc.n, want, &err) == 0 &&
			same_slots(found, want) && same_walks(found) &&
			same_as_kept(found) ?
		    1 :
		    -1;
	free(p);
	return is_like;
}

static int
compare(struct span one, struct span other)
{
	remember(one);
	return look_at(other);
}

static void
is(int want, const char *one, const char *other)
{
	int got = compare(span_of(one), span_of(other));

	ok(got == want, "%s then %s: %d", one, other, got);
}

static void
test_like(void)
{
	is(1, "{\"a\":1}", "{\"a\":1}");
	is(1, "{\"a\":{\"b\":\"x\"},\"b\":2}",
	    "{\"a\":{\"b\":\"yz\"},\"b\":2}");
	is(1, "{\"a\":{\"b\":\"xyz\"},\"b\":2}",
	    "{\"a\":{\"b\":\"\"},\"b\":3}");
	is(1, "{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"x1\",\"b\":\"y1\"}");
	is(1, "{\"a\":1,\"b\":2}", "{\"a\":12,\"b\":2.5e1}");
	is(1, "{\"a\":123,\"b\":2}", "{\"a\":1,\"b\":2}");
	is(1, "{\"a\":12}", "{\"a\":\"12\"}");
	is(1, "{\"a\":\"12\"}", "{\"a\":null}");
	is(1, "{\"a\":[1,\"x\",true]}", "{\"a\":[\"\",2,false]}");
	is(1, "{\"a\":\"x\\\\\"}", "{\"a\":\"x\\\"\"}");
	is(1, "{\"a\":\"\\u00e9\"}", "{\"a\":\"\\u00e8!\"}");
	is(1, "{\"a\":\"\xc3\xa9\"}", "{\"a\":\"\xc3\xa8\"}");
	is(1, "{\"a\" : 1 , \"b\" : 2 }", "{\"a\" : 3 , \"b\" : 4 }");
	is(1, "{\"a\":1,\"a\":2}", "{\"a\":3,\"a\":4}");
	is(1, "{\"a\":{\"b\":1},\"a\":2}", "{\"a\":{\"b\":5},\"a\":4}");
}

static void
test_unlike(void)
{
	is(0, "{\"a\":1}", "{\"b\":1}");
	is(0, "{\"a\":1}", "{\"a\":1 }");
	is(0, "{\"a\":1}", "{\"a\":1");
	is(0, "{\"a\":1}", "{\"a\":1}}");
	is(0, "{\"a\":1}", "{\"a\":01}");
	is(0, "{\"a\":0}", "{\"a\":00}");
	is(0, "{\"a\":0}", "{\"a\":-}");
	is(0, "{\"a\":1}", "{\"a\":1e}");
	is(0, "{\"a\":1}", "{\"a\":{}}");
	is(0, "{\"a\":[]}", "{\"a\":1}");
	is(0, "{\"a\":[]}", "{\"a\":[1]}");
	is(0, "{\"a\":[1]}", "{\"a\":[1,2]}");
	is(0, "{\"a\":\"x\"}", "{\"a\":\"x}");
	is(0, "{\"a\":\"x\"}", "{\"a\":\"x");
	is(0, "{\"a\":\"x\"}", "{\"a\":\"x\\\"}");
	is(0, "{\"a\":\"x\"}", "{\"a\":\"x\n\"}");
	is(0, "{\"a\":\"\xc3\xa9\"}", "{\"a\":\"\xc3\"}");
	is(0, "{\"a\":true}", "{\"a\":truE}");
	is(0, "{\"a\":\"x\"}", "{\"a\":\"x\",\"b\":1}");
	is(0, "{\"a\":\"x\"}", "{\"a\":\"x\":1}");
}

/* ---- anything ---- */

static size_t
put_value(char *p, unsigned depth)
{
	static const char *const scalar[] = {"1", "12", "-0.5e3", "true",
	    "null", "\"\"", "\"a\"", "\"ab\"", "\"b:\"", "\",\"", "\"\\\"\"",
	    "\"\\\\\"", "\"\xc3\xa9\"", "\"\\u12aF{\"",
	    "\"0123456789abcdefghijklm\""};
	static const char *const key[] = {"a", "b", "c", "\\u0061", "ab"};
	unsigned kind = depth ? (unsigned)random() % 4 : 3;
	size_t n = 0, members = (size_t)random() % 4;

	if (!depth || kind < 2)
		return (size_t)sprintf(p, "%s", scalar[random() % 15]);
	p[n++] = kind == 2 ? '[' : '{';
	for (size_t i = 0; i < members; i++) {
		if (i)
			p[n++] = ',';
		if (kind == 3)
			n += (size_t)sprintf(p + n, "\"%s\":%s",
			    key[random() % 5], random() % 9 ? "" : " ");
		n += put_value(p + n, depth - 1);
	}
	p[n++] = kind == 2 ? ']' : '}';
	return n;
}

/* Other scalars in the same places, or a byte that is another. */
static size_t
change(const char *from, size_t n, char *to)
{
	static const char other[] = "\"\\,:{}[]01ae \n\xc3\xa9";
	size_t at = n ? (size_t)random() % n : 0;

	memcpy(to, from, n);
	if (random() % 2 && n) {
		to[at] = other[random() % (long)(sizeof(other) - 1)];
		return n;
	}
	for (size_t k = at; k < n; k++)
		if (to[k] == '1' || to[k] == 'a') {
			memmove(to + k + 1, to + k, n - k);
			return n + 1;
		}
	return n;
}

static void
test_anything(void)
{
	static char one[1 << 16], other[1 << 16];
	int wrong = 0, likes = 0;
	size_t n = 0, m;

	for (int i = 0; i < 100000; i++) {
		int got;

		if (i % 5 == 0) {
			do
				n = put_value(one, 4);
			while (*one != '{' || n > 4000);
			remember((struct span){one, n});
		}
		m = change(one, n, other);
		if (i % 2)
			m = change(memcpy(other + (1 << 15), other, m), m,
			    other);
		got = look_at((struct span){other, m});
		wrong += got < 0;
		likes += got > 0;
	}
	ok(!wrong, "100,000 pairs: %d are found otherwise than by a scan",
	    wrong);
	ok(!wrong_walks, "%d walks meet something else", wrong_walks);
	ok(likes > 10000, "%d of them are like", likes);
}

static void
test_again(void)
{
	remember(span_of("{\"a\":\"x\",\"b\":1,\"c\":[\"y\",2]}"));
	ok(look_at(span_of("{\"a\":\"z\",\"b\":1,\"c\":[\"y\",3]}")) == 1 &&
		look_at(span_of("{\"a\":\"x\",\"b\":1,\"c\":[\"y\",2]}")) ==
		    1 &&
		look_at(span_of("{\"a\":\"\",\"b\":10,\"c\":[1,{}]}")) == 0 &&
		look_at(span_of("{\"a\":\"\",\"b\":10,\"c\":[1,22]}")) == 1,
	    "many are held against one");
}

static void
test_limits(void)
{
	static char one[8192], other[8192];
	struct scan_plan wider;
	struct span slots[SCAN_SLOTS];
	size_t n = (size_t)sprintf(one, "{\"a\":[");

	for (int i = 0; i < 1000; i++)
		n += (size_t)sprintf(one + n, "\"x\",");
	n += (size_t)sprintf(one + n, "0]}");
	memcpy(other, one, n);
	for (size_t i = 0; i < n; i++)
		if (other[i] == 'x')
			other[i] = 'y';
	ok(compare((struct span){one, n}, (struct span){other, n}) == 0,
	    "a thousand scalars that differ are too many");
	is(1, "{\"a\":1}", "{\"a\":2}");
	wider = plan;
	scan_plan_add(&wider, "d");
	ok(!like_find(&like, &wider, span_of("{\"a\":1}"), slots),
	    "a document that was scanned for another plan is like none");
}

int
main(void)
{
	srandom(11);
	make_plan();
	test_like();
	test_unlike();
	test_again();
	test_anything();
	test_limits();
	like_release(&like);
	return tap_done();
}
