/* pack, texts, pile: facts come back to the byte, whatever came and went in
 * between, and what is held does not depend on it. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "facts.h"
#include "tap.h"

#define MANY 400
#define LINES 24 /* facts of one object, at most */

static struct texts words;
static struct pile pile;

/* One object's facts, and their packed form while it is held. */
struct thing {
	struct json facts;
	uint32_t place;
};

static struct thing thing[MANY];

/* With one digit, or what is none. */
#define DIGEST(digit) \
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde" digit

/* Facts as objects have them, and some that nobody has. */
static const char *const form[] = {"Capp-%d", "iregistry:5000/shop/app-%d:1.%d",
    "iredis", "iapp-%d@sha256:abc%d", "i/", "i:", "i", "i@", "ia:1@",
    "iapp:%d@" DIGEST("%d"), "iregistry:5000/a@" DIGEST("%d"), "i" DIGEST("a"),
    "iA@" DIGEST("A"), "ib@" DIGEST("g"), "lapp=app-%d",
    "lapp.kubernetes.io/version=1.%d", "lhelm.sh/chart=app-%d-1.%d",
    "lhelm.sh/chart=", "l=", "l=a=b", "Lhelm.sh/chart=a-b-2%d", "w--config",
    "eNAME_%d", "o80%d", "J", "P", "C", "Wapp-%d", "a%d=%d"};

static void
put_random(struct json *out)
{
	int n = 1 + (int)random() % LINES;

	while (n--) {
		char line[128];
		const char *f =
		    form[(size_t)random() % (sizeof(form) / sizeof(*form))];
		int a = (int)random() % 50, b = (int)random() % 9;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(line, sizeof(line), f, a, b);
#pragma GCC diagnostic pop
		json_raw(out, line, strlen(line) + 1);
	}
}

static struct span
facts_of(const struct thing *t)
{
	return (struct span){t->facts.p, t->facts.len};
}

static void
come(struct thing *t)
{
	struct json packed = {0};

	put_random(&t->facts);
	pack_facts(&words, facts_of(t), &packed);
	t->place = pile_put(&pile, (struct span){packed.p, packed.len});
	json_release(&packed);
}

static void
go(struct thing *t)
{
	pack_drop(&words, pile_get(&pile, t->place));
	pile_drop(&pile, t->place);
	t->place = PILE_NONE;
	json_release(&t->facts);
	if (pile_is_loose(&pile))
		pile_tidy(&pile, &thing[0].place, sizeof(thing[0]), MANY);
}

static bool
is_right(const struct thing *t)
{
	struct span packed = pile_get(&pile, t->place);
	struct json out = {0};
	bool same;

	/* held once more, and no more */
	pack_keep(&words, packed);
	pack_drop(&words, packed);
	pack_open(&words, packed, &out);
	same =
	    out.len == t->facts.len && memcmp(out.p, t->facts.p, out.len) == 0;
	json_release(&out);
	return same;
}

static void
test_churn(void)
{
	bool right = true, bounded = true;

	for (int turn = 0; turn < 60000; turn++) {
		struct thing *t = &thing[random() % MANY];

		if (t->place == PILE_NONE)
			come(t);
		else
			go(t);
		bounded = bounded &&
		    pile.used <= (pile.used - pile.idle) * 3 / 2 + (40u << 10);
		if (turn % 1000)
			continue;
		for (int i = 0; i < MANY; i++)
			right = right &&
			    (thing[i].place == PILE_NONE ||
				is_right(&thing[i]));
	}
	ok(right, "facts come back as they were put in");
	ok(bounded, "what was dropped does not pile up");
}

