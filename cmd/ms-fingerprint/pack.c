#define _GNU_SOURCE /* memmem */
#include "pack.h"

#include <assert.h>
#include <string.h>

#include "facts.h"

/* ---- where facts are cut ---- */

#define WORDS 6 /* of one fact, at most */

/* A digest is held as a byte that begins no word, and its bits. */
#define DIGEST "sha256:"
#define DIGEST_MARK '\1'
#define DIGEST_BYTES 32
#define DIGEST_WORD (1 + DIGEST_BYTES)

/* The pieces of one fact; the first one has its letter. */
struct words {
	struct span word[WORDS];
	unsigned n;
	char digest[DIGEST_WORD];
};

/* Cut the last one after n of its bytes. */
static void
cut(struct words *w, size_t n)
{
	struct span *last = &w->word[w->n - 1];

	if (n == 0 || n >= last->n)
		return;
	w->word[w->n++] = (struct span){last->p + n, last->n - n};
	last->n = n;
}

static int
small_hex(char c)
{
	return c >= 'A' && c <= 'F' ? -1 : scan_hex(c);
}

/* The last one, if it is a digest: half of what it takes otherwise. */
static void
cut_digest(struct words *w)
{
	struct span *last = &w->word[w->n - 1];
	const char *p = last->p + sizeof(DIGEST) - 1;

	if (last->n != sizeof(DIGEST) - 1 + 2 * DIGEST_BYTES ||
	    !span_begins(*last, DIGEST))
		return;
	*w->digest = DIGEST_MARK;
	for (int i = 0; i < DIGEST_BYTES; i++, p += 2) {
		int high = small_hex(p[0]), low = small_hex(p[1]);

		if (high < 0 || low < 0)
			return;
		w->digest[1 + i] = (char)(high << 4 | low);
	}
	*last = (struct span){w->digest, DIGEST_WORD};
}

static void
open_digest(const char *bits, struct json *out)
{
	json_puts(out, DIGEST);
	for (int i = 0; i < DIGEST_BYTES; i++) {
		unsigned char byte = (unsigned char)bits[i];

		json_raw(out, &"0123456789abcdef"[byte >> 4], 1);
		json_raw(out, &"0123456789abcdef"[byte & 15], 1);
	}
}

/* registry/owner/ name : tag, or @ digest, or both */
static void
cut_image(struct words *w)
{
	struct span *last = &w->word[0];
	size_t n = last->n, slash = 1, i;

	while (n > 1 && last->p[n - 1] != '/')
		n--;
	/* the slashes of a digest are none: it has only hex digits */
	slash = n > 1 ? n : 1;
	cut(w, slash);
	last = &w->word[w->n - 1];
	for (i = 0; i < last->n && last->p[i] != ':' && last->p[i] != '@'; i++)
		;
	if (i == last->n)
		return;
	cut(w, i);
	cut(w, 1);
	last = &w->word[w->n - 1];
	for (i = 0; i < last->n && last->p[i] != '@'; i++)
		;
	if (i < last->n) {
		cut(w, i);
		cut(w, 1);
	}
	cut_digest(w);
}

/* The last one is behind this. If it is a chart: name - version */
static void
cut_chart(struct span head, struct words *w)
{
	static const char chart[] = "helm.sh/chart=";
	const struct span *last = &w->word[w->n - 1];

	if (head.n != sizeof(chart) ||
	    memcmp(head.p + 1, chart, sizeof(chart) - 1) != 0)
		return;
	for (size_t i = 1; i + 1 < last->n; i++)
		if (last->p[i] == '-' && last->p[i + 1] >= '0' &&
		    last->p[i + 1] <= '9') {
			cut(w, i);
			cut(w, 1);
			return;
		}
}

/* key= value */
static void
cut_pair(struct words *w)
{
	const struct span *fact = &w->word[0];
	const char *at = memchr(fact->p, '=', fact->n);

	if (at)
		cut(w, (size_t)(at + 1 - fact->p));
	if (w->n > 1)
		cut_chart(*fact, w);
}

/* Keep letters apart from names that stand in several kinds of facts, and what
 * is common to many texts from what is not. */
