#include "tape.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "special.h"

#define FIRST_NODES 1024
#define KEPT_NODES (1u << 18) /* a giant's memory is given back */
#define SMALL 24 /* so many members are sorted by insertion */

void
tape_release(struct tape *t)
{
	free(t->node);
	free(t->order);
	free(t->key);
	*t = (struct tape){0};
}

/* ---- reading ---- */

static inline const char *
plain_run(const char *p, const char *end)
{
#ifdef SPECIAL_SSE2
	while (end - p >= 16) {
		unsigned mask = special_mask(
		    _mm_loadu_si128((const __m128i *)(const void *)p));

		if (mask)
			return p + __builtin_ctz(mask);
		p += 16;
	}
#endif
	while (p < end && !is_special((unsigned char)*p))
		p++;
	return p;
}

/* From the first special byte on: the closing quote. */
static const char *
end_of_odd_string(const char *p, const char *end)
{
	while (p < end && *p != '"') {
		if (*p == '\\')
			p++;
		p = plain_run(p + 1, end);
	}
	return p;
}

/* p: after the opening quote. The closing one; *flags gains odd if the content
 * has more in it than plain text. */
static inline const char *
end_of_string(const char *p, const char *end, uint8_t *flags, uint8_t odd)
{
	p = plain_run(p, end);
	if (*p == '"')
		return p;
	*flags |= odd;
	return end_of_odd_string(p, end);
}

static inline const char *
skip_space(const char *p)
{
	while ((unsigned char)*p <= ' ')
		p++;
	return p;
}

static const char *
end_of_word(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != '}' && *p != ']' &&
	    (unsigned char)*p > ' ')
		p++;
	return p;
}

static struct tape_node *
new_node(struct tape *t)
{
	if (t->n == t->size) {
		t->size = t->size ? t->size * 2 : FIRST_NODES;
		t->node = diag_alloc(t->node, t->size * sizeof(*t->node));
	}
	return &t->node[t->n++];
}

/* The first eight bytes of a key as a number that sorts as they do. */
static inline uint64_t
key_head(const struct tape *t, const struct tape_node *m)
{
	const char *p = t->doc + m->key;
	uint64_t head = 0;

	if (t->doc_end - p < 8) {
		memcpy(&head, p, m->key_n < 8 ? m->key_n : 8);
		return __builtin_bswap64(head);
	}
	memcpy(&head, p, 8);
	head = __builtin_bswap64(head);
	return m->key_n >= 8 ? head :
	    m->key_n         ? head & ~0ull << (64 - 8 * m->key_n) :
			       0;
}

/* Two keys whose heads are equal. */
static int
compare_tails(const struct tape *t, const struct tape_node *a,
    const struct tape_node *b)
{
	uint32_t n = a->key_n < b->key_n ? a->key_n : b->key_n;
	int c =
	    n > 8 ? memcmp(t->doc + a->key + 8, t->doc + b->key + 8, n - 8) : 0;

	return c ? c : (a->key_n > b->key_n) - (a->key_n < b->key_n);
}

static inline int
compare_plain(const struct tape *t, const struct tape_node *a, uint64_t head_a,
    const struct tape_node *b, uint64_t head_b)
{
	if (head_a != head_b)
		return head_a < head_b ? -1 : 1;
	return compare_tails(t, a, b);
}

/* A member joins its object: does it come after its elder brother? While a
 * container is open its n is the index of the last child, end its parent. */
static inline void
join(struct tape *t, uint32_t parent, uint32_t child)
{
	struct tape_node *o = &t->node[parent], *m = &t->node[child], *last;

	if (m->flags & TAPE_KEY_ODD)
		o->flags |= TAPE_ODD | TAPE_UNSORTED;
	last = &t->node[o->n];
	if (o->n && !(o->flags & TAPE_UNSORTED) &&
	    compare_plain(t, last, key_head(t, last), m, key_head(t, m)) >= 0)
		o->flags |= TAPE_UNSORTED;
	o->n = child;
}

static void
begin(struct tape *t, struct span value)
{
	if (t->size > KEPT_NODES) {
		free(t->node);
		t->node = NULL;
		t->size = 0;
	}
	t->doc = value.p;
	t->doc_end = value.p + value.n;
	t->n = t->n_order = 0;
}

void
tape_read(struct tape *t, struct span value)
{
	const char *p = value.p, *end = value.p + value.n, *key;
	uint32_t open = TAPE_NONE, i;
	struct tape_node *node;

	begin(t, value);
member:
	p = skip_space(p);
	i = t->n;
	node = new_node(t);
	node->flags = 0;
	node->key = node->key_n = 0;
	if (open != TAPE_NONE && t->node[open].type == SCAN_OBJECT) {
		key = p + 1;
		p = end_of_string(key, end, &node->flags, TAPE_KEY_ODD);
		node->key = (uint32_t)(key - t->doc);
		node->key_n = (uint32_t)(p - key);
		join(t, open, i);
		p = skip_space(p + 1);
		p = skip_space(p + 1); /* the colon */
	}
	node->type = (uint8_t)scan_type((struct span){p, 1});
	node->at = (uint32_t)(p - t->doc);
	if (node->type == SCAN_OBJECT || node->type == SCAN_ARRAY) {
		node->end = open;
		node->n = 0;
		open = i;
		p = skip_space(p + 1);
		if (*p != '}' && *p != ']')
			goto member;
	} else if (node->type == SCAN_STRING) {
		node->at++;
		p = end_of_string(p + 1, end, &node->flags, TAPE_ODD);
		node->n = (uint32_t)(p - t->doc) - node->at;
		node->end = t->n;
		p++;
	} else {
		p = end_of_word(p, end);
		node->n = (uint32_t)(p - t->doc) - node->at;
		node->end = t->n;
	}
	while (open != TAPE_NONE) {
		p = skip_space(p);
		if (*p == ',') {
			p++;
			goto member;
		}
		p++;
		node = &t->node[open];
		open = node->end;
		node->end = t->n;
		node->n = (uint32_t)(p - t->doc) - node->at;
	}
}