/* What is held, whatever came before. */
static void
test_same(void)
{
	struct texts fresh;
	struct json packed = {0};
	uint32_t used = words.pile.used - words.pile.idle, n = 0;
	bool same = true;

	texts_init(&fresh);
	for (int i = 0; i < MANY; i++)
		if (thing[i].place != PILE_NONE)
			pack_facts(&fresh, facts_of(&thing[i]), &packed);
	same = fresh.table.used == words.table.used && fresh.pile.used == used;
	for (int i = 0; i < MANY; i++)
		if (thing[i].place != PILE_NONE)
			go(&thing[i]);
	for (uint32_t i = 0; i < words.n; i++)
		n += words.text[i].place != PILE_NONE;
	ok(same, "churn ends in what the same objects alone come to");
	ok(n == 0 && words.table.used == 0 &&
		words.pile.used == words.pile.idle && pile.used == pile.idle,
	    "when all is gone nothing is held");
	json_release(&packed);
	texts_free(&fresh);
}

static struct span
packed(const char *facts, size_t n, struct json *out)
{
	json_reset(out);
	pack_facts(&words, (struct span){facts, n}, out);
	return (struct span){out->p, out->len};
}

static bool
has(struct span p, const char *fact)
{
	struct json out = {0};
	bool found = pack_find(&words, span_of(fact), &out) &&
	    pack_has(p, (struct span){out.p, out.len});

	json_release(&out);
	return found;
}

static void
test_has(void)
{
	/* words that stand elsewhere too */
	static const char others[] =
	    "Clapp=web\0llapp=\0ix:lapp=\0Cl\0lq=lapp=";
	static const char facts[] =
	    "Cweb\0ishop/web:1.2\0P\0lapp=web\0lapp.kubernetes.io/name=web\0l=\0"
	    "lx=lapp=\0Clapp=";
	struct json out = {0}, other = {0};
	struct span p = packed(facts, sizeof(facts), &out), q;

	pack_facts(&words, (struct span){others, sizeof(others)}, &other);
	q = (struct span){other.p, other.len};
	ok(has(p, "lapp=web") && has(p, "l=") && has(p, "ishop/web:1.2") &&
		has(p, "lx=lapp=") && has(p, "Clapp=") && has(q, "llapp="),
	    "a fact is found by its text");
	ok(!has(p, "lapp=we") && !has(p, "lapp=webs") && !has(p, "lapp=") &&
		!has(p, "Lapp=web") && !has(p, "l") && !has(p, "ishop/web") &&
		!has(p, "lnone=x") && !has(q, "lapp=web") && !has(q, "lapp="),
	    "and by no part of it, nor under another letter");
	pack_drop(&words, p);
	pack_drop(&words, q);
	json_release(&out);
	json_release(&other);
}

/* The same run of facts twice, and one that is another. */
static void
test_phrases(void)
{
	static const char same_run[] = "w--config\0w--listen\0eA\0eB\0o80\0eC";
	static const char other_run[] = "w--config\0eB\0eC\0eD\0eE\0eF";
	const char *const run[] = {same_run, same_run, other_run};
	struct texts many, phrases;
	struct json out[3] = {{0}}, open = {0};
	bool same = true;
	size_t n = 0;

	texts_init(&many);
	texts_init(&phrases);
	pack_init(&many, &phrases);
	for (int i = 0; i < 3; i++) {
		struct json fresh = {0};

		n = i < 2 ? sizeof(same_run) : sizeof(other_run);
		pack_facts(&many, (struct span){"Cx", 3}, &out[i]);
		pack_facts(&many, (struct span){run[i], n}, &fresh);
		json_raw(&out[i], fresh.p, fresh.len);
		pack_phrase(&many, out[i].len - fresh.len,
		    (struct span){fresh.p, fresh.len}, &out[i]);
		json_reset(&open);
		pack_open(&many, (struct span){out[i].p, out[i].len}, &open);
		same = same && open.len == n + 3 &&
		    memcmp(open.p + 3, run[i], n) == 0;
		json_release(&fresh);
	}
	ok(same, "phrases open to what they were made of");
	ok(phrases.table.used == 2 && out[0].len == out[1].len &&
		memcmp(out[0].p, out[1].p, out[0].len) == 0,
	    "and the same run is the same phrase");
	for (int i = 0; i < 3; i++) {
		struct span packed = {out[i].p, out[i].len};

		pack_keep(&many, packed);
		pack_drop(&many, packed);
		pack_open(&many, packed, &open);
		pack_drop(&many, packed);
		json_release(&out[i]);
	}
	ok(phrases.table.used == 0 && many.table.used == 1,
	    "of phrases that are dropped no word is held");
	json_release(&open);
	texts_free(&many);
	texts_free(&phrases);
}