static void
cut_fact(struct span fact, struct words *w)
{
	w->word[0] = fact;
	w->n = 1;
	switch (*fact.p) {
	case FACT_CONTAINER:
	case FACT_WORKLOAD:
		cut(w, 1);
		break;
	case FACT_IMAGE:
		cut_image(w);
		break;
	case FACT_LABEL:
	case FACT_OWN_LABEL:
	case FACT_ANNOTATION:
		cut_pair(w);
		break;
	default:
		break;
	}
}

/* ---- numbers, seven bits a byte; the lowest bit of all: the fact ends ---- */

static void
put_number(struct json *out, uint32_t number, bool is_last)
{
	uint64_t n = (uint64_t)number << 1 | is_last;
	char *to = json_room(out, 6);

	for (; n > 127; n >>= 7, out->len++)
		*to++ = (char)(n | 128);
	*to = (char)n;
	out->len++;
}

struct reader {
	const unsigned char *p, *end;
};

static struct reader
read_from(struct span packed)
{
	const unsigned char *p = (const unsigned char *)packed.p;

	return (struct reader){p, packed.n ? p + packed.n : p};
}

static bool
next_number(struct reader *r, uint32_t *number, bool *is_last)
{
	uint64_t n = 0;
	unsigned shift = 0;

	if (r->p == r->end)
		return false;
	do
		n |= (uint64_t)(*r->p & 127) << shift;
	while (shift += 7, *r->p++ & 128);
	*number = (uint32_t)(n >> 1);
	*is_last = n & 1;
	return true;
}

void
pack_number(struct json *out, uint32_t number)
{
	put_number(out, number, true);
}

uint32_t
pack_take_number(struct span *text)
{
	struct reader r = read_from(*text);
	uint32_t number = 0;
	bool is_last;

	next_number(&r, &number, &is_last);
	text->p = (const char *)r.p;
	text->n = (size_t)(r.end - r.p);
	return number;
}

/* ---- packing ---- */

/* A fact with its letter, and the place of the next one behind it. */
static struct span
take_fact(const char **p)
{
	struct span fact = {*p, strlen(*p)};

	*p += fact.n + 1;
	return fact;
}

void
pack_facts(struct texts *words, struct span facts, struct json *out)
{
	struct words w;

	for (const char *p = facts.p; p < facts.p + facts.n;) {
		cut_fact(take_fact(&p), &w);
		for (unsigned i = 0; i < w.n; i++)
			put_number(out, texts_hold(words, w.word[i]),
			    i + 1 == w.n);
	}
}

void
pack_behind(struct texts *words, uint32_t head, struct span text,
    struct json *out)
{
	struct words w = {.word = {text}, .n = text.n > 0};

	texts_keep(words, head);
	put_number(out, head, !w.n);
	if (w.n)
		cut_chart(texts_get(words, head), &w);
	for (unsigned i = 0; i < w.n; i++)
		put_number(out, texts_hold(words, w.word[i]), i + 1 == w.n);
}

/* ---- phrases ---- */

#define PHRASE 0 /* the number in front of a phrase's */
#define PHRASE_LEAST 5 /* bytes: what is shorter is left as it is */

void
pack_init(struct texts *words, struct texts *phrases)
{
	uint32_t number = texts_hold(words, span_of(""));

	assert(number == PHRASE);
	words->phrases = phrases;
}

void
pack_phrase(struct texts *words, size_t from, struct span fresh,
    struct json *out)
{
	struct span run = {out->p + from, out->len - from};
	uint32_t number;

	if (run.n < PHRASE_LEAST) {
		pack_keep(words, run);
		pack_drop(words, fresh);
		return;
	}
	number = texts_hold(words->phrases, run);
	/* who holds the phrase holds its words */
	if (words->phrases->text[number].holds == 1)
		pack_keep(words, run);
	pack_drop(words, fresh);
	out->len = from;
	put_number(out, PHRASE, false);
	put_number(out, number, true);
}

/* Whether a number is but the mark of a phrase; then it is the phrase's. */
static bool
is_phrase(const struct texts *words, struct reader *r, uint32_t *number)
{
	bool is_last;

	return *number == PHRASE && words->phrases &&
	    next_number(r, number, &is_last);
}

