/* likes: documents of a few shapes may take turns. */
#include "likes.h"

#include <string.h>

#include "tap.h"

static struct scan_plan plan;
static struct likes likes;
static struct span found[SCAN_SLOTS];

/* By which a document is found; *is_new: it has become that one. */
static struct like *
find(struct span doc, bool *is_new)
{
	uint64_t before[LIKES];
	struct scan_error err;
	struct like *by;

	for (int i = 0; i < LIKES; i++)
		before[i] = likes.like[i].number;
	if (likes_find(&likes, &plan, doc, found, &by, &err) < 0)
		by = NULL;
	*is_new = by && by->number != before[by - likes.like];
	return by;
}

static struct like *
look(const char *doc, bool *is_new)
{
	return find(span_of(doc), is_new);
}

static void
test_turns(void)
{
	static const char *const shape[] = {"{\"a\":1}", "{\"a\":1,\"b\":2}",
	    "{\"b\":{\"a\":\"x\"}}"};
	struct like *by[LIKES];
	bool is_new, all = true, none = true;

	for (int i = 0; i < LIKES; i++) {
		by[i] = look(shape[i], &is_new);
		all = all && is_new;
	}
	ok(all && by[0] != by[1] && by[1] != by[2] && by[0] != by[2],
	    "each shape is remembered");
	for (int i = 0; i < 100; i++)
		none =
		    look(shape[i * 7 % LIKES], &is_new) == by[i * 7 % LIKES] &&
		    !is_new && none;
	ok(none, "and found in turns");
	look(shape[1], &is_new);
	look(shape[2], &is_new);
	ok(look("[1]", &is_new) == by[0] && is_new,
	    "another takes the place of that which was of use longest ago");
	ok(look("{\"a\":7,\"b\":8}", &is_new) == by[1] && !is_new &&
		scan_eq(found[0], "") == false && found[0].n == 1 &&
		*found[0].p == '7',
	    "the others stay, and values are those of what is found");
}

static void
test_others(void)
{
	static char text[LIKE_MAX + 64];
	bool is_new;
	size_t n;

	memset(text, ' ', LIKE_MAX);
	n = LIKE_MAX + (size_t)sprintf(text + LIKE_MAX, "{\"a\":3}");
	ok(!find((struct span){text, n}, &is_new) && found[0].n == 1 &&
		*found[0].p == '3',
	    "what is too long is found by a scan");
	ok(look("{\"a\":3,\"b\":4}", &is_new) && !is_new, "and takes no place");
	ok(!look("{\"a\":3", &is_new), "what is not valid is refused");
	look("{\"c\":1}", &is_new);
	ok(is_new && look("{\"a\":3,\"b\":4}", &is_new) && !is_new,
	    "and takes the place of one at most");
}

int
main(void)
{
	scan_plan_init(&plan);
	scan_plan_add(&plan, "a");
	likes_init(&likes);
	test_turns();
	test_others();
	likes_release(&likes);
	return tap_done();
}
