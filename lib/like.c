#include "like.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "plain.h"

void
like_release(struct like *l)
{
	free(l->text);
	free(l->moved);
	scan_tape_release(&l->tape);
	*l = (struct like){0};
}

/* ---- remembering ---- */

static void
keep(struct like *l, const struct scan_plan *plan, struct span doc)
{
	if (doc.n > l->size) {
		l->size = doc.n + doc.n / 2;
		l->text = diag_alloc(l->text, l->size);
	}
	memcpy(l->text, doc.p, doc.n);
	l->n = doc.n;
	l->n_slots = plan->n_slots;
	l->n_often = l->n_steps = 0;
	memset(l->behind, 0, sizeof(l->behind));
	l->doc = doc.p;
	l->number++;
}

int
like_scan(struct like *l, const struct scan_plan *plan, struct span doc,
    struct span *slots, struct scan_error *err)
{
	l->n = 0;
	if (scan_find_tokens(plan, doc.p, doc.n, slots, &l->tape, err) < 0)
		return -1;
	keep(l, plan, doc);
	return 0;
}

/* ---- comparing ---- */

/* How many bytes are the same, of eight. */
static inline size_t
same_word(const char *a, const char *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	if (x == y)
		return sizeof(x);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(x ^ y) / 8;
#else
	return (size_t)__builtin_clzll(x ^ y) / 8;
#endif
}

/* Of n, which are few. */
static inline size_t
same_words(const char *a, const char *b, size_t n)
{
	size_t i = 0, k;

	for (; n - i >= 8; i += 8)
		if ((k = same_word(a + i, b + i)) < 8)
			return i + k;
	if (i > 0 && i < n) /* the rest, and what is before it once more */
		return n - 8 + same_word(a + n - 8, b + n - 8);
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Of n. */
static inline size_t
same(const char *a, const char *b, size_t n)
{
	size_t i = 0;

#if defined(SCAN_SSE2)
	for (; n - i >= 16; i += 16) {
		__m128i x =
		    _mm_loadu_si128((const __m128i *)(const void *)(a + i));
		__m128i y =
		    _mm_loadu_si128((const __m128i *)(const void *)(b + i));
		unsigned mask =
		    (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y));

		if (mask != 0xffff)
			return i + (size_t)__builtin_ctz(~mask);
	}
#endif
	return i + same_words(a + i, b + i, n - i);
}

#if defined(SCAN_SSE2)
/* How sixteen bytes differ: all zero if they do not. */
static inline __m128i
difference(const char *a, const char *b)
{
	return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)a),
	    _mm_loadu_si128((const __m128i *)(const void *)b));
}
#endif

/* Whether all of n are: the last ones of many are compared with some of those
 * before them once more. */
static inline bool
are_same(const char *a, const char *b, size_t n)
{
#if defined(SCAN_SSE2)
	if (n >= 16) {
		__m128i any = difference(a + n - 16, b + n - 16);

		for (size_t i = 0; i + 16 < n; i += 16)
			any = _mm_or_si128(any, difference(a + i, b + i));
		any = _mm_cmpeq_epi8(any, _mm_setzero_si128());
		return _mm_movemask_epi8(any) == 0xffff;
	}
#endif
	return same_words(a, b, n) == n;
}

/* The end of a string that goes on at p, if all that is left of it is plain;
 * else NULL. */
static inline const char *
plain_end(const char *p, const char *end)
{
	p = plain_run(p, end);
	return p < end && *p == '"' ? p + 1 : NULL;
}

static bool
is_scalar(char c)
{
	return !scan_is_space(c) && c != '{' && c != '}' && c != '[' &&
	    c != ']' && c != ',' && c != ':';
}

static struct like_scalar
scalar(const struct like *l, uint32_t number)
{
	const struct scan_token *t = &l->tape.token[number];

	return (struct like_scalar){number, t->from, t->to,
	    l->text[t->from] == '"' &&
		plain_end(l->text + t->from + 1, l->text + t->to) ==
		    l->text + t->to};
}

/* What is known while two documents are compared: up to place i of the one
 * that is remembered and k of the other, they are alike. */
struct comparison {
	struct like *l;
	struct span doc;
	size_t i, k;
	uint32_t next; /* the next token to look at */
};

static const char *
scalar_end(const char *p, const char *end)
{
	struct scan_error err;

	return p < end && is_scalar(*p) ? scan_value(p, end, &err) : NULL;
}

