#include "like.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

void
like_release(struct like *l)
{
	free(l->text);
	free(l->scalar);
	*l = (struct like){0};
}

/* ---- remembering ---- */

void
like_keep(struct like *l, const struct scan_plan *plan, struct span doc,
    const struct span *slots)
{
	l->n = l->n_scalars = l->looked = 0;
	l->n_edges = l->n_often = 0;
	if (doc.n > LIKE_MAX)
		return;
	if (doc.n > l->size) {
		l->size = doc.n + doc.n / 2;
		l->text = diag_alloc(l->text, l->size);
	}
	memcpy(l->text, doc.p, doc.n);
	l->n = doc.n;
	l->n_slots = plan->n_slots;
	for (unsigned i = 0; i < l->n_slots; i++) {
		uint32_t at = slots[i].n ? (uint32_t)(slots[i].p - doc.p) : 0;

		l->slot[i] = (struct like_part){at, at + (uint32_t)slots[i].n};
	}
}

static int
compare_edges(const void *a, const void *b)
{
	const struct like_edge *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Only once there is something like it, as there mostly is not. */
static void
sort_edges(struct like *l)
{
	for (unsigned i = 0; i < l->n_slots; i++) {
		const struct like_part *s = &l->slot[i];

		if (s->from == s->to)
			continue;
		l->edge[l->n_edges++] =
		    (struct like_edge){s->from, (uint8_t)i, false};
		l->edge[l->n_edges++] =
		    (struct like_edge){s->to, (uint8_t)i, true};
	}
	qsort(l->edge, l->n_edges, sizeof(*l->edge), compare_edges);
}

/* ---- comparing ---- */

/* Which of eight bytes is the first that differs. */
static inline size_t
first_of(uint64_t difference)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(difference) / 8;
#else
	return (size_t)__builtin_clzll(difference) / 8;
#endif
}

/* How many bytes are the same. */
static inline size_t
same(const char *a, const char *b, size_t n)
{
	size_t i = 0;
	uint64_t x, y;

	for (; n - i >= sizeof(x); i += sizeof(x)) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			return i + first_of(x ^ y);
	}
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* The end of a string that goes on at p, if all that is left of it is plain;
 * else NULL. */
static inline const char *
plain_end(const char *p, const char *end)
{
	p = scan_plain(p, end);
	return p < end && *p == '"' ? p + 1 : NULL;
}

static void
add_scalar(struct like *l, size_t from, size_t to)
{
	if (l->n_scalars == l->size_scalars) {
		l->size_scalars = l->size_scalars ? l->size_scalars * 2 : 128;
		l->scalar =
		    diag_alloc(l->scalar, l->size_scalars * sizeof(*l->scalar));
	}
	l->scalar[l->n_scalars++] =
	    (struct like_scalar){(uint32_t)from, (uint32_t)to,
		plain_end(l->text + from + 1, l->text + to) == l->text + to};
}

static bool
is_scalar(char c)
{
	return !scan_is_space(c) && c != '{' && c != '}' && c != '[' &&
	    c != ']' && c != ',' && c != ':';
}

/* Look through what is remembered, which is valid, until place at is passed.
 * Much of it is never looked through. */
static void
look(struct like *l, size_t at)
{
	size_t i = l->looked, from;
	struct scan_error err;

	while (i < l->n && i <= at) {
		const char *after;

		if (!is_scalar(l->text[i])) {
			i++;
			continue;
		}
		from = i;
		after = scan_value(l->text + i, l->text + l->n, &err);
		i = after ? (size_t)(after - l->text) : l->n;
		l->looked = i;
		while (i < l->n && scan_is_space(l->text[i]))
			i++;
		if (i == l->n || l->text[i] != ':')
			add_scalar(l, from, l->looked);
	}
	l->looked = i;
}

/* A scalar in whose place another one stands. */
struct like_step {
	uint32_t scalar; /* its number */
	uint32_t from; /* in what is remembered */
	int32_t shift; /* how much further all stands that is behind it */
};

