/* intern: each text once, and at the same place for ever. */
#include "intern.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define TEXTS 20000

static struct span
text_of(int i, char *buf)
{
	return (struct span){buf, (size_t)sprintf(buf, "text number %d", i)};
}

static void
test_many(void)
{
	static const char *place[TEXTS];
	struct intern in;
	bool is_right = true;
	char buf[64];

	intern_init(&in);
	for (int i = 0; i < TEXTS; i++) {
		uint32_t n = intern_put(&in, text_of(i, buf));

		is_right = is_right && n == (uint32_t)i + 1;
		place[i] = intern_text(&in, n).p;
	}
	ok(is_right, "numbers count from 1, after the empty text");
	for (int i = 0; i < TEXTS; i++) {
		struct span text = text_of(i, buf);
		uint32_t n = intern_put(&in, text);

		is_right = is_right && n == (uint32_t)i + 1 &&
		    intern_find(&in, text) == n &&
		    intern_text(&in, n).p == place[i] &&
		    intern_text(&in, n).n == text.n &&
		    strcmp(place[i], buf) == 0;
	}
	ok(is_right, "texts are there once, and do not move");
	ok(intern_find(&in, span_of("another")) == TABLE_NONE,
	    "what is not in is not found");
	intern_free(&in);
}

static void
test_special(void)
{
	struct intern in;
	char *long_text = malloc(100000);
	uint32_t a, b, c;

	memset(long_text, 'x', 100000);
	intern_init(&in);
	ok(intern_put(&in, span_of("")) == 0 &&
		intern_put(&in, (struct span){0}) == 0 &&
		intern_text(&in, 0).n == 0,
	    "the empty text is 0");
	a = intern_put(&in, (struct span){long_text, 100000});
	b = intern_put(&in, (struct span){long_text, 99999});
	c = intern_put(&in, (struct span){"a\0b", 3});
	ok(a == 1 && b == 2 && intern_text(&in, a).n == 100000 &&
		intern_text(&in, a).p[100000] == '\0',
	    "long texts");
	ok(c == 3 && intern_put(&in, (struct span){"a\0c", 3}) == 4 &&
		intern_put(&in, span_of("a")) == 5,
	    "texts with NUL");
	ok(intern_put(&in, intern_text(&in, a)) == a,
	    "its own text can be given to it");
	intern_free(&in);
	free(long_text);
}

/* What is kept keeps its number; numbers of others are given again, and what
 * comes and goes takes no memory for good. */
static void
test_keep(void)
{
	static uint8_t keep[TEXTS];
	struct intern in;
	bool is_right = true;
	char buf[64];

	intern_init(&in);
	for (int turn = 0; turn < 50; turn++) {
		for (int i = 0; i < 1000; i++)
			intern_put(&in, text_of(turn * 900 + i, buf));
		memset(keep, 0, sizeof(keep));
		/* the last hundred are those that the next turn begins with */
		for (int i = 900; i < 1000; i++)
			keep[intern_find(&in, text_of(turn * 900 + i, buf))] =
			    1;
		intern_keep(&in, keep);
		for (int i = 0; i < 1000; i++) {
			struct span text = text_of(turn * 900 + i, buf);
			uint32_t n = intern_find(&in, text);

			is_right = is_right && (n != TABLE_NONE) == (i >= 900);
			if (n != TABLE_NONE)
				is_right = is_right && keep[n] &&
				    strcmp(intern_text(&in, n).p, buf) == 0;
		}
	}
	ok(is_right && intern_find(&in, span_of("")) == 0,
	    "texts are kept under their numbers, and others forgotten");
	ok(in.n <= 1101 && in.table.used == 101 && in.n_chunks == 1,
	    "and those take nothing: %u numbers", in.n);
	intern_free(&in);
}

int
main(void)
{
	test_many();
	test_special();
	test_keep();
	return tap_done();
}