struct span
tape_key(const struct tape *t, uint32_t node)
{
	const struct tape_node *m = &t->node[node];

	return (struct span){t->doc + m->key, m->key_n};
}

struct span
tape_value(const struct tape *t, uint32_t node)
{
	const struct tape_node *m = &t->node[node];

	return (struct span){t->doc + m->at, m->n};
}

/* ---- sorting ---- */

/* Keys with escapes are compared as the text they stand for. */
static int
compare_decoded(struct tape *t, uint32_t a, uint32_t b)
{
	struct span x = tape_key(t, a), y = tape_key(t, b);
	size_t n;
	int c;

	if (t->key_size < x.n + y.n) {
		t->key_size = 2 * (x.n + y.n);
		t->key = diag_alloc(t->key, t->key_size);
	}
	x.n = scan_decode(x.p, x.n, t->key);
	y.n = scan_decode(y.p, y.n, t->key + x.n);
	n = x.n < y.n ? x.n : y.n;
	c = memcmp(t->key, t->key + x.n, n);
	return c ? c : (x.n > y.n) - (x.n < y.n);
}

static inline int
compare(struct tape *t, const struct tape_order *a, const struct tape_order *b,
    bool is_odd)
{
	if (is_odd)
		return compare_decoded(t, a->node, b->node);
	return compare_plain(t, &t->node[a->node], a->head, &t->node[b->node],
	    b->head);
}

static inline void
insertion_sort(struct tape *t, struct tape_order *o, uint32_t n, bool is_odd)
{
	for (uint32_t i = 1; i < n; i++) {
		struct tape_order one = o[i];
		uint32_t j = i;

		for (; j > 0 && compare(t, &one, &o[j - 1], is_odd) < 0; j--)
			o[j] = o[j - 1];
		o[j] = one;
	}
}

/* Merge sort, stable as the insertion sort is: of equal keys the one that came
 * last in the document must stay last. spare has room for n. */
static void
merge_sort(struct tape *t, struct tape_order *o, uint32_t n,
    struct tape_order *spare, bool is_odd)
{
	uint32_t half = n / 2, i = 0, j = half, k = 0;

	if (n <= SMALL) {
		insertion_sort(t, o, n, is_odd);
		return;
	}
	merge_sort(t, o, half, spare, is_odd);
	merge_sort(t, o + half, n - half, spare, is_odd);
	while (i < half && j < n)
		spare[k++] =
		    compare(t, &o[j], &o[i], is_odd) < 0 ? o[j++] : o[i++];
	memcpy(spare + k, o + i, (half - i) * sizeof(*o));
	memcpy(o, spare, (k + half - i) * sizeof(*o));
}

static void
push(struct tape *t, uint32_t node)
{
	if (t->n_order == t->order_size) {
		t->order_size = t->order_size ? 2 * t->order_size : 256;
		t->order =
		    diag_alloc(t->order, t->order_size * sizeof(*t->order));
	}
	t->order[t->n_order++] =
	    (struct tape_order){key_head(t, &t->node[node]), node};
}

uint32_t
tape_sort(struct tape *t, uint32_t node, uint32_t *first)
{
	uint32_t n, kept = 0;
	struct tape_order *o;
	bool is_odd = t->node[node].flags & TAPE_ODD;

	*first = t->n_order;
	for (uint32_t i = node + 1; i < t->node[node].end; i = t->node[i].end)
		push(t, i);
	n = t->n_order - *first;
	if (!(t->node[node].flags & TAPE_UNSORTED))
		return n;
	if (n > SMALL) /* room for merging, behind the members */
		for (uint32_t i = 0; i < n; i++)
			push(t, node);
	o = t->order + *first;
	merge_sort(t, o, n, o + n, is_odd);
	for (uint32_t i = 0; i < n; i++) {
		if (kept && compare(t, &o[i], &o[kept - 1], is_odd) == 0)
			kept--;
		o[kept++] = o[i];
	}
	t->n_order = *first + kept;
	return kept;
}

static bool
means(struct span raw, bool is_odd, const char *text, size_t n)
{
	char buf[6 * TAPE_KEY];

	if (raw.n != n && is_odd) {
		if (raw.n > sizeof(buf))
			return false;
		raw = (struct span){buf, scan_decode(raw.p, raw.n, buf)};
	}
	return raw.n == n && memcmp(raw.p, text, n) == 0;
}

bool
tape_key_eq(const struct tape *t, uint32_t node, const char *text, size_t n)
{
	return means(tape_key(t, node), t->node[node].flags & TAPE_KEY_ODD,
	    text, n);
}

bool
tape_text_eq(const struct tape *t, uint32_t node, const char *text)
{
	return node != TAPE_NONE && t->node[node].type == SCAN_STRING &&
	    means(tape_value(t, node), t->node[node].flags & TAPE_ODD, text,
		strlen(text));
}

uint32_t
tape_get(const struct tape *t, uint32_t object, const char *key)
{
	uint32_t found = TAPE_NONE;
	size_t n = strlen(key);

	if (object == TAPE_NONE || t->node[object].type != SCAN_OBJECT)
		return TAPE_NONE;
	for (uint32_t i = object + 1; i < t->node[object].end;
	     i = t->node[i].end)
		if (tape_key_eq(t, i, key, n))
			found = i;
	return found;
}