/* What is known while two documents are compared: up to place i of the one
 * that is remembered and k of the other, they are alike. */
struct comparison {
	struct like *l;
	struct span doc;
	size_t i, k, next; /* the next scalar to look at */
	unsigned n_steps;
	struct like_step step[LIKE_STEPS];
};

static const char *
scalar_end(const char *p, const char *end)
{
	struct scan_error err;

	return p < end && is_scalar(*p) ? scan_value(p, end, &err) : NULL;
}

/* Step over a scalar in both, in which they are alike up to here. */
static bool
step(struct comparison *c, size_t number)
{
	const struct like_scalar *s = &c->l->scalar[number];
	const char *p = c->doc.p + c->k, *end = c->doc.p + c->doc.n;
	const char *after = NULL;

	if (c->n_steps == LIKE_STEPS)
		return false;
	if (s->is_plain && s->from < c->i && c->i < s->to)
		after = plain_end(p, end);
	else if (s->is_plain && s->from == c->i && p < end && *p == '"')
		after = plain_end(p + 1, end);
	if (!after)
		after = scalar_end(p - (c->i - s->from), end);
	if (!after)
		return false;
	c->next = number + 1;
	c->i = s->to;
	c->k = (size_t)(after - c->doc.p);
	c->step[c->n_steps++] = (struct like_step){(uint32_t)number, s->from,
	    (int32_t)((ptrdiff_t)c->k - (ptrdiff_t)c->i)};
	return true;
}

/* The documents differ from here on: maybe in a scalar. A number may go on in
 * one of them where it ends in the other. */
static bool
step_here(struct comparison *c)
{
	struct like *l = c->l;

	look(l, c->i);
	while (c->next < l->n_scalars && l->scalar[c->next].to < c->i)
		c->next++;
	return c->next < l->n_scalars && l->scalar[c->next].from <= c->i &&
	    step(c, c->next);
}

/* What differs is mostly what differed before, and goes faster if no
 * difference has to be found first. */
static void
learn(struct like *l, const struct comparison *c)
{
	l->n_often = c->n_steps;
	for (unsigned i = 0; i < c->n_steps; i++)
		l->often[i] = c->step[i].scalar;
}

static void
place(const struct comparison *c, struct span *slots)
{
	struct like *l = c->l;
	ptrdiff_t shift = 0;
	unsigned k = 0;

	if (!l->n_edges)
		sort_edges(l);
	memset(slots, 0, l->n_slots * sizeof(*slots));
	for (unsigned i = 0; i < l->n_edges; i++) {
		const struct like_edge *e = &l->edge[i];
		struct span *s = &slots[e->slot];
		const char *p;

		while (k < c->n_steps && c->step[k].from < e->at)
			shift = c->step[k++].shift;
		p = c->doc.p + e->at + shift;
		if (e->is_end)
			s->n = (size_t)(p - s->p);
		else
			s->p = p;
	}
}

bool
like_find(struct like *l, const struct scan_plan *plan, struct span doc,
    struct span *slots)
{
	struct comparison c;
	unsigned often = 0;

	if (!l->n || plan->n_slots != l->n_slots || doc.n > INT32_MAX)
		return false;
	c.l = l;
	c.doc = doc;
	c.i = c.k = c.next = c.n_steps = 0;
	for (;;) {
		bool is_often = often < l->n_often;
		size_t to = is_often ? l->scalar[l->often[often]].from : l->n;
		size_t left = to - c.i, other = doc.n - c.k;
		size_t n = same(l->text + c.i, doc.p + c.k,
		    left < other ? left : other);

		c.i += n;
		c.k += n;
		if (is_often && c.i == to) {
			if (!step(&c, l->often[often++]))
				return false;
		} else if (c.i == l->n && c.k == doc.n) {
			break;
		} else if (!step_here(&c)) {
			return false;
		}
	}
	if (c.n_steps > l->n_often)
		learn(l, &c);
	place(&c, slots);
	return true;
}