static void
test_size(void)
{
	static const char facts[] =
	    "Cx\0w--config\0eHOST\0eDATABASE_URL\0o8080\0qhttp\0"
	    "iregistry.example.com/shop/x:3.12.8\0P\0lapp=x\0"
	    "lapp.kubernetes.io/name=x\0lapp.kubernetes.io/version=3.12.8";
	struct json out = {0};
	size_t n;

	/* numbers that were given before are large */
	texts_free(&words);
	texts_init(&words);
	n = packed(facts, sizeof(facts), &out).n;
	ok(n * 5 < sizeof(facts), "%zu bytes of facts are packed in %zu",
	    sizeof(facts), n);
	pack_drop(&words, (struct span){out.p, out.len});
	json_release(&out);
}

/* Anything comes back; what is like something else takes few bytes. */
static void
test_json(void)
{
	static const char *const value[] = {"", "{}", "[]", "\"\"", "\"", "1",
	    "{\"a\":\"\",\"b\":\"x=\\\"/\\\\\"}", "[\"a\",\"b\"]",
	    "{\"a\":\"\\",
	    "[\"http://web.shop.svc:80/\",\"a.b/c\",\"=\",\"/\"]", "\"a\\\"",
	    "{\"n\":0.95,\"o\":{\"image\":\"shop/web:1.2\",\"k\":[null]}}"};
	static const char like[] =
	    "{\"kind\":\"Pod\",\"namespace\":\"shop\",\"name\":\"web-%d\","
	    "\"object\":\"Pod/shop/web-%d\",\"url\":\"http://web-%d.shop.svc\"}";
	struct json out = {0}, again = {0};
	char text[256];
	bool right = true;
	size_t n = 0;

	for (int i = 0; i < 100; i++) {
		struct span v = span_of(text);

		snprintf(text, sizeof(text), like, i, i, i);
		v.n = strlen(text);
		if (i % 2)
			v = span_of(value[(size_t)i / 2 %
			    (sizeof(value) / sizeof(*value))]);
		json_reset(&out);
		json_reset(&again);
		pack_json(&words, v, &out);
		pack_open(&words, (struct span){out.p, out.len}, &again);
		right = right && again.len == v.n &&
		    (!v.n || memcmp(again.p, v.p, v.n) == 0);
		n = i % 2 ? n : out.len;
		pack_drop(&words, (struct span){out.p, out.len});
	}
	ok(right && !words.table.used, "JSON comes back to the byte");
	ok(n * 5 < strlen(text), "%zu bytes of it are packed in %zu",
	    strlen(text), n);
	json_release(&out);
	json_release(&again);
}

static void
test_long(void)
{
	struct texts t;
	char *text = diag_alloc(NULL, 70000);
	uint32_t a, b;

	texts_init(&t);
	memset(text, 'x', 70000);
	a = texts_hold(&t, (struct span){text, 70000});
	b = texts_hold(&t, (struct span){text, 128});
	ok(a != b && texts_get(&t, a).n == 70000 && texts_get(&t, b).n == 128 &&
		texts_hold(&t, span_of("")) != a &&
		texts_find(&t, (struct span){text, 127}) == TABLE_NONE,
	    "texts of any length");
	texts_drop(&t, a);
	ok(texts_find(&t, (struct span){text, 70000}) == TABLE_NONE &&
		texts_find(&t, (struct span){text, 128}) == b &&
		texts_get(&t, b).n == 128 && t.pile.used < 1000,
	    "one that is dropped is gone, and its room with it");
	texts_free(&t);
	free(text);
}

int
main(void)
{
	srandom(7);
	texts_init(&words);
	for (int i = 0; i < MANY; i++)
		thing[i].place = PILE_NONE;
	test_churn();
	test_same();
	test_has();
	test_phrases();
	test_size();
	test_json();
	test_long();
	texts_free(&words);
	pile_free(&pile);
	return tap_done();
}