/* Step over a scalar in both, in which they are alike up to here. */
static bool
step(struct comparison *c, const struct like_scalar *s)
{
	const char *p = c->doc.p + c->k, *end = c->doc.p + c->doc.n;
	struct like *l = c->l;
	const char *after = NULL;

	if (l->n_steps == LIKE_STEPS)
		return false;
	if (s->is_plain && s->from < c->i && c->i < s->to)
		after = plain_end(p, end);
	else if (s->is_plain && s->from == c->i && p < end && *p == '"')
		after = plain_end(p + 1, end);
	if (!after)
		after = scalar_end(p - (c->i - s->from), end);
	if (!after)
		return false;
	c->next = s->number + 1;
	c->i = s->to;
	c->k = (size_t)(after - c->doc.p);
	l->step[l->n_steps++] = (struct like_step){s->number, s->from,
	    (int32_t)((ptrdiff_t)c->k - (ptrdiff_t)c->i)};
	return true;
}

/* Whether a token is a value that ends at place at or behind it. A number may
 * go on in one document where it ends in the other. */
static bool
reaches(const struct like *l, const struct scan_token *t, size_t at)
{
	return t->to >= at && !(t->to & SCAN_OPENS) &&
	    !(t->from & SCAN_IS_KEY) && is_scalar(l->text[t->from]);
}

/* The documents differ from here on: maybe in a scalar. */
static bool
step_here(struct comparison *c)
{
	struct like *l = c->l;
	const struct scan_token *t = l->tape.token;
	struct like_scalar s;

	while (c->next < l->tape.n && !reaches(l, &t[c->next], c->i))
		c->next++;
	if (c->next == l->tape.n || t[c->next].from > c->i)
		return false;
	s = scalar(l, c->next);
	return step(c, &s);
}

/* What differs is mostly what differed before, and goes faster if no
 * difference has to be found first. */
static void
learn(struct like *l)
{
	unsigned k = 0;

	l->n_often = l->n_steps;
	for (unsigned i = 0; i < l->n_steps; i++)
		l->often[i] = scalar(l, l->step[i].number);
	for (unsigned i = 0; i < l->tape.n_marks; i++) {
		while (k < l->n_often && l->often[k].from < l->tape.mark[i].at)
			k++;
		l->behind[i] = (uint8_t)k;
	}
}

/* The steps are those that there are often. */
static void
place(const struct like *l, struct span *slots)
{
	memset(slots, 0, l->n_slots * sizeof(*slots));
	for (unsigned i = 0; i < l->tape.n_marks; i++) {
		const struct scan_mark *m = &l->tape.mark[i];
		struct span *s = &slots[m->slot];
		unsigned k = l->behind[i];
		const char *p = l->doc + m->at + (k ? l->step[k - 1].shift : 0);

		if (m->is_end)
			s->n = (size_t)(p - s->p);
		else
			s->p = p;
	}
}

/* Where documents differ mostly, and nowhere else: the quick way, as far as it
 * leads. Returns the number of such scalars behind them. */
static unsigned
compare_often(struct comparison *c)
{
	struct like *l = c->l;
	const char *p = c->doc.p, *end = p + c->doc.n;
	uint32_t i = 0;
	unsigned often = 0;

	for (; often < l->n_often; often++) {
		const struct like_scalar *s = &l->often[often];
		const char *after = NULL;
		size_t n = s->from - i;

		if (n >= (size_t)(end - p) || !are_same(l->text + i, p, n))
			break;
		if (s->is_plain && p[n] == '"')
			after = plain_end(p + n + 1, end);
		if (!after && !(after = scalar_end(p + n, end)))
			break;
		p = after;
		i = s->to;
		l->step[often] = (struct like_step){s->number, s->from,
		    (int32_t)(p - c->doc.p - (ptrdiff_t)i)};
	}
	l->n_steps = often;
	c->i = i;
	c->k = (size_t)(p - c->doc.p);
	c->next = often ? l->often[often - 1].number + 1 : 0;
	return often;
}