static void
drop_phrase(struct texts *words, uint32_t number)
{
	if (words->phrases->text[number].holds == 1)
		pack_drop(words, texts_get(words->phrases, number));
	texts_drop(words->phrases, number);
}

/* ---- packing JSON ---- */

static void
put_word(struct texts *words, const char *from, const char *to,
    struct json *out)
{
	if (from < to)
		put_number(out,
		    texts_hold(words, (struct span){from, (size_t)(to - from)}),
		    false);
}

/* The quote that ends the string whose content begins at p. */
static const char *
string_end(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return p < end ? p : end;
}

/* A string's content: paths, pairs and URLs have others' names in them. */
static void
put_content(struct texts *words, const char *p, const char *end,
    struct json *out)
{
	bool is_url = false;
	const char *from = p;

	for (; p < end; p++) {
		bool ends = *p == '/' || *p == '=',
		     begins = is_url && *p == '.';

		is_url |= *p == '/' && p > from && p[-1] == ':';
		if (!ends && !begins)
			continue;
		put_word(words, from, p + ends, out);
		from = p + ends;
	}
	put_word(words, from, end, out);
}

void
pack_json(struct texts *words, struct span value, struct json *out)
{
	const char *from = value.p, *end = value.p + value.n, *p = from;

	while ((p = memchr(p, '"', (size_t)(end - p)))) {
		const char *last = string_end(p + 1, end);

		if (last + 1 < end && last[1] != ':') {
			put_word(words, from, p + 1, out);
			put_content(words, p + 1, last, out);
			from = last;
		}
		p = last < end ? last + 1 : end;
	}
	put_word(words, from, end, out);
}

/* ---- opening ---- */

static void
open_word(struct span word, bool is_last, struct json *out)
{
	if (word.n == DIGEST_WORD && *word.p == DIGEST_MARK)
		open_digest(word.p + 1, out);
	else
		json_span(out, word);
	if (is_last)
		json_raw(out, "", 1);
}

void
pack_open(const struct texts *words, struct span packed, struct json *out)
{
	struct reader r = read_from(packed);
	uint32_t number;
	bool is_last;

	while (next_number(&r, &number, &is_last))
		if (is_phrase(words, &r, &number))
			pack_open(words, texts_get(words->phrases, number),
			    out);
		else
			open_word(texts_get(words, number), is_last, out);
}

void
pack_keep(struct texts *words, struct span packed)
{
	struct reader r = read_from(packed);
	uint32_t number;
	bool is_last;

	while (next_number(&r, &number, &is_last))
		if (is_phrase(words, &r, &number))
			texts_keep(words->phrases, number);
		else
			texts_keep(words, number);
}

void
pack_drop(struct texts *words, struct span packed)
{
	struct reader r = read_from(packed);
	uint32_t number;
	bool is_last;

	while (next_number(&r, &number, &is_last))
		if (is_phrase(words, &r, &number))
			drop_phrase(words, number);
		else
			texts_drop(words, number);
}

/* ---- looking at it as it is ---- */

bool
pack_find(const struct texts *words, struct span fact, struct json *out)
{
	struct words w;

	cut_fact(fact, &w);
	for (unsigned i = 0; i < w.n; i++) {
		uint32_t number = texts_find(words, w.word[i]);

		if (number == TABLE_NONE)
			return false;
		put_number(out, number, i + 1 == w.n);
	}
	return true;
}

/* Whether a fact begins here: before it a number ends, and with that a fact. */
static bool
is_begin(struct span packed, const char *p)
{
	if (p == packed.p)
		return true;
	if (*--p & 128)
		return false;
	while (p > packed.p && p[-1] & 128)
		p--;
	return *p & 1;
}

bool
pack_has(struct span packed, struct span fact)
{
	const char *p = packed.p, *end = packed.p + packed.n;

	while ((p = memmem(p, (size_t)(end - p), fact.p, fact.n))) {
		if (is_begin(packed, p))
			return true;
		p++;
	}
	return false;
}