static bool
compare(struct comparison *c)
{
	struct like *l = c->l;
	unsigned often = compare_often(c);

	for (;;) {
		const struct like_scalar *s =
		    often < l->n_often ? &l->often[often] : NULL;
		size_t to = s ? s->from : l->n;
		size_t left = to - c->i, other = c->doc.n - c->k;
		size_t n = same(l->text + c->i, c->doc.p + c->k,
		    left < other ? left : other);

		c->i += n;
		c->k += n;
		if (s && c->i == to) {
			if (!step(c, s))
				return false;
			often++;
		} else if (c->i == l->n && c->k == c->doc.n) {
			return true;
		} else if (!step_here(c)) {
			return false;
		}
	}
}

bool
like_find(struct like *l, const struct scan_plan *plan, struct span doc,
    struct span *slots)
{
	struct comparison c = {.l = l, .doc = doc};

	if (!l->n || plan->n_slots != l->n_slots || doc.n > INT32_MAX)
		return false;
	l->doc = doc.p;
	if (!compare(&c))
		return false;
	if (l->n_steps > l->n_often)
		learn(l);
	place(l, slots);
	return true;
}

/* ---- walking ---- */

/* Tokens [i, end) of what is remembered, shifted. */
static void
move_run(struct like *l, uint32_t i, uint32_t end, uint32_t shift)
{
	const struct scan_token *t = l->tape.token;
	struct scan_token *moved = l->moved;

	for (; i < end; i++)
		moved[i] = (struct scan_token){t[i].from + shift,
		    t[i].to + (t[i].to & SCAN_OPENS ? 0 : shift)};
}

/* The tokens of a value, where they stand in the document that was found. */
static const struct scan_token *
move(struct like *l, uint32_t first)
{
	const struct scan_token *t = l->tape.token;
	uint32_t end = first + 1, i = first, shift = 0;
	unsigned k = 0;

	if (t[first].to & SCAN_OPENS)
		end += t[first].to & SCAN_PLACE;
	if (l->tape.n > l->size_moved) {
		l->size_moved = l->tape.n + l->tape.n / 2;
		l->moved =
		    diag_alloc(l->moved, l->size_moved * sizeof(*l->moved));
	}
	for (; k < l->n_steps && l->step[k].number < first; k++)
		shift = (uint32_t)l->step[k].shift;
	for (; k < l->n_steps && l->step[k].number < end; k++) {
		uint32_t number = l->step[k].number;

		move_run(l, i, number + 1, shift);
		/* what is another in this place ends elsewhere */
		shift = (uint32_t)l->step[k].shift;
		l->moved[number].to = t[number].to + shift;
		i = number + 1;
	}
	move_run(l, i, end, shift);
	return l->moved + first;
}

struct walk
like_walk(struct like *l, int slot, struct span value)
{
	uint32_t first = l->tape.first[slot];

	if (!l->n || !value.n)
		return walk_text(value);
	return (struct walk){l->doc, NULL,
	    l->n_steps ? move(l, first) : l->tape.token + first};
}

struct walk
like_walk_kept(const struct like *l, int slot, struct span value)
{
	return value.n ?
	    (struct walk){l->text, NULL, l->tape.token + l->tape.first[slot]} :
	    walk_text(value);
}

uint32_t
like_number(const struct like *l, const struct walk *kept)
{
	return (uint32_t)(kept->at - l->tape.token);
}

/* The first step at or behind a token. */
static unsigned
step_at(const struct like *l, uint32_t number)
{
	unsigned low = 0, high = l->n_steps;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (l->step[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_step_at(const struct like *l, uint32_t number, unsigned i)
{
	const struct like_step *s = l->step;

	return i <= l->n_steps && (i == 0 || s[i - 1].number < number) &&
	    (i == l->n_steps || s[i].number >= number);
}

bool
like_differs(const struct like *l, uint32_t number, uint8_t *guess,
    struct span *there)
{
	const struct scan_token *t = &l->tape.token[number];
	uint32_t from, to;

	static_assert(LIKE_STEPS <= UINT8_MAX, "a guess is one of them");
	if (!is_step_at(l, number, *guess))
		*guess = (uint8_t)step_at(l, number);
	if (*guess == l->n_steps || l->step[*guess].number != number) {
		*there = (struct span){l->text + t->from, t->to - t->from};
		return false;
	}
	from = t->from + (*guess ? (uint32_t)l->step[*guess - 1].shift : 0);
	to = t->to + (uint32_t)l->step[*guess].shift;
	*there = (struct span){l->doc + from, to - from};
	return true;
}
